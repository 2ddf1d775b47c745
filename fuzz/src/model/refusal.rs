//! Why something is refused.

use anchor_lang::prelude::ProgramError;
use gantry_sdk::{market::MarketError, staking::StakingError};
use solana_instruction::error::InstructionError;

use crate::chain::Refused;

/// Why the model expects a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// By the market.
    Market(MarketError),
    /// By the staking program.
    Staking(StakingError),
    /// By a token program, for a reason with this number.
    Token(u32),
    /// By Anchor or the runtime.
    Runtime(InstructionError),
}

/// The model's verdict on one instruction.
pub type Verdict = Result<(), Refusal>;

/// A token program's `InsufficientFunds`.
pub const TOKENS_INSUFFICIENT: Refusal = Refusal::Token(1);
/// A token program's `OwnerMismatch`.
pub const TOKENS_OF_ANOTHER: Refusal = Refusal::Token(4);
/// An account that is written does not exist.
pub const WRITTEN_MISSING: Refusal = Refusal::Runtime(InstructionError::AccountDataTooSmall);
/// An account that is read does not exist.
pub const READ_MISSING: Refusal = Refusal::Runtime(InstructionError::UninitializedAccount);
/// An account that is to be created exists.
pub const EXISTS: Refusal = Refusal::Runtime(InstructionError::Custom(0));
/// A token account of another mint or owner.
pub const WRONG_PURSE: Refusal = Refusal::Runtime(InstructionError::InvalidAccountData);
/// Another account than the one that stands in an account.
pub const WRONG_ADDRESS: Refusal = Refusal::Runtime(InstructionError::Custom(2012));
/// One account in two places, written.
pub const TWICE: Refusal = Refusal::Runtime(InstructionError::Custom(2040));

impl Refusal {
    /// What the chain says.
    #[must_use]
    pub fn error(&self) -> InstructionError {
        match self {
            Self::Market(error) => runtime(ProgramError::from(*error)),
            Self::Staking(error) => runtime(ProgramError::from(*error)),
            Self::Token(code) => InstructionError::Custom(*code),
            Self::Runtime(error) => error.clone(),
        }
    }

    /// Whether this is what instruction number `index` was refused for.
    #[must_use]
    pub fn is(&self, index: u8, refused: &Refused) -> bool {
        refused.0 == index && refused.1 == self.error()
    }
}

impl From<MarketError> for Refusal {
    fn from(error: MarketError) -> Self {
        Self::Market(error)
    }
}

impl From<StakingError> for Refusal {
    fn from(error: StakingError) -> Self {
        Self::Staking(error)
    }
}

/// How the runtime reports a program's error.
fn runtime(error: ProgramError) -> InstructionError {
    InstructionError::from(u64::from(error))
}

/// Refuses when something does not hold.
pub fn require(holds: bool, otherwise: impl Into<Refusal>) -> Verdict {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}
