//! Going on elsewhere.

use gantry_sdk::{
    Instruction,
    market::{ID, accounts, instruction as arguments},
};
use serde::{Deserialize, Serialize};

use super::{Step, build};
use crate::{
    book::{Book, JobId, NodeId, Place, RangeId},
    cast::{ACTORS, Actor, Class, Key, Token},
    dice::Dice,
    model::{
        State, Verdict,
        job_failover::FAILOVER_WINDOW_S,
        state::{Job, Node, Phase},
    },
};

/// `job_failover`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct JobFailover {
    pub signer: Key,
    pub payer: Actor,
    pub former: JobId,
    pub former_node: NodeId,
    pub token: Token,
    pub class: Class,
    pub range: RangeId,
    pub account: Actor,
    pub provider: Actor,
    pub node: NodeId,
    pub balance: (Actor, Token),
    pub stake: Actor,
    pub nonce: u64,
    pub max_rate: u64,
    pub max_s: u32,
}

impl Step for JobFailover {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let is_any = dice.chance(10);
        let fits = |job: &Job| {
            is_any
                || (matches!(job.phase, Phase::Closed | Phase::Cancelled)
                    && job.successor.is_none()
                    && (!job.is_final || job.exits_at != 0)
                    && state.now <= job.ended_at + FAILOVER_WINDOW_S + 1)
        };
        let former = dice.job_that(state, fits)?;
        let job = state.jobs.get(&former)?;
        let rents = |node: &Node| {
            let age_s = state.now - node.heartbeat_at;
            let is_fresh = age_s <= i64::from(state.config.heartbeat_max_age_s);
            node.active && is_fresh && node.rate(job.token).is_some() && node.rented < node.gpus
        };
        let others: Vec<_> = state
            .nodes
            .iter()
            .filter(|(id, node)| **id != job.node && rents(node))
            .map(|(id, _)| *id)
            .collect();
        let node = match dice.pick(&others) {
            Some(id) => *id,
            None => dice.node(state)?,
        };
        let class = state.nodes.get(&node).map_or(0, |node| node.class);
        let signer = dice.signer(job.session);
        let payer = (0..ACTORS).find(|actor| Key::Wallet(*actor) != signer)?;
        let nonces = state.jobs.keys().filter(|(of, _)| *of == former.0).count() as u64;
        let nonce = dice.mostly(nonces, |dice| dice.below(nonces + 1));
        let left_ms = u64::from(job.max_s) * 1_000 - job.metered_ms.min(u64::from(job.max_s) * 1_000);
        let left_s = u32::try_from(left_ms / 1_000).ok()?;
        let other_balance = dice.among(&state.balances)?;
        // Now and then all of it in another mint that the tenant may hold something in.
        let token = if dice.chance(90) { job.token } else { dice.token() };
        Some(Self {
            signer,
            payer,
            former,
            former_node: dice.mostly_node(job.node, state),
            token,
            class: dice.mostly(class, Dice::class),
            range: dice.mostly((class, token), |dice| (dice.class(), dice.token())),
            account: dice.mostly(former.0, Dice::actor),
            provider: dice.mostly(node.0, Dice::actor),
            node,
            balance: dice.mostly((former.0, token), |_| other_balance),
            stake: dice.mostly(node.0, Dice::actor),
            // Another address than the former job's: one account in two places is the matrix's business.
            nonce: if nonce == former.1 { nonces } else { nonce },
            max_rate: match dice.below(12) {
                0 => job.rate / u64::from(job.gpus.max(1)) / 2,
                _ => u64::MAX,
            },
            max_s: match dice.below(12) {
                0 => left_s.saturating_add(1),
                1 => u32::MAX,
                2..=5 => left_s,
                _ => u32::try_from(dice.between(1, u64::from(left_s.max(1)))).ok()?,
            },
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.job_failover(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::JobFailover {
            session_key: book.key(self.signer),
            payer: book.wallet(self.payer),
            former_job: book.at(Place::Job(self.former)),
            former_node: book.at(Place::Node(self.former_node)),
            config: book.at(Place::Config),
            registered_mint: book.at(Place::Mint(self.token)),
            gpu_class: book.at(Place::Class(self.class)),
            price_range: book.at(Place::Range(self.range)),
            provider: book.at(Place::Provider(self.provider)),
            node: book.at(Place::Node(self.node)),
            balance: book.at(Place::Balance(self.balance.0, self.balance.1)),
            tenant_account: book.at(Place::Tenant(self.account)),
            job: book.at(Place::Job((self.former.0, self.nonce))),
            signer: book.at(Place::Signer),
            pool: book.at(Place::Pool),
            stake: book.at(Place::Stake(self.stake)),
            staking_program: gantry_sdk::staking::ID,
            system_program: gantry_sdk::address::SYSTEM_PROGRAM,
        };
        let arguments = arguments::JobFailover {
            nonce: self.nonce,
            max_rate: self.max_rate,
            max_duration_s: self.max_s,
        };
        build(ID, &accounts, &arguments)
    }
}
