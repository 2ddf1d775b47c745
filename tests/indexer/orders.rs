//! What the mirror holds and says about orders and bids.

use anchor_lang::Discriminator;
use bytemuck::NoUninit;
use gantry_indexer::apply::{AccountWrite, LamportChange, Slot, slot_changes};
use gantry_sdk::{Pubkey, address};
use market::{
    events::{BidDropped, BidPlaced, BidRefunded, BidWithdrawn, OrderAccepted, OrderCancelled, OrderOpened},
    state::{Order, OrderState},
};
use serde_json::{Value, json};

use crate::fixtures::{
    accounts::{key, order, usdc, written},
    database::{Postgres, apply, slot},
    indexer::Api,
    transactions::{calls, logged, payload, transaction},
};

/// Three orders: one with two bids, the later of which is the better one, one without, and one that was accepted.
fn orders() -> Vec<AccountWrite> {
    let accepted = Order {
        state: OrderState::Accepted as u8,
        class: gantry_protocol::class::pack("rtx-4090").unwrap(),
        region: gantry_protocol::class::pack("eu-central").unwrap(),
        ..order(key(4), &[(key(53), key(5), 700)])
    };
    vec![
        written(
            key(21),
            &order(key(3), &[(key(51), key(2), 700), (key(53), key(5), 600)]),
            1,
        ),
        written(key(22), &order(key(3), &[]), 2),
        written(key(23), &accepted, 3),
    ]
}

async fn mirror() -> (Postgres, Api) {
    let postgres = Postgres::start().await;
    apply(&mut postgres.writer().await, &[slot(9, orders())]).await;
    let api = Api::at(&postgres.database, 9).await;
    (postgres, api)
}

fn addresses(list: &Value) -> Vec<&str> {
    let rows = list.as_array().unwrap().iter();
    rows.map(|row| row["address"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn orders_are_listed_by_tenant_bidder_class_and_state() {
    let (_postgres, api) = mirror().await;
    for (filters, expected) in [
        (String::new(), vec![21, 22, 23]),
        (format!("?tenant={}", key(3)), vec![21, 22]),
        (format!("?bidder={}", key(5)), vec![21, 23]),
        (format!("?bidder={}", key(2)), vec![21]),
        (format!("?bidder={}", key(51)), vec![]),
        ("?class=h100-sxm".to_owned(), vec![21, 22]),
        ("?state=accepted".to_owned(), vec![23]),
        (format!("?state=open&bidder={}", key(5)), vec![21]),
    ] {
        let list = api.data(&format!("/v1/orders{filters}")).await;
        let expected: Vec<_> = expected.into_iter().map(|n| key(n).to_string()).collect();
        assert_eq!(addresses(&list), expected, "{filters}");
    }
}

#[tokio::test]
async fn a_page_of_orders_continues_behind_the_last_one_shown() {
    let (_postgres, api) = mirror().await;
    let first = api.get("/v1/orders?limit=2").await.json;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = api.get(&format!("/v1/orders?limit=2&cursor={cursor}")).await.json;
    assert_eq!(addresses(&first["data"]), [key(21).to_string(), key(22).to_string()]);
    assert_eq!(addresses(&second["data"]), [key(23).to_string()]);
    assert_eq!(second["next_cursor"], Value::Null);
}

#[tokio::test]
async fn an_order_is_shown_with_its_bids_the_best_first() {
    let (_postgres, api) = mirror().await;
    let most = u64::MAX.to_string();
    let expected = json!({
        "address": key(21).to_string(),
        "tenant": key(3).to_string(),
        "mint": usdc().to_string(),
        "job": address::job(&key(3), u64::MAX).to_string(),
        "session_key": key(220).to_string(),
        "bundle_hash": "03".repeat(32),
        "class": "h100-sxm",
        "region": "",
        "bids": [
            {
                "place": 1, "node": key(53).to_string(), "provider": key(5).to_string(), "rate": "600",
                "placed_at": 1_010, "number": "2",
            },
            {
                "place": 0, "node": key(51).to_string(), "provider": key(2).to_string(), "rate": "700",
                "placed_at": 1_010, "number": "1",
            },
        ],
        "nonce": most,
        "max_rate": most,
        "escrow": most,
        "deposit": most,
        "job_rent": "4200000",
        "opened_at": 1_000,
        "bids_until": 1_060,
        "accept_until": 1_660,
        "max_duration_s": 600,
        "min_memory_mib": 40_000,
        "gpus": 2,
        "min_score": 900,
        "state": "open",
        "simulated": false,
        "changed_slot": "9",
    });
    assert_eq!(api.data(&format!("/v1/orders/{}", key(21))).await, expected);
}

#[tokio::test]
async fn an_order_that_was_closed_is_shown_no_more_and_may_be_posted_again() {
    let postgres = Postgres::start().await;
    let mut writer = postgres.writer().await;
    let mut emptied = transaction(1);
    emptied.lamports = vec![LamportChange {
        address: key(22),
        before: 1_000_000,
        after: 0,
    }];
    let closing = Slot {
        transactions: vec![emptied],
        ..slot(10, Vec::new())
    };
    apply(&mut writer, &[slot(9, orders()), closing]).await;
    let api = Api::at(&postgres.database, 10).await;
    let refused = api.get(&format!("/v1/orders/{}", key(22))).await;
    assert_eq!(refused.status, 404);
    assert_eq!(
        addresses(&api.data("/v1/orders?state=open").await),
        [key(21).to_string()]
    );
    apply(&mut writer, &[slot(11, vec![written(key(22), &order(key(3), &[]), 1)])]).await;
    assert_eq!(postgres.ask("SELECT COUNT(*) FROM open_orders"), "3");
}

#[tokio::test]
async fn an_unknown_state_is_refused_as_a_filter() {
    let (_postgres, api) = mirror().await;
    for state in ["unknown", "closed"] {
        assert_eq!(
            api.get(&format!("/v1/orders?state={state}")).await.status,
            400,
            "{state}"
        );
    }
}

#[test]
fn every_event_about_an_order_is_found_under_it() {
    fn subject_of<E: Discriminator + NoUninit>(event: &E) -> Option<Pubkey> {
        let mut calling = calls(transaction(1), 1);
        calling.logs = Some(logged(market::ID, &payload(event)));
        let changes = slot_changes(&Slot {
            transactions: vec![calling],
            ..slot(9, Vec::new())
        });
        changes.events[0].subject
    }
    macro_rules! about {
        ($($event:ident),+) => {[$(subject_of(&$event { order: key(21), ..bytemuck::Zeroable::zeroed() })),+]};
    }
    let found = about!(
        OrderOpened,
        BidPlaced,
        BidWithdrawn,
        BidDropped,
        OrderAccepted,
        OrderCancelled,
        BidRefunded
    );
    assert_eq!(found, [Some(key(21)); 7]);
}
