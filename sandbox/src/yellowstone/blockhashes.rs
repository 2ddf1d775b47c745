//! Which blockhashes a transaction may still name.

use std::collections::VecDeque;

/// A transaction's blockhash must be among this many newest ones.
const VALID_BLOCKHASHES: usize = 150;

/// The newest blockhashes, oldest first.
#[derive(Debug, Default)]
pub(super) struct Blockhashes(VecDeque<String>);

impl Blockhashes {
    pub(super) fn push(&mut self, blockhash: &str) {
        if self.0.len() == VALID_BLOCKHASHES {
            self.0.pop_front();
        }
        self.0.push_back(blockhash.to_owned());
    }

    pub(super) fn is_valid(&self, blockhash: &str) -> bool {
        self.0.iter().any(|known| known == blockhash)
    }
}

/// How many blocks after its own a blockhash stays valid.
pub(super) const VALID_BLOCKS: u64 = VALID_BLOCKHASHES as u64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blockhash_is_valid_for_150_blocks() {
        let mut hashes = Blockhashes::default();
        for block in 0..=150 {
            hashes.push(&format!("hash-{block}"));
        }
        assert!(!hashes.is_valid("hash-0"));
        assert!(hashes.is_valid("hash-1"));
        assert!(hashes.is_valid("hash-150"));
        assert!(!hashes.is_valid("hash-151"));
    }
}
