//! Collects updates until their slot is confirmed.

use std::collections::{BTreeMap, HashMap};

use gantry_sdk::{Pubkey, Signature};
use yellowstone_grpc_proto::prelude::{
    SlotStatus, SubscribeUpdateAccount, SubscribeUpdateBlockMeta, SubscribeUpdateSlot, SubscribeUpdateTransaction,
    subscribe_update::UpdateOneof,
};

use super::convert::{self, Incomplete};
use crate::apply::{AccountWrite, Slot, Transaction};

/// What was said about one bank. A slot can have several, of which at most one is confirmed.
#[derive(Debug, Default)]
struct Bank {
    /// The last write per account.
    accounts: HashMap<Pubkey, AccountWrite>,
    transactions: HashMap<Signature, Transaction>,
    block: Option<Block>,
}

#[derive(Debug)]
struct Block {
    parent: u64,
    blockhash: Option<[u8; 32]>,
    parent_blockhash: Option<[u8; 32]>,
    chain_time: Option<i64>,
}

/// A slot of which it is said that it is confirmed.
#[derive(Clone, Copy, Debug)]
struct Confirmation {
    parent: Option<u64>,
    bank: Option<u64>,
}

/// Buffers updates and hands over each slot once it is confirmed and its block is known.
///
/// Invariant: a slot is handed over whole, once, and never before a lower one that was confirmed.
#[derive(Debug, Default)]
pub struct Assembler {
    /// Updates that carry no bank are filed under `None` and belong to whichever bank is confirmed.
    banks: BTreeMap<u64, HashMap<Option<u64>, Bank>>,
    confirmed: BTreeMap<u64, Confirmation>,
    sealed_up_to: Option<u64>,
    highest_seen: u64,
}

impl Assembler {
    /// Takes one update in; returns the slots that became whole by it, lowest first.
    ///
    /// # Errors
    /// [`Incomplete`] when the update lacks what its slot cannot be built without.
    pub fn take(&mut self, update: UpdateOneof) -> Result<Vec<Slot>, Incomplete> {
        match update {
            UpdateOneof::Account(update) => self.take_account(update)?,
            UpdateOneof::Transaction(update) => self.take_transaction(update)?,
            UpdateOneof::BlockMeta(meta) => return Ok(self.take_block(&meta)),
            UpdateOneof::Slot(status) => return Ok(self.take_status(&status)),
            _ => {}
        }
        Ok(Vec::new())
    }

    /// The highest slot that anything was said about.
    #[must_use]
    pub fn highest_seen(&self) -> u64 {
        self.highest_seen
    }

    fn take_account(&mut self, update: SubscribeUpdateAccount) -> Result<(), Incomplete> {
        let info = update.account.ok_or(Incomplete {
            message: "an account",
            part: "content",
        })?;
        let write = convert::account(info)?;
        let Some(bank) = self.bank(update.slot, update.bank_id) else {
            return Ok(());
        };
        match bank.accounts.get(&write.address) {
            Some(known) if known.write_version > write.write_version => {}
            _ => drop(bank.accounts.insert(write.address, write)),
        }
        Ok(())
    }

    fn take_transaction(&mut self, update: SubscribeUpdateTransaction) -> Result<(), Incomplete> {
        let info = update.transaction.ok_or(Incomplete {
            message: "a transaction",
            part: "content",
        })?;
        let Some(transaction) = convert::transaction(info)? else {
            return Ok(());
        };
        if let Some(bank) = self.bank(update.slot, Some(update.bank_id)) {
            bank.transactions.insert(transaction.signature, transaction);
        }
        Ok(())
    }

    fn take_block(&mut self, meta: &SubscribeUpdateBlockMeta) -> Vec<Slot> {
        if let Some(bank) = self.bank(meta.slot, Some(meta.bank_id)) {
            bank.block = Some(Block {
                parent: meta.parent_slot,
                blockhash: hash(&meta.blockhash),
                parent_blockhash: hash(&meta.parent_blockhash),
                chain_time: meta.block_time.map(|time| time.timestamp),
            });
        }
        self.seal()
    }

    fn take_status(&mut self, status: &SubscribeUpdateSlot) -> Vec<Slot> {
        self.highest_seen = self.highest_seen.max(status.slot);
        if status.status != SlotStatus::SlotConfirmed as i32 || self.is_sealed(status.slot) {
            return Vec::new();
        }
        self.confirmed.insert(
            status.slot,
            Confirmation {
                parent: status.parent,
                bank: status.bank_id,
            },
        );
        self.seal()
    }

    /// The bank to file an update under; `None` when its slot was already handed over: a repetition.
    fn bank(&mut self, slot: u64, bank: Option<u64>) -> Option<&mut Bank> {
        self.highest_seen = self.highest_seen.max(slot);
        if self.is_sealed(slot) {
            return None;
        }
        Some(self.banks.entry(slot).or_default().entry(bank).or_default())
    }

    fn is_sealed(&self, slot: u64) -> bool {
        self.sealed_up_to.is_some_and(|sealed| slot <= sealed)
    }

    /// Hands over every confirmed slot up to the highest whose block is known.
    ///
    /// The block is a slot's last update but for its status, and servers send these two in either order. A confirmed slot without a
    /// block of its own, which time travel on a local network leaves behind, is whole when a later slot is.
    fn seal(&mut self) -> Vec<Slot> {
        let whole = self
            .confirmed
            .iter()
            .rev()
            .find(|(slot, confirmation)| self.has_block(**slot, confirmation.bank));
        let Some((&newest, _)) = whole else { return Vec::new() };
        let later = self.confirmed.split_off(&(newest + 1));
        let confirmed = std::mem::replace(&mut self.confirmed, later);
        let slots = confirmed
            .into_iter()
            .map(|(slot, confirmation)| self.take_slot(slot, confirmation))
            .collect();
        // What is left below belongs to slots that were skipped or died.
        self.banks = self.banks.split_off(&(newest + 1));
        self.sealed_up_to = Some(newest);
        slots
    }

    fn has_block(&self, slot: u64, bank: Option<u64>) -> bool {
        let Some(banks) = self.banks.get(&slot) else {
            return false;
        };
        banks
            .iter()
            .any(|(id, content)| belongs(*id, bank) && content.block.is_some())
    }

    fn take_slot(&mut self, number: u64, confirmation: Confirmation) -> Slot {
        let mut slot = Slot {
            number,
            parent: confirmation.parent,
            ..Slot::default()
        };
        let mut whole = Bank::default();
        for (id, bank) in self.banks.remove(&number).unwrap_or_default() {
            if !belongs(id, confirmation.bank) {
                continue;
            }
            whole.accounts.extend(bank.accounts);
            whole.transactions.extend(bank.transactions);
            whole.block = bank.block.or(whole.block);
        }
        if let Some(block) = whole.block {
            // The status knows better: a block may name its number less one where that slot never was.
            slot.parent = slot.parent.or(Some(block.parent));
            slot.blockhash = block.blockhash;
            slot.parent_blockhash = block.parent_blockhash;
            slot.chain_time = block.chain_time;
        }
        slot.accounts = whole.accounts.into_values().collect();
        slot.transactions = whole.transactions.into_values().collect();
        slot.transactions.sort_by_key(|transaction| transaction.index);
        slot
    }
}

/// Whether updates filed under `id` are of the confirmed `bank`.
fn belongs(id: Option<u64>, bank: Option<u64>) -> bool {
    bank.is_none() || id.is_none() || id == bank
}

fn hash(base58: &str) -> Option<[u8; 32]> {
    bs58::decode(base58).into_vec().ok()?.try_into().ok()
}
