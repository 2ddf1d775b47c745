// The client against a whole local network: what it sends is accepted, what it reads is what the indexer serves.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { generateKeyPairSigner, type Address, type KeyPairSigner } from '@solana/kit';

import { eventsFromLogs, market, refusalOf, staking } from '../../src/index.js';
import { assertSame } from './compare.js';
import { api, eventually, keyFrom, logsOf, network, rpc, send, type Row } from './network.js';
import { mintTokens, openTokenAccount, tokenAccount, transferLamports } from './tokens.js';

const USDC = 1_000_000n;
const DEPOSIT = 100n * USDC;
const mint = network.mints.usdc;

let admin: KeyPairSigner;
let renter: KeyPairSigner;

before(async () => {
    admin = await keyFrom(network.keys.admin);
    renter = await generateKeyPairSigner();
    await send(admin, [
        transferLamports(admin, renter.address, 1_000_000_000n),
        await openTokenAccount(admin, renter.address, mint),
        await mintTokens(admin, renter.address, mint, DEPOSIT),
        await market.getTenantOpenInstructionAsync({ payer: admin, wallet: renter.address }),
    ]);
});

/** A row of the API once the indexer has seen the account in this state. */
function rowOnce(path: string, holds: (row: Row) => boolean): Promise<Row> {
    return eventually(path, async () => {
        const found = await api<Row | Row[]>(path);
        const row = Array.isArray(found) ? found[0] : found;
        return row !== undefined && holds(row) ? row : undefined;
    });
}

/** The terms of a job on the cheapest node that could take one. */
async function terms(): Promise<Parameters<typeof market.getJobOpenInstructionAsync>[0] & { nonce: bigint }> {
    const [node] = await eventually('a healthy node', async () => {
        const nodes = await api<{ address: Address; owner: Address }[]>(`/v1/nodes?mint=${mint}&healthy=true`);
        return nodes?.length ? nodes : undefined;
    });
    const { address, data } = await market.fetchNode(rpc, node!.address);
    const price = data.prices.find(price => price.mint === mint);
    assert(price);
    const session = await generateKeyPairSigner();
    return {
        tenant: renter,
        mint,
        node: address,
        providerOwner: data.owner,
        nonce: BigInt(Date.now()),
        sessionKey: session.address,
        bundleHash: new Uint8Array(32),
        maxRate: price.rate,
        maxDurationS: Math.max(60, data.minDurationS),
        class: data.class,
        gpus: 1,
    };
}

test('the configuration of both programs reads like the indexer serves it', async () => {
    const [configAddress] = await market.findConfigPda();
    const [poolAddress] = await staking.findPoolPda();
    const config = await market.fetchConfig(rpc, configAddress);
    const pool = await staking.fetchPool(rpc, poolAddress);
    assert.equal(pool.data.mint, network.mints.gnt);
    assert.equal(config.data.authority, admin.address);

    const rules = await api<{ market: Row; staking: Row }>('/v1/config');
    assert(rules);
    assert.equal(rules.market['address'], configAddress);
    assert.equal(rules.staking['address'], poolAddress);
    assertSame(config.data, rules.market, ['authority', 'genesis_hash', 'treasury', 'stake_per_gpu', 'fee_bps', 'paused']);
    assertSame(pool.data, rules.staking, ['authority', 'mint', 'vault', 'staked', 'unbonding_period_s', 'decimals']);
});

test('providers, their stakes and their nodes are where the finders say, and read like the indexer serves them', async () => {
    assert(network.agents.length > 0);
    for (const agent of network.agents) {
        const [address] = await market.findProviderPda({ owner: agent.provider });
        const { data: provider } = await market.fetchProvider(rpc, address);
        assert.equal(provider.endpoint, agent.endpoint);
        const row = await rowOnce(`/v1/providers/${address}`, row => row['nodes'] === provider.nodes);
        assertSame(provider, row, ['owner', 'attestation_key', 'tls_key_hash', 'endpoint', 'nodes', 'gpus_offered', 'registered_at']);

        const [stakeAddress] = await staking.findStakePda({ owner: agent.provider });
        const { data: stake } = await staking.fetchStake(rpc, stakeAddress);
        assert(stake.active > 0n);
        const { commissionFrom, unbondings, ...plain } = stake;
        assert.equal(unbondings.length, 8);
        assertSame(plain, await rowOnce(`/v1/stakes?owner=${agent.provider}`, () => true), ['owner', 'active', 'delegated', 'opened_at']);

        const [nodeAddress] = await market.findNodePda({ provider: address, id: 0 });
        const { data: node } = await market.fetchNode(rpc, nodeAddress);
        const offer = node.prices.find(price => price.mint === mint);
        assert.equal(offer?.rate, BigInt(agent.rate));
        // A heartbeat may come between the two.
        const { prices, heartbeatAt, ...steady } = node;
        assert(heartbeatAt > 0n);
        assertSame(steady, await rowOnce(`/v1/nodes/${nodeAddress}`, () => true), ['owner', 'class', 'region', 'memory_mib', 'gpus', 'active', 'simulated']);
    }
});

test('a wallet opens a balance, deposits, rents, and gets everything back when the job is not started', async () => {
    const [balanceAddress] = await market.findBalancePda({ owner: renter.address, mint });
    const deposited = await send(renter, [
        await market.getBalanceOpenInstructionAsync({ payer: renter, owner: renter.address, mint }),
        await market.getBalanceDepositInstructionAsync({ owner: renter, mint, amount: DEPOSIT }),
    ]);
    const balance = await market.fetchBalance(rpc, balanceAddress, { commitment: 'confirmed' });
    assert.equal(balance.data.amount, DEPOSIT);
    const events = eventsFromLogs(await logsOf(deposited));
    assert.deepEqual(events.map(event => 'name' in event && event.name), ['BalanceOpened', 'BalanceDeposited']);
    const balanceRow = await rowOnce(`/v1/balances?owner=${renter.address}`, row => row['amount'] === DEPOSIT.toString());
    assert.equal(balanceRow['address'], balanceAddress);
    assertSame(balance.data, balanceRow, ['owner', 'mint', 'amount']);

    const wanted = await terms();
    const [jobAddress] = await market.findJobPda({ tenant: renter.address, nonce: wanted.nonce });
    const opened = await send(renter, [await market.getJobOpenInstructionAsync(wanted)]);
    const { data: job } = await market.fetchJob(rpc, jobAddress, { commitment: 'confirmed' });
    assert.equal(job.state, market.JobState.Open);
    assert.equal(job.escrow, (job.rate * BigInt(job.maxDurationS) * 1_000n) / 1_000_000_000n);
    assert.deepEqual(
        [job.tenant, job.provider, job.sessionKey, job.gpus],
        [renter.address, wanted.providerOwner, wanted.sessionKey, wanted.gpus],
    );
    const event = eventsFromLogs(await logsOf(opened)).find(event => 'name' in event && event.name === 'JobOpened');
    assert(event && 'name' in event && event.name === 'JobOpened');
    assert.deepEqual([event.data.job, event.data.rate, event.data.escrow], [jobAddress, job.rate, job.escrow]);

    const row = await rowOnce(`/v1/jobs/${jobAddress}`, () => true);
    assert.equal(row['state'], 'open');
    const { state, ...fields } = job;
    assertSame(fields, row, [
        ...['tenant', 'provider', 'node', 'mint', 'session_key', 'attestation_key', 'genesis_hash', 'bundle_hash', 'samples_root'],
        ...['nonce', 'rate', 'escrow', 'owed', 'stake_reserved', 'opened_at', 'start_deadline', 'max_duration_s', 'is_final'],
    ]);

    // Nobody uploads a bundle, so the job is not started, and after its deadline anyone may cancel it.
    const cancelled = await eventually('the start deadline', async () => {
        const cancel = await market.getJobCancelInstructionAsync({
            caller: renter,
            job: jobAddress,
            node: job.node,
            tenant: job.tenant,
            mint: job.mint,
            providerOwner: job.provider,
        });
        try {
            return await send(renter, [cancel]);
        } catch (error) {
            if (refusalOf(error)?.name === 'StartDeadlineNotPassed') return undefined;
            // The provider's agent watches the deadline too.
            const { data } = await market.fetchJob(rpc, jobAddress, { commitment: 'confirmed' });
            if (data.state === market.JobState.Cancelled) return null;
            throw error;
        }
    });
    assert.notEqual(cancelled, undefined);
    assert.equal((await market.fetchJob(rpc, jobAddress, { commitment: 'confirmed' })).data.refund, job.escrow);

    const destination = await tokenAccount(renter.address, mint);
    await send(renter, [await market.getBalanceWithdrawInstructionAsync({ owner: renter, mint, amount: DEPOSIT })]);
    assert.equal((await rpc.getTokenAccountBalance(destination, { commitment: 'confirmed' }).send()).value.amount, DEPOSIT.toString());
});

test('a refusal has its name, before it is sent and after it has landed', async () => {
    const tooCheap = await market.getJobOpenInstructionAsync({ ...(await terms()), maxRate: 0n });
    for (const skipPreflight of [false, true]) {
        const refusal = await send(renter, [transferLamports(renter, admin.address, 1n), tooCheap], skipPreflight).then(() => undefined, refusalOf);
        assert(refusal, `skipPreflight: ${skipPreflight}`);
        assert.deepEqual([refusal.program, refusal.name, refusal.instruction], ['market', 'RateAboveLimit', 1]);
        assert.equal(refusal.code, market.MARKET_ERROR__RATE_ABOVE_LIMIT);
        assert.match(refusal.message, /raise your limit/);
    }

    const unbond = await staking.getUnbondingRequestInstructionAsync({ owner: renter, amount: 1n });
    const stranger = await send(renter, [unbond]).then(() => undefined, error => error as unknown);
    assert(stranger instanceof Error, 'a wallet without a stake has nothing to unbond');

    // More than there is: the token program's own refusal, which is not one of ours.
    const tooMuch = await market.getBalanceDepositInstructionAsync({ owner: renter, mint, amount: 1_000_000n * USDC });
    const foreign = await send(renter, [tooMuch]).then(() => undefined, error => error as unknown);
    assert(foreign instanceof Error);
    assert.equal(refusalOf(foreign), undefined);
});
