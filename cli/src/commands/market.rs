//! `gantry market`: what can be rented, through the indexer.

use std::cmp::Reverse;

use anyhow::Result;
use gantry_sdk::Pubkey;
use serde_json::{Value, json};

use crate::{
    amount,
    arguments::{MarketCommand, MarketListArguments, Sort},
    context::Context,
    failure::Failure,
    indexer::{Class, Node, NodeFilter},
    mint::{Mint, Mints},
    output::number,
    table::Table,
};

/// Most nodes that are listed; whoever wants more asks the API itself.
const MAX_NODES: usize = 1_000;

/// Carries it out.
pub(crate) async fn run(context: &Context, command: MarketCommand) -> Result<()> {
    match command {
        MarketCommand::Ls(arguments) => ls(context, &arguments).await,
        MarketCommand::Classes => classes(context).await,
    }
}

async fn ls(context: &Context, arguments: &MarketListArguments) -> Result<()> {
    let progress = context.output.progress("Asking the indexer");
    let mints = Mints::load(&context.client).await?;
    let filter = NodeFilter {
        class: arguments.class.clone(),
        region: arguments.region.clone(),
        mint: arguments.mint,
        max_rate: max_rate(context, arguments).await?,
        min_free_gpus: Some(arguments.gpus),
        healthy: Some(true).filter(|_| !arguments.all),
        simulated: None,
    };
    let mut nodes = context.indexer.nodes(&filter, MAX_NODES).await?;
    drop(progress);
    let found = nodes.len();
    nodes.retain(|node| arguments.allow_simulated || !node.simulated);
    let left_out = found - nodes.len();

    let mut offers: Vec<Offer<'_>> = nodes.iter().flat_map(|node| offers_of(node, arguments.mint)).collect();
    match arguments.sort {
        // Rates in different mints cannot be compared, so each mint is a group of its own.
        Sort::Price => offers.sort_by_key(|offer| (offer.mint, offer.rate, offer.node.address)),
        Sort::Free => offers.sort_by_key(|offer| {
            (
                Reverse(offer.node.gpus_free),
                offer.mint,
                offer.rate,
                offer.node.address,
            )
        }),
        Sort::Memory => offers.sort_by_key(|offer| {
            (
                Reverse(offer.node.memory_mib),
                offer.mint,
                offer.rate,
                offer.node.address,
            )
        }),
        Sort::Score => {
            offers.sort_by_key(|offer| (Reverse(offer.node.score), offer.mint, offer.rate, offer.node.address))
        }
    }
    let objects: Vec<Value> = offers.iter().map(|offer| offer.object(&mints)).collect();
    let object = json!({ "offers": objects, "simulated_left_out": left_out });
    let mut text = text(&offers, &mints, left_out);
    if offers.is_empty() && !arguments.all {
        text.push_str("\n--all lists nodes that take no jobs now, too.");
    }
    context.output.show(&object, &text)?;
    Ok(())
}

async fn classes(context: &Context) -> Result<()> {
    let progress = context.output.progress("Asking the indexer");
    let mints = Mints::load(&context.client).await?;
    let mut classes = context.indexer.classes().await?;
    drop(progress);
    classes.sort_by(|one, other| one.name.cmp(&other.name));
    let mut table = Table::new(&[
        "CLASS",
        "NEW JOBS",
        "#NODES",
        "#GPUS FREE",
        "#FROM",
        "#TO PER GPU-HOUR",
        "MINT",
    ]);
    for class in &classes {
        let about = [
            class.name.clone(),
            if class.enabled { "yes" } else { "no" }.to_owned(),
            class.nodes.to_string(),
            format!("{}/{}", class.gpus_free, class.gpus),
        ];
        let ranges = class.price_ranges.iter().map(|range| {
            let hourly = |rate: u64| mints.show_hourly(&range.mint, rate);
            [hourly(range.floor.0), hourly(range.ceiling.0), range.mint.to_string()]
        });
        let ranges: Vec<_> = ranges.collect();
        let unpriced = [String::new(), String::new(), "not rented in any mint".to_owned()];
        for [from, to, mint] in if ranges.is_empty() { vec![unpriced] } else { ranges } {
            let [name, enabled, nodes, gpus] = about.clone();
            table.row([name, enabled, nodes, gpus, from, to, mint]);
        }
    }
    let objects: Vec<Value> = classes.iter().map(|class| class_object(class, &mints)).collect();
    let text = if classes.is_empty() {
        "Governance has registered no GPU class so far.".to_owned()
    } else {
        table.render()
    };
    context.output.show(&json!({ "classes": objects }), &text)?;
    Ok(())
}

fn class_object(class: &Class, mints: &Mints) -> Value {
    let ranges = class.price_ranges.iter().map(|range| {
        json!({
            "mint": range.mint.to_string(),
            "floor": number(range.floor.0),
            "ceiling": number(range.ceiling.0),
            "floor_tokens_per_gpu_hour": mints.show_hourly(&range.mint, range.floor.0),
            "ceiling_tokens_per_gpu_hour": mints.show_hourly(&range.mint, range.ceiling.0),
        })
    });
    json!({
        "class": class.name,
        "enabled": class.enabled,
        "nodes": class.nodes,
        "gpus": class.gpus,
        "gpus_free": class.gpus_free,
        "price_ranges": ranges.collect::<Vec<_>>(),
    })
}

async fn max_rate(context: &Context, arguments: &MarketListArguments) -> Result<Option<u64>> {
    let (Some(price), Some(mint)) = (&arguments.max_price, &arguments.mint) else {
        return Ok(None);
    };
    let mint = Mint::find(&context.client, mint).await?;
    let rate = amount::parse_hourly(price, mint.decimals)?;
    if rate.0 == 0 {
        return Err(Failure::Usage(format!(
            "--max-price {price} is less than the smallest rate that there is; raise it"
        ))
        .into());
    }
    Ok(Some(rate.0))
}

/// A node's price in one mint.
struct Offer<'a> {
    node: &'a Node,
    mint: Pubkey,
    rate: u64,
}

fn offers_of(node: &Node, mint: Option<Pubkey>) -> impl Iterator<Item = Offer<'_>> {
    let wanted = node
        .prices
        .iter()
        .filter(move |price| mint.is_none_or(|mint| mint == price.mint));
    wanted.map(move |price| Offer {
        node,
        mint: price.mint,
        rate: price.rate.0,
    })
}

impl Offer<'_> {
    fn object(&self, mints: &Mints) -> Value {
        json!({
            "node": self.node.address.to_string(),
            "owner": self.node.owner.to_string(),
            "class": self.node.class,
            "region": self.node.region,
            "gpus": self.node.gpus,
            "gpus_free": self.node.gpus_free,
            "memory_mib": self.node.memory_mib,
            "min_duration_s": self.node.min_duration_s,
            "max_duration_s": self.node.max_duration_s,
            "mint": self.mint.to_string(),
            "rate": number(self.rate),
            "tokens_per_gpu_hour": mints.show_hourly(&self.mint, self.rate),
            "simulated": self.node.simulated,
            "healthy": self.node.healthy,
            "score": self.node.score,
        })
    }
}

fn text(offers: &[Offer<'_>], mints: &Mints, left_out: usize) -> String {
    let hint = match left_out {
        0 => String::new(),
        1 => "\n1 node with simulated GPUs is left out; list it with --allow-simulated.".to_owned(),
        several => format!("\n{several} nodes with simulated GPUs are left out; list them with --allow-simulated."),
    };
    if offers.is_empty() {
        return format!("No node fits.{hint}");
    }
    let mut table = Table::new(&[
        "NODE",
        "CLASS",
        "#GPUS FREE",
        "#MEMORY",
        "REGION",
        "#PER GPU-HOUR",
        "#RATE",
        "MINT",
        "#SCORE",
        "HEALTHY",
        "SIMULATED",
    ]);
    let yes_or_no = |yes| if yes { "yes" } else { "no" }.to_owned();
    for offer in offers {
        table.row([
            offer.node.address.to_string(),
            offer.node.class.clone(),
            format!("{}/{}", offer.node.gpus_free, offer.node.gpus),
            format!(
                "{} GiB",
                amount::show(offer.node.memory_mib.saturating_mul(100) / 1_024, 2)
            ),
            offer.node.region.clone(),
            mints.show_hourly(&offer.mint, offer.rate),
            offer.rate.to_string(),
            offer.mint.to_string(),
            offer.node.score.to_string(),
            yes_or_no(offer.node.healthy),
            yes_or_no(offer.node.simulated),
        ]);
    }
    format!("{}{hint}", table.render())
}
