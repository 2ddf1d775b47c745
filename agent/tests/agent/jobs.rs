//! The life of a job, from its tenant's side and the chain's.

use gantry_protocol::{Metered, Rate, UnixSeconds, billing, merkle::Frontier, merkle::leaf};
use gantry_sdk::{
    market::state::JobState,
    wire::{Phase, StartRequest, sha256},
};
use reqwest::{Method, StatusCode};
use std::{collections::BTreeMap, io::Read};

use crate::support::{World, archive, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_uploaded_run_receipted_settled_and_closed() {
    let world = World::new();
    let bundle = archive(
        "greet.sh",
        b"#!/bin/sh\necho hello from the bundle\nsleep 0.7\necho done > $GANTRY_OUT/result\n",
    );
    let tenant = world.open_job_with(&bundle);
    assert_eq!(tenant.status().await.phase, Phase::Waiting);
    tenant.upload(bundle).await.succeeded();
    tenant.start("./greet.sh").await.succeeded();

    let provider = world.provider_key();
    let ((output, exit), last) = tokio::join!(tenant.log(), tenant.sign_all(&provider));
    assert_eq!(String::from_utf8_lossy(&output), "hello from the bundle\n");
    assert_eq!((exit.code, exit.reason), (Some(0), None));
    let metered_ms = last.receipt.metered_ms;
    assert!((600..5_000).contains(&metered_ms), "{metered_ms}");
    assert!(last.receipt.sequence >= 3, "receipts came in between");

    let job = world.ended(tenant.job).await;
    assert_eq!(
        (job.state(), job.is_final, job.metered_ms),
        (Some(JobState::Closed), 1, metered_ms)
    );
    let owed = billing::owed(Rate(job.rate), Metered(metered_ms)).expect("small");
    assert_eq!((job.paid + job.fee, job.refund), (owed.0, job.escrow - owed.0));
    assert_eq!(world.chain.sent(), ["start", "settle+close"]);

    let results = tenant.ask(Method::GET, "/results", Vec::new()).await.succeeded();
    let mut unpacked = tar::Archive::new(flate2::read::GzDecoder::new(&results.body[..]));
    let mut entry = unpacked
        .entries()
        .expect("an archive")
        .next()
        .expect("a file")
        .expect("readable");
    let mut text = String::new();
    entry.read_to_string(&mut text).expect("text");
    assert_eq!(
        (entry.path().expect("a path").to_str(), text.as_str()),
        (Some("result"), "done\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_samples_that_are_kept_are_those_behind_the_final_receipts_root() {
    let world = World::new();
    let tenant = world.open_job(|job| job.gpus = 2);
    tenant.start("sleep 1.3").await.succeeded();
    let last = tenant.sign_all(&world.provider_key()).await;
    let samples = world.services().log.samples(&tenant.job).expect("samples");
    let (samples, rest) = samples.as_chunks::<40>();
    assert!(
        samples.len() >= 4 && rest.is_empty(),
        "two GPUs, once a second: {}",
        samples.len()
    );
    let mut tree = Frontier::default();
    for sample in samples {
        assert_eq!(sample[14..16], [1, 0], "the flag says that the GPU is simulated");
        assert!(tree.push(leaf(sample)));
    }
    assert_eq!(tree.root(), last.receipt.samples_root);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_can_finish_early_and_pays_only_until_then() {
    let world = World::new();
    let tenant = world.open_job(|_| {});
    tenant.start("echo up; sleep 1000").await.succeeded();
    until("the workload's word", || {
        std::fs::read(world.out(tenant.job).with_file_name("output.log")).is_ok_and(|log| log == b"up\n")
    })
    .await;
    tenant.finish().await.succeeded();
    tenant.finish().await.succeeded();
    let last = tenant.sign_all(&world.provider_key()).await;
    assert!(last.receipt.metered_ms < 5_000);
    let (_, exit) = tenant.log().await;
    assert!(exit.reason.is_some_and(|reason| reason.contains("finished the job")));
    assert_eq!(world.ended(tenant.job).await.metered_ms, last.receipt.metered_ms);
}

#[tokio::test(flavor = "multi_thread")]
async fn starting_and_countersigning_can_be_repeated() {
    let world = World::new();
    let tenant = world.open_job(|_| {});
    tenant.start("sleep 1000").await.succeeded();
    tenant.start("sleep 1000").await.succeeded();
    let other = tenant.start("sleep 2000").await;
    assert_eq!(other.status, StatusCode::CONFLICT);
    assert!(other.detail().contains("another command"));
    let signed = tenant.receipt(0, &world.provider_key()).await.expect("a receipt");
    tenant.countersign(&signed).await.succeeded();
    tenant.countersign(&signed).await.succeeded();
    assert_eq!(world.chain.sent(), ["start"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_started_is_refused_with_the_reason() {
    let world = World::new();
    let bundle = archive("a", b"b");
    let tenant = world.open_job_with(&bundle);
    let early = tenant.start("true").await;
    assert_eq!(early.status, StatusCode::CONFLICT);
    assert!(early.detail().contains("upload it first"));

    let other = tenant.upload(archive("a", b"c")).await;
    assert_eq!(other.status, StatusCode::CONFLICT);
    assert!(other.detail().contains("not the bundle"));
    tenant.upload(bundle.clone()).await.succeeded();
    tenant.upload(bundle).await.succeeded();

    for (command, environment, word) in [
        (Vec::new(), BTreeMap::new(), "empty"),
        (vec!["a\0b".to_owned()], BTreeMap::new(), "zero bytes"),
        (
            vec!["a".to_owned()],
            BTreeMap::from([("A=B".to_owned(), String::new())]),
            "'='",
        ),
    ] {
        let request = serde_json::to_vec(&StartRequest { command, environment }).expect("JSON");
        let refused = tenant.ask(Method::POST, "/start", request).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.detail().contains(word), "{}", refused.detail());
    }
    let refused = tenant.ask(Method::POST, "/start", b"{".to_vec()).await;
    assert!(refused.detail().contains("not a start request"));
    assert!(world.chain.sent().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_that_is_too_large_or_holds_an_attack_is_refused() {
    let world = World::new();
    // Noise does not compress.
    let noise: Vec<u8> = (0..4_000_u32)
        .flat_map(|number| sha256(&number.to_le_bytes()))
        .collect();
    let large = archive("noise", &noise);
    assert!(large.len() > 100_000, "{}", large.len());
    let refused = world.open_job_with(&large).upload(large).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);

    let garbage = b"not an archive".to_vec();
    let refused = world.open_job_with(&garbage).upload(garbage).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.detail().contains("gzipped tar archive"));

    let refused = world.open_job(|_| {}).upload(archive("a", b"b")).await;
    assert!(refused.detail().contains("without a bundle"));
}

#[tokio::test(flavor = "multi_thread")]
async fn results_are_given_only_after_the_end() {
    let world = World::new();
    let tenant = world.open_job(|_| {});
    tenant.start("sleep 1000").await.succeeded();
    let early = tenant.ask(Method::GET, "/results", Vec::new()).await;
    assert_eq!(early.status, StatusCode::CONFLICT);
    assert!(early.detail().contains("has not ended"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_jobs_share_the_gpus_and_a_third_finds_none() {
    let world = World::new();
    let tenants = [world.open_job(|_| {}), world.open_job(|_| {}), world.open_job(|_| {})];
    tenants[0].start("echo $GANTRY_GPUS; sleep 1000").await.succeeded();
    tenants[1].start("echo $GANTRY_GPUS; sleep 1000").await.succeeded();
    let refused = tenants[2].start("true").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(world.ended(tenants[2].job).await.state(), Some(JobState::Cancelled));
    for (tenant, gpu) in tenants.iter().zip(["simulated-0", "simulated-1"]) {
        let log = world.out(tenant.job).with_file_name("output.log");
        until("the GPU's name", || {
            std::fs::read_to_string(&log).is_ok_and(|log| log.trim() == gpu)
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn running_jobs_are_settled_two_to_a_transaction() {
    let world = World::new();
    let tenants = [world.open_job(|_| {}), world.open_job(|_| {})];
    for tenant in &tenants {
        tenant.start("sleep 1000").await.succeeded();
        let signed = tenant.receipt(0, &world.provider_key()).await.expect("a receipt");
        tenant.countersign(&signed).await.succeeded();
    }
    gantry_agent::settle::settle_once(&world.jobs(), &world.services()).await;
    assert_eq!(world.chain.sent(), ["start", "start", "settle+settle"]);
    for tenant in &tenants {
        assert!(world.chain.get(tenant.job).paid > 0);
    }
    // Nothing new was signed, so nothing is sent again.
    until("the news", || {
        world.jobs().all().iter().all(|job| job.account().sequence > 0)
    })
    .await;
    gantry_agent::settle::settle_once(&world.jobs(), &world.services()).await;
    assert_eq!(world.chain.sent().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_metrics_say_that_the_gpus_are_simulated() {
    let world = World::new();
    let tenant = world.open_job(|_| {});
    tenant.start("sleep 1000").await.succeeded();
    let health = tenant.send(Method::GET, "/healthz", &[], Vec::new()).await.succeeded();
    let health: serde_json::Value = serde_json::from_slice(&health.body).expect("JSON");
    assert_eq!(
        (&health["simulated"], &health["gpus_in_use"]),
        (&true.into(), &1.into())
    );
    let metrics = tenant.send(Method::GET, "/metrics", &[], Vec::new()).await.succeeded();
    let metrics = String::from_utf8(metrics.body).expect("text");
    assert!(metrics.contains("gantry_agent_jobs_started_total 1"), "{metrics}");
    assert!(
        metrics.contains("gantry_agent_gpus_in_use{simulated=\"1\"} 1"),
        "{metrics}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_disk_that_is_nearly_full_nothing_new_is_taken() {
    let world = World::with(|settings| settings.disk_reserve_bytes = u64::MAX);
    let bundle = archive("a", b"b");
    let tenant = world.open_job_with(&bundle);
    let refused = tenant.upload(bundle).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.detail().contains("disk is nearly full"));
    let refused = world.open_job(|_| {}).start("true").await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.detail().contains("disk is nearly full"));
    assert!(world.chain.sent().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn results_that_are_more_than_the_node_sends_are_refused_with_the_size() {
    let world = World::with(|settings| settings.limits.out_bytes = 1 << 20);
    let tenant = world.open_job(|_| {});
    tenant
        .start("truncate -s 1000000 $GANTRY_OUT/a $GANTRY_OUT/b")
        .await
        .succeeded();
    tenant.sign_all(&world.provider_key()).await;
    let refused = tenant.ask(Method::GET, "/results", Vec::new()).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.detail().contains("2000000 bytes"), "{}", refused.detail());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jobs_log_is_streamed_to_eight_at_a_time() {
    let world = World::new();
    let tenant = world.open_job(|_| {});
    tenant.start("sleep 1000").await.succeeded();
    let mut streams = Vec::new();
    for _ in 0..8 {
        streams.push(tenant.open_log().await);
    }
    let refused = tenant.ask(Method::GET, "/logs?from=0", Vec::new()).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.detail().contains("8 streams"), "{}", refused.detail());
    streams.pop();
    let began = std::time::Instant::now();
    loop {
        if tenant.open_log().await.status().is_success() {
            return;
        }
        assert!(
            began.elapsed() < std::time::Duration::from_secs(10),
            "the place is never free again"
        );
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_takes_nothing_new_serves_its_jobs_to_their_end() {
    let world = World::new();
    let jobs = world.jobs();
    jobs.until_idle().await;
    let tenant = world.open_job(|_| {});
    tenant.start("sleep 0.5").await.succeeded();
    assert_eq!(jobs.living(), 1);
    let provider = world.provider_key();
    tokio::join!(jobs.until_idle(), tenant.sign_all(&provider));
    assert_eq!(world.chain.get(tenant.job).state(), Some(JobState::Closed));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_extended_on_chain_runs_on_and_is_metered_for_as_long() {
    let world = World::new();
    let tenant = world.open_job(|job| (job.max_duration_s, job.escrow) = (2, 2_000));
    tenant.start("sleep 4; echo done > $GANTRY_OUT/x").await.succeeded();
    let mut job = world.chain.get(tenant.job);
    job.extend(60, UnixSeconds(world.chain.now())).expect("extended");
    world.chain.set(tenant.job, job);
    let last = tenant.sign_all(&world.provider_key()).await;
    assert!(
        (3_900..8_000).contains(&last.receipt.metered_ms),
        "{} ms",
        last.receipt.metered_ms
    );
    assert_eq!(world.ended(tenant.job).await.metered_ms, last.receipt.metered_ms);
}
