//! Wallet files as Solana's tools write them: a JSON list of 64 numbers.

use std::{fs, path::Path};

use gantry_sdk::Keypair;

use crate::failure::Failure;

/// Reads the key pair in `path`.
pub(crate) fn read(path: &Path) -> Result<Keypair, Failure> {
    let text = fs::read_to_string(path).map_err(|error| {
        Failure::Usage(format!(
            "cannot read the wallet {}: {error}; name one with --keypair or GANTRY_KEYPAIR, or make one with `solana-keygen new`",
            path.display()
        ))
    })?;
    serde_json::from_str::<Vec<u8>>(&text)
        .ok()
        .and_then(|bytes| Keypair::try_from(bytes.as_slice()).ok())
        .ok_or_else(|| {
            Failure::Usage(format!(
                "{} is not a wallet: it must hold a JSON list of 64 numbers",
                path.display()
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_sdk::Signer;

    #[test]
    fn a_wallet_is_read_back() {
        let (key, file) = (Keypair::new(), tempfile::NamedTempFile::new().unwrap());
        fs::write(file.path(), serde_json::to_string(&key.to_bytes().to_vec()).unwrap()).unwrap();
        assert_eq!(read(file.path()).unwrap().pubkey(), key.pubkey());
    }

    #[test]
    fn a_file_that_is_no_wallet_says_so() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for content in ["", "[1,2,3]", "{}", "not json"] {
            fs::write(file.path(), content).unwrap();
            assert!(
                read(file.path()).unwrap_err().to_string().contains("is not a wallet"),
                "{content}"
            );
        }
    }
}
