//! Orders and bids, by the command line: posted by the tenant, bid for by two providers, run on the cheaper one.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    network::{Network, json_of, wait_for},
    rent::assert_bill,
};

/// `gantry --json` as one of the network's providers.
fn as_provider(network: &Network, agent: usize, arguments: &[&str]) -> Value {
    let keypair = network.text(&format!("/agents/{agent}/keypair"));
    let mut command = network.gantry();
    command.env("GANTRY_KEYPAIR", keypair).arg("--json").args(arguments);
    json_of(&command.output().expect("gantry"))
}

#[test]
fn two_providers_bid_and_the_job_runs_on_the_cheaper_one() {
    let network = Network::start(&["--agents", "2"]);
    let usdc = network.text("/mints/usdc");
    let nodes: Vec<String> = (0..2)
        .map(|agent| {
            let listed = as_provider(&network, agent, &["node", "ls"]);
            // Something to pay deposits from.
            as_provider(&network, agent, &["balance", "deposit", "5", "--mint", &usdc]);
            listed["nodes"][0]["node"].as_str().expect("a node").to_owned()
        })
        .collect();
    let class = network.json(&["market", "ls", "--allow-simulated"])["offers"][0]["class"].clone();
    let mut order = network.gantry();
    order.args([
        "--json",
        "order",
        "run",
        "--allow-simulated",
        "--max-price",
        "4",
        "--mint",
        &usdc,
    ]);
    order.args([
        "--class",
        class.as_str().expect("a class"),
        "--max-duration",
        "120s",
        "--bid-window",
        "15s",
    ]);
    let running = order
        .args(["--", "sh", "-c", "sleep 2; echo done"])
        .spawn()
        .expect("gantry order run");

    let mut posted = Value::Null;
    wait_for("the order", Duration::from_secs(20), || {
        posted = network.json(&["order", "ls"])["orders"][0].clone();
        posted.is_object()
    });
    let address = posted["order"].as_str().expect("an address");
    for (agent, price) in [(0, "1.50"), (1, "1.20")] {
        let bid = ["bid", "place", address, "--node", &nodes[agent], "--price", price];
        as_provider(&network, agent, &bid);
    }
    let shown = network.json(&["order", "bids", address]);
    assert_eq!(shown["bids"][0]["node"], json!(nodes[1]), "{shown}");
    let ranked = as_provider(&network, 0, &["bid", "ls"]);
    assert_eq!(ranked["bids"][0]["rank"], 2, "{ranked}");

    let output = running.wait_with_output().expect("gantry order run");
    let bill = json_of(&output);
    assert_bill(&bill);
    let job = bill["job"].as_str().expect("an address");
    assert_eq!(posted["job"], job);
    let listed = network.json(&["ps"]);
    assert_eq!(listed["jobs"][0]["node"], json!(nodes[1]), "{listed}");
    assert_eq!(network.json(&["verify", job])["verified"], true);
    // All deposits went back with the acceptance, so that nothing is left of the order.
    assert_eq!(network.json(&["order", "ls"])["orders"], json!([]));
    assert_eq!(as_provider(&network, 0, &["bid", "ls"])["bids"], json!([]));
}
