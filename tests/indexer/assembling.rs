//! From updates to whole slots: no server.

use gantry_indexer::{
    apply::{AccountWrite, Slot},
    stream::Assembler,
};
use yellowstone_grpc_proto::prelude::{SlotStatus, subscribe_update::UpdateOneof};

use crate::fixtures::{
    accounts::{balance, key, written},
    database::slot,
    transactions::transaction,
    wire,
};

fn take_all(assembler: &mut Assembler, updates: impl IntoIterator<Item = UpdateOneof>) -> Vec<Slot> {
    updates
        .into_iter()
        .flat_map(|update| assembler.take(update).unwrap())
        .collect()
}

fn numbers(slots: &[Slot]) -> Vec<u64> {
    slots.iter().map(|slot| slot.number).collect()
}

fn write(amount: u64, write_version: u64) -> AccountWrite {
    written(key(1), &balance(key(2), amount), write_version)
}

#[test]
fn a_slot_is_whole_once_it_is_confirmed_and_its_block_is_known() {
    let mut assembler = Assembler::default();
    let expected = Slot {
        transactions: vec![transaction(3)],
        ..slot(9, vec![write(1, 5)])
    };
    let mut updates = wire::whole(&expected);
    let confirmed = updates.pop().unwrap();
    assert!(take_all(&mut assembler, updates).is_empty());
    let whole = assembler.take(confirmed).unwrap();
    assert_eq!(whole.len(), 1);
    assert_eq!(whole[0].accounts, expected.accounts);
    assert_eq!(whole[0].transactions[0].signature, expected.transactions[0].signature);
    assert_eq!((whole[0].parent, whole[0].chain_time), (Some(8), Some(1_030)));
    assert_eq!(whole[0].blockhash, Some(wire::blockhash(9)));
}

#[test]
fn the_status_may_come_before_the_content() {
    let mut assembler = Assembler::default();
    let mut updates = wire::whole(&slot(9, vec![write(1, 5)]));
    updates.rotate_right(1);
    let whole = take_all(&mut assembler, updates);
    assert_eq!((numbers(&whole), whole[0].accounts.len()), (vec![9], 1));
}

#[test]
fn a_processed_or_dead_slot_is_never_handed_over() {
    let mut assembler = Assembler::default();
    let mut updates = wire::whole(&slot(9, vec![write(1, 5)]));
    updates.pop();
    updates.push(wire::status(9, 8, SlotStatus::SlotProcessed));
    updates.push(wire::status(9, 8, SlotStatus::SlotDead));
    assert!(take_all(&mut assembler, updates).is_empty());
    let next = Slot {
        parent: Some(8),
        ..slot(10, Vec::new())
    };
    assert_eq!(numbers(&take_all(&mut assembler, wire::whole(&next))), [10]);
}

#[test]
fn only_the_last_write_of_an_account_is_kept_even_when_deliveries_repeat() {
    let mut assembler = Assembler::default();
    let updates = [write(7, 7), write(5, 5), write(7, 7)].map(|write| wire::account(9, &write));
    take_all(&mut assembler, updates);
    let whole = take_all(&mut assembler, wire::whole(&slot(9, Vec::new())));
    assert_eq!(whole[0].accounts, [write(7, 7)]);
}

#[test]
fn a_slot_is_handed_over_once_however_often_it_is_delivered() {
    let mut assembler = Assembler::default();
    let nine = slot(9, vec![write(1, 5)]);
    assert_eq!(numbers(&take_all(&mut assembler, wire::whole(&nine))), [9]);
    assert!(take_all(&mut assembler, wire::whole(&nine)).is_empty());
}

#[test]
fn the_writes_of_a_bank_that_lost_are_dropped() {
    let mut assembler = Assembler::default();
    let UpdateOneof::Account(mut lost) = wire::account(9, &write(666, 99)) else {
        unreachable!()
    };
    lost.bank_id = Some(1_234);
    take_all(&mut assembler, [UpdateOneof::Account(lost)]);
    let whole = take_all(&mut assembler, wire::whole(&slot(9, vec![write(1, 5)])));
    assert_eq!(whole[0].accounts, [write(1, 5)]);
}

#[test]
fn a_confirmed_slot_without_a_block_is_whole_when_the_next_one_is() {
    // Time travel on a local network leaves such slots behind.
    let mut assembler = Assembler::default();
    let orphan = [wire::account(9, &write(1, 5)), wire::confirmed(9, 8)];
    assert!(take_all(&mut assembler, orphan).is_empty());
    let later = Slot {
        parent: Some(9),
        ..slot(500, Vec::new())
    };
    let whole = take_all(&mut assembler, wire::whole(&later));
    assert_eq!(numbers(&whole), [9, 500]);
    assert_eq!(whole[0].accounts, [write(1, 5)]);
}

#[test]
fn a_failed_transaction_changes_nothing() {
    let mut assembler = Assembler::default();
    let UpdateOneof::Transaction(mut failed) = wire::transaction(9, &transaction(3)) else {
        unreachable!()
    };
    let meta = failed.transaction.as_mut().and_then(|info| info.meta.as_mut()).unwrap();
    meta.err = Some(yellowstone_grpc_proto::prelude::TransactionError { err: vec![1] });
    take_all(&mut assembler, [UpdateOneof::Transaction(failed)]);
    let whole = take_all(&mut assembler, wire::whole(&slot(9, Vec::new())));
    assert!(whole[0].transactions.is_empty());
}

#[test]
fn an_update_without_its_content_is_refused() {
    let mut assembler = Assembler::default();
    let UpdateOneof::Account(mut hollow) = wire::account(9, &write(1, 5)) else {
        unreachable!()
    };
    hollow.account.as_mut().unwrap().owner.pop();
    let refused = assembler.take(UpdateOneof::Account(hollow)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the stream delivered an account without a valid owner"
    );
}
