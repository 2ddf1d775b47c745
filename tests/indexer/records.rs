//! What is known of providers and tenants, from their accounts to the answers about them.

use gantry_indexer::apply::{Slot, slot_changes};
use gantry_protocol::{UnixSeconds, decay::HALF_LIFE_S, reputation::COUNT_ONE};
use market::{
    events::{ProviderRecorded, TenantOpened, TenantRecorded},
    state::{Provider, Record},
};
use serde_json::json;

use crate::fixtures::{
    accounts::{config, job, key, node, provider, registered_mint, tenant, usdc, written},
    database::{Postgres, apply, slot},
    indexer::Api,
    transactions::{calls, logged, payload, transaction},
};

/// 100 GNT of fees, all kept but a fifth.
fn record() -> Record {
    Record {
        as_of: 1_000,
        fees: 100_000_000_000,
        promised: 100_000_000_000,
        kept: 80_000_000_000,
        completed: 4 * COUNT_ONE,
        failed: COUNT_ONE,
        faults: 0,
    }
}

fn good() -> Provider {
    Provider {
        record: record(),
        ..provider(key(2))
    }
}

/// Two providers with a node each, the second one unknown, and a tenant; the chain shows a half-life after the record.
async fn market() -> (Postgres, Api) {
    let postgres = Postgres::start().await;
    let accounts = vec![
        written(key(12), &config(), 1),
        written(key(13), &registered_mint(usdc()), 2),
        written(key(50), &good(), 3),
        written(key(51), &node(key(50), key(2), 700), 4),
        written(key(60), &provider(key(4)), 5),
        written(key(61), &node(key(60), key(4), 600), 6),
        written(key(70), &tenant(key(3), record()), 7),
        written(
            key(71),
            &tenant(
                key(5),
                Record {
                    fees: u64::MAX,
                    faults: u64::MAX,
                    ..Record::default()
                },
            ),
            8,
        ),
        written(key(15), &job(key(3), key(2)), 9),
    ];
    let later = Slot {
        chain_time: Some(1_000 + i64::from(HALF_LIFE_S)),
        ..slot(9, accounts)
    };
    apply(&mut postgres.writer().await, &[later]).await;
    let api = Api::at(&postgres.database, 9).await;
    (postgres, api)
}

#[tokio::test]
async fn a_providers_score_is_the_protocols_at_the_time_of_the_chain() {
    let (_postgres, api) = market().await;
    let now = 1_000 + i64::from(HALF_LIFE_S);
    let provider = api.data(&format!("/v1/providers/{}", key(50))).await;
    // Half of all is left: 50 GNT of fees are halfway to the top, of which 41 in 51 were kept.
    let expected = record().facts().score_at(UnixSeconds(now));
    assert_eq!(u32::from(expected), 5_500 * 41 / 51);
    let facts = json!({
        "score": expected, "scored_at": now, "as_of": 1_000, "fees": "100000000000", "promised": "100000000000",
        "kept": "80000000000", "completed": (4 * COUNT_ONE).to_string(), "failed": COUNT_ONE.to_string(), "faults": "0",
    });
    assert_eq!(provider["record"], facts);
    let all = api.data("/v1/providers").await;
    assert_eq!((&all[0]["record"], &all[1]["record"]["score"]), (&facts, &json!(1_000)));
    let nodes = api.data(&format!("/v1/nodes?mint={}", usdc())).await;
    assert_eq!(
        (&nodes[0]["score"], &nodes[1]["score"]),
        (&json!(1_000), &json!(expected))
    );
    assert_eq!(api.data(&format!("/v1/nodes/{}", key(51))).await["score"], expected);
}

#[tokio::test]
async fn a_tenant_is_found_by_its_wallet() {
    let (_postgres, api) = market().await;
    let tenant = api.data(&format!("/v1/tenants/{}", key(3))).await;
    assert_eq!(
        (&tenant["address"], &tenant["wallet"], &tenant["opened_at"]),
        (&json!(key(70).to_string()), &json!(key(3).to_string()), &json!(950))
    );
    assert_eq!(tenant["record"]["score"], 5_500 * 41 / 51);
    let worst = api.data(&format!("/v1/tenants/{}", key(5))).await;
    assert_eq!(
        (&worst["record"]["score"], &worst["record"]["fees"]),
        (&json!(0), &json!(u64::MAX.to_string()))
    );
    assert_eq!(api.get(&format!("/v1/tenants/{}", key(9))).await.status, 404);
    let all = api.data("/v1/tenants").await;
    assert_eq!(
        (all[0]["wallet"].as_str(), all.as_array().unwrap().len()),
        (Some(key(3).to_string().as_str()), 2)
    );
}

#[tokio::test]
async fn what_weighs_a_mint_and_a_job_is_shown() {
    let postgres = Postgres::start().await;
    let mint = market::state::RegisteredMint {
        reference_price: u64::MAX,
        ..registered_mint(usdc())
    };
    let weighed = market::state::Job {
        reference_price: 7,
        ..job(key(3), key(2))
    };
    let accounts = vec![written(key(13), &mint, 1), written(key(15), &weighed, 2)];
    apply(&mut postgres.writer().await, &[slot(9, accounts)]).await;
    let api = Api::at(&postgres.database, 9).await;
    assert_eq!(api.data("/v1/mints").await[0]["reference_price"], u64::MAX.to_string());
    assert_eq!(api.data(&format!("/v1/jobs/{}", key(15))).await["reference_price"], "7");
}

#[tokio::test]
async fn a_newer_record_replaces_an_older_one_and_never_the_other_way() {
    let postgres = Postgres::start().await;
    let mut writer = postgres.writer().await;
    let newer = Record {
        faults: COUNT_ONE,
        ..record()
    };
    let accounts = |record, version| {
        let provider = Provider {
            record,
            ..provider(key(2))
        };
        vec![
            written(key(50), &provider, version),
            written(key(70), &tenant(key(3), record), version),
        ]
    };
    for (record, version) in [(record(), 4), (newer, 6), (record(), 5)] {
        apply(&mut writer, &[slot(9, accounts(record, version))]).await;
    }
    for table in ["providers", "tenants"] {
        let columns =
            "record_as_of, record_fees, record_promised, record_kept, record_completed, record_failed, record_faults";
        assert_eq!(
            postgres.ask(&format!("SELECT {columns} FROM {table}")),
            format!(
                "1000|100000000000|100000000000|80000000000|{}|{COUNT_ONE}|{COUNT_ONE}",
                4 * COUNT_ONE
            )
        );
    }
}

#[test]
fn events_about_records_are_found_by_whom_they_are_about() {
    let (of_provider, of_tenant) = (key(50), key(70));
    let opened = payload(&TenantOpened {
        tenant: of_tenant,
        wallet: key(3),
        at: 950,
    });
    let provider = payload(&ProviderRecorded {
        provider: of_provider,
        job: key(15),
        record: record(),
    });
    let tenant = payload(&TenantRecorded {
        tenant: of_tenant,
        job: key(15),
        record: record(),
    });
    for (name, subject, payload) in [
        ("TenantOpened", of_tenant, opened),
        ("ProviderRecorded", of_provider, provider),
        ("TenantRecorded", of_tenant, tenant),
    ] {
        let mut ended = calls(transaction(1), 1);
        ended.logs = Some(logged(market::ID, &payload));
        let changes = slot_changes(&Slot {
            transactions: vec![ended],
            ..slot(9, Vec::new())
        });
        let event = &changes.events[0];
        assert_eq!((event.name, event.subject), (name, Some(subject)));
    }
}
