//! Accounts of the market.

mod balance;
mod claim;
mod config;
mod device;
mod fault;
mod fee_shard;
mod gpu_class;
mod job;
mod node;
mod price_range;
mod provider;
mod record;
mod registered_mint;
mod tenant;

pub use balance::Balance;
pub use claim::Claim;
pub use config::Config;
pub use device::Device;
pub use fault::Fault;
pub use fee_shard::FeeShard;
pub use gpu_class::GpuClass;
pub use job::{Job, JobState, OpenTerms};
pub use node::{Node, Price};
pub use price_range::PriceRange;
pub use provider::Provider;
pub use record::Record;
pub use registered_mint::RegisteredMint;
pub use tenant::Tenant;
