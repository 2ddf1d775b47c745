//! What the stream cannot give is fetched over RPC, and meanwhile the indexer is not ready.

use std::time::Duration;

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
    ledger.learn(|known| known.accounts_slot = Some(29));
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

    ledger.learn(|known| known.accounts_slot = None);
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

/// Opens the stream again after a refusal to replay, and sends slot 30 as its first.
async fn begin_anew_at_thirty(yellowstone: &mut Yellowstone) -> Subscriber {
    let refused = yellowstone.subscriber().await;
    assert_eq!(refused.request.from_slot, Some(11));
    refused.fail(Status::out_of_range("no longer kept"));
    let subscriber = yellowstone.subscriber().await;
    assert_eq!(subscriber.request.from_slot, None);
    subscriber.send_slot(&slot(30, Vec::new()));
    subscriber
}

#[tokio::test]
async fn the_history_of_a_node_that_lags_is_not_believed() {
    let postgres = Postgres::start().await;
    let mut yellowstone = Yellowstone::start().await;
    let ledger = ScriptedLedger::default();
    let (mut running, subscriber) = at_eleven(&postgres, &mut yellowstone, &ledger).await;
    missed(&ledger);
    // It has not seen any of the missed slots, so it would list nothing.
    ledger.learn(|known| known.slot = 11);
    subscriber.fail(Status::unavailable("the server restarts"));
    let _subscriber = begin_anew_at_thirty(&mut yellowstone).await;
    running
        .until(|progress| matches!(progress.phase, Phase::Resyncing { .. }))
        .await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(postgres.ask("SELECT slot FROM checkpoint"), "11");

    ledger.learn(|known| known.slot = 31);
    running.reaches(30).await;
    assert_eq!(postgres.ask(PAID), "11 12 30");
    assert_eq!(postgres.ask(SHOWN), "15 40");
}

#[tokio::test]
async fn a_node_that_has_thrown_missed_slots_away_closes_no_gap() {
    let postgres = Postgres::start().await;
    let mut yellowstone = Yellowstone::start().await;
    let ledger = ScriptedLedger::default();
    let (mut running, subscriber) = at_eleven(&postgres, &mut yellowstone, &ledger).await;
    let api = Api::start(&postgres.database, running.observer.clone()).await;
    missed(&ledger);
    ledger.learn(|known| known.first_available_slot = 13);
    subscriber.fail(Status::unavailable("the server restarts"));
    let _subscriber = begin_anew_at_thirty(&mut yellowstone).await;
    let reason =
        "the RPC node has nothing before slot 13, but slots from 12 on are missing; use a node that keeps the ledger";
    running
        .until(|progress| matches!(&progress.phase, Phase::Disconnected { reason: told } if told == reason))
        .await;
    let not_ready = api.get("/readyz").await;
    assert_eq!(not_ready.status, 503);
    assert_eq!(
        not_ready.json["detail"],
        format!("the indexer is disconnected: {reason}")
    );
    assert_eq!(postgres.ask("SELECT slot FROM checkpoint"), "11");

    // A node that has the first missed slot has them all.
    ledger.learn(|known| known.first_available_slot = 12);
    let _subscriber = begin_anew_at_thirty(&mut yellowstone).await;
    running.reaches(30).await;
    assert_eq!(postgres.ask(PAID), "11 12 30");
}

#[tokio::test]
async fn what_the_node_no_longer_has_at_the_first_start_is_not_claimed() {
    let postgres = Postgres::start().await;
    let mut yellowstone = Yellowstone::start().await;
    let ledger = ScriptedLedger::default();
    ledger.learn(|known| {
        known.slot = 20;
        known.first_available_slot = 4;
        known.transactions = [3, 4, 5].map(|slot| recorded(slot, payment(slot))).to_vec();
    });
    let mut running = start(&postgres.database, &yellowstone, &ledger);
    let api = Api::start(&postgres.database, running.observer.clone()).await;
    let subscriber = yellowstone.subscriber().await;
    for number in [20, 21] {
        subscriber.send_slot(&slot(number, Vec::new()));
        running.reaches(number).await;
        assert_eq!(postgres.ask(PAID), "4 5");
        assert_eq!(api.data("/v1/stats").await["history_from_slot"], "4");
    }
}

#[tokio::test]
async fn servers_that_cannot_replay_lead_to_a_resync_however_they_say_so() {
    let postgres = Postgres::start().await;
    let mut yellowstone = Yellowstone::start().await;
    let ledger = ScriptedLedger::default();
    let (running, mut subscriber) = at_eleven(&postgres, &mut yellowstone, &ledger).await;
    for (refusal, next) in [
        (Status::out_of_range("slot 11 is no longer kept"), None),
        (Status::internal("from_slot is not supported"), None),
        (
            Status::internal("broadcast from 11 is not available, last available: 25"),
            None,
        ),
        (Status::internal("the disk is not available"), Some(11)),
    ] {
        subscriber.fail(Status::unavailable("the server restarts"));
        let refused = yellowstone.subscriber().await;
        assert_eq!(refused.request.from_slot, Some(11));
        let words = refusal.to_string();
        refused.fail(refusal);
        subscriber = yellowstone.subscriber().await;
        assert_eq!(subscriber.request.from_slot, next, "{words}");
    }
    running.kill().await;
}

#[tokio::test]
async fn whatever_is_fetched_undecoded_is_counted() {
    let postgres = Postgres::start().await;
    let mut yellowstone = Yellowstone::start().await;
    let ledger = ScriptedLedger::default();
    let api = Api::at(&postgres.database, 0).await;
    let silent = Transaction {
        logs: None,
        ..payment(3)
    };
    let mut strange = written(key(1), &balance(key(3), 10), 0);
    strange.data.pop();
    ledger.learn(|known| {
        known.slot = 20;
        known.accounts = vec![strange];
        known.transactions = vec![recorded(3, silent)];
    });
    let mut running = start(&postgres.database, &yellowstone, &ledger);
    let subscriber = yellowstone.subscriber().await;
    subscriber.send_slot(&slot(20, Vec::new()));
    running.until(|progress| progress.slot == Some(20)).await;
    let metrics = api.get("/metrics").await.text;
    assert!(metrics.contains("gantry_indexer_dead_letters_total 2\n"), "{metrics}");
}
