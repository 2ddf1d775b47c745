// What the generated code imports because Codama cannot generate it.

export * from '../generated/market/enums.js';
export * from '../generated/staking/enums.js';
export * from '../generated/sized.js';
export * from './resolvers.js';
