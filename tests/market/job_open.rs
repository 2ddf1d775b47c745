//! Opening a job: its accounts.

use anchor_lang::ErrorCode;
use gantry_sdk::{Instruction, Pubkey, Signer, address, event::Event, instruction::market as market_instruction};
use gantry_tests::{
    forge::exchange,
    key,
    outcome::Outcome,
    parties::{
        CLASS, DEPOSIT, DURATION_S, FEE_BPS, GENESIS_HASH, GPUS, GRACE_WINDOW_S, Provider, RATE, STAKE_PER_GPU,
        START_DEADLINE_S, Tenant,
    },
    token::Mint,
    world::World,
};
use market::{
    MarketError,
    events::JobOpened,
    state::{Job, JobState},
};
use solana_instruction::error::InstructionError;

/// The event that describes a job that was just opened.
fn opened(address: Pubkey, job: &Job, balance: u64, gpus_free: u16) -> Event {
    Event::JobOpened(JobOpened {
        job: address,
        tenant: job.tenant,
        provider: job.provider,
        node: job.node,
        mint: job.mint,
        session_key: job.session_key,
        attestation_key: job.attestation_key,
        bundle_hash: job.bundle_hash,
        nonce: job.nonce,
        rate: job.rate,
        escrow: job.escrow,
        stake_reserved: job.stake_reserved,
        reference_price: job.reference_price,
        balance,
        opened_at: job.opened_at,
        start_deadline: job.start_deadline,
        max_duration_s: job.max_duration_s,
        grace_window_s: job.grace_window_s,
        gpus: job.gpus,
        fee_bps: job.fee_bps,
        gpus_free: u32::from(gpus_free),
    })
}

fn ordinary(world: &World) -> Instruction {
    world.open_instruction(world.tenant.terms(1))
}

fn send(world: &mut World, instruction: Instruction) -> Outcome {
    world.chain.send(&[instruction], &[&world.tenant.wallet])
}

#[test]
fn a_job_takes_its_escrow_its_gpus_and_its_stake() {
    let mut world = World::new();
    let (address, terms) = (world.next_job(), world.tenant.terms(3));
    let done = world.open(terms).succeeds();
    let job = world.job(&address);
    let now = world.chain.now();
    let escrow = 3 * RATE * u64::from(DURATION_S) / 1_000_000;
    assert_eq!(
        (job.tenant, job.provider),
        (world.tenant.owner(), world.provider.owner())
    );
    assert_eq!(
        (job.node, job.mint, job.nonce),
        (world.node_address(), world.usdc.address, 0)
    );
    assert_eq!(
        (job.session_key, job.bundle_hash),
        (terms.session_key, terms.bundle_hash)
    );
    assert_eq!(
        (job.attestation_key, job.genesis_hash),
        (world.provider.attestation.pubkey(), GENESIS_HASH)
    );
    assert_eq!(
        (job.rate, job.escrow, job.stake_reserved),
        (3 * RATE, escrow, 3 * STAKE_PER_GPU)
    );
    assert_eq!((job.owed, job.paid, job.fee, job.refund), (0, 0, 0, 0));
    assert_eq!(
        (job.opened_at, job.start_deadline),
        (now, now + i64::from(START_DEADLINE_S))
    );
    assert_eq!((job.started_at, job.stopped_at, job.ended_at), (0, 0, 0));
    assert_eq!(
        (job.max_duration_s, job.grace_window_s, job.fee_bps),
        (DURATION_S, GRACE_WINDOW_S, FEE_BPS)
    );
    assert_eq!((job.state(), job.gpus, job.sequence), (Some(JobState::Open), 3, 0));
    assert_eq!(world.tenant_has(), DEPOSIT - escrow);
    assert_eq!(world.node().gpus_free, GPUS - 3);
    assert_eq!(world.stake().reserved, 3 * STAKE_PER_GPU);
    assert_eq!(done.events()[1..], [opened(address, &job, DEPOSIT - escrow, GPUS - 3)]);
}

#[test]
fn a_number_names_one_job_of_a_tenant() {
    let mut world = World::new();
    let open = ordinary(&world);
    send(&mut world, open.clone()).succeeds();
    send(&mut world, open).is_refused(InstructionError::Custom(0));
}

#[test]
fn two_tenants_may_use_the_same_number() {
    let mut world = World::new();
    world.open_job();
    let second = Tenant::new();
    world.chain.fund(&second.owner());
    world.open_balance(&second.owner(), &world.usdc.clone());
    world.open_tenant(&second.owner());
    world.tenant = second;
    world.deposit(DEPOSIT).succeeds();
    let open = market_instruction::job_open(
        world.tenant.owner(),
        0,
        world.node_address(),
        world.provider.owner(),
        &CLASS,
        world.usdc.address,
        world.tenant.terms(1),
    );
    send(&mut world, open).succeeds();
}

#[test]
fn lamports_sent_to_the_jobs_address_beforehand_do_not_prevent_the_opening() {
    let mut world = World::new();
    world.chain.fund(&world.next_job());
    let open = ordinary(&world);
    send(&mut world, open).succeeds();
}

#[test]
fn a_job_lies_at_the_address_of_its_tenant_and_number() {
    let mut world = World::new();
    let elsewhere = address::job(&Pubkey::new_unique(), 0);
    let open = exchange(ordinary(&world), &world.next_job(), &elsewhere);
    send(&mut world, open).is_refused(InstructionError::InvalidSeeds);
}

#[test]
fn nobody_opens_a_job_with_anothers_balance() {
    let mut world = World::new();
    let thief = key::fresh();
    world.chain.fund(&thief.pubkey());
    world.open_tenant(&thief.pubkey());
    let open = market_instruction::job_open(
        thief.pubkey(),
        0,
        world.node_address(),
        world.provider.owner(),
        &CLASS,
        world.usdc.address,
        world.tenant.terms(1),
    );
    let usdc = world.usdc.address;
    let open = exchange(
        open,
        &address::balance(&thief.pubkey(), &usdc),
        &address::balance(&world.tenant.owner(), &usdc),
    );
    world
        .chain
        .send(&[open], &[&thief])
        .is_refused(MarketError::WrongBalance);
}

#[test]
fn a_balance_of_another_mint_does_not_pay() {
    let mut world = World::new();
    let other = Mint::classic(&mut world.chain, 6);
    world.register_mint(&other).succeeds();
    let tenant = world.tenant.owner();
    world.open_balance(&tenant, &other);
    let of_usdc = address::balance(&tenant, &world.usdc.address);
    let open = exchange(ordinary(&world), &of_usdc, &address::balance(&tenant, &other.address));
    send(&mut world, open).is_refused(MarketError::WrongBalance);
}

#[test]
fn a_tenant_without_a_balance_is_refused() {
    let mut world = World::new();
    world.tenant = Tenant::new();
    world.chain.fund(&world.tenant.owner());
    let open = ordinary(&world);
    send(&mut world, open).is_refused(InstructionError::AccountDataTooSmall);
}

#[test]
fn the_provider_must_be_the_nodes() {
    let mut world = World::new();
    let other = Provider::new();
    world.admit(&other);
    let open = exchange(ordinary(&world), &world.provider.account(), &other.account());
    send(&mut world, open).is_refused(ErrorCode::ConstraintAddress);
}

#[test]
fn the_stake_must_be_the_providers() {
    let mut world = World::new();
    let other = Provider::new();
    world.admit(&other);
    let own = address::stake(&world.provider.owner());
    let open = exchange(ordinary(&world), &own, &address::stake(&other.owner()));
    send(&mut world, open).is_refused(MarketError::WrongStake);
}

#[test]
fn a_mint_that_the_node_is_not_priced_in_is_refused() {
    let mut world = World::new();
    let other = Mint::classic(&mut world.chain, 6);
    world.register_mint(&other).succeeds();
    let tenant = world.tenant.owner();
    world.open_balance(&tenant, &other);
    let of_usdc = address::balance(&tenant, &world.usdc.address);
    let open = exchange(ordinary(&world), &of_usdc, &address::balance(&tenant, &other.address));
    let open = exchange(
        open,
        &address::registered_mint(&world.usdc.address),
        &address::registered_mint(&other.address),
    );
    send(&mut world, open).is_refused(MarketError::NotOffered);
}

#[test]
fn the_price_range_must_be_that_of_the_nodes_class_in_the_mint() {
    let mut world = World::new();
    let other = Mint::classic(&mut world.chain, 6);
    world.register_mint(&other).succeeds();
    let (authority, usdc) = (world.authority.pubkey(), world.usdc.address);
    let class = *b"rtx-4090\0\0\0\0\0\0\0\0";
    let another = [
        market_instruction::class_register(authority, class),
        market_instruction::price_range_register(authority, &class, usdc, 1, u64::MAX),
    ];
    world.chain.send(&another, &[&world.authority]).succeeds();
    let right = address::price_range(&CLASS, &usdc);
    for wrong in [
        address::price_range(&CLASS, &other.address),
        address::price_range(&class, &usdc),
    ] {
        let open = exchange(ordinary(&world), &right, &wrong);
        send(&mut world, open).is_refused(MarketError::WrongPriceRange);
    }
    let open = exchange(
        ordinary(&world),
        &address::gpu_class(&CLASS),
        &address::gpu_class(&class),
    );
    send(&mut world, open).is_refused(MarketError::WrongClass);
}

#[test]
fn another_program_in_the_place_of_the_staking_program_is_refused() {
    let mut world = World::new();
    let open = exchange(ordinary(&world), &staking::ID, &address::TOKEN_PROGRAM);
    send(&mut world, open).is_refused(ErrorCode::ConstraintAddress);
}
