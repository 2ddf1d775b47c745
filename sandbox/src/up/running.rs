//! The running parts, from the chain at the bottom to the agents at the top.

use std::process::ExitCode;

use anyhow::{Result, bail};
use gantry_sandbox::{chain::Chain, ports::Claim};
use gantry_sdk::client::Client;

use super::{
    agents,
    binaries::Binaries,
    data_dir::DataDir,
    database::Database,
    demo,
    fleet::Fleet,
    foundation::{start_chain, start_database, take_port},
    genesis,
    network::{Agent, Keys, Mints, Network},
    options::Options,
    process::Recipe,
    readiness,
    steps::Steps,
    summary,
    wallets::Wallets,
};

const API_PORT: u16 = 8080;

/// Whatever has been started so far.
#[derive(Debug)]
pub(crate) struct Running {
    chain: Option<Chain>,
    database: Option<Database>,
    fleet: Fleet,
    /// The children's ports.
    claims: Vec<Claim>,
    /// The process that ends what is left of us.
    watchdog: u32,
}

impl Running {
    /// Nothing yet.
    pub(crate) fn new(restart: bool, watchdog: u32) -> Self {
        Self {
            chain: None,
            database: None,
            fleet: Fleet::new(restart),
            claims: vec![],
            watchdog,
        }
    }

    /// Starts everything and keeps it going; ends only with an error, or when the demonstration is over.
    pub(crate) async fn live(&mut self, options: &Options, data_dir: &DataDir, steps: &Steps) -> Result<ExitCode> {
        let binaries = Binaries::find()?;
        let wallets = Wallets::create(&data_dir.run().join("keys"), options.agent_count())?;
        let network = self.start(options, data_dir, &binaries, &wallets, steps).await?;
        self.publish(&network, options)?;
        if options.once {
            return tokio::select! {
                outcome = demo::run(&network, &binaries, &options.demo_dir, steps) => outcome,
                end = self.first_end() => bail!("{end}"),
            };
        }
        summary::print(&network, data_dir, &binaries)?;
        loop {
            let chain = self.chain.as_ref();
            tokio::select! {
                change = self.fleet.next_change() => steps.warn(&change),
                end = end_of(chain) => bail!("{end}"),
            }
            self.publish(&network, options)?;
        }
    }

    /// Starts the parts in the order in which they need each other; when this returns, all of them are ready.
    async fn start(
        &mut self,
        options: &Options,
        data_dir: &DataDir,
        binaries: &Binaries,
        wallets: &Wallets,
        steps: &Steps,
    ) -> Result<Network> {
        let (chain, database) = tokio::try_join!(
            start_chain(options, wallets, steps),
            start_database(options, data_dir, steps),
        )?;
        let mut network = describe(&chain, &database, wallets, data_dir);
        self.chain = Some(chain);
        self.database = Some(database);

        // The indexer goes first, so that it sees the network from its first transaction on.
        let api = take_port(API_PORT, steps)?;
        network.api_url = format!("http://{}", api.address());
        let listen = api.address().to_string();
        self.claims.push(api.release());
        self.fleet.start(indexer(&network, binaries, data_dir, &listen))?;

        let client = Client::new(&network.rpc_url);
        genesis::run(&client, wallets, options).await?;
        steps.say("mints, configuration and funds are on chain");

        self.start_agents(&mut network, options, data_dir, binaries, wallets, steps)?;
        tokio::select! {
            ready = readiness::wait(&network, steps) => ready?,
            end = self.first_end() => bail!("{end}"),
        }
        Ok(network)
    }

    fn start_agents(
        &mut self,
        network: &mut Network,
        options: &Options,
        data_dir: &DataDir,
        binaries: &Binaries,
        wallets: &Wallets,
        steps: &Steps,
    ) -> Result<()> {
        let wanted = agents::FIRST_PORT..;
        let ports = wallets
            .providers
            .iter()
            .zip(wanted)
            .map(|(_, port)| take_port(port, steps))
            .collect::<Result<Vec<_>>>()?;
        for ((index, wallet), port) in (0..).zip(&wallets.providers).zip(ports) {
            let place = agents::Place {
                rpc_url: &network.rpc_url,
                ws_url: &network.ws_url,
                port: port.port(),
                run_dir: data_dir.run(),
            };
            self.claims.push(port.release());
            let agent = agents::configure(index, wallet, wallets.usdc_mint.address(), &place, options)?;
            self.fleet.start(recipe(&agent, binaries, data_dir))?;
            network.agents.push(agent);
        }
        Ok(())
    }

    /// Waits until any part ends, and says which.
    async fn first_end(&self) -> String {
        tokio::select! {
            obituary = self.fleet.first_end() => obituary,
            end = end_of(self.chain.as_ref()) => end,
        }
    }

    /// Writes the ready file, where one is wanted.
    fn publish(&self, network: &Network, options: &Options) -> Result<()> {
        let Some(path) = &options.ready_file else { return Ok(()) };
        let mut network = network.clone();
        let own = [
            ("sandbox", Some(std::process::id())),
            ("watchdog", Some(self.watchdog)),
            ("postgres", self.database.as_ref().and_then(Database::pid)),
        ];
        let own = own.into_iter().filter_map(|(name, pid)| Some((name.to_owned(), pid?)));
        network.pids = own
            .chain(self.fleet.running().map(|(name, pid)| (name.to_owned(), pid)))
            .collect();
        network.write(path)
    }

    /// Stops everything in reverse order.
    pub(crate) async fn stop(&mut self, steps: &Steps) {
        self.fleet.stop(|kind| steps.say(&format!("stopping {kind}"))).await;
        if let Some(database) = self.database.take() {
            steps.say("stopping Postgres");
            if let Err(error) = database.stop().await {
                steps.warn(&format!("{error:#}"));
            }
        }
        if self.chain.take().is_some() {
            steps.say("stopping the chain");
        }
    }
}

/// Waits until the chain ends by itself; forever, without a chain.
async fn end_of(chain: Option<&Chain>) -> String {
    match chain {
        Some(chain) => format!("the local chain ended: {}", chain.ended().await),
        None => std::future::pending().await,
    }
}

fn describe(chain: &Chain, database: &Database, wallets: &Wallets, data_dir: &DataDir) -> Network {
    Network {
        rpc_url: chain.rpc_url(),
        ws_url: chain.ws_url(),
        grpc_url: chain.grpc_url(),
        api_url: String::new(),
        database_url: database.url.clone(),
        mints: Mints {
            gnt: wallets.gnt_mint.address().to_string(),
            usdc: wallets.usdc_mint.address().to_string(),
        },
        keys: Keys {
            admin: wallets.admin.path.display().to_string(),
            treasury: wallets.treasury.path.display().to_string(),
            tenant: wallets.tenant.path.display().to_string(),
        },
        agents: vec![],
        run_dir: data_dir.run().display().to_string(),
        logs_dir: data_dir.logs().display().to_string(),
        pids: std::collections::BTreeMap::new(),
    }
}

fn indexer(network: &Network, binaries: &Binaries, data_dir: &DataDir, listen: &str) -> Recipe {
    let argument = |name: &str, value: &str| [format!("--{name}"), value.to_owned()];
    let arguments = [
        ("grpc-url", network.grpc_url.as_str()),
        ("rpc-url", &network.rpc_url),
        ("listen", listen),
    ];
    Recipe {
        name: "indexer".into(),
        program: binaries.indexer.clone(),
        arguments: arguments
            .iter()
            .flat_map(|(name, value)| argument(name, value))
            .collect(),
        // Not among the arguments, which everyone on the machine can read: it has a password.
        environment: vec![data_dir.mark(), ("DATABASE_URL".into(), network.database_url.clone())],
        log: data_dir.logs().join("indexer.log"),
    }
}

fn recipe(agent: &Agent, binaries: &Binaries, data_dir: &DataDir) -> Recipe {
    Recipe {
        name: agent.name.clone(),
        program: binaries.agent.clone(),
        arguments: vec![
            "run".into(),
            "--simulate-gpu".into(),
            "--config".into(),
            agent.config.clone(),
        ],
        environment: vec![data_dir.mark()],
        log: data_dir.logs().join(format!("{}.log", agent.name)),
    }
}
