//! Who belongs where, and how a program refuses who does not.

use market::MarketError;
use solana_instruction::error::InstructionError;
use staking::StakingError;

use crate::expectation::Verdict::{self, Market, Solana, Staking};

/// Anchor's `ConstraintAddress`.
pub(crate) const ADDRESS: Verdict = Solana(InstructionError::Custom(2012));
/// Anchor's `ConstraintSeeds`.
pub(crate) const SEEDS: Verdict = Solana(InstructionError::InvalidSeeds);
/// Anchor's `ConstraintMut`.
pub(crate) const NOT_WRITABLE: Verdict = Solana(InstructionError::Custom(2000));
/// How Anchor refuses a token account of another mint or owner.
pub(crate) const TOKENS: Verdict = Solana(InstructionError::InvalidAccountData);
/// An account that is written stands in two places.
pub(crate) const TWICE: Verdict = Solana(InstructionError::Custom(2040));
/// How a token program refuses accounts of another.
pub(crate) const NOT_THE_MINTS_PROGRAM: Verdict = Solana(InstructionError::IncorrectProgramId);
/// The token program's `OwnerMismatch`.
pub(crate) const NOT_THE_TOKENS_OWNER: Verdict = Solana(InstructionError::Custom(4));

pub(crate) const NOT_OWNER: Verdict = Market(MarketError::NotOwner);
pub(crate) const NOT_AUTHORITY: Verdict = Market(MarketError::NotAuthority);
pub(crate) const NOT_ATTESTATION_KEY: Verdict = Market(MarketError::NotAttestationKey);
pub(crate) const NOT_TENANT: Verdict = Market(MarketError::NotTenant);
pub(crate) const NOT_SESSION_KEY: Verdict = Market(MarketError::NotSessionKey);
pub(crate) const NOT_PROVIDER: Verdict = Market(MarketError::NotProvider);
pub(crate) const WRONG_FEE_SHARD: Verdict = Market(MarketError::WrongFeeShard);
pub(crate) const NO_SUCH_BID: Verdict = Market(MarketError::NoSuchBid);
pub(crate) const ORDER_CHANGED: Verdict = Market(MarketError::OrderChanged);
pub(crate) const WRONG_MINT: Verdict = Market(MarketError::WrongMint);
pub(crate) const WRONG_BALANCE: Verdict = Market(MarketError::WrongBalance);
pub(crate) const WRONG_PROVIDER: Verdict = Market(MarketError::WrongProvider);
pub(crate) const WRONG_STAKE: Verdict = Market(MarketError::WrongStake);
pub(crate) const WRONG_TENANT: Verdict = Market(MarketError::WrongTenant);
pub(crate) const WRONG_CLASS: Verdict = Market(MarketError::WrongClass);
pub(crate) const WRONG_PRICE_RANGE: Verdict = Market(MarketError::WrongPriceRange);
pub(crate) const NOT_DEPLOYER: Verdict = Market(MarketError::NotUpgradeAuthority);
pub(crate) const NOT_STAKES_OWNER: Verdict = Staking(StakingError::NotOwner);
pub(crate) const NOT_DELEGATOR: Verdict = Staking(StakingError::NotDelegator);
pub(crate) const NOT_THE_DELEGATIONS_STAKE: Verdict = Staking(StakingError::WrongStake);
pub(crate) const NOT_MARKET: Verdict = Staking(StakingError::NotMarket);
pub(crate) const NOT_POOLS_DEPLOYER: Verdict = Staking(StakingError::NotUpgradeAuthority);

/// How a program refuses an account of the right type that is not the right one, where the IDL does not say.
pub(crate) const IDENTITIES: &[(&str, &str, Verdict)] = &[
    ("balance_deposit", "owner", NOT_OWNER),
    ("balance_deposit", "registered_mint", ADDRESS),
    ("balance_deposit", "balance", NOT_OWNER),
    ("balance_deposit", "source", TOKENS),
    ("balance_open", "payer", SEEDS),
    ("balance_open", "owner", SEEDS),
    ("balance_open", "registered_mint", SEEDS),
    ("balance_withdraw", "owner", NOT_OWNER),
    ("balance_withdraw", "registered_mint", ADDRESS),
    ("balance_withdraw", "balance", NOT_OWNER),
    ("balance_withdraw", "destination", TOKENS),
    ("bid_drop", "price_range", WRONG_PRICE_RANGE),
    ("bid_drop", "node", ADDRESS),
    ("bid_drop", "stake", WRONG_STAKE),
    // The node has not bid for that one.
    ("bid_drop", "order", NO_SUCH_BID),
    ("bid_drop", "balance", WRONG_BALANCE),
    ("bid_place", "owner", NOT_OWNER),
    ("bid_place", "registered_mint", WRONG_MINT),
    ("bid_place", "gpu_class", WRONG_CLASS),
    ("bid_place", "price_range", WRONG_PRICE_RANGE),
    ("bid_place", "node", NOT_OWNER),
    ("bid_place", "stake", WRONG_STAKE),
    ("bid_place", "order", ORDER_CHANGED),
    ("bid_place", "balance", WRONG_BALANCE),
    ("bid_place", "displaced_balance", WRONG_BALANCE),
    ("bid_refund", "order", ADDRESS),
    ("bid_refund", "balance", WRONG_BALANCE),
    ("bid_refund", "tenant", ADDRESS),
    ("bid_withdraw", "owner", NOT_OWNER),
    ("bid_withdraw", "order", NOT_OWNER),
    ("bid_withdraw", "balance", WRONG_BALANCE),
    ("claim_open", "attestation_key", NOT_ATTESTATION_KEY),
    ("claim_open", "job", SEEDS),
    ("claim_open", "balance", WRONG_BALANCE),
    ("claim_refute", "job", SEEDS),
    ("claim_refute", "claim", SEEDS),
    ("claim_refute", "balance", WRONG_BALANCE),
    ("claim_settle", "job", SEEDS),
    ("claim_settle", "claim", SEEDS),
    ("claim_settle", "balance", WRONG_BALANCE),
    ("claim_settle", "payer", ADDRESS),
    ("class_register", "authority", NOT_AUTHORITY),
    ("class_update", "authority", NOT_AUTHORITY),
    ("commission_set", "owner", NOT_STAKES_OWNER),
    ("commission_set", "stake", NOT_STAKES_OWNER),
    ("config_initialize", "deployer", NOT_DEPLOYER),
    ("config_initialize", "program_data", ADDRESS),
    ("config_update", "authority", NOT_AUTHORITY),
    ("delegation_cancel", "delegator", NOT_DELEGATOR),
    ("delegation_cancel", "stake", NOT_THE_DELEGATIONS_STAKE),
    ("delegation_cancel", "delegation", NOT_DELEGATOR),
    ("delegation_deposit", "delegator", NOT_DELEGATOR),
    ("delegation_deposit", "stake", NOT_THE_DELEGATIONS_STAKE),
    ("delegation_deposit", "delegation", NOT_DELEGATOR),
    ("delegation_deposit", "source", TOKENS),
    ("delegation_open", "delegator", SEEDS),
    ("delegation_open", "stake", SEEDS),
    ("delegation_unbond", "delegator", NOT_DELEGATOR),
    ("delegation_unbond", "stake", NOT_THE_DELEGATIONS_STAKE),
    ("delegation_unbond", "delegation", NOT_DELEGATOR),
    ("delegation_withdraw", "stake", NOT_THE_DELEGATIONS_STAKE),
    ("delegation_withdraw", "delegation", NOT_THE_DELEGATIONS_STAKE),
    ("delegation_withdraw", "destination", TOKENS),
    ("device_move", "owner", NOT_OWNER),
    // The owner is not that provider's.
    ("device_move", "provider", NOT_OWNER),
    ("device_move", "device", ADDRESS),
    ("device_move", "to", NOT_OWNER),
    ("device_register", "owner", NOT_OWNER),
    ("device_register", "provider", NOT_OWNER),
    ("device_register", "node", ADDRESS),
    ("device_retire", "caller", NOT_OWNER),
    ("device_retire", "device", ADDRESS),
    ("device_retire", "owner", ADDRESS),
    ("fault_prove", "job", SEEDS),
    ("fault_prove", "provider", WRONG_PROVIDER),
    // The staking program looks at the pool and at all tokens.
    ("fault_prove", "pool", SEEDS),
    ("fault_prove", "stake", WRONG_STAKE),
    ("fault_prove", "mint", ADDRESS),
    ("fault_prove", "vault", ADDRESS),
    ("fault_prove", "bounty_account", TOKENS),
    ("fault_prove_sample", "job", SEEDS),
    ("fault_prove_sample", "provider", WRONG_PROVIDER),
    ("fault_prove_sample", "pool", SEEDS),
    ("fault_prove_sample", "stake", WRONG_STAKE),
    ("fault_prove_sample", "mint", ADDRESS),
    ("fault_prove_sample", "vault", ADDRESS),
    ("fault_prove_sample", "bounty_account", TOKENS),
    ("fee_shard_open", "registered_mint", SEEDS),
    ("fees_sweep", "registered_mint", ADDRESS),
    ("fees_sweep", "fee_shard", WRONG_FEE_SHARD),
    ("fees_sweep", "treasury_account", TOKENS),
    ("fees_sweep", "pool", ADDRESS),
    ("job_cancel", "job", ADDRESS),
    ("job_cancel", "balance", WRONG_BALANCE),
    // The staking program looks at the pool.
    ("job_cancel", "pool", SEEDS),
    ("job_cancel", "stake", WRONG_STAKE),
    ("job_cancel", "provider", WRONG_PROVIDER),
    ("job_cancel", "tenant_account", WRONG_TENANT),
    ("job_close", "job", ADDRESS),
    ("job_close", "balance", WRONG_BALANCE),
    ("job_close", "pool", SEEDS),
    ("job_close", "stake", WRONG_STAKE),
    ("job_close", "provider", WRONG_PROVIDER),
    ("job_close", "tenant_account", WRONG_TENANT),
    ("job_close", "fee_shard", WRONG_FEE_SHARD),
    ("job_exit", "caller", NOT_PROVIDER),
    ("job_exit", "job", NOT_PROVIDER),
    ("job_extend", "tenant", NOT_TENANT),
    ("job_extend", "job", NOT_TENANT),
    ("job_extend", "balance", WRONG_BALANCE),
    ("job_failover", "session_key", NOT_SESSION_KEY),
    ("job_failover", "former_job", SEEDS),
    ("job_failover", "registered_mint", WRONG_BALANCE),
    ("job_failover", "gpu_class", WRONG_CLASS),
    ("job_failover", "price_range", WRONG_PRICE_RANGE),
    ("job_failover", "tenant_account", WRONG_TENANT),
    ("job_failover", "node", ADDRESS),
    ("job_failover", "balance", WRONG_BALANCE),
    ("job_failover", "pool", SEEDS),
    ("job_failover", "stake", WRONG_STAKE),
    ("job_open", "tenant", SEEDS),
    ("job_open", "registered_mint", WRONG_BALANCE),
    ("job_open", "gpu_class", WRONG_CLASS),
    ("job_open", "price_range", WRONG_PRICE_RANGE),
    ("job_open", "node", ADDRESS),
    ("job_open", "balance", WRONG_BALANCE),
    ("job_open", "tenant_account", WRONG_TENANT),
    ("job_open", "pool", SEEDS),
    ("job_open", "stake", WRONG_STAKE),
    ("job_rekey", "caller", NOT_PROVIDER),
    // The caller is not that provider's.
    ("job_rekey", "provider", NOT_PROVIDER),
    ("job_rekey", "job", NOT_OWNER),
    ("job_settle", "job", WRONG_BALANCE),
    ("job_settle", "balance", WRONG_BALANCE),
    ("job_settle", "clock", Solana(InstructionError::InvalidArgument)),
    ("job_start", "attestation_key", NOT_ATTESTATION_KEY),
    ("job_start", "job", NOT_ATTESTATION_KEY),
    ("job_stop", "tenant", NOT_TENANT),
    ("job_stop", "job", NOT_TENANT),
    ("mint_cap_set", "authority", NOT_AUTHORITY),
    ("mint_reference_set", "authority", NOT_AUTHORITY),
    ("mint_register", "authority", NOT_AUTHORITY),
    ("mint_register", "mint", SEEDS),
    ("mint_update", "authority", NOT_AUTHORITY),
    ("node_heartbeat", "attestation_key", NOT_ATTESTATION_KEY),
    ("node_heartbeat", "provider", NOT_ATTESTATION_KEY),
    ("node_heartbeat", "node", ADDRESS),
    ("node_price_set", "owner", NOT_OWNER),
    ("node_price_set", "node", NOT_OWNER),
    ("node_price_set", "registered_mint", WRONG_BALANCE),
    ("node_price_set", "price_range", WRONG_PRICE_RANGE),
    ("node_price_set", "balance", WRONG_BALANCE),
    ("node_register", "owner", NOT_OWNER),
    ("node_register", "provider", SEEDS),
    ("node_register", "gpu_class", WRONG_CLASS),
    ("node_update", "owner", NOT_OWNER),
    ("node_update", "node", NOT_OWNER),
    ("order_accept", "registered_mint", WRONG_MINT),
    ("order_accept", "gpu_class", WRONG_CLASS),
    ("order_accept", "price_range", WRONG_PRICE_RANGE),
    ("order_accept", "node", ADDRESS),
    ("order_accept", "order", SEEDS),
    ("order_accept", "balance", WRONG_BALANCE),
    ("order_accept", "tenant_account", WRONG_TENANT),
    ("order_accept", "pool", SEEDS),
    ("order_accept", "stake", WRONG_STAKE),
    ("order_cancel", "tenant", NOT_TENANT),
    ("order_cancel", "order", NOT_TENANT),
    ("order_cancel", "balance", WRONG_BALANCE),
    ("order_expire", "order", ADDRESS),
    ("order_expire", "balance", WRONG_BALANCE),
    ("order_expire", "tenant", ADDRESS),
    ("order_open", "tenant", SEEDS),
    ("order_open", "registered_mint", WRONG_BALANCE),
    ("order_open", "gpu_class", WRONG_CLASS),
    ("order_open", "balance", WRONG_BALANCE),
    ("pool_configure", "authority", Staking(StakingError::NotAuthority)),
    ("pool_initialize", "deployer", NOT_POOLS_DEPLOYER),
    ("pool_initialize", "program_data", ADDRESS),
    ("price_range_register", "authority", NOT_AUTHORITY),
    ("price_range_register", "gpu_class", SEEDS),
    ("price_range_register", "registered_mint", SEEDS),
    ("price_range_update", "authority", NOT_AUTHORITY),
    ("provider_register", "owner", SEEDS),
    ("provider_update", "owner", NOT_OWNER),
    ("provider_update", "provider", NOT_OWNER),
    // The token program knows whose tokens they are.
    ("reward_add", "payer", NOT_THE_TOKENS_OWNER),
    ("reward_add", "stake", SEEDS),
    ("reward_add", "source", TOKENS),
    ("session_rotate", "tenant", NOT_TENANT),
    ("session_rotate", "job", NOT_TENANT),
    ("stake_deposit", "owner", NOT_STAKES_OWNER),
    ("stake_deposit", "stake", NOT_STAKES_OWNER),
    ("stake_deposit", "source", TOKENS),
    ("stake_open", "owner", SEEDS),
    ("stake_release", "market_signer", NOT_MARKET),
    ("stake_reserve", "market_signer", NOT_MARKET),
    ("stake_slash", "market_signer", NOT_MARKET),
    ("stake_slash", "bounty_account", TOKENS),
    ("tenant_open", "payer", SEEDS),
    ("tenant_open", "wallet", SEEDS),
    ("unbonding_cancel", "owner", NOT_STAKES_OWNER),
    ("unbonding_cancel", "stake", NOT_STAKES_OWNER),
    ("unbonding_request", "owner", NOT_STAKES_OWNER),
    ("unbonding_request", "stake", NOT_STAKES_OWNER),
    ("unbonding_withdraw", "stake", TOKENS),
    ("unbonding_withdraw", "destination", TOKENS),
    ("withdrawal_cancel", "owner", NOT_OWNER),
    ("withdrawal_cancel", "withdrawal", NOT_OWNER),
    ("withdrawal_pay", "registered_mint", ADDRESS),
    ("withdrawal_pay", "withdrawal", ADDRESS),
    ("withdrawal_pay", "destination", TOKENS),
    ("withdrawal_request", "owner", NOT_OWNER),
    ("withdrawal_request", "balance", SEEDS),
];
