//! Workloads run in the real sandbox, under the real supervisor.

use gantry_agent::runtime::{
    Found, Runtime, SupervisedRuntime, Workload,
    cgroup::Cgroups,
    directory::JobDirectory,
    process::Identity,
    spec::{Bounds, WorkloadSpec},
};
use gantry_sdk::{Keypair, Signer, wire::Exit};
use std::{fs, net::TcpListener, path::Path, time::Duration};
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};

const PATIENCE: Duration = Duration::from_secs(20);

struct Place {
    _around: TempDir,
    directory: JobDirectory,
    runtime: SupervisedRuntime,
}

fn place() -> Place {
    let around = tempfile::tempdir().expect("a directory");
    // Random: control groups are named after jobs, and several tests run at a time.
    let directory = JobDirectory::of(around.path(), &Keypair::new().pubkey());
    let runtime = SupervisedRuntime::new(env!("CARGO_BIN_EXE_gantry-agent").into()).expect("bubblewrap");
    Place {
        _around: around,
        directory,
        runtime,
    }
}

fn shell(script: &str) -> WorkloadSpec {
    WorkloadSpec {
        command: ["/bin/sh", "-c", script].map(str::to_owned).to_vec(),
        environment: [("GREETING", "hello"), ("GANTRY_OUT", "/forged")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        gpus: vec!["simulated-0".to_owned()],
        devices: Vec::new(),
        deadline_ms: 60_000,
        bounds: Bounds {
            cpus: 1,
            memory_bytes: 256 << 20,
            processes: 32,
            disk_bytes: 64 << 20,
            log_bytes: 1 << 20,
        },
        cgroups: Cgroups::discover(),
    }
}

impl Place {
    async fn launch(&self, spec: &WorkloadSpec) -> Box<dyn Workload> {
        self.runtime.launch(&self.directory, spec).await.expect("launched")
    }

    async fn run(&self, spec: &WorkloadSpec) -> (Exit, String) {
        let workload = self.launch(spec).await;
        let exit = timeout(PATIENCE, workload.ended()).await.expect("ended in time");
        (exit, self.log())
    }

    fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.directory.log()).unwrap_or_default()).into_owned()
    }

    /// Waits until the workload has said something.
    async fn said(&self, word: &str) {
        let began = Instant::now();
        while !self.log().contains(word) {
            assert!(began.elapsed() < PATIENCE, "it never said {word:?}: {}", self.log());
            sleep(Duration::from_millis(10)).await;
        }
    }

    fn supervisor(&self) -> Identity {
        serde_json::from_slice(&fs::read(self.directory.lock()).expect("a name")).expect("an identity")
    }
}

/// Whether any process of this machine has `mark` among its arguments.
fn runs(mark: &str) -> bool {
    fs::read_dir("/proc").expect("proc").flatten().any(|entry| {
        let Ok(text) = fs::read(entry.path().join("cmdline")) else {
            return false;
        };
        let own = entry.path() == Path::new("/proc").join(std::process::id().to_string());
        !own && String::from_utf8_lossy(&text).contains(mark)
    })
}

async fn until_gone(mark: &str) {
    let began = Instant::now();
    while runs(mark) {
        assert!(began.elapsed() < PATIENCE, "{mark} still runs");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_workload_leaves_output_results_and_its_exit_code() {
    let place = place();
    let (exit, log) = place
        .run(&shell(
            "echo $GREETING $GANTRY_GPUS; echo again >&2; pwd; echo found > $GANTRY_OUT/result; exit 7",
        ))
        .await;
    assert_eq!(
        exit,
        Exit {
            code: Some(7),
            signal: None,
            reason: None
        }
    );
    assert_eq!(log, "hello simulated-0\nagain\n/work\n");
    assert_eq!(
        fs::read_to_string(place.directory.out().join("result")).expect("a result"),
        "found\n"
    );
}

#[tokio::test]
async fn a_workload_has_no_network() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    let script = format!(
        "tail -n +3 /proc/net/dev | grep -cv lo:
        for place in 127.0.0.1/{port} 192.0.2.1/53; do
            {{ exec 3<>/dev/tcp/$place; }} 2>/dev/null && echo reached $place || echo nothing
        done"
    );
    let mut spec = shell(&script);
    spec.command[0] = "/bin/bash".to_owned();
    let (_, log) = place().run(&spec).await;
    assert_eq!(log, "0\nnothing\nnothing\n");
}

#[tokio::test]
async fn a_workload_cannot_change_or_see_the_system() {
    let script = "
        for file in /usr/bin/evil /evil /dev/evil /etc/evil; do touch $file 2>/dev/null && echo wrote $file; done
        test -e /etc/shadow && echo sees shadow; test -e /root && echo sees root; test -e /home && echo sees home
        { echo x > /proc/sys/kernel/hostname; } 2>/dev/null && echo changed the kernel
        { echo x > /proc/sys/kernel/core_pattern; } 2>/dev/null && echo changed the kernel
        unshare --user true 2>/dev/null && echo new user namespace
        touch /work/mine /out/mine /tmp/mine && echo own places";
    let (_, log) = place().run(&shell(script)).await;
    assert_eq!(log, "own places\n");
}

#[tokio::test]
async fn a_workload_is_nobody() {
    let (_, log) = place()
        .run(&shell("id -u; grep -E '^(CapEff|NoNewPrivs)' /proc/self/status"))
        .await;
    assert_eq!(log, "65534\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\n");
}

#[tokio::test]
async fn a_workload_cannot_read_the_agents_environment() {
    // A process of its own with a secret in its environment starts the supervisor, as the agent does.
    let place = place();
    let directory = place.directory.path();
    place.directory.create().expect("created");
    let spec = shell("for file in /proc/[0-9]*/environ; do echo $file; tr '\\0' '\\n' < $file; done");
    fs::write(place.directory.spec(), serde_json::to_vec(&spec).expect("JSON")).expect("written");
    let supervisor = std::process::Command::new(env!("CARGO_BIN_EXE_gantry-agent"))
        .args(["supervise".as_ref(), directory.as_os_str()])
        .env("GANTRY_AGENT_SECRET", "a-secret-of-the-agent")
        .status()
        .expect("supervised");
    assert!(supervisor.success());
    let log = place.log();
    assert!(
        log.contains("/proc/1/environ") && log.contains("GREETING=hello"),
        "{log}"
    );
    assert!(!log.contains("a-secret-of-the-agent"), "{log}");
}

#[tokio::test]
async fn a_workload_that_takes_too_much_memory_is_ended() {
    let mut spec = shell("head -c 400M /dev/zero | tail | wc -c; echo survived $?");
    let (_, log) = place().run(&spec).await;
    assert!(!log.contains("419430400"), "400 MiB fitted into 256: {log}");
    // The same where no control group can be made.
    spec.cgroups = Cgroups::Unavailable;
    let (_, log) = place().run(&spec).await;
    assert!(!log.contains("419430400"), "400 MiB fitted into 256: {log}");
}

#[tokio::test]
async fn a_fork_bomb_stays_small() {
    let script = "(i=0; while [ $i -lt 200 ]; do sleep 30 & i=$((i+1)); done) 2>/dev/null; exec sleep 30";
    for cgroups in [Cgroups::discover(), Cgroups::Unavailable] {
        let place = place();
        let mark = format!("30.{}", std::process::id());
        let mut spec = shell(&script.replace("sleep 30", &format!("sleep {mark}")));
        spec.cgroups = cgroups;
        let workload = place.launch(&spec).await;
        sleep(Duration::from_secs(1)).await;
        let sleeping = fs::read_dir("/proc").expect("proc").flatten().filter(|entry| {
            fs::read(entry.path().join("cmdline")).is_ok_and(|text| text == format!("sleep\0{mark}\0").as_bytes())
        });
        let count = sleeping.count();
        assert!((1..=32).contains(&count), "{count} processes");
        workload.end();
        timeout(PATIENCE, workload.ended()).await.expect("ended");
        until_gone(&mark).await;
    }
}

#[tokio::test]
async fn the_processes_of_one_workload_leave_those_of_another_alone() {
    let (first, second) = (place(), place());
    let mark = format!("40.{}", std::process::id());
    let mut spec = shell(&format!(
        "for i in 1 2 3 4 5 6 7 8; do sleep {mark} & done; echo up; wait"
    ));
    spec.cgroups = Cgroups::Unavailable;
    spec.bounds.processes = 12;
    let running = [first.launch(&spec).await, second.launch(&spec).await];
    for place in [&first, &second] {
        place.said("up").await;
        assert!(!place.log().contains("fork"), "{}", place.log());
    }
    for workload in running {
        workload.end();
        timeout(PATIENCE, workload.ended()).await.expect("ended");
    }
    until_gone(&mark).await;
}

#[tokio::test]
async fn a_workload_that_fills_the_disk_is_ended_with_the_reason() {
    let (exit, _) = place()
        .run(&shell(
            "i=0; while :; do head -c 20M /dev/zero > $GANTRY_OUT/$i; i=$((i+1)); done",
        ))
        .await;
    assert!(
        exit.reason.as_deref().is_some_and(|reason| reason.contains("64 MiB")),
        "{exit:?}"
    );
}

#[tokio::test]
async fn removed_files_that_are_still_open_fill_the_disk_as_well() {
    if Cgroups::discover() == Cgroups::Unavailable {
        return;
    }
    // Two files, each within what one file may hold.
    let script = "exec 3> $GANTRY_OUT/a 4> $GANTRY_OUT/b; rm $GANTRY_OUT/a $GANTRY_OUT/b
        head -c 40M /dev/zero >&3; head -c 40M /dev/zero >&4; sleep 1000";
    let (exit, _) = place().run(&shell(script)).await;
    assert!(
        exit.reason.as_deref().is_some_and(|reason| reason.contains("64 MiB")),
        "{exit:?}"
    );
}

#[tokio::test]
async fn the_kernel_ends_a_workload_before_the_agent() {
    let (_, log) = place().run(&shell("cat /proc/self/oom_score_adj")).await;
    assert_eq!(log, "500\n");
}

#[tokio::test]
async fn output_beyond_the_limit_is_dropped_and_says_so() {
    let mut spec = shell("yes | head -c 300000; exit 3");
    spec.bounds.log_bytes = 100_000;
    let (exit, log) = place().run(&spec).await;
    assert_eq!(exit.code, Some(3));
    assert!(
        log.len() < 101_000 && log.contains("The log is full"),
        "{} bytes",
        log.len()
    );
}

#[tokio::test]
async fn a_program_that_does_not_exist_is_explained_in_the_log() {
    let mut spec = shell("");
    spec.command = vec!["./no-such-program".to_owned()];
    let (exit, log) = place().run(&spec).await;
    assert_ne!(exit.code, Some(0));
    assert!(log.contains("no-such-program"), "{log}");
}

#[tokio::test]
async fn ending_a_workload_leaves_nothing_running() {
    let place = place();
    let mark = format!("1000.{}1", std::process::id());
    let workload = place
        .launch(&shell(&format!(
            "setsid sleep {mark} & nohup sleep {mark} & trap '' TERM; echo up; sleep {mark}"
        )))
        .await;
    place.said("up").await;
    assert!(runs(&mark));
    workload.end();
    let exit = timeout(PATIENCE, workload.ended()).await.expect("ended");
    assert!(exit.reason.is_some(), "{exit:?}");
    assert!(!runs(&mark), "something outlived its workload");
}

#[tokio::test]
async fn a_workload_ends_at_its_deadline_without_any_agent() {
    let place = place();
    let mut spec = shell("echo up; sleep 1000");
    spec.deadline_ms = 700;
    let (exit, log) = place.run(&spec).await;
    assert_eq!(log, "up\n");
    assert!(
        exit.reason
            .as_deref()
            .is_some_and(|reason| reason.contains("rented time")),
        "{exit:?}"
    );
}

#[tokio::test]
async fn a_workload_dies_with_its_supervisor_and_is_found_lost() {
    let place = place();
    let mark = format!("1000.{}2", std::process::id());
    let workload = place.launch(&shell(&format!("echo up; sleep {mark}"))).await;
    place.said("up").await;
    place.supervisor().open().expect("alive").signal(9);
    timeout(PATIENCE, workload.ended()).await.expect("noticed");
    until_gone(&mark).await;
    match place.runtime.find(&place.directory).await.expect("looked") {
        Found::Ended(exit) => assert!(exit.reason.is_some_and(|reason| reason.contains("went down"))),
        _ => panic!("it was killed"),
    }
    assert!(
        place.directory.exit().exists(),
        "so that a late supervisor does not start it again"
    );
}

#[tokio::test]
async fn a_running_workload_is_found_again() {
    let place = place();
    drop(place.launch(&shell("echo up; sleep 1000")).await);
    place.said("up").await;
    let Found::Running(found) = place.runtime.find(&place.directory).await.expect("looked") else {
        panic!("it runs")
    };
    found.end();
    timeout(PATIENCE, found.ended()).await.expect("ended");
    assert!(matches!(
        place.runtime.find(&place.directory).await.expect("looked"),
        Found::Ended(_)
    ));
}

#[tokio::test]
async fn what_was_never_started_is_not_found() {
    let place = place();
    assert!(matches!(
        place.runtime.find(&place.directory).await.expect("looked"),
        Found::Nothing
    ));
}
