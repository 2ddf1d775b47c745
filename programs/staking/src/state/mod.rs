//! Accounts of the staking program.

mod commission;
mod delegated;
mod delegation;
mod pool;
mod stake;

pub use delegated::Moved;
pub use delegation::{Delegation, MaturedShares, UnbondingShares, Worth};
pub use pool::Pool;
pub use stake::{Stake, Taken, Unbonding};
