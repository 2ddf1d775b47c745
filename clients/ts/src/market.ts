/** The market program: nodes, jobs, balances, receipts, fees. */
export * from './generated/market/index.js';
export * from './generated/market/enums.js';
export { FEE_SHARDS, findFeeShardOfJob } from './fees.js';
