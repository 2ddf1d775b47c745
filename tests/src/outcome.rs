//! What a transaction did, or why it was refused.

use anchor_lang::{ErrorCode, prelude::ProgramError};
use gantry_sdk::{
    Pubkey,
    event::{self, Event},
};
use market::MarketError;
use solana_instruction::error::InstructionError;
use solana_transaction_error::TransactionError;
use staking::StakingError;

/// A transaction that took effect.
#[derive(Clone, Debug)]
pub struct Done {
    /// Everything logged.
    pub logs: Vec<String>,
    /// Compute units of all instructions together.
    pub compute_units: u64,
}

impl Done {
    /// The events of both programs, in order.
    ///
    /// # Panics
    /// When a logged payload is no event of ours.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        event::from_logs(self.logs.iter().map(String::as_str))
            .into_iter()
            .map(|logged| logged.event.expect("every payload is an event"))
            .collect()
    }

    /// Compute units of one invocation of `program`, with all that it called.
    ///
    /// # Panics
    /// When the program was not invoked exactly once.
    #[must_use]
    pub fn compute_units_of(&self, program: &Pubkey) -> u64 {
        let prefix = format!("Program {program} consumed ");
        let lines: Vec<_> = self.logs.iter().filter_map(|line| line.strip_prefix(&prefix)).collect();
        assert_eq!(lines.len(), 1, "one invocation was expected: {:#?}", self.logs);
        let units = lines[0].split(' ').next().and_then(|units| units.parse().ok());
        units.expect("the runtime logs the units")
    }

    /// The only event.
    ///
    /// # Panics
    /// When there is none or more than one.
    #[must_use]
    pub fn event(&self) -> Event {
        let mut events = self.events();
        assert_eq!(events.len(), 1, "one event was expected: {events:#?}");
        events.remove(0)
    }
}

/// A transaction that was refused.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Why.
    pub error: TransactionError,
    /// Everything logged until then.
    pub logs: Vec<String>,
}

/// The outcome of a transaction: say what it must be.
#[derive(Clone, Debug)]
#[must_use = "say that it succeeds, or why it is refused"]
pub struct Outcome(pub Result<Done, Refused>);

impl Outcome {
    /// The transaction took effect.
    ///
    /// # Panics
    /// When it was refused.
    #[track_caller]
    #[expect(clippy::must_use_candidate, reason = "what was done is often enough")]
    pub fn succeeds(self) -> Done {
        self.0.unwrap_or_else(|refused| {
            panic!(
                "the transaction was refused: {:?}\n{}",
                refused.error,
                refused.logs.join("\n")
            )
        })
    }

    /// Instruction number `instruction` of the transaction was refused for `cause`.
    ///
    /// # Panics
    /// When it took effect, or was refused otherwise.
    #[track_caller]
    pub fn is_refused_at(self, instruction: u8, cause: impl Cause) {
        let expected = TransactionError::InstructionError(instruction, cause.into_error());
        match self.0 {
            Ok(done) => panic!("{expected:?} was expected, but it succeeded\n{}", done.logs.join("\n")),
            Err(refused) => assert_eq!(refused.error, expected, "\n{}", refused.logs.join("\n")),
        }
    }

    /// The first instruction of the transaction was refused for `cause`.
    ///
    /// # Panics
    /// As [`Self::is_refused_at`].
    #[track_caller]
    pub fn is_refused(self, cause: impl Cause) {
        self.is_refused_at(0, cause);
    }
}

/// Why an instruction is refused.
pub trait Cause {
    /// The runtime's form of it.
    fn into_error(self) -> InstructionError;
}

impl Cause for InstructionError {
    fn into_error(self) -> InstructionError {
        self
    }
}

impl Cause for ProgramError {
    fn into_error(self) -> InstructionError {
        InstructionError::from(u64::from(self))
    }
}

impl Cause for ErrorCode {
    fn into_error(self) -> InstructionError {
        ProgramError::from(self).into_error()
    }
}

impl Cause for MarketError {
    fn into_error(self) -> InstructionError {
        ProgramError::from(self).into_error()
    }
}

impl Cause for StakingError {
    fn into_error(self) -> InstructionError {
        ProgramError::from(self).into_error()
    }
}
