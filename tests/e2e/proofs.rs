//! A party that falls silent, and one that contradicts itself: what the chain makes of it, and what everyone is shown.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use gantry_sdk::{
    Keypair, Pubkey, Signer, address,
    client::Client,
    instruction::market as instruction,
    market::state::Job,
    protocol::{Receipt, fault::Fault, limits::CHALLENGE_WINDOW_S},
    receipt::{Evidence, sign},
    staking::state::{Pool, Stake},
};
use serde_json::{Value, json};
use spl_associated_token_account_interface::instruction::create_associated_token_account_idempotent;

use crate::{
    failures::{counting, running_job},
    network::{Network, wait_for},
    rent::{assert_bill, number},
};

/// Longest that the indexer may be behind.
const PATIENCE: Duration = Duration::from_secs(20);
/// A grace window that makes a short test, and what a busy machine may add to the challenge window.
const GRACE_S: u64 = 6;
const DELAY: Duration = Duration::from_secs(45);

fn key_file(path: PathBuf) -> Keypair {
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let bytes: Vec<u8> = serde_json::from_str(&text).expect("a list of bytes");
    Keypair::try_from(&bytes[..]).expect("a key pair")
}

/// What the indexer lists, once it lists something.
fn listed(network: &Network, runtime: &tokio::runtime::Runtime, path: &str, patience: Duration) -> Value {
    let mut found = Value::Null;
    wait_for(path, patience, || {
        found = runtime.block_on(network.api(path)).1["data"][0].clone();
        !found.is_null()
    });
    found
}

#[test]
fn a_tenant_that_is_killed_pays_for_the_grace_window_by_a_claim_and_the_bill_is_right() {
    let network = Network::start(&["--agents", "1", "--grace-window-s", &GRACE_S.to_string()]);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    // The bond is as much as a grace window earns, so the provider earns that first.
    let earning = network
        .run_script(&counting(8), &[])
        .wait_with_output()
        .expect("gantry run");
    assert!(earning.status.success(), "{}", String::from_utf8_lossy(&earning.stderr));

    let mut tenant = network.run_script(&counting(100), &[]);
    let (job, _) = running_job(&network);
    let shown = |field: &str| {
        let (_, shown) = runtime.block_on(network.api(&format!("/v1/jobs/{job}")));
        shown["data"][field].clone()
    };
    std::thread::sleep(Duration::from_secs(3));
    tenant.kill().expect("the tenant lives");
    tenant.wait().expect("the tenant's end");

    // The agent ends the workload after a grace window without a signature, and claims it.
    let claim = listed(
        &network,
        &runtime,
        &format!("/v1/claims?job={job}"),
        PATIENCE + Duration::from_secs(2 * GRACE_S),
    );
    let claimed_ms = number(&claim, "metered_ms");
    let window = Instant::now();
    wait_for(
        "the claim to be paid",
        Duration::from_secs(CHALLENGE_WINDOW_S.into()) + DELAY,
        || shown("state") == json!("closed"),
    );
    assert!(
        window.elapsed() + Duration::from_secs(15) > Duration::from_secs(CHALLENGE_WINDOW_S.into()),
        "paid {:?} after it was claimed",
        window.elapsed()
    );
    let parse = |field: &str| {
        shown(field)
            .as_str()
            .and_then(|text| text.parse::<u64>().ok())
            .expect("a number")
    };
    let (metered_ms, co_signed_ms) = (parse("metered_ms"), parse("co_signed_ms"));
    assert_eq!(metered_ms, claimed_ms);
    assert!(
        co_signed_ms > 0 && metered_ms > co_signed_ms && metered_ms <= co_signed_ms + 1_000 * GRACE_S,
        "{metered_ms} ms, of which {co_signed_ms} were co-signed"
    );
    let bill = network.json(&["bill", &job]);
    assert_bill(&bill);
    assert_eq!(
        (&bill["state"], number(&bill, "metered_ms")),
        (&json!("closed"), metered_ms)
    );
    assert_eq!(bill["claims"].as_array().map(Vec::len), Some(1), "{bill}");
    wait_for("the indexer to agree", PATIENCE, || {
        let output = network.gantry().args(["--json", "verify", &job]).output();
        output.expect("gantry verify").status.success()
    });
    assert_eq!(
        runtime.block_on(network.api(&format!("/v1/claims?job={job}"))).1["data"],
        json!([])
    );
}

#[test]
fn a_provider_whose_key_signs_two_receipts_of_one_sequence_is_slashed_by_whoever_shows_them() {
    let network = Network::start(&["--agents", "1"]);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let run = network.run_script(&counting(6), &[]);
    let (job, _) = running_job(&network);
    let client = Client::new(&network.text("/rpc_url"));
    let address: Pubkey = job.parse().expect("an address");
    let account: Job = runtime.block_on(client.get(&address)).expect("the job");
    let pool: Pool = runtime.block_on(client.get(&address::pool())).expect("the pool");

    let attestation = key_file(PathBuf::from(network.text("/agents/0/data_dir")).join("attestation.json"));
    assert_eq!(attestation.pubkey(), account.attestation_key);
    let receipt = |metered_ms| Receipt {
        genesis_hash: account.genesis_hash,
        job: address.to_bytes(),
        sequence: 1_000,
        metered_ms,
        time_ms: 0,
        flags: 0,
        samples_root: [1; 32],
    };
    let signed = |metered_ms| (receipt(metered_ms), sign(&attestation, &receipt(metered_ms)));
    let evidence = Evidence {
        key: attestation.pubkey(),
        first: signed(1_000),
        second: signed(2_000),
    };
    assert_eq!(evidence.fault(), Some(Fault::Equivocation));

    // Anyone: here the tenant, who so gets a tenth of what it costs.
    let reporter = key_file(PathBuf::from(network.text("/keys/tenant")));
    let token_program = runtime
        .block_on(client.rpc().get_account(&pool.mint))
        .expect("the network token")
        .owner;
    let bounty = address::associated_token(&reporter.pubkey(), &pool.mint, &token_program);
    let open =
        create_associated_token_account_idempotent(&reporter.pubkey(), &reporter.pubkey(), &pool.mint, &token_program);
    let [signatures, prove] = instruction::fault_prove(
        reporter.pubkey(),
        &evidence,
        Fault::Equivocation,
        account.provider,
        pool.mint,
        token_program,
        bounty,
    );
    let before: Stake = runtime
        .block_on(client.get(&address::stake(&account.provider)))
        .expect("the stake");
    runtime
        .block_on(client.send(&[open, signatures, prove], &reporter, &[]))
        .expect("the proof is accepted");

    let cost = before.slashable() / 10;
    let stake = network.json(&["stake", "show", "--owner", &account.provider.to_string()]);
    assert_eq!(
        (number(&stake, "slashed"), number(&stake, "slashable")),
        (cost, before.slashable() - cost)
    );
    let fault = listed(&network, &runtime, &format!("/v1/faults?job={job}"), PATIENCE);
    assert_eq!(
        (
            &fault["kind"],
            &fault["provider"],
            &fault["reporter"],
            number(&fault, "slashed")
        ),
        (
            &json!("equivocation"),
            &json!(account.provider.to_string()),
            &json!(reporter.pubkey().to_string()),
            cost
        )
    );
    let provider = listed(
        &network,
        &runtime,
        &format!("/v1/providers?owner={}", account.provider),
        PATIENCE,
    );
    assert_eq!(provider["faults"], 1);
    // The job itself goes on, and its bill is right.
    let output = run.wait_with_output().expect("gantry run");
    assert_bill(&crate::network::json_of(&output));
}
