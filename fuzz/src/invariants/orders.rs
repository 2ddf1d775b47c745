//! Orders and bids.

use std::collections::BTreeSet;

use gantry_sdk::market::state::{Bid, Order};

use super::{Held, Invariant, Scene, holds, pairs};
use crate::{action::Action, book::Place, cast::Key, view::View};

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant::new(110, "an order is open, or holds deposits of bids", emptiness),
    Invariant::new(
        111,
        "the bids of an order are of different nodes, which fit, at rates up to its limit",
        bids,
    ),
    Invariant::new(112, "an order goes from open to accepted or to cancelled", states),
    Invariant::new(113, "what an order asks for and holds for its job stays", terms),
    Invariant::new(
        114,
        "while bids are taken a bid goes by its provider's wish, or for a cheaper one in a full list",
        while_bidding,
    ),
    Invariant::new(
        115,
        "after that the best goes when it was dropped, any at its provider's cost, and none comes",
        after_bidding,
    ),
    Invariant::new(
        116,
        "who bids or withdraws pays or gets the deposit, and whoever else a bid's end concerns",
        deposits,
    ),
    Invariant::new(
        117,
        "a job that an order opened is the tenant's choice, or the best bid's once no more are taken",
        choice,
    ),
    Invariant::new(
        118,
        "a job that an order opened has its terms and the bid's rate, and the rest of the escrow went back",
        job,
    ),
    Invariant::new(
        119,
        "an order that ends without a job gives its tenant the whole escrow",
        ends,
    ),
];

const OPEN: u8 = 1;
const ACCEPTED: u8 = 2;
const CANCELLED: u8 = 3;

fn taken(order: &Order) -> impl Iterator<Item = &Bid> {
    order.bids.iter().filter(|bid| bid.number > 0)
}

/// What an order holds of its mint.
pub(super) fn held_by(order: &Order) -> u128 {
    let escrow = if order.state == OPEN { order.escrow } else { 0 };
    u128::from(escrow) + u128::from(order.deposit) * taken(order).count() as u128
}

/// The lowest bid, of several the earliest.
fn best(order: &Order) -> Option<&Bid> {
    let mut all: Vec<_> = taken(order).collect();
    all.sort_by_key(|bid| (bid.rate, bid.number));
    all.first().copied()
}

/// Orders that a step has changed; one that vanished is shown as it was and as nothing.
fn changed<'a>(scene: &Scene<'a>) -> impl Iterator<Item = (&'a (u8, u64), &'a Order, Option<&'a Order>)> {
    let after = scene.after;
    scene.before.orders.iter().filter_map(move |(id, old)| {
        let new = after
            .orders
            .iter()
            .find(|(other, _)| other == id)
            .map(|(_, order)| order);
        (new != Some(old)).then_some((id, old, new))
    })
}

fn emptiness(scene: &Scene) -> Held {
    for (id, order) in &scene.after.orders {
        let is_right =
            (OPEN..=CANCELLED).contains(&order.state) && (order.state == OPEN || taken(order).next().is_some());
        holds(is_right, || format!("order {id:?}: {order:?}"))?;
    }
    Ok(())
}

fn bids(scene: &Scene) -> Held {
    for (id, order) in &scene.after.orders {
        let nodes: BTreeSet<_> = taken(order).map(|bid| bid.node).collect();
        let numbers: BTreeSet<_> = taken(order).map(|bid| bid.number).collect();
        let count = taken(order).count();
        holds(nodes.len() == count && numbers.len() == count, || {
            format!("order {id:?}: {order:?}")
        })?;
        for bid in taken(order) {
            let node = scene
                .after
                .nodes
                .iter()
                .find(|(node, _)| scene.book.at(Place::Node(*node)) == bid.node);
            let fits = node.is_some_and(|(_, node)| {
                node.owner == bid.provider
                    && node.class == order.class
                    && (order.region == [0; 16] || order.region == node.region)
                    && node.memory_mib >= order.min_memory_mib
                    && node.simulated <= order.simulated
            });
            let is_right = fits
                && (1..=order.max_rate).contains(&bid.rate)
                && bid.number <= order.bids_placed
                && bid.placed_at <= order.bids_until;
            holds(is_right, || format!("order {id:?}: {bid:?} of {node:?}"))?;
        }
    }
    Ok(())
}

fn states(scene: &Scene) -> Held {
    let was_there = |id: &(u8, u64)| scene.before.orders.iter().any(|(other, _)| other == id);
    for (id, order) in &scene.after.orders {
        holds(
            was_there(id) || (order.state == OPEN && taken(order).next().is_none()),
            || format!("a new order: {order:?}"),
        )?;
    }
    for (id, old, new) in pairs(&scene.before.orders, &scene.after.orders) {
        let is_right = old.state == new.state || (old.state == OPEN && [ACCEPTED, CANCELLED].contains(&new.state));
        holds(is_right, || format!("order {id:?}: {} became {}", old.state, new.state))?;
    }
    Ok(())
}

fn terms(scene: &Scene) -> Held {
    for (id, old, new) in pairs(&scene.before.orders, &scene.after.orders) {
        let mut expected = *new;
        expected.bids = old.bids;
        expected.bids_placed = old.bids_placed;
        expected.state = old.state;
        holds(expected == *old && new.bids_placed >= old.bids_placed, || {
            format!("order {id:?}:\n  {old:?}\n  {new:?}")
        })?;
    }
    Ok(())
}

/// Bids that a step has taken out of an order that is still open.
fn gone(old: &Order, new: &Order) -> Vec<Bid> {
    let stays = |bid: &Bid| taken(new).any(|other| other.node == bid.node);
    taken(old).filter(|bid| !stays(bid)).copied().collect()
}

fn while_bidding(scene: &Scene) -> Held {
    for (id, old, new) in changed(scene) {
        let Some(new) = new.filter(|new| new.state == OPEN && scene.now <= old.bids_until) else {
            continue;
        };
        let gone = gone(old, new);
        let is_right = match scene.action {
            Action::BidWithdraw(withdraw) => {
                gone.len() == 1 && gone.iter().all(|bid| scene.book.key(withdraw.signer) == bid.provider)
            }
            Action::BidPlace(place) => match gone.as_slice() {
                [] => true,
                [displaced] => {
                    let dearest = taken(old).max_by_key(|bid| (bid.rate, bid.number));
                    taken(old).count() == old.bids.len() && dearest == Some(displaced) && place.rate < displaced.rate
                }
                _ => false,
            },
            _ => false,
        };
        holds(is_right, || {
            format!("order {id:?}: {gone:?} went by {:?}", scene.action)
        })?;
    }
    Ok(())
}

fn after_bidding(scene: &Scene) -> Held {
    for (id, old, new) in changed(scene) {
        let Some(new) = new.filter(|new| new.state == OPEN && scene.now > old.bids_until) else {
            continue;
        };
        let gone = gone(old, new);
        let is_right = match scene.action {
            Action::BidWithdraw(withdraw) => gone.iter().all(|bid| scene.book.key(withdraw.signer) == bid.provider),
            Action::BidDrop(_) => scene.now <= old.accept_until && gone.first() == best(old),
            _ => false,
        };
        let none_came = new.bids_placed == old.bids_placed;
        holds(is_right && none_came && gone.len() == 1, || {
            format!("order {id:?}: {gone:?} went by {:?}", scene.action)
        })?;
    }
    Ok(())
}

/// By how much somebody's balance grew in a step, or shrank.
fn grown(scene: &Scene, owner: &gantry_sdk::Pubkey, mint: &gantry_sdk::Pubkey) -> i128 {
    let of = |view: &View| {
        let mut balances = view.balances.iter();
        let found = balances.find(|(_, balance)| balance.owner == *owner && balance.mint == *mint);
        found.map_or(0, |(_, balance)| i128::from(balance.amount))
    };
    of(scene.after) - of(scene.before)
}

fn deposits(scene: &Scene) -> Held {
    for (id, old, new) in changed(scene) {
        let deposit = i128::from(old.deposit);
        let gone = new.map_or_else(|| taken(old).copied().collect(), |new| gone(old, new));
        let (more, to) = match scene.action {
            Action::BidWithdraw(_) => {
                let is_lost = old.bids_until < scene.now && scene.now <= old.accept_until;
                (
                    deposit,
                    if is_lost {
                        vec![old.tenant]
                    } else {
                        vec![gone[0].provider]
                    },
                )
            }
            Action::BidDrop(_) => (deposit, vec![old.tenant, gone[0].provider]),
            Action::BidRefund(_) => (deposit, vec![gone[0].provider]),
            Action::BidPlace(place) => {
                let bidder = scene.book.wallet(place.node.0);
                let is_own = |bid: &Bid| bid.provider == bidder;
                let is_lowered =
                    gone.is_empty() && taken(old).any(|bid| bid.node == scene.book.at(Place::Node(place.node)));
                let pays = !is_lowered && !gone.iter().any(is_own);
                let paid = grown(scene, &bidder, &old.mint);
                holds(paid == if pays { -deposit } else { 0 }, || {
                    format!("order {id:?}: the bidder's {paid}")
                })?;
                let displaced: Vec<_> = gone.iter().filter(|bid| !is_own(bid)).map(|bid| bid.provider).collect();
                (deposit, displaced)
            }
            _ => continue,
        };
        if to.is_empty() {
            continue;
        }
        let got: Vec<_> = to.iter().map(|owner| grown(scene, owner, &old.mint)).collect();
        let is_right = got.iter().filter(|grown| **grown == more).count() >= 1;
        holds(is_right, || {
            format!("order {id:?}: {got:?} instead of {more} by {:?}", scene.action)
        })?;
    }
    Ok(())
}

/// The order that a step accepted, with the bid.
fn accepted<'a>(scene: &Scene<'a>) -> Option<(&'a Order, Bid)> {
    let Action::OrderAccept(accept) = scene.action else {
        return None;
    };
    let (_, old, new) = changed(scene).find(|(id, ..)| **id == accept.order)?;
    let node = scene.book.at(Place::Node(accept.node));
    let bid = taken(old).find(|bid| bid.node == node)?;
    (new?.state == ACCEPTED).then_some((old, *bid))
}

fn choice(scene: &Scene) -> Held {
    let newly =
        changed(scene).filter(|(_, old, new)| old.state == OPEN && new.is_some_and(|new| new.state == ACCEPTED));
    let (newly, accepted) = (newly.count(), accepted(scene));
    holds(newly == usize::from(accepted.is_some()), || {
        format!("{:?}", scene.action)
    })?;
    let (Some((order, bid)), Action::OrderAccept(accept)) = (accepted, scene.action) else {
        return Ok(());
    };
    let by_tenant = accept.caller != Key::Zero && scene.book.key(accept.caller) == order.tenant;
    let by_rule = scene.now > order.bids_until && best(order) == Some(&bid);
    let is_right = scene.now <= order.accept_until && bid.rate <= accept.max_rate && (by_tenant || by_rule);
    holds(is_right, || format!("{accept:?} of {order:?}"))
}

fn job(scene: &Scene) -> Held {
    let (Some((order, bid)), Action::OrderAccept(accept)) = (accepted(scene), scene.action) else {
        return Ok(());
    };
    let opened = scene.after.jobs.iter().find(|(id, _)| *id == accept.order);
    let is_right = opened.is_some_and(|(_, job)| {
        job.tenant == order.tenant
            && job.mint == order.mint
            && job.session_key == order.session_key
            && job.bundle_hash == order.bundle_hash
            && (job.node, job.provider) == (bid.node, bid.provider)
            && job.rate == bid.rate * u64::from(order.gpus)
            && (job.gpus, job.max_duration_s) == (order.gpus, order.max_duration_s)
            && grown(scene, &order.tenant, &order.mint) == i128::from(order.escrow) - i128::from(job.escrow)
    });
    holds(is_right, || format!("{opened:?} of {order:?}"))
}

fn ends(scene: &Scene) -> Held {
    for (id, old, new) in changed(scene) {
        let is_over = old.state == OPEN && new.is_none_or(|new| new.state == CANCELLED);
        if !is_over {
            continue;
        }
        let got = grown(scene, &old.tenant, &old.mint);
        let may_end = match scene.action {
            Action::OrderCancel(cancel) => scene.book.key(cancel.signer) == old.tenant,
            Action::OrderExpire(_) => scene.now > old.accept_until,
            _ => false,
        };
        holds(may_end && got == i128::from(old.escrow), || {
            format!("order {id:?} gave {got} of {} by {:?}", old.escrow, scene.action)
        })?;
    }
    Ok(())
}
