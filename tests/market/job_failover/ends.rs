//! Which ends of a job it is re-opened after.

use gantry_protocol::limits::{EXIT_NOTICE_S, FAILOVER_WINDOW_S};
use gantry_sdk::{Signer, instruction::market as instruction};
use gantry_tests::parties::{DURATION_S, START_DEADLINE_S};
use market::{JobTerms, MarketError, state::JobState};

use super::{LEFT_S, Lost, Wish};

const WINDOW_S: i64 = FAILOVER_WINDOW_S as i64;
const NOTICE_S: i64 = EXIT_NOTICE_S as i64;

#[test]
fn a_job_is_re_opened_within_an_hour_of_its_end_to_the_second() {
    let after = |seconds: i64| {
        let mut lost = Lost::new();
        lost.world.chain.advance(seconds);
        lost.beat();
        let wish = lost.wish();
        lost.fail_over(&wish)
    };
    after(WINDOW_S).succeeds();
    after(WINDOW_S + 1).is_refused(MarketError::FailoverTooLate);
}

#[test]
fn neither_a_living_nor_a_finished_job_nor_one_with_nothing_left_is_re_opened() {
    let mut running = Lost::running();
    let wish = running.wish();
    running.fail_over(&wish).is_refused(MarketError::NothingToFailOver);
    running.world.stop(&running.job).succeeds();
    running.fail_over(&wish).is_refused(MarketError::NothingToFailOver);

    let mut finished = Lost::running();
    let last = finished.world.final_receipt(&finished.job, 10_000);
    finished.world.settle(&last).succeeds();
    finished.world.close(&finished.job).succeeds();
    let wish = finished.wish();
    finished.fail_over(&wish).is_refused(MarketError::NothingToFailOver);

    let mut used = Lost::running();
    used.world.chain.advance(i64::from(LEFT_S));
    let all = used.world.receipt(&used.job, u64::from(DURATION_S) * 1_000);
    used.world.settle(&all).succeeds();
    used.close();
    let wish = Wish {
        max_duration_s: 1,
        ..used.wish()
    };
    used.fail_over(&wish).is_refused(MarketError::NothingToFailOver);
}

#[test]
fn a_job_that_its_node_never_started_is_re_opened_whole() {
    let mut lost = Lost::running();
    lost.world.heartbeat().succeeds();
    lost.job = lost.world.open_job();
    let wish = Wish {
        max_duration_s: DURATION_S,
        ..lost.wish()
    };
    lost.fail_over(&wish).is_refused(MarketError::NothingToFailOver);
    lost.world.chain.advance(i64::from(START_DEADLINE_S) + 1);
    lost.world.cancel(&lost.job).succeeds();
    lost.beat();
    lost.fail_over(&wish).succeeds();
    let (former, successor) = (lost.world.job(&lost.job), lost.world.job(&lost.successor()));
    assert_eq!(former.state(), Some(JobState::Cancelled));
    assert_eq!(successor.escrow, former.escrow);
}

/// A job for an hour whose provider has announced that it ends it in ten minutes, half of which have passed.
fn leaving() -> Lost {
    let mut lost = Lost::running();
    let terms = JobTerms {
        max_duration_s: 3_600,
        ..lost.world.tenant.terms(1)
    };
    lost.world.heartbeat().succeeds();
    lost.job = lost.world.open_with(terms);
    lost.world.start(&lost.job).succeeds();
    let exits_at = lost.world.chain.now() + NOTICE_S;
    let attestation = lost.world.provider.attestation.insecure_clone();
    let exit = instruction::job_exit(attestation.pubkey(), lost.job, exits_at);
    lost.world.chain.send(&[exit], &[&attestation]).succeeds();
    lost.world.chain.advance(NOTICE_S / 2);
    lost
}

/// Both sides agree that nothing more is metered, and the job is closed.
fn finish(lost: &mut Lost, metered_s: i64) {
    let last = lost.world.final_receipt(&lost.job, metered_s.unsigned_abs() * 1_000);
    lost.world.settle(&last).succeeds();
    lost.world.close(&lost.job).succeeds();
    lost.beat();
}

#[test]
fn a_job_with_an_announced_exit_is_re_opened_although_both_signed_a_final_receipt_at_the_exit_or_before() {
    let mut at_the_exit = leaving();
    at_the_exit.world.chain.advance(NOTICE_S / 2);
    finish(&mut at_the_exit, NOTICE_S);
    let wish = Wish {
        max_duration_s: 3_000,
        ..at_the_exit.wish()
    };
    at_the_exit.fail_over(&wish).succeeds();

    let mut in_time = leaving();
    finish(&mut in_time, NOTICE_S / 2);
    let wish = Wish {
        max_duration_s: 3_300,
        ..in_time.wish()
    };
    in_time.fail_over(&wish).succeeds();
}
