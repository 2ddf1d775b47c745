//! What the hub promises its subscribers: order, hold-back, replay.

use gantry_sandbox::yellowstone::{Commitment, Event, Hub, ReplayLimits, Update, hub::TooOld};
use yellowstone_grpc_proto::prelude::{
    BlockHeight, SubscribeUpdateAccount, SubscribeUpdateAccountInfo, SubscribeUpdateBlockMeta,
    SubscribeUpdateTransaction, SubscribeUpdateTransactionInfo,
};

const ALL_LEVELS: [Commitment; 3] = [Commitment::Processed, Commitment::Confirmed, Commitment::Finalized];

fn account(slot: u64, key: u8, write_version: u64) -> Event {
    let info = SubscribeUpdateAccountInfo {
        pubkey: vec![key; 32],
        write_version,
        ..Default::default()
    };
    Event::Account(SubscribeUpdateAccount {
        slot,
        account: Some(info),
        ..Default::default()
    })
}

fn transaction(slot: u64, signature: u8) -> Event {
    let info = SubscribeUpdateTransactionInfo {
        signature: vec![signature; 64],
        ..Default::default()
    };
    Event::Transaction(Box::new(SubscribeUpdateTransaction {
        slot,
        transaction: Some(info),
        ..Default::default()
    }))
}

fn confirmed(slot: u64) -> Event {
    Event::Confirmed(SubscribeUpdateBlockMeta {
        slot,
        parent_slot: slot - 1,
        blockhash: format!("hash-{slot}"),
        block_height: Some(BlockHeight { block_height: slot }),
        ..Default::default()
    })
}

fn say(update: &Update) -> String {
    match update {
        Update::Account(account) => {
            let info = account.account.as_ref().unwrap();
            format!("account {} v{}", info.pubkey[0], info.write_version)
        }
        Update::Transaction(transaction) => {
            format!("transaction {}", transaction.transaction.as_ref().unwrap().signature[0])
        }
        Update::BlockMeta(meta) => format!("block {}", meta.slot),
        Update::Slot(slot) => format!(
            "slot {} {}",
            slot.slot,
            ["processed", "confirmed", "finalized"][slot.status as usize]
        ),
    }
}

/// What a subscriber at `level` is sent while `events` happen.
fn told(hub: &Hub, level: Commitment, events: Vec<Event>) -> Vec<String> {
    let mut live = hub.subscribe(level, None).unwrap().live;
    for event in events {
        hub.feed(event);
    }
    std::iter::from_fn(|| live.try_recv().ok())
        .filter(|delivery| delivery.is_for(level))
        .map(|delivery| say(&delivery.update))
        .collect()
}

fn replayed(hub: &Hub, level: Commitment, from_slot: u64) -> Vec<String> {
    hub.subscribe(level, Some(from_slot))
        .unwrap()
        .replay
        .iter()
        .map(say)
        .collect()
}

fn one_busy_slot() -> Vec<Event> {
    vec![
        account(40, 1, 1),
        transaction(40, 7),
        account(40, 1, 2),
        account(40, 2, 3),
        transaction(40, 8),
    ]
}

#[test]
fn processed_updates_go_out_at_once_and_in_the_order_they_happened() {
    let hub = Hub::new(ReplayLimits::default());
    let expected = [
        "account 1 v1",
        "transaction 7",
        "account 1 v2",
        "account 2 v3",
        "transaction 8",
    ];
    assert_eq!(told(&hub, Commitment::Processed, one_busy_slot()), expected);
    assert_eq!(
        told(&hub, Commitment::Processed, vec![confirmed(40)]),
        ["block 40", "slot 40 processed", "slot 40 confirmed"]
    );
}

#[test]
fn confirmed_updates_wait_for_their_block_and_come_before_its_status() {
    let hub = Hub::new(ReplayLimits::default());
    assert!(told(&hub, Commitment::Confirmed, one_busy_slot()).is_empty());
    let expected = [
        "slot 40 processed",
        "account 1 v1",
        "account 1 v2",
        "account 2 v3",
        "transaction 7",
        "transaction 8",
        "block 40",
        "slot 40 confirmed",
    ];
    assert_eq!(told(&hub, Commitment::Confirmed, vec![confirmed(40)]), expected);
}

#[test]
fn finalized_updates_wait_for_the_root() {
    let hub = Hub::new(ReplayLimits::default());
    let events = vec![account(40, 1, 1), transaction(40, 7), confirmed(40), confirmed(41)];
    assert_eq!(
        told(&hub, Commitment::Finalized, events),
        [
            "slot 40 processed",
            "slot 40 confirmed",
            "slot 41 processed",
            "slot 41 confirmed"
        ]
    );
    assert_eq!(
        told(&hub, Commitment::Finalized, vec![Event::Rooted(40)]),
        ["account 1 v1", "transaction 7", "block 40", "slot 40 finalized"]
    );
}

#[test]
fn a_root_finalizes_every_slot_before_it_once_and_names_none_that_never_was() {
    let hub = Hub::new(ReplayLimits::default());
    // Time travel: 42 to 4999 never happen, and the root that follows lies among them.
    for slot in [40, 41, 5_000] {
        hub.feed(confirmed(slot));
    }
    let finalized = |root| told(&hub, Commitment::Finalized, vec![Event::Rooted(root)]);
    assert_eq!(
        finalized(4_969),
        ["block 40", "slot 40 finalized", "block 41", "slot 41 finalized"]
    );
    assert!(finalized(4_970).is_empty());
}

#[test]
fn a_slots_parent_is_the_slot_before_it_that_really_was() {
    let hub = Hub::new(ReplayLimits::default());
    for slot in [40, 5_000] {
        hub.feed(confirmed(slot));
    }
    let replay = hub.subscribe(Commitment::Confirmed, Some(5_000)).unwrap().replay;
    let parents = replay.iter().filter_map(|update| match update {
        Update::Slot(slot) => Some(slot.parent),
        _ => None,
    });
    assert_eq!(parents.collect::<Vec<_>>(), [Some(40), Some(40)]);
}

#[test]
fn updates_of_a_slot_that_got_no_block_are_confirmed_with_the_next_one() {
    let hub = Hub::new(ReplayLimits::default());
    assert_eq!(
        told(
            &hub,
            Commitment::Confirmed,
            vec![account(41, 1, 1), account(5_000, 1, 2), confirmed(5_000)]
        ),
        [
            "slot 41 processed",
            "account 1 v1",
            "slot 41 confirmed",
            "slot 5000 processed",
            "account 1 v2",
            "block 5000",
            "slot 5000 confirmed"
        ]
    );
}

#[test]
fn a_replay_holds_everything_since_its_slot_with_each_accounts_last_write() {
    let hub = Hub::new(ReplayLimits::default());
    hub.feed(confirmed(39));
    for event in one_busy_slot() {
        hub.feed(event);
    }
    hub.feed(confirmed(40));
    hub.feed(account(41, 3, 4));
    hub.feed(Event::Rooted(39));

    let slot_40 = [
        "account 1 v2",
        "account 2 v3",
        "transaction 7",
        "transaction 8",
        "block 40",
    ];
    let confirmed_40 = [&["slot 40 processed"], &slot_40[..], &["slot 40 confirmed"]].concat();
    assert_eq!(replayed(&hub, Commitment::Confirmed, 40), confirmed_40);
    let processed_40 = [
        &slot_40[..],
        &["slot 40 processed", "slot 40 confirmed", "account 3 v4"],
    ]
    .concat();
    assert_eq!(replayed(&hub, Commitment::Processed, 40), processed_40);
    assert_eq!(
        replayed(&hub, Commitment::Finalized, 39),
        [
            "slot 39 processed",
            "slot 39 confirmed",
            "block 39",
            "slot 39 finalized",
            "slot 40 processed",
            "slot 40 confirmed"
        ]
    );
    assert!(replayed(&hub, Commitment::Confirmed, 99).is_empty());
}

#[test]
fn replay_and_live_updates_meet_without_a_gap_or_an_overlap() {
    for level in ALL_LEVELS {
        let hub = Hub::new(ReplayLimits::default());
        for slot in 40..60 {
            hub.feed(account(slot, 1, slot));
            hub.feed(confirmed(slot));
        }
        let mut feed = hub.subscribe(level, Some(40)).unwrap();
        for slot in 60..80 {
            hub.feed(account(slot, 1, slot));
            hub.feed(confirmed(slot));
        }
        hub.feed(Event::Rooted(79));
        let live = std::iter::from_fn(|| feed.live.try_recv().ok()).filter(|delivery| delivery.is_for(level));
        let writes: Vec<u64> = feed
            .replay
            .iter()
            .cloned()
            .chain(live.map(|delivery| delivery.update))
            .filter_map(|update| matches!(update, Update::Account(_)).then(|| update.slot()))
            .collect();
        assert_eq!(writes, (40..80).collect::<Vec<_>>(), "{level:?}");
    }
}

#[test]
fn a_slot_that_is_no_longer_kept_is_out_of_range_and_the_first_available_one_is_named() {
    let hub = Hub::new(ReplayLimits {
        slots: 3,
        bytes: usize::MAX,
    });
    assert_eq!(hub.first_available(), None);
    for slot in 40..50 {
        hub.feed(confirmed(slot));
        hub.feed(Event::Rooted(slot));
    }
    assert_eq!(hub.first_available(), Some(47));
    assert_eq!(
        hub.subscribe(Commitment::Confirmed, Some(46)).unwrap_err(),
        TooOld { first_available: 47 }
    );
    assert!(hub.subscribe(Commitment::Confirmed, Some(47)).is_ok());
}

#[test]
fn while_nothing_has_been_dropped_any_slot_can_be_asked_for() {
    let hub = Hub::new(ReplayLimits::default());
    assert!(replayed(&hub, Commitment::Confirmed, 0).is_empty());
    hub.feed(confirmed(40));
    assert_eq!(
        replayed(&hub, Commitment::Confirmed, 0),
        ["slot 40 processed", "block 40", "slot 40 confirmed"]
    );
}

#[test]
fn bytes_are_limited_too_but_never_at_the_cost_of_what_is_not_final() {
    let hub = Hub::new(ReplayLimits {
        slots: 1_000,
        bytes: 4_000,
    });
    let big = |slot| {
        let info = SubscribeUpdateAccountInfo {
            data: vec![0; 1_000],
            ..Default::default()
        };
        Event::Account(SubscribeUpdateAccount {
            slot,
            account: Some(info),
            ..Default::default()
        })
    };
    for slot in 40..50 {
        hub.feed(big(slot));
        hub.feed(confirmed(slot));
    }
    assert_eq!(hub.first_available(), Some(40));
    hub.feed(Event::Rooted(49));
    hub.feed(confirmed(50));
    assert_eq!(hub.first_available(), Some(47));
}

#[test]
fn heads_and_blockhashes_follow_the_commitment() {
    let hub = Hub::new(ReplayLimits::default());
    assert_eq!(hub.head(Commitment::Processed), None);
    hub.feed(confirmed(40));
    hub.feed(confirmed(41));
    hub.feed(Event::Rooted(40));
    assert_eq!(hub.head(Commitment::Confirmed).unwrap().slot, 41);
    let finalized = hub.head(Commitment::Finalized).unwrap();
    assert_eq!(
        (finalized.slot, finalized.block_height, finalized.blockhash.as_str()),
        (40, 40, "hash-40")
    );
    assert!(hub.is_blockhash_valid("hash-40"));
    assert!(!hub.is_blockhash_valid("hash-39"));
}
