//! What the API says about caps on withdrawals, and about withdrawals that wait.

use gantry_indexer::apply::{LamportChange, Slot};
use market::state::RegisteredMint;
use serde_json::json;

use crate::fixtures::{
    accounts::{config, key, registered_mint, usdc, withdrawal, written},
    database::{Postgres, apply, slot},
    indexer::Api,
    transactions::transaction,
};

/// A mint with a cap, and two withdrawals that wait: of one wallet in it, and of another in another mint.
async fn market() -> (Postgres, Api) {
    let postgres = Postgres::start().await;
    let accounts = vec![
        written(key(12), &config(), 1),
        written(key(13), &registered_mint(usdc()), 2),
        written(key(22), &withdrawal(key(3), usdc(), 30), 3),
        written(key(23), &withdrawal(key(4), key(201), u64::MAX), 4),
    ];
    apply(&mut postgres.writer().await, &[slot(9, accounts)]).await;
    let api = Api::at(&postgres.database, 9).await;
    (postgres, api)
}

#[tokio::test]
async fn withdrawals_that_wait_are_found_by_owner_and_mint_until_they_are_closed() {
    let (postgres, api) = market().await;
    let found = api.data("/v1/withdrawals").await;
    assert_eq!(found.as_array().map(Vec::len), Some(2));
    for query in [format!("?owner={}", key(3)), format!("?mint={}", usdc())] {
        let waiting = api.data(&format!("/v1/withdrawals{query}")).await;
        assert_eq!(waiting.as_array().map(Vec::len), Some(1), "{query}");
        let (row, text) = (&waiting[0], |key: gantry_sdk::Pubkey| json!(key.to_string()));
        assert_eq!(
            (&row["address"], &row["owner"], &row["mint"], &row["balance"]),
            (&text(key(22)), &text(key(3)), &text(usdc()), &text(key(14)))
        );
        assert_eq!(
            (&row["amount"], &row["payable_at"], &row["number"]),
            (&json!("30"), &json!(87_400), &json!(2))
        );
    }
    assert_eq!(api.data("/v1/stats").await["money"][0]["withdrawals"], json!("30"));
    let mut paid = transaction(1);
    paid.lamports.push(LamportChange {
        address: key(22),
        before: 9,
        after: 0,
    });
    let closing = Slot {
        transactions: vec![paid],
        ..slot(10, Vec::new())
    };
    apply(&mut postgres.writer().await, &[closing]).await;
    let left = api.data("/v1/withdrawals").await;
    assert_eq!(left.as_array().map(Vec::len), Some(1));
    assert_eq!(left[0]["amount"], json!(u64::MAX.to_string()));
    assert_eq!(api.data("/v1/stats").await["money"][0]["withdrawals"], json!("0"));
}

#[tokio::test]
async fn a_mint_shows_its_cap_and_none_where_there_is_none() {
    let (postgres, api) = market().await;
    let mint = &api.data("/v1/mints").await[0];
    assert_eq!(
        (
            &mint["capped"],
            &mint["withdraw_cap"],
            &mint["withdraw_room"],
            &mint["room_at"]
        ),
        (
            &json!(true),
            &json!((u64::MAX - 1).to_string()),
            &json!("70"),
            &json!(1_010)
        )
    );
    let uncapped = RegisteredMint {
        withdraw_cap: u64::MAX,
        withdraw_room: u64::MAX,
        ..registered_mint(usdc())
    };
    let later = slot(10, vec![written(key(13), &uncapped, 1)]);
    apply(&mut postgres.writer().await, &[later]).await;
    let mint = &api.data("/v1/mints").await[0];
    assert_eq!(mint["capped"], false);
}
