//! Asking delegated tokens back.

use gantry_protocol::limits::{MAX_UNBONDING_PERIOD_S, MAX_UNBONDINGS};
use gantry_sdk::{
    Signer, address,
    event::Event,
    instruction::{delegation as instruction, staking as staking_instruction},
};
use gantry_tests::{
    forge::exchange,
    key,
    parties::{BOND, Provider, STAKE_PER_GPU, UNBONDING_PERIOD_S},
    world::World,
};
use market::MarketError;
use staking::{StakingError, events::DelegationUnbonded, state::UnbondingShares};

#[test]
fn a_request_moves_what_the_shares_are_worth_out_of_the_earning_stake_and_keeps_it_slashable() {
    let mut world = World::new();
    let delegator = world.delegator_of(1_000);
    let done = world.undelegate(&delegator, 400).succeeds();
    let withdrawable_at = world.chain.now() + i64::from(UNBONDING_PERIOD_S);
    let (stake, delegation) = (world.stake(), world.delegation(&delegator.pubkey()));
    assert_eq!((stake.delegated, stake.delegated_shares), (600, 600));
    assert_eq!(
        (stake.delegated_unbonding, stake.delegated_unbonding_shares),
        (400, 400)
    );
    assert_eq!(stake.slashable(), BOND + 1_000);
    assert_eq!(delegation.shares, 600);
    let waiting = UnbondingShares {
        shares: 400,
        withdrawable_at,
    };
    assert_eq!(delegation.unbondings[0], waiting);
    assert_eq!(world.delegation_worth(&delegator.pubkey()), (600, 400));
    let unbonded = DelegationUnbonded {
        owner: stake.owner,
        delegator: delegator.pubkey(),
        shares: 400,
        amount: 400,
        unbonding_shares: 400,
        index: 0,
        withdrawable_at,
        delegated: 600,
        delegated_shares: 600,
        delegated_unbonding: 400,
        delegated_unbonding_shares: 400,
    };
    assert_eq!(done.event(), Event::DelegationUnbonded(unbonded));
}

#[test]
fn who_is_leaving_earns_nothing_more() {
    let mut world = World::new();
    let (leaver, stayer) = (world.delegator_of(BOND), world.delegator_of(BOND));
    world.undelegate(&leaver, BOND).succeeds();
    world.reward(BOND).succeeds();
    assert_eq!(world.delegation_worth(&leaver.pubkey()), (0, BOND));
    let (earned, _) = world.delegation_worth(&stayer.pubkey());
    assert!(earned > BOND * 149 / 100, "{earned}");
}

#[test]
fn more_shares_than_the_delegation_has_are_refused_though_others_have_them() {
    let mut world = World::new();
    let (delegator, _other) = (world.delegator_of(400), world.delegator_of(400));
    let refused = world.undelegate(&delegator, 401);
    refused.is_refused(StakingError::InsufficientShares);
}

#[test]
fn no_shares_and_shares_worth_nothing_are_refused() {
    let mut world = World::new();
    let delegator = world.delegator_of(400);
    world.undelegate(&delegator, 0).is_refused(StakingError::WorthNothing);
    world.slash(10_000).succeeds();
    let refused = world.undelegate(&delegator, 400);
    refused.is_refused(StakingError::WorthNothing);
}

#[test]
fn a_ninth_request_is_refused_while_eight_wait() {
    let mut world = World::new();
    let delegator = world.delegator_of(100);
    for _ in 0..MAX_UNBONDINGS {
        world.undelegate(&delegator, 1).succeeds();
    }
    let refused = world.undelegate(&delegator, 1);
    refused.is_refused(StakingError::UnbondingQueueFull);
}

#[test]
fn delegators_leave_whatever_jobs_reserve_and_the_provider_gets_no_new_job() {
    let mut world = World::new();
    let unbond = staking_instruction::unbonding_request(world.provider.owner(), BOND - STAKE_PER_GPU);
    world.chain.send(&[unbond], &[&world.provider.wallet]).succeeds();
    let delegator = world.delegator_of(7 * STAKE_PER_GPU);
    let terms = world.tenant.terms(3);
    let job = world.open_with(terms);
    world.start(&job).succeeds();
    world.undelegate(&delegator, 7 * STAKE_PER_GPU).succeeds();
    let stake = world.stake();
    assert_eq!(
        (stake.backing(), stake.reserved, stake.free()),
        (STAKE_PER_GPU, 3 * STAKE_PER_GPU, 0)
    );
    world.open(terms).is_refused(MarketError::StakeBelowOffer);
    // The job that runs ends as any other.
    let attestation = world.provider.attestation.insecure_clone();
    world.close_by(&attestation, &job).succeeds();
    assert_eq!(world.stake().reserved, 0);
}

#[test]
fn the_provider_itself_waits_for_its_jobs_however_much_others_delegated() {
    let mut world = World::new();
    world.delegator_of(STAKE_PER_GPU);
    let terms = world.tenant.terms(8);
    world.open_with(terms);
    let owner = world.provider.owner();
    // Eight are reserved, of which one is delegated.
    let free = BOND - 7 * STAKE_PER_GPU;
    let request = |amount| staking_instruction::unbonding_request(owner, amount);
    world
        .chain
        .send(&[request(free + 1)], &[&world.provider.wallet])
        .is_refused(StakingError::InsufficientStake);
    world.chain.send(&[request(free)], &[&world.provider.wallet]).succeeds();
}

#[test]
fn delegated_stake_is_not_the_providers_to_ask_back() {
    let mut world = World::new();
    world.delegator_of(1_000);
    let request = staking_instruction::unbonding_request(world.provider.owner(), BOND + 1);
    world
        .chain
        .send(&[request], &[&world.provider.wallet])
        .is_refused(StakingError::InsufficientStake);
}

#[test]
fn a_longer_period_does_not_touch_a_running_request_nor_a_shorter_one() {
    let mut world = World::new();
    let delegator = world.delegator_of(1_000);
    let authority = world.authority.pubkey();
    let configure = |period_s| staking_instruction::pool_configure(authority, authority, period_s);
    world.undelegate(&delegator, 400).succeeds();
    world
        .chain
        .send(&[configure(MAX_UNBONDING_PERIOD_S)], &[&world.authority])
        .succeeds();
    world.undelegate(&delegator, 500).succeeds();
    world
        .chain
        .send(&[configure(UNBONDING_PERIOD_S)], &[&world.authority])
        .succeeds();
    let unbondings = world.delegation(&delegator.pubkey()).unbondings;
    let now = world.chain.now();
    assert_eq!(unbondings[0].withdrawable_at, now + i64::from(UNBONDING_PERIOD_S));
    assert_eq!(unbondings[1].withdrawable_at, now + i64::from(MAX_UNBONDING_PERIOD_S));
    world.chain.advance(i64::from(UNBONDING_PERIOD_S));
    world.pay_delegator(&delegator.pubkey()).succeeds();
    assert_eq!(world.gnt_of(&delegator.pubkey()), 400);
}

#[test]
fn nobody_asks_back_what_another_delegated() {
    let mut world = World::new();
    let (delegator, stranger) = (world.delegator_of(400), key::fresh());
    let unbond = instruction::delegation_unbond(delegator.pubkey(), world.provider.owner(), 400);
    let unbond = exchange(unbond, &delegator.pubkey(), &stranger.pubkey());
    world
        .chain
        .send(&[unbond], &[&stranger])
        .is_refused(StakingError::NotDelegator);
}

#[test]
fn shares_of_one_stake_are_not_redeemed_from_another() {
    let mut world = World::new();
    let other = Provider::new();
    world.admit(&other);
    let (delegator, owner) = (world.delegator_of(400), world.provider.owner());
    let unbond = instruction::delegation_unbond(delegator.pubkey(), owner, 400);
    let unbond = exchange(unbond, &address::stake(&owner), &address::stake(&other.owner()));
    world
        .chain
        .send(&[unbond], &[&delegator])
        .is_refused(StakingError::WrongStake);
}
