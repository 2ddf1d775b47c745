//! `gantry logs`: the workload's output once more.

use std::time::Duration;

use anyhow::Result;
use gantry_sdk::{
    address,
    market::state::{Job, Provider},
};
use serde_json::json;

use crate::{
    agent::{Agent, patiently},
    arguments::LogsArguments,
    context::Context,
    failure::Failure,
    job::{logs::Log, session},
};

/// Shows the output from its beginning and follows it to its end.
pub(crate) async fn run(context: &Context, arguments: &LogsArguments) -> Result<()> {
    let patience = Duration::from_secs(u64::from(arguments.provider_timeout));
    let address = context.store.resolve(&arguments.job)?;
    let directory = context.store.job(&address);
    let record = directory.record()?;
    let job: Job = context.client.get(&address).await?;
    let provider: Provider = context.client.get(&address::provider(&job.provider)).await?;
    let agent = Agent::new(
        provider.endpoint(),
        provider.tls_key_hash,
        address,
        &session::present(&directory, &record, &job)?,
        patience,
    )?;
    let progress = context.output.progress("Asking the agent");
    // A log is followed over restarts of the agent, however long they take; an agent that never answers is another matter.
    patiently(patience, async || agent.status().await)
        .await
        .map_err(|error| Failure::Provider(error.to_string()))?;
    let log = Log::new(&progress, Some(context.output.workload_stream()), arguments.from);
    let exit = log.follow(&agent).await?;
    progress.done();
    if context.output.is_json() {
        context
            .output
            .show(&json!({ "job": address.to_string(), "exit": exit }), "")?;
    }
    Ok(())
}
