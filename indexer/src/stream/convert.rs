//! From Yellowstone's messages to what a slot contains.

use gantry_sdk::{Pubkey, Signature};
use yellowstone_grpc_proto::prelude as wire;

use crate::apply::{AccountWrite, LamportChange, TopLevelInstruction, Transaction};

/// A message lacks a part that the service promises. Nothing may be built on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stream delivered {message} without a valid {part}")]
pub struct Incomplete {
    /// Which message.
    pub message: &'static str,
    /// What is missing.
    pub part: &'static str,
}

/// An account's write.
///
/// # Errors
/// [`Incomplete`].
pub fn account(info: wire::SubscribeUpdateAccountInfo) -> Result<AccountWrite, Incomplete> {
    let missing = |part| Incomplete {
        message: "an account",
        part,
    };
    Ok(AccountWrite {
        address: key(&info.pubkey).ok_or(missing("address"))?,
        owner: key(&info.owner).ok_or(missing("owner"))?,
        lamports: info.lamports,
        data: info.data,
        write_version: info.write_version,
    })
}

/// A transaction; `None` for one that failed, which changed nothing.
///
/// # Errors
/// [`Incomplete`].
pub fn transaction(info: wire::SubscribeUpdateTransactionInfo) -> Result<Option<Transaction>, Incomplete> {
    let missing = |part| Incomplete {
        message: "a transaction",
        part,
    };
    let meta = info.meta.ok_or(missing("status"))?;
    if meta.err.is_some() {
        return Ok(None);
    }
    let signature = Signature::try_from(info.signature.as_slice()).map_err(|_| missing("signature"))?;
    let message = info
        .transaction
        .and_then(|signed| signed.message)
        .ok_or(missing("message"))?;
    let loaded = meta
        .loaded_writable_addresses
        .iter()
        .chain(&meta.loaded_readonly_addresses);
    let keys: Option<Vec<Pubkey>> = message
        .account_keys
        .iter()
        .chain(loaded)
        .map(|bytes| key(bytes))
        .collect();
    let keys = keys.ok_or(missing("list of accounts"))?;
    let instructions = message.instructions.into_iter().map(|instruction| {
        let place = usize::try_from(instruction.program_id_index).ok()?;
        Some(TopLevelInstruction {
            program: *keys.get(place)?,
            data: instruction.data,
        })
    });
    Ok(Some(Transaction {
        signature,
        index: Some(info.index),
        logs: (!meta.log_messages_none).then_some(meta.log_messages),
        instructions: instructions
            .collect::<Option<_>>()
            .ok_or(missing("program of an instruction"))?,
        lamports: lamports(&keys, &meta.pre_balances, &meta.post_balances),
        fee_lamports: meta.fee,
        compute_units: meta.compute_units_consumed,
    }))
}

/// Pairs accounts with their lamports before and after.
pub(crate) fn lamports(keys: &[Pubkey], before: &[u64], after: &[u64]) -> Vec<LamportChange> {
    let balances = before.iter().zip(after);
    keys.iter()
        .zip(balances)
        .map(|(address, (before, after))| LamportChange {
            address: *address,
            before: *before,
            after: *after,
        })
        .collect()
}

fn key(bytes: &[u8]) -> Option<Pubkey> {
    Pubkey::try_from(bytes).ok()
}
