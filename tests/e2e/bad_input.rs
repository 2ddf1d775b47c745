//! What people get wrong, and what they are told.

use std::{
    net::TcpListener,
    process::{Command, Output, Stdio},
    time::Duration,
};

use crate::network::{Network, program, wait_for};

fn refused(output: &Output, expected: &[&str]) {
    let shown = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it should have been refused: {shown}");
    for part in expected {
        assert!(shown.contains(part), "{part:?} is missing in: {shown}");
    }
}

#[test]
fn the_command_line_refuses_bad_rents_with_a_clear_message() {
    let network = Network::start(&["--agents", "1"]);
    let usdc = network.text("/mints/usdc");
    let run = |arguments: &[&str]| {
        let mut command = network.gantry();
        command
            .args(["run", "--allow-simulated"])
            .args(arguments)
            .args(["--", "/bin/true"]);
        command.output().expect("gantry")
    };
    let stranger = "So11111111111111111111111111111111111111112";
    refused(&run(&["--mint", stranger]), &[stranger, "not registered"]);
    refused(&run(&["--mint", &usdc, "--max-duration", "0s"]), &["zero"]);
    refused(&run(&["--mint", &usdc, "--max-price", "0.000001"]), &["--max-price"]);
    refused(&run(&["--mint", &usdc, "--class", "h100-sxm"]), &["h100-sxm"]);

    let usd = network
        .gantry()
        .args(["balance", "withdraw", "--mint", &usdc, "1000"])
        .output()
        .expect("gantry");
    assert!(usd.status.success(), "{}", String::from_utf8_lossy(&usd.stderr));
    refused(&run(&["--mint", &usdc]), &["gantry balance deposit"]);
}

#[test]
fn an_agent_with_a_price_above_the_ceiling_or_another_key_refuses_to_start() {
    let network = Network::start(&["--agents", "1", "--no-restart"]);
    let agent = network.ready()["agents"][0].clone();
    let config = std::fs::read_to_string(agent["config"].as_str().expect("a path")).expect("the configuration");
    let scratch = network.scratch("agent");
    let attempt = |config: &str| {
        let path = scratch.join("agent.toml");
        std::fs::write(&path, config).expect("a configuration");
        let mut command = Command::new(program("gantry-agent"));
        command
            .args(["run", "--simulate-gpu", "--config"])
            .arg(&path)
            .stdin(Stdio::null());
        command.output().expect("gantry-agent")
    };
    let name = agent["name"].as_str().expect("a name");
    network.signal(name, nix::sys::signal::Signal::SIGTERM);
    // Two agents in one data directory are refused before anything else is looked at.
    wait_for("the agent to stop", Duration::from_secs(20), || {
        network.ready()["pids"][name].is_null()
    });

    let rate = agent["rate"].to_string();
    let dear = config.replace(&rate, "2000000000000000");
    assert_ne!(dear, config, "the rate stands in the configuration");
    refused(&attempt(&dear), &["2000000000000000", "outside the market's range"]);

    // Another data directory has no attestation key yet, so the agent makes one that is not the key on chain.
    let data_dir = agent["data_dir"].as_str().expect("a path");
    let other = config.replace(data_dir, scratch.join("other").to_str().expect("a path"));
    assert_ne!(other, config, "the data directory stands in the configuration");
    refused(&attempt(&other), &["attestation key", "--rotate-attestation-key"]);
}

#[test]
fn an_indexer_without_postgres_says_what_to_do() {
    let unused = TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("its address")
        .port();
    let output = Command::new(program("gantry-indexer"))
        .args([
            "--database-url",
            &format!("postgres://gantry@127.0.0.1:{unused}/gantry"),
        ])
        .args([
            "--grpc-url",
            "http://127.0.0.1:1",
            "--rpc-url",
            "http://127.0.0.1:1",
            "--listen",
            "127.0.0.1:0",
        ])
        .env_remove("DATABASE_URL")
        .output()
        .expect("gantry-indexer");
    refused(&output, &["Postgres", &unused.to_string()]);
}

#[test]
fn a_taken_port_is_named_and_another_one_is_used() {
    // Somebody may hold it already; then it is taken as well.
    let _holder = TcpListener::bind("127.0.0.1:8899");
    let network = Network::start(&["--no-agents"]);
    assert!(network.log().contains("8899 is taken"), "{}", network.log());
    assert_ne!(network.text("/rpc_url"), "http://127.0.0.1:8899");
}

#[test]
fn two_networks_in_one_directory_are_refused() {
    let network = Network::start(&["--no-agents"]);
    let data = std::path::PathBuf::from(network.text("/run_dir"));
    let output = Command::new(program("gantry-sandbox"))
        .arg("up")
        .arg("--data-dir")
        .arg(data.parent().expect("the data directory"))
        .stdin(Stdio::null())
        .output()
        .expect("gantry-sandbox");
    refused(&output, &["another"]);
}
