//! A Gantry network on one machine: a local Solana chain, Postgres, the indexer, agents and a tenant.

pub mod chain;
pub mod ports;
pub mod yellowstone;
