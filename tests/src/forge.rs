//! Instructions as nobody honest makes them.

use gantry_sdk::{Instruction, Keypair, Pubkey, Signer, address::ED25519_PROGRAM};

/// The instruction with another account in the place of `old`.
///
/// # Panics
/// When it does not name `old`.
#[must_use]
pub fn exchange(mut instruction: Instruction, old: &Pubkey, new: &Pubkey) -> Instruction {
    let place = instruction.accounts.iter_mut().find(|account| account.pubkey == *old);
    place
        .unwrap_or_else(|| panic!("the instruction does not name {old}"))
        .pubkey = *new;
    instruction
}

/// The instruction without asking for the signature of account number `index`.
#[must_use]
pub fn unsigned(mut instruction: Instruction, index: usize) -> Instruction {
    instruction.accounts[index].is_signer = false;
    instruction
}

/// The instruction with account number `index` read-only.
#[must_use]
pub fn read_only(mut instruction: Instruction, index: usize) -> Instruction {
    instruction.accounts[index].is_writable = false;
    instruction
}

/// A message with one signature.
#[derive(Clone, Debug)]
pub struct Signed {
    key: [u8; 32],
    signature: [u8; 64],
    message: Vec<u8>,
}

impl Signed {
    /// Signs a message.
    #[must_use]
    pub fn new(key: &Keypair, message: &[u8]) -> Self {
        Self {
            key: key.pubkey().to_bytes(),
            signature: key.sign_message(message).into(),
            message: message.to_vec(),
        }
    }
}

/// An instruction of the Ed25519 precompile over any number of signatures, which the precompile accepts.
#[derive(Clone, Debug)]
pub struct Precompile(Vec<Signed>);

impl Precompile {
    /// Over these signatures.
    #[must_use]
    pub fn over(signed: &[Signed]) -> Self {
        Self(signed.to_vec())
    }

    /// In the order of the canonical layout: offsets, keys, signatures, and the first signature's message for all.
    #[must_use]
    pub fn canonical(&self) -> Instruction {
        let message_at = self.messages_at();
        let message = self.0[0].message.clone();
        let places = vec![(message_at, message.len()); self.0.len()];
        self.instruction(&places, &message)
    }

    /// The same with one message behind the other.
    #[must_use]
    pub fn each_with_its_own_message(&self) -> Instruction {
        let mut at = self.messages_at();
        let mut places = Vec::new();
        for signed in &self.0 {
            places.push((at, signed.message.len()));
            at += signed.message.len();
        }
        let messages: Vec<_> = self.0.iter().flat_map(|signed| signed.message.clone()).collect();
        self.instruction(&places, &messages)
    }

    fn messages_at(&self) -> usize {
        2 + self.0.len() * (14 + 32 + 64)
    }

    fn instruction(&self, message_places: &[(usize, usize)], messages: &[u8]) -> Instruction {
        let count = self.0.len();
        let keys_at = 2 + count * 14;
        let signatures_at = keys_at + count * 32;
        let mut data = vec![u8::try_from(count).expect("few"), 0];
        for (number, (message_at, message_bytes)) in message_places.iter().enumerate() {
            let (signature_at, key_at) = (signatures_at + number * 64, keys_at + number * 32);
            let this = usize::from(u16::MAX);
            for field in [signature_at, this, key_at, this, *message_at, *message_bytes, this] {
                data.extend(u16::try_from(field).expect("short").to_le_bytes());
            }
        }
        data.extend(self.0.iter().flat_map(|signed| signed.key));
        data.extend(self.0.iter().flat_map(|signed| signed.signature));
        data.extend(messages);
        Instruction {
            program_id: ED25519_PROGRAM,
            accounts: Vec::new(),
            data,
        }
    }
}
