//! From what a slot contains to what it changes: no database.

use gantry_indexer::apply::{AccountState, AccountWrite, LamportChange, Slot, Undecoded, Version, slot_changes};
use gantry_sdk::account::Account;
use market::events::JobStarted;

use crate::fixtures::{
    accounts::{balance, key, written},
    database::slot,
    transactions::{co_signed, logged, payload, settlement, signature, transaction},
};

#[test]
fn the_last_write_of_an_account_counts_whatever_the_order_of_arrival() {
    let early = written(key(1), &balance(key(2), 10), 4);
    let late = written(key(1), &balance(key(2), 30), 6);
    for accounts in [vec![early.clone(), late.clone()], vec![late, early]] {
        let changes = slot_changes(&slot(9, accounts));
        let seen = &changes.accounts[&key(1)];
        assert_eq!(
            seen.version,
            Version {
                slot: 9,
                write_version: 6
            }
        );
        assert_eq!(seen.state, AccountState::Live(Account::Balance(balance(key(2), 30))));
    }
}

#[test]
fn an_account_that_another_program_owns_now_is_closed() {
    let taken = AccountWrite {
        owner: key(77),
        ..written(key(1), &balance(key(2), 10), 4)
    };
    assert_eq!(
        slot_changes(&slot(9, vec![taken])).accounts[&key(1)].state,
        AccountState::Closed
    );
}

#[test]
fn an_account_without_lamports_is_closed() {
    let emptied = AccountWrite {
        lamports: 0,
        ..written(key(1), &balance(key(2), 10), 4)
    };
    assert_eq!(
        slot_changes(&slot(9, vec![emptied])).accounts[&key(1)].state,
        AccountState::Closed
    );
}

fn emptying(n: u8, before: u64, after: u64) -> gantry_indexer::apply::Transaction {
    let mut emptying = transaction(n);
    emptying.lamports.push(LamportChange {
        address: key(1),
        before,
        after,
    });
    emptying
}

#[test]
fn a_transaction_that_takes_the_last_lamports_closes_the_account() {
    // The stream does not show the write itself, since the account no longer belongs to the program.
    let mut slot = slot(9, vec![written(key(1), &balance(key(2), 10), 4)]);
    slot.transactions.push(emptying(1, 500, 0));
    let seen = &slot_changes(&slot).accounts[&key(1)];
    assert_eq!((seen.version, &seen.state), (Version::end_of(9), &AccountState::Closed));
}

#[test]
fn an_account_that_is_opened_again_in_the_same_slot_is_not_closed() {
    let mut slot = slot(9, vec![written(key(1), &balance(key(2), 10), 4)]);
    slot.transactions.push(emptying(2, 0, 500));
    slot.transactions.push(emptying(1, 500, 0));
    assert!(matches!(
        slot_changes(&slot).accounts[&key(1)].state,
        AccountState::Live(_)
    ));
}

#[test]
fn an_account_that_does_not_decode_is_kept_with_its_bytes() {
    let mut strange = written(key(1), &balance(key(2), 10), 4);
    strange.data.pop();
    let changes = slot_changes(&slot(9, vec![strange.clone()]));
    assert!(changes.accounts.is_empty());
    let letter = &changes.dead_letters[0];
    assert_eq!(
        (letter.kind, &letter.bytes, letter.slot, letter.ordinal),
        (Undecoded::Account, &strange.data, 9, 4)
    );
    assert_eq!(letter.reason, "account Balance has 87 bytes instead of 88");
}

#[test]
fn a_settlement_keeps_the_receipt_that_it_paid() {
    let signed = co_signed(key(5), 3, 10_000);
    let slot = Slot {
        transactions: vec![settlement(1, &signed)],
        ..slot(9, Vec::new())
    };
    let changes = slot_changes(&slot);
    let row = &changes.settlements[0];
    assert_eq!((&row.receipt, row.signature, row.slot), (&signed, signature(1), 9));
    assert_eq!((row.paid_now, row.compute_units), (10, Some(1_234)));
    assert_eq!(row.receipt.verify(), Ok(()));
    assert_eq!(
        (changes.events[0].name, changes.events[0].subject),
        ("JobSettled", Some(key(5)))
    );
}

#[test]
fn a_settlement_whose_receipt_is_not_in_the_transaction_is_not_believed() {
    let mut forged = settlement(1, &co_signed(key(5), 3, 10_000));
    forged.instructions[0].data = co_signed(key(5), 4, 10_000).ed25519_instruction().data;
    let changes = slot_changes(&Slot {
        transactions: vec![forged],
        ..slot(9, Vec::new())
    });
    assert!(changes.settlements.is_empty());
    assert_eq!(
        changes.dead_letters[0].reason,
        "the transaction has no receipt for this settlement"
    );
}

#[test]
fn several_settlements_of_one_transaction_each_find_their_receipt() {
    let (first, second) = (co_signed(key(5), 3, 10_000), co_signed(key(6), 8, 20_000));
    let mut both = settlement(1, &second);
    let other = settlement(1, &first);
    both.instructions.extend(other.instructions);
    both.logs.as_mut().unwrap().extend(other.logs.unwrap());
    let changes = slot_changes(&Slot {
        transactions: vec![both],
        ..slot(9, Vec::new())
    });
    let paid: Vec<_> = changes
        .settlements
        .iter()
        .map(|row| (row.ordinal, row.receipt.receipt.sequence))
        .collect();
    assert_eq!(paid, [(0, 8), (1, 3)]);
}

#[test]
fn an_event_that_does_not_decode_is_kept_and_the_others_are_read() {
    let mut logs = logged(market::ID, &[1, 2, 3, 4, 5, 6, 7, 8]);
    logs.extend(logged(market::ID, &payload(&JobStarted { job: key(5), at: 7 })));
    let mut strange = transaction(1);
    strange.logs = Some(logs);
    let changes = slot_changes(&Slot {
        transactions: vec![strange],
        ..slot(9, Vec::new())
    });
    assert_eq!((changes.events[0].name, changes.events[0].ordinal), ("JobStarted", 1));
    let letter = &changes.dead_letters[0];
    assert_eq!(
        (letter.kind, letter.ordinal, letter.bytes.as_slice()),
        (Undecoded::Event, 0, &[1, 2, 3, 4, 5, 6, 7, 8][..])
    );
}

#[test]
fn cut_or_missing_logs_are_reported_not_ignored() {
    let mut cut = transaction(1);
    cut.logs = Some(vec!["Log truncated".into()]);
    let mut missing = transaction(2);
    missing.logs = None;
    let changes = slot_changes(&Slot {
        transactions: vec![cut, missing],
        ..slot(9, Vec::new())
    });
    let reasons: Vec<_> = changes
        .dead_letters
        .iter()
        .map(|letter| letter.reason.as_str())
        .collect();
    assert_eq!(
        reasons,
        [
            "the runtime cut the logs, so events may be missing",
            "the source has no logs of this transaction"
        ]
    );
}
