//! Going through lists page by page.

use std::collections::BTreeSet;

use crate::fixtures::{
    accounts::{balance, job, key, node, provider, usdc, written},
    database::{Postgres, apply, slot},
    indexer::Api,
    transactions::{co_signed, settlement},
};
use gantry_indexer::apply::Slot;

/// Every row of a list, page by page, calling `between` after each page.
async fn walk(api: &Api, path: &str, key: &str, mut between: impl AsyncFnMut(usize)) -> Vec<String> {
    let mut rows = Vec::new();
    let mut cursor = String::new();
    for page in 0.. {
        let answer = api.get(&format!("{path}{cursor}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        rows.extend(
            answer.json["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row[key].as_str().unwrap().to_owned()),
        );
        let Some(next) = answer.json["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
        between(page).await;
    }
    rows
}

fn assert_once_each(rows: &[String], count: usize) {
    assert_eq!(
        rows.iter().collect::<BTreeSet<_>>().len(),
        rows.len(),
        "a row is shown twice"
    );
    assert_eq!(rows.len(), count);
}

#[tokio::test]
async fn every_row_is_shown_once_and_in_order() {
    let postgres = Postgres::start().await;
    let balances = (0..7).map(|n| written(key(n), &balance(key(3), 1), 1)).collect();
    apply(&mut postgres.writer().await, &[slot(9, balances)]).await;
    let api = Api::at(&postgres.database, 9).await;
    let rows = walk(&api, "/v1/balances?limit=3", "address", async |_| {}).await;
    assert_once_each(&rows, 7);
    assert_eq!(rows, (0..7).map(|n| key(n).to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn equal_rates_do_not_hide_nodes() {
    let postgres = Postgres::start().await;
    let mut accounts = vec![written(key(50), &provider(key(2)), 1)];
    accounts.extend((60..67).map(|n| written(key(n), &node(key(50), key(2), if n < 63 { 900 } else { 100 }), 1)));
    apply(&mut postgres.writer().await, &[slot(9, accounts)]).await;
    let api = Api::at(&postgres.database, 9).await;
    let rows = walk(
        &api,
        &format!("/v1/nodes?limit=2&mint={}", usdc()),
        "address",
        async |_| {},
    )
    .await;
    let expected = [63, 64, 65, 66, 60, 61, 62].map(|n| key(n).to_string());
    assert_eq!(rows, expected);
}

#[tokio::test]
async fn jobs_that_are_opened_meanwhile_shift_no_page() {
    let postgres = Postgres::start().await;
    let mut writer = postgres.writer().await;
    let opened = |n: u8, at: i64| {
        written(
            key(n),
            &market::state::Job {
                opened_at: at,
                ..job(key(3), key(2))
            },
            1,
        )
    };
    apply(
        &mut writer,
        &[slot(9, (100..110).map(|n| opened(n, i64::from(n / 3))).collect())],
    )
    .await;
    let api = Api::at(&postgres.database, 9).await;
    let rows = walk(&api, "/v1/jobs?limit=3", "address", async |page| {
        let number = u8::try_from(page).unwrap();
        apply(
            &mut writer,
            &[slot(10 + u64::from(number), vec![opened(150 + number, 5_000)])],
        )
        .await;
    })
    .await;
    assert_once_each(&rows, 10);
}

#[tokio::test]
async fn payments_continue_behind_the_last_sequence() {
    let postgres = Postgres::start().await;
    let transactions = (1..=5)
        .map(|n| settlement(n, &co_signed(key(15), u64::from(n) * 3, u64::from(n) * 1_000)))
        .collect();
    let accounts = vec![written(key(15), &job(key(3), key(2)), 1)];
    apply(
        &mut postgres.writer().await,
        &[Slot {
            transactions,
            ..slot(9, accounts)
        }],
    )
    .await;
    let api = Api::at(&postgres.database, 9).await;
    for list in ["settlements", "receipts"] {
        let rows = walk(
            &api,
            &format!("/v1/jobs/{}/{list}?limit=2", key(15)),
            "sequence",
            async |_| {},
        )
        .await;
        assert_eq!(rows, ["3", "6", "9", "12", "15"]);
    }
}
