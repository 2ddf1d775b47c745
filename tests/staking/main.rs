//! The staking program's instructions, on its bytecode.

mod commission_set;
mod delegation_cancel;
mod delegation_deposit;
mod delegation_open;
mod delegation_paths;
mod delegation_unbond;
mod delegation_withdraw;
mod pool_configure;
mod pool_initialize;
mod replica;
mod reward_add;
mod stake_deposit;
mod stake_open;
mod stake_release;
mod stake_reserve;
mod stake_slash;
mod unbonding_cancel;
mod unbonding_request;
mod unbonding_withdraw;
