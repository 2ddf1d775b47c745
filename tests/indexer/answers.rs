//! What the API says about known tables.

use gantry_indexer::apply::Slot;
use market::state::{JobState, Node};
use serde_json::{Value, json};

use crate::fixtures::{
    accounts::{
        balance, claim, config, fault, fee_shard, gpu_class, job, key, node, pool, price_range, provider,
        registered_mint, stake, usdc, written,
    },
    database::{Postgres, apply, slot},
    indexer::Api,
    transactions::{calls, co_signed, logged, payload, settlement, transaction},
};

/// A market with three nodes of one provider, a job on one of them, and its first payment.
async fn market() -> (Postgres, Api) {
    let postgres = Postgres::start().await;
    let mut simulated = node(key(50), key(2), 900);
    simulated.simulated = 1;
    simulated.gpus_free = 2;
    let silent = Node {
        heartbeat_at: 900,
        ..node(key(50), key(2), 300)
    };
    let mut paid_job = job(key(3), key(2));
    (paid_job.sequence, paid_job.metered_ms, paid_job.owed, paid_job.paid) = (1, 9_000, 9, 9);
    let ended = market::state::Job {
        opened_at: 500,
        state: JobState::Cancelled as u8,
        ..job(key(4), key(2))
    };
    let mut opening = calls(transaction(1), 1);
    let opened = market::events::JobStarted {
        job: key(15),
        at: 1_001,
    };
    opening.logs = Some(logged(market::ID, &payload(&opened)));
    let accounts = vec![
        written(key(10), &pool(), 1),
        written(key(11), &stake(key(2), 500), 2),
        written(key(12), &config(), 3),
        written(key(13), &registered_mint(usdc()), 4),
        written(key(50), &provider(key(2)), 5),
        written(key(51), &node(key(50), key(2), 700), 6),
        written(key(52), &simulated, 7),
        written(key(53), &silent, 8),
        written(key(14), &balance(key(3), u64::MAX), 9),
        written(key(15), &paid_job, 10),
        written(key(16), &ended, 11),
        written(key(17), &fault(key(15), key(2)), 12),
        written(key(18), &claim(key(15)), 13),
        written(key(19), &fee_shard(usdc(), 0, 40), 14),
        written(key(20), &fee_shard(usdc(), 1, 2), 15),
        written(key(21), &fee_shard(key(201), 0, 7), 16),
        written(key(22), &gpu_class(), 17),
        written(key(23), &price_range(1, 1_000_000), 18),
    ];
    let transactions = vec![opening, settlement(2, &co_signed(key(15), 1, 9_000))];
    apply(
        &mut postgres.writer().await,
        &[Slot {
            transactions,
            ..slot(9, accounts)
        }],
    )
    .await;
    let api = Api::at(&postgres.database, 9).await;
    (postgres, api)
}

fn addresses(list: &Value) -> Vec<String> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|row| row["address"].as_str().unwrap().to_owned())
        .collect()
}

fn texts(keys: &[u8]) -> Vec<String> {
    keys.iter().map(|n| key(*n).to_string()).collect()
}

#[tokio::test]
async fn the_cheapest_node_of_a_mint_comes_first_and_filters_narrow_the_list() {
    let (_postgres, api) = market().await;
    let priced = format!("/v1/nodes?mint={}", usdc());
    assert_eq!(addresses(&api.data(&priced).await), texts(&[53, 51, 52]));
    for (filter, expected) in [
        ("healthy=true", vec![51, 52]),
        ("healthy=false", vec![53]),
        ("healthy=true&max_rate=800", vec![51]),
        ("simulated=false", vec![53, 51]),
        ("min_free_gpus=3", vec![53, 51]),
        // Five GPUs take the whole stake, six more than there is.
        ("min_free_gpus=6&healthy=true", vec![]),
        ("class=h100-sxm", vec![53, 51, 52]),
        ("class=a100", vec![]),
        ("region=eu-central&min_memory_mib=81920", vec![53, 51, 52]),
        ("min_memory_mib=81921", vec![]),
    ] {
        assert_eq!(
            addresses(&api.data(&format!("{priced}&{filter}")).await),
            texts(&expected),
            "{filter}"
        );
    }
    assert_eq!(
        addresses(&api.data(&format!("/v1/nodes?mint={}", key(99))).await),
        texts(&[])
    );
    assert_eq!(addresses(&api.data("/v1/nodes").await), texts(&[51, 52, 53]));
    assert_eq!(addresses(&api.data("/v1/nodes?healthy=true").await), texts(&[51, 52]));
}

#[tokio::test]
async fn a_node_tells_what_a_tenant_needs_to_reach_it() {
    let (_postgres, api) = market().await;
    let node = api.data(&format!("/v1/nodes/{}", key(52))).await;
    assert_eq!(node["endpoint"], "https://agent.example:8443");
    assert_eq!(node["tls_key_hash"], "09".repeat(32));
    assert_eq!(
        (&node["simulated"], &node["healthy"], &node["gpus_free"]),
        (&json!(true), &json!(true), &json!(2))
    );
    assert_eq!(node["prices"], json!([{ "mint": usdc().to_string(), "rate": "900" }]));
    assert_eq!(node["stake_free"], "500");
}

#[tokio::test]
async fn a_node_whose_price_the_market_no_longer_admits_is_not_healthy() {
    let (postgres, api) = market().await;
    let closed = market::state::RegisteredMint {
        enabled: 0,
        ..registered_mint(usdc())
    };
    apply(
        &mut postgres.writer().await,
        &[slot(10, vec![written(key(13), &closed, 1)])],
    )
    .await;
    assert_eq!(addresses(&api.data("/v1/nodes?healthy=true").await), texts(&[]));
}

#[tokio::test]
async fn jobs_are_found_by_tenant_provider_and_state_newest_first() {
    let (_postgres, api) = market().await;
    for (query, expected) in [
        (String::new(), vec![15, 16]),
        (format!("?tenant={}", key(3)), vec![15]),
        (format!("?provider={}", key(2)), vec![15, 16]),
        ("?state=running".into(), vec![15]),
        ("?state=cancelled".into(), vec![16]),
        ("?state=closed".into(), vec![]),
        (format!("?node={}", key(51)), vec![15, 16]),
    ] {
        assert_eq!(
            addresses(&api.data(&format!("/v1/jobs{query}")).await),
            texts(&expected),
            "{query}"
        );
    }
    let job = api.data(&format!("/v1/jobs/{}", key(15))).await;
    assert_eq!(
        (&job["state"], &job["rate"], &job["paid"]),
        (&json!("running"), &json!("1000000"), &json!("9"))
    );
}

#[tokio::test]
async fn a_payment_comes_with_everything_to_recompute_it() {
    let (_postgres, api) = market().await;
    let signed = co_signed(key(15), 1, 9_000);
    let settlements = api.data(&format!("/v1/jobs/{}/settlements", key(15))).await;
    let payment = &settlements[0];
    assert_eq!(
        (&payment["paid_now"], &payment["compute_units"], &payment["slot"]),
        (&json!("9"), &json!("1234"), &json!("9"))
    );
    assert_eq!(
        payment["receipt"]["provider_signature"],
        signed.provider_signature.to_string()
    );
    assert_eq!(payment["receipt"]["tenant_key"], signed.tenant_key.to_string());
    let receipts = api.data(&format!("/v1/jobs/{}/receipts", key(15))).await;
    assert_eq!(receipts[0], payment["receipt"]);
    assert_eq!(api.data(&format!("/v1/jobs/{}/settlements", key(16))).await, json!([]));
}

#[tokio::test]
async fn a_proof_holds_terms_events_receipts_and_the_recomputed_bill() {
    let (_postgres, api) = market().await;
    let proof = api.data(&format!("/v1/jobs/{}/proof", key(15))).await;
    assert_eq!(proof["program"], market::ID.to_string());
    assert_eq!(proof["job"]["escrow"], "3600");
    assert_eq!(proof["events"][0]["name"], "JobStarted");
    assert_eq!(
        (&proof["settlements"][0]["sequence"], &proof["settlements_complete"]),
        (&json!("1"), &json!(true))
    );
    // 2.5 % of nine atoms is rounded down to nothing.
    let bill = json!({ "owed": "9", "paid": "9", "fee": "0", "refund": "3591", "equals_account": true });
    assert_eq!(proof["recomputed"], bill);
}

#[tokio::test]
async fn money_and_rules_are_shown_to_the_atom() {
    let (_postgres, api) = market().await;
    let balances = api.data(&format!("/v1/balances?owner={}", key(3))).await;
    assert_eq!(balances[0]["amount"], u64::MAX.to_string());
    assert_eq!(api.data(&format!("/v1/balances?owner={}", key(4))).await, json!([]));
    let stakes = api.data("/v1/stakes").await;
    assert_eq!(
        stakes[0]["unbondings"],
        json!([{ "amount": u64::MAX.to_string(), "withdrawable_at": 5_000 }])
    );
    let rules = api.data("/v1/config").await;
    assert_eq!(
        (&rules["market"]["fee_bps"], &rules["staking"]["staked"]),
        (&json!(250), &json!(u64::MAX.to_string()))
    );
    assert_eq!(api.data("/v1/mints").await[0]["decimals"], 6);
    let stats = api.data("/v1/stats").await;
    assert_eq!(stats["counts"]["nodes"], 3);
    assert_eq!(stats["counts"]["nodes_alive"], 2);
    assert_eq!(stats["counts"]["gpus_free"], 18);
    assert_eq!(stats["counts"]["jobs_running"], 1);
    assert_eq!(stats["counts"]["settlements"], 1);
    assert_eq!(stats["money"][0]["held"], (3_600u64 - 9).to_string());
    assert_eq!(stats["money"][0]["fees_unswept"], "42");
    assert_eq!(stats["money"][0]["balances"], u64::MAX.to_string());
}

#[tokio::test]
async fn fees_that_wait_are_shown_shard_by_shard() {
    let (_postgres, api) = market().await;
    assert_eq!(addresses(&api.data("/v1/fee-shards").await), texts(&[19, 20, 21]));
    let shards = api.data(&format!("/v1/fee-shards?mint={}", usdc())).await;
    assert_eq!(addresses(&shards), texts(&[19, 20]));
    assert_eq!(
        (&shards[0]["amount"], &shards[1]["number"], &shards[1]["mint"]),
        (&json!("40"), &json!(1), &json!(usdc().to_string()))
    );
    let rules = api.data("/v1/config").await;
    assert_eq!(
        (&rules["market"]["treasury"], &rules["market"]["fee_burn_bps"]),
        (&json!(key(216).to_string()), &json!(3_000))
    );
    assert_eq!(api.data("/v1/mints").await[0]["fee_shards"], 8);
}

#[tokio::test]
async fn an_offer_in_a_mint_without_all_its_fee_shards_is_not_usable() {
    let (postgres, api) = market().await;
    let lacking = market::state::RegisteredMint {
        fee_shards: 7,
        ..registered_mint(usdc())
    };
    apply(
        &mut postgres.writer().await,
        &[slot(10, vec![written(key(13), &lacking, 1)])],
    )
    .await;
    assert_eq!(addresses(&api.data("/v1/nodes?healthy=true").await), texts(&[]));
}

#[tokio::test]
async fn every_answer_says_how_fresh_it_is() {
    let (_postgres, api) = market().await;
    let answer = api.get("/v1/providers").await;
    assert_eq!(answer.json["context"]["slot"], "9");
    assert!(answer.json["context"]["lag_ms"].as_u64().unwrap() < 60_000);
    assert_eq!(answer.json["next_cursor"], Value::Null);
}

#[tokio::test]
async fn the_api_describes_itself_and_its_health() {
    let (_postgres, api) = market().await;
    assert_eq!(api.get("/livez").await.status, 200);
    assert_eq!(api.get("/readyz").await.json["data"]["ready"], true);
    let document = api.get("/openapi.json").await.json;
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["paths"].as_object().unwrap().len(), 23);
    let page = api.get("/docs/").await;
    assert_eq!((page.status, page.text.contains("swagger-ui")), (200, true));
    assert_eq!(api.get("/docs/swagger-ui.css").await.status, 200);
    api.get("/v1/stats").await;
    let metrics = api.get("/metrics").await.text;
    for expected in [
        "gantry_indexer_slot 9",
        "gantry_indexer_ready 1",
        "gantry_api_request_seconds_bucket{route=\"/v1/stats\",status=\"200\"",
    ] {
        assert!(metrics.contains(expected), "{expected} is not in\n{metrics}");
    }
}

#[tokio::test]
async fn the_events_of_a_proof_are_in_the_order_of_the_chain() {
    let (postgres, api) = market().await;
    let logging = |n, index, payload: Vec<u8>| {
        let mut transaction = calls(transaction(n), 1);
        transaction.index = Some(index);
        transaction.logs = Some(logged(market::ID, &payload));
        transaction
    };
    let stopped = payload(&market::events::JobStopped {
        job: key(15),
        at: 1_050,
    });
    let started = payload(&market::events::JobStarted {
        job: key(15),
        at: 1_040,
    });
    // The later one has the smaller signature.
    let transactions = vec![logging(3, 8, stopped), logging(4, 7, started)];
    apply(
        &mut postgres.writer().await,
        &[Slot {
            transactions,
            ..slot(10, Vec::new())
        }],
    )
    .await;
    let proof = api.data(&format!("/v1/jobs/{}/proof", key(15))).await;
    let names: Vec<_> = proof["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["name"])
        .collect();
    assert_eq!(names, ["JobStarted", "JobStarted", "JobStopped"]);
    assert_eq!(proof["events_complete"], true);
}

#[tokio::test]
async fn a_proof_says_when_it_does_not_hold_everything() {
    let (postgres, api) = market().await;
    postgres.ask(
        "INSERT INTO events SELECT decode(lpad(to_hex(n), 128, '0'), 'hex'), 0, 10, e.program, e.name, e.subject, e.payload
         FROM events e, generate_series(1, 1000) n WHERE e.name = 'JobStarted'",
    );
    let proof = api.data(&format!("/v1/jobs/{}/proof", key(15))).await;
    assert_eq!(proof["events_complete"], false);
    assert_eq!(proof["events"].as_array().unwrap().len(), 1_000);
}

#[tokio::test]
async fn faults_and_claims_are_found_by_job_and_provider() {
    let (_postgres, api) = market().await;
    for query in ["", &format!("?provider={}", key(2)), &format!("?job={}", key(15))] {
        let faults = api.data(&format!("/v1/faults{query}")).await;
        assert_eq!(addresses(&faults), texts(&[17]), "{query}");
        assert_eq!(
            (&faults[0]["kind"], &faults[0]["slashed"], &faults[0]["penalty_bps"]),
            (&json!("equivocation"), &json!(u64::MAX.to_string()), &json!(1_000))
        );
    }
    assert_eq!(api.data(&format!("/v1/faults?provider={}", key(3))).await, json!([]));
    let claims = api.data(&format!("/v1/claims?job={}", key(15))).await;
    assert_eq!(addresses(&claims), texts(&[18]));
    assert_eq!(
        (&claims[0]["metered_ms"], &claims[0]["bond"], &claims[0]["payable_at"]),
        (&json!("12000"), &json!(u64::MAX.to_string()), &json!(1_090))
    );
    assert_eq!(api.data(&format!("/v1/claims?job={}", key(16))).await, json!([]));
}
