//! Posting orders, and ending them.

use gantry_sdk::{
    Instruction,
    market::{ID, OrderTerms, accounts, instruction as arguments},
};
use serde::{Deserialize, Serialize};

use super::{REGION, Step, build};
use crate::{
    book::{Book, NodeId, OrderId, Place, RangeId},
    cast::{Actor, Class, Key, Token, class_name},
    dice::Dice,
    model::{State, Verdict, state::Order},
};

/// Orders get numbers from here on, so that the job of one is not opened by name before.
pub const FIRST_ORDER: u64 = 1 << 20;

/// A region in an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Name {
    /// Every node's.
    Nodes,
    /// A valid one that no node has.
    Other,
    /// Zeros: any.
    Any,
    /// One that is not valid.
    Bad,
}

impl Name {
    /// Its bytes.
    #[must_use]
    pub const fn bytes(self) -> [u8; 16] {
        match self {
            Self::Nodes => REGION,
            Self::Other => *b"elsewhere-7\0\0\0\0\0",
            Self::Any => [0; 16],
            Self::Bad => *b"\0behind-a-zero\0\0",
        }
    }
}

/// `order_open`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct OrderOpen {
    pub tenant: Actor,
    pub nonce: u64,
    pub token: Token,
    pub gpu_class: Class,
    pub balance: (Actor, Token),
    pub session: Key,
    pub bundle: u8,
    pub class: Class,
    pub region: Name,
    pub max_rate: u64,
    pub max_s: u32,
    pub min_memory_mib: u32,
    pub bid_window_s: u32,
    pub accept_window_s: u32,
    pub gpus: u16,
    pub min_score: u16,
    pub simulated: bool,
}

impl Step for OrderOpen {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let id = dice.among(&state.balances)?;
        let (tenant, token) = id;
        let held = state.balances[&id];
        let other_balance = dice.among(&state.balances)?;
        let posted =
            |numbers: &mut dyn Iterator<Item = u64>| numbers.filter(|nonce| *nonce >= FIRST_ORDER).count() as u64;
        let used = posted(
            &mut state
                .jobs
                .keys()
                .filter(|(of, _)| *of == tenant)
                .map(|(_, nonce)| *nonce),
        ) + posted(
            &mut state
                .orders
                .keys()
                .filter(|(of, _)| *of == tenant)
                .map(|(_, nonce)| *nonce),
        );
        let gpus = match dice.below(20) {
            0 => dice.one(&[0, 64, 65, u16::MAX]),
            _ => u16::try_from(dice.between(1, 3)).ok()?,
        };
        let max_s = match dice.below(30) {
            0 => dice.one(&[0, 31_536_000, 31_536_001, u32::MAX]),
            _ => u32::try_from(dice.between(1, 300)).ok()?,
        };
        // What the tenant can pay at most, so that most orders are posted.
        let affordable = u128::from(held) * 1_000_000 / (u128::from(gpus).max(1) * u128::from(max_s).max(1));
        let affordable = u64::try_from(affordable).unwrap_or(u64::MAX);
        // Mostly one of which there are nodes.
        let classes: Vec<_> = state.nodes.values().map(|node| node.class).collect();
        let class = dice.pick(&classes).copied().unwrap_or(0);
        let class = dice.mostly(class, Dice::class);
        let window = |dice: &mut Dice, shortest: u32| match dice.below(12) {
            0 => shortest - 1,
            1 => 86_401,
            2 => shortest,
            3 => 86_400,
            _ => u32::try_from(dice.between(u64::from(shortest), 3_600)).unwrap_or(shortest),
        };
        Some(Self {
            tenant,
            nonce: FIRST_ORDER + dice.mostly(used, |dice| dice.below(used + 2)),
            token,
            gpu_class: dice.mostly(class, Dice::class),
            balance: dice.mostly(id, |_| other_balance),
            session: dice.mostly(Key::Session(tenant), |_| Key::Zero),
            bundle: u8::try_from(dice.below(3)).ok()?,
            class,
            region: match dice.below(20) {
                0 => dice.one(&[Name::Other, Name::Bad]),
                1..8 => Name::Nodes,
                _ => Name::Any,
            },
            max_rate: match dice.below(20) {
                0 => dice.one(&[0, u64::MAX, affordable.saturating_add(1)]),
                1 => affordable,
                _ => dice.between(1, affordable.clamp(1, 2_000_000_000)),
            },
            max_s,
            min_memory_mib: dice.mostly(1, |dice| dice.one(&[0, 81_559, 81_560, u32::MAX])),
            bid_window_s: window(dice, 10),
            accept_window_s: window(dice, 30),
            gpus,
            min_score: match dice.below(20) {
                0 => dice.one(&[10_000, 10_001, u16::MAX]),
                1..5 => dice.one(&[1, 100, 900, 1_000, 1_001]),
                _ => 0,
            },
            simulated: !dice.chance(20),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.order_open(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::OrderOpen {
            tenant: book.wallet(self.tenant),
            config: book.at(Place::Config),
            registered_mint: book.at(Place::Mint(self.token)),
            gpu_class: book.at(Place::Class(self.gpu_class)),
            balance: book.at(Place::Balance(self.balance.0, self.balance.1)),
            order: book.at(Place::Order((self.tenant, self.nonce))),
            system_program: gantry_sdk::address::SYSTEM_PROGRAM,
        };
        let args = OrderTerms {
            session_key: book.key(self.session),
            bundle_hash: [self.bundle; 32],
            class: class_name(self.class),
            region: self.region.bytes(),
            max_rate: self.max_rate,
            max_duration_s: self.max_s,
            min_memory_mib: self.min_memory_mib,
            bid_window_s: self.bid_window_s,
            accept_window_s: self.accept_window_s,
            gpus: self.gpus,
            min_score: self.min_score,
            simulated: self.simulated,
        };
        let nonce = self.nonce;
        build(ID, &accounts, &arguments::OrderOpen { nonce, args })
    }
}

/// `order_cancel`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct OrderCancel {
    pub signer: Key,
    pub order: OrderId,
    pub balance: (Actor, Token),
}

impl Step for OrderCancel {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        // Seldom, so that some orders live.
        if !dice.chance(40) {
            return None;
        }
        let (id, order) = dice.order_that(state, |order| order.is_open())?;
        let other_balance = dice.among(&state.balances)?;
        Some(Self {
            signer: dice.signer(Key::Wallet(id.0)),
            order: id,
            balance: dice.mostly((id.0, order.token), |_| other_balance),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.order_cancel(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::OrderCancel {
            tenant: book.key(self.signer),
            order: book.at(Place::Order(self.order)),
            balance: book.at(Place::Balance(self.balance.0, self.balance.1)),
        };
        build(ID, &accounts, &arguments::OrderCancel {})
    }
}

/// `order_expire`, which nobody signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct OrderExpire {
    pub order: OrderId,
    pub balance: (Actor, Token),
    pub tenant: Actor,
}

impl Step for OrderExpire {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let is_any = dice.chance(10);
        // Mostly one that is due, or will be in a second.
        let is_due = |order: &Order| order.is_open() && (is_any || order.accept_until < state.now + 1);
        let (id, order) = dice.order_that(state, is_due)?;
        let other_balance = dice.among(&state.balances)?;
        Some(Self {
            order: id,
            balance: dice.mostly((id.0, order.token), |_| other_balance),
            tenant: dice.mostly(id.0, Dice::actor),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.order_expire(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::OrderExpire {
            order: book.at(Place::Order(self.order)),
            balance: book.at(Place::Balance(self.balance.0, self.balance.1)),
            tenant: book.wallet(self.tenant),
        };
        build(ID, &accounts, &arguments::OrderExpire {})
    }
}

/// `order_accept`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct OrderAccept {
    pub caller: Key,
    pub token: Token,
    pub class: Class,
    pub range: RangeId,
    pub provider: Actor,
    pub node: NodeId,
    pub order: OrderId,
    pub balance: (Actor, Token),
    pub account: Actor,
    pub stake: Actor,
    pub max_rate: u64,
}

impl Step for OrderAccept {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let (id, order) = dice.order_that(state, |order| order.is_open() && order.best().is_some())?;
        let other_balance = dice.among(&state.balances)?;
        let best = order.best().and_then(|place| order.bids[place]);
        let bids: Vec<_> = order.bids.iter().flatten().copied().collect();
        let bid = match (best, dice.pick(&bids)) {
            (Some(best), _) if dice.chance(70) => best,
            (_, Some(any)) => *any,
            _ => return None,
        };
        let node = dice.mostly_node(bid.node, state);
        Some(Self {
            caller: if dice.chance(40) { Key::Wallet(id.0) } else { dice.key() },
            token: dice.mostly(order.token, Dice::token),
            class: dice.mostly(order.class, Dice::class),
            range: dice.mostly((order.class, order.token), |dice| (dice.class(), dice.token())),
            provider: dice.mostly(node.0, Dice::actor),
            node,
            order: id,
            balance: dice.mostly((id.0, order.token), |_| other_balance),
            account: dice.mostly(id.0, Dice::actor),
            stake: dice.mostly(node.0, Dice::actor),
            max_rate: match dice.below(12) {
                0 => bid.rate - 1,
                1 => bid.rate,
                _ => u64::MAX,
            },
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.order_accept(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::OrderAccept {
            caller: book.key(self.caller),
            config: book.at(Place::Config),
            registered_mint: book.at(Place::Mint(self.token)),
            gpu_class: book.at(Place::Class(self.class)),
            price_range: book.at(Place::Range(self.range)),
            provider: book.at(Place::Provider(self.provider)),
            node: book.at(Place::Node(self.node)),
            order: book.at(Place::Order(self.order)),
            balance: book.at(Place::Balance(self.balance.0, self.balance.1)),
            tenant_account: book.at(Place::Tenant(self.account)),
            job: book.at(Place::Job(self.order)),
            signer: book.at(Place::Signer),
            pool: book.at(Place::Pool),
            stake: book.at(Place::Stake(self.stake)),
            staking_program: gantry_sdk::staking::ID,
            system_program: gantry_sdk::address::SYSTEM_PROGRAM,
        };
        let max_rate = self.max_rate;
        build(ID, &accounts, &arguments::OrderAccept { max_rate })
    }
}
