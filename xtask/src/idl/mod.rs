//! `idl`: the programs' interfaces, as Anchor's clients read them, in `idl/`.
//!
//! Each program has a feature under which Anchor's macros add tests that print the parts of its interface; this command
//! runs them and puts the parts together. They need other features of the libraries below, hence a build folder of
//! their own.

mod parts;

use std::{
    fs,
    io::BufReader,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anchor_lang_idl_spec::Idl;
use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::Message;

use crate::{process, workspace::Workspace};

/// Writes every program's interface, or with `check` compares it with the committed one.
pub(crate) fn idl(workspace: &Workspace, check: bool) -> Result<()> {
    let started = Instant::now();
    let mut outdated = Vec::new();
    for (program, printer) in printers(workspace)? {
        let file = format!("idl/{program}.json");
        let text = interface(&printer).with_context(|| format!("assembling {file}"))?;
        let path = workspace.path(&file);
        if fs::read_to_string(&path).is_ok_and(|committed| committed == text) {
            continue;
        }
        if check {
            outdated.push(file);
        } else {
            fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
            println!("idl: wrote {file}");
        }
    }
    ensure!(
        outdated.is_empty(),
        "not what the programs give: {}; run `./dev programs`",
        outdated.join(", ")
    );
    println!("idl: up to date, {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// Compiles, per program, the tests that print its interface.
fn printers(workspace: &Workspace) -> Result<Vec<(String, PathBuf)>> {
    let programs = workspace.programs()?;
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(workspace.root())
        .args([
            "test",
            "--no-run",
            "--lib",
            "--locked",
            "--quiet",
            "--message-format=json-render-diagnostics",
        ])
        .arg("--target-dir")
        .arg(workspace.target_dir("idl"));
    for program in &programs {
        cargo.args(["--package", program, "--features", &format!("{program}/idl-build")]);
    }
    let mut child = cargo.stdout(Stdio::piped()).spawn().context("starting cargo")?;
    let output = child.stdout.take().context("cargo has no output")?;
    let mut printers = Vec::new();
    for message in Message::parse_stream(BufReader::new(output)) {
        if let Message::CompilerArtifact(artifact) = message.context("reading cargo's messages")?
            && let Some(executable) = artifact.executable
            && programs.contains(&artifact.target.name)
        {
            printers.push((artifact.target.name, executable.into_std_path_buf()));
        }
    }
    if !child.wait().context("waiting for cargo")?.success() {
        bail!("the programs do not compile with their feature `idl-build`");
    }
    ensure!(
        printers.len() == programs.len(),
        "cargo built {} of {} programs",
        printers.len(),
        programs.len()
    );
    Ok(printers)
}

fn interface(printer: &Path) -> Result<String> {
    // One thread: the parts must not be printed into one another.
    let args = ["__anchor_private_print_idl", "--show-output", "--test-threads=1"];
    let printed = process::output(Command::new(printer).args(args))?;
    let idl: Idl = parts::assemble(&printed)?;
    let mut text = serde_json::to_string_pretty(&idl).context("writing the interface as JSON")?;
    text.push('\n');
    Ok(text)
}
