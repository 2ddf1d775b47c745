//! The tenant's side when it pauses, is interrupted, is killed, or comes back.

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use std::{
    io::Read,
    process::{Child, Output},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::{
    failures::{counting, running_job},
    network::{Network, json_of, wait_for},
    rent::{assert_bill, number},
};

/// More than a pipe and the tenant's own buffer hold together.
const MUCH_BYTES: usize = 3_000_000;

fn interrupt(child: &Child) {
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a process number"));
    kill(pid, Signal::SIGINT).expect("gantry lives");
}

/// The bill adds up, the indexer agrees, and about this much time was metered.
fn assert_metered(network: &Network, bill: &Value, seconds: std::ops::Range<u64>) {
    assert_bill(bill);
    assert_eq!(bill["state"], "closed", "{bill}");
    let metered = number(bill, "metered_ms");
    assert!(
        (seconds.start * 1_000..seconds.end * 1_000).contains(&metered),
        "{metered} ms instead of {seconds:?} s: {bill}"
    );
    assert!(number(bill, "paid") > 0, "{bill}");
    let job = bill["job"].as_str().expect("an address").to_owned();
    wait_for("the indexer to agree", Duration::from_secs(20), || {
        let output = network.gantry().args(["--json", "verify", &job]).output();
        let output = output.expect("gantry verify");
        output.status.success() && json_of(&output)["verified"] == true
    });
}

fn shown(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_reader_that_pauses_costs_neither_receipts_nor_output() {
    let network = Network::start(&["--agents", "1"]);
    let script = format!("head -c {MUCH_BYTES} /dev/zero | tr '\\0' x; sleep 4; echo; echo the end");
    let mut run = network
        .gantry()
        .args([
            "run",
            "--allow-simulated",
            "--max-duration",
            "60s",
            "--provider-timeout",
            "5s",
        ])
        .args(["--mint", &network.text("/mints/usdc")])
        .args(["--", "/bin/sh", "-c", &script])
        .spawn()
        .expect("gantry run");
    let (job, _) = running_job(&network);
    // Nobody reads, and still the job comes to its end.
    wait_for("the job to be closed", Duration::from_secs(20), || {
        network.json(&["bill", &job])["state"] == "closed"
    });
    assert!(
        run.try_wait().expect("its state").is_none(),
        "it did not wait for its reader"
    );
    assert_metered(&network, &network.json(&["bill", &job]), 4..8);

    let mut output = String::new();
    run.stdout
        .take()
        .expect("its output")
        .read_to_string(&mut output)
        .expect("text");
    assert_eq!(output.len(), MUCH_BYTES + "\nthe end\n".len());
    assert!(output.ends_with("x\nthe end\n"));
    assert_eq!(run.wait().expect("its end").code(), Some(0));
}

#[test]
fn a_tenant_that_is_killed_goes_on_with_resume_and_pays_what_was_used() {
    let network = Network::start(&["--agents", "1"]);
    let out = network.scratch("out");
    let started = Instant::now();
    let script = format!("{}; echo result > \"$GANTRY_OUT/answer\"", counting(8));
    let mut run = network.run_script(&script, &["--out", out.to_str().expect("a path")]);
    let (job, _) = running_job(&network);
    sleep(Duration::from_secs(3));
    run.kill().expect("gantry lives");
    run.wait().expect("its end");
    assert_eq!(network.json(&["bill", &job])["state"], "running");

    let resumed = network.gantry().args(["--json", "resume", &job[..8]]).output();
    let resumed = resumed.expect("gantry resume");
    let bill = json_of(&resumed);
    assert!(shown(&resumed).contains("tick 1\n") && shown(&resumed).contains("all done\n"));
    assert_eq!(
        (&bill["exit"]["code"], &bill["error"]),
        (&0.into(), &Value::Null),
        "{bill}"
    );
    assert!(u128::from(number(&bill, "metered_ms")) <= started.elapsed().as_millis());
    assert_metered(&network, &bill, 8..10);
    assert_eq!(
        std::fs::read_to_string(out.join("answer")).expect("the result"),
        "result\n"
    );

    // The output once more, from a byte on and to its end.
    let logs = network
        .gantry()
        .args(["logs", "last", "--from", "7"])
        .output()
        .expect("gantry logs");
    let text = String::from_utf8_lossy(&logs.stdout).into_owned();
    assert!(text.starts_with("tick 2\n") && text.ends_with("all done\n"), "{text}");
}

#[test]
fn a_workload_that_is_interrupted_or_stopped_is_paid_until_then() {
    let network = Network::start(&["--agents", "1"]);
    let run = network.run_script(&counting(60), &[]);
    running_job(&network);
    sleep(Duration::from_secs(3));
    interrupt(&run);
    let output = run.wait_with_output().expect("gantry run");
    assert_eq!(output.status.code(), Some(130), "{}", shown(&output));
    let out = String::from_utf8_lossy(&output.stdout);
    let bill: Value = serde_json::from_str(out.trim()).expect("the bill");
    assert_metered(&network, &bill, 2..7);

    // Beside a `gantry run` that goes on following the job and closes it.
    let run = network.run_script(&counting(60), &[]);
    let (job, _) = running_job(&network);
    sleep(Duration::from_secs(2));
    let bill = network.json(&["stop", &job]);
    assert_metered(&network, &bill, 1..6);
    let output = run.wait_with_output().expect("gantry run");
    assert_ne!(output.status.code(), Some(0), "{}", shown(&output));

    // After a `gantry run` that was killed.
    let mut run = network.run_script(&counting(60), &[]);
    let (job, _) = running_job(&network);
    sleep(Duration::from_secs(2));
    run.kill().expect("gantry lives");
    run.wait().expect("its end");
    assert_metered(&network, &network.json(&["stop", &job]), 1..6);
}

#[test]
fn a_job_whose_session_key_is_rotated_while_it_runs_goes_on_under_the_new_one() {
    let network = Network::start(&["--agents", "1", "--settle-every-s", "60"]);
    let run = network.run_script(&counting(14), &[]);
    let (job, _) = running_job(&network);
    sleep(Duration::from_secs(3));
    let rotated = network.json(&["rotate-key", &job[..8]]);
    assert_ne!(rotated["session_key"], rotated["former_session_key"], "{rotated}");
    let output = run.wait_with_output().expect("gantry run");
    let bill = json_of(&output);
    assert!(shown(&output).contains("all done\n"), "{}", shown(&output));
    assert!(
        shown(&output).contains("the session key was rotated"),
        "{}",
        shown(&output)
    );
    assert_metered(&network, &bill, 14..17);
    // What the old key had signed was settled at once, long before the interval was over.
    assert_eq!(bill["settlements"].as_array().map(Vec::len), Some(2), "{bill}");
    let again = network
        .gantry()
        .args(["--json", "rotate-key", &job])
        .output()
        .expect("gantry");
    assert!(!again.status.success(), "the job has ended");
}
