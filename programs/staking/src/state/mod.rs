//! Accounts of the staking program.

mod pool;
mod stake;

pub use pool::Pool;
pub use stake::{Stake, Taken, Unbonding};
