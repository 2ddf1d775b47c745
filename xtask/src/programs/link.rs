//! Links one on-chain program: what rustc runs in place of a linker.
//!
//! Each bitcode file is disassembled, lowered (see [`lower`](super::lower)) and rid of atomics (a program is
//! single-threaded); `sbpf-linker` does the rest. Its code-generation errors are made fatal here, because it goes on
//! after them: only calls of the four memory functions are expected, since every program defines them itself.

use std::{
    env,
    ffi::OsString,
    fmt::Write as _,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};

use super::lower::{Inlining, lower};
use crate::process;

/// Names the program to link; other libraries of the same build become empty files.
pub(crate) const PROGRAM: &str = "GANTRY_LINK_PROGRAM";

/// Names the folder that holds the one LLVM library `sbpf-linker` may load.
pub(crate) const LLVM_DIR: &str = "GANTRY_LINK_LLVM";

/// The memory functions a program defines over the runtime's system calls.
const MEMORY_FUNCTIONS: [&str; 4] = ["memcpy", "memmove", "memset", "memcmp"];

/// What a program exports; whatever else libraries export by name, such as Anchor's dispatchers, is left out unless it is called.
fn exported() -> Vec<&'static str> {
    [&MEMORY_FUNCTIONS[..], &["entrypoint", "custom_panic"]].concat()
}

/// Links with the arguments rustc passes to a linker.
pub(crate) fn link(args: &[OsString]) -> Result<()> {
    let output = output_path(args)?;
    let program = env::var(PROGRAM).with_context(|| format!("{PROGRAM} names no program: use build-programs"))?;
    if library_name(&output) != program {
        // A dependency that is also a program. Linking it would be work for nothing.
        return fs::write(&output, []).with_context(|| format!("writing {}", output.display()));
    }

    let scratch = tempfile::tempdir().context("making a folder for the program's IR")?;
    let mut prepared = Vec::new();
    for (index, arg) in args.iter().enumerate() {
        prepared.push(if is_bitcode(Path::new(arg)) {
            lowered_bitcode(Path::new(arg), scratch.path(), index)?.into_os_string()
        } else {
            arg.clone()
        });
    }
    run_linker(&prepared).inspect_err(|_| drop(fs::remove_file(&output)))
}

fn output_path(args: &[OsString]) -> Result<PathBuf> {
    let at = args
        .iter()
        .position(|arg| arg == "-o")
        .context("the linker was given no `-o`")?;
    Ok(PathBuf::from(
        args.get(at + 1).context("the linker was given no path after `-o`")?,
    ))
}

/// `market` of `libmarket.so` and of `libmarket-0123456789abcdef.so`.
fn library_name(output: &Path) -> String {
    let file = output.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let stem = file.strip_prefix("lib").unwrap_or(&file);
    stem.split(['.', '-']).next().unwrap_or_default().to_owned()
}

fn is_bitcode(path: &Path) -> bool {
    let mut magic = [0; 2];
    path.extension().is_some_and(|extension| extension == "o")
        && fs::File::open(path)
            .and_then(|mut file| file.read_exact(&mut magic))
            .is_ok()
        && magic == *b"BC"
}

/// The path of a bitcode file that LLVM's BPF backend can compile.
fn lowered_bitcode(bitcode: &Path, scratch: &Path, index: usize) -> Result<PathBuf> {
    let file = |suffix: &str| scratch.join(format!("{index}.{suffix}"));
    let (ir, lowered_ir, forced, object) = (file("ll"), file("lowered.ll"), file("csv"), file("lowered.o"));

    process::run(Command::new("llvm-dis-22").arg(bitcode).arg("-o").arg(&ir))?;
    let lowered = lower(&fs::read_to_string(&ir).context("reading the program's IR")?)?;
    fs::write(&lowered_ir, &lowered.ir).context("writing the program's IR")?;

    let mut attributes = String::new();
    let mut optimise = Command::new("opt-22");
    for (function, inlining) in &lowered.forced {
        match inlining {
            Inlining::Always => {
                writeln!(attributes, "{function},alwaysinline")?;
                optimise.arg(format!("-force-remove-attribute={function}:noinline"));
            }
            Inlining::Never => writeln!(attributes, "{function},noinline")?,
        }
    }
    fs::write(&forced, attributes).context("writing the inlining attributes")?;
    optimise
        .arg("-passes=internalize,globaldce,forceattrs,always-inline,lower-atomic")
        .arg(format!("-internalize-public-api-list={}", exported().join(",")))
        .arg(format!("-forceattrs-csv-path={}", forced.display()))
        .arg(&lowered_ir)
        .arg("-o")
        .arg(&object);
    process::run(&mut optimise)?;
    Ok(object)
}

fn run_linker(args: &[OsString]) -> Result<()> {
    let llvm = env::var_os(LLVM_DIR).with_context(|| format!("{LLVM_DIR} is not set: use build-programs"))?;
    let result = Command::new("sbpf-linker")
        .args(["--fatal-errors=false", "--deploy=false"])
        .arg(format!("--export={}", MEMORY_FUNCTIONS.join(",")))
        .args(args)
        .env("LD_LIBRARY_PATH", llvm)
        .output()
        .context("starting sbpf-linker")?;

    let messages = String::from_utf8_lossy(&result.stderr);
    ensure!(
        result.status.success(),
        "sbpf-linker failed ({}):\n{messages}",
        result.status
    );
    let errors: Vec<_> = messages.lines().filter(|line| is_codegen_error(line)).collect();
    if !errors.is_empty() {
        bail!("the BPF backend cannot compile this program:\n{}", errors.join("\n"));
    }
    Ok(())
}

fn is_codegen_error(line: &str) -> bool {
    let expected = MEMORY_FUNCTIONS
        .iter()
        .any(|name| line.contains(&format!("built-in function '{name}' is not supported")));
    line.contains("ERROR") && !expected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_is_the_word_after_dash_o() {
        let args: Vec<OsString> = ["a.o", "-o", "deps/libmarket.so"].map(OsString::from).into();
        assert_eq!(output_path(&args).unwrap(), Path::new("deps/libmarket.so"));
        assert!(output_path(&args[..2]).is_err());
    }

    #[test]
    fn a_library_is_known_by_its_name_without_cargos_hash() {
        assert_eq!(library_name(Path::new("deps/libmarket.so")), "market");
        assert_eq!(library_name(Path::new("deps/libmarket-0123456789abcdef.so")), "market");
    }

    #[test]
    fn calls_of_the_memory_functions_are_no_errors() {
        assert!(!is_codegen_error(
            " ERROR llvm: a built-in function 'memcpy' is not supported"
        ));
        assert!(!is_codegen_error("warning: `solana-compiler-builtins` was not linked."));
    }

    #[test]
    fn any_other_error_of_the_backend_counts() {
        assert!(is_codegen_error(
            " ERROR llvm: a built-in function '__multi3' is not supported"
        ));
        assert!(is_codegen_error(" ERROR llvm: stack arguments are not supported"));
    }
}
