//! Orders.

use gantry_sdk::{market::MarketError, staking::StakingError};

use super::{
    State, Verdict, arithmetic,
    job::Begin,
    refusal::{EXISTS, READ_MISSING, WRITTEN_MISSING, WRONG_ADDRESS, require},
    state::{Order, OrderPhase},
};
use crate::{
    action::{Name, OrderAccept, OrderCancel, OrderExpire, OrderOpen},
    book::{OrderId, SHARDS},
    cast::{Actor, Key, Token},
};

/// A year.
const YEAR_S: u32 = 31_536_000;

impl State {
    /// `order_open`: what the job would cost at the limit moves from the tenant's balance to the order.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn order_open(&mut self, open: &OrderOpen) -> Verdict {
        let id = (open.tenant, open.nonce);
        let mint = self.mints.get(&open.token).copied().ok_or(READ_MISSING)?;
        let is_enabled = *self.classes.get(&open.gpu_class).ok_or(READ_MISSING)?;
        require(self.balances.contains_key(&open.balance), WRITTEN_MISSING)?;
        require(!self.orders.contains_key(&id), EXISTS)?;

        require(!self.config.paused, MarketError::Paused)?;
        require(mint.enabled, MarketError::MintDisabled)?;
        require(self.shards_of(open.token) == SHARDS, MarketError::FeeShardsMissing)?;
        require(open.gpu_class == open.class, MarketError::WrongClass)?;
        require(is_enabled, MarketError::ClassDisabled)?;
        let balance = self.balance_of(open.balance, open.tenant, open.token)?;
        require(open.session != Key::Zero, MarketError::InvalidKey)?;
        require(open.region != Name::Bad, MarketError::InvalidName)?;
        let is_sensible = (1..=64).contains(&open.gpus)
            && (1..=YEAR_S).contains(&open.max_s)
            && open.max_rate > 0
            && open.min_score <= 10_000;
        require(is_sensible, MarketError::InvalidOrder)?;
        let are_bounded = (10..=86_400).contains(&open.bid_window_s) && (30..=86_400).contains(&open.accept_window_s);
        require(are_bounded, MarketError::InvalidWindow)?;
        let escrow = open
            .max_rate
            .checked_mul(u64::from(open.gpus))
            .and_then(|rate| arithmetic::owed(rate, arithmetic::longest_ms(open.max_s)));
        let escrow = escrow.ok_or(MarketError::AmountOverflow)?;
        require(escrow > 0, MarketError::ZeroEscrow)?;
        let balance = balance.checked_sub(escrow).ok_or(MarketError::InsufficientBalance)?;

        self.balances.insert(open.balance, balance);
        let bids_until = self.now + i64::from(open.bid_window_s);
        let order = Order {
            token: open.token,
            session: open.session,
            bundle: open.bundle,
            class: open.class,
            region: open.region,
            bids: [None; 8],
            max_rate: open.max_rate,
            escrow,
            // A hundredth, but not nothing.
            deposit: arithmetic::part(escrow, 100).max(1),
            bids_placed: 0,
            opened_at: self.now,
            bids_until,
            accept_until: bids_until + i64::from(open.accept_window_s),
            max_s: open.max_s,
            min_memory_mib: open.min_memory_mib,
            gpus: open.gpus,
            min_score: open.min_score,
            simulated: open.simulated,
            phase: OrderPhase::Open,
        };
        self.orders.insert(id, order);
        Ok(())
    }

    /// `order_accept`: the tenant any bid, anyone the best once no more are taken; the job opens as by `job_open`.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn order_accept(&mut self, accept: &OrderAccept) -> Verdict {
        let owner = accept.node.0;
        let mint = self.mints.get(&accept.token).copied().ok_or(READ_MISSING)?;
        let is_enabled = *self.classes.get(&accept.class).ok_or(READ_MISSING)?;
        let (floor, ceiling) = self.ranges.get(&accept.range).copied().ok_or(READ_MISSING)?;
        let provider = self.providers.get(&accept.provider).copied().ok_or(READ_MISSING)?;
        require(self.nodes.contains_key(&accept.node), WRITTEN_MISSING)?;
        let mut order = self.orders.get(&accept.order).cloned().ok_or(WRITTEN_MISSING)?;
        require(self.balances.contains_key(&accept.balance), WRITTEN_MISSING)?;
        require(self.tenants.contains_key(&accept.account), READ_MISSING)?;
        let stake = self.stake_of(accept.stake)?;
        require(!self.jobs.contains_key(&accept.order), EXISTS)?;
        require(accept.provider == owner, WRONG_ADDRESS)?;

        require(accept.token == order.token, MarketError::WrongMint)?;
        require(order.is_open(), MarketError::WrongOrderState)?;
        require(self.now <= order.accept_until, MarketError::OrderExpired)?;
        let place = order.bid_of(accept.node).ok_or(MarketError::NoSuchBid)?;
        if accept.caller != Key::Wallet(accept.order.0) {
            require(self.now > order.bids_until, MarketError::BiddingOpen)?;
            require(order.best() == Some(place), MarketError::NotBestBid)?;
        }
        let per_gpu = order.bids[place].map_or(0, |bid| bid.rate);
        require(per_gpu <= accept.max_rate, MarketError::RateAboveLimit)?;
        let is_trusted = provider.record.score(self.now) >= order.min_score;
        require(is_trusted, MarketError::ScoreTooLow)?;

        require(!self.config.paused, MarketError::Paused)?;
        require(mint.enabled, MarketError::MintDisabled)?;
        require(self.shards_of(order.token) == SHARDS, MarketError::FeeShardsMissing)?;
        let node_class = self.nodes[&accept.node].class;
        require(accept.class == node_class, MarketError::WrongClass)?;
        require(is_enabled, MarketError::ClassDisabled)?;
        let is_treasury = |actor| self.config.treasury == Key::Wallet(actor);
        let is_between_others = !is_treasury(accept.order.0) && !is_treasury(owner);
        require(is_between_others, MarketError::TreasuryMayNotTrade)?;
        let balance = self.balance_of(accept.balance, accept.order.0, order.token)?;
        require(accept.account == accept.order.0, MarketError::WrongTenant)?;
        require(accept.stake == owner, MarketError::WrongStake)?;
        let to_cover = self.config.stake_per_gpu.checked_mul(u64::from(provider.offered));
        let to_cover = to_cover.ok_or(MarketError::AmountOverflow)?;
        require(stake.backing() >= to_cover, MarketError::StakeBelowOffer)?;
        require(accept.range == (node_class, accept.token), MarketError::WrongPriceRange)?;
        let is_in_range = (floor..=ceiling).contains(&per_gpu);
        require(is_in_range, MarketError::RateOutOfRange)?;
        let job = self.begin(&Begin {
            provider: accept.provider,
            node: accept.node,
            token: order.token,
            per_gpu,
            session: order.session,
            bundle: order.bundle,
            max_s: order.max_s,
            gpus: order.gpus,
        })?;
        let returned = order
            .escrow
            .checked_sub(job.escrow)
            .ok_or(MarketError::AmountOverflow)?;
        require(job.stake_reserved <= stake.free(), StakingError::InsufficientStake)?;
        self.balances.insert(accept.balance, balance + returned);
        order.phase = OrderPhase::Accepted;
        self.orders.insert(accept.order, order);
        self.take_up(accept.order, job);
        Ok(())
    }

    /// `order_cancel`: by the tenant, at any time.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn order_cancel(&mut self, cancel: &OrderCancel) -> Verdict {
        let order = self.orders.get(&cancel.order).cloned().ok_or(WRITTEN_MISSING)?;
        require(self.balances.contains_key(&cancel.balance), WRITTEN_MISSING)?;
        require(cancel.signer == Key::Wallet(cancel.order.0), MarketError::NotTenant)?;
        self.end_order(cancel.order, order, cancel.balance)
    }

    /// `order_expire`: by anyone, once no bid can be accepted any more.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn order_expire(&mut self, expire: &OrderExpire) -> Verdict {
        let order = self.orders.get(&expire.order).cloned().ok_or(WRITTEN_MISSING)?;
        require(self.balances.contains_key(&expire.balance), WRITTEN_MISSING)?;
        require(expire.tenant == expire.order.0, WRONG_ADDRESS)?;
        require(order.is_open(), MarketError::WrongOrderState)?;
        require(self.now > order.accept_until, MarketError::OrderNotExpired)?;
        self.end_order(expire.order, order, expire.balance)
    }

    fn end_order(&mut self, id: OrderId, mut order: Order, balance: (Actor, Token)) -> Verdict {
        require(order.is_open(), MarketError::WrongOrderState)?;
        let has = self.balance_of(balance, id.0, order.token)?;
        self.balances.insert(balance, has + order.escrow);
        order.phase = OrderPhase::Cancelled;
        self.keep(id, order);
        Ok(())
    }

    /// Keeps an order that is over while there are deposits in it.
    pub(super) fn keep(&mut self, id: OrderId, order: Order) {
        if order.best().is_some() {
            self.orders.insert(id, order);
        } else {
            self.orders.remove(&id);
        }
    }
}
