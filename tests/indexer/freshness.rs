//! How recent the tables are said to be.

use gantry_indexer::progress::NotReady;
use yellowstone_grpc_proto::prelude::{SubscribeUpdatePing, subscribe_update::UpdateOneof};

use crate::fixtures::{
    database::{Postgres, slot},
    indexer::{Running, start},
    ledger::ScriptedLedger,
    yellowstone::{Subscriber, Yellowstone},
};

const HOUR_MS: u64 = 3_600_000;

/// An indexer that has caught up at slot 10.
async fn at_ten(postgres: &Postgres, yellowstone: &mut Yellowstone, ledger: &ScriptedLedger) -> (Running, Subscriber) {
    ledger.learn(|known| known.slot = 10);
    let mut running = start(&postgres.database, yellowstone, ledger);
    let subscriber = yellowstone.subscriber().await;
    subscriber.send_slot(&slot(10, Vec::new()));
    running.reaches(10).await;
    (running, subscriber)
}

async fn applies(running: &mut Running, subscriber: &Subscriber, numbers: impl IntoIterator<Item = u64>) {
    for number in numbers {
        subscriber.send_slot(&slot(number, Vec::new()));
        running.reaches(number).await;
    }
}

#[tokio::test]
async fn an_indexer_that_works_off_old_slots_is_behind_until_it_has_caught_up_and_after_every_restart() {
    let postgres = Postgres::start().await;
    let mut yellowstone = Yellowstone::start().await;
    let ledger = ScriptedLedger::default();
    let (running, _subscriber) = at_ten(&postgres, &mut yellowstone, &ledger).await;
    assert_eq!(running.observer.now().ready(60_000), Ok(()));
    running.kill().await;
    postgres.ask(&format!(
        "UPDATE checkpoint SET current_at_ms = current_at_ms - {HOUR_MS}"
    ));
    ledger.learn(|known| known.slot = 20);

    for numbers in [11..=13, 14..=16] {
        let mut running = start(&postgres.database, &yellowstone, &ledger);
        let subscriber = yellowstone.subscriber().await;
        applies(&mut running, &subscriber, numbers).await;
        let now = running.observer.now();
        assert!(now.lag_ms() >= Some(HOUR_MS), "{now:?}");
        assert!(
            matches!(now.ready(60_000), Err(NotReady::Behind { limit_ms: 60_000, .. })),
            "{now:?}"
        );
        running.kill().await;
    }
    let mut running = start(&postgres.database, &yellowstone, &ledger);
    let subscriber = yellowstone.subscriber().await;
    applies(&mut running, &subscriber, 17..=20).await;
    assert_eq!(running.observer.now().ready(60_000), Ok(()));
}

#[tokio::test]
async fn a_stream_that_falls_behind_while_it_runs_is_noticed_though_slots_and_pings_come() {
    let postgres = Postgres::start().await;
    let mut yellowstone = Yellowstone::start().await;
    let ledger = ScriptedLedger::default();
    let (mut running, subscriber) = at_ten(&postgres, &mut yellowstone, &ledger).await;
    ledger.learn(|known| known.slot = 20);
    running.until(|progress| progress.chain_slot == 20).await;
    applies(&mut running, &subscriber, [11]).await;
    let current_at_ms = running.observer.now().current_at_ms;
    assert!(current_at_ms.is_some());

    subscriber.send([UpdateOneof::Ping(SubscribeUpdatePing {})]);
    applies(&mut running, &subscriber, 12..=19).await;
    assert_eq!(running.observer.now().current_at_ms, current_at_ms);
    applies(&mut running, &subscriber, [20]).await;
    assert!(running.observer.now().current_at_ms > current_at_ms);
}
