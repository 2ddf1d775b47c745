//! `gantry-sandbox up`: starts the parts in the order in which they need each other, and stops them in reverse.

mod agents;
mod binaries;
mod data_dir;
mod database;
mod demo;
mod fleet;
mod foundation;
mod genesis;
mod network;
mod options;
mod process;
mod proof;
mod readiness;
mod running;
mod steps;
mod strays;
mod summary;
mod timeline;
mod wallets;

use std::process::ExitCode;

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};

use self::{data_dir::DataDir, running::Running, steps::Steps, strays::Watchdog};
pub(crate) use self::{options::Options, strays::watch_over};

/// Starts the network, keeps it until a signal (or, with `--once`, until the demonstration is over), and stops it.
pub(crate) async fn up(options: &Options) -> Result<ExitCode> {
    let data_dir = DataDir::take(&options.data_dir)?;
    // Before anything of this run is there: what an earlier one left behind runs on a chain that is gone.
    strays::end_all_runs(data_dir.root());
    // Dropped last, and with it the run's last process.
    let watchdog = Watchdog::start(data_dir.run())?;
    let steps = Steps::begin();
    let mut running = Running::new(!options.no_restart && !options.once, watchdog.pid());
    let outcome = tokio::select! {
        outcome = running.live(options, &data_dir, &steps) => outcome,
        signal = stop_signal() => signal.map(|name| {
            steps.say(&format!("{name}: stopping"));
            // Stopping is how a network that is just up ends well; a demonstration that was cut short did not.
            if options.once { ExitCode::from(130) } else { ExitCode::SUCCESS }
        }),
    };
    tokio::select! {
        () = running.stop(&steps) => outcome,
        // Whoever asks twice means it; our processes are killed, and the watchdog ends their workloads.
        _ = stop_signal() => Ok(ExitCode::from(130)),
    }
}

/// Waits until somebody asks us to stop.
async fn stop_signal() -> Result<&'static str> {
    let listen = |kind| signal(kind).context("cannot listen for signals");
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut hangup = listen(SignalKind::hangup())?;
    Ok(tokio::select! {
        _ = interrupt.recv() => "Ctrl-C",
        _ = terminate.recv() => "SIGTERM",
        _ = hangup.recv() => "the terminal was closed",
    })
}
