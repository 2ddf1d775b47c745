//! The indexer, on a real Postgres, against a scripted Yellowstone server and a scripted RPC node.

mod answers;
mod assembling;
mod changes;
mod connecting;
mod delegations;
mod fixtures;
mod following;
mod freshness;
mod offers;
mod paging;
mod problems;
mod records;
mod resyncing;
mod rows;
mod rpc;
mod snapshots;
