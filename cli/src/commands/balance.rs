//! `gantry balance`: money inside the market.

use anyhow::Result;
use gantry_sdk::{Pubkey, Signer, address, client::Confirmed, instruction::market, market::state::Balance};
use serde_json::json;

use super::withdrawal;
use crate::{
    amount,
    arguments::BalanceCommand,
    context::Context,
    failure::Failure,
    mint::{Mint, Mints},
    output::number,
    table::Table,
    token::TokenAccount,
    transact,
};

/// Carries it out.
pub(crate) async fn run(context: &Context, command: BalanceCommand) -> Result<()> {
    match command {
        BalanceCommand::Ls { owner } => ls(context, owner).await,
        BalanceCommand::Deposit { mint, amount } => deposit(context, &mint, &amount).await,
        BalanceCommand::Withdraw { mint, amount, request } => withdraw(context, &mint, &amount, request).await,
        BalanceCommand::Requests { owner } => withdrawal::ls(context, owner).await,
        BalanceCommand::Pay { owner } => withdrawal::pay(context, owner).await,
        BalanceCommand::Cancel { mint, number } => withdrawal::cancel(context, &mint, number).await,
    }
}

async fn ls(context: &Context, owner: Option<Pubkey>) -> Result<()> {
    let owner = context.owner(owner)?;
    let mut table = Table::new(&["MINT", "#IN THE MARKET", "#IN THE WALLET"]);
    let mut balances = vec![];
    for mint in Mints::load(&context.client).await?.iter() {
        let in_market = in_market(context, owner, mint.address).await?;
        let in_wallet = TokenAccount::new(owner, mint.address, mint.token_program)
            .amount(&context.client)
            .await?;
        let shown = |atoms: Option<u64>| atoms.map_or_else(|| "-".into(), |atoms| mint.show(atoms));
        table.row([mint.address.to_string(), shown(in_market), shown(in_wallet)]);
        let (in_market, in_wallet) = (in_market.unwrap_or(0), in_wallet.unwrap_or(0));
        balances.push(json!({
            "mint": mint.address.to_string(),
            "decimals": mint.decimals,
            "market": number(in_market),
            "market_tokens": mint.show(in_market),
            "wallet": number(in_wallet),
            "wallet_tokens": mint.show(in_wallet),
        }));
    }
    let text = if balances.is_empty() {
        "The market has no registered mints.".into()
    } else {
        format!("Wallet {owner}\n{}", table.render())
    };
    context
        .output
        .show(&json!({ "owner": owner.to_string(), "balances": balances }), &text)?;
    Ok(())
}

async fn deposit(context: &Context, mint: &Pubkey, tokens: &str) -> Result<()> {
    let wallet = context.wallet()?;
    let owner = wallet.pubkey();
    let mint = Mint::find(&context.client, mint).await?;
    let atoms = amount::parse_some(tokens, mint.decimals)?.0;
    let source = TokenAccount::new(owner, mint.address, mint.token_program);
    let held = source.amount(&context.client).await?.unwrap_or(0);
    if held < atoms {
        return Err(Failure::Refused(format!(
            "the wallet {owner} holds {} of {}, less than the {} to deposit; send it tokens, or deposit less",
            mint.show(held),
            mint.name,
            mint.show(atoms)
        ))
        .into());
    }
    let mut instructions = vec![];
    if in_market(context, owner, mint.address).await?.is_none() {
        instructions.push(market::balance_open(owner, owner, mint.address));
    }
    instructions.push(market::balance_deposit(
        owner,
        mint.address,
        source.address,
        mint.token_program,
        atoms,
    ));
    let confirmed = transact::send(context, "deposit", &wallet, &instructions).await?;
    moved(context, "Deposited", atoms, &mint, owner, confirmed).await
}

async fn withdraw(context: &Context, mint: &Pubkey, tokens: &str, request: bool) -> Result<()> {
    let wallet = context.wallet()?;
    let owner = wallet.pubkey();
    let mint = Mint::find(&context.client, mint).await?;
    let atoms = amount::parse_some(tokens, mint.decimals)?.0;
    let held = in_market(context, owner, mint.address).await?.unwrap_or(0);
    if held < atoms {
        return Err(Failure::Refused(format!(
            "the balance of {owner} in {} is {}, less than the {} to withdraw; withdraw less, or wait until running jobs return what \
             they do not use",
            mint.name,
            mint.show(held),
            mint.show(atoms)
        ))
        .into());
    }
    if request {
        return withdrawal::request(context, &wallet, &mint, atoms).await;
    }
    withdrawal::require_room(context, &mint, atoms).await?;
    let destination = TokenAccount::new(owner, mint.address, mint.token_program);
    let mut instructions = vec![];
    if destination.amount(&context.client).await?.is_none() {
        instructions.push(destination.create(&owner));
    }
    instructions.push(market::balance_withdraw(
        owner,
        mint.address,
        destination.address,
        mint.token_program,
        atoms,
    ));
    let confirmed = transact::send(context, "withdraw", &wallet, &instructions).await?;
    moved(context, "Withdrew", atoms, &mint, owner, confirmed).await
}

/// Base units in the market; `None` when no balance was opened.
async fn in_market(context: &Context, owner: Pubkey, mint: Pubkey) -> Result<Option<u64>> {
    let balance = context.client.find::<Balance>(&address::balance(&owner, &mint)).await?;
    Ok(balance.map(|balance| balance.amount))
}

/// Says what was moved, and what the balance is now.
async fn moved(context: &Context, what: &str, atoms: u64, mint: &Mint, owner: Pubkey, sent: Confirmed) -> Result<()> {
    let balance = in_market(context, owner, mint.address).await?.unwrap_or(0);
    let (amount, now, signature) = (mint.show(atoms), mint.show(balance), sent.signature.to_string());
    let object = json!({
        "owner": owner.to_string(),
        "mint": mint.address.to_string(),
        "amount": number(atoms),
        "amount_tokens": amount,
        "balance": number(balance),
        "balance_tokens": now,
        "signature": signature,
    });
    let text = format!("{what} {amount}; the balance in the market is now {now}.\nTransaction {signature}");
    context.output.show(&object, &text)?;
    Ok(())
}
