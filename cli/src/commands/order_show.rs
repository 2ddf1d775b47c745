//! How orders and bids are shown.

use anyhow::Result;
use gantry_sdk::{
    Pubkey, address,
    client::Confirmed,
    market::state::{Bid, Order, OrderState},
    protocol::class,
};
use serde_json::{Value, json};

use super::order::get;
use crate::{
    context::Context,
    mint::Mints,
    output::{list, number},
    period,
    table::Table,
};

/// Lists the wallet's orders, or everybody's that take bids.
pub(super) async fn ls(context: &Context, all: bool, of_class: Option<&str>) -> Result<()> {
    let view = View::load(context).await?;
    let mut orders = if all {
        context.client.all::<Order>(&[]).await?
    } else {
        // The tenant is the account's first field.
        let tenant = context.owner(None)?;
        context.client.all::<Order>(&[(0, tenant.as_ref())]).await?
    };
    orders.retain(|(_, order)| {
        let is_of_class = of_class.is_none_or(|name| class::unpack(&order.class) == name);
        is_of_class && (!all || view.state(order) == "taking bids")
    });
    orders.sort_by_key(|(address, order)| (std::cmp::Reverse(order.opened_at), *address));
    let mut table = Table::new(&[
        "ORDER",
        "CLASS",
        "REGION",
        "#GPUS",
        "#FOR",
        "#MAX PRICE",
        "#BIDS",
        "#BEST",
        "STATE",
    ]);
    for (address, order) in &orders {
        let best = order.best().map(|place| order.bids[place].rate);
        table.row([
            address.to_string(),
            class::unpack(&order.class).to_owned(),
            region(order).unwrap_or("any").to_owned(),
            order.gpus.to_string(),
            period::show_s(order.max_duration_s),
            view.hourly(order, order.max_rate),
            order.taken().count().to_string(),
            best.map_or_else(|| "-".to_owned(), |rate| view.hourly(order, rate)),
            view.state(order).to_owned(),
        ]);
    }
    let text = if orders.is_empty() {
        "There are no such orders; post one with `gantry order post`.".to_owned()
    } else {
        table.render()
    };
    let objects: Vec<Value> = orders
        .iter()
        .map(|(address, order)| view.object(*address, order))
        .collect();
    context.output.show(&json!({ "orders": objects }), &text)?;
    Ok(())
}

/// Shows an order with its bids.
pub(super) async fn show(context: &Context, address: Pubkey, sent: Option<Confirmed>) -> Result<()> {
    let (order, view) = (get(context, address).await?, View::load(context).await?);
    let left = |until: i64| period::show_s(u32::try_from(until.saturating_sub(view.now).max(0)).unwrap_or(u32::MAX));
    let mut entries = vec![
        ("Order", address.to_string()),
        ("Job to come", address::job(&order.tenant, order.nonce).to_string()),
        ("Tenant", order.tenant.to_string()),
        (
            "Asks for",
            format!(
                "{} × {} with {} MiB or more, in {}, for {} at most",
                order.gpus,
                class::unpack(&order.class),
                order.min_memory_mib,
                region(&order).unwrap_or("any region"),
                period::show_s(order.max_duration_s)
            ),
        ),
        ("Least score", order.min_score.to_string()),
        (
            "Pays at most",
            format!("{} per GPU-hour", view.hourly(&order, order.max_rate)),
        ),
        ("Escrow", view.amount(&order, order.escrow)),
        ("Deposit per bid", view.amount(&order, order.deposit)),
        ("State", view.state(&order).to_owned()),
    ];
    if order.state() == Some(OrderState::Open) {
        entries.push(("Takes bids for", left(order.bids_until)));
        entries.push(("Expires in", left(order.accept_until)));
    }
    let signature = sent.map(|confirmed| confirmed.signature.to_string());
    if let Some(signature) = &signature {
        entries.push(("Transaction", signature.clone()));
    }
    let text = format!("{}\n{}", list(&entries), table_of(&order, &view));
    let mut object = view.object(address, &order);
    object["signature"] = signature.into();
    context.output.show(&object, &text)?;
    Ok(())
}

/// Lists an order's bids.
pub(super) async fn bids(context: &Context, address: Pubkey) -> Result<()> {
    let (order, view) = (get(context, address).await?, View::load(context).await?);
    let object = json!({ "order": address.to_string(), "bids": view.object(address, &order)["bids"] });
    context.output.show(&object, &table_of(&order, &view))?;
    Ok(())
}

/// The bids, the best first.
fn ranked(order: &Order) -> Vec<(usize, &Bid)> {
    let mut all: Vec<_> = order.taken().collect();
    all.sort_by_key(|(_, bid)| (bid.rate, bid.number));
    all
}

fn table_of(order: &Order, view: &View) -> String {
    let mut table = Table::new(&["#PRICE", "NODE", "PROVIDER", "#BID"]);
    for (_, bid) in ranked(order) {
        let age_s = view.now.saturating_sub(bid.placed_at).max(0).unsigned_abs();
        table.row([
            view.hourly(order, bid.rate),
            bid.node.to_string(),
            bid.provider.to_string(),
            format!("{} ago", period::show_ms(age_s.saturating_mul(1_000))),
        ]);
    }
    if order.taken().next().is_none() {
        "There are no bids.".to_owned()
    } else {
        table.render()
    }
}

fn region(order: &Order) -> Option<&str> {
    Some(class::unpack(&order.region)).filter(|name| !name.is_empty())
}

/// What is needed to show an order.
pub(super) struct View {
    mints: Mints,
    /// The chain's clock.
    pub(super) now: i64,
}

impl View {
    pub(super) async fn load(context: &Context) -> Result<Self> {
        let (mints, now) = tokio::try_join!(Mints::load(&context.client), context.client.chain_time())?;
        Ok(Self { mints, now })
    }

    /// A rate in the order's mint, as tokens per hour.
    pub(super) fn hourly(&self, order: &Order, rate: u64) -> String {
        self.mints.show_hourly(&order.mint, rate)
    }

    /// Base units of the order's mint as tokens.
    pub(super) fn amount(&self, order: &Order, atoms: u64) -> String {
        self.mints.show(&order.mint, atoms)
    }

    /// Where it stands.
    pub(super) fn state(&self, order: &Order) -> &'static str {
        match order.state() {
            Some(OrderState::Open) if self.now <= order.bids_until => "taking bids",
            Some(OrderState::Open) if self.now <= order.accept_until => "bidding over",
            Some(OrderState::Open) => "expired",
            Some(OrderState::Accepted) => "accepted",
            Some(OrderState::Cancelled) => "cancelled",
            None => "unknown",
        }
    }

    pub(super) fn object(&self, address: Pubkey, order: &Order) -> Value {
        let bids: Vec<Value> = ranked(order)
            .into_iter()
            .map(|(place, bid)| {
                json!({
                    "place": place,
                    "node": bid.node.to_string(),
                    "provider": bid.provider.to_string(),
                    "rate": number(bid.rate),
                    "tokens_per_gpu_hour": self.hourly(order, bid.rate),
                    "placed_at": bid.placed_at,
                })
            })
            .collect();
        json!({
            "order": address.to_string(),
            "job": address::job(&order.tenant, order.nonce).to_string(),
            "tenant": order.tenant.to_string(),
            "mint": order.mint.to_string(),
            "class": class::unpack(&order.class),
            "region": region(order),
            "min_memory_mib": order.min_memory_mib,
            "gpus": order.gpus,
            "min_score": order.min_score,
            "simulated": order.simulated == 1,
            "max_rate": number(order.max_rate),
            "max_tokens_per_gpu_hour": self.hourly(order, order.max_rate),
            "max_duration_s": order.max_duration_s,
            "escrow": number(order.escrow),
            "deposit": number(order.deposit),
            "state": self.state(order),
            "opened_at": order.opened_at,
            "bids_until": order.bids_until,
            "accept_until": order.accept_until,
            "bids": bids,
        })
    }
}
