//! News of this provider's jobs: over a websocket while it holds, and by asking again and again in any case, since a subscription
//! can fall silent without an error.

use futures::StreamExt;
use gantry_sdk::{
    Pubkey,
    account::{Discriminator, Layout},
    market,
    market::state::Job,
};
use solana_commitment_config::CommitmentConfig;
use solana_pubsub_client::nonblocking::pubsub_client::PubsubClient;
use solana_rpc_client_api::{
    config::{RpcAccountInfoConfig, RpcProgramAccountsConfig, UiAccountEncoding},
    filter::{Memcmp, RpcFilterType},
};
use std::{sync::Arc, time::Duration};
use tokio::{sync::mpsc, time::sleep};

use super::{Chain, rpc::PROVIDER_AT};

/// How often the chain is asked for all jobs while the websocket works.
const SLOW_POLL: Duration = Duration::from_secs(15);
/// How often while it does not.
const FAST_POLL: Duration = Duration::from_secs(2);
/// Pause before the websocket is connected again.
const RECONNECT: Duration = Duration::from_secs(2);

/// A job's account as it was seen.
pub type Sighting = (Pubkey, Job);

/// Sends every sighting of one of `owner`'s jobs into `news` until its receiver is gone.
pub async fn watch(chain: Arc<dyn Chain>, ws_url: String, owner: Pubkey, news: mpsc::Sender<Sighting>) {
    let (up, mut is_up) = tokio::sync::watch::channel(false);
    let listener = async {
        loop {
            if let Err(error) = listen(&ws_url, owner, &news, &up).await {
                tracing::warn!(%error, "the chain's websocket is away; asking the RPC endpoint instead");
            }
            let _ = up.send(false);
            sleep(RECONNECT).await;
        }
    };
    let poller = async {
        loop {
            match chain.jobs().await {
                Ok(jobs) => {
                    for sighting in jobs {
                        let _ = news.send(sighting).await;
                    }
                }
                Err(error) => tracing::warn!(%error, "the chain could not be asked for jobs"),
            }
            let pause = if *is_up.borrow_and_update() {
                SLOW_POLL
            } else {
                FAST_POLL
            };
            // What happened while the websocket came up may have been missed by it.
            tokio::select! {
                () = sleep(pause) => {}
                _ = is_up.changed() => {}
            }
        }
    };
    tokio::select! {
        () = listener => {}
        () = poller => {}
        () = news.closed() => {}
    }
}

async fn listen(
    ws_url: &str,
    owner: Pubkey,
    news: &mpsc::Sender<Sighting>,
    up: &tokio::sync::watch::Sender<bool>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let client = PubsubClient::new(ws_url).await?;
    let behind = Job::DISCRIMINATOR.len();
    let filters = vec![
        RpcFilterType::Memcmp(Memcmp::new_raw_bytes(0, Job::DISCRIMINATOR.to_vec())),
        RpcFilterType::Memcmp(Memcmp::new_raw_bytes(behind + PROVIDER_AT, owner.to_bytes().to_vec())),
    ];
    let config = RpcProgramAccountsConfig {
        filters: Some(filters),
        account_config: RpcAccountInfoConfig {
            encoding: Some(UiAccountEncoding::Base64),
            commitment: Some(CommitmentConfig::confirmed()),
            ..RpcAccountInfoConfig::default()
        },
        ..RpcProgramAccountsConfig::default()
    };
    let (mut stream, _unsubscribe) = client.program_subscribe(&market::ID, Some(config)).await?;
    let _ = up.send(true);
    while let Some(update) = stream.next().await {
        let (Ok(address), Some(data)) = (update.value.pubkey.parse(), update.value.account.data.decode()) else {
            continue;
        };
        // Endpoints that ignore filters send other accounts as well.
        if let Ok(job) = Job::read(&data)
            && job.provider == owner
            && news.send((address, job)).await.is_err()
        {
            return Ok(());
        }
    }
    Err("the stream ended".into())
}
