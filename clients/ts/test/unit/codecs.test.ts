import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { address, createNoopSigner, lamports, type EncodedAccount, type ReadonlyUint8Array } from '@solana/kit';

import { decodeEvent, IDL_SHA256, market, staking } from '../../src/index.js';
import { repository } from '../repository.js';

const someone = address('SysvarC1ock11111111111111111111111111111111');
const another = address('SysvarRent111111111111111111111111111111111');

type Field = { name: string; docs?: string[]; type: unknown };
type Idl = {
    instructions: { name: string; discriminator: number[]; accounts: { name: string }[] }[];
    accounts: { name: string; discriminator: number[] }[];
    events: { name: string; discriminator: number[] }[];
    types: { name: string; type: { fields?: Field[] } }[];
    errors: { code: number; name: string }[];
};
const idls = (['market', 'staking'] as const).map(name => {
    const text = readFileSync(repository(`idl/${name}.json`), 'utf8');
    return { name, text, idl: JSON.parse(text) as Idl };
});

function encoded(data: ReadonlyUint8Array): EncodedAccount {
    return { address: someone, data, executable: false, exists: true, lamports: lamports(1n), programAddress: market.MARKET_PROGRAM_ADDRESS, space: 0n } as EncodedAccount;
}

test('this client was generated from the IDLs of this checkout', () => {
    for (const { name, text } of idls) {
        assert.equal(IDL_SHA256[name], createHash('sha256').update(text).digest('hex'), `${name}: run cargo xtask ts`);
    }
});

test('every account is as long as its layout on chain, padding included', () => {
    const sizes: Record<string, number> = { u8: 1, i8: 1, bool: 1, u16: 2, i16: 2, u32: 4, i32: 4, u64: 8, i64: 8, u128: 16, i128: 16, pubkey: 32 };
    for (const { idl, name } of idls) {
        const size = (type: unknown): number => {
            if (typeof type === 'string') return sizes[type]!;
            const { array, defined } = type as { array?: [unknown, number]; defined?: { name: string } };
            if (array) return size(array[0]) * array[1];
            return fields(defined!.name).reduce((sum, field) => sum + size(field.type), 0);
        };
        const fields = (name: string) => idl.types.find(type => type.name === name)!.type.fields!;
        const client: Record<string, unknown> = name === 'market' ? market : staking;
        // The market's IDL repeats accounts of the staking program that it reads.
        const foreign = name === 'market' ? idls[1]!.idl.accounts.map(account => account.name) : [];
        const own = idl.accounts.filter(account => !foreign.includes(account.name));
        assert(own.length >= 3);
        for (const account of own) {
            const decoder = (client[`get${account.name}Decoder`] as () => { fixedSize: number })();
            assert.equal(decoder.fixedSize, 8 + size({ defined: { name: account.name } }), account.name);
        }
    }
});

test('every instruction, event and error of the IDLs is in the client', () => {
    const pascal = (name: string) => name.split('_').map(word => word[0]!.toUpperCase() + word.slice(1)).join('');
    for (const { idl, name } of idls) {
        const client: Record<string, unknown> = name === 'market' ? market : staking;
        const program = name === 'market' ? market.MARKET_PROGRAM_ADDRESS : staking.STAKING_PROGRAM_ADDRESS;
        for (const instruction of idl.instructions) {
            assert.equal(typeof client[`get${pascal(instruction.name)}Instruction`], 'function', instruction.name);
            const discriminator = client[`${instruction.name.toUpperCase()}_DISCRIMINATOR`] as Uint8Array;
            assert.deepEqual([...discriminator], instruction.discriminator, instruction.name);
        }
        for (const event of idl.events) {
            const decoder = (client[`get${event.name}Decoder`] as () => { fixedSize: number })();
            const payload = new Uint8Array(decoder.fixedSize);
            // Enumerations have no zero.
            payload.fill(1);
            payload.set(event.discriminator);
            assert.equal(decodeEvent(program, payload).name, event.name);
        }
        const errors = Object.keys(client).filter(key => key.startsWith(`${name.toUpperCase()}_ERROR__`));
        assert.deepEqual(errors.map(key => client[key]).sort(), idl.errors.map(error => error.code).sort());
    }
});

test('an account is read back from its bytes, and shows neither discriminator nor padding', () => {
    const balance = { owner: someone, mint: another, amount: 7n, bump: 254 };
    const data = market.getBalanceEncoder().encode(balance);
    assert.equal(data.length, 88);
    assert.deepEqual(market.decodeBalance(encoded(data)).data, balance);
    // Padding that a later version uses is no obstacle.
    const later = Uint8Array.from(data);
    later.fill(1, 81);
    assert.deepEqual(market.decodeBalance(encoded(later)).data, balance);
});

test('another type of account, a truncated one and an unknown state are refused', () => {
    const data = market.getBalanceEncoder().encode({ owner: someone, mint: another, amount: 7n, bump: 254 });
    assert.throws(() => market.decodeFeeShard(encoded(data)));
    assert.throws(() => market.decodeBalance(encoded(data.slice(0, 87))));
    for (const state of [0, 6]) assert.throws(() => market.getJobStateDecoder().decode(Uint8Array.of(state)), String(state));
});

test('states and kinds are the numbers of the programs, not places in a list', () => {
    assert.deepEqual([...market.getJobStateEncoder().encode(market.JobState.Open)], [1]);
    assert.equal(market.getJobStateDecoder().decode(Uint8Array.of(5)), market.JobState.Cancelled);
    assert.deepEqual([...market.getFaultKindEncoder().encode(market.FaultKind.UsageAfterFinal)], [3]);
});

test('text is padded with zeros, and what does not fit is refused instead of cut off', async () => {
    const specification = {
        owner: createNoopSigner(someone),
        provider: another,
        id: 0,
        class: 'h100-sxm',
        region: 'eu-central',
        memoryMib: 1,
        minDurationS: 1,
        maxDurationS: 2,
        gpus: 1,
        simulated: true,
    };
    const { data } = await market.getNodeRegisterInstructionAsync(specification);
    assert.equal(Buffer.from(data.slice(10, 26)).toString('latin1'), 'h100-sxm'.padEnd(16, '\0'));
    assert.equal(market.getNodeRegisterInstructionDataDecoder().decode(data).class, 'h100-sxm');
    await assert.rejects(market.getNodeRegisterInstructionAsync({ ...specification, class: 'a-class-of-17-chr' }), /at most 16/);
    await assert.rejects(market.getNodeRegisterInstructionAsync({ ...specification, region: 'zürich' }), /ASCII/);
});

test('hashes of another length are refused instead of padded', async () => {
    const profile = { owner: createNoopSigner(someone), attestationKey: another, endpoint: 'https://127.0.0.1:1' };
    const { data } = await market.getProviderRegisterInstructionAsync({ ...profile, tlsKeyHash: new Uint8Array(32) });
    assert.equal(market.getProviderRegisterInstructionDataDecoder().decode(data).endpointBytes, profile.endpoint.length);
    await assert.rejects(market.getProviderRegisterInstructionAsync({ ...profile, tlsKeyHash: new Uint8Array(31) }), /exactly 32/);
});
