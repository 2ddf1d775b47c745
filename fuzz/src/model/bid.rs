//! Bids for orders.

use gantry_sdk::market::MarketError;

use super::{
    Refusal, State, Verdict,
    refusal::{READ_MISSING, WRITTEN_MISSING, WRONG_ADDRESS, require},
    state::{Bid, Order, OrderPhase},
};
use crate::{
    action::{BidDrop, BidPlace, BidRefund, BidWithdraw, Name},
    book::{NodeId, OrderId, SHARDS},
    cast::{Actor, Key, Token},
};

impl State {
    /// `bid_place`: with a node that could fulfil it now, into a free place, its own, or that of the dearest.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn bid_place(&mut self, bid: &BidPlace) -> Verdict {
        let owner = bid.node.0;
        let mint = self.mints.get(&bid.token).copied().ok_or(READ_MISSING)?;
        let is_enabled = *self.classes.get(&bid.class).ok_or(READ_MISSING)?;
        require(self.ranges.contains_key(&bid.range), READ_MISSING)?;
        require(self.providers.contains_key(&bid.provider), READ_MISSING)?;
        require(self.nodes.contains_key(&bid.node), READ_MISSING)?;
        require(self.stakes.contains_key(&bid.stake), READ_MISSING)?;
        let mut order = self.orders.get(&bid.order).cloned().ok_or(WRITTEN_MISSING)?;
        for balance in [Some(bid.balance), bid.displaced].into_iter().flatten() {
            require(self.balances.contains_key(&balance), WRITTEN_MISSING)?;
        }
        require(bid.signer == Key::Wallet(owner), MarketError::NotOwner)?;
        require(bid.provider == owner, WRONG_ADDRESS)?;

        require(!self.config.paused, MarketError::Paused)?;
        require(mint.enabled, MarketError::MintDisabled)?;
        require(self.shards_of(bid.token) == SHARDS, MarketError::FeeShardsMissing)?;
        let balance = self.balance_of(bid.balance, owner, order.token)?;
        require(bid.range == (order.class, order.token), MarketError::WrongPriceRange)?;
        require(bid.stake == owner, MarketError::WrongStake)?;
        require(bid.token == order.token, MarketError::WrongMint)?;
        require(bid.class == order.class, MarketError::WrongClass)?;
        require(is_enabled, MarketError::ClassDisabled)?;
        require(order.is_open(), MarketError::WrongOrderState)?;
        require(self.now <= order.bids_until, MarketError::BiddingOver)?;
        let is_meant = bid.deposit == order.deposit
            && bid.accept_until == order.accept_until
            && bid.max_s == order.max_s
            && bid.gpus == order.gpus;
        require(is_meant, MarketError::OrderChanged)?;
        require((1..=order.max_rate).contains(&bid.rate), MarketError::BidAboveLimit)?;
        let place = place_for(&order, bid.node, bid.rate)?;
        self.able(&order, bid.order, bid.node, bid.rate)?;

        let before = order.bids[place];
        // A bid of the same wallet leaves its deposit to the new one.
        let is_paid = before.is_some_and(|before| before.node.0 == owner);
        if !is_paid {
            let balance = balance
                .checked_sub(order.deposit)
                .ok_or(MarketError::InsufficientBalance)?;
            if let Some(before) = before {
                let displaced = bid.displaced.ok_or(MarketError::WrongBalance)?;
                let has = self.balance_of(displaced, before.node.0, order.token)?;
                self.balances.insert(displaced, has + order.deposit);
            }
            self.balances.insert(bid.balance, balance);
        }
        order.bids_placed += 1;
        order.bids[place] = Some(Bid {
            node: bid.node,
            rate: bid.rate,
            placed_at: self.now,
            number: order.bids_placed,
        });
        self.orders.insert(bid.order, order);
        Ok(())
    }

    /// `bid_withdraw`: the deposit goes back, but to the tenant while somebody relies on the bid.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn bid_withdraw(&mut self, withdraw: &BidWithdraw) -> Verdict {
        let mut order = self.orders.get(&withdraw.order).cloned().ok_or(WRITTEN_MISSING)?;
        require(self.balances.contains_key(&withdraw.balance), WRITTEN_MISSING)?;
        require(order.is_open(), MarketError::WrongOrderState)?;
        let bid = order.take(withdraw.place)?;
        require(withdraw.signer == Key::Wallet(bid.node.0), MarketError::NotOwner)?;
        let is_relied_on = order.bids_until < self.now && self.now <= order.accept_until;
        let to = if is_relied_on { withdraw.order.0 } else { bid.node.0 };
        self.pay_deposit(withdraw.balance, to, &order)?;
        self.orders.insert(withdraw.order, order);
        Ok(())
    }

    /// `bid_drop`: the best bid, when its node could not fulfil it now.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn bid_drop(&mut self, drop: &BidDrop) -> Verdict {
        require(self.ranges.contains_key(&drop.range), READ_MISSING)?;
        require(self.providers.contains_key(&drop.provider), READ_MISSING)?;
        require(self.nodes.contains_key(&drop.node), READ_MISSING)?;
        require(self.stakes.contains_key(&drop.stake), READ_MISSING)?;
        let mut order = self.orders.get(&drop.order).cloned().ok_or(WRITTEN_MISSING)?;
        require(self.balances.contains_key(&drop.balance), WRITTEN_MISSING)?;
        require(drop.provider == drop.node.0, WRONG_ADDRESS)?;

        require(order.is_open(), MarketError::WrongOrderState)?;
        require(self.now <= order.accept_until, MarketError::OrderExpired)?;
        let place = order.bid_of(drop.node).ok_or(MarketError::NoSuchBid)?;
        require(self.now > order.bids_until, MarketError::BiddingOpen)?;
        require(order.best() == Some(place), MarketError::NotBestBid)?;
        require(drop.range == (order.class, order.token), MarketError::WrongPriceRange)?;
        require(drop.stake == drop.node.0, MarketError::WrongStake)?;
        let rate = order.bids[place].map_or(0, |bid| bid.rate);
        let reason = match self.able(&order, drop.order, drop.node, rate) {
            Ok(()) => return Err(MarketError::BidStillGood.into()),
            Err(reason) => reason,
        };
        // What nobody but the provider could have brought about.
        let is_own_doing = [
            MarketError::NodeDoesNotFit,
            MarketError::NodeInactive,
            MarketError::NodeSilent,
            MarketError::DurationOutOfRange,
            MarketError::StakeBelowOffer,
        ]
        .contains(&reason);
        let to = if is_own_doing { drop.order.0 } else { drop.node.0 };
        self.pay_deposit(drop.balance, to, &order)?;
        order.bids[place] = None;
        self.orders.insert(drop.order, order);
        Ok(())
    }

    /// `bid_refund`: out of an order that is over; with the last one its account goes.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn bid_refund(&mut self, refund: &BidRefund) -> Verdict {
        let mut order = self.orders.get(&refund.order).cloned().ok_or(WRITTEN_MISSING)?;
        require(self.balances.contains_key(&refund.balance), WRITTEN_MISSING)?;
        require(refund.tenant == refund.order.0, WRONG_ADDRESS)?;
        require(!order.is_open(), MarketError::WrongOrderState)?;
        let bid = order.take(refund.place)?;
        self.pay_deposit(refund.balance, bid.node.0, &order)?;
        self.keep(refund.order, order);
        Ok(())
    }

    fn pay_deposit(&mut self, balance: (Actor, Token), to: Actor, order: &Order) -> Verdict {
        let has = self.balance_of(balance, to, order.token)?;
        self.balances.insert(balance, has + order.deposit);
        Ok(())
    }

    /// Refuses when an order's job could not open on this node at this rate now.
    fn able(&self, order: &Order, id: OrderId, node_id: NodeId, rate: u64) -> Result<(), MarketError> {
        let check = |holds: bool, otherwise: MarketError| if holds { Ok(()) } else { Err(otherwise) };
        let (node, provider, stake) = (
            &self.nodes[&node_id],
            &self.providers[&node_id.0],
            &self.stakes[&node_id.0],
        );
        let ((floor, ceiling), config) = (self.ranges[&(order.class, order.token)], &self.config);
        let fits = order.class == node.class
            && order.region != Name::Other
            && node.memory_mib >= order.min_memory_mib
            && node.gpus >= order.gpus
            && (order.simulated || !node.simulated);
        check(fits, MarketError::NodeDoesNotFit)?;
        check(node.active, MarketError::NodeInactive)?;
        let is_fresh = self.now - node.heartbeat_at <= i64::from(config.heartbeat_max_age_s);
        check(is_fresh, MarketError::NodeSilent)?;
        check(
            (node.min_s..=node.max_s).contains(&order.max_s),
            MarketError::DurationOutOfRange,
        )?;
        let to_cover = config.stake_per_gpu.checked_mul(u64::from(provider.offered));
        let to_cover = to_cover.ok_or(MarketError::AmountOverflow)?;
        check(stake.backing() >= to_cover, MarketError::StakeBelowOffer)?;
        let is_treasury = |actor| config.treasury == Key::Wallet(actor);
        check(
            !is_treasury(id.0) && !is_treasury(node_id.0),
            MarketError::TreasuryMayNotTrade,
        )?;
        let is_trusted = provider.record.score(self.now) >= order.min_score;
        check(is_trusted, MarketError::ScoreTooLow)?;
        check((floor..=ceiling).contains(&rate), MarketError::RateOutOfRange)?;
        check(order.gpus <= node.gpus - node.rented, MarketError::CapacityExceeded)?;
        let needed = u128::from(config.stake_per_gpu) * u128::from(order.gpus);
        check(needed <= u128::from(stake.free()), MarketError::StakeNotFree)
    }
}

impl Order {
    /// Whether bids can still become a job.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.phase == OrderPhase::Open
    }

    /// The place of a node's bid.
    #[must_use]
    pub fn bid_of(&self, node: NodeId) -> Option<usize> {
        self.bids.iter().position(|bid| bid.is_some_and(|bid| bid.node == node))
    }

    /// The place of the lowest bid, of several the earliest.
    #[must_use]
    pub fn best(&self) -> Option<usize> {
        self.ranked().first().map(|(.., place)| *place)
    }

    /// The place of the highest bid, of several the latest.
    #[must_use]
    pub fn dearest(&self) -> Option<usize> {
        self.ranked().last().map(|(.., place)| *place)
    }

    fn ranked(&self) -> Vec<(u64, u64, usize)> {
        let places = self.bids.iter().enumerate();
        let mut all: Vec<_> = places
            .filter_map(|(place, bid)| bid.map(|bid| (bid.rate, bid.number, place)))
            .collect();
        all.sort_unstable();
        all
    }

    /// Takes a bid out of the list.
    fn take(&mut self, place: u8) -> Result<Bid, Refusal> {
        let bid = self.bids.get_mut(usize::from(place)).and_then(Option::take);
        bid.ok_or_else(|| MarketError::NoSuchBid.into())
    }
}

fn place_for(order: &Order, node: NodeId, rate: u64) -> Result<usize, Refusal> {
    if let Some(place) = order.bid_of(node) {
        require(
            order.bids[place].is_some_and(|bid| rate < bid.rate),
            MarketError::BidNotLower,
        )?;
        return Ok(place);
    }
    if let Some(free) = order.bids.iter().position(Option::is_none) {
        return Ok(free);
    }
    let dearest = order
        .dearest()
        .filter(|place| order.bids[*place].is_some_and(|bid| rate < bid.rate));
    dearest.ok_or_else(|| MarketError::OrderFull.into())
}
