//! Which offers a tenant may count on, and whose they are.

use gantry_indexer::apply::AccountWrite;
use market::state::{Config, Node, RegisteredMint};

use crate::fixtures::{
    accounts::{config, key, node, provider, registered_mint, stake, usdc, written},
    database::{Postgres, apply, slot},
    indexer::Api,
};

/// One node that a job could be opened on.
fn offer() -> Vec<AccountWrite> {
    vec![
        written(key(11), &stake(key(2), 500), 1),
        written(key(12), &config(), 2),
        written(key(13), &registered_mint(usdc()), 3),
        written(key(50), &provider(key(2)), 4),
        written(key(51), &node(key(50), key(2), 700), 5),
    ]
}

async fn offered(change: Vec<AccountWrite>) -> (Postgres, Api) {
    let postgres = Postgres::start().await;
    apply(&mut postgres.writer().await, &[slot(9, offer()), slot(10, change)]).await;
    let api = Api::at(&postgres.database, 10).await;
    (postgres, api)
}

#[tokio::test]
async fn a_node_is_healthy_only_while_a_job_could_be_opened_on_it() {
    let node = node(key(50), key(2), 700);
    for (what, change, healthy) in [
        ("nothing changed", Vec::new(), true),
        (
            "the market is paused",
            vec![written(key(12), &Config { paused: 1, ..config() }, 1)],
            false,
        ),
        (
            "the node is inactive",
            vec![written(key(51), &Node { active: 0, ..node }, 1)],
            false,
        ),
        (
            "no GPU is free",
            vec![written(key(51), &Node { gpus_free: 0, ..node }, 1)],
            false,
        ),
        (
            "the heartbeat is old",
            vec![written(
                key(51),
                &Node {
                    heartbeat_at: 969,
                    ..node
                },
                1,
            )],
            false,
        ),
        (
            "the rate is above the ceiling",
            vec![written(
                key(13),
                &RegisteredMint {
                    rate_ceiling: 699,
                    ..registered_mint(usdc())
                },
                1,
            )],
            false,
        ),
        (
            "the rate is below the floor",
            vec![written(
                key(13),
                &RegisteredMint {
                    rate_floor: 701,
                    ..registered_mint(usdc())
                },
                1,
            )],
            false,
        ),
        (
            "the stake does not suffice",
            vec![written(key(11), &stake(key(2), 99), 1)],
            false,
        ),
    ] {
        let (_postgres, api) = offered(change).await;
        let count = usize::from(healthy);
        let shown = api.data(&format!("/v1/nodes/{}", key(51))).await;
        assert_eq!(shown["healthy"], healthy, "{what}");
        for path in [
            "/v1/nodes?healthy=true".to_owned(),
            format!("/v1/nodes?healthy=true&mint={}", usdc()),
        ] {
            assert_eq!(api.data(&path).await.as_array().unwrap().len(), count, "{path}: {what}");
        }
    }
}

#[tokio::test]
async fn nodes_are_found_by_their_provider() {
    let (_postgres, api) = offered(vec![
        written(key(60), &provider(key(4)), 1),
        written(key(61), &node(key(60), key(4), 800), 2),
    ])
    .await;
    for (filters, expected) in [
        (format!("provider={}", key(50)), key(51)),
        (format!("provider={}", key(60)), key(61)),
        (format!("provider={}&mint={}", key(60), usdc()), key(61)),
    ] {
        let nodes = api.data(&format!("/v1/nodes?{filters}")).await;
        let addresses: Vec<_> = nodes.as_array().unwrap().iter().map(|node| &node["address"]).collect();
        assert_eq!(addresses, [&expected.to_string()], "{filters}");
    }
    assert_eq!(
        api.data(&format!("/v1/nodes?provider={}", key(99))).await,
        serde_json::json!([])
    );
}

#[tokio::test]
async fn a_provider_is_shown_with_what_tenants_pin() {
    let (_postgres, api) = offered(Vec::new()).await;
    let shown = api.data(&format!("/v1/providers/{}", key(50))).await;
    assert_eq!(shown["owner"], key(2).to_string());
    assert_eq!(shown["attestation_key"], key(211).to_string());
    assert_eq!(shown["tls_key_hash"], "09".repeat(32));
    assert_eq!(
        (&shown["endpoint"], &shown["nodes"]),
        (&"https://agent.example:8443".into(), &1.into())
    );
    let unknown = api.get(&format!("/v1/providers/{}", key(51))).await;
    assert_eq!(unknown.status, 404);
    assert_eq!(
        unknown.json["detail"],
        "no provider has this address; it may be newer than the slot that the indexer has reached"
    );
}
