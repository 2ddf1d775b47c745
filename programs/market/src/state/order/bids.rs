//! The list of an order's bids.

use anchor_lang::prelude::*;
use gantry_protocol::{Rate, UnixSeconds};

use super::{Bid, Order, OrderState, Outcome};
use crate::{BidTerms, MarketError};

/// A bid that was placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Where.
    pub place: usize,
    /// What lay there before; the same node's when its bid was lowered.
    pub before: Option<Bid>,
}

impl Order {
    /// The bids and their places.
    pub fn taken(&self) -> impl Iterator<Item = (usize, &Bid)> {
        self.bids.iter().enumerate().filter(|(_, bid)| bid.number > 0)
    }

    /// The best bid's place: the lowest rate, of several the earliest.
    #[must_use]
    pub fn best(&self) -> Option<usize> {
        self.taken()
            .min_by_key(|(_, bid)| (bid.rate, bid.number))
            .map(|(place, _)| place)
    }

    /// The place of the bid that a better one displaces: the highest rate, of several the latest.
    #[must_use]
    pub fn dearest(&self) -> Option<usize> {
        self.taken()
            .max_by_key(|(_, bid)| (bid.rate, bid.number))
            .map(|(place, _)| place)
    }

    /// A node's bid and its place.
    #[inline(never)]
    pub fn bid_of(&self, node: &Address) -> Outcome<(usize, Bid)> {
        self.taken()
            .find(|(_, bid)| bid.node == *node)
            .map(|(place, bid)| (place, *bid))
            .ok_or(MarketError::NoSuchBid)
    }

    /// Takes a node's bid: into a free place, into its own when it is lower, or into the dearest's when that is dearer.
    pub fn place(&mut self, node: Address, provider: Address, terms: &BidTerms, now: UnixSeconds) -> Outcome<Placed> {
        self.require(OrderState::Open)?;
        if now.0 > self.bids_until {
            return Err(MarketError::BiddingOver);
        }
        let is_meant = terms.deposit == self.deposit
            && terms.accept_until == self.accept_until
            && terms.max_duration_s == self.max_duration_s
            && terms.gpus == self.gpus;
        if !is_meant {
            return Err(MarketError::OrderChanged);
        }
        let rate = Rate(terms.rate);
        if rate == Rate(0) || rate > Rate(self.max_rate) {
            return Err(MarketError::BidAboveLimit);
        }
        let place = self.place_for(&node, rate)?;
        let number = self.bids_placed.checked_add(1).ok_or(MarketError::AmountOverflow)?;
        let before = Some(self.bids[place]).filter(|bid| bid.number > 0);
        self.bids_placed = number;
        self.bids[place] = Bid {
            node,
            provider,
            rate: rate.0,
            placed_at: now.0,
            number,
        };
        Ok(Placed { place, before })
    }

    fn place_for(&self, node: &Address, rate: Rate) -> Outcome<usize> {
        if let Ok((place, bid)) = self.bid_of(node) {
            return if rate.0 < bid.rate {
                Ok(place)
            } else {
                Err(MarketError::BidNotLower)
            };
        }
        if let Some(place) = self.bids.iter().position(|bid| bid.number == 0) {
            return Ok(place);
        }
        self.dearest()
            .filter(|place| rate.0 < self.bids[*place].rate)
            .ok_or(MarketError::OrderFull)
    }

    /// Takes the bid of `provider` back and returns it; the flag says whether it was relied on, so that its deposit is lost.
    pub fn withdraw(&mut self, place: u8, provider: &Address, now: UnixSeconds) -> Outcome<(Bid, bool)> {
        self.require(OrderState::Open)?;
        let bid = self.bid_at(place)?;
        if bid.provider != *provider {
            return Err(MarketError::NotOwner);
        }
        self.bids[usize::from(place)] = Bid::default();
        Ok((bid, now.0 > self.bids_until && now.0 <= self.accept_until))
    }

    /// Removes the best bid, which is `node`'s, once no more are taken; whoever calls has found that it cannot be fulfilled.
    pub fn drop_best(&mut self, node: &Address, now: UnixSeconds) -> Outcome<(usize, Bid)> {
        self.require(OrderState::Open)?;
        self.require_not_expired(now)?;
        let (place, bid) = self.bid_of(node)?;
        self.require_bidding_over(now)?;
        self.require_best(place)?;
        self.bids[place] = Bid::default();
        Ok((place, bid))
    }

    /// Takes a bid out whose deposit goes back, because the order is open no more.
    pub fn take_out(&mut self, place: u8) -> Outcome<Bid> {
        if self.state == OrderState::Open as u8 {
            return Err(MarketError::WrongOrderState);
        }
        let bid = self.bid_at(place)?;
        self.bids[usize::from(place)] = Bid::default();
        Ok(bid)
    }

    fn bid_at(&self, place: u8) -> Outcome<Bid> {
        self.bids
            .get(usize::from(place))
            .filter(|bid| bid.number > 0)
            .copied()
            .ok_or(MarketError::NoSuchBid)
    }

    pub(super) fn require_best(&self, place: usize) -> Outcome<()> {
        if self.best() != Some(place) {
            return Err(MarketError::NotBestBid);
        }
        Ok(())
    }
}
