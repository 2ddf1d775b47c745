/**
 * Client of the Gantry programs, on top of `@solana/kit`.
 *
 * `market` and `staking` are generated from the programs' IDLs; the rest is what those cannot say.
 */
export * as market from './market.js';
export * as staking from './staking.js';
export * from './events.js';
export * from './receipts.js';
export * from './refusals.js';
export { IDL_SHA256 } from './generated/idl.js';
