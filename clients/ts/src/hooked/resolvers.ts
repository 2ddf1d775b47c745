import type { Address, ProgramDerivedAddress } from '@solana/kit';

import { findFeeShardOfJob } from '../fees.js';

/** What the generated code hands to a resolver; only what ours read. */
type Scope = { accounts: Record<string, { value: unknown }>; args: Record<string, unknown> };

/** The fee shard of the job that an instruction is about. */
export async function resolveFeeShardOfJob({ accounts, args }: Scope): Promise<{ value: ProgramDerivedAddress }> {
    return { value: await findFeeShardOfJob(accounts['job']!.value as Address, args['mint'] as Address) };
}

/** Bytes of an endpoint in use: all of it, for the encoder refuses what is no ASCII. */
export function resolveEndpointBytes({ args }: Pick<Scope, 'args'>): number {
    return (args['endpoint'] as string).length;
}
