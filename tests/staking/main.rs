//! The staking program's instructions, on its bytecode.

mod pool_configure;
mod pool_initialize;
mod stake_deposit;
mod stake_open;
mod stake_release;
mod stake_reserve;
mod unbonding_cancel;
mod unbonding_request;
mod unbonding_withdraw;
