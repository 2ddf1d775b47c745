//! The end of a job against a tenant that would rather not pay.

use gantry_protocol::UnixSeconds;
use gantry_sdk::market::state::JobState;
use std::time::Duration;
use tokio::time::{Instant, sleep};

use crate::support::{Tenant, World, until};

/// A job with one receipt that both sides signed; the tenant signs no more. Returns what that receipt claims.
async fn once_signed(world: &World, tenant: &Tenant, script: &str) -> u64 {
    tenant.start(script).await.succeeded();
    let signed = tenant.receipt(0, &world.provider_key()).await.expect("a receipt");
    tenant.countersign(&signed).await.succeeded();
    signed.receipt.metered_ms
}

fn stop(world: &World, tenant: &Tenant, ago_s: i64) {
    let mut job = world.chain.get(tenant.job);
    job.stop(UnixSeconds(world.chain.now() - ago_s)).expect("stopped");
    world.chain.set(tenant.job, job);
}

/// Closes the job as anybody may once the chain allows it.
fn close_as_soon_as_allowed(world: &World, tenant: &Tenant) {
    let mut job = world.chain.get(tenant.job);
    world.chain.shift_clock(i64::from(job.grace_window_s) + 2);
    job.conclude(UnixSeconds(world.chain.now()), false).expect("closed");
    world.chain.set(tenant.job, job);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_stops_and_withholds_the_last_signature_cannot_take_back_the_others() {
    let world = World::new();
    let tenant = world.open_job(|_| {});
    let signed_ms = once_signed(&world, &tenant, "sleep 1000").await;
    stop(&world, &tenant, 0);
    // The grace window is half a minute; what is signed is paid long before.
    let began = Instant::now();
    until("the settlement", || world.chain.get(tenant.job).metered_ms == signed_ms).await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(
        world.chain.get(tenant.job).state(),
        Some(JobState::Stopped),
        "the final receipt may still come"
    );
    close_as_soon_as_allowed(&world, &tenant);
    let job = world.ended(tenant.job).await;
    assert_eq!(job.metered_ms, signed_ms);
    assert!(job.paid > 0);
    assert_eq!(world.chain.sent(), ["start", "settle"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_signed_is_paid_at_once_also_when_the_workload_ends_by_itself() {
    let world = World::new();
    let tenant = world.open_job(|_| {});
    let signed_ms = once_signed(&world, &tenant, "sleep 0.5").await;
    let began = Instant::now();
    until("the settlement", || world.chain.get(tenant.job).metered_ms == signed_ms).await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(world.chain.get(tenant.job).state(), Some(JobState::Running));
    // The tenant thinks better of it.
    let last = tenant.sign_all(&world.provider_key()).await;
    assert_eq!(world.ended(tenant.job).await.metered_ms, last.receipt.metered_ms);
    assert_eq!(world.chain.sent(), ["start", "settle", "settle+close"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_final_receipt_is_not_waited_for_until_others_may_close_the_job() {
    let world = World::new();
    let tenant = world.open_job(|job| job.grace_window_s = 12);
    let signed_ms = once_signed(&world, &tenant, "sleep 1000").await;
    // The agent hears late of the stop: of the twelve seconds four are left, of which three are its margin.
    stop(&world, &tenant, 8);
    let began = Instant::now();
    let job = world.ended(tenant.job).await;
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    assert_eq!(job.metered_ms, signed_ms);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chains_own_clock_decides_until_when_the_final_receipt_is_waited_for() {
    let world = World::new();
    let tenant = world.open_job(|job| job.grace_window_s = 12);
    let signed_ms = once_signed(&world, &tenant, "sleep 1000").await;
    world.chain.shift_clock(8);
    stop(&world, &tenant, 8);
    let began = Instant::now();
    let job = world.ended(tenant.job).await;
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    assert_eq!(job.metered_ms, signed_ms);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_news_of_an_end_that_come_late_cost_the_tenant_nothing() {
    let world = World::with(|settings| settings.receipt_interval = Duration::from_secs(20));
    let world = world.with_late_news(Duration::from_secs(3));
    let tenant = world.open_job(|job| job.grace_window_s = 60);
    let began = Instant::now();
    tenant.start("sleep 0.5").await.succeeded();
    let last = tenant.sign_all(&world.provider_key()).await;
    assert!(began.elapsed() > Duration::from_secs(3));
    assert!(
        (400..2_000).contains(&last.receipt.metered_ms),
        "{} ms",
        last.receipt.metered_ms
    );
    sleep(Duration::from_millis(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_job_keeps_its_results_and_gives_the_rest_of_the_disk_back() {
    let world = World::new();
    let bundle = crate::support::archive(
        "run.sh",
        b"#!/bin/sh\nmkdir deep && touch deep/file && chmod 0 deep\necho x > $GANTRY_OUT/x\n",
    );
    let tenant = world.open_job_with(&bundle);
    tenant.upload(bundle).await.succeeded();
    tenant.start("./run.sh").await.succeeded();
    tenant.sign_all(&world.provider_key()).await;
    world.ended(tenant.job).await;
    let directory = world.path().join("jobs").join(tenant.job.to_string());
    until("the removal", || {
        !directory.join("bundle.tar.gz").exists() && !directory.join("work").exists()
    })
    .await;
    assert!(directory.join("output.log").exists());
    let results = tenant
        .ask(reqwest::Method::GET, "/results", Vec::new())
        .await
        .succeeded();
    assert!(!results.body.is_empty());
    assert!(
        directory.join("results.tar.gz").exists() && !directory.join("out").exists(),
        "packed, they lie here once"
    );
    tenant
        .ask(reqwest::Method::GET, "/results", Vec::new())
        .await
        .succeeded();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_silent_tenant_has_not_signed_is_claimed_and_paid_after_the_challenge_window() {
    let world = World::new();
    world.chain.pay_bonds();
    let tenant = world.open_job(|job| job.grace_window_s = 12);
    let signed_ms = once_signed(&world, &tenant, "sleep 1000").await;
    sleep(Duration::from_millis(1_500)).await;
    stop(&world, &tenant, 0);
    until("the claim", || world.chain.get(tenant.job).claimed == 1).await;
    assert_eq!(world.chain.get(tenant.job).metered_ms, signed_ms);
    let job = world.ended(tenant.job).await;
    assert!(
        job.metered_ms > signed_ms + 1_000,
        "{} ms after {signed_ms} ms",
        job.metered_ms
    );
    assert_eq!((job.co_signed_ms, job.claimed), (signed_ms, 0));
    assert_eq!(
        world.chain.sent(),
        ["start", "settle", "claim", "settle the claim+close"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_comes_back_while_the_claim_waits_signs_and_nobody_waits_any_longer() {
    let world = World::new();
    world.chain.pay_bonds();
    let tenant = world.open_job(|job| job.grace_window_s = 12);
    once_signed(&world, &tenant, "sleep 1000").await;
    sleep(Duration::from_millis(1_500)).await;
    stop(&world, &tenant, 0);
    until("the claim", || world.chain.get(tenant.job).claimed == 1).await;
    let began = Instant::now();
    let last = tenant.sign_all(&world.provider_key()).await;
    let job = world.ended(tenant.job).await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(
        (job.metered_ms, job.co_signed_ms),
        (last.receipt.metered_ms, last.receipt.metered_ms)
    );
    assert_eq!(
        world.chain.sent(),
        ["start", "settle", "claim", "settle+settle the claim+close"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_cannot_pay_the_bond_closes_at_the_last_receipt_that_both_sides_signed() {
    let world = World::new();
    let tenant = world.open_job(|job| job.grace_window_s = 12);
    let signed_ms = once_signed(&world, &tenant, "sleep 1000").await;
    sleep(Duration::from_millis(1_500)).await;
    stop(&world, &tenant, 8);
    assert_eq!(world.ended(tenant.job).await.metered_ms, signed_ms);
    assert_eq!(world.chain.sent(), ["start", "settle", "close"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_was_refuted_is_given_up_and_the_job_closed_without_it() {
    let world = World::new();
    world.chain.pay_bonds();
    let tenant = world.open_job(|job| job.grace_window_s = 12);
    let signed_ms = once_signed(&world, &tenant, "sleep 1000").await;
    sleep(Duration::from_millis(1_500)).await;
    stop(&world, &tenant, 0);
    until("the claim", || world.chain.get(tenant.job).claimed == 1).await;
    world.chain.refute(tenant.job);
    let job = world.ended(tenant.job).await;
    assert_eq!((job.metered_ms, job.claimed), (signed_ms, 0));
    assert_eq!(world.chain.sent(), ["start", "settle", "claim", "close"]);
}
