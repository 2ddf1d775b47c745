//! Between the chain and the subscribers: keeps what happened and hands it out at the commitment asked for.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::broadcast;
use yellowstone_grpc_proto::prelude::SubscribeUpdateBlockMeta;

use super::{
    blockhashes::Blockhashes,
    replay::{Replay, ReplayLimits, SealedSlot},
    update::{Commitment, Event, Update},
};

/// Updates a subscriber may be behind before its stream ends. All subscribers share one buffer of this size.
const LIVE_BUFFER_UPDATES: usize = 16_384;

/// An update on its way to the subscribers.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The subscribers it is for; none means all, as every slot status goes to everyone who did not filter it away.
    level: Option<Commitment>,
    /// The update.
    pub update: Update,
}

impl Delivery {
    /// Whether a subscriber at `level` gets it.
    #[must_use]
    pub fn is_for(&self, level: Commitment) -> bool {
        self.level.is_none_or(|only| only == level)
    }
}

/// A subscription's past and its future, without a gap or an overlap between them.
#[derive(Debug)]
pub struct Feed {
    /// What was asked to be replayed.
    pub replay: Vec<Update>,
    /// What happens from now on.
    pub live: broadcast::Receiver<Delivery>,
}

/// `from_slot` lies before everything that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooOld {
    /// The oldest slot that can be asked for.
    pub first_available: u64,
}

/// Where the chain is, at one commitment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The newest slot.
    pub slot: u64,
    /// Its block's height.
    pub block_height: u64,
    /// Its block's hash.
    pub blockhash: String,
}

/// Takes the chain's events in, sends updates out.
///
/// Invariant: a subscriber at `confirmed` or `finalized` sees of each slot its accounts, then its transactions, then its
/// block, then the slot's status; whoever has seen the status has seen all of the slot.
///
/// Invariant: slots are confirmed in order and finalized in order, and a slot that never was is never named.
#[derive(Debug)]
pub struct Hub {
    state: Mutex<State>,
    live: broadcast::Sender<Delivery>,
}

#[derive(Debug)]
struct State {
    /// Updates of slots whose block is not complete, in the order of their arrival.
    open: BTreeMap<u64, Vec<Update>>,
    kept: Replay,
    blockhashes: Blockhashes,
    last_sealed: Option<u64>,
}

impl Hub {
    /// A hub that has seen nothing yet.
    #[must_use]
    pub fn new(limits: ReplayLimits) -> Self {
        let state = State {
            open: BTreeMap::new(),
            kept: Replay::new(limits),
            blockhashes: Blockhashes::default(),
            last_sealed: None,
        };
        Self {
            state: Mutex::new(state),
            live: broadcast::channel(LIVE_BUFFER_UPDATES).0,
        }
    }

    /// Takes in what happened next.
    pub fn feed(&self, event: Event) {
        // Sending under the lock keeps deliveries in the order of the state's changes.
        let mut state = self.state();
        match event {
            Event::Account(account) => self.keep_open(&mut state, Update::Account(Arc::new(account))),
            Event::Transaction(transaction) => self.keep_open(&mut state, Update::Transaction(Arc::from(transaction))),
            Event::Confirmed(meta) => self.confirm(&mut state, meta),
            Event::Rooted(root) => {
                for slot in state.kept.finalize(root) {
                    self.announce(slot, Commitment::Finalized);
                }
            }
        }
    }

    /// Starts a subscription at `level`, now or with everything since `from_slot`.
    ///
    /// # Errors
    /// When `from_slot` is older than what is kept.
    pub fn subscribe(&self, level: Commitment, from_slot: Option<u64>) -> Result<Feed, TooOld> {
        let state = self.state();
        let mut replay = Vec::new();
        if let Some(from_slot) = from_slot {
            replay = state
                .kept
                .since(from_slot, level)
                .map_err(|first_available| TooOld { first_available })?;
            if level == Commitment::Processed {
                replay.extend(
                    state
                        .open
                        .range(from_slot..)
                        .flat_map(|(_, updates)| updates.iter().cloned()),
                );
            }
        }
        Ok(Feed {
            replay,
            live: self.live.subscribe(),
        })
    }

    /// The oldest slot that a subscription can start from.
    #[must_use]
    pub fn first_available(&self) -> Option<u64> {
        self.state().kept.first_available()
    }

    /// Where the chain is; nothing before its first block.
    #[must_use]
    pub fn head(&self, level: Commitment) -> Option<Head> {
        let state = self.state();
        let newest = state.kept.newest(level)?;
        let meta = newest.meta();
        Some(Head {
            slot: newest.number(),
            block_height: meta
                .and_then(|meta| meta.block_height)
                .map_or(0, |height| height.block_height),
            blockhash: meta.map(|meta| meta.blockhash.clone()).unwrap_or_default(),
        })
    }

    /// Whether a transaction with this blockhash would still be accepted.
    #[must_use]
    pub fn is_blockhash_valid(&self, blockhash: &str) -> bool {
        self.state().blockhashes.is_valid(blockhash)
    }

    fn keep_open(&self, state: &mut State, update: Update) {
        state.open.entry(update.slot()).or_default().push(update.clone());
        self.deliver(Some(Commitment::Processed), update);
    }

    fn confirm(&self, state: &mut State, meta: SubscribeUpdateBlockMeta) {
        let slot = meta.slot;
        // Time travel can leave a slot with updates but without a block of its own; its updates count all the same.
        while let Some((orphan, updates)) = state
            .open
            .first_key_value()
            .map(|(slot, updates)| (*slot, updates.clone()))
        {
            if orphan >= slot {
                break;
            }
            state.open.remove(&orphan);
            self.seal(state, orphan, updates, None);
        }
        state.blockhashes.push(&meta.blockhash);
        let updates = state.open.remove(&slot).unwrap_or_default();
        self.seal(state, slot, updates, Some(Arc::new(meta)));
    }

    fn seal(&self, state: &mut State, slot: u64, updates: Vec<Update>, meta: Option<Arc<SubscribeUpdateBlockMeta>>) {
        // The block itself says `slot - 1`, which after time travel is a slot that never was.
        let parent = state.last_sealed.or_else(|| meta.as_ref().map(|meta| meta.parent_slot));
        let sealed = SealedSlot::new(slot, parent, updates, meta.clone());
        if let Some(meta) = meta {
            self.deliver(Some(Commitment::Processed), Update::BlockMeta(meta));
        }
        self.deliver(None, sealed.status(Commitment::Processed));
        self.announce(&sealed, Commitment::Confirmed);
        state.kept.push(sealed);
        state.last_sealed = Some(slot);
    }

    fn announce(&self, slot: &SealedSlot, reached: Commitment) {
        for update in slot.content() {
            self.deliver(Some(reached), update);
        }
        self.deliver(None, slot.status(reached));
    }

    fn deliver(&self, level: Option<Commitment>, update: Update) {
        // An error only says that nobody is subscribed.
        let _ = self.live.send(Delivery { level, update });
    }

    /// A panic while the lock was held cannot leave the state half changed in a way that matters to a development network.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
