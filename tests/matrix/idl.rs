//! What the IDLs say of every instruction's accounts: they drive the cases, so that nothing new goes untested.

use gantry_sdk::Pubkey;
use gantry_tests::chain::committed;
use serde::Deserialize;

/// A program and its instructions.
#[derive(Deserialize)]
pub(crate) struct Idl {
    /// The program.
    pub(crate) address: String,
    /// Its instructions.
    pub(crate) instructions: Vec<Instruction>,
}

/// An instruction.
#[derive(Clone, Deserialize)]
pub(crate) struct Instruction {
    /// Its name.
    pub(crate) name: String,
    /// Its accounts, in order.
    pub(crate) accounts: Vec<Place>,
}

/// One account of an instruction: what the program asks of whoever stands here.
#[derive(Clone, Deserialize)]
pub(crate) struct Place {
    /// Its name.
    pub(crate) name: String,
    /// Whether it must sign.
    #[serde(default)]
    pub(crate) signer: bool,
    /// Whether it must be writable.
    #[serde(default)]
    pub(crate) writable: bool,
    /// The only address that is accepted, where it is fixed.
    #[serde(default)]
    address: Option<String>,
    /// The seeds of the only address that is accepted, where it is derived.
    #[serde(default)]
    pda: Option<serde_json::Value>,
    /// The accounts that name the only address that is accepted.
    #[serde(default)]
    relations: Vec<String>,
}

/// What the IDL ties an account to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tie {
    /// An address, or the field of another account.
    Address,
    /// Seeds.
    Seeds,
    /// Nothing that the IDL knows of.
    None,
}

impl Place {
    /// What this account is tied to.
    pub(crate) fn tie(&self) -> Tie {
        if self.pda.is_some() {
            Tie::Seeds
        } else if self.address.is_some() || !self.relations.is_empty() {
            Tie::Address
        } else {
            Tie::None
        }
    }
}

/// Both programs, as their committed IDLs describe them.
pub(crate) fn programs() -> Vec<(Pubkey, Idl)> {
    ["idl/market.json", "idl/staking.json"]
        .into_iter()
        .map(|path| {
            let idl: Idl = serde_json::from_slice(&committed(path)).expect("an IDL");
            (idl.address.parse().expect("an address"), idl)
        })
        .collect()
}

/// The instruction of this name and its program.
///
/// # Panics
/// When there is none, or both programs have one.
pub(crate) fn instruction(name: &str) -> (Pubkey, Instruction) {
    let mut found: Vec<_> = programs()
        .into_iter()
        .flat_map(|(program, idl)| {
            idl.instructions
                .into_iter()
                .map(move |instruction| (program, instruction))
        })
        .filter(|(_, instruction)| instruction.name == name)
        .collect();
    assert_eq!(found.len(), 1, "one program has an instruction {name}");
    found.remove(0)
}
