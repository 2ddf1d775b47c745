//! Receipts as they are shown to the market, honest or not.

use gantry_sdk::{
    Instruction,
    market::SampleProof,
    protocol::{Receipt, merkle::Sample},
    receipt::{CoSignedReceipt, Evidence as SignedPair, ProviderReceipt, sign},
    samples,
};
use serde::{Deserialize, Serialize};

use super::configuration::GENESIS_HASH;
use crate::{
    book::{Book, JobId, Place},
    cast::Key,
};

/// What a receipt says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Claim {
    pub job: JobId,
    pub sequence: u64,
    pub metered_ms: u64,
    /// Bit 0 is *final*; version 1 knows no other.
    pub flags: u64,
    /// Stands for the root of the samples.
    pub root: u64,
    /// Whether it names another cluster.
    pub is_foreign: bool,
}

impl Claim {
    /// Whether it is the job's last.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        self.flags & 1 == 1
    }

    /// Whether version 1 knows its flags.
    #[must_use]
    pub const fn is_well_formed(&self) -> bool {
        self.flags <= 1
    }

    fn receipt(&self, book: &Book) -> Receipt {
        Receipt {
            genesis_hash: if self.is_foreign { [0x0f; 32] } else { GENESIS_HASH },
            job: book.at(Place::Job(self.job)).to_bytes(),
            sequence: self.sequence,
            metered_ms: self.metered_ms,
            time_ms: 0,
            flags: self.flags,
            samples_root: root(self.root),
        }
    }
}

/// The Merkle root that a number stands for.
#[must_use]
pub fn root(number: u64) -> [u8; 32] {
    let mut root = [0xab; 32];
    root[..8].copy_from_slice(&number.to_le_bytes());
    root
}

/// What stands directly before the instruction that wants signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Evidence {
    /// Nothing.
    Nothing,
    /// Both sides' signatures over one receipt.
    CoSigned(Key, Key, Claim),
    /// One key's signature over one receipt.
    Single(Key, Claim),
    /// One key's signatures over two receipts.
    Pair(Key, Claim, Claim),
    /// One key's signature over one receipt that commits to these samples.
    Committed(Key, Claim, Committed),
}

impl Evidence {
    /// How many instructions of the precompile that is.
    #[must_use]
    pub const fn instructions_before(&self) -> u8 {
        match self {
            Self::Nothing => 0,
            _ => 1,
        }
    }

    /// The precompile's instruction, if any.
    #[must_use]
    pub fn instruction(&self, book: &Book) -> Option<Instruction> {
        match *self {
            Self::Nothing => None,
            Self::CoSigned(provider, tenant, claim) => {
                let (receipt, provider, tenant) =
                    (claim.receipt(book), book.keys.pair(provider), book.keys.pair(tenant));
                let signed = CoSignedReceipt {
                    receipt,
                    provider_key: gantry_sdk::Signer::pubkey(provider),
                    provider_signature: sign(provider, &receipt),
                    tenant_key: gantry_sdk::Signer::pubkey(tenant),
                    tenant_signature: sign(tenant, &receipt),
                };
                Some(signed.ed25519_instruction())
            }
            Self::Single(key, claim) => {
                let (receipt, pair) = (claim.receipt(book), book.keys.pair(key));
                let signed = ProviderReceipt {
                    receipt,
                    key: gantry_sdk::Signer::pubkey(pair),
                    signature: sign(pair, &receipt),
                };
                Some(signed.ed25519_instruction())
            }
            Self::Committed(key, claim, committed) => {
                let (receipt, pair) = (committed.under(claim.receipt(book)), book.keys.pair(key));
                let signed = ProviderReceipt {
                    receipt,
                    key: gantry_sdk::Signer::pubkey(pair),
                    signature: sign(pair, &receipt),
                };
                Some(signed.ed25519_instruction())
            }
            Self::Pair(key, first, second) => {
                let (first, second, pair) = (first.receipt(book), second.receipt(book), book.keys.pair(key));
                let signed = SignedPair {
                    key: gantry_sdk::Signer::pubkey(pair),
                    first: (first, sign(pair, &first)),
                    second: (second, sign(pair, &second)),
                };
                Some(signed.ed25519_instruction())
            }
        }
    }
}

/// Samples that a receipt commits to: one that matters, and others that only fill the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Committed {
    pub metered_ms: u64,
    pub gpu: u16,
    pub is_simulated: bool,
    /// Its number, below the number of all.
    pub index: u8,
    pub size: u8,
}

/// What is wrong with a proof that a receipt commits to a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Tamper {
    Nothing,
    Sample,
    Index,
    Size,
    Path,
    Longer,
}

impl Committed {
    fn samples(&self) -> Vec<Sample> {
        let filler = |number: u8| Sample {
            power_mw: 1_000 + u32::from(number),
            ..Sample::default()
        };
        let mut samples: Vec<_> = (0..self.size).map(filler).collect();
        samples[usize::from(self.index)] = Sample {
            metered_ms: self.metered_ms,
            gpu: self.gpu,
            flags: u16::from(self.is_simulated),
            ..Sample::default()
        };
        samples
    }

    /// The receipt, over these samples.
    fn under(&self, receipt: Receipt) -> Receipt {
        Receipt {
            samples_root: samples::root(&self.samples()),
            ..receipt
        }
    }

    /// The proof that they hold the one that matters.
    pub(super) fn proof(&self, tamper: Tamper) -> SampleProof {
        let mut proof = samples::prove(&self.samples(), usize::from(self.index)).expect("a sample of them");
        match tamper {
            Tamper::Nothing => {}
            Tamper::Sample => proof.sample[39] ^= 1,
            Tamper::Index => proof.index += 1,
            Tamper::Size => proof.size = proof.index,
            Tamper::Path if !proof.path.is_empty() => proof.path[0][31] ^= 1,
            Tamper::Path | Tamper::Longer => proof.path.push([7; 32]),
        }
        proof
    }
}
