//! GPU classes and devices: what an agent registers by itself, and what people see of it.

use std::{collections::BTreeSet, fs, time::Duration};

use gantry_protocol::device::simulated;
use gantry_sdk::{Pubkey, address};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::network::{Network, wait_for};

/// Longest that an agent takes to register after it was restarted, and the indexer to see it.
const PATIENCE: Duration = Duration::from_secs(40);

fn identities(devices: &Value) -> BTreeSet<String> {
    let devices = devices.as_array().expect("a list");
    let text = |device: &Value| device["identity"].as_str().expect("an identity").to_owned();
    devices.iter().map(text).collect()
}

#[tokio::test]
async fn an_agent_registers_the_gpus_that_it_has_once_and_retires_those_that_are_gone() {
    let network = Network::start(&["--agents", "1"]);
    let provider = network.text("/agents/0/provider");
    let owner: Pubkey = provider.parse().expect("an address");
    let node = address::node(&address::provider(&owner), 0);
    let gpus = |count: u16| -> BTreeSet<String> {
        let identity = |gpu| simulated(owner.as_array(), 0, gpu).map(|byte| format!("{byte:02x}"));
        (0..count).map(|gpu| identity(gpu).concat()).collect()
    };
    let shown = || network.json(&["node", "show", &node.to_string()]);
    let node_shows = |count: u16| {
        let shown = shown();
        shown["gpus"] == count && identities(&shown["devices"]) == gpus(count)
    };
    assert!(node_shows(1), "{}", shown());

    let classes = network.json(&["market", "classes"]);
    let classes = classes["classes"].as_array().expect("classes");
    let class = classes.iter().find(|class| class["class"] == "simulated");
    let class = class.expect("the class of simulated GPUs");
    assert_eq!(
        (&class["enabled"], &class["nodes"], &class["gpus"]),
        (&json!(true), &json!(1), &json!(1))
    );
    let ranges = class["price_ranges"].as_array().expect("ranges");
    let mints: BTreeSet<_> = ranges.iter().map(|range| range["mint"].to_string()).collect();
    assert_eq!(mints.len(), 2, "{class}");

    // Nothing is registered again by an agent that comes back, and what its machine has gained or lost follows.
    let path = network.text("/agents/0/config");
    let config = fs::read_to_string(&path).expect("the agent's configuration");
    for count in [1, 3, 2] {
        let changed = config.replace("count = 1\n", &format!("count = {count}\n"));
        assert!(count == 1 || changed != config, "{config}");
        fs::write(&path, changed).expect("written");
        let old = network.signal("agent-1", Signal::SIGTERM);
        network.await_restart("agent-1", old);
        wait_for(&format!("{count} GPUs on chain"), PATIENCE, || node_shows(count));
    }
    let of_node = format!("/v1/devices?node={node}");
    let mirrored = || async { identities(&network.api(&of_node).await.1["data"]) };
    let started = std::time::Instant::now();
    while mirrored().await != gpus(2) {
        assert!(started.elapsed() < PATIENCE, "the indexer shows {:?}", mirrored().await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let listed = network.json(&["device", "ls", "--owner", &provider]);
    assert_eq!(identities(&listed["devices"]), gpus(2));
}
