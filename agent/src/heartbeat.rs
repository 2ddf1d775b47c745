//! Says on chain that the node is alive: a node that is silent takes no new jobs.

use gantry_sdk::Pubkey;
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

use crate::{
    chain::Action,
    job::{Counters, Services},
};

/// Three heartbeats fit into the age at which the node counts as silent, so that two may be lost.
const PER_MAX_AGE: u32 = 3;
/// Pause after one that failed.
const RETRY: Duration = Duration::from_secs(2);

/// Sends heartbeats for good.
pub async fn beat_forever(services: Arc<Services>, node: Pubkey, max_age: Duration) {
    loop {
        let pause = match services.chain.send(vec![Action::Heartbeat { node }]).await {
            Ok(_) => {
                Counters::count(&services.counters.heartbeats);
                max_age / PER_MAX_AGE
            }
            Err(error) => {
                tracing::warn!(%error, "the heartbeat was not sent; trying again");
                RETRY
            }
        };
        sleep(pause).await;
    }
}
