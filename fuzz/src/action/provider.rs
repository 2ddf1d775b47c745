//! Providers and their keys.

use gantry_sdk::{
    Instruction,
    market::{ID, ProviderProfile, accounts, instruction as arguments},
};
use serde::{Deserialize, Serialize};

use super::{Step, build};
use crate::{
    book::{Book, Place},
    cast::{Actor, Key},
    dice::Dice,
    model::{State, Verdict},
};

/// Profiles by number: the first ones are in order, the others not.
pub(crate) mod profile_number {
    /// The first profile that is not in order: it names no TLS key.
    pub(crate) const WITHOUT_TLS_KEY: u8 = 4;
    /// From this one on the endpoint is malformed.
    pub(crate) const FIRST_WRONG_ENDPOINT: u8 = 5;
}

use profile_number::WITHOUT_TLS_KEY;

const ENDPOINTS: [&str; 10] = [
    "https://a",
    "https://agent.example:7443",
    "https://192.0.2.1:1",
    "https://[2001:db8::1]:443/",
    "https://no-tls-key.example",
    "",
    "https://",
    "http://plain.example",
    "https://with space",
    "https://k\u{f6}ln.example",
];

/// The profile of this number with this key.
///
/// # Panics
/// When there is none of this number.
#[must_use]
pub fn profile(book: &Book, attestation: Key, number: u8) -> ProviderProfile {
    let text = ENDPOINTS[usize::from(number)].as_bytes();
    let mut endpoint = [0; gantry_sdk::protocol::limits::MAX_ENDPOINT_BYTES];
    endpoint[..text.len()].copy_from_slice(text);
    ProviderProfile {
        attestation_key: book.key(attestation),
        tls_key_hash: if number == WITHOUT_TLS_KEY {
            [0; 32]
        } else {
            [number + 1; 32]
        },
        endpoint,
        endpoint_bytes: u16::try_from(text.len()).expect("short"),
    }
}

fn any_profile(dice: &mut Dice) -> u8 {
    let count = if dice.chance(10) {
        ENDPOINTS.len() as u64
    } else {
        u64::from(WITHOUT_TLS_KEY)
    };
    u8::try_from(dice.below(count)).expect("few")
}

fn attestation_of(dice: &mut Dice, owner: Actor) -> Key {
    match dice.below(20) {
        0 => Key::Zero,
        1 => dice.key(),
        2 => Key::Wallet(owner),
        _ => Key::Attestation(owner, dice.generation()),
    }
}

/// `provider_register`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ProviderRegister {
    pub owner: Actor,
    pub attestation: Key,
    pub profile: u8,
}

impl Step for ProviderRegister {
    fn generate(dice: &mut Dice, _: &State) -> Option<Self> {
        let owner = dice.actor();
        Some(Self {
            owner,
            attestation: attestation_of(dice, owner),
            profile: any_profile(dice),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.provider_register(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::ProviderRegister {
            owner: book.wallet(self.owner),
            provider: book.at(Place::Provider(self.owner)),
            system_program: gantry_sdk::address::SYSTEM_PROGRAM,
        };
        let args = profile(book, self.attestation, self.profile);
        build(ID, &accounts, &arguments::ProviderRegister { args })
    }
}

/// `provider_update`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ProviderUpdate {
    pub signer: Key,
    pub provider: Actor,
    pub attestation: Key,
    pub profile: u8,
}

impl Step for ProviderUpdate {
    fn generate(dice: &mut Dice, _: &State) -> Option<Self> {
        let provider = dice.actor();
        Some(Self {
            signer: dice.signer(Key::Wallet(provider)),
            provider,
            attestation: attestation_of(dice, provider),
            profile: any_profile(dice),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.provider_update(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::ProviderUpdate {
            owner: book.key(self.signer),
            provider: book.at(Place::Provider(self.provider)),
        };
        let args = profile(book, self.attestation, self.profile);
        build(ID, &accounts, &arguments::ProviderUpdate { args })
    }
}
