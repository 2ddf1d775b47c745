//! Only the holder of the session key is answered, once per signature.

use gantry_sdk::{
    Keypair, Pubkey, Signature, Signer,
    receipt::{CoSignedReceipt, sign},
    wire::{HEADER_BODY, HEADER_SIGNATURE, HEADER_TIME},
};
use reqwest::{Method, StatusCode};

use crate::support::{Answer, Tenant, World};

async fn get(tenant: &Tenant, headers: &[(&str, String)]) -> Answer {
    tenant.send(Method::GET, &tenant.path(""), headers, Vec::new()).await
}

fn refusal(answer: &Answer, word: &str) {
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(
        answer.detail().contains(word),
        "{} does not say {word:?}",
        answer.detail()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_each_of_its_headers_is_refused() {
    let world = World::new();
    let tenant = world.open_job(|_| {});
    for missing in [HEADER_TIME, HEADER_BODY, HEADER_SIGNATURE] {
        let mut headers = tenant.headers("GET", &tenant.path(""), tenant.fresh_ms(), b"");
        headers.retain(|(name, _)| *name != missing);
        refusal(&get(&tenant, &headers).await, missing);
        headers.push((missing, "?".to_owned()));
        refusal(&get(&tenant, &headers).await, missing);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_from_another_time_is_refused() {
    let world = World::new();
    let tenant = world.open_job(|_| {});
    for away in [-31_000, 31_000] {
        let headers = tenant.headers("GET", &tenant.path(""), tenant.fresh_ms() + away, b"");
        refusal(&get(&tenant, &headers).await, "set the clock");
    }
    let headers = tenant.headers("GET", &tenant.path(""), tenant.fresh_ms() + 29_000, b"");
    get(&tenant, &headers).await.succeeded();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_an_earlier_run_may_have_answered_is_refused() {
    let mut world = World::new();
    let tenant = world.open_job(|_| {});
    let headers = tenant.headers("GET", &tenant.path(""), tenant.fresh_ms(), b"");
    get(&tenant, &headers).await.succeeded();
    world.kill_agent();
    world.start_agent();
    let tenant = world.reconnect(&tenant);
    let answer = get(&tenant, &headers).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        answer.detail().contains("before the agent started"),
        "{}",
        answer.detail()
    );
    tenant.status().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_signed_by_another_key_is_refused() {
    let world = World::new();
    let tenant = world.open_job(|_| {});
    let stranger = world.tenant_of(tenant.job, Keypair::new());
    refusal(&stranger.ask(Method::GET, "", Vec::new()).await, "session key");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_for_another_request_is_refused() {
    let world = World::new();
    let (tenant, other) = (world.open_job(|_| {}), world.open_job(|_| {}));
    let path = tenant.path("");
    let time = tenant.fresh_ms();
    for headers in [
        tenant.headers("POST", &path, time, b""),
        tenant.headers("GET", &tenant.path("/logs?from=0"), time, b""),
        tenant.headers("GET", &path, time, b"body"),
        other.headers("GET", &path, time, b""),
    ] {
        let mut headers = headers;
        // Everything but the signature as this request needs it.
        let right = tenant.headers("GET", &path, time, b"");
        headers[0].1.clone_from(&right[0].1);
        headers[1].1.clone_from(&right[1].1);
        refusal(&get(&tenant, &headers).await, "session key");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_is_answered_once() {
    let world = World::new();
    let tenant = world.open_job(|_| {});
    let headers = tenant.headers("GET", &tenant.path(""), tenant.fresh_ms(), b"");
    get(&tenant, &headers).await.succeeded();
    refusal(&get(&tenant, &headers).await, "answered before");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_body_than_the_signed_one_is_refused() {
    let world = World::new();
    let bundle = b"a bundle".to_vec();
    let tenant = world.open_job_with(&bundle);
    let path = tenant.path("/start");
    let headers = tenant.headers("POST", &path, tenant.fresh_ms(), b"one");
    let answer = tenant.send(Method::POST, &path, &headers, b"two".to_vec()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.detail().contains("whose hash was signed"));

    let path = tenant.path("/bundle");
    let headers = tenant.headers("PUT", &path, tenant.fresh_ms(), &bundle);
    let answer = tenant.send(Method::PUT, &path, &headers, b"another".to_vec()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_long_is_refused() {
    let world = World::new();
    let tenant = world.open_job(|_| {});
    let answer = tenant.ask(Method::POST, "/start", vec![b' '; 65_537]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_jobs_paths_and_methods_are_problems_too() {
    let world = World::new();
    let tenant = world.open_job(|_| {});
    let stranger = world.tenant_of(Pubkey::new_unique(), Keypair::new());
    let answer = stranger.ask(Method::GET, "", Vec::new()).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.detail().contains("no such job"));
    let answer = tenant.send(Method::GET, "/v2", &[], Vec::new()).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    answer.detail();
    let answer = tenant.send(Method::DELETE, "/healthz", &[], Vec::new()).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    answer.detail();
    let answer = tenant.ask(Method::GET, "/logs?from=-1", Vec::new()).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_countersignature_must_be_of_a_receipt_of_ours_by_the_session_key() {
    let world = World::new();
    let tenant = world.open_job(|_| {});
    tenant.start("sleep 1000").await.succeeded();
    let signed = tenant.receipt(0, &world.provider_key()).await.expect("a receipt");

    let mut receipt = signed.receipt;
    receipt.metered_ms -= 1;
    let forged = CoSignedReceipt {
        receipt,
        tenant_signature: sign(&tenant.key, &receipt),
        ..signed.clone()
    };
    let answer = tenant.countersign(&forged).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.detail().contains("never signed"));

    let stranger = Keypair::new();
    let foreign = CoSignedReceipt {
        tenant_key: stranger.pubkey(),
        tenant_signature: sign(&stranger, &signed.receipt),
        ..signed.clone()
    };
    assert_eq!(
        tenant.countersign(&foreign).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let unsigned = CoSignedReceipt {
        tenant_signature: Signature::default(),
        ..signed.clone()
    };
    assert_eq!(
        tenant.countersign(&unsigned).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );

    let other = world.open_job(|_| {});
    let answer = other.countersign(&signed).await;
    assert!(answer.status.is_client_error(), "another job's receipt");
    assert_eq!(tenant.status().await.countersigned, 0);
}
