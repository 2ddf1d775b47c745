//! Where the stream comes from, and what is asked of it.

use std::{collections::HashMap, error::Error, time::Duration};

use gantry_sdk::{market, staking};
use tokio::time::timeout;
use yellowstone_grpc_client::{ClientTlsConfig, GeyserGrpcBuilder, GeyserGrpcClient, GeyserGrpcClientError};
use yellowstone_grpc_proto::prelude::{
    CommitmentLevel, SubscribeRequest, SubscribeRequestFilterAccounts, SubscribeRequestFilterBlocksMeta,
    SubscribeRequestFilterSlots, SubscribeRequestFilterTransactions,
};

use super::feed::{Feed, StreamError};
use crate::causes::causes;

/// Longest that connecting may take before it counts as failed.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A dead peer is noticed after two of these at the latest.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// The largest account is 10 MiB; a message holds one.
const MAX_MESSAGE_BYTES: usize = 64 * 1024 * 1024;
/// The name that updates carry back; there is only one filter of each kind.
const FILTER: &str = "gantry";

/// Where the stream comes from.
#[derive(Clone, Debug)]
pub struct SourceConfig {
    /// Address of the Yellowstone service.
    pub url: String,
    /// Its access token, if it wants one.
    pub token: Option<String>,
    /// Silence after which the connection counts as dead. Servers send a ping at least every ten seconds.
    pub silence_limit: Duration,
}

/// A Yellowstone service.
#[derive(Clone, Debug)]
pub struct Source {
    config: SourceConfig,
}

impl Source {
    /// The service that `config` names. Connects at the first subscription.
    #[must_use]
    pub fn new(config: SourceConfig) -> Self {
        Self { config }
    }

    /// Subscribes to everything about the programs, from now on or again from `from_slot`.
    ///
    /// # Errors
    /// [`StreamError::TooOld`] when the service no longer keeps `from_slot`, otherwise why it cannot be reached.
    pub async fn subscribe(&self, from_slot: Option<u64>) -> Result<Feed, StreamError> {
        let subscribing = async {
            let mut client = self.connect().await?;
            let (requests, updates) = client
                .subscribe_with_request(Some(request(from_slot)))
                .await
                .map_err(refused)?;
            Ok(Feed::new(requests, updates, self.config.silence_limit))
        };
        let unreachable = || StreamError::Unreachable {
            url: self.config.url.clone(),
            reason: format!("no answer within {} s", CONNECT_TIMEOUT.as_secs()),
        };
        timeout(CONNECT_TIMEOUT, subscribing).await.map_err(|_| unreachable())?
    }

    async fn connect(&self) -> Result<GeyserGrpcClient, StreamError> {
        let unreachable = |error: &dyn Error| StreamError::Unreachable {
            url: self.config.url.clone(),
            reason: causes(error),
        };
        let mut builder = GeyserGrpcBuilder::from_shared(self.config.url.clone())
            .and_then(|builder| builder.x_token(self.config.token.clone()))
            .map_err(|error| unreachable(&error))?
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE)
            .keep_alive_while_idle(true)
            .max_decoding_message_size(MAX_MESSAGE_BYTES);
        if self.config.url.starts_with("https://") {
            // Several libraries of this process bring cryptography, so one has to be chosen. Fails when it already is.
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
            let tls = ClientTlsConfig::new().with_enabled_roots();
            builder = builder.tls_config(tls).map_err(|error| unreachable(&error))?;
        }
        builder.connect().await.map_err(|error| unreachable(&error))
    }
}

fn refused(error: GeyserGrpcClientError) -> StreamError {
    match error {
        GeyserGrpcClientError::TonicStatus(status) => StreamError::from(status),
        GeyserGrpcClientError::TransportError(error) => StreamError::Ended(causes(&error)),
    }
}

/// Accounts of both programs, transactions that name either, slots and blocks, all at commitment *confirmed*.
fn request(from_slot: Option<u64>) -> SubscribeRequest {
    let programs = vec![market::ID.to_string(), staking::ID.to_string()];
    let accounts = SubscribeRequestFilterAccounts {
        owner: programs.clone(),
        ..Default::default()
    };
    let transactions = SubscribeRequestFilterTransactions {
        vote: Some(false),
        failed: Some(false),
        account_include: programs,
        ..Default::default()
    };
    // Also slots that are not confirmed yet: they show how far behind we are.
    let slots = SubscribeRequestFilterSlots {
        filter_by_commitment: Some(false),
        ..Default::default()
    };
    SubscribeRequest {
        accounts: HashMap::from([(FILTER.to_owned(), accounts)]),
        transactions: HashMap::from([(FILTER.to_owned(), transactions)]),
        slots: HashMap::from([(FILTER.to_owned(), slots)]),
        blocks_meta: HashMap::from([(FILTER.to_owned(), SubscribeRequestFilterBlocksMeta {})]),
        commitment: Some(CommitmentLevel::Confirmed as i32),
        from_slot,
        ..Default::default()
    }
}
