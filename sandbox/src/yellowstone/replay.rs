//! The slots that are kept so that a client which was away can catch up.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use yellowstone_grpc_proto::{
    prelude::{SubscribeUpdateAccount, SubscribeUpdateBlockMeta, SubscribeUpdateSlot, SubscribeUpdateTransaction},
    prost::Message,
};

use super::update::{Commitment, Update};

/// How much is kept. A finalized slot is dropped as soon as either limit is passed.
#[derive(Clone, Copy, Debug)]
pub struct ReplayLimits {
    /// Slots, empty ones included.
    pub slots: usize,
    /// Bytes of updates.
    pub bytes: usize,
}

impl Default for ReplayLimits {
    /// Real servers keep 150 slots, a minute. Ten minutes give a developer with a debugger time to look around.
    fn default() -> Self {
        Self {
            slots: 1_500,
            bytes: 128 * 1024 * 1024,
        }
    }
}

/// A slot whose block is complete.
#[derive(Debug)]
pub(super) struct SealedSlot {
    slot: u64,
    parent: Option<u64>,
    accounts: Vec<Arc<SubscribeUpdateAccount>>,
    transactions: Vec<Arc<SubscribeUpdateTransaction>>,
    meta: Option<Arc<SubscribeUpdateBlockMeta>>,
    size_bytes: usize,
    finalized: bool,
}

impl SealedSlot {
    pub(super) fn new(
        slot: u64,
        parent: Option<u64>,
        updates: Vec<Update>,
        meta: Option<Arc<SubscribeUpdateBlockMeta>>,
    ) -> Self {
        let (mut accounts, mut transactions) = (Vec::new(), Vec::new());
        let mut size_bytes = meta.as_ref().map_or(0, |meta| meta.encoded_len());
        for update in updates {
            size_bytes = size_bytes.saturating_add(update.size_bytes());
            match update {
                Update::Account(account) => accounts.push(account),
                Update::Transaction(transaction) => transactions.push(transaction),
                Update::BlockMeta(_) | Update::Slot(_) => {}
            }
        }
        Self {
            slot,
            parent,
            accounts,
            transactions,
            meta,
            size_bytes,
            finalized: false,
        }
    }

    pub(super) fn number(&self) -> u64 {
        self.slot
    }

    pub(super) fn meta(&self) -> Option<&SubscribeUpdateBlockMeta> {
        self.meta.as_deref()
    }

    /// What happened in the slot: accounts, then transactions, then the block.
    pub(super) fn content(&self) -> impl Iterator<Item = Update> + '_ {
        self.accounts.iter().cloned().map(Update::Account).chain(self.rest())
    }

    /// The same with only the last write of each account, which is what real servers replay.
    fn condensed_content(&self) -> impl Iterator<Item = Update> + '_ {
        let key = |account: &SubscribeUpdateAccount| account.account.as_ref().map(|info| info.pubkey.clone());
        let last: HashMap<_, _> = self
            .accounts
            .iter()
            .enumerate()
            .map(|(index, account)| (key(account), index))
            .collect();
        let accounts = self.accounts.iter().enumerate();
        accounts
            .filter(move |(index, account)| last.get(&key(account)) == Some(index))
            .map(|(_, account)| Update::Account(account.clone()))
            .chain(self.rest())
    }

    fn rest(&self) -> impl Iterator<Item = Update> + '_ {
        let transactions = self.transactions.iter().cloned().map(Update::Transaction);
        transactions.chain(self.meta.iter().cloned().map(Update::BlockMeta))
    }

    pub(super) fn status(&self, reached: Commitment) -> Update {
        Update::Slot(SubscribeUpdateSlot {
            slot: self.slot,
            parent: self.parent,
            status: reached.slot_status(),
            dead_error: None,
            bank_id: Some(self.slot),
        })
    }

    /// Everything that a subscriber at `level` was sent about this slot, statuses in order.
    fn history(&self, level: Commitment) -> Vec<Update> {
        let mut history = Vec::new();
        for reached in [Commitment::Processed, Commitment::Confirmed, Commitment::Finalized] {
            if reached == Commitment::Finalized && !self.finalized {
                break;
            }
            if reached == level {
                history.extend(self.condensed_content());
            }
            history.push(self.status(reached));
        }
        history
    }
}

/// The kept slots, oldest first.
#[derive(Debug)]
pub(super) struct Replay {
    limits: ReplayLimits,
    slots: VecDeque<SealedSlot>,
    size_bytes: usize,
    dropped_up_to: Option<u64>,
}

impl Replay {
    pub(super) fn new(limits: ReplayLimits) -> Self {
        Self {
            limits,
            slots: VecDeque::new(),
            size_bytes: 0,
            dropped_up_to: None,
        }
    }

    /// Keeps one more slot and drops the oldest final ones that no longer fit.
    ///
    /// Slots that are not final stay whatever their size: a subscriber at `finalized` has yet to be sent them.
    pub(super) fn push(&mut self, sealed: SealedSlot) {
        self.size_bytes = self.size_bytes.saturating_add(sealed.size_bytes);
        self.slots.push_back(sealed);
        while self.slots.len() > self.limits.slots || self.size_bytes > self.limits.bytes {
            let Some(oldest) = self.slots.pop_front_if(|oldest| oldest.finalized) else {
                break;
            };
            self.size_bytes = self.size_bytes.saturating_sub(oldest.size_bytes);
            self.dropped_up_to = Some(oldest.slot);
        }
    }

    /// Marks every slot up to `root` final and hands over those that newly are.
    pub(super) fn finalize(&mut self, root: u64) -> impl Iterator<Item = &SealedSlot> {
        self.slots
            .iter_mut()
            .filter(move |kept| kept.slot <= root && !kept.finalized)
            .map(|kept| {
                kept.finalized = true;
                &*kept
            })
    }

    /// The oldest slot from which nothing is missing.
    pub(super) fn first_available(&self) -> Option<u64> {
        self.slots.front().map(|oldest| oldest.slot)
    }

    /// Everything from `from_slot` on for a subscriber at `level`, or the first slot that is still available.
    pub(super) fn since(&self, from_slot: u64, level: Commitment) -> Result<Vec<Update>, u64> {
        if self.dropped_up_to.is_some_and(|dropped| from_slot <= dropped) {
            return Err(self.first_available().unwrap_or(u64::MAX));
        }
        Ok(self
            .slots
            .iter()
            .filter(|kept| kept.slot >= from_slot)
            .flat_map(|kept| kept.history(level))
            .collect())
    }

    /// The newest slot that reached `level`.
    pub(super) fn newest(&self, level: Commitment) -> Option<&SealedSlot> {
        self.slots
            .iter()
            .rev()
            .find(|kept| level < Commitment::Finalized || kept.finalized)
    }
}
