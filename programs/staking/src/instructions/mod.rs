//! One file per instruction, noun first.

pub mod commission_set;
pub mod delegation_cancel;
pub mod delegation_deposit;
pub mod delegation_open;
pub mod delegation_unbond;
pub mod delegation_withdraw;
pub mod pool_configure;
pub mod pool_initialize;
pub mod reward_add;
pub mod stake_deposit;
pub mod stake_open;
pub mod stake_release;
pub mod stake_reserve;
pub mod stake_slash;
pub mod unbonding_cancel;
pub mod unbonding_request;
pub mod unbonding_withdraw;

pub use commission_set::*;
pub use delegation_cancel::*;
pub use delegation_deposit::*;
pub use delegation_open::*;
pub use delegation_unbond::*;
pub use delegation_withdraw::*;
pub use pool_configure::*;
pub use pool_initialize::*;
pub use reward_add::*;
pub use stake_deposit::*;
pub use stake_open::*;
pub use stake_release::*;
pub use stake_reserve::*;
pub use stake_slash::*;
pub use unbonding_cancel::*;
pub use unbonding_request::*;
pub use unbonding_withdraw::*;
