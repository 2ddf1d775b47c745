//! `gantry order`: what a tenant needs, and the bids for it.

use std::{process::ExitCode, time::Duration};

use anyhow::Result;
use gantry_sdk::{
    Keypair, Pubkey, Signer as _, address,
    client::{ClientError, Confirmed},
    instruction::market::{bid_refunds, order_accept, order_cancel, order_expire},
    market::state::{Bid, Job, Order, OrderState},
    protocol::class,
};
use serde_json::json;

use super::{
    order_show::{self, View},
    run::{self, conclude},
};
use crate::{
    amount,
    arguments::{OrderArguments, OrderCommand, OrderRunArguments},
    context::Context,
    failure::Failure,
    job::{
        drive::{Drive, Manner},
        open::Rent,
        post::{self, Asked, Posted, adopt},
    },
    mint::Mint,
    output::list,
    progress::Progress,
    transact,
};

/// How often an order is looked at while bids are awaited.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Carries it out.
pub(crate) async fn run(context: &Context, command: OrderCommand) -> Result<ExitCode> {
    match command {
        OrderCommand::Post(arguments) => post(context, &arguments).await?,
        OrderCommand::Run(arguments) => return run_it(context, &arguments).await,
        OrderCommand::Ls { all, class } => order_show::ls(context, all, class.as_deref()).await?,
        OrderCommand::Show { order } => order_show::show(context, order, None).await?,
        OrderCommand::Bids { order } => order_show::bids(context, order).await?,
        OrderCommand::Accept { order, node } => accept(context, order, node).await?,
        OrderCommand::Cancel { order } => cancel(context, order).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn posted(context: &Context, wallet: &Keypair, arguments: &OrderArguments) -> Result<(Posted, Mint)> {
    let rent = run::checked(Rent {
        command: arguments.command.clone(),
        environment: arguments.environment.iter().cloned().collect(),
        bundle: arguments.bundle.clone(),
        out: arguments.out.clone(),
        gpus: arguments.gpus,
        max_duration_s: arguments.max_duration,
        failover: None,
    })?;
    let mint = run::mint(context, arguments.mint).await?;
    let packed = |name: &str| class::pack(name).ok_or_else(|| Failure::Usage(format!("{name:?} is not a name")));
    let region = arguments.region.as_deref().map(packed).transpose()?;
    let asked = Asked {
        class: packed(&arguments.class)?,
        region: region.unwrap_or_default(),
        max_rate: amount::parse_hourly(&arguments.max_price, mint.decimals)?,
        min_memory_mib: arguments.min_memory_mib,
        min_score: arguments.min_score,
        simulated: arguments.allow_simulated,
        bid_window_s: arguments.bid_window,
        accept_window_s: arguments.accept_window,
    };
    let posted = post::post(&context.client, &context.store, wallet, &mint, &rent, &asked).await?;
    Ok((posted, mint))
}

async fn post(context: &Context, arguments: &OrderArguments) -> Result<()> {
    let wallet = context.wallet()?;
    let (posted, _) = posted(context, &wallet, arguments).await?;
    order_show::show(context, posted.address, None).await
}

async fn run_it(context: &Context, arguments: &OrderRunArguments) -> Result<ExitCode> {
    let wallet = context.wallet()?;
    let progress = context.output.progress("Posting the order");
    let (posted, mint) = posted(context, &wallet, &arguments.order).await?;
    let (address, job) = (posted.address, posted.record.job);
    progress.say(format!(
        "order {address}; {} set aside, at most {} per GPU-hour",
        mint.show(posted.order.escrow),
        mint.show_hourly(posted.order.max_rate)
    ));
    await_bids(context, &posted, &mint, &progress).await?;
    progress.doing("Accepting the best bid");
    let Some(opened) = take_best(context, &wallet, address, &job).await? else {
        end(context, &wallet, address, &posted.order).await?;
        context.store.job(&job).remove()?;
        return Err(Failure::NothingFits(format!(
            "nobody bid for order {address} in time; it was ended and its escrow went back"
        ))
        .into());
    };
    let directory = context.store.job(&job);
    let record = adopt(&directory, posted.record, &opened)?;
    let lock = directory.lock()?;
    let lock = lock.ok_or_else(|| Failure::Usage(format!("another process follows job {job} already")))?;
    progress.say(format!(
        "job {job} on node {} at {} per GPU-hour",
        opened.node,
        mint.show_hourly(opened.rate / u64::from(opened.gpus.max(1)))
    ));
    let drive = Drive {
        context,
        wallet: &wallet,
        directory,
        record,
        lock,
        progress: &progress,
    };
    let manner = Manner {
        patience: Duration::from_secs(u64::from(arguments.provider_timeout)),
        shows_output: true,
        finishes: false,
    };
    conclude(context, &drive.run(manner).await?)
}

/// Waits until no more bids are taken, or somebody has ended the order.
async fn await_bids(context: &Context, posted: &Posted, mint: &Mint, progress: &Progress) -> Result<()> {
    progress.doing("Waiting for bids");
    let mut shown = None;
    loop {
        let (order, now) = tokio::try_join!(
            context.client.find::<Order>(&posted.address),
            context.client.chain_time()
        )?;
        let Some(order) = order else { return Ok(()) };
        let best = order.best().map(|place| order.bids[place]);
        if let Some(bid) = best.filter(|_| shown != best) {
            shown = best;
            let rate = mint.show_hourly(bid.rate);
            progress.say(format!("best bid: {rate} per GPU-hour by node {}", bid.node));
        }
        if now > order.bids_until || order.state() != Some(OrderState::Open) {
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Opens the job with the best bid that can be fulfilled, unless somebody has done so already; none when nobody has bid.
async fn take_best(context: &Context, wallet: &Keypair, address: Pubkey, job: &Pubkey) -> Result<Option<Job>> {
    let mut refusal = None;
    if let Some(order) = context.client.find::<Order>(&address).await? {
        let mut ranked: Vec<Bid> = order.taken().map(|(_, bid)| *bid).collect();
        ranked.sort_by_key(|bid| (bid.rate, bid.number));
        for bid in ranked {
            if context.client.find::<Job>(job).await?.is_some() {
                break;
            }
            match take(context, wallet, address, &order, &bid).await {
                Ok(_) => break,
                Err(error) => refusal = Some(error),
            }
        }
    }
    match (context.client.find::<Job>(job).await?, refusal) {
        (None, Some(refusal)) => Err(refusal),
        (opened, _) => Ok(opened),
    }
}

async fn accept(context: &Context, address: Pubkey, node: Option<Pubkey>) -> Result<()> {
    let wallet = context.wallet()?;
    let (order, now) = (get(context, address).await?, context.client.chain_time().await?);
    let by_tenant = wallet.pubkey() == order.tenant;
    if !by_tenant && now <= order.bids_until {
        return Err(Failure::Refused(format!(
            "bids are taken for {} s more; until then only the tenant {} accepts one",
            order.bids_until.saturating_sub(now),
            order.tenant
        ))
        .into());
    }
    let bid = match node {
        Some(node) => order.bid_of(&node).ok().map(|(_, bid)| bid),
        None => order.best().map(|place| order.bids[place]),
    };
    let Some(bid) = bid else {
        return Err(Failure::Refused(format!(
            "there is no such bid for order {address}; list them with `gantry order bids {address}`"
        ))
        .into());
    };
    let sent = take(context, &wallet, address, &order, &bid).await?;
    let job = address::job(&order.tenant, order.nonce);
    let directory = context.store.job(&job);
    let record = directory.find_record()?;
    let is_here = record.is_some();
    if let Some(record) = record {
        adopt(&directory, record, &context.client.get::<Job>(&job).await?)?;
    }
    let view = View::load(context).await?;
    let mut entries = vec![
        ("Job", job.to_string()),
        ("Node", bid.node.to_string()),
        ("Price", format!("{} per GPU-hour", view.hourly(&order, bid.rate))),
        ("Transaction", sent.signature.to_string()),
    ];
    if is_here {
        entries.push((
            "Next",
            format!("run it with `gantry resume {job}`, before its start deadline"),
        ));
    }
    let object = json!({
        "order": address.to_string(),
        "job": job.to_string(),
        "node": bid.node.to_string(),
        "rate": bid.rate.to_string(),
        "opened_here": is_here,
        "signature": sent.signature.to_string(),
    });
    context.output.show(&object, &list(&entries))?;
    Ok(())
}

/// Accepts a bid, at its rate and no more, and has all deposits returned.
async fn take(context: &Context, wallet: &Keypair, address: Pubkey, order: &Order, bid: &Bid) -> Result<Confirmed> {
    let accept = order_accept(wallet.pubkey(), address, order, bid, bid.rate);
    let sent = transact::send(context, "accept the bid", wallet, &[accept]).await?;
    refund(context, wallet, address).await;
    Ok(sent)
}

/// Has the deposits of an order that is over returned. Anyone may do it at any time, so that a failure is nobody's loss.
async fn refund(context: &Context, wallet: &Keypair, address: Pubkey) {
    let Ok(Some(order)) = context.client.find::<Order>(&address).await else {
        return;
    };
    let refunds = bid_refunds(address, &order);
    if order.state() == Some(OrderState::Open) || refunds.is_empty() {
        return;
    }
    if let Err(error) = context.client.send(&refunds, wallet, &[]).await {
        tracing::warn!(%address, %error, "the deposits wait for somebody to return them");
    }
}

async fn cancel(context: &Context, address: Pubkey) -> Result<()> {
    let wallet = context.wallet()?;
    let order = get(context, address).await?;
    if order.state() != Some(OrderState::Open) {
        // What is left to do: the deposits.
        refund(context, &wallet, address).await;
        let text = format!("Order {address} is over; its deposits go back.");
        let object = json!({ "order": address.to_string(), "refund": "0", "signature": null });
        context.output.show(&object, &text)?;
        return Ok(());
    }
    let sent = end(context, &wallet, address, &order).await?;
    let job = address::job(&order.tenant, order.nonce);
    let directory = context.store.job(&job);
    if directory.find_record()?.is_some() && context.client.find::<Job>(&job).await?.is_none() {
        directory.remove()?;
    }
    let view = View::load(context).await?;
    let text = list(&[
        ("Order", address.to_string()),
        ("Refund", view.amount(&order, order.escrow)),
        ("Transaction", sent.signature.to_string()),
    ]);
    let object = json!({
        "order": address.to_string(),
        "refund": order.escrow.to_string(),
        "signature": sent.signature.to_string(),
    });
    context.output.show(&object, &text)?;
    Ok(())
}

/// Ends an open order: the tenant its own, anyone one whose time is over.
async fn end(context: &Context, wallet: &Keypair, address: Pubkey, order: &Order) -> Result<Confirmed> {
    let instruction = if wallet.pubkey() == order.tenant {
        order_cancel(address, order)
    } else {
        order_expire(address, order)
    };
    let sent = transact::send(context, "end the order", wallet, &[instruction]).await?;
    refund(context, wallet, address).await;
    Ok(sent)
}

/// An order that must be there.
pub(super) async fn get(context: &Context, order: Pubkey) -> Result<Order> {
    let found = match context.client.find(&order).await {
        Err(ClientError::Decode { .. }) => None,
        found => found?,
    };
    Ok(found.ok_or_else(|| {
        Failure::Refused(format!(
            "there is no order at {order}; it may be over: list yours with `gantry order ls`"
        ))
    })?)
}
