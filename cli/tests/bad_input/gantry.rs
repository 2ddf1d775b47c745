//! The program under test, in a world of its own.

use std::{
    net::TcpListener,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use gantry_sdk::Keypair;
use serde_json::Value;
use tempfile::TempDir;

use crate::chain::ScriptedChain;

/// `gantry` with an empty home, and endpoints where nobody listens.
pub(crate) struct Gantry {
    home: TempDir,
    rpc_url: String,
    api_url: String,
    keypair: Option<PathBuf>,
}

impl Gantry {
    pub(crate) fn new() -> Self {
        Self {
            home: TempDir::new().expect("a temporary directory"),
            rpc_url: unused_url(),
            api_url: unused_url(),
            keypair: None,
        }
    }

    pub(crate) fn with_wallet(self, wallet: &Keypair) -> Self {
        let bytes = serde_json::to_string(&wallet.to_bytes().to_vec()).expect("numbers");
        self.with_wallet_file(&bytes)
    }

    pub(crate) fn with_wallet_file(mut self, content: &str) -> Self {
        let path = self.home.path().join("wallet.json");
        std::fs::write(&path, content).expect("a file");
        self.keypair = Some(path);
        self
    }

    pub(crate) fn on(mut self, chain: &ScriptedChain) -> Self {
        self.rpc_url = chain.url().to_owned();
        self
    }

    pub(crate) fn rpc_url(&self) -> &str {
        &self.rpc_url
    }

    pub(crate) fn api_url(&self) -> &str {
        &self.api_url
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gantry"));
        command
            .env_clear()
            .env("HOME", self.home.path())
            .env("GANTRY_RPC_URL", &self.rpc_url)
            .env("GANTRY_API_URL", &self.api_url)
            .args(arguments)
            .stdin(Stdio::null());
        if let Some(keypair) = &self.keypair {
            command.env("GANTRY_KEYPAIR", keypair);
        }
        Ended {
            output: command.output().expect("gantry runs"),
            arguments: arguments.join(" "),
        }
    }
}

/// An address at which nobody listens: the port was free a moment ago.
fn unused_url() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    format!("http://{}", listener.local_addr().expect("its address"))
}

/// How a run ended.
pub(crate) struct Ended {
    output: Output,
    arguments: String,
}

impl Ended {
    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// Requires success and returns standard output.
    pub(crate) fn succeeded(&self) -> String {
        assert!(
            self.output.status.success(),
            "gantry {}: {}",
            self.arguments,
            self.shown()
        );
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    /// Requires this exit code and these words on standard error, which is returned.
    pub(crate) fn refused(&self, code: i32, expected: &[&str]) -> String {
        let shown = self.shown();
        assert_eq!(
            self.output.status.code(),
            Some(code),
            "gantry {}: {shown}",
            self.arguments
        );
        for part in expected {
            assert!(
                shown.contains(part),
                "gantry {}: {part:?} is missing in: {shown}",
                self.arguments
            );
        }
        shown
    }

    /// The object on the last line of standard output.
    pub(crate) fn json(&self) -> Value {
        let out = String::from_utf8_lossy(&self.output.stdout);
        let line = out.lines().last().unwrap_or_default();
        serde_json::from_str(line).unwrap_or_else(|error| panic!("gantry {}: {error} in {out:?}", self.arguments))
    }
}
