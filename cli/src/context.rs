//! What every command works with: endpoints, wallet, the store of jobs, output.

use std::{env, path::PathBuf};

use anyhow::Result;
use gantry_sdk::{Keypair, Pubkey, Signer, client::Client};

use crate::{arguments::GlobalOptions, failure::Failure, indexer::Indexer, keypair, output::Output, state::Store};

/// Where `solana-keygen` puts a keypair, below the home directory.
const USUAL_KEYPAIR: &str = ".config/solana/id.json";

/// Everything that the global options say.
pub(crate) struct Context {
    /// The chain.
    pub(crate) client: Client,
    /// The indexer.
    pub(crate) indexer: Indexer,
    /// Jobs that were opened from here.
    pub(crate) store: Store,
    /// Where results go.
    pub(crate) output: Output,
    keypair: Option<PathBuf>,
}

impl Context {
    /// Takes the options over. Connects to nothing and reads no file.
    pub(crate) fn new(options: GlobalOptions) -> Result<Self> {
        let state_dir = options.state_dir.map_or_else(usual_state_dir, Ok)?;
        Ok(Self {
            client: Client::new(options.rpc_url.as_str().trim_end_matches('/')),
            indexer: Indexer::new(&options.api_url)?,
            store: Store::new(&state_dir),
            output: Output::new(options.json),
            keypair: options.keypair,
        })
    }

    /// The wallet, read from its file.
    pub(crate) fn wallet(&self) -> Result<Keypair, Failure> {
        let path = self
            .keypair
            .clone()
            .map_or_else(|| Ok(home()?.join(USUAL_KEYPAIR)), Ok)?;
        keypair::read(&path)
    }

    /// The wallet that a command looks at: the one named, or this one.
    pub(crate) fn owner(&self, named: Option<Pubkey>) -> Result<Pubkey, Failure> {
        named.map_or_else(|| Ok(self.wallet()?.pubkey()), Ok)
    }
}

fn usual_state_dir() -> Result<PathBuf, Failure> {
    // An XDG path that is not absolute is to be ignored.
    let xdg = env::var_os("XDG_STATE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    Ok(xdg.map_or_else(|| Ok(home()?.join(".local/state")), Ok)?.join("gantry"))
}

fn home() -> Result<PathBuf, Failure> {
    let home = env::home_dir().filter(|home| !home.as_os_str().is_empty());
    home.ok_or_else(|| {
        Failure::Usage("there is no home directory; name the files with --keypair and --state-dir".into())
    })
}
