//! Sharing a reward out.

use gantry_protocol::limits::MIN_COMMISSION_NOTICE_S;
use gantry_sdk::{
    Pubkey, Signer, address,
    event::Event,
    instruction::{delegation as instruction, staking as staking_instruction},
};
use gantry_tests::{
    parties::BOND,
    token::{Mint, tokens_in},
    world::World,
};
use solana_instruction::error::InstructionError;
use staking::{StakingError, events::RewardAdded};

#[test]
fn own_and_delegated_stake_earn_pro_rata_and_the_commission_comes_out_of_the_delegators_part() {
    let mut world = World::new();
    world.delegator_of(3 * BOND);
    world.set_commission(1_000).succeeds();
    world.chain.advance(i64::from(MIN_COMMISSION_NOTICE_S));
    let done = world.reward(1_003).succeeds();
    let stake = world.stake();
    // ⌊1003 × 3/4⌋ = 752 for the delegated stake, ⌊752 × 10 %⌋ = 75 of it for the provider, which keeps both remainders but the last.
    assert_eq!((stake.active, stake.delegated), (BOND + 251 + 75, 3 * BOND + 677));
    assert_eq!(world.pool().staked, 4 * BOND + 1_003);
    assert_eq!(tokens_in(&world.chain, &address::pool_vault()), 4 * BOND + 1_003);
    let added = RewardAdded {
        owner: stake.owner,
        payer: world.deployer.pubkey(),
        amount: 1_003,
        own: 251,
        commission: 75,
        delegators: 677,
        commission_bps: 1_000,
        active: stake.active,
        delegated: stake.delegated,
    };
    assert_eq!(done.event(), Event::RewardAdded(added));
}

#[test]
fn delegators_share_their_part_by_what_they_delegated() {
    let mut world = World::new();
    let (one, three) = (world.delegator_of(BOND), world.delegator_of(3 * BOND));
    world.reward(5 * BOND).succeeds();
    let (of_one, of_three) = (
        world.delegation_worth(&one.pubkey()).0,
        world.delegation_worth(&three.pubkey()).0,
    );
    assert!(of_three.abs_diff(3 * of_one) <= 3, "{of_one} and {of_three}");
    // But for what the virtual shares keep: each share gained one base unit, and so did each of theirs.
    let kept = world.stake().delegated - of_one - of_three;
    assert!(kept <= 1_000_002, "{kept}");
}

#[test]
fn without_delegators_all_of_it_is_the_providers() {
    let mut world = World::new();
    world.reward(1_000).succeeds();
    let stake = world.stake();
    assert_eq!((stake.active, stake.delegated), (BOND + 1_000, 0));
}

#[test]
fn without_own_stake_the_provider_gets_its_commission_only() {
    let mut world = World::new();
    world.delegator_of(BOND);
    world.set_commission(500).succeeds();
    world.chain.advance(i64::from(MIN_COMMISSION_NOTICE_S));
    let unbond = staking_instruction::unbonding_request(world.provider.owner(), BOND);
    world.chain.send(&[unbond], &[&world.provider.wallet]).succeeds();
    world.reward(1_000).succeeds();
    let stake = world.stake();
    assert_eq!((stake.active, stake.delegated), (50, BOND + 950));
}

#[test]
fn what_nobody_would_get_is_refused() {
    let mut world = World::new();
    let delegator = world.delegator_of(BOND);
    let unbond = staking_instruction::unbonding_request(world.provider.owner(), BOND);
    world.chain.send(&[unbond], &[&world.provider.wallet]).succeeds();
    world.undelegate(&delegator, BOND).succeeds();
    world.reward(1_000).is_refused(StakingError::NobodyToReward);
    world.reward(0).is_refused(StakingError::ZeroAmount);
}

#[test]
fn what_the_last_delegator_left_behind_earns_nothing() {
    let mut world = World::new();
    let delegator = world.delegator_of(BOND);
    world.reward(BOND).succeeds();
    world.undelegate(&delegator, BOND).succeeds();
    let (left, active) = (world.stake().delegated, world.stake().active);
    assert!(left > 0);
    world.reward(1_000).succeeds();
    assert_eq!((world.stake().delegated, world.stake().active), (left, active + 1_000));
}

#[test]
fn a_wiped_delegation_earns_nothing() {
    let mut world = World::new();
    world.delegator_of(BOND);
    world.slash(10_000).succeeds();
    world.reward(1_000).is_refused(StakingError::NobodyToReward);
    let (owner, gnt) = (world.provider.owner(), world.gnt.clone());
    let source = gnt.mint_to(&mut world.chain, &owner, 10);
    let bond = staking_instruction::stake_deposit(owner, gnt.address, source, gnt.token_program, 10);
    world.chain.send(&[bond], &[&world.provider.wallet]).succeeds();
    world.reward(1_000).succeeds();
    assert_eq!((world.stake().active, world.stake().delegated), (1_010, 0));
}

#[test]
fn tokens_of_another_wallet_or_another_mint_are_no_reward() {
    let mut world = World::new();
    let (payer, owner, gnt) = (world.deployer.pubkey(), world.provider.owner(), world.gnt.clone());
    let victims = gnt.mint_to(&mut world.chain, &Pubkey::new_unique(), 10);
    let add = instruction::reward_add(payer, owner, gnt.address, victims, gnt.token_program, 10);
    world
        .chain
        .send(&[add], &[&world.deployer])
        .is_refused(InstructionError::Custom(4)); // The token program: not the owner.
    let other = Mint::classic(&mut world.chain, 9).mint_to(&mut world.chain, &payer, 10);
    let add = instruction::reward_add(payer, owner, gnt.address, other, gnt.token_program, 10);
    world
        .chain
        .send(&[add], &[&world.deployer])
        .is_refused(InstructionError::InvalidAccountData);
}
