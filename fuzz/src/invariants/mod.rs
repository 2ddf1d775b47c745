//! What must hold after every step, whatever happened: `docs/INVARIANTS.md` lists it with the same numbers.
//!
//! These look at the accounts on the chain, before and after the step, and at nothing of the model.

mod delegations;
mod devices;
mod faults;
mod history;
mod jobs;
mod money;
mod nodes;
mod parameters;
mod records;
mod stakes;

use crate::{
    action::Action,
    book::Book,
    cast::{GNT, Purse, TOKENS},
    view::View,
};

/// Tokens that were given to a vault for nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gifts {
    /// To the market's vaults.
    pub vaults: [u64; TOKENS as usize],
    /// To the vault of the bonds.
    pub bonds: u64,
}

impl Gifts {
    /// Counts what a step that took effect gave away.
    pub fn count(&mut self, action: &Action, before: &View, after: &View) {
        match action {
            Action::Gift(gift) => match gift.to {
                Purse::Vault(token) => self.vaults[usize::from(token)] += gift.amount,
                _ => self.bonds += gift.amount,
            },
            Action::BalanceWithdraw(withdraw) if withdraw.destination == Purse::Bonds => self.bonds += withdraw.amount,
            // A bounty into the market's vault, which nobody can take out again.
            Action::FaultProve(prove) if prove.bounty == Purse::Vault(GNT) => {
                let vault = usize::from(GNT);
                self.vaults[vault] += after.vaults[vault] - before.vaults[vault];
            }
            _ => {}
        }
    }
}

/// One step: what was there before, what is there now, and what happened in between.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Scene<'a> {
    pub before: &'a View,
    pub after: &'a View,
    pub action: &'a Action,
    /// Whether the step took effect.
    pub succeeded: bool,
    pub book: &'a Book,
    /// The clock in Unix seconds.
    pub now: i64,
    /// The highest that the clock has shown: it may step back.
    pub latest: i64,
    pub gifts: &'a Gifts,
}

/// Why an invariant does not hold.
pub type Held = Result<(), String>;

/// One sentence that must always be true.
#[derive(Clone, Copy, Debug)]
pub struct Invariant {
    /// Its number, which stays.
    pub number: u8,
    /// The sentence.
    pub says: &'static str,
    holds: fn(&Scene) -> Held,
}

impl Invariant {
    const fn new(number: u8, says: &'static str, holds: fn(&Scene) -> Held) -> Self {
        Self { number, says, holds }
    }
}

/// All of them.
pub const ALL: &[&[Invariant]] = &[
    money::INVARIANTS,
    jobs::INVARIANTS,
    history::INVARIANTS,
    nodes::INVARIANTS,
    devices::INVARIANTS,
    stakes::INVARIANTS,
    delegations::INVARIANTS,
    faults::INVARIANTS,
    parameters::INVARIANTS,
    records::INVARIANTS,
];

/// Checks all of them.
///
/// # Errors
/// The first that does not hold, with its number.
pub fn check(scene: &Scene) -> Held {
    for invariant in ALL.iter().copied().flatten() {
        (invariant.holds)(scene)
            .map_err(|why| format!("invariant {} is broken ({}): {why}", invariant.number, invariant.says))?;
    }
    Ok(())
}

/// Refuses when something does not hold; the sentence is made only then.
fn holds(is_true: bool, otherwise: impl FnOnce() -> String) -> Held {
    if is_true { Ok(()) } else { Err(otherwise()) }
}

/// Everything of a list that was there before, as it was and as it is: lists are sorted and nothing vanishes from them.
fn pairs<'a, K: Ord, T>(before: &'a [(K, T)], after: &'a [(K, T)]) -> impl Iterator<Item = (&'a K, &'a T, &'a T)> {
    let mut rest = after.iter();
    before.iter().filter_map(move |(id, old)| {
        let (_, new) = rest.find(|(other, _)| other == id)?;
        Some((id, old, new))
    })
}
