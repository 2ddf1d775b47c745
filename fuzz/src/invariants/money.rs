//! Tokens neither appear nor vanish.

use gantry_sdk::Pubkey;

use super::{Held, Invariant, Scene, holds, pairs};
use crate::{
    action::Action,
    cast::{GNT, Key, tokens},
    view::View,
};

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant::new(
        1,
        "a mint's vault holds its balances, what its jobs and claims hold, and gifts",
        vaults,
    ),
    Invariant::new(
        2,
        "the vault of the bonds holds active and unbonding stake, and gifts",
        bonds,
    ),
    Invariant::new(3, "the pool counts all active and unbonding stake", staked),
    Invariant::new(4, "all tokens of a mint are somewhere", supply),
    Invariant::new(5, "tokens are burned by a slash alone, and never made", burned),
    Invariant::new(
        6,
        "only its owner lessens a balance, by a withdrawal or a job, or its hot key by a claim's bond",
        debits,
    ),
    Invariant::new(
        7,
        "only what a settlement earns, a refund, a bond or a deposit adds to a balance",
        credits,
    ),
];

fn vaults(scene: &Scene) -> Held {
    let view = scene.after;
    for (token, registered) in &view.mints {
        let mint = registered.mint;
        let balances = view.balances.iter().filter(|(_, balance)| balance.mint == mint);
        let owed = balances.map(|(_, balance)| u128::from(balance.amount)).sum::<u128>() + held(view, &mint);
        let index = usize::from(*token);
        let (vault, gifts) = (view.vaults[index], scene.gifts.vaults[index]);
        holds(u128::from(vault) == owed + u128::from(gifts), || {
            format!("vault {token} holds {vault}, owes {owed}, was given {gifts}")
        })?;
    }
    Ok(())
}

/// What jobs and claims in a mint hold.
fn held(view: &View, mint: &Pubkey) -> u128 {
    let jobs = view.jobs.iter().filter(|(_, job)| job.mint == *mint);
    let claims = view.claims.iter().filter(|(id, _)| {
        let job = view.jobs.iter().find(|(other, _)| other == id);
        job.is_some_and(|(_, job)| job.mint == *mint)
    });
    jobs.map(|(_, job)| u128::from(job.escrow - job.paid - job.refund))
        .sum::<u128>()
        + claims.map(|(_, claim)| u128::from(claim.bond)).sum::<u128>()
}

fn slashable(scene: &Scene) -> u128 {
    let stakes = scene.after.stakes.iter();
    stakes
        .map(|(_, stake)| {
            let queue = stake.unbondings.iter().map(|request| u128::from(request.amount));
            u128::from(stake.active) + queue.sum::<u128>()
        })
        .sum()
}

fn bonds(scene: &Scene) -> Held {
    let (vault, owed, gifts) = (scene.after.bonds, slashable(scene), scene.gifts.bonds);
    holds(u128::from(vault) == owed + u128::from(gifts), || {
        format!("it holds {vault}, owes {owed}, was given {gifts}")
    })
}

fn staked(scene: &Scene) -> Held {
    let (counted, there) = (scene.after.pool.staked, slashable(scene));
    holds(u128::from(counted) == there, || {
        format!("it counts {counted}, there is {there}")
    })
}

fn supply(scene: &Scene) -> Held {
    let view = scene.after;
    for token in tokens() {
        let index = usize::from(token);
        let held: u128 = view.purses.iter().map(|of_actor| u128::from(of_actor[index])).sum();
        let bonds = if token == GNT { view.bonds } else { 0 };
        let found = held + u128::from(view.vaults[index]) + u128::from(bonds);
        let exists = view.supply[index];
        holds(found == u128::from(exists), || {
            format!("of {exists} of token {token} there are {found}")
        })?;
    }
    Ok(())
}

fn burned(scene: &Scene) -> Held {
    let slashed = |view: &View| {
        view.stakes
            .iter()
            .map(|(_, stake)| u128::from(stake.slashed))
            .sum::<u128>()
    };
    let taken = slashed(scene.after) - slashed(scene.before);
    // A tenth of a slash, rounded down, is the bounty.
    let to_burn = taken - taken / 10;
    for token in tokens() {
        let index = usize::from(token);
        let (old, new) = (
            u128::from(scene.before.supply[index]),
            u128::from(scene.after.supply[index]),
        );
        let expected = if token == GNT { old - to_burn } else { old };
        holds(new == expected, || {
            format!("there were {old} of token {token}, now {new}, and {taken} was slashed")
        })?;
    }
    Ok(())
}

fn debits(scene: &Scene) -> Held {
    for ((owner, token), old, new) in pairs(&scene.before.balances, &scene.after.balances) {
        let is_owners = match scene.action {
            Action::BalanceWithdraw(withdraw) => withdraw.signer == Key::Wallet(*owner),
            Action::JobOpen(open) => open.tenant == *owner,
            Action::ClaimOpen(open) => {
                let mut jobs = scene.before.jobs.iter();
                let job = jobs.find(|(id, _)| *id == open.job);
                job.is_some_and(|(_, job)| {
                    job.provider == old.owner && job.attestation_key == scene.book.key(open.signer)
                })
            }
            _ => false,
        };
        holds(new.amount >= old.amount || is_owners, || {
            format!("of actor {owner} in token {token}")
        })?;
    }
    Ok(())
}

fn credits(scene: &Scene) -> Held {
    let (mut more, mut fewer) = (0, 0);
    for (_, old, new) in pairs(&scene.before.balances, &scene.after.balances) {
        more += u128::from(new.amount.saturating_sub(old.amount));
        fewer += u128::from(old.amount.saturating_sub(new.amount));
    }
    let held = |view: &View| view.mints.iter().map(|(_, mint)| held(view, &mint.mint)).sum::<u128>();
    let (before, after) = (held(scene.before), held(scene.after));
    match scene.action {
        Action::BalanceDeposit(deposit) if scene.succeeded => {
            holds(more == u128::from(deposit.amount) && fewer == 0, || {
                format!("{more} more")
            })
        }
        Action::BalanceWithdraw(withdraw) if scene.succeeded => {
            holds(fewer == u128::from(withdraw.amount) && more == 0, || {
                format!("{fewer} fewer")
            })
        }
        // What leaves the jobs arrives in balances, and the other way round.
        _ => holds(before + fewer == after + more, || {
            format!("jobs held {before}, now {after}; balances have {more} more and {fewer} fewer")
        }),
    }
}
