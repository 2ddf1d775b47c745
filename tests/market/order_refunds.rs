//! Whatever tenant and bidders do, everything in an order goes back to the atom.

use std::array;

use gantry_sdk::Signer;
use gantry_tests::{
    orders::{ACCEPT_WINDOW_S, BID_WINDOW_S, BIDDERS_DEPOSIT, MAX_RATE},
    parties::{DEPOSIT, Provider, RATE, START_DEADLINE_S},
    world::World,
};

/// Bidders beside the world's own provider.
const BIDDERS: usize = 3;
/// Sequences, and steps of each.
const SEQUENCES: u64 = 40;
const STEPS: u64 = 20;

/// Chance, the same in every run (Steele and Lea's SplitMix).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// What tenant and bidders have in their balances.
fn held(world: &World, bidders: &[Provider; BIDDERS]) -> (u64, Vec<u64>) {
    let of = |provider: &Provider| world.balance(&provider.owner()).amount;
    (world.tenant_has(), bidders.iter().map(of).collect())
}

/// One sequence; returns how many deposits were lost, and whether a job was opened.
fn sequence(beginning: &World, bidders: &[Provider; BIDDERS], chance: &mut Chance) -> (u64, bool) {
    let mut world = beginning.clone_with_chain();
    let terms = world.order_terms(1 + u16::try_from(chance.below(3)).unwrap());
    let order = world.post_with(terms);
    let deposit = world.order_at(&order).deposit;
    let (tenant, stranger) = (world.tenant.owner(), world.passer_by());
    let mut lost = 0;
    for _ in 0..STEPS {
        if world.is_gone(&order) {
            break;
        }
        let bidder = &bidders[usize::try_from(chance.below(BIDDERS as u64)).unwrap()];
        let has_bid = world.order_at(&order).bid_of(&bidder.node(0)).is_ok();
        // Refusals are as good as anything else here: they change nothing.
        match chance.below(12) {
            0..=3 => drop(world.bid(bidder, &order, RATE / 2 + chance.below(MAX_RATE)).0),
            4 if has_bid => {
                let to = if chance.below(2) == 0 { tenant } else { bidder.owner() };
                let withdrawn = world.withdraw_bid(bidder, &order, &to).0.is_ok();
                lost += u64::from(withdrawn && to == tenant);
            }
            5 if has_bid => {
                let to = if chance.below(2) == 0 { tenant } else { bidder.owner() };
                let dropped = world.drop_bid(&order, bidder, &to).0.is_ok();
                lost += u64::from(dropped && to == tenant);
            }
            6 if has_bid => drop(world.accept_by(&stranger, &order, bidder).0),
            7 if has_bid && chance.below(3) == 0 => drop(world.accept(&order, bidder).0),
            8 if chance.below(6) == 0 => drop(world.cancel_order(&order).0),
            9 | 10 => world.pass(15, &[&bidders[0], &bidders[1]]),
            // The last bidder's heartbeats become too old on the way, so that its bids can be dropped.
            _ => world.chain.advance(i64::try_from(chance.below(20)).unwrap()),
        }
    }
    if !world.is_gone(&order) {
        world.chain.advance(i64::from(BID_WINDOW_S + ACCEPT_WINDOW_S));
        drop(world.expire_order(&order).0);
        if !world.is_gone(&order) {
            world.refund_all(&order);
        }
    }
    assert!(world.is_gone(&order), "something is left in the order");
    let job = gantry_sdk::address::job(&tenant, 0);
    let is_opened = world.chain.account(&job).is_some();
    if is_opened {
        world.chain.advance(i64::from(START_DEADLINE_S) + 1);
        world.cancel(&job).succeeds();
    }
    let (tenant_has, bidders_have) = held(&world, bidders);
    assert_eq!(tenant_has, DEPOSIT + lost * deposit, "the tenant");
    let missing: u64 = bidders_have.iter().map(|has| BIDDERS_DEPOSIT - has).sum();
    assert_eq!(missing, lost * deposit, "the bidders: {bidders_have:?}");
    (lost, is_opened)
}

#[test]
fn every_sequence_of_bids_gives_everything_back_to_the_atom() {
    let mut world = World::new();
    let bidders: [Provider; BIDDERS] = array::from_fn(|_| world.bidder());
    for bidder in &bidders {
        world.chain.fund(&bidder.wallet.pubkey());
    }
    world.pass(0, &bidders.iter().collect::<Vec<_>>());
    let mut chance = Chance(7);
    let (mut lost, mut opened) = (0, 0);
    for _ in 0..SEQUENCES {
        let (lost_now, is_opened) = sequence(&world, &bidders, &mut chance);
        lost += lost_now;
        opened += u64::from(is_opened);
    }
    // Sequences in which nothing happens would prove nothing.
    assert!(lost > 0 && opened > 0, "{lost} deposits lost, {opened} jobs opened");
}
