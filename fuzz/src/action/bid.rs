//! Bidding for orders, and what becomes of bids.

use gantry_sdk::{
    Instruction,
    market::{BidTerms, ID, accounts, instruction as arguments},
};
use serde::{Deserialize, Serialize};

use super::{Step, build};
use crate::{
    book::{Book, NodeId, OrderId, Place, RangeId},
    cast::{Actor, Class, Key, Token},
    dice::Dice,
    model::{
        State, Verdict,
        state::{Node, Order},
    },
};

impl Dice {
    /// An order for which something holds; rarely any.
    pub(super) fn order_that(&mut self, state: &State, is_fit: impl Fn(&Order) -> bool) -> Option<(OrderId, Order)> {
        let fit: Vec<_> = state
            .orders
            .iter()
            .filter(|(_, order)| is_fit(order))
            .map(|(id, _)| *id)
            .collect();
        let id = match self.below(100) {
            0 => self.among(&state.orders),
            _ => self.pick(&fit).copied(),
        }?;
        Some((id, state.orders[&id].clone()))
    }
}

/// `bid_place`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct BidPlace {
    pub signer: Key,
    pub token: Token,
    pub class: Class,
    pub range: RangeId,
    pub provider: Actor,
    pub node: NodeId,
    pub stake: Actor,
    pub order: OrderId,
    pub balance: (Actor, Token),
    pub displaced: Option<(Actor, Token)>,
    pub rate: u64,
    pub deposit: u64,
    pub accept_until: i64,
    pub max_s: u32,
    pub gpus: u16,
}

impl Step for BidPlace {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let is_any = dice.chance(5);
        let takes_bids = |order: &Order| order.is_open() && (is_any || order.bids_until >= state.now - 1);
        let (id, order) = dice.order_that(state, takes_bids)?;
        let is_ready =
            |node: &Node| node.active && state.now - node.heartbeat_at <= i64::from(state.config.heartbeat_max_age_s);
        let ready: Vec<_> = state
            .nodes
            .iter()
            .filter(|(_, node)| is_ready(node))
            .map(|(id, _)| *id)
            .collect();
        // Mostly one that has not bid yet.
        let new: Vec<_> = ready
            .iter()
            .copied()
            .filter(|node| order.bid_of(*node).is_none())
            .collect();
        let node = match dice.below(10) {
            0 => dice.node(state)?,
            1 => *dice.pick(&ready)?,
            _ => *dice.pick(&new)?,
        };
        let other_balance = dice.among(&state.balances)?;
        let owner = node.0;
        let balance = dice.mostly((owner, order.token), |_| other_balance);
        let is_full = order.bids.iter().all(Option::is_some);
        let dearest = order.dearest().and_then(|place| order.bids[place]);
        let displaced = dearest
            .filter(|_| is_full && order.bid_of(node).is_none())
            .map(|bid| (bid.node.0, order.token));
        let displaced = dice.mostly(displaced, |_| Some(other_balance));
        let own = order.bid_of(node).and_then(|place| order.bids[place]);
        let below = own
            .or(dearest.filter(|_| is_full))
            .map_or(order.max_rate, |bid| bid.rate);
        Some(Self {
            signer: dice.signer(Key::Wallet(owner)),
            token: dice.mostly(order.token, Dice::token),
            class: dice.mostly(order.class, Dice::class),
            range: dice.mostly((order.class, order.token), |dice| (dice.class(), dice.token())),
            provider: dice.mostly(owner, Dice::actor),
            node,
            stake: dice.mostly(owner, Dice::actor),
            order: id,
            balance,
            // One balance in two places is another test's.
            displaced: displaced.filter(|displaced| *displaced != balance),
            rate: match dice.below(16) {
                0 => dice.one(&[0, order.max_rate.saturating_add(1), u64::MAX]),
                1 => order.max_rate,
                2 => below,
                _ => dice.between(1, below.saturating_sub(1).max(1)),
            },
            deposit: dice.mostly(order.deposit, |dice| dice.amount(order.deposit)),
            accept_until: dice.mostly(order.accept_until, |_| order.accept_until - 1),
            max_s: dice.mostly(order.max_s, |_| order.max_s + 1),
            gpus: dice.mostly(order.gpus, |_| order.gpus + 1),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.bid_place(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::BidPlace {
            owner: book.key(self.signer),
            config: book.at(Place::Config),
            registered_mint: book.at(Place::Mint(self.token)),
            gpu_class: book.at(Place::Class(self.class)),
            price_range: book.at(Place::Range(self.range)),
            provider: book.at(Place::Provider(self.provider)),
            node: book.at(Place::Node(self.node)),
            stake: book.at(Place::Stake(self.stake)),
            order: book.at(Place::Order(self.order)),
            balance: book.at(Place::Balance(self.balance.0, self.balance.1)),
            displaced_balance: self
                .displaced
                .map(|(owner, token)| book.at(Place::Balance(owner, token))),
        };
        let args = BidTerms {
            rate: self.rate,
            deposit: self.deposit,
            accept_until: self.accept_until,
            max_duration_s: self.max_s,
            gpus: self.gpus,
        };
        build(ID, &accounts, &arguments::BidPlace { args })
    }
}

/// `bid_withdraw`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct BidWithdraw {
    pub signer: Key,
    pub order: OrderId,
    pub place: u8,
    pub balance: (Actor, Token),
}

impl Step for BidWithdraw {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let (id, order) = dice.order_that(state, |order| order.is_open() && order.best().is_some())?;
        let (place, owner) = any_bid(dice, &order)?;
        let is_relied_on = order.bids_until < state.now && state.now <= order.accept_until;
        let to = if is_relied_on { id.0 } else { owner };
        let other_balance = dice.among(&state.balances)?;
        Some(Self {
            signer: dice.signer(Key::Wallet(owner)),
            order: id,
            place: dice.mostly(place, |dice| u8::try_from(dice.below(10)).unwrap_or(9)),
            balance: dice.mostly((to, order.token), |dice| {
                dice.one(&[(owner, order.token), (id.0, order.token), other_balance])
            }),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.bid_withdraw(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::BidWithdraw {
            owner: book.key(self.signer),
            order: book.at(Place::Order(self.order)),
            balance: book.at(Place::Balance(self.balance.0, self.balance.1)),
        };
        let place = self.place;
        build(ID, &accounts, &arguments::BidWithdraw { place })
    }
}

/// `bid_drop`, which nobody signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct BidDrop {
    pub range: RangeId,
    pub provider: Actor,
    pub node: NodeId,
    pub stake: Actor,
    pub order: OrderId,
    pub balance: (Actor, Token),
}

impl Step for BidDrop {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let is_any = dice.chance(10);
        let is_due = |order: &Order| {
            let is_between = order.bids_until < state.now && state.now <= order.accept_until;
            order.is_open() && order.best().is_some() && (is_any || is_between)
        };
        let (id, order) = dice.order_that(state, is_due)?;
        let best = order.best().and_then(|place| order.bids[place])?;
        let node = dice.mostly_node(best.node, state);
        let other_balance = dice.among(&state.balances)?;
        Some(Self {
            range: dice.mostly((order.class, order.token), |dice| (dice.class(), dice.token())),
            provider: dice.mostly(node.0, Dice::actor),
            node,
            stake: dice.mostly(node.0, Dice::actor),
            order: id,
            balance: match dice.below(20) {
                0 => other_balance,
                1..8 => (best.node.0, order.token),
                _ => (id.0, order.token),
            },
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.bid_drop(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::BidDrop {
            config: book.at(Place::Config),
            price_range: book.at(Place::Range(self.range)),
            provider: book.at(Place::Provider(self.provider)),
            node: book.at(Place::Node(self.node)),
            stake: book.at(Place::Stake(self.stake)),
            order: book.at(Place::Order(self.order)),
            balance: book.at(Place::Balance(self.balance.0, self.balance.1)),
        };
        build(ID, &accounts, &arguments::BidDrop {})
    }
}

/// `bid_refund`, which nobody signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct BidRefund {
    pub order: OrderId,
    pub place: u8,
    pub balance: (Actor, Token),
    pub tenant: Actor,
}

impl Step for BidRefund {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let is_any = dice.chance(5);
        let (id, order) = dice.order_that(state, |order| is_any || !order.is_open())?;
        let (place, owner) = any_bid(dice, &order)?;
        let other_balance = dice.among(&state.balances)?;
        Some(Self {
            order: id,
            place: dice.mostly(place, |dice| u8::try_from(dice.below(10)).unwrap_or(9)),
            balance: dice.mostly((owner, order.token), |_| other_balance),
            tenant: dice.mostly(id.0, Dice::actor),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.bid_refund(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::BidRefund {
            order: book.at(Place::Order(self.order)),
            balance: book.at(Place::Balance(self.balance.0, self.balance.1)),
            tenant: book.wallet(self.tenant),
        };
        let place = self.place;
        build(ID, &accounts, &arguments::BidRefund { place })
    }
}

/// The place of a bid, and whose it is.
fn any_bid(dice: &mut Dice, order: &Order) -> Option<(u8, Actor)> {
    let places = order.bids.iter().enumerate();
    let taken: Vec<_> = places
        .filter_map(|(place, bid)| Some((u8::try_from(place).ok()?, bid.as_ref()?.node.0)))
        .collect();
    dice.pick(&taken).copied()
}
