//! Renting.

use gantry_sdk::{
    Instruction,
    market::{ID, JobTerms, accounts, instruction as arguments},
};
use serde::{Deserialize, Serialize};

use super::{Step, build};
use crate::{
    book::{Book, NodeId, Place, RangeId},
    cast::{Actor, Class, Key, Token},
    dice::Dice,
    model::{State, Verdict, state::Node},
};

/// `job_open`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct JobOpen {
    pub tenant: Actor,
    pub nonce: u64,
    pub token: Token,
    pub class: Class,
    pub range: RangeId,
    pub provider: Actor,
    pub node: NodeId,
    pub balance: (Actor, Token),
    pub account: Actor,
    pub stake: Actor,
    pub session: Key,
    pub bundle: u8,
    pub max_rate: u64,
    pub max_s: u32,
    pub gpus: u16,
}

impl Step for JobOpen {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let is_ready = |node: &Node| {
            let age_s = state.now - node.heartbeat_at;
            node.active && age_s <= i64::from(state.config.heartbeat_max_age_s) && node.rented < node.gpus
        };
        let ready: Vec<_> = state
            .nodes
            .iter()
            .filter(|(_, node)| is_ready(node))
            .map(|(id, _)| *id)
            .collect();
        let is_any = dice.chance(10);
        let node_id = match dice.pick(&ready) {
            Some(id) if !is_any => *id,
            _ => dice.node(state)?,
        };
        let node = state.nodes.get(&node_id);
        // Mostly in a token that the node is priced in, by somebody with money in it.
        let offered: Vec<_> = node
            .iter()
            .flat_map(|node| node.prices.iter().flatten())
            .copied()
            .collect();
        let offer = dice.pick(&offered).copied();
        let token = match offer {
            Some((token, _)) if dice.chance(95) => token,
            _ => dice.token(),
        };
        let rich: Vec<_> = state
            .balances
            .iter()
            .filter(|((_, of), amount)| *of == token && **amount > 0)
            .collect();
        let tenant = dice.pick(&rich).map_or(0, |((owner, _), _)| *owner);
        let nonces = state.jobs.keys().filter(|(of, _)| *of == tenant).count() as u64;
        let rate = offer.map_or(1, |(_, rate)| rate);
        let free = node.map_or(1, |node| node.gpus - node.rented);
        let other = dice.among(&state.balances)?;
        let class = node.map_or(0, |node| node.class);
        Some(Self {
            tenant,
            nonce: dice.mostly(nonces, |dice| dice.below(nonces + 1)),
            token,
            class: dice.mostly(class, Dice::class),
            range: dice.mostly((class, token), |dice| (dice.class(), dice.token())),
            provider: dice.mostly(node_id.0, Dice::actor),
            node: node_id,
            balance: dice.mostly((tenant, token), |_| other),
            account: dice.mostly(tenant, Dice::actor),
            stake: dice.mostly(node_id.0, Dice::actor),
            session: match dice.below(30) {
                0 => Key::Zero,
                1 => dice.key(),
                2 => Key::Wallet(tenant),
                _ => Key::Session(tenant),
            },
            bundle: u8::try_from(dice.below(3)).ok()?,
            max_rate: match dice.below(12) {
                0 => rate.saturating_sub(1),
                1 => rate,
                _ => u64::MAX,
            },
            max_s: duration(dice, node.map_or((1, 600), |node| (node.min_s, node.max_s))),
            gpus: match dice.below(16) {
                0 => 0,
                1 => free.saturating_add(1),
                2 => u16::MAX,
                3 => free,
                _ => u16::try_from(dice.between(1, u64::from(free.clamp(1, 3)))).ok()?,
            },
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.job_open(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::JobOpen {
            tenant: book.wallet(self.tenant),
            config: book.at(Place::Config),
            registered_mint: book.at(Place::Mint(self.token)),
            gpu_class: book.at(Place::Class(self.class)),
            price_range: book.at(Place::Range(self.range)),
            provider: book.at(Place::Provider(self.provider)),
            node: book.at(Place::Node(self.node)),
            balance: book.at(Place::Balance(self.balance.0, self.balance.1)),
            tenant_account: book.at(Place::Tenant(self.account)),
            job: book.at(Place::Job((self.tenant, self.nonce))),
            signer: book.at(Place::Signer),
            pool: book.at(Place::Pool),
            stake: book.at(Place::Stake(self.stake)),
            staking_program: gantry_sdk::staking::ID,
            system_program: gantry_sdk::address::SYSTEM_PROGRAM,
        };
        let args = JobTerms {
            session_key: book.key(self.session),
            bundle_hash: [self.bundle; 32],
            max_rate: self.max_rate,
            max_duration_s: self.max_s,
            gpus: self.gpus,
        };
        build(
            ID,
            &accounts,
            &arguments::JobOpen {
                nonce: self.nonce,
                args,
            },
        )
    }
}

/// A duration, mostly short and inside the node's range.
fn duration(dice: &mut Dice, (min_s, max_s): (u32, u32)) -> u32 {
    match dice.below(20) {
        0 => min_s.saturating_sub(1),
        1 => max_s.saturating_add(1),
        2 => max_s,
        3 => min_s,
        // Long enough for an exit with its notice.
        4 | 5 => u32::try_from(dice.between(600, 1_500))
            .unwrap_or(600)
            .clamp(min_s, max_s.max(min_s)),
        _ => {
            let short = u32::try_from(dice.between(1, 300)).unwrap_or(1);
            short.clamp(min_s, max_s.max(min_s))
        }
    }
}
