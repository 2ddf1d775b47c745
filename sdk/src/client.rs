//! Solana's JSON-RPC, as Gantry uses it: typed accounts, transactions that are confirmed or explained.

mod send;

use market::state::Config;
use solana_commitment_config::CommitmentConfig;
use solana_program::instruction::InstructionError;
use solana_pubkey::Pubkey;
use solana_rpc_client::nonblocking::rpc_client::RpcClient;
use solana_rpc_client_api::{
    client_error::Error as RpcError,
    config::{RpcAccountInfoConfig, RpcProgramAccountsConfig, UiAccountEncoding},
    filter::{Memcmp, RpcFilterType},
};
use solana_signature::Signature;
use solana_transaction_error::TransactionError;
use std::time::Duration;

use crate::{
    account::{DecodeError, Layout},
    address,
};

/// Longest that one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Offset of `unix_timestamp` in the clock sysvar.
const CLOCK_TIMESTAMP_AT: usize = 32;

/// Why something on chain did not come about.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The RPC endpoint did not answer, or not as it should.
    #[error("the RPC endpoint {url} failed: {source}")]
    Rpc {
        /// Which endpoint.
        url: String,
        /// What went wrong.
        source: Box<RpcError>,
    },
    /// There is no such account.
    #[error("there is no {name} account at {address}")]
    NotFound {
        /// The type looked for.
        name: &'static str,
        /// Where.
        address: Pubkey,
    },
    /// The account is something else.
    #[error("the account {address} is not what it should be: {source}")]
    Decode {
        /// Where.
        address: Pubkey,
        /// Why.
        source: DecodeError,
    },
    /// A program, or the runtime, refused the transaction. Nothing was changed.
    #[error("{message}")]
    Refused {
        /// One sentence that says what to do.
        message: String,
        /// The runtime's error.
        error: TransactionError,
        /// What the programs logged.
        logs: Vec<String>,
    },
    /// The transaction's blockhash expired again and again before it was confirmed. It can no longer take effect.
    #[error(
        "the transaction was not confirmed before its blockhash expired, {0} times; the network is congested or the RPC endpoint does not forward"
    )]
    Expired(u32),
    /// A key is missing or the message is malformed.
    #[error("the transaction could not be signed: {0}")]
    Signing(String),
}

impl ClientError {
    /// The programs' own error code, when one of them refused.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        match self {
            Self::Refused {
                error: TransactionError::InstructionError(_, InstructionError::Custom(code)),
                ..
            } => Some(*code),
            _ => None,
        }
    }

    /// Whether trying the same again later can help: the endpoint is away, the network congested, or the cluster busy with the same
    /// accounts.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Rpc { .. } | Self::Expired(_) => true,
            Self::Refused { error, .. } => send::is_passing(error),
            _ => false,
        }
    }
}

/// A confirmed transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirmed {
    /// Its first signature.
    pub signature: Signature,
    /// The slot it was processed in.
    pub slot: u64,
}

/// A connection to one RPC endpoint. Reads and confirms at commitment *confirmed*.
pub struct Client {
    rpc: RpcClient,
    url: String,
}

type Outcome<T> = Result<T, ClientError>;

impl Client {
    /// A client of the endpoint at `url`. Connects at the first request.
    #[must_use]
    pub fn new(url: &str) -> Self {
        let commitment = CommitmentConfig::confirmed();
        let rpc = RpcClient::new_with_timeout_and_commitment(url.to_owned(), REQUEST_TIMEOUT, commitment);
        Self {
            rpc,
            url: url.to_owned(),
        }
    }

    /// The bare RPC client, for what this one does not wrap.
    #[must_use]
    pub fn rpc(&self) -> &RpcClient {
        &self.rpc
    }

    /// The endpoint.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    fn failed(&self, source: RpcError) -> ClientError {
        ClientError::Rpc {
            url: self.url.clone(),
            source: Box::new(source),
        }
    }

    /// Genesis hash of the cluster.
    ///
    /// # Errors
    /// [`ClientError::Rpc`].
    pub async fn genesis_hash(&self) -> Outcome<[u8; 32]> {
        self.rpc
            .get_genesis_hash()
            .await
            .map(|hash| hash.to_bytes())
            .map_err(|error| self.failed(error))
    }

    /// The chain's clock in Unix seconds, as programs see it.
    ///
    /// # Errors
    /// [`ClientError::Rpc`].
    pub async fn chain_time(&self) -> Outcome<i64> {
        let clock = Pubkey::from_str_const("SysvarC1ock11111111111111111111111111111111");
        let data = self.data(&clock).await?.unwrap_or_default();
        let bytes = data
            .get(CLOCK_TIMESTAMP_AT..CLOCK_TIMESTAMP_AT + 8)
            .and_then(|bytes| bytes.try_into().ok());
        bytes.map(i64::from_le_bytes).ok_or(ClientError::NotFound {
            name: "clock",
            address: clock,
        })
    }

    /// An account's data; `None` when there is no such account.
    ///
    /// # Errors
    /// [`ClientError::Rpc`].
    pub async fn data(&self, address: &Pubkey) -> Outcome<Option<Vec<u8>>> {
        let response = self
            .rpc
            .get_account_with_commitment(address, self.rpc.commitment())
            .await;
        Ok(response
            .map_err(|error| self.failed(error))?
            .value
            .map(|account| account.data))
    }

    /// An account that may not exist.
    ///
    /// # Errors
    /// [`ClientError::Rpc`], or [`ClientError::Decode`] when something else lies there.
    pub async fn find<T: Layout>(&self, address: &Pubkey) -> Outcome<Option<T>> {
        let response = self
            .rpc
            .get_account_with_commitment(address, self.rpc.commitment())
            .await;
        let Some(account) = response.map_err(|error| self.failed(error))?.value else {
            return Ok(None);
        };
        let decoded = if account.owner == T::PROGRAM {
            T::read(&account.data)
        } else {
            Err(DecodeError::ForeignProgram(account.owner))
        };
        decoded.map(Some).map_err(|source| ClientError::Decode {
            address: *address,
            source,
        })
    }

    /// An account that must exist.
    ///
    /// # Errors
    /// As [`Self::find`], and [`ClientError::NotFound`].
    pub async fn get<T: Layout>(&self, address: &Pubkey) -> Outcome<T> {
        self.find(address).await?.ok_or(ClientError::NotFound {
            name: T::NAME,
            address: *address,
        })
    }

    /// The market's configuration.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn config(&self) -> Outcome<Config> {
        self.get(&address::config()).await
    }

    /// All accounts of a type whose data hold `bytes` at `offset` (counted behind the discriminator), for each pair given.
    ///
    /// # Errors
    /// [`ClientError::Rpc`] or [`ClientError::Decode`].
    pub async fn all<T: Layout>(&self, matching: &[(usize, &[u8])]) -> Outcome<Vec<(Pubkey, T)>> {
        let discriminator = (0, T::DISCRIMINATOR.to_vec());
        let behind = T::DISCRIMINATOR.len();
        let filters = std::iter::once(discriminator)
            .chain(matching.iter().map(|(offset, bytes)| (behind + offset, bytes.to_vec())))
            .map(|(offset, bytes)| RpcFilterType::Memcmp(Memcmp::new_raw_bytes(offset, bytes)))
            .collect();
        let config = RpcProgramAccountsConfig {
            filters: Some(filters),
            account_config: RpcAccountInfoConfig {
                encoding: Some(UiAccountEncoding::Base64),
                commitment: Some(self.rpc.commitment()),
                ..RpcAccountInfoConfig::default()
            },
            ..RpcProgramAccountsConfig::default()
        };
        let found = self.rpc.get_program_ui_accounts_with_config(&T::PROGRAM, config).await;
        let mut accounts = Vec::new();
        for (address, account) in found.map_err(|error| self.failed(error))? {
            let data = account.data.decode().unwrap_or_default();
            let read = T::read(&data).map_err(|source| ClientError::Decode { address, source })?;
            accounts.push((address, read));
        }
        Ok(accounts)
    }
}
