//! Signatures that somebody has made: once, since making them takes longer than looking at them.

use std::collections::HashSet;

use gantry_sdk::{
    Keypair, Signer,
    protocol::{
        Receipt,
        ed25519::{self, pair, single},
    },
    receipt::sign,
    wire::sha256,
};

use super::case::Layout;

/// Receipts that each key has signed.
const RECEIPTS: usize = 8;
/// Keys.
const KEYS: usize = 4;

/// What keys have signed.
#[derive(Debug)]
pub struct Material {
    keys: Vec<[u8; 32]>,
    receipts: Vec<Receipt>,
    /// By key, then by receipt.
    signatures: Vec<Vec<[u8; 64]>>,
    signed: HashSet<([u8; 32], Vec<u8>)>,
}

impl Material {
    /// The same in every run.
    #[must_use]
    pub fn new() -> Self {
        let keys: Vec<_> = (0..KEYS)
            .map(|number| Keypair::new_from_array(sha256(format!("ed25519 corpus {number}").as_bytes())))
            .collect();
        Self::of(keys.iter().collect(), [0x6e; 32], [7; 32])
    }

    /// What four keys sign about one job: eight receipts, of which each two have one sequence, and each second is final.
    #[must_use]
    pub fn of(keys: Vec<&Keypair>, genesis_hash: [u8; 32], job: [u8; 32]) -> Self {
        let receipts: Vec<_> = (0..RECEIPTS as u64)
            .map(|number| Receipt {
                genesis_hash,
                job,
                sequence: 1 + number / 2,
                metered_ms: 1_000 * number,
                time_ms: 5,
                flags: number % 2,
                samples_root: [0xab; 32],
            })
            .collect();
        let mut signed = HashSet::new();
        let signatures = keys
            .iter()
            .map(|key| {
                let of_key = receipts.iter().map(|receipt| {
                    signed.insert((key.pubkey().to_bytes(), receipt.to_bytes().to_vec()));
                    sign(key, receipt).into()
                });
                of_key.collect()
            })
            .collect();
        Self {
            keys: keys.iter().map(|key| key.pubkey().to_bytes()).collect(),
            receipts,
            signatures,
            signed,
        }
    }

    /// Whether this key has signed these bytes.
    #[must_use]
    pub fn has_signed(&self, key: &[u8; 32], message: &[u8]) -> bool {
        self.signed.contains(&(*key, message.to_vec()))
    }

    fn key(&self, number: usize) -> [u8; 32] {
        self.keys[number % KEYS]
    }

    fn signature(&self, key: usize, receipt: usize) -> &[u8; 64] {
        &self.signatures[key % KEYS][receipt % RECEIPTS]
    }

    /// What the SDK makes of honest signatures by these keys of these receipts.
    #[must_use]
    pub fn honest(&self, layout: Layout, keys: [usize; 2], receipts: [usize; 2]) -> Vec<u8> {
        let bytes = receipts.map(|receipt| self.receipts[receipt % RECEIPTS].to_bytes());
        match layout {
            Layout::CoSigned => ed25519::encode(
                &self.key(keys[0]),
                self.signature(keys[0], receipts[0]),
                &self.key(keys[1]),
                self.signature(keys[1], receipts[0]),
                &bytes[0],
            )
            .to_vec(),
            Layout::Pair => pair::encode(
                &self.key(keys[0]),
                [
                    self.signature(keys[0], receipts[0]),
                    self.signature(keys[0], receipts[1]),
                ],
                [&bytes[0], &bytes[1]],
            )
            .to_vec(),
            Layout::Single => {
                single::encode(&self.key(keys[0]), self.signature(keys[0], receipts[0]), &bytes[0]).to_vec()
            }
        }
    }
}

impl Default for Material {
    fn default() -> Self {
        Self::new()
    }
}
