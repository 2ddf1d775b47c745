//! What the toolchain makes of a program: a panic aborts the transaction and changes nothing, and arithmetic is right.

use gantry_sdk::{Instruction, Pubkey, Signer};
use gantry_tests::{
    chain::{Chain, committed},
    key,
    outcome::Outcome,
};
use proptest::{prelude::*, strategy::ValueTree};
use solana_account::Account;
use solana_instruction::{AccountMeta, error::InstructionError};

/// The error that the program gives when it notices an overflow itself.
const OVERFLOW: InstructionError = InstructionError::Custom(1);
/// How the runtime reports a program that aborted.
const ABORTED: InstructionError = InstructionError::ProgramFailedToComplete;
/// What the account holds at first.
const UNTOUCHED: u64 = 0x0123_4567_89ab_cdef;

/// The program of `tests/programs/panics`, and the account that it writes to.
struct Calculator {
    chain: Chain,
    program: Pubkey,
    account: Pubkey,
}

impl Calculator {
    fn new() -> Self {
        let deployer = key::fresh().pubkey();
        let mut chain = Chain::new(&deployer);
        let (program, account) = (key::fresh().pubkey(), key::fresh().pubkey());
        chain.deploy(&program, &committed("tests/programs/bin/panics.so"), &deployer);
        let kept = Account {
            lamports: chain.rent(8),
            data: UNTOUCHED.to_le_bytes().to_vec(),
            owner: program,
            ..Account::default()
        };
        chain.put(&account, kept);
        Self {
            chain,
            program,
            account,
        }
    }

    fn instruction(&self, operation: u8, a: u64, b: u64) -> Instruction {
        Instruction {
            program_id: self.program,
            accounts: vec![AccountMeta::new(self.account, false)],
            data: [&[operation][..], &a.to_le_bytes(), &b.to_le_bytes()].concat(),
        }
    }

    /// Has the program compute; `Chain::send` checks that a refused transaction changed no account.
    fn compute(&mut self, operation: u8, a: u64, b: u64) -> Outcome {
        let instruction = self.instruction(operation, a, b);
        self.chain.send(&[instruction], &[])
    }

    fn kept(&self) -> u64 {
        let account = self.chain.account(&self.account).expect("it was put there");
        u64::from_le_bytes(account.data.try_into().expect("eight bytes"))
    }

    #[track_caller]
    fn gives(&mut self, operation: u8, a: u64, b: u64, result: u64) {
        self.compute(operation, a, b).succeeds();
        assert_eq!(self.kept(), result, "{a} {} {b}", char::from(operation));
    }

    #[track_caller]
    fn aborts(&mut self, operation: u8, a: u64, b: u64) {
        let before = self.kept();
        self.compute(operation, a, b).is_refused(ABORTED);
        assert_eq!(self.kept(), before, "{a} {} {b}", char::from(operation));
    }
}

#[test]
fn an_index_out_of_range_aborts_and_changes_nothing() {
    let mut calculator = Calculator::new();
    calculator.aborts(b'i', 4, 0);
    calculator.aborts(b'i', u64::MAX, 0);
    calculator.gives(b'i', 3, 0, 3);
}

#[test]
fn a_range_outside_a_slice_or_the_wrong_way_round_aborts_and_changes_nothing() {
    let mut calculator = Calculator::new();
    calculator.aborts(b'r', 0, 5);
    calculator.aborts(b'r', 3, 2);
    calculator.gives(b'r', 1, 4, 3);
}

#[test]
fn unwrapping_nothing_aborts_and_changes_nothing() {
    let mut calculator = Calculator::new();
    calculator.aborts(b'u', 1, 2);
    calculator.gives(b'u', 2, 1, 1);
}

#[test]
fn expecting_success_of_an_error_aborts_and_changes_nothing() {
    let mut calculator = Calculator::new();
    calculator.aborts(b'e', 1 << 32, 0);
    calculator.gives(b'e', (1 << 32) - 1, 0, (1 << 32) - 1);
}

#[test]
fn dividing_by_zero_aborts_and_changes_nothing() {
    let mut calculator = Calculator::new();
    calculator.aborts(b'/', 1, 0);
    calculator.aborts(b'%', 1, 0);
    calculator.aborts(b's', 1, 0);
    calculator.gives(b'/', 7, 2, 3);
    calculator.gives(b'%', 7, 2, 1);
}

#[test]
fn arithmetic_that_overflows_aborts_and_changes_nothing() {
    let mut calculator = Calculator::new();
    let lowest = i64::MIN.cast_unsigned();
    for (operation, a, b) in [
        (b'+', u64::MAX, 1),
        (b'-', 0, 1),
        (b'*', 1 << 32, 1 << 32),
        (b'<', 1, 64),
        // 2³² in 32 bits, and the one signed quotient that does not fit.
        (b'n', 1 << 16, 1 << 16),
        (b's', lowest, u64::MAX),
    ] {
        calculator.aborts(operation, a, b);
    }
    calculator.gives(b'+', u64::MAX - 1, 1, u64::MAX);
    calculator.gives(b'-', 1, 1, 0);
    calculator.gives(b'*', (1 << 32) - 1, (1 << 32) + 1, u64::MAX);
    calculator.gives(b'<', 1, 63, 1 << 63);
    calculator.gives(b's', lowest, 1, lowest);
}

#[test]
fn a_panic_that_the_source_asks_for_aborts_and_changes_nothing() {
    let mut calculator = Calculator::new();
    for operation in [b'p', b'x', b'a'] {
        calculator.aborts(operation, 1, 1);
        calculator.gives(operation, 1, 2, 1);
    }
}

#[test]
fn a_panic_undoes_the_instructions_before_it() {
    let mut calculator = Calculator::new();
    let instructions = [calculator.instruction(b'+', 1, 1), calculator.instruction(b'/', 1, 0)];
    calculator.chain.send(&instructions, &[]).is_refused_at(1, ABORTED);
    assert_eq!(calculator.kept(), UNTOUCHED);
}

#[test]
fn checked_multiplication_is_right_at_every_pair_of_edges() {
    let edges = [
        0,
        1,
        2,
        3,
        (1 << 31) - 1,
        1 << 31,
        (1 << 32) - 1,
        1 << 32,
        (1 << 32) + 1,
        1 << 63,
        u64::MAX - 1,
        u64::MAX,
    ];
    let mut calculator = Calculator::new();
    for a in edges {
        for b in edges {
            multiply(&mut calculator, a, b);
        }
    }
}

#[test]
fn checked_multiplication_is_right_for_random_words() {
    let mut calculator = Calculator::new();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let word = || (0..64u32, any::<u64>()).prop_map(|(shift, word)| word >> shift);
    for _ in 0..300 {
        let pair = (word(), word())
            .new_tree(&mut runner)
            .expect("any pair will do")
            .current();
        multiply(&mut calculator, pair.0, pair.1);
    }
}

/// Multiplies in both ways: with a check of the program's own, and with the compiler's.
#[track_caller]
fn multiply(calculator: &mut Calculator, a: u64, b: u64) {
    match a.checked_mul(b) {
        Some(product) => {
            calculator.gives(b'c', a, b, product);
            calculator.gives(b'*', a, b, product);
        }
        None => {
            calculator.compute(b'c', a, b).is_refused(OVERFLOW);
            calculator.aborts(b'*', a, b);
        }
    }
}
