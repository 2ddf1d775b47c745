//! Prepares a program's LLVM IR for LLVM 22's BPF backend.
//!
//! 1. An overflow-checked 64-bit multiplication becomes a call of a small function of ours: the backend would turn it
//!    into a 128-bit library call, which BPF cannot return.
//! 2. A function that takes more than five registers cannot be called on BPF: it is always inlined.
//! 3. A large function stays a function: inlining all of them into the dispatcher makes jumps that no opcode can span.

use anyhow::{Context, Result};
use regex::Regex;

/// Argument registers of a BPF call (r1 to r5).
const REGISTERS: usize = 5;

/// Functions with more lines of IR than this are never inlined.
const LARGE_LINES: usize = 200;

/// How IR calls an overflow-checked 64-bit multiplication.
const INTRINSIC: &str = "@llvm.umul.with.overflow.i64(";

/// `{a * b, whether the product left 64 bits}`, from 32-bit halves.
const CHECKED_MULTIPLICATION: &str = include_str!("../../sbf/checked_multiplication.ll");

/// How LLVM must treat a function when it inlines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inlining {
    /// Takes too many registers to be called.
    Always,
    /// Too large to be repeated in its callers.
    Never,
}

/// IR ready for the backend.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lowered {
    /// The module's text.
    pub ir: String,
    /// Functions whose inlining is forced, in the order of their definitions.
    pub forced: Vec<(String, Inlining)>,
}

/// Lowers one module.
pub(crate) fn lower(ir: &str) -> Result<Lowered> {
    let (mut ir, replaced) = call_our_multiplication(ir);
    if replaced {
        ir.push('\n');
        ir.push_str(CHECKED_MULTIPLICATION);
    }
    let forced = forced_inlining(&ir)?;
    Ok(Lowered { ir, forced })
}

/// Redirects every call of the intrinsic, whatever attributes its arguments carry; declarations stay.
fn call_our_multiplication(ir: &str) -> (String, bool) {
    let mut text = String::with_capacity(ir.len());
    let mut replaced = false;
    for line in ir.split_inclusive('\n') {
        if line.contains(INTRINSIC) && !line.starts_with("declare") {
            replaced = true;
            text.push_str(&line.replace(INTRINSIC, "@sbf_umulo_i64("));
        } else {
            text.push_str(line);
        }
    }
    (text, replaced)
}

fn forced_inlining(ir: &str) -> Result<Vec<(String, Inlining)>> {
    let name = Regex::new(r#"@("[^"]*"|[\w.$]+)\("#)?;
    let mut forced = Vec::new();
    let mut current: Option<Function> = None;
    let mut body_lines = 0;
    for line in ir.lines() {
        if line.starts_with("define") {
            let function = Function::parse(line, &name)?;
            body_lines = 0;
            if function.registers > REGISTERS {
                forced.push((function.name.clone(), Inlining::Always));
            }
            current = Some(function);
        } else if line.starts_with('}') {
            if let Some(function) = current.take()
                && body_lines > LARGE_LINES
                && function.registers <= REGISTERS
            {
                forced.push((function.name, Inlining::Never));
            }
        } else {
            body_lines += 1;
        }
    }
    Ok(forced)
}

/// What a `define` line says about its function.
#[derive(Debug, PartialEq, Eq)]
struct Function {
    name: String,
    /// 64-bit registers that the parameters take.
    registers: usize,
}

impl Function {
    fn parse(define: &str, name: &Regex) -> Result<Self> {
        let found = name
            .captures(define)
            .with_context(|| format!("no function name in `{define}`"))?;
        let parameters = &define[found.get_match().end()..];
        Ok(Self {
            name: found[1].trim_matches('"').to_owned(),
            registers: parameter_list(parameters).into_iter().map(registers_of).sum(),
        })
    }
}

fn registers_of(parameter: &str) -> usize {
    if parameter.starts_with("i128") { 2 } else { 1 }
}

/// Splits the text after a function's opening parenthesis at its own commas, up to the parenthesis that closes it.
fn parameter_list(text: &str) -> Vec<&str> {
    let mut depth = 1_u32;
    let mut start = 0;
    let mut parameters = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' | '<' => depth += 1,
            ')' | ']' | '}' | '>' => depth -= 1,
            _ => {}
        }
        if depth == 0 || (c == ',' && depth == 1) {
            let parameter = text[start..at].trim();
            if !parameter.is_empty() {
                parameters.push(parameter);
            }
            start = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    parameters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checked_multiplication_becomes_a_call_of_our_function() {
        let ir = "define i64 @f(i64 %a) {\n  %r = call { i64, i1 } @llvm.umul.with.overflow.i64(i64 %a, i64 60)\n}\n";
        let lowered = lower(ir).unwrap().ir;
        assert!(
            lowered.contains("call { i64, i1 } @sbf_umulo_i64(i64 %a, i64 60)"),
            "{lowered}"
        );
        assert!(
            lowered.contains("define internal { i64, i1 } @sbf_umulo_i64"),
            "{lowered}"
        );
    }

    #[test]
    fn a_multiplication_whose_argument_has_a_known_range_is_replaced_too() {
        let call = "  %r = tail call { i64, i1 } @llvm.umul.with.overflow.i64(i64 range(i64 0, 9) %a, i64 %b)\n";
        assert!(!lower(call).unwrap().ir.contains("llvm.umul"));
    }

    #[test]
    fn a_module_without_checked_multiplications_stays_as_it_is() {
        let ir = "declare { i64, i1 } @llvm.umul.with.overflow.i64(i64, i64) #1\n";
        assert_eq!(
            lower(ir).unwrap(),
            Lowered {
                ir: ir.to_owned(),
                forced: Vec::new()
            }
        );
    }

    #[test]
    fn a_function_of_six_registers_is_always_inlined() {
        let ir = "define i64 @six(i64 %a, i64 %b, i128 %c, { i64, i64 } %d, ptr align 8 dereferenceable(8) %e) {\n}\n\
                  define i64 @five(i64 %a, i64 %b, i64 %c, i64 %d, ptr %e) {\n}\n";
        assert_eq!(lower(ir).unwrap().forced, [("six".to_owned(), Inlining::Always)]);
    }

    #[test]
    fn a_large_function_is_never_inlined() {
        let ir = format!(
            "define void @\"big::one\"() {{\n{}}}\n",
            "  fence seq_cst\n".repeat(LARGE_LINES + 1)
        );
        assert_eq!(lower(&ir).unwrap().forced, [("big::one".to_owned(), Inlining::Never)]);
    }

    #[test]
    fn a_large_function_of_six_registers_is_still_inlined() {
        let body = "  fence seq_cst\n".repeat(LARGE_LINES + 1);
        let ir = format!("define void @f(i64 %a, i64 %b, i64 %c, i64 %d, i64 %e, i64 %f) {{\n{body}}}\n");
        assert_eq!(lower(&ir).unwrap().forced, [("f".to_owned(), Inlining::Always)]);
    }

    #[test]
    fn a_function_without_parameters_takes_no_registers() {
        let ir = "define void @f() unnamed_addr {\n}\n";
        assert_eq!(parameter_list(") unnamed_addr {"), Vec::<&str>::new());
        assert_eq!(lower(ir).unwrap().forced, []);
    }
}
