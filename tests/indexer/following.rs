//! The ingestion on a scripted stream: restarts, repetitions, failures.

use std::time::Duration;

use gantry_indexer::{apply::Slot, ingest::IngestError, progress::Phase, store::StoreError};
use tonic::Status;

use crate::fixtures::{
    accounts::{balance, key, written},
    database::{Postgres, slot},
    indexer::{Running, start, start_with_silence},
    ledger::ScriptedLedger,
    transactions::{co_signed, settlement},
    wire,
    yellowstone::{Subscriber, Yellowstone},
};

/// A slot that sets a balance and settles a receipt.
fn busy(number: u64, amount: u64) -> Slot {
    let n = u8::try_from(number).unwrap();
    Slot {
        transactions: vec![settlement(n, &co_signed(key(15), number, number * 1_000))],
        ..slot(number, vec![written(key(14), &balance(key(3), amount), number)])
    }
}

/// An indexer that has followed the stream up to slot 11.
async fn at_eleven(
    postgres: &Postgres,
    yellowstone: &mut Yellowstone,
    ledger: &ScriptedLedger,
) -> (Running, Subscriber) {
    ledger.learn(|known| known.slot = 10);
    let mut running = start(&postgres.database, yellowstone, ledger);
    let subscriber = yellowstone.subscriber().await;
    assert_eq!(subscriber.request.from_slot, None);
    subscriber.send_slot(&slot(10, Vec::new()));
    running.reaches(10).await;
    subscriber.send_slot(&busy(11, 100));
    running.reaches(11).await;
    (running, subscriber)
}

/// What there is after slots 10 to 12, without interruption.
async fn undisturbed() -> String {
    let postgres = Postgres::start().await;
    let mut yellowstone = Yellowstone::start().await;
    let (mut running, subscriber) = at_eleven(&postgres, &mut yellowstone, &ScriptedLedger::default()).await;
    subscriber.send_slot(&busy(12, 200));
    running.reaches(12).await;
    postgres.digest()
}

#[tokio::test]
async fn a_stream_that_breaks_in_the_middle_of_a_slot_loses_nothing() {
    let postgres = Postgres::start().await;
    let mut yellowstone = Yellowstone::start().await;
    let (mut running, subscriber) = at_eleven(&postgres, &mut yellowstone, &ScriptedLedger::default()).await;
    let twelve = wire::whole(&busy(12, 200));
    subscriber.send(twelve.into_iter().take(2));
    subscriber.fail(Status::unavailable("the server restarts"));

    let subscriber = yellowstone.subscriber().await;
    assert_eq!(subscriber.request.from_slot, Some(11));
    subscriber.send_slot(&busy(11, 100));
    subscriber.send_slot(&busy(12, 200));
    running.reaches(12).await;
    assert_eq!(postgres.digest(), undisturbed().await);
}

#[tokio::test]
async fn an_indexer_that_is_killed_goes_on_at_its_checkpoint() {
    let postgres = Postgres::start().await;
    let mut yellowstone = Yellowstone::start().await;
    let ledger = ScriptedLedger::default();
    let (running, subscriber) = at_eleven(&postgres, &mut yellowstone, &ledger).await;
    subscriber.send(wire::whole(&busy(12, 200)).into_iter().take(3));
    running.kill().await;

    let mut running = start(&postgres.database, &yellowstone, &ledger);
    let subscriber = yellowstone.subscriber().await;
    assert_eq!(subscriber.request.from_slot, Some(11));
    subscriber.send_slot(&busy(11, 100));
    subscriber.send_slot(&busy(12, 200));
    running.reaches(12).await;
    assert_eq!(postgres.digest(), undisturbed().await);
}

#[tokio::test]
async fn repeated_deliveries_change_nothing() {
    let postgres = Postgres::start().await;
    let mut yellowstone = Yellowstone::start().await;
    let (mut running, subscriber) = at_eleven(&postgres, &mut yellowstone, &ScriptedLedger::default()).await;
    let mut updates = Vec::new();
    for update in wire::whole(&busy(12, 200)) {
        updates.extend([update.clone(), update]);
    }
    subscriber.send(updates.clone());
    subscriber.send(updates);
    running.reaches(12).await;
    assert_eq!(postgres.digest(), undisturbed().await);
}

#[tokio::test]
async fn many_waiting_slots_are_applied_in_order() {
    let postgres = Postgres::start().await;
    let mut yellowstone = Yellowstone::start().await;
    let (mut running, subscriber) = at_eleven(&postgres, &mut yellowstone, &ScriptedLedger::default()).await;
    for number in 12..=200 {
        subscriber.send_slot(&busy(number, number));
    }
    running.reaches(200).await;
    assert_eq!(postgres.ask("SELECT amount FROM balances"), "200");
    assert_eq!(postgres.ask("SELECT COUNT(*) FROM settlements"), "190");
}

#[tokio::test]
async fn a_stream_that_goes_silent_is_opened_again() {
    let postgres = Postgres::start().await;
    let mut yellowstone = Yellowstone::start().await;
    let ledger = ScriptedLedger::default();
    ledger.learn(|known| known.slot = 10);
    let mut running = start_with_silence(&postgres.database, &yellowstone, &ledger, Duration::from_millis(200));
    let silent = yellowstone.subscriber().await;
    silent.send_slot(&slot(10, Vec::new()));
    running.reaches(10).await;
    let subscriber = yellowstone.subscriber().await;
    assert_eq!(subscriber.request.from_slot, Some(10));
}

#[tokio::test]
async fn an_indexer_that_loses_its_database_connection_goes_on_with_a_new_one() {
    let postgres = Postgres::start().await;
    let mut yellowstone = Yellowstone::start().await;
    let (mut running, subscriber) = at_eleven(&postgres, &mut yellowstone, &ScriptedLedger::default()).await;
    postgres
        .ask("SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'gantry-indexer'");
    subscriber.send_slot(&busy(12, 200));
    let subscriber = yellowstone.subscriber().await;
    assert_eq!(subscriber.request.from_slot, Some(11));
    subscriber.send_slot(&busy(12, 200));
    running.reaches(12).await;
    assert_eq!(postgres.digest(), undisturbed().await);
}

#[tokio::test]
async fn a_second_indexer_stands_by_and_takes_over() {
    let postgres = Postgres::start().await;
    let mut yellowstone = Yellowstone::start().await;
    let ledger = ScriptedLedger::default();
    let (first, _subscriber) = at_eleven(&postgres, &mut yellowstone, &ledger).await;
    let mut second = start(&postgres.database, &yellowstone, &ledger);
    second
        .until(|progress| progress.phase == Phase::Standby && progress.slot == Some(11))
        .await;
    first.kill().await;
    assert_eq!(yellowstone.subscriber().await.request.from_slot, Some(11));
}

#[tokio::test]
async fn a_confirmed_slot_that_was_rolled_back_stops_the_indexer() {
    let postgres = Postgres::start().await;
    let mut yellowstone = Yellowstone::start().await;
    let (running, subscriber) = at_eleven(&postgres, &mut yellowstone, &ScriptedLedger::default()).await;
    subscriber.send_slot(&Slot {
        parent: Some(10),
        ..busy(12, 200)
    });
    let error = running.failure().await;
    assert!(
        matches!(
            error,
            IngestError::RolledBack {
                slot: 12,
                checkpoint: 11
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn an_indexer_of_another_chain_refuses_to_start() {
    let postgres = Postgres::start().await;
    let mut yellowstone = Yellowstone::start().await;
    let ledger = ScriptedLedger::default();
    let (running, _subscriber) = at_eleven(&postgres, &mut yellowstone, &ledger).await;
    running.kill().await;
    ledger.learn(|known| known.genesis_hash = [8; 32]);
    let error = start(&postgres.database, &yellowstone, &ledger).failure().await;
    assert!(
        matches!(error, IngestError::Store(StoreError::OtherChain { .. })),
        "{error}"
    );
}
