//! Rows, history and checkpoint on a real Postgres.

use gantry_indexer::{
    apply::{AccountWrite, LamportChange, Slot, slot_changes},
    store::{Checkpoint, Claim, StoreError, Writer},
};
use market::state::{Price, Record};
use sqlx::Connection as _;

use crate::fixtures::{
    accounts::{
        balance, claim, config, delegation, device, fault, fee_shard, gpu_class, job, key, node, order, pool,
        price_range, provider, registered_mint, stake, tenant, usdc, withdrawal, written,
    },
    database::{Postgres, apply, slot},
    transactions::{co_signed, settlement, transaction},
};

/// One account of each type.
fn one_of_each() -> Vec<AccountWrite> {
    vec![
        written(key(10), &pool(), 1),
        written(key(11), &stake(key(2), u64::MAX), 2),
        written(key(12), &config(), 3),
        written(key(13), &registered_mint(usdc()), 4),
        written(key(50), &provider(key(2)), 5),
        written(key(51), &node(key(50), key(2), 700), 6),
        written(key(14), &balance(key(3), u64::MAX), 7),
        written(key(15), &job(key(3), key(2)), 8),
        written(key(16), &fault(key(15), key(2)), 9),
        written(key(17), &claim(key(15)), 10),
        written(key(18), &delegation(key(11), key(3), u64::MAX, 1), 11),
        written(key(19), &fee_shard(usdc(), 5, u64::MAX), 12),
        written(key(20), &gpu_class(), 13),
        written(key(21), &price_range(1, u64::MAX), 14),
        written(key(22), &device(key(51), key(50), 7), 15),
        written(key(23), &tenant(key(3), Record::default()), 13),
        written(key(24), &withdrawal(key(3), usdc(), u64::MAX), 17),
        written(key(25), &order(key(3), &[(key(51), key(2), 700)]), 16),
    ]
}

fn eventful() -> Slot {
    Slot {
        transactions: vec![settlement(1, &co_signed(key(15), 1, 9_000)), transaction(2)],
        ..slot(9, one_of_each())
    }
}

#[tokio::test]
async fn every_account_type_has_its_row_with_full_64_bit_amounts() {
    let postgres = Postgres::start().await;
    apply(&mut postgres.writer().await, &[eventful()]).await;
    assert_eq!(postgres.ask("SELECT amount FROM balances"), u64::MAX.to_string());
    assert_eq!(
        postgres.ask("SELECT active, unbondings FROM stakes"),
        format!(
            r#"{}|[{{"amount": "{}", "withdrawable_at": 5000}}]"#,
            u64::MAX,
            u64::MAX
        )
    );
    assert_eq!(postgres.ask("SELECT staked FROM pools"), u64::MAX.to_string());
    assert_eq!(
        postgres.ask("SELECT fee_bps, paused, fee_burn_bps, encode(treasury, 'hex') FROM market_configs"),
        format!("250|f|3000|{}", "d8".repeat(32))
    );
    assert_eq!(postgres.ask("SELECT decimals, enabled, fee_shards FROM mints"), "6|t|8");
    assert_eq!(postgres.ask("SELECT name, enabled FROM gpu_classes"), "h100-sxm|t");
    assert_eq!(
        postgres.ask("SELECT withdraw_cap, withdraw_room, withdraw_rest, room_at FROM mints"),
        format!("{}|70|3599|1010", u64::MAX - 1)
    );
    assert_eq!(
        postgres.ask("SELECT class, rate_floor, rate_ceiling FROM price_ranges"),
        format!("h100-sxm|1|{}", u64::MAX)
    );
    assert_eq!(
        postgres.ask("SELECT encode(identity, 'hex'), registered_at FROM devices"),
        format!("{}|901", "07".repeat(32))
    );
    assert_eq!(
        postgres.ask("SELECT number, amount FROM fee_shards"),
        format!("5|{}", u64::MAX)
    );
    assert_eq!(
        postgres.ask("SELECT encode(owner, 'hex'), amount, payable_at, number FROM withdrawals"),
        format!("{}|{}|87400|2", "03".repeat(32), u64::MAX)
    );
    let endpoint = postgres.ask("SELECT endpoint FROM providers");
    assert_eq!(endpoint, "https://agent.example:8443");
    assert_eq!(
        postgres.ask("SELECT n.class, n.gpus, p.rate FROM nodes n JOIN node_prices p ON p.node = n.address"),
        "h100-sxm|8|700"
    );
    assert_eq!(postgres.ask("SELECT state, escrow, fee_bps FROM jobs"), "2|3600|250");
    assert_eq!(
        postgres.ask(
            "SELECT encode(former_session_key, 'hex'), session_rotated_at, exits_at, encode(successor, 'hex') FROM jobs"
        ),
        format!("{}|1020|2000|{}", "db".repeat(32), "da".repeat(32))
    );
    assert_eq!(
        postgres.ask("SELECT sequence, metered_ms, bond, payable_at FROM claims"),
        format!("5|12000|{}|1090", u64::MAX)
    );
    assert_eq!(
        postgres.ask("SELECT kind, sequence, slashed, penalty_bps FROM faults"),
        format!("1|4|{}|1000", u64::MAX)
    );
    assert_eq!(
        postgres.ask("SELECT nonce, max_rate, escrow, deposit, class, region, min_score, state, simulated FROM orders"),
        format!("{0}|{0}|{0}|{0}|h100-sxm||900|1|f", u64::MAX)
    );
    assert_eq!(
        postgres.ask("SELECT sequence, paid_now, compute_units, octet_length(receipt) FROM settlements"),
        "1|9|1234|144"
    );
    let at_the_end = "SELECT (SELECT COUNT(*) FROM transactions), slot, chain_time FROM checkpoint";
    assert_eq!(postgres.ask(at_the_end), "2|9|1030");
}

#[tokio::test]
async fn applying_a_slot_again_changes_nothing() {
    let postgres = Postgres::start().await;
    let mut writer = postgres.writer().await;
    apply(&mut writer, &[eventful()]).await;
    let once = postgres.digest();
    apply(&mut writer, &[eventful(), eventful()]).await;
    assert_eq!(postgres.digest(), once);
}

#[tokio::test]
async fn an_older_write_never_replaces_a_newer_one() {
    let postgres = Postgres::start().await;
    let mut writer = postgres.writer().await;
    let written_at = |amount, write_version| vec![written(key(14), &balance(key(3), amount), write_version)];
    apply(&mut writer, &[slot(9, written_at(100, 7))]).await;
    for older in [slot(9, written_at(1, 6)), slot(8, written_at(2, 99))] {
        apply(&mut writer, &[older]).await;
        assert_eq!(postgres.ask("SELECT amount FROM balances"), "100");
    }
    for (newer, amount) in [
        (slot(9, written_at(101, 8)), "101"),
        (slot(10, written_at(102, 1)), "102"),
    ] {
        apply(&mut writer, &[newer]).await;
        assert_eq!(postgres.ask("SELECT amount FROM balances"), amount);
    }
}

#[tokio::test]
async fn an_older_write_does_not_bring_withdrawn_prices_back() {
    let postgres = Postgres::start().await;
    let mut writer = postgres.writer().await;
    let mut repriced = node(key(50), key(2), 800);
    repriced.prices[1] = Price {
        mint: key(201),
        rate: 5,
    };
    let mut withdrawn = repriced;
    withdrawn.prices[0] = Price::default();
    apply(
        &mut writer,
        &[
            slot(9, vec![written(key(51), &repriced, 1)]),
            slot(10, vec![written(key(51), &withdrawn, 2)]),
        ],
    )
    .await;
    let prices = "SELECT rate FROM node_prices ORDER BY rate";
    assert_eq!(postgres.ask(prices), "5");
    apply(&mut writer, &[slot(9, vec![written(key(51), &repriced, 1)])]).await;
    assert_eq!(postgres.ask(prices), "5");
}

#[tokio::test]
async fn a_tombstone_survives_a_late_write_and_yields_to_a_new_account() {
    let postgres = Postgres::start().await;
    let mut writer = postgres.writer().await;
    let open = |number, amount| slot(number, vec![written(key(14), &balance(key(3), amount), 5)]);
    let shown = "SELECT amount FROM open_balances";
    let mut closing = transaction(1);
    closing.lamports.push(LamportChange {
        address: key(14),
        before: 9,
        after: 0,
    });
    apply(
        &mut writer,
        &[
            open(9, 1),
            Slot {
                transactions: vec![closing],
                ..slot(11, Vec::new())
            },
        ],
    )
    .await;
    assert_eq!(postgres.ask(shown), "");
    assert_eq!(
        postgres.ask("SELECT amount FROM balances"),
        "1",
        "the last row is kept as history"
    );
    apply(&mut writer, &[open(10, 2), open(11, 3)]).await;
    assert_eq!(postgres.ask(shown), "");
    assert_eq!(postgres.ask("SELECT amount FROM balances"), "1");
    apply(&mut writer, &[open(12, 4)]).await;
    assert_eq!(postgres.ask(shown), "4");
}

#[tokio::test]
async fn a_late_write_of_an_account_that_was_never_seen_alive_stays_hidden() {
    let postgres = Postgres::start().await;
    let mut writer = postgres.writer().await;
    let closed = AccountWrite {
        lamports: 0,
        ..written(key(14), &balance(key(3), 0), 8)
    };
    apply(
        &mut writer,
        &[
            slot(9, vec![closed]),
            slot(8, vec![written(key(14), &balance(key(3), 1), 3)]),
        ],
    )
    .await;
    assert_eq!(postgres.ask("SELECT COUNT(*) FROM balances"), "0");
}

#[tokio::test]
async fn an_older_tombstone_never_replaces_a_newer_one() {
    let postgres = Postgres::start().await;
    let mut writer = postgres.writer().await;
    let closed_at = |number| {
        let closed = AccountWrite {
            lamports: 0,
            ..written(key(14), &balance(key(3), 0), 8)
        };
        slot(number, vec![closed])
    };
    apply(&mut writer, &[closed_at(11), closed_at(9)]).await;
    apply(&mut writer, &[slot(10, vec![written(key(14), &balance(key(3), 1), 3)])]).await;
    assert_eq!(postgres.ask("SELECT slot FROM tombstones"), "11");
    assert_eq!(postgres.ask("SELECT COUNT(*) FROM balances"), "0");
}

/// Ends the writer's connection from outside, as a kill would.
async fn kill_connections(postgres: &Postgres) {
    postgres
        .ask("SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'gantry-indexer'");
}

#[tokio::test]
async fn a_transaction_that_is_cut_off_leaves_neither_rows_nor_checkpoint() {
    let postgres = Postgres::start().await;
    let mut writer = postgres.writer().await;
    let empty = postgres.digest();
    // Holds the checkpoint's table, so that the transaction waits behind its rows, before its checkpoint.
    let mut blocker = postgres.connection().await;
    let mut lock = blocker.begin().await.unwrap();
    sqlx::query("LOCK TABLE checkpoint IN EXCLUSIVE MODE")
        .execute(&mut *lock)
        .await
        .unwrap();
    let slot = eventful();
    let (changes, checkpoint) = (slot_changes(&slot), Checkpoint::after(&slot, None));
    let applying = writer.apply(&changes, &checkpoint);
    let killing = async {
        while postgres.ask("SELECT COUNT(*) FROM pg_locks WHERE NOT granted") == "0" {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        kill_connections(&postgres).await;
    };
    let (outcome, ()) = tokio::join!(applying, killing);
    assert!(matches!(outcome, Err(StoreError::Statement(_))));
    lock.rollback().await.unwrap();
    assert_eq!(postgres.digest(), empty);

    apply(&mut postgres.writer().await, &[eventful()]).await;
    assert_eq!(postgres.ask("SELECT slot FROM checkpoint"), "9");
}

#[tokio::test]
async fn one_statement_that_fails_takes_the_whole_slot_back() {
    let postgres = Postgres::start().await;
    let mut writer = postgres.writer().await;
    let empty = postgres.digest();
    postgres.ask("ALTER TABLE checkpoint ADD CONSTRAINT nothing_yet CHECK (slot < 9)");
    let slot = eventful();
    let outcome = writer
        .apply(&slot_changes(&slot), &Checkpoint::after(&slot, None))
        .await;
    assert!(matches!(outcome, Err(StoreError::Statement(_))));
    assert_eq!(postgres.digest(), empty);
    postgres.ask("ALTER TABLE checkpoint DROP CONSTRAINT nothing_yet");
    apply(&mut writer, &[slot]).await;
    assert_eq!(postgres.ask("SELECT COUNT(*) FROM settlements"), "1");
}

#[tokio::test]
async fn there_is_one_writer_until_it_is_gone() {
    let postgres = Postgres::start().await;
    let mut first = postgres.writer().await;
    apply(&mut first, &[slot(9, Vec::new())]).await;
    let Claim::Theirs(Some(checkpoint)) = Writer::acquire(&postgres.database).await.unwrap() else {
        panic!("two writers")
    };
    assert_eq!(checkpoint.slot, 9);
    drop(first);
    let mut attempts = 0;
    while matches!(Writer::acquire(&postgres.database).await.unwrap(), Claim::Theirs(_)) {
        attempts += 1;
        assert!(attempts < 200, "Postgres notices that the first writer has gone");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_database_of_another_chain_is_refused() {
    let postgres = Postgres::start().await;
    let mut writer = postgres.writer().await;
    writer.bind_to_chain(&[7; 32]).await.unwrap();
    writer.bind_to_chain(&[7; 32]).await.unwrap();
    let refused = writer.bind_to_chain(&[8; 32]).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!(
            "this database mirrors the chain with genesis hash {}, but the RPC node belongs to {}; use a fresh database, or another \
             RPC node",
            gantry_sdk::Pubkey::new_from_array([7; 32]),
            gantry_sdk::Pubkey::new_from_array([8; 32]),
        )
    );
}

#[tokio::test]
async fn undecodable_bytes_are_kept_once() {
    let postgres = Postgres::start().await;
    let mut writer = postgres.writer().await;
    let mut strange = written(key(14), &balance(key(3), 1), 3);
    strange.data = vec![0xAB, 0xCD];
    apply(&mut writer, &[slot(9, vec![strange.clone()]), slot(9, vec![strange])]).await;
    assert_eq!(
        postgres.ask("SELECT kind, slot, ordinal, encode(bytes, 'hex') FROM dead_letters"),
        "account|9|3|abcd"
    );
}

#[tokio::test]
async fn accounts_of_strangers_that_a_transaction_empties_leave_no_trace() {
    let postgres = Postgres::start().await;
    let mut writer = postgres.writer().await;
    let mut emptying = transaction(1);
    emptying.lamports = [14, 99]
        .map(|n| LamportChange {
            address: key(n),
            before: 9,
            after: 0,
        })
        .to_vec();
    let closing = Slot {
        transactions: vec![emptying],
        ..slot(10, Vec::new())
    };
    let opening = slot(9, vec![written(key(14), &balance(key(3), 1), 1)]);
    apply(&mut writer, &[opening, closing]).await;
    let hex = key(14).to_bytes().map(|byte| format!("{byte:02x}")).concat();
    assert_eq!(postgres.ask("SELECT encode(address, 'hex') FROM tombstones"), hex);
}

#[tokio::test]
async fn an_account_that_is_written_and_closed_in_one_batch_leaves_the_same_rows_as_in_two() {
    let opening = slot(9, vec![written(key(14), &balance(key(3), 1), 1)]);
    let mut emptying = transaction(1);
    emptying.lamports.push(LamportChange {
        address: key(14),
        before: 9,
        after: 0,
    });
    let closing = Slot {
        transactions: vec![emptying],
        ..slot(10, Vec::new())
    };
    let (in_two, in_one) = (Postgres::start().await, Postgres::start().await);
    apply(&mut in_two.writer().await, &[opening.clone(), closing.clone()]).await;
    let mut changes = slot_changes(&opening);
    changes.merge(slot_changes(&closing));
    let checkpoint = Checkpoint::after(&closing, None);
    in_one.writer().await.apply(&changes, &checkpoint).await.unwrap();
    assert_eq!(
        in_one.ask("SELECT amount FROM balances"),
        "1",
        "the last row is kept as history"
    );
    assert_eq!(in_one.ask("SELECT COUNT(*) FROM open_balances"), "0");
    assert_eq!(in_one.digest(), in_two.digest());
}
