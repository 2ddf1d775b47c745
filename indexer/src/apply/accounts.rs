//! Account writes of a slot, folded to the last state of each account.

use std::collections::BTreeMap;

use gantry_sdk::{Pubkey, account, market, staking};

use super::{
    changes::{Changes, DeadLetter, Undecoded, Version, Versioned},
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
    for (address, emptied) in emptied_at_end(&slot.transactions) {
        if emptied {
            changes.note_emptied(address, Version::end_of(slot.number));
        }
    }
}

/// Adds one account as it stood at `version`.
pub(crate) fn note_write(write: &AccountWrite, version: Version, changes: &mut Changes) {
    let ours = [market::ID, staking::ID].contains(&write.owner);
    if write.lamports == 0 || !ours {
        changes.note_closed(write.address, version);
        return;
    }
    match account::decode(&write.owner, &write.data) {
        Ok(account) => changes.note(write.address, Versioned { version, account }),
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
/// take lamports from its accounts, so the transaction names the program and is delivered. It may empty
/// anyone else's accounts too.
fn emptied_at_end(transactions: &[Transaction]) -> BTreeMap<Pubkey, bool> {
    let mut ordered: Vec<&Transaction> = transactions.iter().collect();
    ordered.sort_by_key(|transaction| transaction.index);
    let mut emptied = BTreeMap::new();
    for change in ordered.into_iter().flat_map(|transaction| &transaction.lamports) {
        if change.before > 0 && change.after == 0 {
            emptied.insert(change.address, true);
        } else if change.after > 0 {
            emptied.insert(change.address, false);
        }
    }
    emptied
}
