//! From the local chain's geyser events to Yellowstone's messages.

use solana_message::VersionedMessage;
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction_status::{InnerInstructions, TransactionStatusMeta, TransactionTokenBalance};
use surfpool_core::{
    surfnet::{GeyserBlockMetadata, GeyserEvent, GeyserSlotStatus, GeyserTransactionEvent},
    types::GeyserAccountUpdate,
};
use yellowstone_grpc_proto::prelude as wire;

use super::Event;

/// The event in Yellowstone's terms; nothing for what its subscribers never see.
///
/// The chain announces `Confirmed` a moment before it announces the block's metadata. The metadata stands for both,
/// so that subscribers can be given the block before they are told that it is confirmed.
#[must_use]
pub fn event(event: &GeyserEvent) -> Option<Event> {
    match event {
        GeyserEvent::UpdateAccount(update) => Some(Event::Account(account(update, false))),
        GeyserEvent::StartupAccountUpdate(update) => Some(Event::Account(account(update, true))),
        GeyserEvent::NotifyTransaction(event) => transaction(event).map(Box::new).map(Event::Transaction),
        GeyserEvent::NotifyBlockMetadata(metadata) => Some(Event::Confirmed(block_meta(metadata))),
        GeyserEvent::UpdateSlotStatus {
            slot,
            status: GeyserSlotStatus::Rooted,
            ..
        } => Some(Event::Rooted(*slot)),
        GeyserEvent::UpdateSlotStatus { .. } | GeyserEvent::EndOfStartup | GeyserEvent::NotifyEntry(_) => None,
    }
}

fn account(update: &GeyserAccountUpdate, is_startup: bool) -> wire::SubscribeUpdateAccount {
    wire::SubscribeUpdateAccount {
        slot: update.slot,
        is_startup,
        bank_id: (!is_startup).then_some(update.slot),
        account: Some(wire::SubscribeUpdateAccountInfo {
            pubkey: update.pubkey.to_bytes().to_vec(),
            lamports: update.account.lamports,
            owner: update.account.owner.to_bytes().to_vec(),
            executable: update.account.executable,
            rent_epoch: update.account.rent_epoch,
            data: update.account.data.clone(),
            write_version: update.write_version,
            txn_signature: update
                .sanitized_transaction
                .as_ref()
                .map(|by| by.signature().as_ref().to_vec()),
        }),
    }
}

fn transaction(event: &GeyserTransactionEvent) -> Option<wire::SubscribeUpdateTransaction> {
    let executed = &event.transaction_with_status_meta;
    let transaction = event.versioned_transaction.as_ref().unwrap_or(&executed.transaction);
    Some(wire::SubscribeUpdateTransaction {
        slot: executed.slot,
        bank_id: executed.slot,
        transaction: Some(wire::SubscribeUpdateTransactionInfo {
            signature: transaction.signatures.first()?.as_ref().to_vec(),
            is_vote: false,
            transaction: Some(signed(transaction)),
            meta: Some(status_meta(&executed.meta)),
            index: u64::try_from(event.index).ok()?,
        }),
    })
}

fn block_meta(metadata: &GeyserBlockMetadata) -> wire::SubscribeUpdateBlockMeta {
    wire::SubscribeUpdateBlockMeta {
        slot: metadata.slot,
        blockhash: metadata.blockhash.clone(),
        block_time: metadata.block_time.map(|timestamp| wire::UnixTimestamp { timestamp }),
        block_height: metadata
            .block_height
            .map(|block_height| wire::BlockHeight { block_height }),
        parent_slot: metadata.parent_slot,
        parent_blockhash: metadata.parent_blockhash.clone(),
        executed_transaction_count: metadata.executed_transaction_count,
        entries_count: metadata.entry_count,
        bank_id: metadata.slot,
        ..Default::default()
    }
}

fn signed(transaction: &VersionedTransaction) -> wire::Transaction {
    let message = &transaction.message;
    let header = message.header();
    wire::Transaction {
        signatures: transaction
            .signatures
            .iter()
            .map(|signature| signature.as_ref().to_vec())
            .collect(),
        message: Some(wire::Message {
            header: Some(wire::MessageHeader {
                num_required_signatures: header.num_required_signatures.into(),
                num_readonly_signed_accounts: header.num_readonly_signed_accounts.into(),
                num_readonly_unsigned_accounts: header.num_readonly_unsigned_accounts.into(),
            }),
            account_keys: message
                .static_account_keys()
                .iter()
                .map(|key| key.to_bytes().to_vec())
                .collect(),
            recent_blockhash: message.recent_blockhash().to_bytes().to_vec(),
            instructions: message
                .instructions()
                .iter()
                .map(|instruction| wire::CompiledInstruction {
                    program_id_index: instruction.program_id_index.into(),
                    accounts: instruction.accounts.clone(),
                    data: instruction.data.clone(),
                })
                .collect(),
            versioned: !matches!(message, VersionedMessage::Legacy(_)),
            address_table_lookups: message
                .address_table_lookups()
                .unwrap_or_default()
                .iter()
                .map(|lookup| wire::MessageAddressTableLookup {
                    account_key: lookup.account_key.to_bytes().to_vec(),
                    writable_indexes: lookup.writable_indexes.clone(),
                    readonly_indexes: lookup.readonly_indexes.clone(),
                })
                .collect(),
            ..Default::default()
        }),
    }
}

fn status_meta(meta: &TransactionStatusMeta) -> wire::TransactionStatusMeta {
    wire::TransactionStatusMeta {
        err: meta.status.as_ref().err().map(|error| wire::TransactionError {
            // The enum has no variant that bincode refuses; an empty error would still read as failed.
            err: bincode::serialize(error).unwrap_or_default(),
        }),
        fee: meta.fee,
        pre_balances: meta.pre_balances.clone(),
        post_balances: meta.post_balances.clone(),
        inner_instructions: meta
            .inner_instructions
            .iter()
            .flatten()
            .map(inner_instructions)
            .collect(),
        inner_instructions_none: meta.inner_instructions.is_none(),
        log_messages: meta.log_messages.clone().unwrap_or_default(),
        log_messages_none: meta.log_messages.is_none(),
        pre_token_balances: meta.pre_token_balances.iter().flatten().map(token_balance).collect(),
        post_token_balances: meta.post_token_balances.iter().flatten().map(token_balance).collect(),
        loaded_writable_addresses: meta
            .loaded_addresses
            .writable
            .iter()
            .map(|key| key.to_bytes().to_vec())
            .collect(),
        loaded_readonly_addresses: meta
            .loaded_addresses
            .readonly
            .iter()
            .map(|key| key.to_bytes().to_vec())
            .collect(),
        return_data: meta.return_data.as_ref().map(|returned| wire::ReturnData {
            program_id: returned.program_id.to_bytes().to_vec(),
            data: returned.data.clone(),
        }),
        return_data_none: meta.return_data.is_none(),
        compute_units_consumed: meta.compute_units_consumed,
        cost_units: meta.cost_units,
        ..Default::default()
    }
}

fn inner_instructions(inner: &InnerInstructions) -> wire::InnerInstructions {
    wire::InnerInstructions {
        index: inner.index.into(),
        instructions: inner
            .instructions
            .iter()
            .map(|inner| wire::InnerInstruction {
                program_id_index: inner.instruction.program_id_index.into(),
                accounts: inner.instruction.accounts.clone(),
                data: inner.instruction.data.clone(),
                stack_height: inner.stack_height,
            })
            .collect(),
    }
}

fn token_balance(balance: &TransactionTokenBalance) -> wire::TokenBalance {
    wire::TokenBalance {
        account_index: balance.account_index.into(),
        mint: balance.mint.clone(),
        owner: balance.owner.clone(),
        program_id: balance.program_id.clone(),
        ui_token_amount: Some(wire::UiTokenAmount {
            ui_amount: balance.ui_token_amount.ui_amount.unwrap_or_default(),
            decimals: balance.ui_token_amount.decimals.into(),
            amount: balance.ui_token_amount.amount.clone(),
            ui_amount_string: balance.ui_token_amount.ui_amount_string.clone(),
        }),
    }
}
