//! How a whole network ends: by a signal, by being killed, and what the next one finds.

use gantry_postgres::Cluster;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use crate::network::{Network, wait_for};

/// How long the watchdog may take to see that the network is gone, and to end its workloads.
const AFTER_A_KILL: Duration = Duration::from_secs(10);

/// Rents the only node for a minute and leaves it alone. Returns the tenant's process.
fn rent_and_leave(network: &Network) {
    let mut tenant = network.run_script("sleep 60", &[]);
    let started = Instant::now();
    while supervisors(network).is_empty() {
        let ended = tenant.try_wait().expect("the tenant").is_some();
        if ended || started.elapsed() > Duration::from_secs(20) {
            let _ = tenant.kill();
            let output = tenant.wait_with_output().expect("what the tenant says");
            panic!("no workload runs; the tenant: {output:?}");
        }
        sleep(Duration::from_millis(50));
    }
    tenant.kill().expect("the tenant lives");
    tenant.wait().expect("the tenant's end");
}

fn supervisors(network: &Network) -> Vec<String> {
    let processes = network.processes();
    processes
        .into_iter()
        .filter(|line| line.contains(" supervise "))
        .collect()
}

fn await_no_process(network: &Network, what: &str) {
    wait_for(what, AFTER_A_KILL, || network.processes().is_empty());
}

#[test]
fn a_network_that_ends_leaves_no_process_whether_it_was_asked_to_or_killed() {
    let mut network = Network::start(&["--agents", "1"]);
    rent_and_leave(&network);
    assert!(network.end(Signal::SIGTERM).success(), "{}", network.log());
    assert_eq!(network.processes(), Vec::<String>::new());

    network.start_again(None, &["--agents", "1"]);
    rent_and_leave(&network);
    network.end(Signal::SIGKILL);
    await_no_process(&network, "the watchdog to end the workload");
}

#[test]
fn what_a_killed_network_left_behind_is_removed_by_the_next_one() {
    let server = Cluster::temporary().expect("a Postgres server");
    let url = server.url("postgres");
    let databases = || {
        let sql = "SELECT datname FROM pg_database WHERE datname LIKE 'gantry%' ORDER BY 1";
        let names = server.psql("postgres", sql).expect("the databases");
        names.lines().map(ToOwned::to_owned).collect::<Vec<_>>()
    };

    let mut network = Network::start_on(Some(&url), &["--agents", "1"]);
    let first = databases();
    assert_eq!(first.len(), 1, "{first:?}");
    assert!(network.text("/database_url").ends_with(&first[0]));
    assert!(
        !network.log().contains(&url),
        "the password is shown: {}",
        network.log()
    );
    rent_and_leave(&network);
    let watchdog = network.pid("watchdog");
    kill(watchdog, Signal::SIGKILL).expect("the watchdog lives");
    network.end(Signal::SIGKILL);
    assert!(!supervisors(&network).is_empty(), "nobody was left to end the workload");
    assert_eq!(databases(), first);

    network.start_again(Some(&url), &["--no-agents"]);
    assert_eq!(supervisors(&network), Vec::<String>::new());
    let second = databases();
    assert!(second.len() == 1 && second != first, "{first:?}, then {second:?}");

    assert!(network.end(Signal::SIGTERM).success(), "{}", network.log());
    assert_eq!(databases(), Vec::<String>::new());
    assert_eq!(network.processes(), Vec::<String>::new());
}

#[test]
fn whoever_presses_ctrl_c_twice_waits_for_nothing_and_leaves_nothing() {
    let mut network = Network::start(&["--agents", "1"]);
    rent_and_leave(&network);
    // An agent that is stopped cannot end by itself.
    network.signal("agent-1", Signal::SIGSTOP);
    let sandbox: Pid = network.pid("sandbox");
    kill(sandbox, Signal::SIGINT).expect("the sandbox lives");
    wait_for("the sandbox to stop", Duration::from_secs(10), || {
        network.log().contains("stopping agent")
    });
    let status = network.end(Signal::SIGINT);
    assert_eq!(status.code(), Some(130), "{}", network.log());
    await_no_process(&network, "the workload to end");
}
