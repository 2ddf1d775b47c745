//! A real RPC node.

use std::{error::Error, time::Duration};

use gantry_sdk::{Pubkey, Signature};
use serde_json::json;
use solana_commitment_config::CommitmentConfig;
use solana_rpc_client::nonblocking::rpc_client::RpcClient;
use solana_rpc_client_api::{
    client_error::{Error as RpcError, ErrorKind},
    config::RpcTransactionConfig,
    custom_error::JSON_RPC_SERVER_ERROR_MIN_CONTEXT_SLOT_NOT_REACHED,
    request::{RpcError as RpcRequestError, RpcRequest},
    response::{OptionalContext, RpcConfirmedTransactionStatusWithSignature, RpcKeyedAccount},
};
use solana_transaction_status::{
    EncodedConfirmedTransactionWithStatusMeta, UiTransactionEncoding, option_serializer::OptionSerializer,
};

use super::ledger::{Ledger, LedgerError, Recorded, SignatureEntry};
use crate::{
    apply::{AccountWrite, Snapshot, TopLevelInstruction, Transaction},
    causes::causes,
    stream,
};

/// A snapshot of a large program takes a node a while.
const TIMEOUT: Duration = Duration::from_secs(120);
/// The most that nodes give at once.
const PAGE: usize = 1_000;

/// An RPC node.
pub struct RpcLedger {
    client: RpcClient,
    url: String,
}

impl RpcLedger {
    /// The node at `url`. Connects at the first request.
    #[must_use]
    pub fn new(url: &str) -> Self {
        let commitment = CommitmentConfig::confirmed();
        let client = RpcClient::new_with_timeout_and_commitment(url.to_owned(), TIMEOUT, commitment);
        Self {
            client,
            url: url.to_owned(),
        }
    }

    fn failed(&self, request: &'static str, error: &dyn Error) -> LedgerError {
        self.malformed(request, &causes(error))
    }

    /// Tells a node that lags from one that fails.
    fn behind_or_failed(&self, request: &'static str, error: &RpcError, wanted: u64) -> LedgerError {
        match error.kind() {
            ErrorKind::RpcError(RpcRequestError::RpcResponseError { code, .. })
                if *code == JSON_RPC_SERVER_ERROR_MIN_CONTEXT_SLOT_NOT_REACHED =>
            {
                self.behind(wanted)
            }
            _ => self.failed(request, error),
        }
    }

    fn behind(&self, wanted: u64) -> LedgerError {
        LedgerError::Behind {
            url: self.url.clone(),
            wanted,
        }
    }

    fn malformed(&self, request: &'static str, reason: &str) -> LedgerError {
        LedgerError::Failed {
            url: self.url.clone(),
            request,
            reason: reason.to_owned(),
        }
    }
}

impl Ledger for RpcLedger {
    async fn genesis_hash(&self) -> Result<[u8; 32], LedgerError> {
        let hash = self.client.get_genesis_hash().await;
        hash.map(|hash| hash.to_bytes())
            .map_err(|error| self.failed("getGenesisHash", &error))
    }

    async fn confirmed_slot(&self) -> Result<u64, LedgerError> {
        self.client
            .get_slot()
            .await
            .map_err(|error| self.failed("getSlot", &error))
    }

    async fn first_available_slot(&self) -> Result<u64, LedgerError> {
        let slot = self.client.get_first_available_block().await;
        slot.map_err(|error| self.failed("getFirstAvailableBlock", &error))
    }

    async fn snapshot(&self, program: &Pubkey, min_slot: u64) -> Result<Snapshot, LedgerError> {
        const REQUEST: &str = "getProgramAccounts";
        // Asked for by hand: the typed method drops the slot of the answer.
        let parameters = json!([program.to_string(), {
            "encoding": "base64", "commitment": "confirmed", "withContext": true, "minContextSlot": min_slot,
        }]);
        let answer: Result<OptionalContext<Vec<RpcKeyedAccount>>, RpcError> =
            self.client.send(RpcRequest::GetProgramAccounts, parameters).await;
        let answer = answer.map_err(|error| self.behind_or_failed(REQUEST, &error, min_slot))?;
        let OptionalContext::Context(answer) = answer else {
            return Err(self.malformed(REQUEST, "the answer does not say of which slot it is"));
        };
        if answer.context.slot < min_slot {
            return Err(self.behind(min_slot));
        }
        let accounts = answer.value.iter().map(account).collect::<Option<Vec<_>>>();
        let accounts = accounts.ok_or_else(|| self.malformed(REQUEST, "an account is malformed"))?;
        Ok(Snapshot {
            program: *program,
            slot: answer.context.slot,
            accounts,
        })
    }

    async fn signatures(
        &self,
        address: &Pubkey,
        before: Option<Signature>,
        min_slot: u64,
    ) -> Result<Vec<SignatureEntry>, LedgerError> {
        const REQUEST: &str = "getSignaturesForAddress";
        // Asked for by hand: the typed method cannot say which slot the node must have reached.
        let parameters = json!([address.to_string(), {
            "before": before.map(|before| before.to_string()),
            "limit": PAGE, "commitment": "confirmed", "minContextSlot": min_slot,
        }]);
        let page: Result<Vec<RpcConfirmedTransactionStatusWithSignature>, RpcError> =
            self.client.send(RpcRequest::GetSignaturesForAddress, parameters).await;
        let page = page.map_err(|error| self.behind_or_failed(REQUEST, &error, min_slot))?;
        let entry = |signature: &str, slot, failed| {
            let signature = signature.parse().map_err(|error| self.failed(REQUEST, &error))?;
            Ok(SignatureEntry {
                signature,
                slot,
                failed,
            })
        };
        page.into_iter()
            .map(|found| entry(&found.signature, found.slot, found.err.is_some()))
            .collect()
    }

    async fn transaction(&self, signature: &Signature) -> Result<Recorded, LedgerError> {
        let config = RpcTransactionConfig {
            encoding: Some(UiTransactionEncoding::Base64),
            commitment: Some(CommitmentConfig::confirmed()),
            max_supported_transaction_version: Some(0),
        };
        let found = self.client.get_transaction_with_config(signature, config).await;
        let found = found.map_err(|error| self.failed("getTransaction", &error))?;
        recorded(*signature, &found).ok_or_else(|| LedgerError::Unavailable {
            url: self.url.clone(),
            signature: *signature,
        })
    }
}

fn account(keyed: &RpcKeyedAccount) -> Option<AccountWrite> {
    Some(AccountWrite {
        address: keyed.pubkey.parse().ok()?,
        owner: keyed.account.owner.parse().ok()?,
        lamports: keyed.account.lamports,
        data: keyed.account.data.decode()?,
        write_version: 0,
    })
}

/// `None` when a part is missing, as on nodes that have pruned it.
fn recorded(signature: Signature, found: &EncodedConfirmedTransactionWithStatusMeta) -> Option<Recorded> {
    let signed = found.transaction.transaction.decode()?;
    let meta = found.transaction.meta.as_ref()?;
    let mut keys = signed.message.static_account_keys().to_vec();
    if let OptionSerializer::Some(loaded) = &meta.loaded_addresses {
        for text in loaded.writable.iter().chain(&loaded.readonly) {
            keys.push(text.parse().ok()?);
        }
    }
    let instructions = signed.message.instructions().iter().map(|instruction| {
        let program = *keys.get(usize::from(instruction.program_id_index))?;
        Some(TopLevelInstruction {
            program,
            data: instruction.data.clone(),
        })
    });
    Some(Recorded {
        slot: found.slot,
        block_time: found.block_time,
        transaction: Transaction {
            signature,
            index: found.transaction_index.map(u64::from),
            logs: option(&meta.log_messages),
            instructions: instructions.collect::<Option<_>>()?,
            lamports: stream::lamports(&keys, &meta.pre_balances, &meta.post_balances),
            fee_lamports: meta.fee,
            compute_units: option(&meta.compute_units_consumed),
        },
    })
}

fn option<T: Clone>(serialized: &OptionSerializer<T>) -> Option<T> {
    match serialized {
        OptionSerializer::Some(value) => Some(value.clone()),
        OptionSerializer::None | OptionSerializer::Skip => None,
    }
}
