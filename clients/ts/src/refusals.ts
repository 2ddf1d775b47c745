import {
    getSolanaErrorFromTransactionError,
    isSolanaError,
    SOLANA_ERROR__INSTRUCTION_ERROR__CUSTOM,
    type Address,
} from '@solana/kit';

import { MARKET_PROGRAM_ADDRESS } from './generated/market/programs/index.js';
import { MARKET_REFUSALS, STAKING_REFUSALS } from './generated/refusals.js';
import { STAKING_PROGRAM_ADDRESS } from './generated/staking/programs/index.js';

/** Names of what the market refuses. */
export type MarketRefusal = (typeof MARKET_REFUSALS)[keyof typeof MARKET_REFUSALS]['name'];
/** Names of what the staking program refuses. */
export type StakingRefusal = (typeof STAKING_REFUSALS)[keyof typeof STAKING_REFUSALS]['name'];

/** Why a transaction was refused. */
export type Refusal = {
    /** The number on chain. */
    code: number;
    /** Position of the refused instruction in the transaction. */
    instruction: number;
    /** What was wrong and what to do. */
    message: string;
} & (
    | { program: 'market'; name: MarketRefusal }
    | { program: 'staking'; name: StakingRefusal }
    /** An account that breaks a rule that Anchor checks for both programs. */
    | { program: 'anchor'; name: AnchorRefusal }
);

/** Anchor's own numbers, as far as our programs can return them. Source: `anchor_lang::ErrorCode`. */
const ANCHOR_REFUSALS = {
    2000: { name: 'ConstraintMut', message: 'An account must be writable.' },
    2001: { name: 'ConstraintHasOne', message: 'An account names another account than the one given beside it.' },
    2003: { name: 'ConstraintRaw', message: 'An account breaks one of its constraints.' },
    2005: { name: 'ConstraintRentExempt', message: 'An account holds too little for its rent.' },
    2007: { name: 'ConstraintExecutable', message: 'An account must be a program.' },
    2011: { name: 'ConstraintClose', message: 'An account cannot be closed into the one given.' },
    2012: { name: 'ConstraintAddress', message: 'An account has another address than the one expected.' },
    2013: { name: 'ConstraintZero', message: 'An account must not have been used before.' },
    2019: { name: 'ConstraintSpace', message: 'An account has another size than expected.' },
    2020: { name: 'ConstraintAccountIsNone', message: 'An account that is needed is missing.' },
    2040: { name: 'ConstraintDuplicateMutableAccount', message: 'An account is given twice where each must be another one.' },
} as const;

/** Names of what Anchor refuses. */
export type AnchorRefusal = (typeof ANCHOR_REFUSALS)[keyof typeof ANCHOR_REFUSALS]['name'];

const TABLES = [
    { program: 'market', address: MARKET_PROGRAM_ADDRESS, refusals: MARKET_REFUSALS },
    { program: 'staking', address: STAKING_PROGRAM_ADDRESS, refusals: STAKING_REFUSALS },
] as const;

/**
 * Says why one of our programs refused a transaction; `undefined` when the error is about something else.
 *
 * `error` is what sending, simulating or confirming threw, or the `err` of an RPC answer. Where the logs are at hand, in the error or as
 * the second argument, they decide whose number it is; without them the number does: those of our programs do not overlap, but a
 * program of strangers in the same transaction may use the same.
 */
export function refusalOf(error: unknown, logs?: readonly string[]): Refusal | undefined {
    const causes = causesOf(error);
    const custom = causes.find(cause => isSolanaError(cause, SOLANA_ERROR__INSTRUCTION_ERROR__CUSTOM));
    if (!isSolanaError(custom, SOLANA_ERROR__INSTRUCTION_ERROR__CUSTOM)) return undefined;
    const code = Number(custom.context.code);
    const instruction = Number(custom.context.index);
    const failed = failedProgram(logs ?? causes.map(logsOf).find(found => found !== undefined));

    for (const { program, address, refusals } of TABLES) {
        if (failed !== undefined && failed !== address) continue;
        const known = (refusals as Record<number, { name: string; message: string }>)[code];
        if (known !== undefined) return { program, code, instruction, ...known } as Refusal;
    }
    const isOurs = failed === undefined || TABLES.some(({ address }) => address === failed);
    const anchor = (ANCHOR_REFUSALS as Record<number, { name: AnchorRefusal; message: string }>)[code];
    return isOurs && anchor !== undefined ? { program: 'anchor', code, instruction, ...anchor } : undefined;
}

/** The error, what caused it, what caused that… An RPC answer's `err` is turned into an error first. */
function causesOf(error: unknown): unknown[] {
    const causes: unknown[] = [];
    for (let cause = error; cause !== undefined && cause !== null && !causes.includes(cause); ) {
        const isAnswer = typeof cause === 'object' && 'InstructionError' in cause;
        const known: unknown = isAnswer
            ? getSolanaErrorFromTransactionError(cause as unknown as Parameters<typeof getSolanaErrorFromTransactionError>[0])
            : cause;
        causes.push(known);
        cause = known instanceof Error ? known.cause : undefined;
    }
    return causes;
}

/** Logs of a simulation, where an error carries them. */
function logsOf(error: unknown): readonly string[] | undefined {
    const logs = isSolanaError(error) ? (error.context as { logs?: unknown }).logs : undefined;
    return Array.isArray(logs) ? (logs as string[]) : undefined;
}

/** The innermost program that failed with a number of its own. */
function failedProgram(logs: readonly string[] | undefined): Address | undefined {
    for (const line of logs ?? []) {
        const failed = /^Program ([1-9A-HJ-NP-Za-km-z]+) failed: custom program error: 0x/.exec(line);
        if (failed) return failed[1] as Address;
    }
    return undefined;
}
