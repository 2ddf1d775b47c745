//! What goes wrong: agents that are killed, tenants that vanish, a chain that is away or refuses.

use gantry_protocol::receipt::ReceiptView;
use gantry_sdk::{
    market::{MarketError, state::JobState},
    wire::Phase,
};
use std::{fs, time::Duration};
use tokio::time::sleep;

use crate::support::{World, until};

/// Whether any process of this machine has `mark` among its arguments.
fn runs(mark: &str) -> bool {
    fs::read_dir("/proc").expect("proc").flatten().any(|entry| {
        fs::read(entry.path().join("cmdline")).is_ok_and(|text| text.ends_with(format!("{mark}\0").as_bytes()))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_agent_finds_its_workload_again_and_bills_no_gap() {
    let mut world = World::new();
    let provider = world.provider_key();
    let tenant = world.open_job(|_| {});
    tenant.start("echo one; sleep 3; echo two").await.succeeded();
    let before = tenant.receipt(1, &provider).await.expect("a receipt");
    tenant.countersign(&before).await.succeeded();

    world.kill_agent();
    let issued = before.receipt.sequence;
    sleep(Duration::from_millis(1_500)).await;
    world.start_agent();

    let tenant = world.reconnect(&tenant);
    let status = tenant.status().await;
    assert_eq!(status.phase, Phase::Running);
    assert!(status.sequence >= issued);
    let ((output, exit), last) = tokio::join!(tenant.log(), tenant.sign_all(&provider));
    assert_eq!(String::from_utf8_lossy(&output), "one\ntwo\n");
    assert_eq!(exit.code, Some(0));
    // Three seconds, less the one and a half in which nobody looked.
    assert!(
        (500..2_500).contains(&last.receipt.metered_ms),
        "{}",
        last.receipt.metered_ms
    );
    assert!(last.receipt.sequence > issued && last.receipt.metered_ms >= before.receipt.metered_ms);
    assert_eq!(world.ended(tenant.job).await.metered_ms, last.receipt.metered_ms);
    assert_eq!(world.chain.sent()[0], "start", "it is started once");
    assert_eq!(
        world.chain.sent().iter().filter(|sent| sent.contains("start")).count(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workload_that_ends_while_the_agent_is_dead_is_billed_up_to_the_last_receipt() {
    let mut world = World::new();
    let provider = world.provider_key();
    let tenant = world.open_job(|_| {});
    tenant.start("sleep 1; exit 4").await.succeeded();
    let before = tenant.receipt(0, &provider).await.expect("a receipt");
    world.kill_agent();
    sleep(Duration::from_millis(1_500)).await;
    world.start_agent();
    let tenant = world.reconnect(&tenant);
    let last = tenant.sign_all(&provider).await;
    assert!(last.receipt.metered_ms < 1_000 && last.receipt.metered_ms >= before.receipt.metered_ms);
    assert_eq!(tenant.log().await.1.code, Some(4));
    world.ended(tenant.job).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_killed_after_the_start_was_confirmed_goes_on_as_if_it_had_heard_of_it() {
    let mut world = World::new();
    let tenant = world.open_job(|_| {});
    tenant.status().await;
    // The order reaches the disk and the chain, the chain's answer never reaches the agent.
    world.chain.lose_next_answer();
    let answer = tenant.start("echo went").await;
    assert!(answer.detail().contains("the chain is away"), "{}", answer.detail());
    world.kill_agent();
    world.start_agent();
    let tenant = world.reconnect(&tenant);
    tenant.sign_all(&world.provider_key()).await;
    assert_eq!(tenant.log().await.0, b"went\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_tenant_costs_no_more_than_the_grace_window() {
    let world = World::new();
    let mark = format!("1000.{}3", std::process::id());
    let tenant = world.open_job(|job| job.grace_window_s = 1);
    tenant.start(&format!("sleep {mark}")).await.succeeded();
    let signed = tenant.receipt(0, &world.provider_key()).await.expect("a receipt");
    tenant.countersign(&signed).await.succeeded();
    until("the workload", || runs(&mark)).await;
    // From here on the tenant says nothing.
    let job = world.ended(tenant.job).await;
    assert!(!runs(&mark), "the workload goes on unpaid");
    assert_eq!(
        job.metered_ms, signed.receipt.metered_ms,
        "the last receipt that both signed is paid"
    );
    assert!(job.refund > 0);
    let (_, exit) = tenant.log().await;
    assert!(exit.reason.is_some_and(|reason| reason.contains("stopped signing")));
    let claimed = tenant.status().await.metered_ms - signed.receipt.metered_ms;
    assert!((1_000..3_500).contains(&claimed), "{claimed} ms were worked unpaid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_gets_no_command_returns_its_escrow() {
    let world = World::new();
    let tenant = world.open_job(|job| job.start_deadline = job.opened_at);
    let job = world.ended(tenant.job).await;
    assert_eq!((job.state(), job.refund), (Some(JobState::Cancelled), job.escrow));
    assert!(tenant.start("true").await.detail().contains("no command came"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_on_chain_ends_the_workload_and_the_last_receipt_is_settled() {
    let world = World::new();
    let provider = world.provider_key();
    let mark = format!("1000.{}4", std::process::id());
    let tenant = world.open_job(|job| job.grace_window_s = 2);
    tenant.start(&format!("sleep {mark}")).await.succeeded();
    let signed = tenant.receipt(0, &provider).await.expect("a receipt");
    tenant.countersign(&signed).await.succeeded();
    until("the workload", || runs(&mark)).await;
    let mut job = world.chain.get(tenant.job);
    job.stop(gantry_protocol::UnixSeconds(world.chain.now()))
        .expect("stopped");
    world.chain.set(tenant.job, job);
    let ended = world.ended(tenant.job).await;
    assert!(!runs(&mark));
    assert_eq!(ended.metered_ms, signed.receipt.metered_ms);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_closed_on_chain_leaves_nothing_running() {
    let world = World::new();
    let mark = format!("1000.{}5", std::process::id());
    let tenant = world.open_job(|_| {});
    tenant.start(&format!("sleep {mark}")).await.succeeded();
    until("the workload", || runs(&mark)).await;
    let mut job = world.chain.get(tenant.job);
    job.conclude(gantry_protocol::UnixSeconds(world.chain.now()), true)
        .expect("closed");
    world.chain.set(tenant.job, job);
    until("the end of the workload", || !runs(&mark)).await;
    let began = std::time::Instant::now();
    while tenant.status().await.phase != Phase::Closed {
        assert!(began.elapsed() < Duration::from_secs(20));
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_runs_on_chain_but_not_in_this_log_is_closed_unsigned() {
    let world = World::new();
    let tenant = world.open_job(|job| {
        job.state = JobState::Running as u8;
        job.started_at = job.opened_at;
    });
    let job = world.ended(tenant.job).await;
    assert_eq!((job.paid, job.refund), (0, job.escrow));
    assert_eq!(tenant.status().await.sequence, 0, "nothing was signed for it");
}

#[tokio::test(flavor = "multi_thread")]
async fn metering_and_receipts_go_on_while_the_chain_is_away_and_are_settled_when_it_is_back() {
    let world = World::new();
    let tenant = world.open_job(|_| {});
    tenant.start("sleep 1").await.succeeded();
    world.chain.be_away(true);
    let last = tenant.sign_all(&world.provider_key()).await;
    gantry_agent::settle::settle_once(&world.jobs(), &world.services()).await;
    assert_eq!(world.chain.sent(), ["start"]);
    sleep(Duration::from_millis(700)).await;
    world.chain.be_away(false);
    assert_eq!(world.ended(tenant.job).await.metered_ms, last.receipt.metered_ms);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_whose_clock_is_behind_is_asked_again() {
    let world = World::new();
    let tenant = world.open_job(|_| {});
    tenant.start("sleep 2.5").await.succeeded();
    let provider = world.provider_key();
    // Its clock stands still for a while: the receipt claims more time than has passed there.
    world.chain.shift_clock(-3);
    let last = tenant.sign_all(&provider).await;
    assert!(last.receipt.metered_ms > 2_000);
    sleep(Duration::from_millis(500)).await;
    assert_eq!(
        world.chain.get(tenant.job).state(),
        Some(JobState::Running),
        "too early on chain"
    );
    assert_eq!(world.ended(tenant.job).await.metered_ms, last.receipt.metered_ms);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_settles_and_closes_first_is_as_good() {
    let world = World::new();
    let provider = world.provider_key();
    let tenant = world.open_job(|_| {});
    tenant.start("sleep 0.4").await.succeeded();
    // Loses the race: its own transaction is refused, for the job is closed already.
    world.chain.refuse_next(MarketError::WrongJobState);
    let mut newest = 0;
    let last = loop {
        let signed = tenant.receipt(newest, &provider).await.expect("a receipt");
        newest = signed.receipt.sequence;
        if signed.receipt.is_final() {
            break signed;
        }
        tenant.countersign(&signed).await.succeeded();
    };
    let mut job = world.chain.get(tenant.job);
    let now = gantry_protocol::UnixSeconds(world.chain.now());
    let bytes = last.receipt.to_bytes();
    job.settle(ReceiptView::of(&bytes).expect("a receipt"), now)
        .expect("settled");
    job.conclude(now, false).expect("closed");
    world.chain.set(tenant.job, job);
    let began = std::time::Instant::now();
    while tenant.status().await.phase != Phase::Closed {
        assert!(began.elapsed() < Duration::from_secs(20));
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_jobs_files_go_after_their_time() {
    let world = World::with(|settings| settings.keep_ended = Duration::from_millis(300));
    let tenant = world.open_job(|_| {});
    // Files that even their owner cannot enter.
    tenant
        .start("mkdir $GANTRY_OUT/closed && touch $GANTRY_OUT/closed/file && chmod 0 $GANTRY_OUT/closed")
        .await
        .succeeded();
    tenant.sign_all(&world.provider_key()).await;
    world.ended(tenant.job).await;
    let directory = world.path().join("jobs").join(tenant.job.to_string());
    until("the files' removal", || !directory.exists()).await;
    until("forgetting", || world.jobs().all().is_empty()).await;
}
