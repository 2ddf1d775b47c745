//! Renting when nothing goes wrong.

use serde_json::Value;
use std::time::Duration;

use crate::network::{Network, json_of, wait_for};

/// A field that holds a 64-bit number as text.
pub(crate) fn number(value: &Value, field: &str) -> u64 {
    value[field]
        .as_str()
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| panic!("{field} in {value}"))
}

/// The bill adds up, and equals what the rate and the metered time say.
pub(crate) fn assert_bill(bill: &Value) {
    let [escrow, owed, paid, fee, refund, rate, metered] =
        ["escrow", "owed", "paid", "fee", "refund", "rate", "metered_ms"].map(|field| number(bill, field));
    assert_eq!(
        u128::from(owed),
        u128::from(rate) * u128::from(metered) / 1_000_000_000,
        "{bill}"
    );
    assert_eq!(paid + fee, owed, "{bill}");
    assert_eq!(owed + refund, escrow, "{bill}");
}

#[test]
fn a_job_runs_is_metered_paid_and_refunded_and_everyone_agrees_on_the_bill() {
    let network = Network::start(&[]);
    let out = network.scratch("out");
    let options = ["--out", out.to_str().expect("a path")];
    let run = network.run_script("echo hello; sleep 3; echo result > \"$GANTRY_OUT/answer\"", &options);
    let output = run.wait_with_output().expect("gantry run");
    let bill = json_of(&output);

    assert_bill(&bill);
    assert_eq!(bill["exit"]["code"], 0, "{bill}");
    let metered = number(&bill, "metered_ms");
    assert!(
        (3_000..10_000).contains(&metered),
        "three seconds of work were metered as {metered} ms"
    );
    assert_eq!(
        std::fs::read_to_string(out.join("answer")).expect("the result"),
        "result\n"
    );

    let job = bill["job"].as_str().expect("an address");
    assert_eq!(network.json(&["verify", job])["verified"], true);

    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    wait_for("the indexer to show the closed job", Duration::from_secs(10), || {
        let (status, shown) = runtime.block_on(network.api(&format!("/v1/jobs/{job}")));
        status == 200
            && shown["data"]["state"] == "closed"
            && number(&shown["data"], "refund") == number(&bill, "refund")
    });
    let (status, ready) = runtime.block_on(network.api("/readyz"));
    assert_eq!(status, 200, "{ready}");
    assert_swept(&network, number(&bill, "fee"));
}

/// The only job's fee waits in a shard, the tenant, who is anyone, sweeps it, and nothing waits then.
fn assert_swept(network: &Network, fee: u64) {
    let usdc = network.text("/mints/usdc");
    let unswept = || {
        let fees = network.json(&["fees", "ls"]);
        let mints = fees["mints"].as_array().expect("mints").clone();
        let mint = mints.into_iter().find(|mint| mint["mint"] == usdc.as_str());
        number(&mint.unwrap_or_else(|| panic!("no USDC in {fees}")), "unswept")
    };
    assert!(fee > 0, "the job has a fee");
    assert_eq!(unswept(), fee);
    let sweep = ["fees", "sweep", "--mint", &usdc];
    let swept = network.json(&sweep);
    assert_eq!((number(&swept, "swept"), unswept()), (fee, 0), "{swept}");
    let nothing = network.json(&sweep);
    assert_eq!((number(&nothing, "swept"), &nothing["signature"]), (0, &Value::Null));
}

#[test]
fn a_workload_that_fails_is_paid_for_and_its_exit_code_is_passed_on() {
    let network = Network::start(&["--agents", "1"]);
    let output = network
        .run_script("sleep 1; exit 7", &[])
        .wait_with_output()
        .expect("gantry run");
    assert_eq!(
        output.status.code(),
        Some(7),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_workload_has_no_network_and_cannot_write_to_the_system() {
    let network = Network::start(&["--agents", "1"]);
    let script = "touch /usr/x 2>/dev/null && exit 11; touch /etc/x 2>/dev/null && exit 12; \
                  [ \"$(tail -n +3 /proc/net/dev | grep -vc ' lo:' || true)\" = 0 ] || exit 13; \
                  [ \"$(id -u)\" != 0 ] || exit 14; ls /root 2>/dev/null && exit 15; touch /tmp/mine || exit 16; exit 0";
    let output = network.run_script(script, &[]).wait_with_output().expect("gantry run");
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
