//! What the network reports, in the shapes that the Yellowstone service sends.

use std::sync::Arc;

use yellowstone_grpc_proto::{
    prelude::{
        SubscribeUpdateAccount, SubscribeUpdateBlockMeta, SubscribeUpdateSlot, SubscribeUpdateTransaction,
        subscribe_update::UpdateOneof,
    },
    prost::Message,
};

/// How settled a slot is. Ordered: a finalized slot is confirmed too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Commitment {
    /// Executed.
    Processed,
    /// Part of a block that the network voted for.
    Confirmed,
    /// Rooted, 31 slots later.
    Finalized,
}

impl Commitment {
    /// The level that a request names by number; none means processed, as on the real service.
    #[must_use]
    pub fn requested(number: Option<i32>) -> Option<Self> {
        match number {
            None | Some(0) => Some(Self::Processed),
            Some(1) => Some(Self::Confirmed),
            Some(2) => Some(Self::Finalized),
            Some(_) => None,
        }
    }

    /// The number that slot updates carry for this level.
    #[must_use]
    pub fn slot_status(self) -> i32 {
        match self {
            Self::Processed => 0,
            Self::Confirmed => 1,
            Self::Finalized => 2,
        }
    }
}

/// One update, shared between everyone it is delivered to.
#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    /// An account was written.
    Account(Arc<SubscribeUpdateAccount>),
    /// A transaction ran, or failed.
    Transaction(Arc<SubscribeUpdateTransaction>),
    /// A block is complete.
    BlockMeta(Arc<SubscribeUpdateBlockMeta>),
    /// A slot reached a commitment.
    Slot(SubscribeUpdateSlot),
}

impl Update {
    /// The slot it happened in.
    #[must_use]
    pub fn slot(&self) -> u64 {
        match self {
            Self::Account(account) => account.slot,
            Self::Transaction(transaction) => transaction.slot,
            Self::BlockMeta(meta) => meta.slot,
            Self::Slot(slot) => slot.slot,
        }
    }

    /// Its size on the wire, which is close to what it takes in memory.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        match self {
            Self::Account(account) => account.encoded_len(),
            Self::Transaction(transaction) => transaction.encoded_len(),
            Self::BlockMeta(meta) => meta.encoded_len(),
            Self::Slot(slot) => slot.encoded_len(),
        }
    }

    /// The wire's own form.
    #[must_use]
    pub fn to_wire(&self) -> UpdateOneof {
        match self {
            Self::Account(account) => UpdateOneof::Account((**account).clone()),
            Self::Transaction(transaction) => UpdateOneof::Transaction((**transaction).clone()),
            Self::BlockMeta(meta) => UpdateOneof::BlockMeta((**meta).clone()),
            Self::Slot(slot) => UpdateOneof::Slot(slot.clone()),
        }
    }
}

/// What the chain tells the hub, in the order in which it happens.
#[derive(Clone, Debug)]
pub enum Event {
    /// An account was written in a slot that is still open.
    Account(SubscribeUpdateAccount),
    /// A transaction was executed in a slot that is still open.
    Transaction(Box<SubscribeUpdateTransaction>),
    /// The slot's block is complete and voted for.
    Confirmed(SubscribeUpdateBlockMeta),
    /// This slot and all before it are final.
    Rooted(u64),
}
