//! Key files: Solana's JSON format, readable by their owner alone.

use gantry_sdk::Keypair;
use std::{
    fs::{File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// Only the owner reads and writes.
const OWNER_ONLY: u32 = 0o600;
/// Permission bits that let anyone else in.
const OTHERS: u32 = 0o077;
/// No key file of ours is longer.
const MAX_KEY_FILE_BYTES: u64 = 64 << 10;

/// Why a key file was not used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It cannot be read or written.
    #[error("the key file {path} cannot be used: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// Group or world may read it.
    #[error("the key file {path} is open to others (mode {mode:04o}); run: chmod 600 {path}")]
    OpenToOthers {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not a key in Solana's format.
    #[error("{path} is not a key in Solana's JSON format (a list of 64 numbers); solana-keygen writes such files")]
    Malformed {
        /// Which file.
        path: PathBuf,
    },
}

/// Reads a file that nobody but its owner may read.
///
/// # Errors
/// [`KeyError`] when it cannot be read or is open to others.
pub fn read_secret(path: &Path) -> Result<String, KeyError> {
    let failed = |source| KeyError::Io {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o7777;
    if mode & OTHERS != 0 {
        return Err(KeyError::OpenToOthers {
            path: path.to_owned(),
            mode,
        });
    }
    let mut text = String::new();
    file.take(MAX_KEY_FILE_BYTES)
        .read_to_string(&mut text)
        .map_err(failed)?;
    Ok(text)
}

/// Writes a new file that nobody but its owner may read, and makes sure that it is on disk before it returns.
///
/// # Errors
/// [`KeyError::Io`], also when the file exists already.
pub fn write_secret(path: &Path, text: &str) -> Result<(), KeyError> {
    let write = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(OWNER_ONLY)
            .open(path)?;
        // The process's umask may have taken bits away, never added any.
        file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        path.parent()
            .map_or(Ok(()), |directory| File::open(directory)?.sync_all())
    };
    write().map_err(|source| KeyError::Io {
        path: path.to_owned(),
        source,
    })
}

/// Reads a keypair.
///
/// # Errors
/// [`KeyError`] when the file cannot be read, is open to others, or holds something else.
pub fn load(path: &Path) -> Result<Keypair, KeyError> {
    let malformed = || KeyError::Malformed { path: path.to_owned() };
    let bytes: Vec<u8> = serde_json::from_str(&read_secret(path)?).map_err(|_| malformed())?;
    Keypair::try_from(&bytes[..]).map_err(|_| malformed())
}

/// Reads a keypair, or generates one where there is no file yet. The second value says whether it is new.
///
/// # Errors
/// As [`load`], and when the file cannot be written.
pub fn load_or_generate(path: &Path) -> Result<(Keypair, bool), KeyError> {
    if path.exists() {
        return Ok((load(path)?, false));
    }
    let key = Keypair::new();
    let numbers: Vec<String> = key.to_bytes().iter().map(u8::to_string).collect();
    write_secret(path, &format!("[{}]", numbers.join(",")))?;
    Ok((key, true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_sdk::Signer;

    #[test]
    fn a_generated_key_is_read_back_and_belongs_to_its_owner_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("key.json");
        let (key, new) = load_or_generate(&path).expect("generated");
        assert!(new);
        assert_eq!(
            std::fs::metadata(&path).expect("metadata").permissions().mode() & 0o7777,
            0o600
        );
        let (again, new) = load_or_generate(&path).expect("read");
        assert!(!new);
        assert_eq!(again.pubkey(), key.pubkey());
    }

    #[test]
    fn a_key_that_others_may_read_is_refused_with_the_command_that_helps() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("key.json");
        load_or_generate(&path).expect("generated");
        for mode in [0o640, 0o604, 0o660, 0o644] {
            std::fs::set_permissions(&path, Permissions::from_mode(mode)).expect("permissions");
            let refused = load(&path).expect_err("refused").to_string();
            assert!(
                refused.contains("chmod 600") && refused.contains(&format!("{mode:04o}")),
                "{refused}"
            );
        }
    }

    #[test]
    fn a_file_that_holds_no_key_is_named() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("key.json");
        write_secret(&path, "[1,2,3]").expect("written");
        let refused = load(&path).expect_err("refused").to_string();
        assert!(
            refused.contains("key.json") && refused.contains("64 numbers"),
            "{refused}"
        );
    }
}
