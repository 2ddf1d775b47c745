//! An order: what a tenant needs and the most it pays, with the bids for it.

use anchor_lang::prelude::*;
use bytemuck::{Pod, Zeroable};
use gantry_protocol::{
    billing, class,
    limits::{
        BID_DEPOSIT_BPS, MAX_ACCEPT_WINDOW_S, MAX_BIDS, MAX_BID_WINDOW_S, MAX_GPUS_PER_NODE, MAX_JOB_DURATION_S,
        MIN_ACCEPT_WINDOW_S, MIN_BID_WINDOW_S,
    },
    reputation::MAX_SCORE,
    Atoms, Bps, Metered, Rate, UnixSeconds,
};

use crate::{
    state::{Node, Provider},
    MarketError, OrderTerms,
};

mod bids;

pub use bids::Placed;

/// Where an order stands. `Open → Accepted` or `Open → Cancelled`; once its last deposit is taken out the account is closed.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderState {
    /// Escrow and deposits held.
    Open = 1,
    /// A job was opened; deposits held.
    Accepted = 2,
    /// The escrow went back; deposits held.
    Cancelled = 3,
}

/// A node's bid; the number zero marks a free place.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable, IdlType)]
pub struct Bid {
    /// The node.
    pub node: Address,
    /// The provider's wallet, which paid the deposit.
    pub provider: Address,
    /// Micro-atoms per second and GPU.
    pub rate: u64,
    /// Unix seconds when it was placed, or lowered.
    pub placed_at: i64,
    /// Counts the order's bids from one; of two at one rate the lower number is the earlier bid.
    pub number: u64,
}

/// One per order, at an address of the tenant's wallet and a number. Closed when nothing is left in it.
#[account]
#[derive(Debug, PartialEq, Eq)]
pub struct Order {
    /// The wallet that pays.
    pub tenant: Address,
    /// The mint.
    pub mint: Address,
    /// The tenant's hot key for the job.
    pub session_key: Address,
    /// SHA-256 of the bundle that will be uploaded; zeros when there is none.
    pub bundle_hash: [u8; 32],
    /// GPU class.
    pub class: [u8; 16],
    /// Region; zeros: any.
    pub region: [u8; 16],
    /// Bids, in no order.
    pub bids: [Bid; MAX_BIDS],
    /// Number that the tenant chose; the job gets the same.
    pub nonce: u64,
    /// The most that it pays per GPU, in micro-atoms per second.
    pub max_rate: u64,
    /// What was set aside for the job, in base units; held while the order is open.
    pub escrow: u64,
    /// What each bid in the list has deposited, in base units.
    pub deposit: u64,
    /// Lamports for the rent of the job's account, on top of this account's own rent.
    pub job_rent: u64,
    /// Bids so far: the last one's number.
    pub bids_placed: u64,
    /// Unix seconds of the opening.
    pub opened_at: i64,
    /// Unix seconds until which bids are taken.
    pub bids_until: i64,
    /// Unix seconds until which one can be accepted.
    pub accept_until: i64,
    /// Longest metered time in seconds.
    pub max_duration_s: u32,
    /// Least memory of each GPU in MiB.
    pub min_memory_mib: u32,
    /// GPUs.
    pub gpus: u16,
    /// Least score of the provider, 0 to 10,000.
    pub min_score: u16,
    /// An [`OrderState`].
    pub state: u8,
    /// 1 when simulated GPUs will do.
    pub simulated: u8,
    /// Bump of this address.
    pub bump: u8,
    /// Named padding.
    pub padding: [u8; 1],
}

const _: () = assert!(core::mem::size_of::<Order>() == 952);

type Outcome<T> = core::result::Result<T, MarketError>;

impl Order {
    /// The state, or `None` for a number that no instruction writes.
    #[must_use]
    pub fn state(&self) -> Option<OrderState> {
        [OrderState::Open, OrderState::Accepted, OrderState::Cancelled]
            .into_iter()
            .find(|state| *state as u8 == self.state)
    }

    /// What the vault holds for this order: the escrow while it is open, and a deposit for each bid in the list. Saturates, for the sum
    /// fits by construction.
    #[must_use]
    pub fn held(&self) -> u64 {
        let escrow = if self.state == OrderState::Open as u8 {
            self.escrow
        } else {
            0
        };
        self.taken().fold(escrow, |sum, _| sum.saturating_add(self.deposit))
    }

    /// Takes over what the tenant needs and returns the escrow to take: what the job would cost at the limit.
    pub fn open(&mut self, terms: &OrderTerms, now: UnixSeconds) -> Outcome<Atoms> {
        if terms.session_key == Address::default() {
            return Err(MarketError::InvalidKey);
        }
        if terms.region != [0; 16] && !class::is_valid(&terms.region) {
            return Err(MarketError::InvalidName);
        }
        let is_sensible = (1..=MAX_GPUS_PER_NODE).contains(&terms.gpus)
            && (1..=MAX_JOB_DURATION_S).contains(&terms.max_duration_s)
            && terms.max_rate > 0
            && terms.min_score <= MAX_SCORE;
        if !is_sensible {
            return Err(MarketError::InvalidOrder);
        }
        if !(MIN_BID_WINDOW_S..=MAX_BID_WINDOW_S).contains(&terms.bid_window_s)
            || !(MIN_ACCEPT_WINDOW_S..=MAX_ACCEPT_WINDOW_S).contains(&terms.accept_window_s)
        {
            return Err(MarketError::InvalidWindow);
        }
        let rate = Rate(terms.max_rate)
            .times(terms.gpus)
            .ok_or(MarketError::AmountOverflow)?;
        let longest = Metered::of_seconds(terms.max_duration_s);
        let escrow = billing::owed(rate, longest).ok_or(MarketError::AmountOverflow)?;
        if escrow == Atoms::ZERO {
            return Err(MarketError::ZeroEscrow);
        }
        let part = Bps::new(BID_DEPOSIT_BPS).ok_or(MarketError::ParameterOutOfRange)?;
        self.session_key = terms.session_key;
        self.bundle_hash = terms.bundle_hash;
        self.class = terms.class;
        self.region = terms.region;
        self.max_rate = terms.max_rate;
        self.escrow = escrow.0;
        // Rounded down, but never nothing: a place in the list is not free.
        self.deposit = part.of(escrow).0.max(1);
        self.opened_at = now.0;
        self.bids_until = now.after(terms.bid_window_s).0;
        self.accept_until = now.after(terms.bid_window_s).after(terms.accept_window_s).0;
        self.max_duration_s = terms.max_duration_s;
        self.min_memory_mib = terms.min_memory_mib;
        self.gpus = terms.gpus;
        self.min_score = terms.min_score;
        self.simulated = u8::from(terms.simulated);
        self.state = OrderState::Open as u8;
        Ok(escrow)
    }

    /// Refuses a node that is not what the order asks for, whatever its state.
    pub fn require_fits(&self, node: &Node) -> Outcome<()> {
        let fits = node.class == self.class
            && (self.region == [0; 16] || node.region == self.region)
            && node.memory_mib >= self.min_memory_mib
            && node.gpus >= self.gpus
            && node.simulated <= self.simulated;
        if !fits {
            return Err(MarketError::NodeDoesNotFit);
        }
        Ok(())
    }

    /// Refuses a provider whose score is too low now.
    pub fn require_score(&self, provider: &Provider, now: UnixSeconds) -> Outcome<()> {
        if self.min_score > 0 && provider.record.facts().score_at(now) < self.min_score {
            return Err(MarketError::ScoreTooLow);
        }
        Ok(())
    }

    /// Accepts the bid of a node and returns it with its place. The tenant may accept any bid of at most `max_rate` until the order expires;
    /// everyone else the best one, and only once no more are taken.
    pub fn accept(
        &mut self,
        node: &Address,
        by_tenant: bool,
        max_rate: Rate,
        now: UnixSeconds,
    ) -> Outcome<(usize, Bid)> {
        self.require(OrderState::Open)?;
        self.require_not_expired(now)?;
        let (place, bid) = self.bid_of(node)?;
        if !by_tenant {
            self.require_bidding_over(now)?;
            self.require_best(place)?;
        }
        if bid.rate > max_rate.0 {
            return Err(MarketError::RateAboveLimit);
        }
        self.state = OrderState::Accepted as u8;
        Ok((place, bid))
    }

    /// Ends the order without a job and returns the escrow.
    pub fn cancel(&mut self) -> Outcome<Atoms> {
        self.require(OrderState::Open)?;
        self.state = OrderState::Cancelled as u8;
        Ok(Atoms(self.escrow))
    }

    /// The same once nobody can accept a bid any more.
    pub fn expire(&mut self, now: UnixSeconds) -> Outcome<Atoms> {
        self.require(OrderState::Open)?;
        if now.0 <= self.accept_until {
            return Err(MarketError::OrderNotExpired);
        }
        self.cancel()
    }

    /// Whether nothing is left in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.state != OrderState::Open as u8 && self.taken().next().is_none()
    }

    fn require(&self, state: OrderState) -> Outcome<()> {
        if self.state != state as u8 {
            return Err(MarketError::WrongOrderState);
        }
        Ok(())
    }

    const fn require_not_expired(&self, now: UnixSeconds) -> Outcome<()> {
        if now.0 > self.accept_until {
            return Err(MarketError::OrderExpired);
        }
        Ok(())
    }

    const fn require_bidding_over(&self, now: UnixSeconds) -> Outcome<()> {
        if now.0 <= self.bids_until {
            return Err(MarketError::BiddingOpen);
        }
        Ok(())
    }
}
