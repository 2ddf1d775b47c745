//! `gantry fees`: what ended jobs have paid to the network, and its way to burn and treasury.

use anyhow::Result;
use gantry_sdk::{
    Pubkey, Signer, address,
    client::Client,
    instruction::fees,
    market::state::{Config, FeeShard},
};
use serde_json::{Value, json};

use crate::{
    arguments::FeesCommand,
    context::Context,
    mint::{Mint, Mints},
    output::number,
    table::Table,
    token::TokenAccount,
    transact,
};

/// Carries it out.
pub(crate) async fn run(context: &Context, command: FeesCommand) -> Result<()> {
    match command {
        FeesCommand::Ls => ls(context).await,
        FeesCommand::Sweep { mint } => sweep(context, &mint).await,
    }
}

async fn ls(context: &Context) -> Result<()> {
    let config: Config = context.client.config().await?;
    let mut table = Table::new(&["MINT", "#UNSWEPT", "#SHARDS"]);
    let mut mints = vec![];
    for mint in Mints::load(&context.client).await?.iter() {
        let waiting = waiting(&context.client, &mint.address).await?;
        let unswept = total(&waiting);
        table.row([mint.address.to_string(), mint.show(unswept), waiting.len().to_string()]);
        let shards: Vec<Value> = waiting
            .iter()
            .map(|shard| json!({ "number": shard.number, "amount": number(shard.amount) }))
            .collect();
        mints.push(json!({
            "mint": mint.address.to_string(),
            "decimals": mint.decimals,
            "unswept": number(unswept),
            "unswept_tokens": mint.show(unswept),
            "shards": shards,
        }));
    }
    let (treasury, percent) = (config.treasury.to_string(), f64::from(config.fee_burn_bps) / 100.0);
    let object = json!({ "treasury": treasury, "fee_burn_bps": config.fee_burn_bps, "mints": mints });
    let text = format!(
        "{percent} % of fees in the network token are burned; all else goes to the treasury {treasury}\n{}",
        table.render()
    );
    context.output.show(&object, &text)?;
    Ok(())
}

async fn sweep(context: &Context, mint: &Pubkey) -> Result<()> {
    let wallet = context.wallet()?;
    let config: Config = context.client.config().await?;
    let mint = Mint::find(&context.client, mint).await?;
    let waiting = waiting(&context.client, &mint.address).await?;
    let swept = total(&waiting);
    let treasury = TokenAccount::new(config.treasury, mint.address, mint.token_program);
    let mut signature = None;
    if swept > 0 {
        let mut instructions = vec![];
        if treasury.amount(&context.client).await?.is_none() {
            instructions.push(treasury.create(&wallet.pubkey()));
        }
        let sweep =
            |shard: &FeeShard| fees::fees_sweep(mint.address, shard.number, treasury.address, mint.token_program);
        instructions.extend(waiting.iter().map(sweep));
        let confirmed = transact::send(context, "sweep the fees", &wallet, &instructions).await?;
        signature = Some(confirmed.signature.to_string());
    }
    let object = json!({
        "mint": mint.address.to_string(),
        "treasury": config.treasury.to_string(),
        "treasury_account": treasury.address.to_string(),
        "shards": waiting.len(),
        "swept": number(swept),
        "swept_tokens": mint.show(swept),
        "signature": signature,
    });
    let text = match signature {
        Some(signature) => format!(
            "Swept {} out of {} shards.\nTransaction {signature}",
            mint.show(swept),
            waiting.len()
        ),
        None => "No fees wait in this mint.".into(),
    };
    context.output.show(&object, &text)?;
    Ok(())
}

/// The mint's shards that hold fees, by number.
async fn waiting(client: &Client, mint: &Pubkey) -> Result<Vec<FeeShard>> {
    let mut shards: Vec<FeeShard> = client
        .all::<FeeShard>(&[(std::mem::offset_of!(FeeShard, mint), mint.as_ref())])
        .await?
        .into_iter()
        .filter(|(address, shard)| *address == address::fee_shard(mint, shard.number) && shard.amount > 0)
        .map(|(_, shard)| shard)
        .collect();
    shards.sort_by_key(|shard| shard.number);
    Ok(shards)
}

/// Base units in these shards; no more than the mint's supply, which has 64 bits.
fn total(shards: &[FeeShard]) -> u64 {
    shards.iter().fold(0, |total, shard| total.saturating_add(shard.amount))
}
