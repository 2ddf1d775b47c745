//! Whatever happens to a stake in whatever order, nothing is paid that did not come in.
//!
//! After every step the world checks that the pool's vault holds exactly what all stakes own, and that all delegations together own all
//! shares and are worth no more than their stake holds; and every account is what the events so far make of it.

use gantry_protocol::limits::MAX_COMMISSION_BPS;
use gantry_sdk::{Keypair, Signer, instruction::staking as instruction};
use gantry_tests::{
    outcome::Done,
    parties::{BOND, UNBONDING_PERIOD_S},
    token::tokens_in,
    world::World,
};
use proptest::prelude::*;

use crate::replica::Replica;

/// What each delegator begins with.
const TOKENS: u64 = BOND;
const DELEGATORS: usize = 3;

/// One step. What is refused changes nothing, which the chain checks.
#[derive(Clone, Debug)]
enum Step {
    Delegate(usize, u64),
    /// Asks a part of the delegation back, in percent.
    Undelegate(usize, u64),
    Redelegate(usize, u8),
    Pay(usize),
    Reward(u64),
    Slash(u16),
    Bond(u64),
    Unbond(u64),
    SetCommission(u16),
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0..DELEGATORS;
    let amount = || (24..60u32, any::<u64>()).prop_map(|(shift, word)| word >> shift);
    prop_oneof![
        4 => (who(), amount()).prop_map(|(who, amount)| Step::Delegate(who, amount)),
        3 => (who(), 0..=100u64).prop_map(|(who, percent)| Step::Undelegate(who, percent)),
        1 => (who(), 0..3u8).prop_map(|(who, place)| Step::Redelegate(who, place)),
        2 => who().prop_map(Step::Pay),
        2 => amount().prop_map(Step::Reward),
        1 => prop_oneof![Just(1_000), Just(3_000), Just(10_000), 0..=10_000u16].prop_map(Step::Slash),
        1 => amount().prop_map(Step::Bond),
        1 => amount().prop_map(Step::Unbond),
        1 => (0..=MAX_COMMISSION_BPS).prop_map(Step::SetCommission),
        2 => (0..=8 * i64::from(UNBONDING_PERIOD_S)).prop_map(Step::Wait),
    ]
}

/// Takes a step, and says what it did unless it is refused or no transaction.
fn take(world: &mut World, delegators: &[Keypair], step: &Step) -> Option<Done> {
    let owner = world.provider.owner();
    let outcome = match *step {
        Step::Delegate(who, amount) => world.delegate(&delegators[who], amount),
        Step::Undelegate(who, percent) => {
            let shares = world.delegation(&delegators[who].pubkey()).shares;
            let part = u128::from(shares) * u128::from(percent) / 100;
            world.undelegate(&delegators[who], u64::try_from(part).expect("a part"))
        }
        Step::Redelegate(who, place) => world.redelegate(&delegators[who], place),
        Step::Pay(who) => world.pay_delegator(&delegators[who].pubkey()),
        Step::Reward(amount) => world.reward(amount),
        Step::Slash(bps) => world.slash(bps),
        Step::Bond(amount) => {
            let source = world.gnt.mint_to(&mut world.chain, &owner, amount);
            let gnt = &world.gnt;
            let bond = instruction::stake_deposit(owner, gnt.address, source, gnt.token_program, amount);
            world.chain.send(&[bond], &[&world.provider.wallet])
        }
        Step::Unbond(amount) => {
            let unbond = instruction::unbonding_request(owner, amount);
            world.chain.send(&[unbond], &[&world.provider.wallet])
        }
        Step::SetCommission(bps) => world.set_commission(bps),
        Step::Wait(seconds) => {
            world.chain.advance(seconds);
            return None;
        }
    };
    outcome.0.ok()
}

/// Everybody asks for everything back and waits until it is there.
fn everyone_leaves(world: &mut World, delegators: &[Keypair]) {
    for delegator in delegators {
        let wallet = delegator.pubkey();
        world.chain.advance(i64::from(UNBONDING_PERIOD_S));
        // Frees the queue.
        drop(world.pay_delegator(&wallet));
        let shares = world.delegation(&wallet).shares;
        if world.delegation_worth(&wallet).0 > 0 {
            world.undelegate(delegator, shares).succeeds();
            world.chain.advance(i64::from(UNBONDING_PERIOD_S));
            world.pay_delegator(&wallet).succeeds();
        }
        assert_eq!(world.delegation_worth(&wallet), (0, 0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_sequence_of_steps_keeps_the_books_and_lets_everyone_leave(steps in prop::collection::vec(step(), 1..40)) {
        let mut world = World::new();
        let delegators: Vec<_> = (0..DELEGATORS).map(|_| world.delegator(TOKENS)).collect();
        let wallets: Vec<_> = delegators.iter().map(Signer::pubkey).collect();
        let mut replica = Replica::of(&world, &wallets);
        for step in &steps {
            if let Some(done) = take(&mut world, &delegators, step) {
                replica.follow(&done);
                prop_assert_eq!(&replica, &Replica::of(&world, &wallets), "{:?}", step);
            }
        }
        everyone_leaves(&mut world, &delegators);
        let stake = world.stake();
        prop_assert_eq!(stake.delegated_unbonding, 0);
        let vault = tokens_in(&world.chain, &gantry_sdk::address::pool_vault());
        prop_assert_eq!(vault, stake.slashable());
    }

    #[test]
    fn without_rewards_delegators_leave_with_no_more_than_they_brought(steps in prop::collection::vec(step(), 1..40)) {
        let mut world = World::new();
        let delegators: Vec<_> = (0..DELEGATORS).map(|_| world.delegator(TOKENS)).collect();
        for step in steps.iter().filter(|step| !matches!(step, Step::Reward(_))) {
            take(&mut world, &delegators, step);
        }
        everyone_leaves(&mut world, &delegators);
        let left_with: u64 = delegators.iter().map(|delegator| world.gnt_of(&delegator.pubkey())).sum();
        prop_assert!(left_with <= TOKENS * DELEGATORS as u64, "{left_with}");
    }
}
