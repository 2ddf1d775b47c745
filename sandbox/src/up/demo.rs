//! The demonstration: a picture rendered on a rented node, its bill, and the proof that the bill is right.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{ExitCode, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, ChildStderr, Command},
};

use super::{
    binaries::Binaries,
    network::Network,
    process::die_with_us,
    proof,
    steps::{Steps, show},
    timeline,
};

/// The workload says this first.
const FIRST_OUTPUT: &str = "path-tracer:";
const PICTURE: &str = "picture.png";
const PNG_MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";
/// What the demonstration leaves behind, and therefore removes first: nothing there may be from an earlier time.
const LEFT_BEHIND: [&str; 6] = [
    PICTURE,
    "bill.json",
    "bill.txt",
    "verify.json",
    "verify.txt",
    "times.json",
];
/// Large enough to look at, small enough for two cores and ten seconds.
const WORKLOAD: [&str; 7] = ["./path-tracer", "--width", "960", "--height", "600", "--samples", "16"];
/// Longest job, of which unused time is refunded.
const MAX_DURATION: &str = "120s";

/// Runs the demonstration; succeeds only when picture, bill and verification are all there and right.
pub(crate) async fn run(network: &Network, binaries: &Binaries, dir: &Path, steps: &Steps) -> Result<ExitCode> {
    let demo = Demo {
        network,
        binaries,
        dir,
        steps,
    };
    demo.prepare()?;
    let bundle = demo.bundle()?;

    steps.say("the tenant runs a path tracer on the cheapest node:");
    let rented = demo.rent(&bundle).await?;
    let job = rented.result["job"]
        .as_str()
        .context("`gantry run` did not say which job it opened")?
        .to_owned();
    let picture = fs::read(dir.join(PICTURE)).context("the job left no picture")?;
    ensure!(
        picture.starts_with(PNG_MAGIC),
        "{} is not a PNG picture",
        dir.join(PICTURE).display()
    );

    let (bill_text, bill) = demo.ask("bill", &job).await?;
    let (verify_text, verdict) = demo.ask("verify", &job).await?;
    ensure!(
        verdict["verified"] == Value::Bool(true),
        "verification did not pass:\n{verify_text}"
    );
    proof::check(&network.rpc_url, &job, &rented.result)
        .await
        .context("the bill is wrong")?;
    demo.keep("bill.txt", &bill_text)?;
    demo.keep("bill.json", &pretty(&bill)?)?;
    demo.keep("verify.txt", &verify_text)?;
    demo.keep("verify.json", &pretty(&verdict)?)?;

    show(&format!(
        "\nOn chain, from escrow to payout:\n\n{}",
        timeline::of(&network.rpc_url, &job).await?
    ));
    // It ends with the bill.
    show(&verify_text);
    let times = json!({
        "first_output_ms": rented.first_output.map(millis),
        "run_ms": millis(rented.took),
    });
    demo.keep("times.json", &pretty(&times)?)?;
    if let Some(first_output) = rented.first_output {
        steps.say(&format!(
            "from `gantry run` to the workload's first line: {:.2} s",
            first_output.as_secs_f64()
        ));
    }
    steps.say(&format!("picture, bill and verification are in {}", dir.display()));
    Ok(ExitCode::SUCCESS)
}

struct Demo<'a> {
    network: &'a Network,
    binaries: &'a Binaries,
    dir: &'a Path,
    steps: &'a Steps,
}

/// What `gantry run` came to.
struct Rented {
    result: Value,
    first_output: Option<Duration>,
    took: Duration,
}

impl Demo<'_> {
    fn prepare(&self) -> Result<()> {
        fs::create_dir_all(self.dir).with_context(|| format!("cannot create {}", self.dir.display()))?;
        for name in LEFT_BEHIND {
            match fs::remove_file(self.dir.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("cannot remove the old {name}"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A directory with the workload in it.
    fn bundle(&self) -> Result<PathBuf> {
        let bundle = Path::new(&self.network.run_dir).join("bundle");
        fs::create_dir_all(&bundle).with_context(|| format!("cannot create {}", bundle.display()))?;
        fs::copy(&self.binaries.path_tracer, bundle.join("path-tracer")).context("cannot copy the path tracer")?;
        Ok(bundle)
    }

    async fn rent(&self, bundle: &Path) -> Result<Rented> {
        let started = Instant::now();
        let mut command = self.gantry(&["--json", "run", "--allow-simulated", "--max-duration", MAX_DURATION]);
        command
            .args(["--mint", &self.network.mints.usdc])
            .arg("--bundle")
            .arg(bundle)
            .arg("--out")
            .arg(self.dir);
        command.arg("--").args(WORKLOAD);
        let mut child = command.spawn().context("cannot start `gantry run`")?;
        let (stdout, first_output) = self.follow(&mut child, started).await?;
        let status = child.wait().await?;
        ensure!(status.success(), "`gantry run` ended with {status}");
        let result = last_object(&stdout).context("`gantry run` printed no result")?;
        Ok(Rented {
            result,
            first_output,
            took: started.elapsed(),
        })
    }

    /// Shows the job's output as it comes; returns the result, and when the workload first said something.
    async fn follow(&self, child: &mut Child, started: Instant) -> Result<(String, Option<Duration>)> {
        let (Some(mut stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            bail!("`gantry run` has no output");
        };
        let mut result = String::new();
        let (read, first_output) = tokio::join!(stdout.read_to_string(&mut result), self.show(stderr, started));
        read.context("cannot read the result of `gantry run`")?;
        Ok((result, first_output))
    }

    async fn show(&self, stderr: ChildStderr, started: Instant) -> Option<Duration> {
        let mut lines = BufReader::new(stderr).lines();
        let mut first_output = None;
        while let Ok(Some(line)) = lines.next_line().await {
            if line.contains(FIRST_OUTPUT) && first_output.is_none() {
                first_output = Some(started.elapsed());
            }
            self.steps.say(&format!("  {line}"));
        }
        first_output
    }

    /// The answer of `gantry WHAT JOB`, for people and for programs.
    async fn ask(&self, what: &str, job: &str) -> Result<(String, Value)> {
        let (mut text, mut object) = (self.gantry(&[what, job]), self.gantry(&["--json", what, job]));
        let (text, object) = tokio::try_join!(text.output(), object.output())?;
        for output in [&text, &object] {
            let said = String::from_utf8_lossy(&output.stderr);
            ensure!(
                output.status.success(),
                "`gantry {what}` ended with {}: {}",
                output.status,
                said.trim()
            );
        }
        let object =
            serde_json::from_slice(&object.stdout).with_context(|| format!("`gantry --json {what}` is no JSON"))?;
        Ok((String::from_utf8_lossy(&text.stdout).into_owned(), object))
    }

    fn gantry(&self, arguments: &[&str]) -> Command {
        let mut command = std::process::Command::new(&self.binaries.cli);
        command
            .args(arguments)
            .envs(self.network.environment())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        die_with_us(&mut command);
        let mut command = Command::from(command);
        command.kill_on_drop(true);
        command
    }

    fn keep(&self, name: &str, text: &str) -> Result<()> {
        let path = self.dir.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// The JSON object that ends a program's output.
fn last_object(output: &str) -> Option<Value> {
    let begins = output.match_indices('{').map(|(at, _)| at);
    begins
        .filter(|at| *at == 0 || output[..*at].ends_with('\n'))
        .find_map(|at| serde_json::from_str(&output[at..]).ok())
}

fn pretty(value: &Value) -> Result<String> {
    Ok(format!("{}\n", serde_json::to_string_pretty(value)?))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_is_the_object_at_the_end_of_the_output() {
        assert_eq!(last_object("{\n  \"a\": {\n\"b\": 1}\n}\n").unwrap()["a"]["b"], 1);
        assert_eq!(last_object("{not json}\n{\"job\": \"x\"}\n").unwrap()["job"], "x");
        assert_eq!(last_object("no result"), None);
    }
}
