//! From what a slot contains to what it changes: no database.

use gantry_indexer::apply::{AccountWrite, LamportChange, Slot, TopLevelInstruction, Undecoded, Version, slot_changes};
use gantry_sdk::{account::Account, address::ED25519_PROGRAM};
use market::events::JobStarted;

use crate::fixtures::{
    accounts::{balance, key, written},
    database::slot,
    transactions::{calls, co_signed, co_signed_by, logged, payload, settlement, signature, transaction},
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
        assert_eq!(seen.account, Account::Balance(balance(key(2), 30)));
    }
}

#[test]
fn an_account_that_another_program_owns_now_is_closed() {
    let taken = AccountWrite {
        owner: key(77),
        ..written(key(1), &balance(key(2), 10), 4)
    };
    let version = Version {
        slot: 9,
        write_version: 4,
    };
    assert_eq!(slot_changes(&slot(9, vec![taken])).closed[&key(1)], version);
}

#[test]
fn an_account_without_lamports_is_closed() {
    let emptied = AccountWrite {
        lamports: 0,
        ..written(key(1), &balance(key(2), 10), 4)
    };
    let version = Version {
        slot: 9,
        write_version: 4,
    };
    assert_eq!(slot_changes(&slot(9, vec![emptied])).closed[&key(1)], version);
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
    assert_eq!(slot_changes(&slot).emptied[&key(1)], Version::end_of(9));
}

#[test]
fn an_account_that_is_opened_again_in_the_same_slot_is_not_closed() {
    let mut slot = slot(9, vec![written(key(1), &balance(key(2), 10), 4)]);
    slot.transactions.push(emptying(2, 0, 500));
    slot.transactions.push(emptying(1, 500, 0));
    assert!(slot_changes(&slot).emptied.is_empty());
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
fn events_of_fees_are_about_their_mint() {
    let (fee_shard, mint) = (key(17), key(200));
    let opened = payload(&market::events::FeeShardOpened {
        fee_shard,
        mint,
        number: 3,
        fee_shards: 4,
    });
    let swept = payload(&market::events::FeesSwept {
        fee_shard,
        mint,
        treasury_account: key(18),
        amount: 10,
        burned: 3,
        to_treasury: 7,
        received: 7,
        at: 1_000,
    });
    for (name, payload) in [("FeeShardOpened", opened), ("FeesSwept", swept)] {
        let mut transaction = calls(transaction(1), 1);
        transaction.logs = Some(logged(market::ID, &payload));
        let changes = slot_changes(&Slot {
            transactions: vec![transaction],
            ..slot(9, Vec::new())
        });
        assert_eq!((changes.events[0].name, changes.events[0].subject), (name, Some(mint)));
    }
}

#[test]
fn events_of_ranges_are_about_their_class_and_those_of_gpus_about_the_device() {
    let name = *b"h100-sxm\0\0\0\0\0\0\0\0";
    let (device, gpu_class) = (key(17), gantry_sdk::address::gpu_class(&name));
    let class = payload(&market::events::ClassConfigured {
        gpu_class,
        name,
        enabled: 1,
    });
    let range = payload(&market::events::PriceRangeConfigured {
        price_range: key(18),
        class: name,
        mint: key(200),
        floor: 1,
        ceiling: 2,
    });
    let registered = payload(&market::events::DeviceRegistered {
        device,
        node: key(51),
        provider: key(50),
        identity: [7; 32],
        at: 1_000,
        gpus_offered: 1,
        gpus: 1,
        gpus_free: 1,
    });
    let moved = payload(&market::events::DeviceMoved {
        device,
        from: key(51),
        to: key(52),
        from_gpus: 0,
        from_gpus_free: 0,
        to_gpus: 1,
        to_gpus_free: 1,
        gpus_offered: 1,
        at: 1_001,
    });
    let retired = payload(&market::events::DeviceRetired {
        device,
        node: key(52),
        provider: key(50),
        identity: [7; 32],
        caller: key(2),
        gpus_offered: 0,
        gpus: 0,
        gpus_free: 0,
        at: 1_002,
    });
    for (name, payload, subject) in [
        ("ClassConfigured", class, gpu_class),
        ("PriceRangeConfigured", range, gpu_class),
        ("DeviceRegistered", registered, device),
        ("DeviceMoved", moved, device),
        ("DeviceRetired", retired, device),
    ] {
        let mut transaction = calls(transaction(1), 1);
        transaction.logs = Some(logged(market::ID, &payload));
        let changes = slot_changes(&Slot {
            transactions: vec![transaction],
            ..slot(9, Vec::new())
        });
        assert_eq!(
            (changes.events[0].name, changes.events[0].subject),
            (name, Some(subject))
        );
    }
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
        "no receipt for this settlement stands directly before it"
    );
}

#[test]
fn a_receipt_elsewhere_in_the_transaction_is_never_taken_for_the_evidence() {
    let signed = co_signed(key(5), 3, 10_000);
    // Anyone may sign a receipt with the same numbers by keys of their own, and put it into the transaction too.
    let decoy = co_signed_by([8, 9], signed.receipt);
    let mut poisoned = settlement(1, &signed);
    let ed25519 = decoy.ed25519_instruction();
    let decoy = TopLevelInstruction {
        program: ed25519.program_id,
        data: ed25519.data,
    };
    poisoned.instructions.insert(0, decoy.clone());
    poisoned.instructions.push(decoy);
    let changes = slot_changes(&Slot {
        transactions: vec![poisoned],
        ..slot(9, Vec::new())
    });
    assert_eq!(changes.settlements[0].receipt, signed);
}

#[test]
fn a_receipt_that_does_not_stand_directly_before_its_settlement_is_not_believed() {
    let mut apart = settlement(1, &co_signed(key(5), 3, 10_000));
    apart.instructions.insert(
        1,
        TopLevelInstruction {
            program: ED25519_PROGRAM,
            data: Vec::new(),
        },
    );
    let changes = slot_changes(&Slot {
        transactions: vec![apart],
        ..slot(9, Vec::new())
    });
    assert!(changes.settlements.is_empty());
    assert_eq!(
        changes.dead_letters[0].reason,
        "no receipt for this settlement stands directly before it"
    );
}

#[test]
fn logs_of_more_instructions_than_there_are_are_kept_unread() {
    let mut strange = settlement(1, &co_signed(key(5), 3, 10_000));
    strange.instructions.pop();
    let logs = strange.logs.clone().unwrap().join("\n");
    let changes = slot_changes(&Slot {
        transactions: vec![strange],
        ..slot(9, Vec::new())
    });
    assert!(changes.settlements.is_empty() && changes.events.is_empty());
    let letter = &changes.dead_letters[0];
    assert_eq!(
        letter.reason,
        "the logs show more instructions than the transaction has"
    );
    assert_eq!(
        (letter.kind, &letter.bytes),
        (Undecoded::Transaction, &logs.into_bytes())
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
    let mut strange = calls(transaction(1), 2);
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
