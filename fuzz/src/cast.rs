//! Who takes part: actors with their keys, and the tokens they hold.

use gantry_sdk::{Keypair, Pubkey, Signer, wire::sha256};
use serde::{Deserialize, Serialize};

/// How many actors there are. Each may be provider, tenant, reporter and authority, also at the same time.
pub const ACTORS: u8 = 7;
/// How many mints there are: more than a node can be priced in.
pub const TOKENS: u8 = 5;
/// Attestation keys that a provider takes turns with.
pub const ATTESTATION_KEYS: u8 = 3;

/// A participant's number, below [`ACTORS`].
pub type Actor = u8;
/// A mint's number, below [`TOKENS`].
pub type Token = u8;

/// A class's number, below [`CLASSES`].
pub type Class = u8;
/// A GPU's number, below [`DEVICES`].
pub type Device = u16;

/// How many names of classes there are. The last is none.
pub const CLASSES: Class = 4;
/// How many GPUs there are in the world.
pub const DEVICES: Device = 40;

/// What governance may call a class.
#[must_use]
pub const fn class_name(class: Class) -> [u8; 16] {
    match class {
        0 => *b"h100-sxm\0\0\0\0\0\0\0\0",
        1 => *b"rtx-4090\0\0\0\0\0\0\0\0",
        2 => *b"sixteen-letters-",
        _ => *b"H100\0\0\0\0\0\0\0\0\0\0\0\0",
    }
}

/// Whether it is a name.
#[must_use]
pub const fn is_named(class: Class) -> bool {
    class + 1 < CLASSES
}

/// What tells a GPU from every other.
#[must_use]
pub fn identity(device: Device) -> [u8; 32] {
    let mut identity = [0xde; 32];
    identity[..2].copy_from_slice(&device.to_le_bytes());
    identity
}

/// Who gets the fees at first, and trades only after somebody else is named.
pub const TREASURER: Actor = 6;

/// The network token, which bonds are made of.
pub const GNT: Token = 0;
/// A mint of the token program of 2022; the others are the classic program's.
pub const OF_2022: Token = 2;

/// All actors.
pub fn actors() -> impl Iterator<Item = Actor> {
    0..ACTORS
}

/// All tokens.
pub fn tokens() -> impl Iterator<Item = Token> {
    0..TOKENS
}

/// A key that somebody holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Key {
    /// An actor's wallet.
    Wallet(Actor),
    /// An actor's hot key as a tenant.
    Session(Actor),
    /// Another, which it rotates to.
    Spare(Actor),
    /// One of an actor's hot keys as a provider.
    Attestation(Actor, u8),
    /// All zeros, which nobody holds.
    Zero,
}

/// Where tokens can lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purse {
    /// An actor's token account of a mint.
    Of(Actor, Token),
    /// The market's vault of a mint.
    Vault(Token),
    /// The vault of the bonds.
    Bonds,
}

impl Purse {
    /// Which token lies there.
    #[must_use]
    pub const fn token(self) -> Token {
        match self {
            Self::Of(_, token) | Self::Vault(token) => token,
            Self::Bonds => GNT,
        }
    }
}

/// Everybody's key pairs.
#[derive(Debug)]
pub struct Keys {
    pairs: Vec<Keypair>,
    addresses: Vec<Pubkey>,
}

impl Keys {
    /// The same in every run.
    #[must_use]
    pub fn new() -> Self {
        let per_actor = |actor: Actor| {
            let mut names: Vec<_> = HOT.map(|kind| format!("fuzz {kind} {actor}")).into();
            names.extend((0..ATTESTATION_KEYS).map(|number| format!("fuzz attestation {actor} {number}")));
            names
        };
        let pairs: Vec<_> = actors().flat_map(per_actor).map(named).collect();
        let addresses = pairs.iter().map(Signer::pubkey).collect();
        Self { pairs, addresses }
    }

    /// A key's address.
    #[must_use]
    pub fn address(&self, key: Key) -> Pubkey {
        place(key).map_or_else(Pubkey::default, |place| self.addresses[place])
    }

    /// The addresses of all keys.
    pub fn addresses(&self) -> impl Iterator<Item = Pubkey> {
        self.addresses.iter().copied()
    }

    /// A key that can sign.
    ///
    /// # Panics
    /// When nobody holds it.
    #[must_use]
    pub fn pair(&self, key: Key) -> &Keypair {
        &self.pairs[place(key).expect("somebody holds the key")]
    }
}

impl Default for Keys {
    fn default() -> Self {
        Self::new()
    }
}

/// The keys of an actor that is no provider.
const HOT: [&str; 3] = ["wallet", "session", "spare"];

/// The key pair of a name.
fn named(name: String) -> Keypair {
    Keypair::new_from_array(sha256(name.as_bytes()))
}

fn place(key: Key) -> Option<usize> {
    let (actor, place) = match key {
        Key::Wallet(actor) => (actor, 0),
        Key::Session(actor) => (actor, 1),
        Key::Spare(actor) => (actor, 2),
        Key::Attestation(actor, number) => (actor, 3 + number),
        Key::Zero => return None,
    };
    Some(usize::from(actor) * (HOT.len() + usize::from(ATTESTATION_KEYS)) + usize::from(place))
}
