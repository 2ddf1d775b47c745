//! `gantry extend`: rents a job's GPUs for longer.

use anyhow::Result;
use gantry_sdk::{
    Signer, address,
    instruction::market::job_extend,
    market::state::{Balance, Job, Node},
    protocol::{Metered, Rate, billing},
};
use serde_json::json;

use crate::{
    arguments::ExtendArguments,
    context::Context,
    failure::Failure,
    mint::Mint,
    output::{list, number},
    period, transact,
};

/// Extends the job and prints what is set aside now.
pub(crate) async fn run(context: &Context, arguments: &ExtendArguments) -> Result<()> {
    let address = context.store.resolve(&arguments.job)?;
    let (wallet, client) = (context.wallet()?, &context.client);
    let job: Job = client.get(&address).await?;
    if job.tenant != wallet.pubkey() {
        let owner = job.tenant;
        return Err(Failure::Refused(format!("job {address} belongs to {owner}; sign with that wallet")).into());
    }
    let mint = Mint::find(client, &job.mint).await?;
    require_possible(context, &job, &mint, arguments.max_duration).await?;
    let extend = job_extend(address, &job, arguments.max_duration);
    let sent = transact::send(context, "extend the job", &wallet, &[extend]).await?;
    let job: Job = client.get(&address).await?;
    let longest = period::show_s(job.max_duration_s);
    let text = list(&[
        ("Job", address.to_string()),
        ("Rented for", format!("{longest} in all")),
        ("Escrow", mint.show_exact(job.escrow)),
        ("Transaction", sent.signature.to_string()),
    ]);
    let object = json!({
        "job": address.to_string(),
        "max_duration_s": job.max_duration_s,
        "escrow": number(job.escrow),
        "signature": sent.signature.to_string(),
    });
    context.output.show(&object, &text)?;
    Ok(())
}

/// Says beforehand what the chain would refuse, in words that help.
async fn require_possible(context: &Context, job: &Job, mint: &Mint, max_duration_s: u32) -> Result<()> {
    let refused = |reason: String| Err(Failure::Refused(reason).into());
    if max_duration_s <= job.max_duration_s {
        return refused(format!(
            "the job is rented for {} already; --max-duration is the longest time in all, so name more",
            period::show_s(job.max_duration_s)
        ));
    }
    let node: Node = context.client.get(&job.node).await?;
    if max_duration_s > node.max_duration_s {
        return refused(format!(
            "the node is rented out for {} at most; name no more than that, or open another job",
            period::show_s(node.max_duration_s)
        ));
    }
    let longest = Metered::from_seconds(u64::from(max_duration_s));
    let escrow = longest.and_then(|longest| billing::owed(Rate(job.rate), longest));
    let Some(escrow) = escrow else {
        return Err(Failure::Usage("so long costs more than 64 bits can hold; name less".into()).into());
    };
    let balance = address::balance(&job.tenant, &job.mint);
    let held = context
        .client
        .find::<Balance>(&balance)
        .await?
        .map_or(0, |balance| balance.amount);
    let more = escrow.0.saturating_sub(job.escrow);
    if let Some(missing) = more.checked_sub(held).filter(|missing| *missing > 0) {
        let (more, held, missing) = (mint.show(more), mint.show(held), mint.show(missing));
        return refused(format!(
            "the added time needs {more} more in escrow, but your balance in {} holds {held}: {missing} are missing; deposit them with \
             `gantry balance deposit {missing} --mint {}`, or name a shorter time",
            mint.name, mint.address
        ));
    }
    Ok(())
}
