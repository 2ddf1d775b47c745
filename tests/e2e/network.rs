//! A running local network, and the commands that drive it.

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Longest that a network may take to start on a busy machine.
const START_PATIENCE: Duration = Duration::from_secs(120);

/// A program of this workspace, next to the running test.
pub(crate) fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the test's own path");
    let path = test.parent().and_then(Path::parent).expect("target/…/deps").join(name);
    assert!(
        path.exists(),
        "{} is missing: run the tests with ./dev test, which builds it first",
        path.display()
    );
    path
}

/// A network of its own, stopped when dropped.
pub(crate) struct Network {
    sandbox: Child,
    directory: TempDir,
}

impl Network {
    /// Starts `gantry-sandbox up` with these further options and waits until everything is ready.
    pub(crate) fn start(options: &[&str]) -> Self {
        Self::start_on(None, options)
    }

    /// As [`Network::start`], on this Postgres server instead of a private one.
    pub(crate) fn start_on(database_url: Option<&str>, options: &[&str]) -> Self {
        let directory = TempDir::new_in(shared_temporary()).expect("a temporary directory");
        let sandbox = spawn(directory.path(), database_url, options);
        let mut network = Self { sandbox, directory };
        network.await_ready();
        network
    }

    /// Starts the network again, in the same directory.
    pub(crate) fn start_again(&mut self, database_url: Option<&str>, options: &[&str]) {
        std::fs::remove_file(self.ready_file()).expect("the old ready file");
        self.sandbox = spawn(self.directory.path(), database_url, options);
        self.await_ready();
    }

    fn await_ready(&mut self) {
        let started = Instant::now();
        while !self.ready_file().exists() {
            let ended = self.sandbox.try_wait().expect("the sandbox's state");
            assert!(ended.is_none(), "the sandbox ended early: {}", self.log());
            assert!(started.elapsed() < START_PATIENCE, "not ready in time: {}", self.log());
            sleep(Duration::from_millis(50));
        }
    }

    /// Sends the sandbox a signal and waits for its end.
    pub(crate) fn end(&mut self, signal: Signal) -> ExitStatus {
        let pid = Pid::from_raw(i32::try_from(self.sandbox.id()).expect("a process number"));
        kill(pid, signal).expect("the sandbox lives");
        self.sandbox.wait().expect("the sandbox's end")
    }

    /// The command lines of all processes that work in this network's directory.
    pub(crate) fn processes(&self) -> Vec<String> {
        let ours = self.directory.path().to_str().expect("a path");
        let entries = std::fs::read_dir("/proc").expect("the list of processes").flatten();
        entries
            .filter(|entry| entry.file_name().to_string_lossy().parse::<u32>().is_ok())
            .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
            .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
            .filter(|line| line.contains(ours))
            .collect()
    }

    /// What the sandbox printed.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("sandbox.log")).unwrap_or_default()
    }

    /// Where the sandbox keeps its description up to date.
    pub(crate) fn ready_file(&self) -> PathBuf {
        self.directory.path().join("ready.json")
    }

    /// The description that the sandbox keeps up to date.
    pub(crate) fn ready(&self) -> Value {
        let text = std::fs::read(self.ready_file()).expect("the ready file");
        serde_json::from_slice(&text).expect("JSON")
    }

    /// One text of the description, by JSON pointer.
    pub(crate) fn text(&self, pointer: &str) -> String {
        let ready = self.ready();
        ready
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("{pointer} in {ready}"))
            .to_owned()
    }

    /// A scratch directory that lives as long as the network.
    pub(crate) fn scratch(&self, name: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::create_dir_all(&path).expect("a scratch directory");
        path
    }

    /// `gantry` as the network's tenant.
    pub(crate) fn gantry(&self) -> Command {
        let mut command = Command::new(program("gantry"));
        command
            .env("GANTRY_RPC_URL", self.text("/rpc_url"))
            .env("GANTRY_WS_URL", self.text("/ws_url"))
            .env("GANTRY_API_URL", self.text("/api_url"))
            .env("GANTRY_KEYPAIR", self.text("/keys/tenant"))
            .env("GANTRY_STATE_DIR", self.scratch("tenant-state"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// `gantry --json run` of a shell script on the cheapest node.
    pub(crate) fn run_script(&self, script: &str, options: &[&str]) -> Child {
        self.gantry()
            .args([
                "--json",
                "run",
                "--allow-simulated",
                "--max-duration",
                "120s",
                "--mint",
                &self.text("/mints/usdc"),
            ])
            .args(options)
            .args(["--", "/bin/sh", "-c", script])
            .spawn()
            .expect("gantry")
    }

    /// Runs `gantry` to its end and returns what it printed as JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.gantry().arg("--json").args(arguments).output().expect("gantry");
        json_of(&output)
    }

    /// The process number of a part.
    pub(crate) fn pid(&self, name: &str) -> Pid {
        let ready = self.ready();
        let pid = ready["pids"][name]
            .as_i64()
            .unwrap_or_else(|| panic!("no process {name} in {ready}"));
        Pid::from_raw(i32::try_from(pid).expect("a process number"))
    }

    /// Sends a signal to a part and returns the process number it had.
    pub(crate) fn signal(&self, name: &str, signal: Signal) -> Pid {
        let pid = self.pid(name);
        kill(pid, signal).unwrap_or_else(|error| panic!("cannot signal {name} ({pid}): {error}"));
        pid
    }

    /// Waits until a part runs again under another process number.
    pub(crate) fn await_restart(&self, name: &str, old: Pid) {
        wait_for(&format!("{name} to be restarted"), Duration::from_secs(30), || {
            self.ready()["pids"][name]
                .as_i64()
                .is_some_and(|pid| pid != i64::from(old.as_raw()))
        });
    }

    /// The name of the agent whose provider's wallet this is.
    pub(crate) fn agent_of(&self, provider: &str) -> String {
        let ready = self.ready();
        let agents = ready["agents"].as_array().expect("agents").clone();
        let agent = agents.into_iter().find(|agent| agent["provider"] == provider);
        agent.unwrap_or_else(|| panic!("no agent of {provider} in {ready}"))["name"]
            .as_str()
            .expect("a name")
            .to_owned()
    }

    /// Asks the indexer.
    pub(crate) async fn api(&self, path: &str) -> (u16, Value) {
        let response = reqwest::get(format!("{}{path}", self.text("/api_url")))
            .await
            .expect("the API answers");
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or(Value::Null))
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- sandbox ---\n{}", self.log());
            let logs = self.directory.path().join("data/logs");
            for entry in std::fs::read_dir(logs).into_iter().flatten().flatten() {
                let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
                let tail: Vec<&str> = text.lines().rev().take(40).collect();
                eprintln!("--- {} ---", entry.path().display());
                tail.into_iter().rev().for_each(|line| eprintln!("{line}"));
            }
        }
        // A test that ended it itself has waited for it, so its number may be another process's by now.
        if let Ok(None) = self.sandbox.try_wait() {
            self.end(Signal::SIGTERM);
        }
    }
}

fn spawn(directory: &Path, database_url: Option<&str>, options: &[&str]) -> Child {
    let log = std::fs::File::create(directory.join("sandbox.log")).expect("a log file");
    let mut command = Command::new(program("gantry-sandbox"));
    command
        .arg("up")
        .arg("--data-dir")
        .arg(directory.join("data"))
        .arg("--ready-file")
        .arg(directory.join("ready.json"))
        .args(options)
        .env_remove("DATABASE_URL")
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("the log"))
        .stderr(log);
    if let Some(url) = database_url {
        command.env("DATABASE_URL", url);
    }
    command.spawn().expect("gantry-sandbox")
}

/// Where other users may look inside: Postgres runs as another one when the tests run as root.
fn shared_temporary() -> PathBuf {
    let path = std::env::temp_dir();
    assert!(path.is_dir(), "no temporary directory at {}", path.display());
    path
}

/// Waits until something holds.
pub(crate) fn wait_for(what: &str, patience: Duration, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < patience, "waited {patience:?} for {what}");
        sleep(Duration::from_millis(50));
    }
}

/// The JSON that a successful command printed last on its standard output.
pub(crate) fn json_of(output: &Output) -> Value {
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success(),
        "{}\n--- stdout\n{out}\n--- stderr\n{err}",
        output.status
    );
    let start = out.rfind("\n{").map_or(0, |at| at + 1);
    serde_json::from_str(&out[start..]).unwrap_or_else(|error| panic!("{error}\n--- stdout\n{out}\n--- stderr\n{err}"))
}
