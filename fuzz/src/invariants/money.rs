//! Tokens neither appear nor vanish.

use gantry_sdk::Pubkey;

use super::{Held, Invariant, Scene, holds, jobs::CLOSED, orders::held_by, pairs};
use crate::{
    action::Action,
    book::{Place, SHARDS},
    cast::{GNT, Key, actors, tokens},
    view::View,
};

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant::new(
        1,
        "a mint's vault holds its balances, what its jobs, claims, orders, fee shards and withdrawals hold, and gifts",
        vaults,
    ),
    Invariant::new(
        2,
        "the vault of the bonds holds active and unbonding stake, delegated or not, and gifts",
        bonds,
    ),
    Invariant::new(
        3,
        "the pool counts all active and unbonding stake, delegated or not",
        staked,
    ),
    Invariant::new(4, "all tokens of a mint are somewhere", supply),
    Invariant::new(
        5,
        "tokens are burned by a slash or a sweep of the network token alone, and never made",
        burned,
    ),
    Invariant::new(
        6,
        "only its owner lessens a balance, by a withdrawal, a job, an order or a bid, or a hot key by a claim's bond or a successor",
        debits,
    ),
    Invariant::new(
        7,
        "only what a settlement earns, a refund, a bond, a deposit or a withdrawal that was taken back adds to a balance",
        credits,
    ),
    Invariant::new(
        8,
        "a job that closes adds its fee to the shard of its address, and nothing else adds to one",
        collected,
    ),
    Invariant::new(
        9,
        "only a sweep takes from a fee shard, which empties it to the treasury, less what is burned",
        swept,
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

/// What jobs, claims, orders, fee shards and withdrawals in a mint hold.
fn held(view: &View, mint: &Pubkey) -> u128 {
    let jobs = view.jobs.iter().filter(|(_, job)| job.mint == *mint);
    let claims = view.claims.iter().filter(|(id, _)| {
        let job = view.jobs.iter().find(|(other, _)| other == id);
        job.is_some_and(|(_, job)| job.mint == *mint)
    });
    let shards = view.shards.iter().filter(|(_, shard)| shard.mint == *mint);
    let withdrawals = view.withdrawals.iter().filter(|(_, waiting)| waiting.mint == *mint);
    let orders = view.orders.iter().filter(|(_, order)| order.mint == *mint);
    jobs.filter(|(_, job)| job.state != CLOSED)
        .map(|(_, job)| u128::from(job.escrow - job.paid - job.refund))
        .sum::<u128>()
        + orders.map(|(_, order)| held_by(order)).sum::<u128>()
        + shards.map(|(_, shard)| u128::from(shard.amount)).sum::<u128>()
        + claims.map(|(_, claim)| u128::from(claim.bond)).sum::<u128>()
        + withdrawals.map(|(_, waiting)| u128::from(waiting.amount)).sum::<u128>()
}

fn slashable(scene: &Scene) -> u128 {
    let stakes = scene.after.stakes.iter();
    stakes
        .map(|(_, stake)| {
            let queue = stake.unbondings.iter().map(|request| u128::from(request.amount));
            let delegated = u128::from(stake.delegated) + u128::from(stake.delegated_unbonding);
            u128::from(stake.active) + delegated + queue.sum::<u128>()
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
    let from_shards: u128 = pairs(&scene.before.shards, &scene.after.shards)
        .filter(|((token, _), ..)| *token == GNT)
        .map(|(_, old, new)| to_burn_of(scene, u128::from(old.amount.saturating_sub(new.amount))))
        .sum();
    for token in tokens() {
        let index = usize::from(token);
        let (old, new) = (
            u128::from(scene.before.supply[index]),
            u128::from(scene.after.supply[index]),
        );
        let expected = if token == GNT { old - to_burn - from_shards } else { old };
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
            Action::WithdrawalRequest(request) => request.signer == *owner,
            Action::JobOpen(open) => open.tenant == *owner,
            Action::OrderOpen(open) => open.tenant == *owner,
            Action::BidPlace(bid) => bid.signer == Key::Wallet(*owner),
            Action::JobExtend(extend) => extend.signer == Key::Wallet(*owner),
            // Its session key, of what the job has given back.
            Action::JobFailover(over) => over.former.0 == *owner,
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
        Action::FeesSweep(_) | Action::WithdrawalPay(_) => {
            holds(more == 0 && fewer == 0, || format!("{more} more, {fewer} fewer"))
        }
        // What leaves the jobs arrives in balances, and the other way round.
        _ => holds(before + fewer == after + more, || {
            format!("jobs held {before}, now {after}; balances have {more} more and {fewer} fewer")
        }),
    }
}

/// The part of fees in the network token that a sweep of this step burns, rounded down.
fn to_burn_of(scene: &Scene, fees: u128) -> u128 {
    fees * u128::from(scene.before.config.fee_burn_bps) / 10_000
}

fn collected(scene: &Scene) -> Held {
    let was_closed = |id| {
        let mut before = scene.before.jobs.iter();
        before.any(|(other, job)| *other == id && job.state == CLOSED)
    };
    let jobs = scene.after.jobs.iter();
    let closed: Vec<_> = jobs
        .filter(|(id, job)| job.state == CLOSED && !was_closed(*id))
        .collect();
    for (id, old, new) in pairs(&scene.before.shards, &scene.after.shards) {
        let own = closed.iter().filter(|(job, of)| {
            let address = scene.book.at(Place::Job(*job)).to_bytes();
            of.mint == new.mint && address[0] % SHARDS == id.1
        });
        let fees: u128 = own.map(|(_, job)| u128::from(job.fee)).sum();
        let more = u128::from(new.amount.saturating_sub(old.amount));
        holds(more == fees, || {
            format!("shard {id:?} has {more} more, its jobs' fees are {fees}")
        })?;
    }
    Ok(())
}

fn swept(scene: &Scene) -> Held {
    for (id, old, new) in pairs(&scene.before.shards, &scene.after.shards) {
        if new.amount >= old.amount {
            continue;
        }
        let Action::FeesSweep(sweep) = scene.action else {
            return Err(format!("shard {id:?}: {:?}", scene.action));
        };
        let index = usize::from(id.0);
        let burned = if id.0 == GNT {
            to_burn_of(scene, u128::from(old.amount))
        } else {
            0
        };
        let is_paid = actors().all(|actor| {
            let of = |view: &View| u128::from(view.purses[usize::from(actor)][index]);
            let received = of(scene.after).saturating_sub(of(scene.before));
            let is_treasury = scene.book.wallet(actor) == scene.before.config.treasury;
            let expected = if is_treasury {
                u128::from(old.amount) - burned
            } else {
                0
            };
            received == expected
        });
        let is_right = sweep.shard == *id && new.amount == 0 && is_paid;
        holds(is_right, || format!("shard {id:?}: {sweep:?}"))?;
    }
    Ok(())
}
