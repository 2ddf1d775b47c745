//! What a running network offers, printed once, ready to copy.

use std::{fmt::Write as _, fs};

use anyhow::{Context, Result};
use url::Url;

use super::{agents, binaries::Binaries, data_dir::DataDir, network::Network, steps::show};

/// Prints the summary and writes the environment that `gantry` needs beside it.
pub(crate) fn print(network: &Network, data_dir: &DataDir, binaries: &Binaries) -> Result<()> {
    let environment = data_dir.environment();
    fs::write(&environment, shell(network, binaries))
        .with_context(|| format!("cannot write {}", environment.display()))?;
    show(&text(network, &environment.display().to_string())?);
    Ok(())
}

fn text(network: &Network, environment: &str) -> Result<String> {
    let Network {
        rpc_url,
        ws_url,
        grpc_url,
        api_url,
        database_url,
        ..
    } = network;
    let mut out = String::from("\nGantry is running on this machine. Ctrl-C stops it.\n\n");
    let mut line = |name: &str, value: &str| writeln!(out, "  {name:<16} {value}");
    line("JSON-RPC", rpc_url)?;
    line("websockets", ws_url)?;
    line("Yellowstone gRPC", grpc_url)?;
    line("API", api_url)?;
    line("API docs", &format!("{api_url}/docs"))?;
    line("metrics", &format!("{api_url}/metrics"))?;
    line("database", &without_password(database_url))?;
    line(
        "mints",
        &format!("{} USDC (local), {} GNT", network.mints.usdc, network.mints.gnt),
    )?;
    for agent in &network.agents {
        line(
            &agent.name,
            &format!("{}  {}, simulated GPU", agent.endpoint, agents::in_words(agent.rate)),
        )?;
    }
    line("tenant's key", &network.keys.tenant)?;
    line("logs", &network.logs_dir)?;
    writeln!(out, "\nTo rent, in another terminal:\n\n  source {environment}")?;
    writeln!(out, "  gantry market ls --allow-simulated")?;
    writeln!(
        out,
        "  gantry run --allow-simulated --max-duration 60s -- /bin/sh -c 'echo hello; sleep 5'"
    )?;
    Ok(out)
}

/// The address of a database for everybody's eyes: a terminal is looked at, shared and recorded.
fn without_password(database_url: &str) -> String {
    let Ok(mut url) = Url::parse(database_url) else {
        return "(in the ready file)".into();
    };
    // Parameters can hold a password too.
    url.set_query(None);
    if url.password().is_some() {
        // Fails only for addresses without a host, which hold no password.
        let _ = url.set_password(Some("***"));
    }
    url.into()
}

/// Lines for a shell.
fn shell(network: &Network, binaries: &Binaries) -> String {
    let exports = network
        .environment()
        .map(|(name, value)| format!("export {name}={}\n", quoted(&value)));
    format!(
        "{}export PATH={}:\"$PATH\"\n",
        exports.concat(),
        quoted(&binaries.dir.display().to_string())
    )
}

fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_databases_password_is_not_shown() {
        let shown =
            without_password("postgres://me:secret@db.example.org:5433/gantry_run_1?sslmode=require&password=secret");
        assert_eq!(shown, "postgres://me:***@db.example.org:5433/gantry_run_1");
        assert_eq!(
            without_password("postgres://me@localhost/x"),
            "postgres://me@localhost/x"
        );
        assert!(!without_password("no url: secret").contains("secret"));
    }

    #[test]
    fn a_path_with_a_quote_survives_the_shell() {
        let said = std::process::Command::new("sh")
            .args(["-c", &format!("printf %s {}", quoted("it's $HOME"))])
            .output();
        assert_eq!(said.unwrap().stdout, b"it's $HOME");
    }
}
