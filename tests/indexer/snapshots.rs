//! Taking over everything that exists at a slot.

use gantry_indexer::{
    apply::{Changes, Snapshot, slot_changes},
    store::{Checkpoint, Writer},
};

use crate::fixtures::{
    accounts::{balance, key, stake, written},
    database::{Postgres, apply, slot},
};

async fn take_over(writer: &mut Writer, snapshot: Snapshot, checkpoint: u64) {
    let checkpoint = Checkpoint::after(&slot(checkpoint, Vec::new()), None);
    writer
        .apply_snapshots(&[snapshot], Changes::default(), &checkpoint)
        .await
        .unwrap();
}

fn of_market(slot: u64, amounts: &[(u8, u64)]) -> Snapshot {
    let accounts = amounts
        .iter()
        .map(|(n, amount)| written(key(*n), &balance(key(3), *amount), 0))
        .collect();
    Snapshot {
        program: market::ID,
        slot,
        accounts,
    }
}

const SHOWN: &str = "SELECT amount FROM open_balances ORDER BY amount";

#[tokio::test]
async fn a_snapshot_replaces_older_rows_and_buries_what_it_lacks() {
    let postgres = Postgres::start().await;
    let mut writer = postgres.writer().await;
    let before = vec![
        written(key(1), &balance(key(3), 10), 1),
        written(key(2), &balance(key(3), 20), 2),
    ];
    apply(&mut writer, &[slot(9, before)]).await;
    take_over(&mut writer, of_market(15, &[(1, 11)]), 12).await;
    assert_eq!(postgres.ask(SHOWN), "11");
    assert_eq!(postgres.ask("SELECT slot FROM checkpoint"), "12");
}

#[tokio::test]
async fn a_snapshot_of_one_program_says_nothing_about_the_other() {
    let postgres = Postgres::start().await;
    let mut writer = postgres.writer().await;
    apply(&mut writer, &[slot(9, vec![written(key(1), &stake(key(3), 10), 1)])]).await;
    take_over(&mut writer, of_market(15, &[]), 12).await;
    assert_eq!(postgres.ask("SELECT active FROM open_stakes"), "10");
    take_over(
        &mut writer,
        Snapshot {
            program: staking::ID,
            slot: 15,
            accounts: Vec::new(),
        },
        12,
    )
    .await;
    assert_eq!(postgres.ask("SELECT active FROM open_stakes"), "");
}

#[tokio::test]
async fn the_stream_overtakes_a_snapshot_that_was_taken_in_the_middle_of_a_slot() {
    let postgres = Postgres::start().await;
    let mut writer = postgres.writer().await;
    // The node answered at slot 15 before its last write.
    take_over(&mut writer, of_market(15, &[(1, 11), (2, 20)]), 12).await;
    apply(&mut writer, &[slot(14, vec![written(key(1), &balance(key(3), 10), 4)])]).await;
    assert_eq!(
        postgres.ask(SHOWN),
        "11\n20",
        "what the snapshot already contains does not come back"
    );
    apply(&mut writer, &[slot(15, vec![written(key(1), &balance(key(3), 12), 5)])]).await;
    assert_eq!(postgres.ask(SHOWN), "12\n20");
}

#[tokio::test]
async fn the_first_streamed_slot_and_the_snapshot_end_in_the_newer_state() {
    let postgres = Postgres::start().await;
    let mut writer = postgres.writer().await;
    let first = slot(12, vec![written(key(1), &balance(key(3), 10), 4)]);
    let checkpoint = Checkpoint::after(&first, None);
    writer
        .apply_snapshots(&[of_market(15, &[(1, 11)])], slot_changes(&first), &checkpoint)
        .await
        .unwrap();
    assert_eq!(postgres.ask(SHOWN), "11");
}
