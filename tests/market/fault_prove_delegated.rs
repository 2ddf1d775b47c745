//! Faults of a provider to whom others have delegated: their stake stands behind its word like its own.

use gantry_protocol::fault::Fault as Kind;
use gantry_sdk::{Keypair, Signer, event::Event, instruction::staking as staking_instruction};
use gantry_tests::parties::BOND;
use market::state::Provider;

use crate::fault_prove::Watch;

/// What others have delegated.
const DELEGATED: u64 = 40_000;

#[test]
fn a_fault_costs_every_part_of_the_stake_the_same_part_of_it_delegated_or_not_waiting_or_not() {
    let mut watch = Watch::new();
    let (stays, leaves) = (watch.world.delegator_of(DELEGATED), watch.world.delegator_of(DELEGATED));
    let shares = watch.world.delegation(&leaves.pubkey()).shares;
    watch.world.undelegate(&leaves, shares).succeeds();
    let owner = watch.world.provider.owner();
    let request = staking_instruction::unbonding_request(owner, BOND / 4);
    let wallet = watch.world.provider.wallet.insecure_clone();
    watch.world.chain.send(&[request], &[&wallet]).succeeds();

    let before = watch.world.stake();
    let evidence = watch.equivocation();
    let done = watch.prove(&evidence, Kind::Equivocation).succeeds();
    let after = watch.world.stake();
    assert_eq!(after.active, before.active - before.active / 10);
    assert_eq!(after.unbondings[0].amount, BOND / 4 - BOND / 4 / 10);
    assert_eq!(after.delegated, before.delegated - before.delegated / 10);
    assert_eq!(
        after.delegated_unbonding,
        before.delegated_unbonding - before.delegated_unbonding / 10
    );
    // Nobody's shares change: each is worth less.
    assert_eq!(
        (after.delegated_shares, after.delegated_unbonding_shares),
        (before.delegated_shares, before.delegated_unbonding_shares)
    );
    let worth = |wallet: &Keypair| watch.world.delegation(&wallet.pubkey()).worth(&watch.world.stake());
    assert_eq!(worth(&stays).earning.0, DELEGATED - DELEGATED / 10);
    assert_eq!(worth(&leaves).unbonding.0, DELEGATED - DELEGATED / 10);

    let slashed = before.slashable() - after.slashable();
    let Event::StakeSlashed(taken) = done.events()[0].clone() else {
        panic!("another event")
    };
    assert_eq!((taken.amount, taken.bounty), (slashed, slashed / 10));
    assert_eq!(
        (taken.from_delegated, taken.from_delegated_unbonding),
        (DELEGATED / 10, DELEGATED / 10)
    );
    assert_eq!(watch.world.pool().staked, before.slashable() - slashed);
}

#[test]
fn a_habit_takes_all_that_was_delegated_and_what_is_left_can_still_leave() {
    let mut watch = Watch::new();
    let delegator = watch.world.delegator_of(DELEGATED);
    let provider = watch.world.provider.account();
    watch
        .world
        .chain
        .alter(&provider, |provider: &mut Provider| provider.faults = 2);
    let evidence = watch.equivocation();
    watch.prove(&evidence, Kind::Equivocation).succeeds();
    let stake = watch.world.stake();
    assert_eq!((stake.slashable(), stake.slashed), (0, BOND + DELEGATED));
    assert_eq!(watch.world.delegation(&delegator.pubkey()).worth(&stake).earning.0, 0);
    // The job of the provider runs on, and its end gives back what it reserved.
    let attestation = watch.world.provider.attestation.insecure_clone();
    watch.world.close_by(&attestation, &watch.job.clone()).succeeds();
    assert_eq!(watch.world.stake().reserved, 0);
}

#[test]
fn a_delegator_that_has_left_in_time_loses_nothing_and_one_that_waits_loses_its_part() {
    let mut watch = Watch::new();
    let (gone, waits) = (watch.world.delegator_of(DELEGATED), watch.world.delegator_of(DELEGATED));
    let shares = watch.world.delegation(&gone.pubkey()).shares;
    watch.world.undelegate(&gone, shares).succeeds();
    watch
        .world
        .chain
        .advance(i64::from(gantry_tests::parties::UNBONDING_PERIOD_S));
    watch.world.pay_delegator(&gone.pubkey()).succeeds();
    let shares = watch.world.delegation(&waits.pubkey()).shares;
    watch.world.undelegate(&waits, shares).succeeds();

    let evidence = watch.equivocation();
    watch.prove(&evidence, Kind::Equivocation).succeeds();
    assert_eq!(watch.world.gnt_of(&gone.pubkey()), DELEGATED);
    let stake = watch.world.stake();
    assert_eq!(
        watch.world.delegation(&waits.pubkey()).worth(&stake).unbonding.0,
        DELEGATED - DELEGATED / 10
    );
}
