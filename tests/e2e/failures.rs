//! Processes that die or freeze in the middle of a job.

use nix::sys::signal::Signal;
use std::{
    process::{Child, Command},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::{
    network::{Network, json_of, wait_for},
    rent::{assert_bill, number},
};

/// Seconds that a killed agent may cost its provider: while nobody watches, nothing is metered. One to two were measured, of which half a
/// second (then a whole one) is the pause before it is started again.
const LOST_PER_KILL: u64 = 3;

/// Prints a line a second for `seconds`.
pub(crate) fn counting(seconds: u32) -> String {
    format!("i=0; while [ $i -lt {seconds} ]; do i=$((i+1)); echo tick $i; sleep 1; done; echo all done")
}

/// The one job that runs now, and the name of its agent.
pub(crate) fn running_job(network: &Network) -> (String, String) {
    let mut found = None;
    wait_for("the job to run", Duration::from_secs(30), || {
        let jobs = network.json(&["ps"]);
        let rows = jobs["jobs"].as_array().cloned().unwrap_or_default();
        found = rows.into_iter().find(|job| job["state"] == "running");
        found.is_some()
    });
    let job = found.expect("a running job");
    (
        job["job"].as_str().expect("an address").to_owned(),
        network.agent_of(job["provider"].as_str().expect("a wallet")),
    )
}

/// Runs the job to its end and checks that the bill is right for work of `seconds`, of which at most `lost` were not metered.
fn assert_finishes(network: &Network, run: Child, seconds: u64, lost: u64, started: Instant) {
    let output = run.wait_with_output().expect("gantry run");
    let bill = json_of(&output);
    let shown = String::from_utf8_lossy(&output.stderr);
    assert!(shown.contains("all done"), "the workload did not finish: {shown}");
    assert_bill(&bill);
    let metered = number(&bill, "metered_ms");
    let wall = u64::try_from(started.elapsed().as_millis()).expect("a short test");
    println!("{metered} ms of {seconds} s of work were metered in {wall} ms");
    assert!(metered <= wall, "{metered} ms were metered in {wall} ms");
    assert!(
        metered + 1_000 * lost >= 1_000 * seconds,
        "only {metered} ms of {seconds} s were metered"
    );
    let job = bill["job"].as_str().expect("an address");
    wait_for("the indexer to agree", Duration::from_secs(20), || {
        let output = network
            .gantry()
            .args(["--json", "verify", job])
            .output()
            .expect("gantry verify");
        output.status.success() && json_of(&output)["verified"] == true
    });
}

#[test]
fn a_job_survives_kill_9_of_the_indexer() {
    let network = Network::start(&["--agents", "1"]);
    let started = Instant::now();
    let run = network.run_script(&counting(8), &[]);
    running_job(&network);
    let old = network.signal("indexer", Signal::SIGKILL);
    network.await_restart("indexer", old);
    assert_finishes(&network, run, 8, 0, started);
}

#[test]
fn a_job_survives_kill_9_of_its_agent() {
    let network = Network::start(&["--agents", "1"]);
    let started = Instant::now();
    let run = network.run_script(&counting(12), &[]);
    let (_, agent) = running_job(&network);
    sleep(Duration::from_secs(3));
    let old = network.signal(&agent, Signal::SIGKILL);
    network.await_restart(&agent, old);
    assert_finishes(&network, run, 12, LOST_PER_KILL, started);
}

#[test]
fn a_job_survives_kill_9_of_indexer_and_agent_together_and_twice() {
    let network = Network::start(&["--agents", "1"]);
    let started = Instant::now();
    let run = network.run_script(&counting(16), &[]);
    let (_, agent) = running_job(&network);
    for _ in 0..2 {
        sleep(Duration::from_secs(2));
        let old = [&agent, "indexer"].map(|name| (name, network.signal(name, Signal::SIGKILL)));
        for (name, old) in old {
            network.await_restart(name, old);
        }
    }
    assert_finishes(&network, run, 16, 2 * LOST_PER_KILL, started);
}

#[test]
fn a_frozen_provider_is_paid_to_the_last_receipt_and_the_tenant_gets_the_rest_back() {
    let network = Network::start(&["--agents", "1", "--grace-window-s", "5", "--settle-every-s", "2"]);
    let run = network.run_script(&counting(60), &["--provider-timeout", "5s"]);
    let (job, agent) = running_job(&network);
    sleep(Duration::from_secs(5));
    network.signal(&agent, Signal::SIGSTOP);
    let output = run.wait_with_output().expect("gantry run");
    let shown = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{shown}");
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the result");
    assert_eq!(
        (&told["error"]["kind"], &told["job"]),
        (&"provider".into(), &job.as_str().into()),
        "{told}"
    );

    let bill = network.json(&["bill", &job]);
    assert_bill(&bill);
    assert_eq!(bill["state"], "closed", "{bill}");
    let metered = number(&bill, "metered_ms");
    assert!((1..20_000).contains(&metered) && number(&bill, "paid") > 0, "{bill}");
    assert!(number(&bill, "refund") > 0, "{bill}");
    assert_eq!(network.json(&["verify", &job])["verified"], true);
    network.signal(&agent, Signal::SIGCONT);
}

/// Runs a script with `--failover` on the dearer of two nodes and freezes that one's agent. Returns the run, the job and the frozen agent.
fn run_and_lose_the_node(network: &Network, seconds: u32) -> (Child, String, String) {
    let offers = network.json(&["market", "ls", "--allow-simulated"]);
    let offers = offers["offers"].as_array().expect("offers").clone();
    let dearer = offers
        .iter()
        .max_by_key(|offer| number(offer, "rate"))
        .expect("an offer");
    let address = dearer["node"].as_str().expect("an address");
    let options = ["--failover", "--provider-timeout", "5s", "--node", address];
    let run = network.run_script(&counting(seconds), &options);
    let (job, agent) = running_job(network);
    sleep(Duration::from_secs(3));
    network.signal(&agent, Signal::SIGSTOP);
    (run, job, agent)
}

#[test]
fn a_job_whose_machine_dies_finishes_elsewhere_and_the_bills_of_both_are_right() {
    let network = Network::start(&["--agents", "2", "--grace-window-s", "5", "--settle-every-s", "2"]);
    let (run, lost, agent) = run_and_lose_the_node(&network, 8);
    let output = run.wait_with_output().expect("gantry run");
    let bill = json_of(&output);
    let shown = String::from_utf8_lossy(&output.stderr);
    assert!(shown.contains("all done"), "{shown}");
    assert_eq!(bill["exit"]["code"], 0, "{bill}");
    assert_eq!(bill["lost"], serde_json::json!([lost]), "{bill}");
    let moved = bill["job"].as_str().expect("an address").to_owned();
    assert_ne!(moved, lost);
    let (first, second) = (network.json(&["bill", &lost]), network.json(&["bill", &moved]));
    for one in [&first, &second] {
        assert_bill(one);
        assert_eq!(one["state"], "closed", "{one}");
    }
    assert!(number(&first, "paid") > 0, "{first}");
    assert!(
        number(&first, "owed") + number(&second, "owed") <= number(&first, "escrow"),
        "{first} {second}"
    );
    for job in [&lost, &moved] {
        wait_for("the indexer to agree", Duration::from_secs(20), || {
            let output = network.gantry().args(["--json", "verify", job]).output();
            let output = output.expect("gantry verify");
            output.status.success() && json_of(&output)["verified"] == true
        });
    }
    network.signal(&agent, Signal::SIGCONT);
}

#[test]
fn a_tenant_that_is_killed_while_its_job_moves_goes_on_with_resume_and_opens_no_second_successor() {
    let network = Network::start(&["--agents", "2", "--grace-window-s", "5", "--settle-every-s", "2"]);
    let (mut run, lost, agent) = run_and_lose_the_node(&network, 8);
    // While it waits for the grace window.
    sleep(Duration::from_secs(9));
    run.kill().expect("gantry lives");
    run.wait().expect("its end");
    // Then at moments of the giving up, closing and re-opening, and of what comes after.
    for after_ms in [6_000, 1_300, 700, 2_000] {
        let mut resumed = resume(&network, &lost).spawn().expect("gantry");
        sleep(Duration::from_millis(after_ms));
        // It may have come to its end before.
        let _ = resumed.kill();
        resumed.wait().expect("its end");
    }
    let output = resume(&network, &lost).output().expect("gantry resume");
    let bill = json_of(&output);
    assert_eq!(bill["exit"]["code"], 0, "{bill}");
    assert_eq!(bill["lost"], serde_json::json!([lost]), "{bill}");
    let listed = network.json(&["ps"]);
    let jobs = listed["jobs"].as_array().expect("jobs");
    assert_eq!(jobs.len(), 2, "{listed}");
    for job in jobs {
        assert_eq!(job["state"], "closed", "{listed}");
        assert_bill(job);
    }
    let former = jobs.iter().find(|job| job["job"] == lost.as_str()).expect("it");
    assert_eq!(former["successor"], bill["job"], "{listed}");
    network.signal(&agent, Signal::SIGCONT);
}

#[test]
fn a_job_that_its_tenant_stops_while_its_node_is_lost_does_not_go_on_elsewhere() {
    let network = Network::start(&["--agents", "2", "--grace-window-s", "5", "--settle-every-s", "2"]);
    let (run, lost, agent) = run_and_lose_the_node(&network, 30);
    network.json(&["stop", &lost, "--provider-timeout", "2s"]);
    let output = run.wait_with_output().expect("gantry run");
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the result");
    assert_eq!(
        (&told["job"], &told["lost"]),
        (&lost.as_str().into(), &serde_json::json!([])),
        "{told}"
    );
    let listed = network.json(&["ps"]);
    assert_eq!(listed["jobs"].as_array().map(Vec::len), Some(1), "{listed}");
    assert_eq!(listed["jobs"][0]["state"], "closed", "{listed}");
    network.signal(&agent, Signal::SIGCONT);
}

fn resume(network: &Network, job: &str) -> Command {
    let mut resume = network.gantry();
    resume.args(["--json", "resume", job, "--provider-timeout", "5s"]);
    resume
}
