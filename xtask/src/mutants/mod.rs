//! `mutants`: bugs that are planted into the programs on purpose. A test suite that does not notice one has a hole.

mod list;
mod tests;
mod tree;

use std::{fs, path::Path, time::Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::{programs, workspace::Workspace};
use list::Mutant;
use tests::TestBinary;
use tree::Tree;

/// Which mutants to try.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Build and run nothing; fail if a mutant's text does not occur exactly once.
    #[arg(long)]
    check: bool,
    /// Only mutants whose names contain this; may be given more than once.
    #[arg(long)]
    only: Vec<String>,
    /// Try only these of the tests: market, staking, short (the fuzzer's), matrix.
    #[arg(long)]
    test: Vec<String>,
    /// Name the mutants and do nothing.
    #[arg(long)]
    list: bool,
}

/// What became of a mutant.
enum Fate {
    /// These tests noticed it.
    Killed { binary: String, tests: Vec<String> },
    /// No test noticed it.
    Survived,
    /// It gives the same bytecode, so there is nothing to notice.
    Same,
}

/// Tries the mutants, or with `--check` only whether they can be planted.
pub(crate) fn mutants(workspace: &Workspace, options: &Options) -> Result<()> {
    let violations = violations(workspace)?;
    if !violations.is_empty() {
        bail!("{}", violations.join("\n"));
    }
    let all = list::read(workspace)?;
    let is_chosen =
        |mutant: &Mutant| options.only.is_empty() || options.only.iter().any(|part| mutant.name.contains(part));
    let chosen: Vec<_> = all.into_iter().filter(is_chosen).collect();
    ensure!(!chosen.is_empty(), "no mutant has such a name");
    if options.list {
        chosen.iter().for_each(|mutant| println!("{}", mutant.name));
        return Ok(());
    }
    if options.check {
        println!("mutants: each of {} can be planted", chosen.len());
        return Ok(());
    }
    try_all(workspace, &chosen, options)
}

/// Everything that keeps a mutant of the list from being planted.
pub(crate) fn violations(workspace: &Workspace) -> Result<Vec<String>> {
    Ok(list::violations(&list::read(workspace)?, |file| {
        fs::read_to_string(workspace.path(file)).ok()
    }))
}

fn try_all(workspace: &Workspace, chosen: &[Mutant], options: &Options) -> Result<()> {
    let binaries = tests::build(workspace, &options.test)?;
    let tree = Tree::prepare(workspace)?;
    // What the tests load: first the programs as they are.
    let mut original = Vec::new();
    for program in workspace.programs()? {
        let bytes = programs::build_one(tree.workspace(), &program)?;
        tree.place(&program, &bytes)?;
        original.push((program, bytes));
    }
    if options.only.is_empty() {
        ensure!(
            noticed(&binaries, tree.programs())?.is_none(),
            "the tests fail already without a mutant"
        );
    }

    let (mut survived, mut same) = (Vec::new(), Vec::new());
    for mutant in chosen {
        let started = Instant::now();
        let fate = try_one(&tree, &binaries, &original, mutant)?;
        let seconds = started.elapsed().as_secs_f64();
        match fate {
            Fate::Killed { binary, tests } => {
                let example = tests.first().map_or("", String::as_str);
                println!(
                    "killed    {:<44} {seconds:>5.1} s  by {} of {binary}, such as {example}",
                    mutant.name,
                    tests.len()
                );
            }
            Fate::Survived => {
                println!("SURVIVED  {:<44} {seconds:>5.1} s  {}", mutant.name, mutant.why);
                survived.push(mutant.name.as_str());
            }
            Fate::Same => {
                println!(
                    "SAME      {:<44} {seconds:>5.1} s  its bytecode is the original's",
                    mutant.name
                );
                same.push(mutant.name.as_str());
            }
        }
    }
    let bad = survived.len() + same.len();
    println!("mutants: {} of {} were killed", chosen.len() - bad, chosen.len());
    ensure!(bad == 0, "survived: {survived:?}; the same as the original: {same:?}");
    Ok(())
}

fn try_one(tree: &Tree, binaries: &[TestBinary], original: &[(String, Vec<u8>)], mutant: &Mutant) -> Result<Fate> {
    let planted = tree.plant(mutant)?;
    let mut is_same = true;
    for (program, bytes) in original {
        if mutant.concerns(program) {
            let built = programs::build_one(tree.workspace(), program)
                .with_context(|| format!("the mutant {} does not compile", mutant.name))?;
            is_same &= built == *bytes;
            tree.place(program, &built)?;
        }
    }
    let fate = if is_same {
        Fate::Same
    } else {
        match noticed(binaries, tree.programs())? {
            Some((binary, tests)) => Fate::Killed { binary, tests },
            None => Fate::Survived,
        }
    };
    planted.uproot()?;
    for (program, bytes) in original {
        tree.place(program, bytes)?;
    }
    Ok(fate)
}

/// The first test binary that fails with these programs, and its failed tests.
fn noticed(binaries: &[TestBinary], programs: &Path) -> Result<Option<(String, Vec<String>)>> {
    for binary in binaries {
        if let Some(failed) = binary.failures(programs)? {
            return Ok(Some((binary.name.clone(), failed)));
        }
    }
    Ok(None)
}
