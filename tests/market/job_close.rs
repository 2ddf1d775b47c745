//! Closing a job.

use anchor_lang::ErrorCode;
use gantry_protocol::limits::FEE_SHARDS;
use gantry_sdk::{Instruction, Pubkey, Signer, address, event::Event, instruction::market as instruction};
use gantry_tests::{
    forge::exchange,
    key,
    parties::{DEPOSIT, DURATION_S, GPUS, GRACE_WINDOW_S, Provider, Tenant},
    world::World,
};
use market::{
    MarketError,
    events::JobClosed,
    state::{FeeShard, Job, JobState},
};

/// The event that describes a job that was just closed.
fn closed(address: Pubkey, job: &Job, balance: u64, gpus_free: u16) -> Event {
    Event::JobClosed(JobClosed {
        job: address,
        fee_shard: address::fee_shard_of(&address, &job.mint),
        owed: job.owed,
        paid: job.paid,
        fee: job.fee,
        refund: job.refund,
        balance,
        // Of the first job that closes in its shard.
        fee_shard_amount: job.fee,
        at: job.ended_at,
        gpus_free: u64::from(gpus_free),
    })
}

/// A running job with a settled receipt of ten seconds, closable at once only by the attestation key.
fn settled(world: &mut World) -> Pubkey {
    let job = world.running_job();
    world.chain.advance(10);
    let receipt = world.receipt(&job, 10_000);
    world.settle(&receipt).succeeds();
    job
}

/// The close of a job, signed by the attestation key.
fn close(world: &World, job: &Pubkey) -> Instruction {
    instruction::job_close(world.provider.attestation.pubkey(), *job, &world.job(job))
}

#[test]
fn the_final_receipt_lets_anyone_close_at_once() {
    let mut world = World::new();
    let job = world.running_job();
    world.chain.advance(10);
    let receipt = world.final_receipt(&job, 10_000);
    world.settle(&receipt).succeeds();
    let done = world.close(&job).succeeds();
    let after = world.job(&job);
    assert_eq!(
        (after.state(), after.ended_at),
        (Some(JobState::Closed), world.chain.now())
    );
    assert_eq!(
        (after.owed, after.refund),
        (after.paid + after.fee, after.escrow - after.owed)
    );
    assert_eq!(world.tenant_has(), DEPOSIT - after.owed);
    assert_eq!((world.node().gpus_free, world.stake().reserved), (GPUS, 0));
    assert_eq!(done.events()[1], closed(job, &after, world.tenant_has(), GPUS));
}

#[test]
fn a_running_job_without_a_final_receipt_stays_open_to_settlements() {
    let mut world = World::new();
    let job = settled(&mut world);
    world.close(&job).is_refused(MarketError::GraceWindowOpen);
    let wallet = world.tenant.wallet.insecure_clone();
    world.close_by(&wallet, &job).is_refused(MarketError::GraceWindowOpen);
}

#[test]
fn the_attestation_key_may_give_up_and_close_at_any_time() {
    let mut world = World::new();
    let job = settled(&mut world);
    let attestation = world.provider.attestation.insecure_clone();
    world.close_by(&attestation, &job).succeeds();
    assert_eq!(world.provider_has(), world.job(&job).paid);
}

#[test]
fn the_providers_wallet_is_anyone() {
    let mut world = World::new();
    let job = settled(&mut world);
    let wallet = world.provider.wallet.insecure_clone();
    world.close_by(&wallet, &job).is_refused(MarketError::GraceWindowOpen);
}

#[test]
fn after_the_stop_the_grace_window_passes_to_the_second() {
    let mut world = World::new();
    let job = settled(&mut world);
    world.stop(&job).succeeds();
    world.chain.advance(i64::from(GRACE_WINDOW_S));
    world.close(&job).is_refused(MarketError::GraceWindowOpen);
    world.chain.advance(1);
    world.close(&job).succeeds();
}

#[test]
fn after_the_longest_duration_the_grace_window_passes_to_the_second() {
    let mut world = World::new();
    let job = world.running_job();
    world.chain.advance(i64::from(DURATION_S + GRACE_WINDOW_S));
    world.close(&job).is_refused(MarketError::GraceWindowOpen);
    world.chain.advance(1);
    world.close(&job).succeeds();
    assert_eq!((world.tenant_has(), world.provider_has()), (DEPOSIT, 0));
}

#[test]
fn the_last_receipts_are_still_settled_inside_the_grace_window() {
    let mut world = World::new();
    let job = settled(&mut world);
    world.stop(&job).succeeds();
    world.chain.advance(i64::from(GRACE_WINDOW_S));
    let receipt = world.receipt(&job, 10_500);
    world.settle(&receipt).succeeds();
}

#[test]
fn a_provider_that_freezes_is_left_at_its_last_receipt_and_the_tenant_gets_the_rest_back() {
    let mut world = World::new();
    let job = settled(&mut world);
    let paid = world.provider_has();
    world.chain.advance(100);
    world.stop(&job).succeeds();
    world.chain.advance(i64::from(GRACE_WINDOW_S) + 1);
    let wallet = world.tenant.wallet.insecure_clone();
    world.close_by(&wallet, &job).succeeds();
    let after = world.job(&job);
    assert_eq!((world.provider_has(), after.metered_ms), (paid, 10_000));
    assert_eq!(world.tenant_has(), DEPOSIT - after.owed);
}

#[test]
fn a_job_that_was_never_started_is_cancelled_and_not_closed() {
    let mut world = World::new();
    let job = world.open_job();
    let attestation = world.provider.attestation.insecure_clone();
    world
        .close_by(&attestation, &job)
        .is_refused(MarketError::WrongJobState);
}

#[test]
fn a_job_is_closed_once() {
    let mut world = World::new();
    let job = settled(&mut world);
    let attestation = world.provider.attestation.insecure_clone();
    world.close_by(&attestation, &job).succeeds();
    world
        .close_by(&attestation, &job)
        .is_refused(MarketError::WrongJobState);
}

#[test]
fn the_caller_signs() {
    let mut world = World::new();
    let job = settled(&mut world);
    let mut close = close(&world, &job);
    close.accounts[0].is_signer = false;
    world.chain.send(&[close], &[]).is_refused(ErrorCode::ConstraintSigner);
}

#[test]
fn the_refund_goes_to_the_tenants_balance_in_the_jobs_mint_alone() {
    let mut world = World::new();
    let job = settled(&mut world);
    let (usdc, tenant) = (world.usdc.clone(), world.tenant.owner());
    let stranger = Tenant::new().owner();
    world.open_balance(&stranger, &usdc);
    let other_mint = gantry_tests::token::Mint::classic(&mut world.chain, 6);
    world.register_mint(&other_mint).succeeds();
    world.open_balance(&tenant, &other_mint);
    let genuine = address::balance(&tenant, &usdc.address);
    let wrong = [
        address::balance(&stranger, &usdc.address),
        address::balance(&world.provider.owner(), &usdc.address),
        address::balance(&tenant, &other_mint.address),
    ];
    for wrong in wrong {
        let close = exchange(close(&world, &job), &genuine, &wrong);
        world
            .chain
            .send(&[close], &[&world.provider.attestation])
            .is_refused(MarketError::WrongBalance);
    }
}

#[test]
fn the_gpus_go_back_to_the_jobs_own_node() {
    let mut world = World::new();
    let job = settled(&mut world);
    let other = Provider::new();
    world.admit(&other);
    let close = exchange(close(&world, &job), &world.node_address(), &other.node(0));
    world
        .chain
        .send(&[close], &[&world.provider.attestation])
        .is_refused(ErrorCode::ConstraintAddress);
}

#[test]
fn the_stake_goes_back_to_the_jobs_own_provider() {
    let mut world = World::new();
    let job = settled(&mut world);
    let other = Provider::new();
    world.admit(&other);
    let own = address::stake(&world.provider.owner());
    let close = exchange(close(&world, &job), &own, &address::stake(&other.owner()));
    world
        .chain
        .send(&[close], &[&world.provider.attestation])
        .is_refused(MarketError::WrongStake);
}

#[test]
fn another_program_in_the_place_of_the_staking_program_is_refused() {
    let mut world = World::new();
    let job = settled(&mut world);
    let close = exchange(close(&world, &job), &staking::ID, &address::TOKEN_PROGRAM);
    world
        .chain
        .send(&[close], &[&world.provider.attestation])
        .is_refused(ErrorCode::ConstraintAddress);
}

#[test]
fn a_strangers_key_in_the_place_of_the_markets_signer_is_refused() {
    let mut world = World::new();
    let job = settled(&mut world);
    let close = exchange(close(&world, &job), &address::market_signer(), &key::fresh().pubkey());
    world
        .chain
        .send(&[close], &[&world.provider.attestation])
        .is_refused(ErrorCode::ConstraintSeeds);
}

#[test]
fn the_fee_goes_to_the_jobs_shard_and_stays_on_the_bill() {
    let mut world = World::new();
    let job = settled(&mut world);
    let fee = world.job(&job).fee;
    assert!(fee > 0);
    assert_eq!(world.fee_shard(&job).amount, 0);
    let attestation = world.provider.attestation.insecure_clone();
    world.close_by(&attestation, &job).succeeds();
    assert_eq!((world.job(&job).fee, world.job(&job).held()), (fee, 0));
    assert_eq!(world.fee_shard(&job).amount, fee);
}

#[test]
fn a_job_without_a_bill_closes_too() {
    let mut world = World::new();
    let job = world.running_job();
    let attestation = world.provider.attestation.insecure_clone();
    world.close_by(&attestation, &job).succeeds();
    assert_eq!((world.fee_shard(&job).amount, world.tenant_has()), (0, DEPOSIT));
}

#[test]
fn every_other_shard_refuses_the_fee() {
    let mut world = World::new();
    let job = settled(&mut world);
    let other_mint = gantry_tests::token::Mint::classic(&mut world.chain, 6);
    world.register_mint(&other_mint).succeeds();
    let own = address::fee_shard_of(&job, &world.usdc.address);
    let shards = |mint: Pubkey| (0..FEE_SHARDS).map(move |number| address::fee_shard(&mint, number));
    for other in shards(world.usdc.address).chain(shards(other_mint.address)) {
        if other == own {
            continue;
        }
        let close = exchange(close(&world, &job), &own, &other);
        world
            .chain
            .send(&[close], &[&world.provider.attestation])
            .is_refused(MarketError::WrongFeeShard);
    }
}

#[test]
fn a_shard_that_would_leave_64_bits_takes_no_fee() {
    let mut world = World::new();
    let job = settled(&mut world);
    let shard = address::fee_shard_of(&job, &world.usdc.address);
    // The supply of a mint is 64 bits too, so no transaction leads here.
    world.chain.alter::<FeeShard>(&shard, |shard| shard.amount = u64::MAX);
    let close = close(&world, &job);
    world
        .chain
        .simulate_unreachable(&[close], &[&world.provider.attestation])
        .is_refused(MarketError::AmountOverflow);
}
