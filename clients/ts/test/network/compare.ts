import assert from 'node:assert/strict';
import { getAddressDecoder } from '@solana/kit';

import type { Row } from './network.js';

/** Fields of the API that are bytes in Base58; all other bytes are in hexadecimal. */
const BASE58 = ['genesis_hash'];

/**
 * Compares an account as this client decodes it with the indexer's row: every field that both have is the same, and `needed` are among
 * them.
 */
export function assertSame(decoded: object, row: Row, needed: readonly string[]): void {
    const account = Object.fromEntries(
        Object.entries(decoded).map(([name, value]) => {
            const column = name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
            return [column, text(value, column)];
        }),
    );
    const common = Object.keys(row).filter(column => column in account);
    for (const column of needed) assert(common.includes(column), `${column} is missing on one side: ${common.join(', ')}`);
    const pick = (from: Row) => Object.fromEntries(common.map(column => [column, text(from[column], column)]));
    assert.deepEqual(pick(account), pick(row));
}

/** Numbers of any size are the same text on both sides. */
function text(value: unknown, column: string): unknown {
    if (value instanceof Uint8Array) return BASE58.includes(column) ? getAddressDecoder().decode(value) : Buffer.from(value).toString('hex');
    if (typeof value === 'bigint' || typeof value === 'number') return value.toString();
    return value;
}
