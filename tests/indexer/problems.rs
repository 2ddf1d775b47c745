//! Whatever goes wrong is a problem document that says what to do.

use gantry_indexer::{progress, store::Database};
use reqwest::Method;
use sqlx::Connection as _;

use crate::fixtures::{
    accounts::{balance, key, usdc, written},
    database::{Postgres, apply, slot},
    indexer::Api,
};

async fn empty() -> (Postgres, Api) {
    let postgres = Postgres::start().await;
    let api = Api::at(&postgres.database, 9).await;
    (postgres, api)
}

#[tokio::test]
async fn every_mistake_is_answered_with_a_problem_document() {
    let (_postgres, api) = empty().await;
    let unknown = key(42);
    for (method, path, status, detail) in [
        (
            Method::GET,
            "/v2/nodes".to_owned(),
            404,
            "/v2/nodes is not part of this API; /docs lists what is".to_owned(),
        ),
        (
            Method::POST,
            "/v1/nodes".into(),
            405,
            "/v1/nodes cannot be called with POST; this API is read with GET".into(),
        ),
        (
            Method::GET,
            "/v1/nodes?limit=0".into(),
            400,
            "limit must be 1 to 200, not 0".into(),
        ),
        (
            Method::GET,
            "/v1/nodes?limit=201".into(),
            400,
            "limit must be 1 to 200, not 201".into(),
        ),
        (
            Method::GET,
            "/v1/nodes?max_rate=5".into(),
            400,
            "max_rate needs mint: rates in different mints cannot be compared".into(),
        ),
        (
            Method::GET,
            "/v1/nodes?cursor=forged".into(),
            400,
            "cursor is not one that this API gave".into(),
        ),
        (
            Method::GET,
            "/v1/jobs?state=unknown".into(),
            400,
            "state must be open, running, stopped, closed or cancelled".into(),
        ),
        (
            Method::GET,
            "/v1/jobs/xyz".into(),
            400,
            "`xyz` is not an address: 32 bytes in Base58 are needed".into(),
        ),
        (
            Method::GET,
            format!("/v1/jobs/{}", "z".repeat(50_000)),
            400,
            format!("`{}` is not an address: 32 bytes in Base58 are needed", "z".repeat(44)),
        ),
        (
            Method::GET,
            "/v1/nodes?class=%00".into(),
            400,
            "a parameter contains the character NUL".into(),
        ),
        (
            Method::GET,
            "/docs/nowhere.js".into(),
            404,
            "/docs/nowhere.js is not part of this API; /docs lists what is".into(),
        ),
        (
            Method::GET,
            format!("/v1/jobs/{unknown}/proof"),
            404,
            "no job has this address; it may be newer than the slot that the indexer has reached".into(),
        ),
        (
            Method::GET,
            format!("/v1/jobs/{unknown}/settlements"),
            404,
            "no job has this address; it may be newer than the slot that the indexer has reached".into(),
        ),
    ] {
        let answer = api.request(method, &path).await;
        assert_eq!(
            (answer.status, answer.kind.as_str()),
            (status, "application/problem+json"),
            "{path}: {}",
            answer.text
        );
        assert_eq!(answer.json["detail"], detail, "{path}");
        assert_eq!(answer.json["status"], status, "{path}");
        assert!(
            answer.json["type"].as_str().unwrap().starts_with("urn:gantry:problem:"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn malformed_parameters_are_named() {
    let (_postgres, api) = empty().await;
    for (path, named) in [
        ("/v1/nodes?colour=red", "unknown field `colour`"),
        ("/v1/nodes?mint=abc", "not an address"),
        ("/v1/nodes?max_rate=-1", "max_rate"),
        ("/v1/nodes?max_rate=18446744073709551616", "max_rate"),
        ("/v1/nodes?healthy=maybe", "healthy"),
        ("/v1/jobs?state=finished", "finished"),
        ("/v1/jobs?limit=many", "limit"),
    ] {
        let answer = api.get(path).await;
        assert_eq!(
            (answer.status, answer.kind.as_str()),
            (400, "application/problem+json"),
            "{path}"
        );
        assert!(
            answer.json["detail"].as_str().unwrap().contains(named),
            "{path}: {}",
            answer.text
        );
    }
}

#[tokio::test]
async fn a_cursor_of_another_list_or_other_filters_is_refused() {
    let (postgres, api) = empty().await;
    let balances = (0..3).map(|n| written(key(n), &balance(key(3), 1), 1)).collect();
    apply(&mut postgres.writer().await, &[slot(9, balances)]).await;
    let answer = api.get("/v1/balances?limit=1").await;
    let cursor = answer.json["next_cursor"].as_str().unwrap().to_owned();
    for path in [
        format!("/v1/balances?mint={}&cursor={cursor}", usdc()),
        format!("/v1/stakes?cursor={cursor}"),
    ] {
        let refused = api.get(&path).await;
        assert_eq!(refused.status, 400);
        assert_eq!(
            refused.json["detail"],
            "cursor belongs to other filters; begin again without it"
        );
    }
    assert_eq!(
        api.get(&format!("/v1/balances?limit=2&cursor={cursor}")).await.status,
        200,
        "the limit may change"
    );
}

#[tokio::test]
async fn numbers_at_the_edge_of_64_bits_are_understood() {
    let (_postgres, api) = empty().await;
    let path = format!("/v1/nodes?mint={}&max_rate={}", usdc(), u64::MAX);
    assert_eq!(api.get(&path).await.status, 200);
}

#[tokio::test]
async fn an_indexer_that_has_not_begun_is_alive_but_not_ready() {
    let postgres = Postgres::start().await;
    let (_reporter, observer) = progress::channel();
    let api = Api::start(&postgres.database, observer).await;
    assert_eq!(api.get("/livez").await.status, 200);
    let answer = api.get("/readyz").await;
    assert_eq!((answer.status, answer.kind.as_str()), (503, "application/problem+json"));
    assert_eq!(answer.json["detail"], "the indexer is starting");
}

#[tokio::test]
async fn a_database_that_is_away_is_a_problem_not_a_crash() {
    let database = Database::at("postgres://nobody@127.0.0.1:1/nothing").unwrap();
    let api = Api::at(&database, 9).await;
    let answer = api.get("/v1/stats").await;
    assert_eq!((answer.status, answer.kind.as_str()), (503, "application/problem+json"));
    assert_eq!(api.get("/readyz").await.status, 503);
    assert_eq!(api.get("/livez").await.status, 200);
}

#[tokio::test]
async fn an_indexer_that_is_too_far_behind_is_not_ready_and_says_how_far() {
    let postgres = Postgres::start().await;
    let (reporter, observer) = progress::channel();
    let api = Api::start(&postgres.database, observer).await;
    reporter.enter(progress::Phase::Following);
    reporter.applied(9, None);
    let answer = api.get("/readyz").await;
    assert_eq!(
        (answer.status, &answer.json["detail"]),
        (503, &"the indexer has not caught up with the chain yet".into())
    );
    let answer = api.get("/v1/providers").await;
    assert_eq!(
        (answer.status, &answer.json["context"]["lag_ms"]),
        (200, &serde_json::Value::Null)
    );

    reporter.applied(9, Some(progress::unix_ms() - 3_600_000));
    let answer = api.get("/readyz").await;
    assert_eq!((answer.status, answer.kind.as_str()), (503, "application/problem+json"));
    let detail = answer.json["detail"].as_str().unwrap();
    assert!(
        detail.starts_with("the indexer is 3600") && detail.ends_with(" ms behind the chain; the limit is 60000 ms"),
        "{detail}"
    );
    let answer = api.get("/v1/providers").await;
    assert!(
        answer.json["context"]["lag_ms"].as_u64() >= Some(3_600_000),
        "{}",
        answer.text
    );

    reporter.applied(10, Some(progress::unix_ms()));
    assert_eq!(api.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn a_fault_of_the_tables_is_not_called_a_database_that_is_away() {
    let (postgres, api) = empty().await;
    postgres.ask("ALTER TABLE jobs RENAME COLUMN owed TO owing");
    let answer = api.get("/v1/jobs").await;
    assert_eq!((answer.status, answer.kind.as_str()), (500, "application/problem+json"));
    assert_eq!(answer.json["type"], "urn:gantry:problem:failed");
}

#[tokio::test]
async fn requests_under_way_are_answered_before_the_api_ends() {
    let (postgres, api) = empty().await;
    let mut blocker = postgres.connection().await;
    let mut lock = blocker.begin().await.unwrap();
    sqlx::query("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *lock)
        .await
        .unwrap();
    let stopping = async {
        while postgres.ask("SELECT COUNT(*) FROM pg_locks WHERE NOT granted") == "0" {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        api.stop();
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        lock.rollback().await.unwrap();
    };
    let (answer, ()) = tokio::join!(api.get("/v1/jobs"), stopping);
    assert_eq!(
        (answer.status, answer.json["data"].clone()),
        (200, serde_json::json!([]))
    );
    assert!(api.is_gone().await);
}

#[tokio::test]
async fn the_api_cannot_write() {
    let postgres = Postgres::start().await;
    let refused = sqlx::query("DELETE FROM jobs")
        .execute(&postgres.database.readers())
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("read-only transaction"), "{refused}");
}

#[tokio::test]
async fn a_query_that_takes_too_long_is_cut_off() {
    let postgres = Postgres::start().await;
    let cut = sqlx::query("SELECT pg_sleep(20)")
        .execute(&postgres.database.readers())
        .await
        .unwrap_err();
    assert!(cut.to_string().contains("statement timeout"), "{cut}");
}
