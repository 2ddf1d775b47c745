//! What the mirror holds and says about delegated stake.

use gantry_indexer::apply::{AccountWrite, Changes, Slot, Snapshot, Undecoded, slot_changes};
use gantry_protocol::{
    Atoms,
    shares::{Pool, Shares, VIRTUAL},
};
use gantry_sdk::account::Account;
use serde_json::{Value, json};
use staking::{
    events::{CommissionSet, DelegationDeposited},
    state::Stake,
};

use crate::fixtures::{
    accounts::{config, delegation, key, node, provider, registered_mint, stake, usdc, written},
    database::{Postgres, apply, slot},
    indexer::Api,
    transactions::{calls, logged, payload, transaction},
};

/// The provider's stake, at address 11: 1,000 own, and this much delegated and leaving.
fn delegated_to(delegated: (u64, u64), unbonding: (u64, u64)) -> Stake {
    Stake {
        delegated: delegated.0,
        delegated_shares: delegated.1,
        delegated_unbonding: unbonding.0,
        delegated_unbonding_shares: unbonding.1,
        slashed: 7,
        commission_bps: 500,
        next_commission_bps: 900,
        commission_from: 9_000,
        ..stake(key(2), 1_000)
    }
}

/// Two delegations to the stake, and one to another.
fn delegations() -> Vec<AccountWrite> {
    vec![
        written(key(11), &delegated_to((3_000_000, 1_000_000), (90, 100)), 1),
        written(key(21), &delegation(key(11), key(3), 400_000, 60), 2),
        written(key(22), &delegation(key(11), key(4), 600_000, 40), 3),
        written(key(12), &stake(key(5), 0), 4),
        written(key(23), &delegation(key(12), key(3), 0, 0), 5),
    ]
}

async fn shown(path: &str) -> Value {
    let postgres = Postgres::start().await;
    apply(&mut postgres.writer().await, &[slot(9, delegations())]).await;
    Api::at(&postgres.database, 9).await.data(path).await
}

fn addresses(list: &Value) -> Vec<&str> {
    let rows = list.as_array().unwrap().iter();
    rows.map(|row| row["address"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn delegations_are_listed_per_stake_and_per_delegator() {
    let postgres = Postgres::start().await;
    apply(&mut postgres.writer().await, &[slot(9, delegations())]).await;
    let api = Api::at(&postgres.database, 9).await;
    for (filters, expected) in [
        (String::new(), vec![21, 22, 23]),
        (format!("?stake={}", key(11)), vec![21, 22]),
        (format!("?delegator={}", key(3)), vec![21, 23]),
        (format!("?stake={}&delegator={}", key(11), key(4)), vec![22]),
        (format!("?stake={}", key(99)), vec![]),
    ] {
        let list = api.data(&format!("/v1/delegations{filters}")).await;
        let expected: Vec<_> = expected.into_iter().map(|n| key(n).to_string()).collect();
        assert_eq!(addresses(&list), expected, "{filters}");
    }
}

#[tokio::test]
async fn a_page_of_delegations_continues_behind_the_last_one_shown() {
    let postgres = Postgres::start().await;
    apply(&mut postgres.writer().await, &[slot(9, delegations())]).await;
    let api = Api::at(&postgres.database, 9).await;
    let first = api.get("/v1/delegations?limit=2").await.json;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = api.get(&format!("/v1/delegations?limit=2&cursor={cursor}")).await.json;
    assert_eq!(addresses(&first["data"]), [key(21).to_string(), key(22).to_string()]);
    assert_eq!(addresses(&second["data"]), [key(23).to_string()]);
    assert_eq!(second["next_cursor"], Value::Null);
}

#[tokio::test]
async fn a_delegation_is_shown_with_what_it_is_worth() {
    let list = shown(&format!("/v1/delegations?delegator={}", key(3))).await;
    // 400,000 of 1,000,000 shares of 3,000,000, with the virtual million on both sides: two base units each.
    let expected = json!({
        "address": key(21).to_string(),
        "stake": key(11).to_string(),
        "delegator": key(3).to_string(),
        "shares": "400000",
        "worth": "800000",
        "unbonding_shares": "60",
        "unbonding_worth": "54",
        "unbondings": [{ "place": 2, "shares": "60", "withdrawable_at": 5_000 }],
        "changed_slot": "9",
    });
    assert_eq!(list[0], expected);
    assert_eq!(
        (&list[1]["worth"], &list[1]["unbonding_worth"]),
        (&json!("0"), &json!("0"))
    );
    assert_eq!(list[1]["unbondings"], json!([]));
}

#[tokio::test]
async fn a_stake_is_shown_with_what_is_delegated_and_what_that_pays() {
    let stakes = shown(&format!("/v1/stakes?owner={}", key(2))).await;
    for (field, value) in [
        ("active", json!("1000")),
        ("slashed", json!("7")),
        ("delegated", json!("3000000")),
        ("delegated_shares", json!("1000000")),
        ("delegated_unbonding", json!("90")),
        ("delegated_unbonding_shares", json!("100")),
        ("commission_bps", json!(500)),
        ("next_commission_bps", json!(900)),
        ("commission_from", json!(9_000)),
    ] {
        assert_eq!(stakes[0][field], value, "{field}");
    }
}

#[tokio::test]
async fn the_database_values_shares_as_the_protocol_does() {
    let postgres = Postgres::start().await;
    let most = u64::MAX - VIRTUAL;
    for (shares, assets, outstanding) in [
        (0, 0, 0),
        (0, 5, 0),
        (7, 0, 9),
        (1, 2, 3),
        (2, 2, 3),
        (999_999, 1_000_000, 1_000_000),
        (333_333, 7_654_321, 1_234_567),
        (most, most, most),
        (most - 1, most - 1, most),
        (1, most, 1),
    ] {
        let pool = Pool {
            assets: Atoms(assets),
            shares: Shares(outstanding),
        };
        assert_eq!(
            postgres.ask(&format!("SELECT worth({shares}, {assets}, {outstanding})")),
            pool.worth(Shares(shares)).unwrap().0.to_string(),
            "{shares} of {pool:?}"
        );
    }
}

#[tokio::test]
async fn delegations_have_rows_with_full_64_bit_amounts() {
    let postgres = Postgres::start().await;
    let accounts = vec![
        written(key(11), &delegated_to((u64::MAX, u64::MAX), (u64::MAX, u64::MAX)), 1),
        written(key(21), &delegation(key(11), key(3), u64::MAX, u64::MAX), 2),
    ];
    apply(&mut postgres.writer().await, &[slot(9, accounts)]).await;
    let most = u64::MAX;
    assert_eq!(
        postgres.ask("SELECT shares, unbonding_shares, unbondings FROM delegations"),
        format!(r#"{most}|{most}|[{{"place": 2, "shares": "{most}", "withdrawable_at": 5000}}]"#)
    );
    assert_eq!(
        postgres.ask(
            "SELECT delegated, delegated_shares, delegated_unbonding, delegated_unbonding_shares FROM open_stakes"
        ),
        format!("{most}|{most}|{most}|{most}")
    );
}

#[tokio::test]
async fn an_older_write_never_replaces_a_newer_delegation() {
    let postgres = Postgres::start().await;
    let mut writer = postgres.writer().await;
    let written_at = |shares, version| vec![written(key(21), &delegation(key(11), key(3), shares, 0), version)];
    apply(&mut writer, &[slot(9, written_at(100, 7))]).await;
    apply(&mut writer, &[slot(9, written_at(1, 6)), slot(8, written_at(2, 99))]).await;
    assert_eq!(postgres.ask("SELECT shares FROM delegations"), "100");
    apply(&mut writer, &[slot(10, written_at(102, 1))]).await;
    assert_eq!(postgres.ask("SELECT shares FROM delegations"), "102");
}

#[tokio::test]
async fn a_snapshot_of_the_staking_program_buries_delegations_that_it_lacks() {
    let postgres = Postgres::start().await;
    let mut writer = postgres.writer().await;
    apply(&mut writer, &[slot(9, delegations())]).await;
    let snapshot = Snapshot {
        program: staking::ID,
        slot: 15,
        accounts: vec![written(key(22), &delegation(key(11), key(4), 1, 0), 0)],
    };
    let checkpoint = gantry_indexer::store::Checkpoint::after(&slot(12, Vec::new()), None);
    writer
        .apply_snapshots(&[snapshot], Changes::default(), &checkpoint)
        .await
        .unwrap();
    assert_eq!(postgres.ask("SELECT shares FROM open_delegations"), "1");
    assert_eq!(postgres.ask("SELECT COUNT(*) FROM delegations"), "3");
}

#[tokio::test]
async fn delegated_stake_counts_for_what_a_provider_offers() {
    for (delegated, reserved, free) in [(0, 0, "0"), (701, 0, "800"), (701, 900, "0"), (701, 300, "500")] {
        let postgres = Postgres::start().await;
        let backed = Stake {
            delegated,
            delegated_shares: delegated,
            reserved,
            ..stake(key(2), 99)
        };
        let offering = market::state::Provider {
            gpus_offered: 8,
            ..provider(key(2))
        };
        let accounts = vec![
            written(key(11), &backed, 1),
            written(key(12), &config(), 2),
            written(key(13), &registered_mint(usdc()), 3),
            written(key(50), &offering, 4),
            written(key(51), &node(key(50), key(2), 700), 5),
        ];
        apply(&mut postgres.writer().await, &[slot(9, accounts)]).await;
        let api = Api::at(&postgres.database, 9).await;
        let node = api.data(&format!("/v1/nodes/{}", key(51))).await;
        assert_eq!(node["stake_free"], free, "{delegated} delegated, {reserved} reserved");
    }
}

#[test]
fn every_event_about_a_stake_is_found_under_its_provider() {
    let deposited = DelegationDeposited {
        owner: key(2),
        delegator: key(3),
        amount: 1,
        shares: 2,
        delegated: 3,
        delegated_shares: 4,
    };
    let set = CommissionSet {
        owner: key(2),
        commission_bps: 1,
        next_commission_bps: 2,
        commission_from: 3,
    };
    for payload in [payload(&deposited), payload(&set)] {
        let mut calling = calls(transaction(1), 1);
        calling.logs = Some(logged(staking::ID, &payload));
        let changes = slot_changes(&Slot {
            transactions: vec![calling],
            ..slot(9, Vec::new())
        });
        assert_eq!(changes.events[0].subject, Some(key(2)));
    }
}

#[test]
fn a_delegation_of_another_length_is_kept_with_its_bytes() {
    let mut strange = written(key(21), &delegation(key(11), key(3), 1, 0), 4);
    let read = slot_changes(&slot(9, vec![strange.clone()]));
    assert!(matches!(read.accounts[&key(21)].account, Account::Delegation(_)));
    strange.data.pop();
    let letter = &slot_changes(&slot(9, vec![strange])).dead_letters[0];
    assert_eq!(letter.kind, Undecoded::Account);
    assert_eq!(letter.reason, "account Delegation has 215 bytes instead of 216");
}
