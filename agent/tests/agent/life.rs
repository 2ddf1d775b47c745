//! What happens to a job under way: another session key, the provider's exit.

use gantry_agent::settle::settle_forever;
use gantry_protocol::UnixSeconds;
use gantry_sdk::{Keypair, Signer, market::state::JobState};
use reqwest::{Method, StatusCode};
use std::time::Duration;
use tokio::time::{Instant, sleep};

use crate::support::{Tenant, World, until};

/// No settlement comes by itself within this.
const SELDOM: Duration = Duration::from_secs(3_600);

/// The tenant's wallet gives the job a new session key, at this moment of the chain's clock. Returns the tenant with that key.
fn rotate(world: &World, tenant: &Tenant, at: i64) -> Tenant {
    let new = Keypair::new();
    let mut job = world.chain.get(tenant.job);
    job.rotate_session(new.pubkey(), UnixSeconds(at)).expect("rotated");
    world.chain.set(tenant.job, job);
    world.tenant_of(tenant.job, new)
}

/// Signs the newest receipt; returns what it claims.
async fn sign_once(world: &World, tenant: &Tenant) -> u64 {
    let signed = tenant.receipt(0, &world.provider_key()).await.expect("a receipt");
    tenant.countersign(&signed).await.succeeded();
    signed.receipt.metered_ms
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_rotation_the_new_key_alone_speaks_for_the_job_and_what_the_old_one_signed_is_paid_at_once() {
    let world = World::new();
    let old = world.open_job(|_| {});
    let settler = tokio::spawn(settle_forever(world.jobs(), world.services(), SELDOM));
    old.start("sleep 1000").await.succeeded();
    let signed_ms = sign_once(&world, &old).await;
    let began = Instant::now();
    let new = rotate(&world, &old, world.chain.now());
    until("the settlement", || world.chain.get(old.job).metered_ms == signed_ms).await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(
        old.ask(Method::GET, "", Vec::new()).await.status,
        StatusCode::UNAUTHORIZED
    );
    new.finish().await.succeeded();
    let last = new.sign_all(&world.provider_key()).await;
    let job = world.ended(new.job).await;
    assert_eq!((job.is_final, job.metered_ms), (1, last.receipt.metered_ms));
    assert_eq!(world.chain.sent(), ["start", "settle", "settle+close"]);
    settler.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_old_key_signed_is_sent_again_while_the_chain_is_away() {
    let world = World::new();
    let old = world.open_job(|_| {});
    let settler = tokio::spawn(settle_forever(world.jobs(), world.services(), SELDOM));
    old.start("sleep 1000").await.succeeded();
    let signed_ms = sign_once(&world, &old).await;
    world.chain.be_away(true);
    rotate(&world, &old, world.chain.now());
    sleep(Duration::from_millis(500)).await;
    world.chain.be_away(false);
    until("the settlement", || world.chain.get(old.job).metered_ms == signed_ms).await;
    settler.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_of_the_old_key_for_time_after_the_rotation_counts_for_nothing() {
    let world = World::new();
    world.chain.pay_bonds();
    let old = world.open_job(|job| job.grace_window_s = 12);
    old.start("sleep 1000").await.succeeded();
    sleep(Duration::from_millis(2_500)).await;
    let signed_ms = sign_once(&world, &old).await;
    assert!(signed_ms > 1_500, "{signed_ms}");
    // The chain dates the rotation back to the start, further than any honest one: nothing of it is for time before.
    rotate(&world, &old, world.chain.get(old.job).started_at);
    let mut job = world.chain.get(old.job);
    job.stop(UnixSeconds(world.chain.now())).expect("stopped");
    world.chain.set(old.job, job);
    let job = world.ended(old.job).await;
    assert_eq!(job.co_signed_ms, 0);
    assert!(job.metered_ms >= signed_ms, "{} ms", job.metered_ms);
    assert_eq!(world.chain.sent(), ["start", "claim", "settle the claim+close"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_the_old_key_has_signed_can_be_signed_by_the_new_one() {
    let world = World::with(|settings| settings.receipt_interval = Duration::from_secs(2));
    let old = world.open_job(|_| {});
    old.start("sleep 1000").await.succeeded();
    let by_old = old.receipt(0, &world.provider_key()).await.expect("a receipt");
    old.countersign(&by_old).await.succeeded();
    let new = rotate(&world, &old, world.chain.now());
    let by_new = gantry_sdk::receipt::CoSignedReceipt {
        tenant_key: new.key.pubkey(),
        tenant_signature: gantry_sdk::receipt::sign(&new.key, &by_old.receipt),
        ..by_old.clone()
    };
    new.countersign(&by_new).await.succeeded();
    let rows = world.services().log.newest_first(&new.job).expect("rows");
    let row = rows.iter().find(|row| row.receipt == by_old.receipt).expect("the row");
    assert_eq!(row.tenant_signature, Some(by_new.tenant_signature));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_agent_counts_what_the_former_key_signed_as_the_chain_does() {
    let mut world = World::new();
    let old = world.open_job(|_| {});
    old.start("sleep 1000").await.succeeded();
    let signed_ms = sign_once(&world, &old).await;
    world.kill_agent();
    let mut job = world.chain.get(old.job);
    let key = Keypair::new();
    job.rotate_session(key.pubkey(), UnixSeconds(world.chain.now()))
        .expect("rotated");
    world.chain.set_unseen(old.job, job);
    world.start_agent();
    world.chain.set(old.job, job);
    let settler = tokio::spawn(settle_forever(world.jobs(), world.services(), SELDOM));
    until("the settlement", || world.chain.get(old.job).metered_ms == signed_ms).await;
    settler.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_announced_exit_the_workload_ends_and_everything_until_then_is_paid() {
    let world = World::new();
    let tenant = world.open_job(|_| {});
    tenant.start("sleep 1000").await.succeeded();
    until("the start", || world.chain.get(tenant.job).started_at != 0).await;
    let mut job = world.chain.get(tenant.job);
    job.exits_at = world.chain.now() + 3;
    world.chain.set(tenant.job, job);
    let provider = world.provider_key();
    let ((_, exit), last) = tokio::join!(tenant.log(), tenant.sign_all(&provider));
    assert_eq!(
        exit.reason.as_deref(),
        Some("the provider ended the job, as it had announced")
    );
    let job = world.ended(tenant.job).await;
    let most_ms = u64::try_from(job.exits_at - job.started_at + 1).expect("positive") * 1_000;
    assert!(
        (1_500..=most_ms).contains(&last.receipt.metered_ms),
        "{} ms",
        last.receipt.metered_ms
    );
    assert_eq!(
        (job.state(), job.metered_ms),
        (Some(JobState::Closed), last.receipt.metered_ms)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exit_that_is_moved_later_lets_the_workload_run_on() {
    let world = World::new();
    let tenant = world.open_job(|_| {});
    tenant.start("sleep 4; echo slept").await.succeeded();
    until("the start", || world.chain.get(tenant.job).started_at != 0).await;
    for after_s in [2, 60] {
        let mut job = world.chain.get(tenant.job);
        job.exits_at = world.chain.now() + after_s;
        world.chain.set(tenant.job, job);
        sleep(Duration::from_millis(300)).await;
    }
    let provider = world.provider_key();
    let ((output, exit), _) = tokio::join!(tenant.log(), tenant.sign_all(&provider));
    assert_eq!(
        (String::from_utf8_lossy(&output).as_ref(), exit.code),
        ("slept\n", Some(0))
    );
    world.ended(tenant.job).await;
}
