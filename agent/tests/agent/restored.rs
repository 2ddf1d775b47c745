//! Logs that were put back from a backup: the agent never signs one sequence twice, whatever it no longer remembers.

use gantry_agent::receipts::{LogError, ReceiptLog};
use gantry_sdk::market::state::JobState;
use std::fs;

use crate::support::{World, until};

/// A job with a receipt that both sides signed, in a log of which a backup is taken; then with a later receipt.
async fn with_a_backup(world: &mut World, settle: bool) -> (crate::support::Tenant, Vec<u8>, [u64; 2]) {
    let provider = world.provider_key();
    let tenant = world.open_job(|_| {});
    tenant.start("sleep 1000").await.succeeded();
    let early = tenant.receipt(0, &provider).await.expect("a receipt");
    tenant.countersign(&early).await.succeeded();
    world.kill_agent();
    let backup = fs::read(world.log()).expect("the log");
    world.start_agent();
    let tenant = world.reconnect(&tenant);
    let late = tenant
        .receipt(early.receipt.sequence + 2, &provider)
        .await
        .expect("a receipt");
    tenant.countersign(&late).await.succeeded();
    if settle {
        gantry_agent::settle::settle_once(&world.jobs(), &world.services()).await;
        assert_eq!(world.chain.get(tenant.job).sequence, late.receipt.sequence);
    }
    world.kill_agent();
    (tenant, backup, [early.receipt.metered_ms, late.receipt.metered_ms])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_older_than_the_chain_signs_nothing_more() {
    let mut world = World::new();
    let (tenant, backup, [_, settled_ms]) = with_a_backup(&mut world, true).await;
    // Written into the same file, as when a whole machine is put back: nothing here can tell, but the chain can.
    fs::write(world.log(), backup).expect("put back");
    world.start_agent();
    let known = world.reconnect(&tenant).status().await.sequence;
    let job = world.ended(tenant.job).await;
    assert_eq!(job.metered_ms, settled_ms, "what was settled stays");
    let tenant = world.reconnect(&tenant);
    assert_eq!(tenant.status().await.sequence, known, "a sequence was signed again");
    let (_, exit) = tenant.log().await;
    assert!(exit.reason.is_some_and(|reason| reason.contains("cannot sign")));
    assert!(world.services().log.is_given_up(&tenant.job).expect("read"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_agent_signs_nothing_before_it_has_asked_the_chain() {
    let mut world = World::new();
    let provider = world.provider_key();
    let tenant = world.open_job(|_| {});
    tenant.start("sleep 1000").await.succeeded();
    let before = tenant.receipt(0, &provider).await.expect("a receipt");
    tenant.countersign(&before).await.succeeded();
    world.kill_agent();
    world.chain.be_away(true);
    world.start_agent();
    let known = world.services().log.meter(&tenant.job).expect("read").sequence;
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    assert_eq!(world.services().log.meter(&tenant.job).expect("read").sequence, known);
    world.chain.be_away(false);
    let tenant = world.reconnect(&tenant);
    let after = tenant.receipt(known, &provider).await.expect("a receipt");
    assert!(
        after.receipt.metered_ms >= before.receipt.metered_ms + 400,
        "the wait is metered"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_log_is_refused_until_the_operator_gives_its_jobs_up() {
    let mut world = World::new();
    let (tenant, backup, [early_ms, _]) = with_a_backup(&mut world, false).await;
    fs::remove_file(world.log()).expect("lost");
    fs::write(world.log(), backup).expect("put back");
    let refused = ReceiptLog::open(&world.log()).expect_err("refused");
    assert!(matches!(refused, LogError::Moved { jobs: 1, .. }), "{refused}");
    assert!(refused.to_string().contains("--accept-restored-log"), "{refused}");

    world.accepts_restored_log = true;
    world.start_agent();
    let known = world.services().log.meter(&tenant.job).expect("read").sequence;
    let job = world.ended(tenant.job).await;
    assert_eq!(job.metered_ms, early_ms, "what both sides signed is settled");
    let tenant = world.reconnect(&tenant);
    assert_eq!(tenant.status().await.sequence, known, "nothing was signed");
    let (_, exit) = tenant.log().await;
    assert!(exit.reason.is_some_and(|reason| reason.contains("lost its record")));
    // New jobs are served as ever.
    let other = world.open_job(|_| {});
    other.start("true").await.succeeded();
    other.sign_all(&world.provider_key()).await;
    world.ended(other.job).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_someone_else_started_with_this_key_is_not_taken_for_ones_own() {
    let world = World::new();
    let tenant = world.open_job(|_| {});
    tenant.status().await;
    let mut job = world.chain.get(tenant.job);
    job.start(gantry_protocol::UnixSeconds(world.chain.now()))
        .expect("started");
    world.chain.set_unseen(tenant.job, job);
    let refused = tenant.start("echo never").await;
    assert!(
        refused.detail().contains("without this agent's knowledge"),
        "{}",
        refused.detail()
    );
    let job = world.ended(tenant.job).await;
    assert_eq!((job.state(), job.paid), (Some(JobState::Closed), 0));
    assert_eq!(tenant.status().await.sequence, 0, "nothing was signed for it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_row_costs_its_own_job_and_no_other() {
    let mut world = World::new();
    let provider = world.provider_key();
    let tenants = [world.open_job(|_| {}), world.open_job(|_| {})];
    for tenant in &tenants {
        tenant.start("sleep 1000").await.succeeded();
        let signed = tenant.receipt(0, &provider).await.expect("a receipt");
        tenant.countersign(&signed).await.succeeded();
    }
    world.kill_agent();
    {
        let meters: redb::TableDefinition<'_, &[u8; 32], &[u8]> = redb::TableDefinition::new("meters");
        let database = redb::Database::open(world.log()).expect("opened");
        let transaction = database.begin_write().expect("begun");
        let mut table = transaction.open_table(meters).expect("there");
        table
            .insert(tenants[0].job.as_array(), [1, 2, 3].as_slice())
            .expect("damaged");
        drop(table);
        transaction.commit().expect("written");
    }
    world.start_agent();
    let known = world.services().log.meter(&tenants[1].job).expect("read").sequence;
    let other = world.reconnect(&tenants[1]);
    other.receipt(known, &provider).await.expect("the other job goes on");
    until("only one job", || world.jobs().all().len() == 1).await;
}
