//! A provider's planned exit.

use gantry_protocol::limits::{EXIT_NOTICE_S, MAX_JOB_DURATION_S};
use gantry_sdk::{Keypair, Pubkey, Signer, event::Event, instruction::market as instruction};
use gantry_tests::{key, outcome::Outcome, parties::GRACE_WINDOW_S, world::World};
use market::{JobTerms, MarketError, events::JobExitAnnounced, state::JobState};

const NOTICE_S: i64 = EXIT_NOTICE_S as i64;
const GRACE_S: i64 = GRACE_WINDOW_S as i64;
/// Longer than any notice in these tests.
const HOUR_S: u32 = 3_600;

/// A job for an hour, not started yet.
fn opened() -> (World, Pubkey) {
    let mut world = World::new();
    let terms = JobTerms {
        max_duration_s: HOUR_S,
        ..world.tenant.terms(1)
    };
    let job = world.open_with(terms);
    (world, job)
}

/// A job for an hour that has just begun.
fn started() -> (World, Pubkey) {
    let (mut world, job) = opened();
    world.start(&job).succeeds();
    (world, job)
}

fn exit_by(world: &mut World, caller: &Keypair, job: &Pubkey, exits_at: i64) -> Outcome {
    let exit = instruction::job_exit(caller.pubkey(), *job, exits_at);
    world.chain.send(&[exit], &[caller])
}

fn exit(world: &mut World, job: &Pubkey, exits_at: i64) -> Outcome {
    let attestation = world.provider.attestation.insecure_clone();
    exit_by(world, &attestation, job, exits_at)
}

/// Announces the exit that is nearest; returns its moment.
fn announced(world: &mut World, job: &Pubkey) -> i64 {
    let exits_at = world.chain.now() + NOTICE_S;
    exit(world, job, exits_at).succeeds();
    exits_at
}

#[test]
fn an_exit_is_written_down_and_told() {
    let (mut world, job) = started();
    let exits_at = world.chain.now() + NOTICE_S;
    let done = exit(&mut world, &job, exits_at).succeeds();
    let at = world.chain.now();
    assert_eq!(world.job(&job).exits_at, exits_at);
    let event = JobExitAnnounced { job, exits_at, at };
    assert_eq!(done.event(), Event::JobExitAnnounced(event));
}

#[test]
fn the_providers_wallet_and_the_jobs_attestation_key_announce_and_nobody_else() {
    let (mut world, job) = started();
    let exits_at = world.chain.now() + NOTICE_S;
    for stranger in [
        world.tenant.wallet.insecure_clone(),
        world.tenant.session.insecure_clone(),
        key::fresh(),
    ] {
        exit_by(&mut world, &stranger, &job, exits_at).is_refused(MarketError::NotProvider);
    }
    let wallet = world.provider.wallet.insecure_clone();
    exit_by(&mut world, &wallet, &job, exits_at).succeeds();
    exit(&mut world, &job, exits_at + 1).succeeds();
}

#[test]
fn the_notice_is_ten_minutes_to_the_second_and_at_most_a_year() {
    let (mut world, job) = started();
    let now = world.chain.now();
    let year_s = i64::from(MAX_JOB_DURATION_S);
    for out_of_reach in [now + NOTICE_S - 1, now, 0, i64::MIN, now + year_s + 1, i64::MAX] {
        exit(&mut world, &job, out_of_reach).is_refused(MarketError::InvalidExit);
    }
    exit(&mut world, &job, now + NOTICE_S).succeeds();
    exit(&mut world, &job, now + year_s).succeeds();
}

#[test]
fn an_exit_moves_later_but_never_nearer() {
    let (mut world, job) = started();
    let first = world.chain.now() + NOTICE_S + 100;
    exit(&mut world, &job, first).succeeds();
    exit(&mut world, &job, first - 1).is_refused(MarketError::InvalidExit);
    exit(&mut world, &job, first).succeeds();
    exit(&mut world, &job, first + 50).succeeds();
    assert_eq!(world.job(&job).exits_at, first + 50);
}

#[test]
fn no_time_after_the_exit_is_billed() {
    let (mut world, job) = started();
    announced(&mut world, &job);
    world.chain.advance(NOTICE_S + GRACE_S);
    let too_much = world.receipt(&job, u64::from(EXIT_NOTICE_S) * 1_000 + 1_001);
    world
        .settle(&too_much)
        .is_refused_at(1, MarketError::UsageExceedsElapsed);
    let most = world.receipt(&job, u64::from(EXIT_NOTICE_S) * 1_000 + 1_000);
    world.settle(&most).succeeds();
}

#[test]
fn a_stop_after_the_exit_buys_no_time_and_keeps_nothing_open() {
    let (mut world, job) = started();
    announced(&mut world, &job);
    world.chain.advance(NOTICE_S + 20);
    world.stop(&job).succeeds();
    let too_much = world.receipt(&job, u64::from(EXIT_NOTICE_S) * 1_000 + 1_001);
    world
        .settle(&too_much)
        .is_refused_at(1, MarketError::UsageExceedsElapsed);
    world.chain.advance(GRACE_S - 20);
    world.close(&job).is_refused(MarketError::GraceWindowOpen);
    world.chain.advance(1);
    world.close(&job).succeeds();
}

#[test]
fn after_the_exit_and_the_grace_window_anyone_closes() {
    let (mut world, job) = started();
    let escrow = world.job(&job).escrow;
    announced(&mut world, &job);
    world.chain.advance(NOTICE_S);
    let receipt = world.receipt(&job, 60_000);
    world.settle(&receipt).succeeds();
    world.chain.advance(GRACE_S);
    world.close(&job).is_refused(MarketError::GraceWindowOpen);
    world.chain.advance(1);
    world.close(&job).succeeds();
    let closed = world.job(&job);
    assert_eq!(closed.state(), Some(JobState::Closed));
    assert_eq!(closed.refund, escrow - closed.owed);
}

#[test]
fn an_exit_beyond_the_rented_time_changes_nothing() {
    let (mut world, job) = started();
    let beyond = world.chain.now() + i64::from(HOUR_S) + 100;
    exit(&mut world, &job, beyond).succeeds();
    world.chain.advance(i64::from(HOUR_S) + GRACE_S);
    world.close(&job).is_refused(MarketError::GraceWindowOpen);
    world.chain.advance(1);
    world.close(&job).succeeds();
}

#[test]
fn an_exit_that_has_come_is_final() {
    let (mut world, job) = started();
    let exits_at = announced(&mut world, &job);
    world.chain.advance(NOTICE_S);
    exit(&mut world, &job, exits_at + 2 * NOTICE_S).succeeds();
    world.chain.advance(2 * NOTICE_S + 1);
    let later = world.chain.now() + NOTICE_S;
    exit(&mut world, &job, later).is_refused(MarketError::JobExpired);
    // Nor does the tenant rent beyond it.
    let extend = instruction::job_extend(job, &world.job(&job), 2 * HOUR_S);
    world
        .chain
        .send(&[extend], &[&world.tenant.wallet])
        .is_refused(MarketError::JobExpired);
}

#[test]
fn a_job_is_not_started_after_its_exit_but_cancelled() {
    let mut world = World::new();
    let authority = world.authority.pubkey();
    let parameters = market::MarketParameters {
        start_deadline_s: HOUR_S,
        ..gantry_tests::parties::market_parameters(authority)
    };
    let update = instruction::config_update(authority, parameters);
    world.chain.send(&[update], &[&world.authority]).succeeds();
    let job = world.open_job();
    announced(&mut world, &job);
    world.chain.advance(NOTICE_S + 1);
    world.start(&job).is_refused(MarketError::JobExpired);
    let later = world.chain.now() + NOTICE_S;
    exit(&mut world, &job, later).is_refused(MarketError::JobExpired);
    world.chain.advance(i64::from(HOUR_S) - NOTICE_S);
    world.cancel(&job).succeeds();
}

#[test]
fn neither_an_ended_nor_a_stopped_nor_a_finished_job_has_an_exit() {
    let (mut world, stopped) = started();
    let exits_at = world.chain.now() + 2 * NOTICE_S;
    world.stop(&stopped).succeeds();
    exit(&mut world, &stopped, exits_at).is_refused(MarketError::WrongJobState);
    let finished = world.running_job();
    world.chain.advance(5);
    let last = world.final_receipt(&finished, 5_000);
    world.settle(&last).succeeds();
    exit(&mut world, &finished, exits_at).is_refused(MarketError::WrongJobState);
    world.close(&finished).succeeds();
    exit(&mut world, &finished, exits_at).is_refused(MarketError::WrongJobState);
}

#[test]
fn a_claim_reaches_no_further_than_the_exit() {
    use gantry_sdk::receipt::{ProviderReceipt, sign};
    use gantry_tests::signatures::next_receipt;

    let (mut world, job) = started();
    announced(&mut world, &job);
    world.chain.advance(NOTICE_S);
    let receipt = world.receipt(&job, u64::from(EXIT_NOTICE_S) * 1_000);
    world.settle(&receipt).succeeds();
    world.chain.advance(GRACE_S);
    let mut claim = |metered_ms: u64| {
        let receipt = next_receipt(&job, &world.job(&job), metered_ms);
        let attestation = &world.provider.attestation;
        let signed = ProviderReceipt {
            receipt,
            key: attestation.pubkey(),
            signature: sign(attestation, &receipt),
        };
        let open = instruction::claim_open(&signed, &world.job(&job));
        world.chain.send(&open, &[attestation])
    };
    claim(u64::from(EXIT_NOTICE_S) * 1_000 + 1_001).is_refused_at(1, MarketError::UsageExceedsElapsed);
    claim(u64::from(EXIT_NOTICE_S) * 1_000 + 1_000).succeeds();
}
