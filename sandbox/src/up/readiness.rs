//! When the network may be called ready: whoever rents now finds every node.

use std::time::Duration;

use anyhow::{Result, bail};
use reqwest::{Client, StatusCode};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{network::Network, options::READY_PATIENCE, steps::Steps};

const POLL: Duration = Duration::from_millis(50);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// Waits until the indexer is ready and lists every agent's node as one that takes jobs: a node is registered before its first heartbeat.
pub(crate) async fn wait(network: &Network, steps: &Steps) -> Result<()> {
    let http = Client::builder().timeout(REQUEST_TIMEOUT).build()?;
    let deadline = Instant::now() + READY_PATIENCE;
    let agents = network.agents.len();
    let mut indexer_is_ready = false;
    loop {
        if !indexer_is_ready && is_ready(&http, network).await {
            indexer_is_ready = true;
            steps.say(&format!("the indexer answers at {}", network.api_url));
        }
        let nodes = if indexer_is_ready {
            listed_nodes(&http, network).await
        } else {
            0
        };
        if indexer_is_ready && nodes >= agents {
            match agents {
                0 => {}
                1 => steps.say("one agent offers its node"),
                _ => steps.say(&format!("{agents} agents offer their nodes")),
            }
            return Ok(());
        }
        if Instant::now() > deadline {
            let missing = if indexer_is_ready {
                format!("only {nodes} of {agents} nodes")
            } else {
                "no indexer".into()
            };
            bail!(
                "after {} s there is {missing}; the logs are in {}",
                READY_PATIENCE.as_secs(),
                network.logs_dir
            );
        }
        sleep(POLL).await;
    }
}

async fn is_ready(http: &Client, network: &Network) -> bool {
    let answer = http.get(format!("{}/readyz", network.api_url)).send().await;
    answer.is_ok_and(|answer| answer.status() == StatusCode::OK)
}

/// Nodes that `job_open` would accept now.
async fn listed_nodes(http: &Client, network: &Network) -> usize {
    let Ok(answer) = http
        .get(format!("{}/v1/nodes?healthy=true", network.api_url))
        .send()
        .await
    else {
        return 0;
    };
    let Ok(page) = answer.json::<Value>().await else {
        return 0;
    };
    page["data"].as_array().map_or(0, Vec::len)
}
