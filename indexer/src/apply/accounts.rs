//! Account writes of a slot, folded to the last state of each account.

use std::collections::BTreeMap;

use gantry_sdk::{Pubkey, account, market, staking};

use super::{
    changes::{AccountState, Changes, DeadLetter, Undecoded, Version, Versioned},
    slot::{AccountWrite, Slot, Transaction},
};

/// Adds the account changes of `slot`.
pub(super) fn fold(slot: &Slot, changes: &mut Changes) {
    for write in &slot.accounts {
        let version = Version {
            slot: slot.number,
            write_version: write.write_version,
        };
        note_write(write, version, changes);
    }
    for (address, closed) in closed_at_end(&slot.transactions) {
        if closed {
            let version = Version::end_of(slot.number);
            changes.note(
                address,
                Versioned {
                    version,
                    state: AccountState::Closed,
                },
            );
        }
    }
}

/// Adds one account as it stood at `version`.
pub(crate) fn note_write(write: &AccountWrite, version: Version, changes: &mut Changes) {
    let ours = [market::ID, staking::ID].contains(&write.owner);
    if write.lamports == 0 || !ours {
        changes.note(
            write.address,
            Versioned {
                version,
                state: AccountState::Closed,
            },
        );
        return;
    }
    match account::decode(&write.owner, &write.data) {
        Ok(decoded) => changes.note(
            write.address,
            Versioned {
                version,
                state: AccountState::Live(decoded),
            },
        ),
        Err(reason) => changes.dead_letters.push(DeadLetter {
            kind: Undecoded::Account,
            source: write.address.to_bytes().to_vec(),
            slot: version.slot,
            ordinal: version.write_version,
            program: write.owner,
            bytes: write.data.clone(),
            reason: reason.to_string(),
        }),
    }
}

/// Accounts whose last transaction in the slot left them without lamports.
///
/// A subscription by owner does not show this: a closed account no longer has the owner that was asked for. But only a program can
/// take lamports from its accounts, so the transaction names the program and is delivered.
fn closed_at_end(transactions: &[Transaction]) -> BTreeMap<Pubkey, bool> {
    let mut ordered: Vec<&Transaction> = transactions.iter().collect();
    ordered.sort_by_key(|transaction| transaction.index);
    let mut closed = BTreeMap::new();
    for change in ordered.into_iter().flat_map(|transaction| &transaction.lamports) {
        if change.before > 0 && change.after == 0 {
            closed.insert(change.address, true);
        } else if change.after > 0 {
            closed.insert(change.address, false);
        }
    }
    closed
}
