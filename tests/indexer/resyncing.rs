//! What the stream cannot give is fetched over RPC, and meanwhile the indexer is not ready.

use gantry_indexer::{
    apply::{Slot, Transaction},
    backfill::Recorded,
    progress::Phase,
};
use tonic::Status;

use crate::fixtures::{
    accounts::{balance, key, written},
    database::{Postgres, slot},
    indexer::{Api, Running, start},
    ledger::ScriptedLedger,
    transactions::{co_signed, settlement},
    yellowstone::{Subscriber, Yellowstone},
};

fn recorded(slot: u64, transaction: Transaction) -> Recorded {
    Recorded {
        slot,
        block_time: Some(1_000),
        transaction: Transaction {
            index: None,
            ..transaction
        },
    }
}

/// A payment in slot `slot`.
fn payment(slot: u64) -> Transaction {
    settlement(u8::try_from(slot).unwrap(), &co_signed(key(15), slot, slot * 1_000))
}

const PAID: &str = "SELECT string_agg(sequence::TEXT, ' ' ORDER BY sequence) FROM settlements";
const SHOWN: &str = "SELECT string_agg(amount::TEXT, ' ' ORDER BY amount) FROM open_balances";

#[tokio::test]
async fn the_first_start_takes_over_what_existed_before() {
    let postgres = Postgres::start().await;
    let mut yellowstone = Yellowstone::start().await;
    let ledger = ScriptedLedger::default();
    ledger.learn(|known| {
        known.slot = 21;
        known.accounts = vec![
            written(key(1), &balance(key(3), 10), 0),
            written(key(2), &balance(key(3), 20), 0),
        ];
        known.transactions = [3, 4, 5, 20, 21].map(|slot| recorded(slot, payment(slot))).to_vec();
    });
    let mut running = start(&postgres.database, &yellowstone, &ledger);
    let subscriber = yellowstone.subscriber().await;
    subscriber.send_slot(&slot(20, Vec::new()));
    running.reaches(20).await;
    assert_eq!(postgres.ask(SHOWN), "10 20");
    assert_eq!(postgres.ask(PAID), "3 4 5 20", "slot 21 comes through the stream");
    subscriber.send_slot(&Slot {
        transactions: vec![payment(21)],
        ..slot(21, vec![written(key(1), &balance(key(3), 11), 7)])
    });
    running.reaches(21).await;
    assert_eq!(postgres.ask(SHOWN), "11 20");
    assert_eq!(postgres.ask(PAID), "3 4 5 20 21");
}

/// An indexer at slot 11 with a balance of 10 at address 1 and of 20 at address 2.
async fn at_eleven(
    postgres: &Postgres,
    yellowstone: &mut Yellowstone,
    ledger: &ScriptedLedger,
) -> (Running, Subscriber) {
    ledger.learn(|known| known.slot = 10);
    let mut running = start(&postgres.database, yellowstone, ledger);
    let subscriber = yellowstone.subscriber().await;
    subscriber.send_slot(&slot(10, Vec::new()));
    running.reaches(10).await;
    let balances = vec![
        written(key(1), &balance(key(3), 10), 1),
        written(key(2), &balance(key(3), 20), 2),
    ];
    subscriber.send_slot(&Slot {
        transactions: vec![payment(11)],
        ..slot(11, balances)
    });
    running.reaches(11).await;
    (running, subscriber)
}

/// What happened in slots 12 to 31 while nobody watched: two payments, one account closed, one changed, one new.
fn missed(ledger: &ScriptedLedger) {
    ledger.learn(|known| {
        known.slot = 31;
        known.accounts = vec![
            written(key(1), &balance(key(3), 15), 0),
            written(key(4), &balance(key(3), 40), 0),
        ];
        known.transactions = [11, 12, 30].map(|slot| recorded(slot, payment(slot))).to_vec();
    });
}

#[tokio::test]
async fn a_checkpoint_that_the_server_no_longer_keeps_leads_to_a_resync() {
    let postgres = Postgres::start().await;
    let mut yellowstone = Yellowstone::start().await;
    let ledger = ScriptedLedger::default();
    let (mut running, subscriber) = at_eleven(&postgres, &mut yellowstone, &ledger).await;
    let api = Api::start(&postgres.database, running.observer.clone()).await;
    assert_eq!(api.get("/readyz").await.status, 200);
    missed(&ledger);
    subscriber.fail(Status::unavailable("the server restarts"));

    let refused = yellowstone.subscriber().await;
    assert_eq!(refused.request.from_slot, Some(11));
    refused.fail(Status::out_of_range("slot 11 is no longer kept"));
    let subscriber = yellowstone.subscriber().await;
    assert_eq!(subscriber.request.from_slot, None);
    running
        .until(|progress| matches!(progress.phase, Phase::Resyncing { .. }))
        .await;
    let not_ready = api.get("/readyz").await;
    assert_eq!(not_ready.status, 503);
    assert_eq!(
        not_ready.json["detail"],
        "the indexer is resyncing: slot 11 is no longer kept"
    );

    subscriber.send_slot(&slot(30, Vec::new()));
    running.reaches(30).await;
    assert_eq!(postgres.ask(SHOWN), "15 40");
    assert_eq!(postgres.ask(PAID), "11 12 30");
    subscriber.send_slot(&slot(31, Vec::new()));
    running.reaches(31).await;
    assert_eq!(api.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn a_slot_that_was_never_delivered_leads_to_a_resync() {
    let postgres = Postgres::start().await;
    let mut yellowstone = Yellowstone::start().await;
    let ledger = ScriptedLedger::default();
    let (mut running, subscriber) = at_eleven(&postgres, &mut yellowstone, &ledger).await;
    missed(&ledger);
    subscriber.send_slot(&Slot {
        parent: Some(12),
        ..slot(13, Vec::new())
    });

    let subscriber = yellowstone.subscriber().await;
    assert_eq!(subscriber.request.from_slot, None);
    subscriber.send_slot(&slot(30, Vec::new()));
    running.reaches(30).await;
    assert_eq!(postgres.ask(SHOWN), "15 40");
    assert_eq!(postgres.ask(PAID), "11 12 30");
}

#[tokio::test]
async fn a_resync_that_is_killed_begins_again_and_ends_in_the_same_rows() {
    let postgres = Postgres::start().await;
    let mut yellowstone = Yellowstone::start().await;
    let ledger = ScriptedLedger::default();
    let (running, _subscriber) = at_eleven(&postgres, &mut yellowstone, &ledger).await;
    running.kill().await;
    missed(&ledger);
    // The node lags, so the resync waits for its snapshot, behind the history and before the checkpoint.
    ledger.learn(|known| known.slot = 29);
    let running = start(&postgres.database, &yellowstone, &ledger);
    yellowstone
        .subscriber()
        .await
        .fail(Status::out_of_range("no longer kept"));
    let subscriber = yellowstone.subscriber().await;
    subscriber.send_slot(&slot(30, Vec::new()));
    while postgres.ask(PAID) != "11 12 30" {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(postgres.ask("SELECT slot FROM checkpoint"), "11");
    running.kill().await;

    ledger.learn(|known| known.slot = 31);
    let mut running = start(&postgres.database, &yellowstone, &ledger);
    yellowstone
        .subscriber()
        .await
        .fail(Status::out_of_range("no longer kept"));
    let subscriber = yellowstone.subscriber().await;
    subscriber.send_slot(&slot(30, Vec::new()));
    running.reaches(30).await;
    assert_eq!(postgres.ask(SHOWN), "15 40");
    assert_eq!(postgres.ask(PAID), "11 12 30");
}
