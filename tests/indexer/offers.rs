//! Which offers a tenant may count on, and whose they are.

use gantry_indexer::apply::AccountWrite;
use market::state::{Config, GpuClass, Node, RegisteredMint};

use crate::fixtures::{
    accounts::{config, device, gpu_class, key, node, price_range, provider, registered_mint, stake, usdc, written},
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
        written(key(14), &gpu_class(), 6),
        written(key(15), &price_range(1, 1_000_000), 7),
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
            vec![written(key(15), &price_range(1, 699), 1)],
            false,
        ),
        (
            "the rate is below the floor",
            vec![written(key(15), &price_range(701, 1_000_000), 1)],
            false,
        ),
        (
            "the class has no range in the mint",
            vec![AccountWrite {
                lamports: 0,
                ..written(key(15), &price_range(1, 1_000_000), 1)
            }],
            false,
        ),
        (
            "the class is disabled",
            vec![written(
                key(14),
                &GpuClass {
                    enabled: 0,
                    ..gpu_class()
                },
                1,
            )],
            false,
        ),
        (
            "the mint is disabled",
            vec![written(
                key(13),
                &RegisteredMint {
                    enabled: 0,
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

#[tokio::test]
async fn classes_are_shown_with_what_they_may_cost_and_what_there_is_of_them() {
    let euro = market::state::PriceRange {
        mint: key(201),
        ..price_range(0, u64::MAX)
    };
    let other = GpuClass {
        name: gantry_protocol::class::pack("rtx-4090").unwrap(),
        enabled: 0,
        ..gpu_class()
    };
    let (_postgres, api) = offered(vec![written(key(16), &other, 1), written(key(17), &euro, 2)]).await;
    let classes = api.data("/v1/classes").await;
    assert_eq!(classes.as_array().unwrap().len(), 2);
    let (first, second) = (&classes[0], &classes[1]);
    assert_eq!(
        (&first["name"], &first["enabled"], &first["address"]),
        (&"h100-sxm".into(), &true.into(), &key(14).to_string().into())
    );
    assert_eq!(
        first["price_ranges"],
        serde_json::json!([
            { "mint": usdc().to_string(), "floor": "1", "ceiling": "1000000" },
            { "mint": key(201).to_string(), "floor": "0", "ceiling": u64::MAX.to_string() },
        ])
    );
    assert_eq!(
        (&first["nodes"], &first["gpus"], &first["gpus_free"]),
        (&1.into(), &8.into(), &8.into())
    );
    assert_eq!(
        (&second["name"], &second["enabled"]),
        (&"rtx-4090".into(), &false.into())
    );
    assert_eq!(
        (&second["price_ranges"], &second["nodes"], &second["gpus"]),
        (&serde_json::json!([]), &0.into(), &0.into())
    );
    let named = api.data("/v1/classes?name=rtx-4090").await;
    assert_eq!(named.as_array().unwrap().len(), 1);
    assert_eq!(api.data("/v1/classes?name=h200-sxm").await, serde_json::json!([]));
    let page = api.get("/v1/classes?limit=1").await.json;
    let next = page["next_cursor"].as_str().expect("another page");
    let rest = api.data(&format!("/v1/classes?limit=1&cursor={next}")).await;
    assert_eq!(rest[0]["name"], "rtx-4090");
}

#[tokio::test]
async fn devices_are_found_by_node_and_provider_until_they_are_retired() {
    let retired = AccountWrite {
        lamports: 0,
        ..written(key(73), &device(key(51), key(50), 3), 9)
    };
    let (_postgres, api) = offered(vec![
        written(key(71), &device(key(51), key(50), 1), 1),
        written(key(72), &device(key(52), key(50), 2), 2),
        written(key(73), &device(key(51), key(50), 3), 3),
        retired,
        written(key(74), &device(key(61), key(60), 4), 4),
    ])
    .await;
    for (filters, expected) in [
        (String::new(), vec![71, 72, 74]),
        (format!("?node={}", key(51)), vec![71]),
        (format!("?provider={}", key(50)), vec![71, 72]),
        (format!("?provider={}&node={}", key(60), key(61)), vec![74]),
        (format!("?provider={}&node={}", key(60), key(51)), vec![]),
    ] {
        let devices = api.data(&format!("/v1/devices{filters}")).await;
        let addresses: Vec<_> = devices
            .as_array()
            .unwrap()
            .iter()
            .map(|device| &device["address"])
            .collect();
        let expected: Vec<_> = expected.into_iter().map(|n| key(n).to_string()).collect();
        assert_eq!(addresses, expected.iter().collect::<Vec<_>>(), "{filters}");
    }
    let devices = api.data(&format!("/v1/devices?node={}", key(51))).await;
    assert_eq!(
        (
            &devices[0]["identity"],
            &devices[0]["registered_at"],
            &devices[0]["provider"]
        ),
        (&"01".repeat(32).into(), &901.into(), &key(50).to_string().into())
    );
}
