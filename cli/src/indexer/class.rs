//! Classes of GPUs, as the indexer lists them.

use gantry_sdk::Pubkey;
use serde::Deserialize;

use super::{Indexer, Number, text};
use crate::failure::Failure;

/// Most classes that are asked for.
const MAX_CLASSES: usize = 1_000;

/// A class.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Class {
    /// Its name.
    pub(crate) name: String,
    /// Whether new nodes and jobs of it are welcome.
    pub(crate) enabled: bool,
    /// What it may cost, by mint.
    pub(crate) price_ranges: Vec<PriceRange>,
    /// Nodes of the class that take jobs.
    pub(crate) nodes: u64,
    /// Their GPUs.
    pub(crate) gpus: u64,
    /// Those of them that no job holds.
    pub(crate) gpus_free: u64,
}

/// The rates that governance allows in one mint.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct PriceRange {
    /// The mint.
    #[serde(deserialize_with = "text::deserialize")]
    pub(crate) mint: Pubkey,
    /// Lowest rate per GPU.
    pub(crate) floor: Number,
    /// Highest rate per GPU.
    pub(crate) ceiling: Number,
}

impl Indexer {
    /// All classes.
    pub(crate) async fn classes(&self) -> Result<Vec<Class>, Failure> {
        self.rows("/v1/classes", &[], MAX_CLASSES).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_read_as_the_api_writes_it() {
        let json = r#"{"address":"11111111111111111111111111111112","name":"h100-sxm","enabled":true,
            "price_ranges":[{"mint":"11111111111111111111111111111115","floor":"1","ceiling":"18446744073709551615"}],
            "nodes":2,"gpus":16,"gpus_free":3,"changed_slot":"9"}"#;
        let class: Class = serde_json::from_str(json).unwrap();
        assert_eq!((class.name.as_str(), class.gpus, class.gpus_free), ("h100-sxm", 16, 3));
        assert_eq!(class.price_ranges[0].ceiling, Number(u64::MAX));
    }
}
