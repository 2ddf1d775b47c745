//! Receipts with signatures.

use ed25519_dalek::{Signature as DalekSignature, VerifyingKey};
use gantry_protocol::{
    Receipt,
    ed25519::{self, pair, single},
    fault::{self, Fault},
    merkle,
    receipt::{Malformed, ReceiptView},
};
use market::SampleProof;
use solana_keypair::Keypair;
use solana_program::instruction::Instruction;
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use solana_signer::Signer;

use crate::address::ED25519_PROGRAM;

/// Why bytes are not a receipt that both sides signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// The instruction is not in the canonical layout.
    #[error("the Ed25519 instruction is not in the canonical layout: {0:?}")]
    NotCanonical(ed25519::NotCanonical),
    /// The message is not a receipt.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// A signature is not of this key over these bytes.
    #[error("the signature of key {0} does not fit the receipt")]
    InvalidSignature(Pubkey),
    /// The receipt does not commit to the sample.
    #[error("the sample is not under the receipt's root at this place")]
    NotCommitted,
}

/// Signs a receipt.
#[must_use]
pub fn sign(key: &Keypair, receipt: &Receipt) -> Signature {
    key.sign_message(&receipt.to_bytes())
}

/// Checks one signature of a receipt, as strictly as the precompile does.
///
/// # Errors
/// [`ReceiptError::InvalidSignature`].
pub fn verify(key: &Pubkey, signature: &Signature, receipt: &Receipt) -> Result<(), ReceiptError> {
    VerifyingKey::from_bytes(&key.to_bytes())
        .and_then(|verifying| {
            let signature = DalekSignature::from_bytes(signature.as_array());
            verifying.verify_strict(&receipt.to_bytes(), &signature)
        })
        .map_err(|_| ReceiptError::InvalidSignature(*key))
}

/// A receipt with both signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoSignedReceipt {
    /// What was signed.
    pub receipt: Receipt,
    /// The provider's attestation key.
    pub provider_key: Pubkey,
    /// Its signature.
    pub provider_signature: Signature,
    /// The tenant's session key.
    pub tenant_key: Pubkey,
    /// Its signature.
    pub tenant_signature: Signature,
}

impl CoSignedReceipt {
    /// Checks both signatures.
    ///
    /// # Errors
    /// [`ReceiptError::InvalidSignature`] naming the first key whose signature does not fit.
    pub fn verify(&self) -> Result<(), ReceiptError> {
        verify(&self.provider_key, &self.provider_signature, &self.receipt)?;
        verify(&self.tenant_key, &self.tenant_signature, &self.receipt)
    }

    /// The precompile instruction that must stand directly before `job_settle`.
    #[must_use]
    pub fn ed25519_instruction(&self) -> Instruction {
        let data = ed25519::encode(
            self.provider_key.as_array(),
            self.provider_signature.as_array(),
            self.tenant_key.as_array(),
            self.tenant_signature.as_array(),
            &self.receipt.to_bytes(),
        );
        precompile(data.to_vec())
    }

    /// Reads a precompile instruction in the canonical layout. Does not check the signatures: [`Self::verify`] does.
    ///
    /// # Errors
    /// [`ReceiptError`] for any other layout or message.
    pub fn from_instruction_data(data: &[u8]) -> Result<Self, ReceiptError> {
        let signed = ed25519::parse(data).map_err(ReceiptError::NotCanonical)?;
        Ok(Self {
            receipt: signed.receipt()?.to_receipt(),
            provider_key: Pubkey::new_from_array(*signed.provider_key),
            provider_signature: signature_at(data, ed25519::PROVIDER_SIGNATURE_AT)?,
            tenant_key: Pubkey::new_from_array(*signed.tenant_key),
            tenant_signature: signature_at(data, ed25519::TENANT_SIGNATURE_AT)?,
        })
    }
}

/// A receipt that the provider alone has signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderReceipt {
    /// What was signed.
    pub receipt: Receipt,
    /// The provider's attestation key.
    pub key: Pubkey,
    /// Its signature.
    pub signature: Signature,
}

impl ProviderReceipt {
    /// Checks the signature.
    ///
    /// # Errors
    /// [`ReceiptError::InvalidSignature`].
    pub fn verify(&self) -> Result<(), ReceiptError> {
        verify(&self.key, &self.signature, &self.receipt)
    }

    /// The precompile instruction that must stand directly before `claim_open`.
    #[must_use]
    pub fn ed25519_instruction(&self) -> Instruction {
        let data = single::encode(self.key.as_array(), self.signature.as_array(), &self.receipt.to_bytes());
        precompile(data.to_vec())
    }

    /// Reads a precompile instruction in the layout of one signature. Does not check it: [`Self::verify`] does.
    ///
    /// # Errors
    /// [`ReceiptError`] for any other layout or message.
    pub fn from_instruction_data(data: &[u8]) -> Result<Self, ReceiptError> {
        let signed = single::parse(data).map_err(ReceiptError::NotCanonical)?;
        Ok(Self {
            receipt: ReceiptView::of(signed.message)?.to_receipt(),
            key: Pubkey::new_from_array(*signed.key),
            signature: signature_at(data, single::SIGNATURE_AT)?,
        })
    }
}

fn signature_at(data: &[u8], at: usize) -> Result<Signature, ReceiptError> {
    let bytes = data.get(at..at + 64).and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
    bytes
        .map(Signature::from)
        .ok_or(ReceiptError::NotCanonical(ed25519::NotCanonical::Length))
}

fn precompile(data: Vec<u8>) -> Instruction {
    Instruction {
        program_id: ED25519_PROGRAM,
        accounts: Vec::new(),
        data,
    }
}

/// Two receipts that one key has signed, which is evidence when they contradict each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The key of both signatures.
    pub key: Pubkey,
    /// One receipt and its signature.
    pub first: (Receipt, Signature),
    /// The other.
    pub second: (Receipt, Signature),
}

impl Evidence {
    /// The fault that the receipts prove.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        fault::proven_by(&self.first.0.to_bytes(), &self.second.0.to_bytes())
    }

    /// Checks both signatures.
    ///
    /// # Errors
    /// [`ReceiptError::InvalidSignature`].
    pub fn verify(&self) -> Result<(), ReceiptError> {
        verify(&self.key, &self.first.1, &self.first.0)?;
        verify(&self.key, &self.second.1, &self.second.0)
    }

    /// The precompile instruction that must stand directly before `fault_prove`.
    #[must_use]
    pub fn ed25519_instruction(&self) -> Instruction {
        let data = pair::encode(
            self.key.as_array(),
            [self.first.1.as_array(), self.second.1.as_array()],
            [&self.first.0.to_bytes(), &self.second.0.to_bytes()],
        );
        precompile(data.to_vec())
    }
}

/// A sample, and a receipt of the provider's key that commits to it, which is evidence when the two contradict each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleEvidence {
    /// The receipt.
    pub receipt: ProviderReceipt,
    /// The sample and its way up to the receipt's root; [`crate::samples::prove`] finds it.
    pub proof: SampleProof,
}

impl SampleEvidence {
    /// Checks the signature, and that the receipt commits to the sample.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn verify(&self) -> Result<(), ReceiptError> {
        self.receipt.verify()?;
        let (proof, root) = (&self.proof, &self.receipt.receipt.samples_root);
        let leaf = merkle::leaf(&proof.sample);
        if merkle::verify(&leaf, proof.index, proof.size, &proof.path, root) {
            Ok(())
        } else {
            Err(ReceiptError::NotCommitted)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn co_signed() -> CoSignedReceipt {
        let (provider, tenant) = (Keypair::new(), Keypair::new());
        let receipt = Receipt {
            genesis_hash: [1; 32],
            job: [2; 32],
            sequence: 3,
            metered_ms: 4,
            time_ms: 5,
            flags: 0,
            samples_root: [6; 32],
        };
        CoSignedReceipt {
            receipt,
            provider_key: provider.pubkey(),
            provider_signature: sign(&provider, &receipt),
            tenant_key: tenant.pubkey(),
            tenant_signature: sign(&tenant, &receipt),
        }
    }

    #[test]
    fn a_co_signed_receipt_survives_the_instruction_and_verifies() {
        let signed = co_signed();
        let read = CoSignedReceipt::from_instruction_data(&signed.ed25519_instruction().data).expect("canonical");
        assert_eq!(read, signed);
        assert_eq!(read.verify(), Ok(()));
    }

    #[test]
    fn a_changed_receipt_no_longer_verifies() {
        let mut signed = co_signed();
        signed.receipt.metered_ms += 1;
        assert_eq!(
            signed.verify(),
            Err(ReceiptError::InvalidSignature(signed.provider_key))
        );
    }
}
