// The running local network, as `gantry-sandbox --ready-file` describes it, and what a program of TypeScript does on it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
    appendTransactionMessageInstructions,
    assertIsTransactionWithBlockhashLifetime,
    createKeyPairSignerFromBytes,
    createSolanaRpc,
    createTransactionMessage,
    getBase64EncodedWireTransaction,
    getSignatureFromTransaction,
    pipe,
    setTransactionMessageFeePayerSigner,
    setTransactionMessageLifetimeUsingBlockhash,
    signTransactionMessageWithSigners,
    type Address,
    type Instruction,
    type KeyPairSigner,
    type Signature,
} from '@solana/kit';

/** Longest to wait for a transaction, or for the indexer to have caught up. */
const PATIENCE_MS = 30_000;

type Description = {
    rpc_url: string;
    api_url: string;
    mints: { gnt: Address; usdc: Address };
    keys: { admin: string; tenant: string };
    agents: { endpoint: string; provider: Address; rate: number }[];
};

const readyFile = process.env['GANTRY_READY_FILE'];
assert(readyFile, 'GANTRY_READY_FILE names no file: `cargo nextest run -E "binary(e2e) & test(typescript)"` starts a network and sets it');

export const network = JSON.parse(readFileSync(readyFile, 'utf8')) as Description;
export const rpc = createSolanaRpc(network.rpc_url);

/** A key of Solana's own tools: a JSON array of 64 numbers. */
export function keyFrom(path: string): Promise<KeyPairSigner> {
    return createKeyPairSignerFromBytes(Uint8Array.from(JSON.parse(readFileSync(path, 'utf8')) as number[]));
}

/** Sends instructions in one transaction. Throws what the RPC answers, or what the chain says where `skipPreflight` is set. */
export async function send(payer: KeyPairSigner, instructions: readonly Instruction[], skipPreflight = false): Promise<Signature> {
    const { value: blockhash } = await rpc.getLatestBlockhash({ commitment: 'confirmed' }).send();
    const message = pipe(
        createTransactionMessage({ version: 0 }),
        message => setTransactionMessageFeePayerSigner(payer, message),
        message => setTransactionMessageLifetimeUsingBlockhash(blockhash, message),
        message => appendTransactionMessageInstructions(instructions, message),
    );
    const transaction = await signTransactionMessageWithSigners(message);
    assertIsTransactionWithBlockhashLifetime(transaction);
    const wire = getBase64EncodedWireTransaction(transaction);
    await rpc.sendTransaction(wire, { encoding: 'base64', preflightCommitment: 'confirmed', skipPreflight }).send();
    const signature = getSignatureFromTransaction(transaction);
    const status = await eventually(`transaction ${signature}`, async () => {
        const [status] = (await rpc.getSignatureStatuses([signature]).send()).value;
        return status?.confirmationStatus === 'processed' ? undefined : (status ?? undefined);
    });
    if (status.err !== null) throw status.err;
    return signature;
}

/** What a confirmed transaction logged. */
export function logsOf(signature: Signature): Promise<readonly string[]> {
    return eventually(`the logs of ${signature}`, async () => {
        const found = await rpc
            .getTransaction(signature, { commitment: 'confirmed', encoding: 'base64', maxSupportedTransactionVersion: 0 })
            .send();
        return found?.meta?.logMessages ?? undefined;
    });
}

/** A row of the indexer's API. */
export type Row = Record<string, unknown>;

/** Asks the indexer; `undefined` for what it does not have. */
export async function api<Data>(path: string): Promise<Data | undefined> {
    const response = await fetch(`${network.api_url}${path}`);
    if (response.status === 404) return undefined;
    assert(response.ok, `${path}: ${response.status} ${await response.clone().text()}`);
    return ((await response.json()) as { data: Data }).data;
}

/** Waits until something is there. */
export async function eventually<Value>(what: string, look: () => Promise<Value | undefined>): Promise<Value> {
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
        const found = await look();
        if (found !== undefined) return found;
        if (Date.now() > until) throw new Error(`waited ${PATIENCE_MS} ms for ${what}`);
        await sleep(50);
    }
}
