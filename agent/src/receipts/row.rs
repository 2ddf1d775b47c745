//! The bytes of the log's rows.

use gantry_protocol::{
    Receipt,
    merkle::{Frontier, Hash},
    receipt::RECEIPT_BYTES,
};
use gantry_sdk::{Pubkey, Signature, receipt::CoSignedReceipt};

/// A receipt, the key that signed it, its signature, and later the tenant's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRow {
    /// What was signed.
    pub receipt: Receipt,
    /// The attestation key at that time.
    pub provider_key: Pubkey,
    /// Its signature.
    pub provider_signature: Signature,
    /// The session key's signature, once it came.
    pub tenant_signature: Option<Signature>,
}

const KEY_AT: usize = RECEIPT_BYTES;
const PROVIDER_SIGNATURE_AT: usize = KEY_AT + 32;
const TENANT_SIGNATURE_AT: usize = PROVIDER_SIGNATURE_AT + 64;
const CO_SIGNED_BYTES: usize = TENANT_SIGNATURE_AT + 64;

impl SignedRow {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(CO_SIGNED_BYTES);
        bytes.extend_from_slice(&self.receipt.to_bytes());
        bytes.extend_from_slice(self.provider_key.as_array());
        bytes.extend_from_slice(self.provider_signature.as_array());
        if let Some(signature) = &self.tenant_signature {
            bytes.extend_from_slice(signature.as_array());
        }
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let signature = |at: usize| Some(Signature::from(<[u8; 64]>::try_from(bytes.get(at..at + 64)?).ok()?));
        let tenant_signature = match bytes.len() {
            TENANT_SIGNATURE_AT => None,
            CO_SIGNED_BYTES => Some(signature(TENANT_SIGNATURE_AT)?),
            _ => return None,
        };
        Some(Self {
            receipt: Receipt::from_bytes(bytes.get(..KEY_AT)?).ok()?,
            provider_key: Pubkey::new_from_array(bytes.get(KEY_AT..PROVIDER_SIGNATURE_AT)?.try_into().ok()?),
            provider_signature: signature(PROVIDER_SIGNATURE_AT)?,
            tenant_signature,
        })
    }

    /// The receipt with both signatures, once the tenant has signed.
    #[must_use]
    pub fn co_signed(&self, tenant_key: &Pubkey) -> Option<CoSignedReceipt> {
        Some(CoSignedReceipt {
            receipt: self.receipt,
            provider_key: self.provider_key,
            provider_signature: self.provider_signature,
            tenant_key: *tenant_key,
            tenant_signature: self.tenant_signature?,
        })
    }
}

/// Where a job's claims stand: what the newest receipt said, and the sample tree behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MeterState {
    /// Sequence of the newest receipt; zero before the first.
    pub sequence: u64,
    /// What it claims.
    pub metered_ms: u64,
    /// Whether it was the final one.
    pub is_final: bool,
    /// All samples up to it.
    pub samples: Frontier,
}

const FIXED_BYTES: usize = 25;

impl MeterState {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(FIXED_BYTES);
        bytes.extend_from_slice(&self.sequence.to_le_bytes());
        bytes.extend_from_slice(&self.metered_ms.to_le_bytes());
        bytes.push(u8::from(self.is_final));
        bytes.extend_from_slice(&self.samples.size().to_le_bytes());
        self.samples
            .subtrees()
            .for_each(|subtree| bytes.extend_from_slice(subtree));
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let word = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
        let (subtrees, rest) = bytes.get(FIXED_BYTES..)?.as_chunks::<32>();
        let subtrees: &[Hash] = subtrees;
        if !rest.is_empty() {
            return None;
        }
        Some(Self {
            sequence: word(0)?,
            metered_ms: word(8)?,
            is_final: *bytes.get(16)? == 1,
            samples: Frontier::from_subtrees(word(17)?, subtrees)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_protocol::merkle;

    #[test]
    fn a_meters_state_goes_on_where_it_was_written_down() {
        let (mut whole, mut state) = (
            Frontier::default(),
            MeterState {
                sequence: 3,
                metered_ms: 77,
                ..MeterState::default()
            },
        );
        for number in 0_u64..300 {
            let leaf = merkle::leaf(&number.to_le_bytes());
            assert!(whole.push(leaf) && state.samples.push(leaf));
            state = MeterState::from_bytes(&state.to_bytes()).expect("its own bytes");
            assert_eq!((state.samples.size(), state.samples.root()), (number + 1, whole.root()));
        }
        assert_eq!((state.sequence, state.metered_ms), (3, 77));
    }

    #[test]
    fn bytes_of_another_length_are_no_row() {
        let mut bytes = MeterState::default().to_bytes();
        bytes.push(0);
        assert_eq!(MeterState::from_bytes(&bytes), None);
        assert_eq!(SignedRow::from_bytes(&[0; 239]), None);
    }
}
