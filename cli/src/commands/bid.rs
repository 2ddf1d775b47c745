//! `gantry bid`: what a provider asks for in an order.

use anyhow::Result;
use gantry_sdk::{
    Pubkey, Signer as _, address,
    instruction::market::{bid_place, bid_withdraw},
    market::state::{Balance, Bid, Order},
    protocol::Rate,
};
use serde_json::{Value, json};

use super::{
    order::get,
    order_show::{self, View},
};
use crate::{
    amount, arguments::BidCommand, context::Context, failure::Failure, mint::Mint, output::number, table::Table,
    transact,
};

/// Carries it out.
pub(crate) async fn run(context: &Context, command: BidCommand) -> Result<()> {
    match command {
        BidCommand::Place { order, node, price } => place(context, order, node, &price).await,
        BidCommand::Withdraw {
            order,
            node,
            lose_deposit,
        } => withdraw(context, order, node, lose_deposit).await,
        BidCommand::Ls { owner } => ls(context, owner).await,
    }
}

async fn place(context: &Context, address: Pubkey, node: Pubkey, price: &str) -> Result<()> {
    let wallet = context.wallet()?;
    let order = get(context, address).await?;
    let mint = Mint::find(&context.client, &order.mint).await?;
    let rate = amount::parse_hourly(price, mint.decimals)?;
    require_wanted(&order, rate, &mint)?;
    if order.bid_of(&node).is_err() {
        require_deposit(context, &wallet.pubkey(), &order, &mint).await?;
    }
    let bid = bid_place(wallet.pubkey(), node, address, &order, rate.0);
    let sent = transact::send(context, "place the bid", &wallet, &[bid]).await?;
    order_show::show(context, address, Some(sent)).await
}

/// Says beforehand what the chain would refuse, in tokens.
fn require_wanted(order: &Order, rate: Rate, mint: &Mint) -> Result<(), Failure> {
    if rate.0 == 0 || rate.0 > order.max_rate {
        return Err(Failure::Refused(format!(
            "the order pays at most {} per GPU-hour; bid that or less, and more than nothing",
            mint.show_hourly(order.max_rate)
        )));
    }
    Ok(())
}

async fn require_deposit(context: &Context, owner: &Pubkey, order: &Order, mint: &Mint) -> Result<()> {
    let balance = context
        .client
        .find::<Balance>(&address::balance(owner, &order.mint))
        .await?;
    let held = balance.map_or(0, |balance| balance.amount);
    let Some(missing) = order.deposit.checked_sub(held).filter(|missing| *missing > 0) else {
        return Ok(());
    };
    let (deposit, held, missing) = (mint.show(order.deposit), mint.show(held), mint.show(missing));
    Err(Failure::Refused(format!(
        "a bid deposits {deposit}, but your balance in {} holds {held}: {missing} are missing; deposit them with \
         `gantry balance deposit {missing} --mint {}`",
        mint.name, mint.address
    ))
    .into())
}

async fn withdraw(context: &Context, address: Pubkey, node: Pubkey, lose_deposit: bool) -> Result<()> {
    let wallet = context.wallet()?;
    let (order, now) = (get(context, address).await?, context.client.chain_time().await?);
    let Ok((place, bid)) = order.bid_of(&node) else {
        return Err(Failure::Refused(format!("node {node} has no bid for order {address}")).into());
    };
    let is_lost = order.bids_until < now && now <= order.accept_until;
    if is_lost && !lose_deposit {
        let mint = Mint::find(&context.client, &order.mint).await?;
        return Err(Failure::Refused(format!(
            "no more bids are taken, so that the deposit of {} would go to the tenant; it comes back when another bid is accepted, or in \
             {} s. Add --lose-deposit to take the bid back nevertheless",
            mint.show(order.deposit),
            order.accept_until.saturating_sub(now)
        ))
        .into());
    }
    let to = if is_lost { order.tenant } else { bid.provider };
    let place = u8::try_from(place).unwrap_or(u8::MAX);
    let withdraw = bid_withdraw(address, &order, place, wallet.pubkey(), &to);
    let sent = transact::send(context, "take the bid back", &wallet, &[withdraw]).await?;
    order_show::show(context, address, Some(sent)).await
}

async fn ls(context: &Context, owner: Option<Pubkey>) -> Result<()> {
    let owner = context.owner(owner)?;
    let view = View::load(context).await?;
    let mut table = Table::new(&["ORDER", "NODE", "#PRICE", "#RANK", "#DEPOSIT", "STATE"]);
    let mut objects: Vec<Value> = vec![];
    for (address, order) in context.client.all::<Order>(&[]).await? {
        for (place, bid) in order.taken().filter(|(_, bid)| bid.provider == owner) {
            let is_better = |other: &Bid| (other.rate, other.number) < (bid.rate, bid.number);
            let rank = 1 + order.taken().filter(|(_, other)| is_better(other)).count();
            table.row([
                address.to_string(),
                bid.node.to_string(),
                view.hourly(&order, bid.rate),
                format!("{rank} of {}", order.taken().count()),
                view.amount(&order, order.deposit),
                view.state(&order).to_owned(),
            ]);
            objects.push(json!({
                "order": address.to_string(),
                "place": place,
                "node": bid.node.to_string(),
                "rate": number(bid.rate),
                "rank": rank,
                "deposit": number(order.deposit),
                "state": view.state(&order),
            }));
        }
    }
    let text = if objects.is_empty() {
        format!("{owner} has no bids; look for orders with `gantry order ls --all`.")
    } else {
        table.render()
    };
    let object = json!({ "owner": owner.to_string(), "bids": objects });
    context.output.show(&object, &text)?;
    Ok(())
}
