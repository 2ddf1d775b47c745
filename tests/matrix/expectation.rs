//! What must become of a case: refused by rule, unless an exception says why not.

use anchor_lang::ErrorCode;
use gantry_sdk::{
    Instruction, Pubkey,
    address::{ED25519_PROGRAM, SYSTEM_PROGRAM},
};
use gantry_tests::outcome::Cause;
use market::MarketError;
use solana_instruction::error::InstructionError;
use staking::StakingError;

use crate::{
    case::{Case, Fault},
    exceptions::{self, MAY_STAND_TWICE},
    identities::IDENTITIES,
    idl::Tie,
    kind::Kind,
    scene::seen,
    subject::{Account, Subject},
};

/// Anchor's `ConstraintMut`.
pub(crate) const CONSTRAINT_MUT: InstructionError = InstructionError::Custom(2000);
/// Anchor's `ConstraintExecutable`.
pub(crate) const CONSTRAINT_EXECUTABLE: InstructionError = InstructionError::Custom(2007);
/// The system program's `AccountAlreadyInUse`.
const ALREADY_IN_USE: InstructionError = InstructionError::Custom(0);

/// What becomes of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Refused by the market.
    Market(MarketError),
    /// Refused by the staking program.
    Staking(StakingError),
    /// Refused by the runtime, by Anchor or by a program of Solana's.
    Solana(InstructionError),
    /// It succeeds, by design.
    Allowed,
}

impl Verdict {
    /// The error, or none when the call succeeds.
    pub(crate) fn error(&self) -> Option<InstructionError> {
        match self.clone() {
            Self::Market(error) => Some(error.into_error()),
            Self::Staking(error) => Some(error.into_error()),
            Self::Solana(error) => Some(error),
            Self::Allowed => None,
        }
    }
}

/// What must become of this case.
pub(crate) fn verdict(subject: &Subject, case: &Case) -> Verdict {
    let Account { place, kind } = &subject.accounts[case.index];
    if let Some(exception) = exceptions::of(subject.name, &place.name, &case.fault) {
        return exception.verdict.clone();
    }
    let by_rule = match &case.fault {
        Fault::Missing => ErrorCode::AccountNotEnoughKeys.into_error(),
        Fault::Unsigned => InstructionError::MissingRequiredSignature,
        // Of a signer both flags are looked at together.
        Fault::ReadOnly if *kind == Kind::Signer => InstructionError::MissingRequiredSignature,
        Fault::ReadOnly if *kind == Kind::Init => InstructionError::PrivilegeEscalation,
        Fault::ReadOnly => CONSTRAINT_MUT,
        Fault::Occupied => ALREADY_IN_USE,
        Fault::Exchanged(other, _) => return of_others(subject, case, &[case.index, *other]),
        _ => return of_others(subject, case, &[case.index]),
    };
    Verdict::Solana(by_rule)
}

/// What becomes of a call in which other accounts stand in these places: all accounts are loaded before any is compared, so it is
/// refused for the first that cannot be what it must, or else for the first that is not who it must be.
fn of_others(subject: &Subject, case: &Case, places: &[usize]) -> Verdict {
    let (chain, call) = case.prepare(subject);
    if is_twice(subject.name, &subject.accounts, &call) {
        return Verdict::Solana(ErrorCode::ConstraintDuplicateMutableAccount.into_error());
    }
    for index in places {
        let Account { place, kind } = &subject.accounts[*index];
        let meta = &call.accounts[*index];
        if place.signer && !meta.is_signer {
            return Verdict::Solana(InstructionError::MissingRequiredSignature);
        }
        let is_writable = place.writable && !is_locked(&meta.pubkey, &call.program_id);
        let account = seen(&chain, &meta.pubkey);
        if let Some(error) = kind.refuses(&account, place.writable, is_writable) {
            return Verdict::Solana(error);
        }
    }
    // What is to be created comes last.
    if places.iter().any(|index| subject.accounts[*index].kind == Kind::Init) {
        return Verdict::Solana(ErrorCode::ConstraintSeeds.into_error());
    }
    of_identity(subject.name, &subject.accounts[case.index], &case.fault)
}

/// How the program refuses an account that could be the right one but is not.
///
/// # Panics
/// When nothing says how the program knows the right one.
fn of_identity(instruction: &str, account: &Account, fault: &Fault) -> Verdict {
    let place = &account.place;
    let known = IDENTITIES
        .iter()
        .find(|(of, name, _)| *of == instruction && *name == place.name);
    match (known, place.tie()) {
        // A copy says of itself what the right one says, so only the address can give it away.
        (Some((_, _, verdict)), tie) if tie == Tie::None || !matches!(fault, Fault::Copied) => verdict.clone(),
        (_, Tie::Address) => Verdict::Solana(ErrorCode::ConstraintAddress.into_error()),
        (_, Tie::Seeds) => Verdict::Solana(ErrorCode::ConstraintSeeds.into_error()),
        (_, Tie::None) => panic!("how does {instruction} know its {}?", place.name),
    }
}

/// Whether an account that is written stands in two places.
fn is_twice(instruction: &str, accounts: &[Account], call: &Instruction) -> bool {
    let metas = call.accounts.iter().zip(accounts);
    let mut written = metas.enumerate().filter(|(_, (meta, account))| {
        meta.is_writable && !MAY_STAND_TWICE.contains(&(instruction, account.place.name.as_str()))
    });
    written.any(|(index, (meta, _))| {
        let mut others = call.accounts.iter().enumerate();
        others.any(|(other, there)| other != index && there.pubkey == meta.pubkey)
    })
}

/// Whether the runtime makes an account read-only whatever the transaction asks: builtins, sysvars, and the program that is called.
fn is_locked(address: &Pubkey, called: &Pubkey) -> bool {
    [SYSTEM_PROGRAM, ED25519_PROGRAM, *called].contains(address) || address.to_string().starts_with("Sysvar")
}
