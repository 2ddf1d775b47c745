//! Accounts of the market.

mod balance;
mod claim;
mod config;
mod fault;
mod fee_shard;
mod job;
mod node;
mod order;
mod provider;
mod registered_mint;

pub use balance::Balance;
pub use claim::Claim;
pub use config::Config;
pub use fault::Fault;
pub use fee_shard::FeeShard;
pub use job::{Job, JobState, OpenTerms};
pub use node::{Node, Price};
pub use order::{Bid, Order, OrderState, Placed};
pub use provider::Provider;
pub use registered_mint::RegisteredMint;
