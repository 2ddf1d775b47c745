//! What everything else stands on: ports, the chain, the database.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use gantry_sandbox::{
    chain::{Chain, ChainConfig, Program},
    ports::Reserved,
    yellowstone::ReplayLimits,
};

use super::{
    data_dir::DataDir, database::Database, genesis::ADMIN_LAMPORTS, options::Options, steps::Steps, wallets::Wallets,
};

const RPC_PORT: u16 = 8899;
const WS_PORT: u16 = 8900;
const GRPC_PORT: u16 = 10_000;

/// Takes a port and says so when it is not the usual one.
pub(crate) fn take_port(wanted: u16, steps: &Steps) -> Result<Reserved> {
    let port = Reserved::take(wanted).context("no port of 127.0.0.1 is free")?;
    if let Some(notice) = port.notice() {
        steps.warn(&notice);
    }
    Ok(port)
}

/// Starts the chain with both programs on it.
pub(crate) async fn start_chain(options: &Options, wallets: &Wallets, steps: &Steps) -> Result<Chain> {
    let dir = programs_dir(options);
    let authority = wallets.admin.address();
    let programs = [("market", gantry_sdk::market::ID), ("staking", gantry_sdk::staking::ID)]
        .map(|(name, id)| Program::read(&dir, name, id, authority));
    let chain = Chain::start(ChainConfig {
        rpc: take_port(RPC_PORT, steps)?,
        ws: take_port(WS_PORT, steps)?,
        grpc: take_port(GRPC_PORT, steps)?,
        programs: programs.into_iter().collect::<Result<_, _>>()?,
        faucet: authority,
        faucet_lamports: ADMIN_LAMPORTS,
        replay: ReplayLimits::default(),
    })
    .await?;
    steps.say(&format!("the chain answers at {}", chain.rpc_url()));
    Ok(chain)
}

/// The repository's compiled programs: below the current directory, or where this program was built.
fn programs_dir(options: &Options) -> PathBuf {
    let here = PathBuf::from("programs/bin");
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../programs/bin");
    options
        .programs
        .clone()
        .unwrap_or(if here.join("market.so").is_file() { here } else { built })
}

/// Creates this run's database.
pub(crate) async fn start_database(options: &Options, data_dir: &DataDir, steps: &Steps) -> Result<Database> {
    let database = match &options.database_url {
        Some(server) => Database::on(server, data_dir).await?,
        None => Database::private(data_dir).await?,
    };
    steps.say(&format!("Postgres is ready ({})", database.place()));
    Ok(database)
}
