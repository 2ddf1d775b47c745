//! Keys that are made for one run, in the format of Solana's own tools.

use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use gantry_sdk::{Keypair, Pubkey, Signer};

/// A key and the file that holds it.
#[derive(Debug)]
pub(crate) struct Wallet {
    /// The key.
    pub(crate) key: Keypair,
    /// Its file: a JSON array of 64 numbers.
    pub(crate) path: PathBuf,
}

impl Wallet {
    /// Makes a key and writes it to `name.json`, readable by its owner only.
    pub(crate) fn create(keys: &Path, name: &str) -> Result<Self> {
        let key = Keypair::new();
        let path = keys.join(format!("{name}.json"));
        let json = serde_json::to_vec(&key.to_bytes().to_vec())?;
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| file.write_all(&json))
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { key, path })
    }

    /// The wallet's address.
    pub(crate) fn address(&self) -> Pubkey {
        self.key.pubkey()
    }
}

/// Everyone who signs something on this network.
#[derive(Debug)]
pub(crate) struct Wallets {
    /// Deploys the programs, makes the mints, hands out funds.
    pub(crate) admin: Wallet,
    /// The network token.
    pub(crate) gnt_mint: Wallet,
    /// The local stand-in for USDC.
    pub(crate) usdc_mint: Wallet,
    /// Gets the fees that are not burned.
    pub(crate) treasury: Wallet,
    /// Rents.
    pub(crate) tenant: Wallet,
    /// Rent out.
    pub(crate) providers: Vec<Wallet>,
}

impl Wallets {
    /// Makes every key of a network with this many agents.
    pub(crate) fn create(keys: &Path, agents: u16) -> Result<Self> {
        Ok(Self {
            admin: Wallet::create(keys, "admin")?,
            gnt_mint: Wallet::create(keys, "gnt-mint")?,
            usdc_mint: Wallet::create(keys, "usdc-mint")?,
            treasury: Wallet::create(keys, "treasury")?,
            tenant: Wallet::create(keys, "tenant")?,
            providers: (1..=agents)
                .map(|number| Wallet::create(keys, &format!("provider-{number}")))
                .collect::<Result<_>>()?,
        })
    }
}
