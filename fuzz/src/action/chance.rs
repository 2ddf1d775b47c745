//! Choices that several actions share: mostly the right one.

use std::collections::BTreeMap;

use crate::{
    book::{JobId, NodeId},
    cast::{ACTORS, ATTESTATION_KEYS, Actor, Key, Purse, TOKENS, Token},
    dice::Dice,
    model::{State, state::Job},
};

/// Out of a hundred choices, so many are wrong on purpose.
const WRONG: u64 = 3;

impl Dice {
    /// Anybody.
    pub(super) fn actor(&mut self) -> Actor {
        u8::try_from(self.below(u64::from(ACTORS))).expect("few")
    }

    /// Any token.
    pub(super) fn token(&mut self) -> Token {
        u8::try_from(self.below(u64::from(TOKENS))).expect("few")
    }

    /// Anybody's key.
    pub(super) fn key(&mut self) -> Key {
        let actor = self.actor();
        match self.below(8) {
            0..=3 => Key::Wallet(actor),
            4 => Key::Session(actor),
            5 => Key::Spare(actor),
            _ => Key::Attestation(actor, self.generation()),
        }
    }

    /// One of a provider's attestation keys.
    pub(super) fn generation(&mut self) -> u8 {
        u8::try_from(self.below(u64::from(ATTESTATION_KEYS))).expect("few")
    }

    /// Mostly what is right.
    pub(super) fn mostly<T>(&mut self, right: T, otherwise: impl FnOnce(&mut Self) -> T) -> T {
        if self.chance(WRONG) { otherwise(self) } else { right }
    }

    /// Mostly the key that must sign.
    pub(super) fn signer(&mut self, right: Key) -> Key {
        self.mostly(right, Self::key)
    }

    /// Mostly the actor's own token account.
    pub(super) fn purse(&mut self, actor: Actor, token: Token) -> Purse {
        self.mostly(Purse::Of(actor, token), |dice| match dice.below(4) {
            0 => Purse::Vault(token),
            1 => Purse::Bonds,
            2 => Purse::Of(actor, dice.token()),
            _ => Purse::Of(dice.actor(), token),
        })
    }

    /// A key of a map; rarely of anything else.
    pub(super) fn among<K: Copy + Ord, V>(&mut self, of: &BTreeMap<K, V>) -> Option<K> {
        let index = usize::try_from(self.below(of.len() as u64)).ok()?;
        of.keys().nth(index).copied()
    }

    /// A job for which something holds.
    pub(super) fn job_that(&mut self, state: &State, is_fit: impl Fn(&Job) -> bool) -> Option<JobId> {
        let fit: Vec<_> = state
            .jobs
            .iter()
            .filter(|(_, job)| is_fit(job))
            .map(|(id, _)| *id)
            .collect();
        let fit_one = self.pick(&fit).copied();
        // Whatever its state, or nobody's.
        match self.below(100) {
            0 => self.among(&state.jobs),
            1 => Some((self.actor(), 1 << 40)),
            _ => fit_one,
        }
    }

    /// A node, rarely one that does not exist.
    pub(super) fn node(&mut self, state: &State) -> Option<NodeId> {
        let known = self.among(&state.nodes);
        match self.below(200) {
            0 => Some((self.actor(), 999)),
            _ => known,
        }
    }

    /// A node, mostly this one.
    pub(super) fn mostly_node(&mut self, right: NodeId, state: &State) -> NodeId {
        let other = self.among(&state.nodes).unwrap_or(right);
        self.mostly(right, |_| other)
    }
}
