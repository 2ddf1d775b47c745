//! Nodes, as the indexer lists them.

use gantry_sdk::Pubkey;
use serde::Deserialize;

use super::{Indexer, Number, text};
use crate::failure::Failure;

/// Which nodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct NodeFilter {
    /// Only this GPU class.
    pub(crate) class: Option<String>,
    /// Only this region.
    pub(crate) region: Option<String>,
    /// Only those priced in this mint, cheapest first.
    pub(crate) mint: Option<Pubkey>,
    /// Only those at most this rate per GPU in `mint`.
    pub(crate) max_rate: Option<u64>,
    /// Only those with at least so many free GPUs.
    pub(crate) min_free_gpus: Option<u16>,
    /// Only those that a job could (or could not) be opened on now.
    pub(crate) healthy: Option<bool>,
    /// Only those with simulated (or real) GPUs.
    pub(crate) simulated: Option<bool>,
}

/// A node.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Node {
    /// Its account.
    #[serde(deserialize_with = "text::deserialize")]
    pub(crate) address: Pubkey,
    /// The provider's wallet.
    #[serde(deserialize_with = "text::deserialize")]
    pub(crate) owner: Pubkey,
    /// GPU class.
    pub(crate) class: String,
    /// Region.
    pub(crate) region: String,
    /// Memory of each GPU in MiB.
    pub(crate) memory_mib: u64,
    /// GPUs in all.
    pub(crate) gpus: u16,
    /// GPUs that no job holds.
    pub(crate) gpus_free: u16,
    /// Shortest job in seconds.
    pub(crate) min_duration_s: u32,
    /// Longest job in seconds.
    pub(crate) max_duration_s: u32,
    /// Whether the GPUs are simulated.
    pub(crate) simulated: bool,
    /// Whether a job could be opened on it now.
    pub(crate) healthy: bool,
    /// The provider's score.
    pub(crate) score: u16,
    /// Offers in all mints.
    pub(crate) prices: Vec<Offer>,
}

/// A node's rate in one mint.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Offer {
    /// The mint.
    #[serde(deserialize_with = "text::deserialize")]
    pub(crate) mint: Pubkey,
    /// Micro-atoms per second and GPU.
    pub(crate) rate: Number,
}

impl Indexer {
    /// Nodes that pass the filter: with `mint` cheapest first, otherwise by address. At most `limit`.
    pub(crate) async fn nodes(&self, filter: &NodeFilter, limit: usize) -> Result<Vec<Node>, Failure> {
        self.rows("/v1/nodes", &filter.query(), limit).await
    }
}

impl NodeFilter {
    fn query(&self) -> Vec<(&'static str, String)> {
        let parts = [
            ("class", self.class.clone()),
            ("region", self.region.clone()),
            ("mint", self.mint.map(|mint| mint.to_string())),
            ("max_rate", self.max_rate.map(|rate| rate.to_string())),
            ("min_free_gpus", self.min_free_gpus.map(|gpus| gpus.to_string())),
            ("healthy", self.healthy.map(|healthy| healthy.to_string())),
            ("simulated", self.simulated.map(|simulated| simulated.to_string())),
        ];
        parts
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_read_as_the_api_writes_it() {
        let json = r#"{"address":"11111111111111111111111111111112","provider":"11111111111111111111111111111113",
            "owner":"11111111111111111111111111111114","id":0,"class":"h100-sxm","region":"eu-central","memory_mib":81920,"gpus":8,
            "gpus_free":3,"min_duration_s":1,"max_duration_s":3600,"active":true,"simulated":false,"healthy":true,"heartbeat_at":5,"score":1000,
            "prices":[{"mint":"11111111111111111111111111111115","rate":"18446744073709551615"}],"changed_slot":"9"}"#;
        let node: Node = serde_json::from_str(json).unwrap();
        assert_eq!(
            (node.gpus, node.gpus_free, node.prices[0].rate),
            (8, 3, Number(u64::MAX))
        );
    }

    #[test]
    fn only_what_is_asked_for_is_sent() {
        assert_eq!(NodeFilter::default().query(), []);
        let filter = NodeFilter {
            class: Some("a100".into()),
            healthy: Some(true),
            ..NodeFilter::default()
        };
        assert_eq!(
            filter.query(),
            [("class", "a100".to_owned()), ("healthy", "true".to_owned())]
        );
    }
}
