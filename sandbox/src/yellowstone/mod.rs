//! A Yellowstone gRPC server over the local chain, speaking the real protocol.
//!
//! It has what the real plugin has for accounts, transactions, transaction statuses, slots and block metadata, with
//! delivery at the commitment asked for and replay from a slot. It has no blocks, entries, footers, shreds or gossip, and
//! refuses subscriptions to them.

mod blockhashes;
pub mod convert;
pub mod filters;
pub mod hub;
mod replay;
mod server;
pub mod service;
mod subscription;
pub mod update;

pub use hub::Hub;
pub use replay::ReplayLimits;
pub use server::Server;
pub use update::{Commitment, Event, Update};
