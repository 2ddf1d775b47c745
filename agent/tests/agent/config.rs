//! Configurations, right and wrong.

use gantry_agent::config::{Config, SimulatedGpu};
use gantry_protocol::{Rate, class};
use std::{path::Path, time::Duration};

const MINT: &str = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";

fn minimal() -> String {
    format!(
        r#"
        rpc_url = "https://rpc.example.com"
        ws_url = "wss://rpc.example.com"
        data_dir = "data"
        wallet = "/etc/gantry/wallet.json"
        listen = "0.0.0.0:8443"
        endpoint = "https://gpu.example.com:8443/"
        region = "eu-central"
        [prices]
        {MINT} = 1000
        "#
    )
}

fn read(text: &str, environment: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::read(Path::new("/etc/gantry/agent.toml"), text, environment).map_err(|mistakes| mistakes.mistakes)
}

#[test]
fn a_short_file_is_enough_and_paths_are_relative_to_it() {
    let config = read(&minimal(), &[]).expect("no mistakes");
    assert_eq!(config.data_dir, Path::new("/etc/gantry/data"));
    assert_eq!(config.attestation_key, Path::new("/etc/gantry/data/attestation.json"));
    assert_eq!(config.wallet, Path::new("/etc/gantry/wallet.json"));
    assert_eq!(config.endpoint, "https://gpu.example.com:8443");
    assert_eq!(config.prices.values().copied().collect::<Vec<_>>(), [Rate(1_000)]);
    assert_eq!(class::unpack(&config.region), "eu-central");
    assert_eq!(config.receipt_interval, Duration::from_secs(10));
    assert!(!config.allow_weak_limits && config.disk_reserve_mib == 2_048);
    assert!(config.keep_workloads && config.simulated_gpu.is_none() && config.class.is_none());
}

#[test]
fn on_the_same_machine_receipts_come_more_often() {
    for local in ["http://127.0.0.1:8899", "http://localhost:8899", "http://[::1]:8899"] {
        let config = read(&minimal(), &[("GANTRY_AGENT_RPC_URL", local)]).expect("no mistakes");
        assert_eq!(config.receipt_interval, Duration::from_secs(2), "{local}");
    }
}

#[test]
fn the_environment_wins_over_the_file() {
    let environment = [
        ("GANTRY_AGENT_REGION", "us-east"),
        ("GANTRY_AGENT_LIMITS__CPUS", "7"),
        ("GANTRY_AGENT_PRICES__EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", "5"),
        ("GANTRY_AGENT_SIMULATE_GPU__COUNT", "3"),
        ("GANTRY_AGENT_KEEP_WORKLOADS", "false"),
        ("UNRELATED", "x"),
    ];
    let config = read(&minimal(), &environment).expect("no mistakes");
    assert_eq!(class::unpack(&config.region), "us-east");
    assert_eq!(config.limits.cpus, 7);
    assert_eq!(config.prices.values().copied().collect::<Vec<_>>(), [Rate(5)]);
    assert_eq!(
        config.simulated_gpu,
        Some(SimulatedGpu {
            count: 3,
            ..SimulatedGpu::default()
        })
    );
    assert!(!config.keep_workloads);
}

#[test]
fn all_mistakes_are_listed_at_once() {
    let text = r#"
        rpc_url = "ftp://rpc.example.com"
        data_dir = 5
        listen = "8443"
        endpoint = "http://gpu.example.com"
        region = "Europe"
        class = "an-endlessly-long-class"
        min_duration_s = 100
        max_duration_s = 10
        receipt_interval_ms = 1
        colour = "green"
        [prices]
        nonsense = 5
        EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v = 0
        [limits]
        cpus = 0
        cpu = 1
        [simulate_gpu]
        count = 65
    "#;
    let mistakes = read(text, &[]).expect_err("mistakes");
    for (key, word) in [
        ("rpc_url", "http:// or https://"),
        ("ws_url", "is missing"),
        ("data_dir", "text in quotes"),
        ("wallet", "is missing"),
        ("listen", "0.0.0.0:8443"),
        ("endpoint", "https URL"),
        ("region", "a-z"),
        ("class", "1 to 16"),
        ("min_duration_s", "above max_duration_s"),
        ("receipt_interval_ms", "from 100"),
        ("colour", "not a key"),
        ("prices.nonsense", "not the address of a mint"),
        ("prices.EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", "above zero"),
        ("limits.cpus", "from 1"),
        ("limits.cpu", "not a key"),
        ("simulate_gpu.count", "from 1 to 64"),
    ] {
        let found = mistakes
            .iter()
            .any(|mistake| mistake.starts_with(&format!("{key}: ")) && mistake.contains(word));
        assert!(found, "nothing about {key} and {word:?} in {mistakes:#?}");
    }
    assert_eq!(mistakes.len(), 16, "{mistakes:#?}");
}

#[test]
fn a_file_that_is_missing_or_no_toml_is_named() {
    let missing = Config::load(Path::new("/nowhere/agent.toml"))
        .expect_err("missing")
        .to_string();
    assert!(missing.starts_with("/nowhere/agent.toml has 1 mistake:"), "{missing}");
    assert!(read("rpc_url = ", &[]).expect_err("no TOML")[0].contains("not TOML"));
    let none = read(&minimal().replace(MINT, "# "), &[]).expect_err("no prices");
    assert_eq!(
        none,
        ["prices: must name at least one mint and its rate in micro-atoms per second and GPU"]
    );
}
