import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
    address,
    getBase64Decoder,
    SolanaError,
    SOLANA_ERROR__INSTRUCTION_ERROR__CUSTOM,
    SOLANA_ERROR__JSON_RPC__SERVER_ERROR_SEND_TRANSACTION_PREFLIGHT_FAILURE,
} from '@solana/kit';

import { eventsFromLogs, market, refusalOf, staking } from '../../src/index.js';

const MARKET = market.MARKET_PROGRAM_ADDRESS;
const STAKING = staking.STAKING_PROGRAM_ADDRESS;
const SYSTEM = '11111111111111111111111111111111';

const started = { job: address('SysvarC1ock11111111111111111111111111111111'), at: 5n };
const payload = market.getJobStartedEncoder().encode(started);
const line = `Program data: ${getBase64Decoder().decode(payload)}`;

test('an event is attributed to the program that runs when it is logged', () => {
    const logs = [
        'Program Ed25519SigVerify111111111111111111111111111 invoke [1]',
        'Program Ed25519SigVerify111111111111111111111111111 success',
        `Program ${MARKET} invoke [1]`,
        `Program ${STAKING} invoke [2]`,
        `Program ${STAKING} success`,
        line,
        `Program ${MARKET} success`,
    ];
    assert.deepEqual(eventsFromLogs(logs), [{ program: 'market', name: 'JobStarted', data: started }]);
});

test("another program's imitation of an event is left out", () => {
    assert.deepEqual(eventsFromLogs([`Program ${SYSTEM} invoke [1]`, line, `Program ${SYSTEM} success`]), []);
    const forged = [`Program ${SYSTEM} invoke [1]`, `Program log: Program ${MARKET} invoke [2]`, line];
    assert.deepEqual(eventsFromLogs(forged), []);
});

test('a program that logs lines like the runtime\'s hides no event of ours', () => {
    const logs = [
        `Program ${SYSTEM} invoke [1]`,
        'Program log: invoke [2]',
        `Program ${SYSTEM} success`,
        `Program ${MARKET} invoke [1]`,
        line,
        `Program ${MARKET} success`,
    ];
    assert.equal(eventsFromLogs(logs).length, 1);
});

test('a payload that is no event, or has trailing bytes, is kept with the reason', () => {
    for (const [data, reason] of [
        [Uint8Array.of(1, 2, 3), /no event of program/],
        [Uint8Array.of(...payload, 0), /has 48 bytes, not 49/],
    ] as const) {
        const [found] = eventsFromLogs([`Program ${MARKET} invoke [1]`, `Program data: ${getBase64Decoder().decode(data)}`]);
        assert(found && 'reason' in found);
        assert.match(found.reason, reason);
        assert.deepEqual([...found.payload], [...data]);
    }
});

const custom = (code: number) => new SolanaError(SOLANA_ERROR__INSTRUCTION_ERROR__CUSTOM, { code, index: 2 });

test('a refusal is found below the errors that wrap it', () => {
    const wrapped = new Error('outer', { cause: new Error('inner', { cause: custom(market.MARKET_ERROR__NOT_TENANT) }) });
    const refusal = refusalOf(wrapped);
    assert(refusal);
    assert.deepEqual([refusal.program, refusal.name, refusal.instruction], ['market', 'NotTenant', 2]);
    assert.match(refusal.message, /session key/);
});

test("the err of an RPC answer is understood, Anchor's own numbers too", () => {
    const refusal = refusalOf({ InstructionError: [1, { Custom: 2012 }] });
    assert.deepEqual([refusal?.program, refusal?.name, refusal?.instruction], ['anchor', 'ConstraintAddress', 1]);
    assert.equal(refusalOf({ InstructionError: [1, { Custom: staking.STAKING_ERROR__NOT_OWNER }] })?.name, 'NotOwner');
});

test("another program's number is not taken for ours when the logs tell", () => {
    const code = market.MARKET_ERROR__NOT_TENANT;
    assert.equal(refusalOf(custom(code), [`Program ${SYSTEM} failed: custom program error: 0x1b64`]), undefined);
    const boasting = ['Program log: failed: custom program error: 0x1', `Program ${MARKET} failed: custom program error: 0x1b64`];
    assert.equal(refusalOf(custom(code), boasting)?.name, 'NotTenant');
    assert.equal(refusalOf(custom(2012), [`Program ${SYSTEM} failed: custom program error: 0x7dc`]), undefined);
    const preflight = new SolanaError(SOLANA_ERROR__JSON_RPC__SERVER_ERROR_SEND_TRANSACTION_PREFLIGHT_FAILURE, {
        accounts: null,
        cause: custom(code),
        logs: [`Program ${SYSTEM} failed: custom program error: 0x1b64`],
    } as never);
    assert.equal(refusalOf(preflight), undefined);
});

test('what the staking program refuses inside a call of the market is the staking program\'s', () => {
    const logs = [`Program ${STAKING} failed: custom program error: 0x1770`, `Program ${MARKET} failed: custom program error: 0x1770`];
    assert.equal(refusalOf(custom(6000), logs)?.program, 'staking');
});

test('an error about something else is none', () => {
    assert.equal(refusalOf(new Error('no network')), undefined);
    assert.equal(refusalOf(undefined), undefined);
});
