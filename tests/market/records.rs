//! What jobs and faults write into the records of provider and tenant.

use gantry_protocol::{
    Receipt, UnixSeconds,
    decay::HALF_LIFE_S,
    fault::Fault,
    limits::CHALLENGE_WINDOW_S,
    reputation::{COUNT_ONE, NEWCOMER_SCORE, UNSTARTED_S, score},
};
use gantry_sdk::{
    Pubkey, Signer, address,
    event::Event,
    instruction::market as instruction,
    receipt::{Evidence, ProviderReceipt, sign},
};
use gantry_tests::{
    forge::exchange,
    key,
    outcome::Outcome,
    parties::{DURATION_S, FEE_BPS, GRACE_WINDOW_S, Provider, RATE, REFERENCE_PRICE, START_DEADLINE_S, Tenant},
    signatures::next_receipt,
    world::World,
};
use market::{
    MarketError,
    events::{ProviderRecorded, TenantRecorded},
    state::{Claim, Record},
};

/// The value of the fee of so much time of one GPU, in base units of GNT, by the definition.
fn weight(ms: u64) -> u64 {
    let owed = u128::from(RATE) * u128::from(ms) / 1_000_000_000;
    let fee = owed * u128::from(FEE_BPS) / 10_000;
    u64::try_from(fee * u128::from(REFERENCE_PRICE) / 1_000_000).unwrap()
}

/// A job that has run for so many seconds, with a co-signed receipt of so many milliseconds.
fn used(world: &mut World, seconds: i64, metered_ms: u64) -> Pubkey {
    let job = world.running_job();
    world.chain.advance(seconds);
    let receipt = world.receipt(&job, metered_ms);
    world.settle(&receipt).succeeds();
    job
}

fn close_by_provider(world: &mut World, job: &Pubkey) {
    let key = world.provider.attestation.insecure_clone();
    world.close_by(&key, job).succeeds();
}

/// Of a record without past: fees, promised, kept in milliseconds of one GPU; completed and failed jobs.
fn record(world: &World, fees_ms: u64, promised_ms: u64, kept_ms: u64, completed: u64, failed: u64) -> Record {
    Record {
        as_of: world.chain.now(),
        fees: weight(fees_ms),
        promised: weight(promised_ms),
        kept: weight(kept_ms),
        completed: completed * COUNT_ONE,
        failed: failed * COUNT_ONE,
        faults: 0,
    }
}

#[test]
fn a_job_that_both_sides_ended_is_kept_by_both_and_its_events_say_so() {
    let mut world = World::new();
    let job = world.running_job();
    world.chain.advance(300);
    let receipt = world.final_receipt(&job, 290_000);
    world.settle(&receipt).succeeds();
    let done = world.close(&job).succeeds();
    let expected = record(&world, 290_000, 290_000, 290_000, 1, 0);
    assert!(expected.fees > 0);
    assert_eq!((world.provider_record(), world.tenant_record()), (expected, expected));
    let provider = ProviderRecorded {
        provider: world.provider.account(),
        job,
        record: expected,
    };
    let tenant = TenantRecorded {
        tenant: address::tenant(&world.tenant.owner()),
        job,
        record: expected,
    };
    assert_eq!(
        done.events()[2..],
        [Event::ProviderRecorded(provider), Event::TenantRecorded(tenant)]
    );
}

#[test]
fn after_a_stop_as_much_as_the_grace_window_may_be_missing_and_no_more() {
    for (missing_s, is_kept) in [(GRACE_WINDOW_S, true), (GRACE_WINDOW_S + 1, false)] {
        let mut world = World::new();
        let metered_ms = 1_000 * u64::from(100 - missing_s);
        let job = used(&mut world, 100, metered_ms);
        world.stop(&job).succeeds();
        close_by_provider(&mut world, &job);
        let kept_ms = if is_kept { metered_ms } else { 0 };
        let (completed, failed) = (u64::from(is_kept), u64::from(!is_kept));
        let provider = record(&world, metered_ms, 100_000, kept_ms, completed, failed);
        assert_eq!(world.provider_record(), provider, "{missing_s}");
        // The tenant has signed everything that it pays.
        let tenant = record(&world, metered_ms, metered_ms, metered_ms, 1, 0);
        assert_eq!(world.tenant_record(), tenant, "{missing_s}");
    }
}

#[test]
fn what_is_promised_ends_with_the_rented_time_however_late_the_job_is_stopped_or_closed() {
    for is_stopped in [false, true] {
        let mut world = World::new();
        let duration_ms = 1_000 * u64::from(DURATION_S);
        let job = used(&mut world, i64::from(DURATION_S), duration_ms);
        world.chain.advance(100_000);
        if is_stopped {
            world.stop(&job).succeeds();
            world.chain.advance(100_000);
        }
        world.close(&job).succeeds();
        let expected = record(&world, duration_ms, duration_ms, duration_ms, 1, 0);
        assert_eq!((world.provider_record(), world.tenant_record()), (expected, expected));
    }
}

#[test]
fn a_provider_that_leaves_before_the_end_has_kept_nothing_of_the_job() {
    let mut world = World::new();
    let job = used(&mut world, 300, 300_000);
    close_by_provider(&mut world, &job);
    assert_eq!(world.provider_record(), record(&world, 300_000, 300_000, 0, 0, 1));
    assert_eq!(world.tenant_record(), record(&world, 300_000, 300_000, 300_000, 1, 0));
}

#[test]
fn a_provider_that_went_dark_answers_for_the_time_until_the_tenants_stop() {
    let mut world = World::new();
    let job = used(&mut world, 60, 60_000);
    world.chain.advance(140);
    world.stop(&job).succeeds();
    world.chain.advance(i64::from(GRACE_WINDOW_S) + 1);
    world.close(&job).succeeds();
    assert_eq!(world.provider_record(), record(&world, 60_000, 200_000, 0, 0, 1));
    assert_eq!(world.tenant_record(), record(&world, 60_000, 60_000, 60_000, 1, 0));
}

#[test]
fn what_had_to_be_claimed_is_what_the_tenant_has_not_kept() {
    let mut world = World::new();
    let job = used(&mut world, 60, 60_000);
    world.chain.advance(20);
    world.stop(&job).succeeds();
    let key = world.provider.attestation.insecure_clone();
    let receipt = next_receipt(&job, &world.job(&job), 80_000);
    let receipt = ProviderReceipt {
        receipt,
        key: key.pubkey(),
        signature: sign(&key, &receipt),
    };
    let open = instruction::claim_open(&receipt, &world.job(&job));
    world.chain.send(&open, &[&key]).succeeds();
    world.chain.advance(i64::from(CHALLENGE_WINDOW_S));
    let claim: Claim = world.chain.get(&address::claim(&job));
    let settle = instruction::claim_settle(&claim, &world.job(&job));
    world.chain.send(&[settle], &[]).succeeds();
    close_by_provider(&mut world, &job);
    assert_eq!(world.tenant_record(), record(&world, 80_000, 80_000, 60_000, 0, 1));
    // Nobody knows whether it was the tenant who fell silent, so the provider keeps no more of it; but the job ran its time.
    assert_eq!(world.provider_record(), record(&world, 80_000, 80_000, 60_000, 1, 0));
}

#[test]
fn a_job_that_was_never_started_costs_both_a_minute_of_its_rate_at_most() {
    let mut world = World::new();
    let job = world.open_job();
    world.chain.advance(i64::from(START_DEADLINE_S) + 1);
    let done = world.cancel(&job).succeeds();
    let minute = 1_000 * u64::from(UNSTARTED_S.min(START_DEADLINE_S));
    let expected = record(&world, 0, minute, 0, 0, 1);
    assert_eq!((world.provider_record(), world.tenant_record()), (expected, expected));
    assert_eq!(done.events().len(), 4);
}

#[test]
fn a_job_that_the_provider_refused_is_its_own_act_alone() {
    let mut world = World::new();
    let job = world.open_job();
    world.chain.advance(i64::from(START_DEADLINE_S));
    let key = world.provider.attestation.insecure_clone();
    let done = world.cancel_by(&key, &job).succeeds();
    let minute = 1_000 * u64::from(UNSTARTED_S.min(START_DEADLINE_S));
    assert_eq!(world.provider_record(), record(&world, 0, minute, 0, 0, 1));
    assert_eq!(world.tenant_record(), Record::default());
    assert_eq!(done.events().len(), 3);
}

#[test]
fn half_of_everything_is_left_after_a_half_life() {
    let mut world = World::new();
    world.closed_job();
    let before = world.provider_record();
    world.chain.advance(i64::from(HALF_LIFE_S));
    world.heartbeat().succeeds();
    let job = world.open_job();
    let key = world.provider.attestation.insecure_clone();
    world.cancel_by(&key, &job).succeeds();
    let after = world.provider_record();
    assert_eq!((after.fees, after.kept), (before.fees / 2, before.kept / 2));
    assert_eq!((after.completed, after.failed), (COUNT_ONE / 2, COUNT_ONE));
    assert_eq!(after.as_of, before.as_of + i64::from(HALF_LIFE_S));
}

#[test]
fn the_score_on_chain_is_the_protocols_and_a_fault_leaves_a_tenth_of_it() {
    let mut world = World::new();
    assert_eq!(score(&world.provider_record().facts()), NEWCOMER_SCORE);
    for _ in 0..5 {
        world.heartbeat().succeeds();
        world.closed_job();
    }
    let now = UnixSeconds(world.chain.now());
    let before = world.provider_record().facts().score_at(now);
    assert!(before >= NEWCOMER_SCORE);
    let job = world.running_job();
    prove_equivocation(&mut world, &job).succeeds();
    let after = world.provider_record();
    assert_eq!(after.faults, COUNT_ONE);
    assert_eq!(after.facts().score_at(now), before / 10);
    assert_eq!(world.tenant_record().faults, 0);
}

/// Two contents of one sequence, shown by the deployer.
fn prove_equivocation(world: &mut World, job: &Pubkey) -> Outcome {
    let key = world.provider.attestation.insecure_clone();
    let first = next_receipt(job, &world.job(job), 1_000);
    let second = Receipt { time_ms: 1, ..first };
    let evidence = Evidence {
        key: key.pubkey(),
        first: (first, sign(&key, &first)),
        second: (second, sign(&key, &second)),
    };
    let (gnt, reporter) = (world.gnt.clone(), world.deployer.insecure_clone());
    let bounty = gnt.account_of(&mut world.chain, &reporter.pubkey());
    let prove = instruction::fault_prove(
        reporter.pubkey(),
        &evidence,
        Fault::Equivocation,
        world.provider.owner(),
        gnt.address,
        gnt.token_program,
        bounty,
    );
    world.chain.send(&prove, &[&reporter])
}

#[test]
fn a_fault_is_noted_in_the_record_with_an_event() {
    let mut world = World::new();
    let job = world.running_job();
    let done = prove_equivocation(&mut world, &job).succeeds();
    let recorded = ProviderRecorded {
        provider: world.provider.account(),
        job,
        record: Record {
            as_of: world.chain.now(),
            faults: COUNT_ONE,
            ..Record::default()
        },
    };
    assert_eq!(done.events()[2..], [Event::ProviderRecorded(recorded)]);
}

#[test]
fn a_job_ends_in_the_records_of_its_own_sides_alone() {
    let mut world = World::new();
    let (rival, guest) = (Provider::new(), Tenant::new().owner());
    world.admit(&rival);
    world.open_tenant(&guest);
    let job = world.open_job();
    world.chain.advance(i64::from(START_DEADLINE_S) + 1);
    let caller = key::fresh();
    world.chain.fund(&caller.pubkey());
    let cancel = instruction::job_cancel(caller.pubkey(), job, &world.job(&job));
    let to_rival = exchange(cancel.clone(), &world.provider.account(), &rival.account());
    world
        .chain
        .send(&[to_rival], &[&caller])
        .is_refused(MarketError::WrongProvider);
    let to_guest = exchange(
        cancel,
        &address::tenant(&world.tenant.owner()),
        &address::tenant(&guest),
    );
    world
        .chain
        .send(&[to_guest], &[&caller])
        .is_refused(MarketError::WrongTenant);
}
