//! Events and settlements of a transaction.

use gantry_sdk::{
    Pubkey, address,
    event::{self, Event, LoggedEvent},
    history,
    market::{self, events::JobSettled},
    receipt::CoSignedReceipt,
    verify,
};

use super::{
    changes::{Changes, DeadLetter, EventRow, SettlementRow, TransactionRow, Undecoded},
    slot::Transaction,
};

/// The runtime writes this instead of what exceeds its limit.
const LOGS_CUT: &str = "Log truncated";

const MISSING: &str = "the source has no logs of this transaction";
const CUT: &str = "the runtime cut the logs, so events may be missing";
const UNPLACED: &str = "the logs show more instructions than the transaction has";

/// Adds what `transaction` did in `slot`.
pub(crate) fn record(transaction: &Transaction, slot: u64, block_time: Option<i64>, changes: &mut Changes) {
    changes.transactions.push(TransactionRow {
        signature: transaction.signature,
        slot,
        index: transaction.index,
        block_time,
        fee_lamports: transaction.fee_lamports,
        compute_units: transaction.compute_units,
    });
    let Some(logs) = &transaction.logs else {
        changes.dead_letters.push(unread(transaction, slot, MISSING));
        return;
    };
    if logs.iter().any(|line| line == LOGS_CUT) {
        changes.dead_letters.push(unread(transaction, slot, CUT));
    }
    let logged = event::from_logs(logs.iter().map(String::as_str));
    let Some(placed) = history::placed(logged, &transaction.instructions) else {
        changes.dead_letters.push(DeadLetter {
            bytes: logs.join("\n").into_bytes(),
            ..unread(transaction, slot, UNPLACED)
        });
        return;
    };
    for (ordinal, logged) in placed.into_iter().enumerate() {
        record_event(transaction, slot, ordinal, logged, changes);
    }
}

fn record_event(transaction: &Transaction, slot: u64, ordinal: usize, logged: LoggedEvent, changes: &mut Changes) {
    let dead_letter = |bytes, reason| DeadLetter {
        kind: Undecoded::Event,
        source: transaction.signature.as_ref().to_vec(),
        slot,
        ordinal: ordinal as u64,
        program: logged.program,
        bytes,
        reason,
    };
    let event = match &logged.event {
        Ok(event) => event,
        Err(reason) => {
            let reason = reason.to_string();
            changes.dead_letters.push(dead_letter(logged.payload, reason));
            return;
        }
    };
    if let Event::JobSettled(settled) = event {
        match receipt_of(transaction, logged.instruction, settled) {
            Some(receipt) => changes.settlements.push(SettlementRow {
                signature: transaction.signature,
                ordinal,
                slot,
                settled_at: settled.at,
                receipt,
                paid_now: settled.paid_now,
                paid: settled.paid,
                fee: settled.fee,
                balance: settled.balance,
                compute_units: transaction.compute_units,
            }),
            None => {
                let reason = "no receipt for this settlement stands directly before it".to_owned();
                changes.dead_letters.push(dead_letter(logged.payload.clone(), reason));
            }
        }
    }
    changes.events.push(EventRow {
        signature: transaction.signature,
        ordinal,
        slot,
        program: logged.program,
        name: event.name(),
        subject: subject(event),
        payload: logged.payload,
    });
}

/// The receipt that the program read: the one directly before the settlement. Any other in the transaction proves nothing, since
/// the precompile accepts every key.
fn receipt_of(transaction: &Transaction, instruction: usize, settled: &JobSettled) -> Option<CoSignedReceipt> {
    let signed = verify::receipt_before(&transaction.instructions, instruction)?.ok()?;
    is_paid_by(&signed, settled).then_some(signed)
}

/// Whether the settlement paid this receipt: the program copies all of these out of the receipt that it accepts.
fn is_paid_by(signed: &CoSignedReceipt, settled: &JobSettled) -> bool {
    let receipt = &signed.receipt;
    receipt.job == settled.job.to_bytes()
        && receipt.sequence == settled.sequence
        && receipt.metered_ms == settled.metered_ms
        && receipt.samples_root == settled.samples_root
}

/// What an event is about.
fn subject(event: &Event) -> Option<Pubkey> {
    match event {
        Event::PoolConfigured(_) | Event::MarketConfigured(_) => None,
        Event::StakeOpened(event) => Some(event.owner),
        Event::StakeDeposited(event) => Some(event.owner),
        Event::UnbondingRequested(event) => Some(event.owner),
        Event::UnbondingWithdrawn(event) => Some(event.owner),
        Event::CommissionSet(event) => Some(event.owner),
        Event::RewardAdded(event) => Some(event.owner),
        // From the events about a provider its stake can be rebuilt, and all delegations to it.
        Event::DelegationOpened(event) => Some(event.owner),
        Event::DelegationDeposited(event) => Some(event.owner),
        Event::DelegationUnbonded(event) => Some(event.owner),
        Event::DelegationUnbondingCancelled(event) => Some(event.owner),
        Event::DelegationWithdrawn(event) => Some(event.owner),
        Event::StakeReserved(event) => Some(event.owner),
        Event::StakeReleased(event) => Some(event.owner),
        Event::UnbondingCancelled(event) => Some(event.owner),
        Event::StakeSlashed(event) => Some(event.owner),
        Event::MintConfigured(event) => Some(event.mint),
        Event::MintReferenceSet(event) => Some(event.mint),
        Event::FeeShardOpened(event) => Some(event.mint),
        Event::FeesSwept(event) => Some(event.mint),
        Event::ProviderConfigured(event) => Some(event.provider),
        // From the events about a provider or a tenant its record can be rebuilt.
        Event::ProviderRecorded(event) => Some(event.provider),
        Event::TenantOpened(event) => Some(event.tenant),
        Event::TenantRecorded(event) => Some(event.tenant),
        Event::NodeRegistered(event) => Some(event.node),
        Event::NodeUpdated(event) => Some(event.node),
        Event::NodePriced(event) => Some(event.node),
        Event::NodeHeartbeaten(event) => Some(event.node),
        // A range is about its class, as the class itself is.
        Event::ClassConfigured(event) => Some(event.gpu_class),
        Event::PriceRangeConfigured(event) => Some(address::gpu_class(&event.class)),
        Event::DeviceRegistered(event) => Some(event.device),
        Event::DeviceMoved(event) => Some(event.device),
        Event::DeviceRetired(event) => Some(event.device),
        Event::BalanceOpened(event) => Some(event.owner),
        Event::BalanceDeposited(event) => Some(event.owner),
        Event::BalanceWithdrawn(event) => Some(event.owner),
        Event::WithdrawalRequested(event) => Some(event.owner),
        Event::WithdrawalCancelled(event) => Some(event.owner),
        Event::WithdrawalPaid(event) => Some(event.owner),
        Event::JobOpened(event) => Some(event.job),
        Event::JobStarted(event) => Some(event.job),
        Event::JobSettled(event) => Some(event.job),
        Event::JobStopped(event) => Some(event.job),
        Event::JobClosed(event) => Some(event.job),
        Event::JobCancelled(event) => Some(event.job),
        Event::JobRekeyed(event) => Some(event.job),
        Event::FaultProven(event) => Some(event.job),
        Event::ClaimOpened(event) => Some(event.job),
        Event::JobExtended(event) => Some(event.job),
        Event::SessionRotated(event) => Some(event.job),
        Event::JobExitAnnounced(event) => Some(event.job),
        Event::JobFailedOver(event) => Some(event.job),
        Event::ClaimSettled(event) => Some(event.job),
        Event::ClaimRefuted(event) => Some(event.job),
        // The events about an order are enough to rebuild it; the job that it opened has its own.
        Event::OrderOpened(event) => Some(event.order),
        Event::BidPlaced(event) => Some(event.order),
        Event::BidWithdrawn(event) => Some(event.order),
        Event::BidDropped(event) => Some(event.order),
        Event::OrderAccepted(event) => Some(event.order),
        Event::OrderCancelled(event) => Some(event.order),
        Event::BidRefunded(event) => Some(event.order),
    }
}

fn unread(transaction: &Transaction, slot: u64, reason: &str) -> DeadLetter {
    DeadLetter {
        kind: Undecoded::Transaction,
        source: transaction.signature.as_ref().to_vec(),
        slot,
        ordinal: 0,
        program: market::ID,
        bytes: Vec::new(),
        reason: reason.to_owned(),
    }
}
