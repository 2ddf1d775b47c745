//! What the programs' error codes mean, in words, from the committed IDLs.

use serde::Deserialize;
use solana_program::instruction::InstructionError;
use solana_pubkey::Pubkey;
use std::{collections::HashMap, sync::OnceLock};

/// One entry of an IDL's `errors`.
#[derive(Clone, Debug, Deserialize)]
pub struct ProgramError {
    /// The number on chain.
    pub code: u32,
    /// The name in the program.
    pub name: String,
    /// What the caller did wrong and what to do.
    #[serde(default, rename = "msg")]
    pub message: String,
}

#[derive(Deserialize)]
struct Idl {
    #[serde(default)]
    errors: Vec<ProgramError>,
}

/// Codes that Anchor itself returns for broken account constraints, with their meaning. Source: `anchor_lang::ErrorCode`.
const ANCHOR: [(u32, &str); 6] = [
    (2000, "an account must be writable"),
    (2003, "an account breaks one of its constraints"),
    (2012, "an account has another address than the one expected"),
    (2019, "an account has another size than expected"),
    (2020, "an account that is needed is missing"),
    (2040, "an account is given twice where each must be another one"),
];

fn table() -> &'static HashMap<u32, ProgramError> {
    static TABLE: OnceLock<HashMap<u32, ProgramError>> = OnceLock::new();
    TABLE.get_or_init(|| {
        [
            include_str!("../../idl/market.json"),
            include_str!("../../idl/staking.json"),
        ]
        .into_iter()
        .filter_map(|idl| serde_json::from_str::<Idl>(idl).ok())
        .flat_map(|idl| idl.errors)
        .map(|error| (error.code, error))
        .collect()
    })
}

/// The error with this code, of either program: their codes do not overlap.
#[must_use]
pub fn lookup(code: u32) -> Option<&'static ProgramError> {
    table().get(&code)
}

/// One sentence for an instruction's error, with the code's name where it is ours.
#[must_use]
pub fn explain(error: &InstructionError) -> String {
    let InstructionError::Custom(code) = error else {
        return error.to_string();
    };
    if let Some(known) = lookup(*code) {
        return format!("{} ({})", known.message, known.name);
    }
    match ANCHOR.iter().find(|(anchor, _)| anchor == code) {
        Some((_, meaning)) => format!("{meaning} (error {code})"),
        None => format!("program error {code}"),
    }
}

/// Which of our programs an address is, for messages.
#[must_use]
pub fn program_name(program: &Pubkey) -> Option<&'static str> {
    match *program {
        market::ID => Some("market"),
        staking::ID => Some("staking"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::MarketError;
    use staking::StakingError;

    #[test]
    fn every_code_of_both_programs_has_a_sentence_that_says_what_to_do() {
        let last_market = 7000 + MarketError::FailoverTooLong as u32;
        let last_staking = 6000 + StakingError::NobodyToReward as u32;
        for code in (7000..=last_market).chain(6000..=last_staking) {
            let known = lookup(code).unwrap_or_else(|| panic!("code {code} is missing from the IDLs"));
            assert!(known.message.ends_with('.'), "{code}: {}", known.message);
        }
    }

    #[test]
    fn a_code_is_explained_with_its_name() {
        let code = 7000 + MarketError::NodeSilent as u32;
        assert!(explain(&InstructionError::Custom(code)).ends_with("(NodeSilent)"));
    }
}
