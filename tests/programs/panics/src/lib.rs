//! A program that does what programs must not do: it tests the toolchain, and is deployed nowhere.
//!
//! Instruction: one byte that names an operation of [`compute`], then two operands of 64 bits, little-endian. The first account's
//! first eight bytes are overwritten with [`MARK`] before the operation and with its result after it, so that whatever fails in
//! between has a change to undo.
#![allow(unexpected_cfgs)] // Pinocchio's macros name configuration options of platform-tools.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

gantry_onchain::memory_symbols!();

pinocchio::program_entrypoint!(process, 1);
pinocchio::default_allocator!();

/// What stands in the account while the operation runs.
const MARK: [u8; 8] = [0xaa; 8];

/// The error of an operation that noticed for itself that its result leaves 64 bits.
const OVERFLOW: u32 = 1;

fn process(_program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [account] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    let (operation, operands) = data.split_first().ok_or(ProgramError::InvalidInstructionData)?;
    let (a, b) = operands
        .split_first_chunk()
        .ok_or(ProgramError::InvalidInstructionData)?;
    let b = b.try_into().map_err(|_| ProgramError::InvalidInstructionData)?;
    let mut kept = account.try_borrow_mut()?;
    let kept: &mut [u8; 8] = kept.first_chunk_mut().ok_or(ProgramError::InvalidAccountData)?;
    *kept = MARK;
    *kept = compute(*operation, u64::from_le_bytes(*a), u64::from_le_bytes(b))?.to_le_bytes();
    Ok(())
}

/// The operations, each of which aborts for some operands. They come from outside, so that no compiler knows the outcome.
#[inline(never)]
fn compute(operation: u8, a: u64, b: u64) -> Result<u64, ProgramError> {
    let table: [u64; 4] = [b, 1, 2, 3];
    Ok(match operation {
        b'+' => a + b,
        b'-' => a - b,
        b'*' => a * b,
        b'/' => a / b,
        b'%' => a % b,
        b'<' => a << b,
        b'i' => table[a as usize],
        b'r' => table[a as usize..b as usize].len() as u64,
        b'u' => a.checked_sub(b).unwrap(),
        b'e' => u32::try_from(a).map(u64::from).expect("a small operand"),
        b'n' => u64::from(a as u32 * b as u32),
        b's' => (a as i64 / b as i64) as u64,
        b'a' => {
            assert!(a != b);
            a
        }
        b'p' if a == b => panic!("as asked"),
        b'x' if a == b => unreachable!(),
        b'p' | b'x' => a,
        b'c' => a.checked_mul(b).ok_or(ProgramError::Custom(OVERFLOW))?,
        _ => return Err(ProgramError::InvalidInstructionData),
    })
}
