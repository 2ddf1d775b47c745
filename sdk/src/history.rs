//! Everything that ever happened to a job, read from the chain alone.

use solana_commitment_config::CommitmentConfig;
use solana_pubkey::Pubkey;
use solana_rpc_client::rpc_client::GetConfirmedSignaturesForAddress2Config;
use solana_rpc_client_api::config::RpcTransactionConfig;
use solana_signature::Signature;
use solana_transaction_status::{
    EncodedConfirmedTransactionWithStatusMeta, UiTransactionEncoding, option_serializer::OptionSerializer,
};

use crate::{
    address::PRECOMPILES,
    client::{Client, ClientError},
    event::{LoggedEvent, from_logs},
};

/// Signatures per request; the RPC's own limit.
const PAGE: usize = 1_000;

/// One top-level instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopLevelInstruction {
    /// The program called.
    pub program: Pubkey,
    /// Its data.
    pub data: Vec<u8>,
}

/// A successful transaction that touched a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobTransaction {
    /// Its first signature.
    pub signature: Signature,
    /// The slot it was processed in.
    pub slot: u64,
    /// Compute units it used, when the RPC says so.
    pub compute_units: Option<u64>,
    /// Its fee in lamports.
    pub network_fee_lamports: u64,
    /// Its top-level instructions.
    pub instructions: Vec<TopLevelInstruction>,
    /// What our programs logged.
    pub events: Vec<LoggedEvent>,
}

/// Why the history could not be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The endpoint failed.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The endpoint did not answer a history request.
    #[error("the RPC endpoint {url} gives no history: {reason}")]
    Rpc {
        /// Which endpoint.
        url: String,
        /// What it said.
        reason: String,
    },
    /// The transaction is not of the form that RPC promises.
    #[error("transaction {0} came back incomplete; try another RPC endpoint")]
    Incomplete(Signature),
}

/// All successful transactions that name `address`, oldest first.
///
/// # Errors
/// [`HistoryError`] when the endpoint fails or keeps no history.
pub async fn transactions_of(client: &Client, address: &Pubkey) -> Result<Vec<JobTransaction>, HistoryError> {
    let rpc_failed = |error: &dyn std::fmt::Display| HistoryError::Rpc {
        url: client.url().to_owned(),
        reason: error.to_string(),
    };
    let mut signatures = Vec::new();
    let mut before = None;
    loop {
        let config = GetConfirmedSignaturesForAddress2Config {
            before,
            until: None,
            limit: Some(PAGE),
            commitment: Some(CommitmentConfig::confirmed()),
        };
        let page = client
            .rpc()
            .get_signatures_for_address_with_config(address, config)
            .await;
        let page = page.map_err(|error| rpc_failed(&error))?;
        let is_last = page.len() < PAGE;
        for entry in page {
            let signature: Signature = entry.signature.parse().map_err(|error| rpc_failed(&error))?;
            before = Some(signature);
            if entry.err.is_none() {
                signatures.push(signature);
            }
        }
        if is_last {
            break;
        }
    }
    let mut transactions = Vec::with_capacity(signatures.len());
    for signature in signatures.into_iter().rev() {
        let config = RpcTransactionConfig {
            encoding: Some(UiTransactionEncoding::Base64),
            commitment: Some(CommitmentConfig::confirmed()),
            max_supported_transaction_version: Some(0),
        };
        let found = client.rpc().get_transaction_with_config(&signature, config).await;
        let found = found.map_err(|error| rpc_failed(&error))?;
        transactions.push(read(signature, &found).ok_or(HistoryError::Incomplete(signature))?);
    }
    Ok(transactions)
}

fn read(signature: Signature, found: &EncodedConfirmedTransactionWithStatusMeta) -> Option<JobTransaction> {
    let transaction = found.transaction.transaction.decode()?;
    let meta = found.transaction.meta.as_ref()?;
    let OptionSerializer::Some(logs) = &meta.log_messages else {
        return None;
    };
    // Programs are always named by static keys: a lookup table cannot supply an invoked program.
    let keys = transaction.message.static_account_keys();
    let instructions = transaction.message.instructions().iter().map(|instruction| {
        let program = *keys.get(usize::from(instruction.program_id_index))?;
        Some(TopLevelInstruction {
            program,
            data: instruction.data.clone(),
        })
    });
    let instructions: Vec<TopLevelInstruction> = instructions.collect::<Option<_>>()?;
    let events = placed(from_logs(logs.iter().map(String::as_str)), &instructions)?;
    Some(JobTransaction {
        signature,
        slot: found.slot,
        compute_units: match meta.compute_units_consumed {
            OptionSerializer::Some(units) => Some(units),
            _ => None,
        },
        network_fee_lamports: meta.fee,
        instructions,
        events,
    })
}

/// Counts each event's instruction among all, precompiles included; `None` when the logs show more instructions than there are.
#[must_use]
pub fn placed(mut events: Vec<LoggedEvent>, instructions: &[TopLevelInstruction]) -> Option<Vec<LoggedEvent>> {
    let logging: Vec<usize> = (0..instructions.len())
        .filter(|index| !PRECOMPILES.contains(&instructions[*index].program))
        .collect();
    for event in &mut events {
        event.instruction = *logging.get(event.instruction)?;
    }
    Some(events)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{address::ED25519_PROGRAM, event::DecodeError};

    fn instructions(programs: &[Pubkey]) -> Vec<TopLevelInstruction> {
        let call = |program: &Pubkey| TopLevelInstruction {
            program: *program,
            data: vec![],
        };
        programs.iter().map(call).collect()
    }

    fn event(instruction: usize) -> LoggedEvent {
        let event = Err(DecodeError::NotBase64(String::new()));
        LoggedEvent {
            program: market::ID,
            instruction,
            payload: vec![],
            event,
        }
    }

    #[test]
    fn an_event_is_placed_behind_the_precompiles_that_log_nothing() {
        let called = instructions(&[ED25519_PROGRAM, market::ID, ED25519_PROGRAM, market::ID]);
        let placed = placed(vec![event(0), event(1)], &called).expect("two instructions log");
        assert_eq!(placed.iter().map(|event| event.instruction).collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn logs_of_more_instructions_than_there_are_are_not_believed() {
        assert_eq!(
            placed(vec![event(1)], &instructions(&[ED25519_PROGRAM, market::ID])),
            None
        );
    }
}
