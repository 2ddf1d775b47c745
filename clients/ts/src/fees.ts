import { getAddressEncoder, type Address, type ProgramDerivedAddress } from '@solana/kit';

import { findFeeShardPda } from './generated/market/pdas/index.js';

/** Shards over which a mint's fees are spread, so that jobs that close at once do not wait for one another. */
export const FEE_SHARDS = 8;

/** The shard that collects the fee of a job in its mint. */
export function findFeeShardOfJob(job: Address, mint: Address): Promise<ProgramDerivedAddress> {
    const number = getAddressEncoder().encode(job)[0]! % FEE_SHARDS;
    return findFeeShardPda({ mint, number });
}
