//! Nodes: registering, pricing, and saying that they are alive.

use gantry_sdk::{
    Instruction,
    market::{ID, NodeSpecification, accounts, instruction as arguments},
};
use serde::{Deserialize, Serialize};

use super::{Step, build};
use crate::{
    book::{Book, NodeId, Place, RangeId},
    cast::{Actor, Class, Key, Token, class_name},
    dice::Dice,
    model::{State, Verdict},
};

/// Nodes that a provider registers at most: few, so that each has many jobs.
const MOST_NODES: u16 = 3;
/// The longest job that the protocol allows, in seconds.
const YEAR_S: u32 = 31_536_000;

/// The region of every node.
pub(crate) const REGION: [u8; 16] = *b"eu-central\0\0\0\0\0\0";
/// A name that is none.
const NO_NAME: [u8; 16] = *b"EU\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// `node_register`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct NodeRegister {
    pub signer: Actor,
    pub provider: Actor,
    pub id: u16,
    pub class: Class,
    /// The class whose account is named.
    pub named: Class,
    pub memory_mib: u32,
    pub min_s: u32,
    pub max_s: u32,
    pub simulated: bool,
    pub is_named: bool,
}

impl NodeRegister {
    /// A node of the first class, for the prologue.
    #[must_use]
    pub const fn standard(provider: Actor, id: u16) -> Self {
        Self {
            signer: provider,
            provider,
            id,
            class: 0,
            named: 0,
            memory_mib: 81_559,
            min_s: 1,
            max_s: 86_400,
            simulated: false,
            is_named: true,
        }
    }
}

impl Step for NodeRegister {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let provider = dice.among(&state.providers)?;
        let next = state.providers[&provider].nodes;
        let mut node = Self::standard(provider, next);
        if next >= MOST_NODES || dice.chance(20) {
            node.id = u16::try_from(dice.below(5)).ok()?;
        }
        if next >= MOST_NODES && node.id == next {
            return None;
        }
        let other = dice.among(&state.classes)?;
        node.class = if dice.chance(30) { other } else { node.class };
        node.class = dice.mostly(node.class, Dice::class);
        node.named = dice.mostly(node.class, Dice::class);
        (node.min_s, node.max_s) = durations(dice);
        node.memory_mib = dice.mostly(node.memory_mib, |_| 0);
        node.is_named = !dice.chance(3);
        node.simulated = dice.chance(20);
        node.signer = dice.mostly(provider, Dice::actor);
        Some(node)
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.node_register(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::NodeRegister {
            owner: book.wallet(self.signer),
            provider: book.at(Place::Provider(self.provider)),
            gpu_class: book.at(Place::Class(self.named)),
            node: book.at(Place::Node((self.provider, self.id))),
            system_program: gantry_sdk::address::SYSTEM_PROGRAM,
        };
        let args = NodeSpecification {
            class: class_name(self.class),
            region: if self.is_named { REGION } else { NO_NAME },
            memory_mib: self.memory_mib,
            min_duration_s: self.min_s,
            max_duration_s: self.max_s,
            simulated: self.simulated,
        };
        build(ID, &accounts, &arguments::NodeRegister { id: self.id, args })
    }
}

/// Shortest and longest duration, sometimes an empty range or one beyond the bounds.
fn durations(dice: &mut Dice) -> (u32, u32) {
    match dice.below(16) {
        0 => (0, 600),
        1 => (601, 600),
        2 => (1, YEAR_S),
        3 => (1, YEAR_S + 1),
        4 => (600, 600),
        _ => (1, 86_400),
    }
}

/// `node_update`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct NodeUpdate {
    pub signer: Key,
    pub provider: Actor,
    pub node: NodeId,
    pub min_s: u32,
    pub max_s: u32,
    pub active: bool,
}

impl Step for NodeUpdate {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let node = dice.node(state)?;
        let (min_s, max_s) = durations(dice);
        Some(Self {
            signer: dice.signer(Key::Wallet(node.0)),
            provider: dice.mostly(node.0, Dice::actor),
            node,
            min_s,
            max_s,
            active: !dice.chance(6),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.node_update(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::NodeUpdate {
            owner: book.key(self.signer),
            provider: book.at(Place::Provider(self.provider)),
            node: book.at(Place::Node(self.node)),
        };
        let arguments = arguments::NodeUpdate {
            min_duration_s: self.min_s,
            max_duration_s: self.max_s,
            active: self.active,
        };
        build(ID, &accounts, &arguments)
    }
}

/// `node_price_set`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct NodePriceSet {
    pub signer: Key,
    pub node: NodeId,
    pub token: Token,
    pub range: RangeId,
    pub balance: (Actor, Token),
    pub rate: u64,
}

impl Step for NodePriceSet {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let node = dice.node(state)?;
        let known = dice.among(&state.mints)?;
        let token = dice.mostly(known, Dice::token);
        let class = state.nodes.get(&node).map_or(0, |node| node.class);
        let (floor, ceiling) = state.ranges.get(&(class, token)).copied().unwrap_or((0, 1));
        let rate = match dice.below(12) {
            0 => 0,
            1 => floor,
            2 => ceiling,
            3 => floor.saturating_sub(1),
            4 => ceiling.saturating_add(1),
            // So little that short jobs cost nothing.
            5 => dice.between(1, 1_000_000),
            _ => dice.between(floor.max(1), ceiling) >> dice.below(5),
        };
        let other = dice.among(&state.balances)?;
        Some(Self {
            signer: dice.signer(Key::Wallet(node.0)),
            node,
            token,
            range: dice.mostly((class, token), |dice| (dice.class(), dice.token())),
            balance: dice.mostly((node.0, token), |_| other),
            rate,
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.node_price_set(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::NodePriceSet {
            owner: book.key(self.signer),
            node: book.at(Place::Node(self.node)),
            registered_mint: book.at(Place::Mint(self.token)),
            price_range: book.at(Place::Range(self.range)),
            balance: book.at(Place::Balance(self.balance.0, self.balance.1)),
        };
        build(ID, &accounts, &arguments::NodePriceSet { rate: self.rate })
    }
}

/// `node_heartbeat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct NodeHeartbeat {
    pub signer: Key,
    pub provider: Actor,
    pub node: NodeId,
}

impl Step for NodeHeartbeat {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let node = dice.node(state)?;
        let provider = state.providers.get(&node.0);
        let attestation = provider.map_or(Key::Wallet(node.0), |provider| provider.attestation);
        Some(Self {
            signer: dice.signer(attestation),
            provider: dice.mostly(node.0, Dice::actor),
            node,
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.node_heartbeat(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::NodeHeartbeat {
            attestation_key: book.key(self.signer),
            provider: book.at(Place::Provider(self.provider)),
            node: book.at(Place::Node(self.node)),
        };
        build(ID, &accounts, &arguments::NodeHeartbeat {})
    }
}
