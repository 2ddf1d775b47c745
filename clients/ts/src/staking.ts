/** The staking program: bonds, delegations, slashes. */
export * from './generated/staking/index.js';
export * from './generated/staking/enums.js';
