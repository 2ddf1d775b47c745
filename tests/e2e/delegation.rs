//! Delegated stake, by the command line and as the indexer shows it.

use std::time::{Duration, Instant};

use gantry_sdk::{Pubkey, address};
use serde_json::{Value, json};

use crate::network::{Network, json_of};

/// Longest that the indexer may be behind.
const PATIENCE: Duration = Duration::from_secs(20);
/// 1,000 GNT in base units, as JSON writes amounts.
const THOUSAND: &str = "1000000000000";

/// `gantry --json` as one of the network's providers.
fn as_provider(network: &Network, agent: usize, arguments: &[&str]) -> std::process::Output {
    let keypair = network.text(&format!("/agents/{agent}/keypair"));
    let mut command = network.gantry();
    command.env("GANTRY_KEYPAIR", keypair).arg("--json").args(arguments);
    command.output().expect("gantry")
}

#[tokio::test]
async fn one_provider_delegates_to_another_and_asks_it_back() {
    let network = Network::start(&["--agents", "2"]);
    let provider = network.text("/agents/0/provider");
    let delegator = network.text("/agents/1/provider");
    let delegation = |arguments: &[&str]| {
        let arguments = [&["delegation", arguments[0], &provider], &arguments[1..]].concat();
        as_provider(&network, 1, &arguments)
    };

    let deposited = json_of(&delegation(&["deposit", "1000"]));
    assert_eq!(
        (&deposited["worth"], &deposited["shares"]),
        (&json!(THOUSAND), &json!(THOUSAND))
    );
    let stake = json_of(&as_provider(&network, 0, &["stake", "commission", "7.5"]));
    assert_eq!(
        (&stake["delegated"], &stake["next_commission_bps"]),
        (&json!(THOUSAND), &json!(750))
    );
    assert_eq!(stake["commission_bps"], 0);

    let unbonding = json_of(&delegation(&["unbond", "250"]));
    assert_eq!(unbonding["worth"], "750000000000");
    assert_eq!(unbonding["unbondings"][0]["worth"], "250000000000");
    let cancelled = json_of(&delegation(&["cancel", "0"]));
    assert_eq!(
        (&cancelled["worth"], &cancelled["unbondings"]),
        (&json!(THOUSAND), &json!([]))
    );
    let all = json_of(&delegation(&["unbond", "all"]));
    assert_eq!(
        (&all["worth"], &all["unbondings"][0]["worth"]),
        (&json!("0"), &json!(THOUSAND))
    );
    let early = delegation(&["withdraw"]);
    assert_eq!(early.status.code(), Some(3));
    let refusal: Value = serde_json::from_slice(&early.stdout).expect("one line of JSON");
    let message = refusal["error"]["message"].as_str().expect("a message");
    assert!(
        message.contains("the earliest request can be withdrawn in"),
        "{message}"
    );

    let of_delegator = format!("/v1/delegations?delegator={delegator}");
    let started = Instant::now();
    let mut mirrored = Value::Null;
    while mirrored["unbonding_worth"] != THOUSAND {
        assert!(started.elapsed() < PATIENCE, "the indexer shows {mirrored}");
        tokio::time::sleep(Duration::from_millis(50)).await;
        mirrored = network.api(&of_delegator).await.1["data"][0].clone();
    }
    let owner: Pubkey = provider.parse().expect("an address");
    assert_eq!(mirrored["stake"], address::stake(&owner).to_string());
    assert_eq!((&mirrored["worth"], &mirrored["shares"]), (&json!("0"), &json!("0")));
}
