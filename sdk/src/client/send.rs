//! Sends a transaction so that it takes effect once, or says why it did not.

use solana_keypair::Keypair;
use solana_program::instruction::Instruction;
use solana_rpc_client_api::{
    client_error::{Error as RpcError, ErrorKind},
    config::RpcSendTransactionConfig,
    custom_error::JSON_RPC_SERVER_ERROR_TRANSACTION_HISTORY_NOT_AVAILABLE as NO_HISTORY,
    request::{RpcError as RpcRequestError, RpcResponseErrorData},
};
use solana_signature::Signature;
use solana_signer::Signer;
use solana_transaction::Transaction;
use solana_transaction_error::TransactionError;
use solana_transaction_status::TransactionStatus;
use std::time::Duration;
use tokio::time::{Instant, sleep};

use super::{Client, ClientError, Confirmed, Outcome};
use crate::error;

/// How often a sent transaction's status is asked for.
const STATUS_INTERVAL: Duration = Duration::from_millis(80);
/// How often a transaction that is not confirmed yet is sent again, since a leader may have dropped it.
const RESEND_INTERVAL: Duration = Duration::from_secs(2);
/// How often a transaction is signed anew with a fresh blockhash after the old one expired unseen, or was refused for a reason that
/// passes.
const MAX_SIGNINGS: u32 = 3;
/// Pause before a transaction that was refused for a reason that passes is signed anew: about a block.
const PASSING_PAUSE: Duration = Duration::from_millis(500);

/// Whether a refusal says nothing about the transaction itself: the endpoint does not know the blockhash yet or any more, others use
/// the same accounts, or the cluster has no room.
pub(super) fn is_passing(error: &TransactionError) -> bool {
    use TransactionError as E;
    matches!(
        error,
        E::BlockhashNotFound
            | E::AccountInUse
            | E::ClusterMaintenance
            | E::WouldExceedMaxBlockCostLimit
            | E::WouldExceedMaxAccountCostLimit
            | E::WouldExceedMaxVoteCostLimit
            | E::WouldExceedAccountDataBlockLimit
            | E::WouldExceedAccountDataTotalLimit
    )
}

impl Client {
    /// Sends instructions in one transaction and waits until it is confirmed. `signers` are those beside the fee `payer`.
    ///
    /// Simulated first, so that a refusal costs no fee. A transaction is signed anew only when the old one was never let into the
    /// network, or when its blockhash has expired and a look at the whole history afterwards does not find it; so it never happens
    /// twice.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when a program or the runtime refuses it; [`ClientError::Expired`] when it was never confirmed;
    /// [`ClientError::Rpc`] when the endpoint fails, in which case the transaction may still take effect.
    pub async fn send(
        &self,
        instructions: &[Instruction],
        payer: &Keypair,
        signers: &[&Keypair],
    ) -> Outcome<Confirmed> {
        let mut keys: Vec<&Keypair> = vec![payer];
        for signer in signers {
            if keys.iter().all(|key| key.pubkey() != signer.pubkey()) {
                keys.push(signer);
            }
        }
        let mut passing = None;
        for _ in 0..MAX_SIGNINGS {
            if passing.is_some() {
                sleep(PASSING_PAUSE).await;
            }
            let (blockhash, last_valid_height) = self
                .rpc
                .get_latest_blockhash_with_commitment(self.rpc.commitment())
                .await
                .map_err(|error| self.failed(error))?;
            let mut transaction = Transaction::new_with_payer(instructions, Some(&payer.pubkey()));
            transaction
                .try_sign(&keys, blockhash)
                .map_err(|error| ClientError::Signing(error.to_string()))?;
            match self.send_signed(&transaction, last_valid_height).await {
                Ok(Some(confirmed)) => return Ok(confirmed),
                Ok(None) => passing = None,
                Err(ClientError::Refused { message, error, logs }) if is_passing(&error) => {
                    passing = Some(ClientError::Refused { message, error, logs });
                }
                Err(error) => return Err(error),
            }
        }
        Err(passing.unwrap_or(ClientError::Expired(MAX_SIGNINGS)))
    }

    /// Sends a signed transaction until it is confirmed; `None` when its blockhash expired first, so that it can no longer take effect.
    async fn send_signed(&self, transaction: &Transaction, last_valid_height: u64) -> Outcome<Option<Confirmed>> {
        let config = RpcSendTransactionConfig {
            preflight_commitment: Some(self.rpc.commitment().commitment),
            ..RpcSendTransactionConfig::default()
        };
        let signature = match self.rpc.send_transaction_with_config(transaction, config).await {
            Ok(signature) => signature,
            Err(error) => return Err(self.refusal(error, transaction)),
        };
        let mut sent_at = Instant::now();
        loop {
            if let Some(status) = self.status(signature).await?
                && status.satisfies_commitment(self.rpc.commitment())
            {
                return outcome(signature, status, transaction).map(Some);
            }
            if sent_at.elapsed() > RESEND_INTERVAL {
                sent_at = Instant::now();
                let height = self.rpc.get_block_height().await.map_err(|error| self.failed(error))?;
                if height > last_valid_height {
                    // It may have landed after the last look and before its blockhash expired. From here on it can no longer land, so
                    // this look decides.
                    match self.status_in_history(signature).await? {
                        None => return Ok(None),
                        Some(status) if status.satisfies_commitment(self.rpc.commitment()) => {
                            return outcome(signature, status, transaction).map(Some);
                        }
                        // On a fork that is not confirmed yet: it is confirmed or forgotten soon.
                        Some(_) => {}
                    }
                } else {
                    let again = RpcSendTransactionConfig {
                        skip_preflight: true,
                        ..config
                    };
                    // The same signature: the cluster keeps one copy. A failure here changes nothing, the next round asks again.
                    let _ = self.rpc.send_transaction_with_config(transaction, again).await;
                }
            }
            sleep(STATUS_INTERVAL).await;
        }
    }

    /// What the endpoint has lately heard of a transaction.
    async fn status(&self, signature: Signature) -> Outcome<Option<TransactionStatus>> {
        let statuses = self.rpc.get_signature_statuses(&[signature]).await;
        let statuses = statuses.map_err(|error| self.failed(error))?.value;
        Ok(statuses.into_iter().flatten().next())
    }

    /// What the endpoint has ever heard of a transaction. One that keeps no history still remembers longer than a blockhash lives.
    async fn status_in_history(&self, signature: Signature) -> Outcome<Option<TransactionStatus>> {
        match self.rpc.get_signature_statuses_with_history(&[signature]).await {
            Ok(statuses) => Ok(statuses.value.into_iter().flatten().next()),
            Err(error) if code(&error) == Some(NO_HISTORY) => self.status(signature).await,
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Turns a failed preflight into a refusal; everything else is the endpoint's failure.
    fn refusal(&self, error: RpcError, transaction: &Transaction) -> ClientError {
        if let ErrorKind::RpcError(RpcRequestError::RpcResponseError {
            data: RpcResponseErrorData::SendTransactionPreflightFailure(simulation),
            ..
        }) = error.kind()
            && let Some(cause) = &simulation.err
        {
            let logs = simulation.logs.clone().unwrap_or_default();
            return refused(cause.clone().into(), logs, transaction);
        }
        match error.get_transaction_error() {
            Some(cause) => refused(cause, Vec::new(), transaction),
            None => self.failed(error),
        }
    }
}

/// The endpoint's own error code, when it answered with one.
fn code(error: &RpcError) -> Option<i64> {
    match error.kind() {
        ErrorKind::RpcError(RpcRequestError::RpcResponseError { code, .. }) => Some(*code),
        _ => None,
    }
}

/// What a transaction that landed has come to.
fn outcome(signature: Signature, status: TransactionStatus, transaction: &Transaction) -> Outcome<Confirmed> {
    match status.err {
        None => Ok(Confirmed {
            signature,
            slot: status.slot,
        }),
        Some(error) => Err(refused(error, Vec::new(), transaction)),
    }
}

/// A refusal in words: which program, and what to do.
fn refused(error: TransactionError, logs: Vec<String>, transaction: &Transaction) -> ClientError {
    let message = match &error {
        TransactionError::InstructionError(index, cause) => {
            let program = transaction
                .message
                .instructions
                .get(usize::from(*index))
                .and_then(|instruction| {
                    transaction
                        .message
                        .account_keys
                        .get(usize::from(instruction.program_id_index))
                });
            let name = program.map_or_else(String::new, |program| {
                error::program_name(program).map_or_else(|| program.to_string(), ToOwned::to_owned)
            });
            format!("the {name} program refused: {}", error::explain(cause))
        }
        other => format!("the transaction was refused: {other}"),
    };
    ClientError::Refused { message, error, logs }
}
