//! `gantry run`: rents a node, runs a command on it, pays for the time used.

use std::{fs, path::PathBuf, process::ExitCode, time::Duration};

use anyhow::Result;
use gantry_sdk::Pubkey;

use crate::{
    amount,
    arguments::RunArguments,
    context::Context,
    failure::Failure,
    job::{
        choose::{self, Wanted},
        drive::{Drive, Manner},
        failover,
        open::{self, Rent},
        report::Report,
    },
    mint::{Mint, Mints},
    state::Elsewhere,
};

/// Runs the command.
pub(crate) async fn run(context: &Context, arguments: RunArguments) -> Result<ExitCode> {
    let rent = rent(&arguments)?;
    let patience = Duration::from_secs(u64::from(arguments.provider_timeout));
    let wallet = context.wallet()?;
    let progress = context.output.progress("Looking for a node");
    let wishes = arguments.wishes;
    let mint = mint(context, wishes.mint).await?;
    let wanted = Wanted {
        class: wishes.class,
        region: wishes.region,
        node: wishes.node,
        gpus: wishes.gpus,
        max_rate: wishes
            .max_price
            .map(|price| amount::parse_hourly(&price, mint.decimals))
            .transpose()?,
        max_duration_s: rent.max_duration_s,
        allow_simulated: wishes.allow_simulated,
    };
    let mut choice = choose::choose(&context.client, &context.indexer, &wanted, &mint).await?;
    choice.knock().await;
    if choice.candidates.is_empty() {
        return Err(choice.nothing_fits(&wanted, &mint).into());
    }
    progress.doing("Opening the job");
    let opened = open::open(
        &context.client,
        &context.store,
        &wallet,
        &mint,
        &choice.candidates,
        &rent,
    )
    .await?;
    let node = &opened.candidate;
    let simulated = if node.node.simulated == 1 {
        ", simulated GPU"
    } else {
        ""
    };
    progress.say(format!(
        "job {} on node {} at {} per GPU-hour{simulated}; {} set aside for at most {} s",
        opened.record.job,
        node.address,
        mint.show_hourly(node.rate.0),
        mint.show(open::escrow(node.rate, &rent)?.0),
        rent.max_duration_s
    ));
    let drive = Drive {
        context,
        wallet: &wallet,
        directory: opened.directory,
        record: opened.record,
        lock: opened.lock,
        progress: &progress,
    };
    let manner = Manner {
        patience,
        shows_output: true,
        finishes: false,
    };
    let report = failover::drive(drive, manner).await?;
    conclude(context, &report)
}

fn rent(arguments: &RunArguments) -> Result<Rent, Failure> {
    checked(Rent {
        command: arguments.command.clone(),
        environment: arguments.environment.iter().cloned().collect(),
        bundle: arguments.bundle.clone(),
        out: arguments.out.clone(),
        gpus: arguments.wishes.gpus,
        max_duration_s: arguments.wishes.max_duration,
        failover: arguments.failover.then(|| Elsewhere {
            region: arguments.wishes.region.clone(),
            allow_simulated: arguments.wishes.allow_simulated,
            moves_left: failover::MAX_MOVES,
        }),
    })
}

/// Refuses what could not be sent, or whose results would have no place.
pub(super) fn checked(rent: Rent) -> Result<Rent, Failure> {
    let absolute = |path: &PathBuf| {
        std::path::absolute(path).map_err(|error| Failure::Usage(format!("{} is not a path: {error}", path.display())))
    };
    if let Some(bundle) = rent.bundle.as_ref().filter(|bundle| !bundle.is_dir()) {
        return Err(Failure::Usage(format!(
            "--bundle {} is not a directory",
            bundle.display()
        )));
    }
    // A `resume` from elsewhere must find the same directory.
    let out = rent.out.as_ref().map(absolute).transpose()?;
    if let Some(out) = &out {
        // Before money is set aside for results that would have no place.
        let made = fs::create_dir_all(out).and_then(|()| tempfile::tempfile_in(out));
        made.map_err(|error| Failure::Usage(format!("--out {} cannot be written to: {error}", out.display())))?;
    }
    Ok(Rent { out, ..rent })
}

/// The mint named, or the only one that the market takes.
pub(super) async fn mint(context: &Context, named: Option<Pubkey>) -> Result<Mint> {
    if let Some(address) = named {
        return Mint::find(&context.client, &address).await;
    }
    let mints = Mints::load(&context.client).await?;
    let enabled: Vec<&Mint> = mints.iter().filter(|mint| mint.enabled).collect();
    match enabled.as_slice() {
        [only] => Ok((*only).clone()),
        [] => Err(Failure::Refused("the market takes no mint for new jobs yet".into()).into()),
        several => {
            let addresses: Vec<String> = several.iter().map(|mint| mint.address.to_string()).collect();
            Err(Failure::Usage(format!(
                "the market takes several mints; choose one with --mint: {}",
                addresses.join(", ")
            ))
            .into())
        }
    }
}

/// Prints what came of the job and chooses the exit code.
pub(super) fn conclude(context: &Context, report: &Report) -> Result<ExitCode> {
    if context.output.is_json() {
        context.output.show(&report.object(), "")?;
    } else {
        // Standard output belongs to the workload alone; the bill is about it.
        eprintln!("\n{}", report.bill.text().trim_end());
        if let Some(out) = &report.out {
            eprintln!("\nResults are in {out}");
        }
    }
    for lost in &report.lost {
        eprintln!("gantry: job {lost} lost its node before; its bill is in `gantry bill {lost}`");
    }
    if let Some(remark) = report.remark() {
        eprintln!("gantry: the workload's end: {remark}");
    }
    if let Some(failed) = report.failure() {
        eprintln!("gantry: {failed}");
    }
    Ok(ExitCode::from(report.exit_code()))
}
