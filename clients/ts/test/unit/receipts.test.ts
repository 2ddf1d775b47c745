// The golden vectors that the market's bytecode, the agent and the Rust SDK run too.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { getAddressDecoder, type Address } from '@solana/kit';

import {
    coSignedReceiptInstruction,
    decodeReceipt,
    encodeReceipt,
    evidenceInstruction,
    providerReceiptInstruction,
    type Receipt,
} from '../../src/index.js';
import { repository } from '../repository.js';

type Vector = {
    name: string;
    receipt: Record<'genesis_hash' | 'job' | 'sequence' | 'metered_ms' | 'time_ms' | 'flags' | 'samples_root', string> | null;
    message: string;
    signatures: { public_key: string; signature: string }[];
    instruction_data: string;
    verdict: string;
};

const { vectors } = JSON.parse(readFileSync(repository('crates/protocol/tests/vectors/receipts.json'), 'utf8')) as { vectors: Vector[] };
const valid = vectors.filter(vector => vector.verdict === 'valid');
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const hex = (data: ArrayLike<number>) => Buffer.from(Uint8Array.from(data)).toString('hex');
const key = (text: string): Address => getAddressDecoder().decode(bytes(text));
const signed = ({ public_key, signature }: Vector['signatures'][number]) => ({ key: key(public_key), signature: bytes(signature) });

function receiptOf({ receipt }: Vector): Receipt {
    assert(receipt);
    return {
        genesisHash: bytes(receipt.genesis_hash),
        job: key(receipt.job),
        sequence: BigInt(receipt.sequence),
        meteredMs: BigInt(receipt.metered_ms),
        timeMs: BigInt(receipt.time_ms),
        isFinal: receipt.flags === '1',
        samplesRoot: bytes(receipt.samples_root),
    };
}

test('every valid golden receipt has the bytes that the programs read, and reads back', () => {
    assert(valid.length >= 5);
    for (const vector of valid) {
        const receipt = receiptOf(vector);
        assert.equal(hex(encodeReceipt(receipt)), vector.message, vector.name);
        assert.deepEqual(decodeReceipt(bytes(vector.message)), receipt, vector.name);
    }
});

test('both signatures stand in the precompile instruction exactly as the market wants them', () => {
    for (const vector of valid) {
        const [provider, tenant] = vector.signatures.map(signed);
        const { data } = coSignedReceiptInstruction(receiptOf(vector), provider!, tenant!);
        assert.equal(hex(data!), vector.instruction_data, vector.name);
    }
});

test('other domains, versions, flags and lengths are no receipts', () => {
    for (const name of ['another domain', 'version 2', 'version 0', 'an unknown flag', 'the last of all flags']) {
        const vector = vectors.find(vector => vector.name === name);
        assert(vector, name);
        assert.throws(() => decodeReceipt(bytes(vector.message)), RangeError, name);
    }
    const message = bytes(valid[0]!.message);
    assert.throws(() => decodeReceipt(message.subarray(1)), /144 bytes/);
    assert.throws(() => encodeReceipt({ ...receiptOf(valid[0]!), samplesRoot: new Uint8Array(31) }), /exactly 32 bytes/);
});

test('one signature and two receipts of one key have the lengths and offsets of docs/PROTOCOL.md', () => {
    const receipt = receiptOf(valid[0]!);
    const provider = signed(valid[0]!.signatures[0]!);
    const offsets = (data: ArrayLike<number>, count: number) =>
        Array.from({ length: 7 * count }, (_, at) => data[2 + 2 * at]! + 256 * data[3 + 2 * at]!);

    const alone = providerReceiptInstruction(receipt, provider).data!;
    assert.equal(alone.length, 256);
    assert.deepEqual([...alone.slice(0, 2)], [1, 0]);
    assert.deepEqual(offsets(alone, 1), [48, 0xffff, 16, 0xffff, 112, 144, 0xffff]);

    const both = evidenceInstruction(provider.key, { receipt, ...provider }, { receipt: { ...receipt, meteredMs: 1n }, ...provider }).data!;
    assert.equal(both.length, 478);
    assert.deepEqual([...both.slice(0, 2)], [2, 0]);
    assert.deepEqual(offsets(both, 2), [62, 0xffff, 30, 0xffff, 190, 144, 0xffff, 126, 0xffff, 30, 0xffff, 334, 144, 0xffff]);
    assert.equal(hex(both.slice(190, 334)), valid[0]!.message);
});
