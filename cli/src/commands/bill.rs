//! `gantry bill`: a job's bill.

use anyhow::Result;

use crate::{arguments::JobArguments, bill, context::Context};

/// Recomputes it from the chain and prints it.
pub(crate) async fn run(context: &Context, arguments: &JobArguments) -> Result<()> {
    let job = context.store.resolve(&arguments.job)?;
    let bill = bill::from_chain(context, &job).await?;
    context.output.show(&bill.object(), &bill.text())?;
    Ok(())
}
