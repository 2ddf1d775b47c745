//! Orders with their bids.

use crate::{
    action::Name,
    book::NodeId,
    cast::{Class, Key, Token},
};

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum OrderPhase {
    Open,
    Accepted,
    Cancelled,
}

/// A bid; its provider is the node's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Bid {
    pub node: NodeId,
    pub rate: u64,
    pub placed_at: i64,
    pub number: u64,
}

/// What a tenant needs, and the bids for it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Order {
    pub token: Token,
    pub session: Key,
    pub bundle: u8,
    pub class: Class,
    pub region: Name,
    pub bids: [Option<Bid>; 8],
    pub max_rate: u64,
    pub escrow: u64,
    pub deposit: u64,
    pub bids_placed: u64,
    pub opened_at: i64,
    pub bids_until: i64,
    pub accept_until: i64,
    pub max_s: u32,
    pub min_memory_mib: u32,
    pub gpus: u16,
    pub min_score: u16,
    pub simulated: bool,
    pub phase: OrderPhase,
}
