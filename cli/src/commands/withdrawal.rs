//! Withdrawals beyond a mint's cap: asked for, waiting, paid, taken back.

use anyhow::Result;
use gantry_sdk::{
    Keypair, Pubkey, Signer, address,
    instruction::withdrawal as instruction,
    market::state::{RegisteredMint, Withdrawal},
    protocol::{
        UnixSeconds,
        limits::{MAX_WITHDRAWALS, WITHDRAW_MAX_WAIT_S},
    },
};
use serde_json::{Value, json};

use super::stake::period_until;
use crate::{
    context::Context, failure::Failure, mint::Mint, output::number, period, table::Table, token::TokenAccount, transact,
};

/// Refuses what the mint's cap has no room for now, and says what can be done.
pub(crate) async fn require_room(context: &Context, mint: &Mint, atoms: u64) -> Result<()> {
    let record: RegisteredMint = context.client.get(&address::registered_mint(&mint.address)).await?;
    let mut outflow = record.outflow();
    if !outflow.is_capped() {
        return Ok(());
    }
    outflow.refill(UnixSeconds(context.client.chain_time().await?));
    if atoms <= outflow.room {
        return Ok(());
    }
    Err(Failure::Refused(format!(
        "{} is capped at {} an hour for all together, which leaves room for {} now; withdraw that much, try again later, or ask for all \
         of it with --request: what is asked for is paid after {}, whatever the cap says then",
        mint.name,
        mint.show(outflow.cap),
        mint.show(outflow.room),
        period::show_s(WITHDRAW_MAX_WAIT_S)
    ))
    .into())
}

/// Asks for a withdrawal that is paid after the longest wait.
pub(crate) async fn request(context: &Context, wallet: &Keypair, mint: &Mint, atoms: u64) -> Result<()> {
    let owner = wallet.pubkey();
    let waiting = of_balance(context, owner, mint.address).await?;
    let taken = |place: &u8| waiting.iter().any(|withdrawal| withdrawal.number == *place);
    let Some(place) = (0..MAX_WITHDRAWALS).find(|place| !taken(place)) else {
        return Err(Failure::Refused(format!(
            "{MAX_WITHDRAWALS} withdrawals wait already, which is the most; take one back with `gantry balance cancel` and ask for both \
             together, or wait until one is paid"
        ))
        .into());
    };
    let ask = instruction::withdrawal_request(owner, mint.address, place, atoms);
    let confirmed = transact::send(context, "ask for the withdrawal", wallet, &[ask]).await?;
    let (asked, signature) = (mint.show(atoms), confirmed.signature.to_string());
    let object = json!({
        "owner": owner.to_string(),
        "mint": mint.address.to_string(),
        "number": place,
        "amount": number(atoms),
        "amount_tokens": asked,
        "payable_in_s": WITHDRAW_MAX_WAIT_S,
        "signature": signature,
    });
    let text = format!(
        "Asked for {asked}, as number {place}. It can be paid out in {}, by anyone: `gantry balance pay`. Until then \
         `gantry balance cancel` takes it back.\nTransaction {signature}",
        period::show_s(WITHDRAW_MAX_WAIT_S)
    );
    context.output.show(&object, &text)?;
    Ok(())
}

/// Lists what waits.
pub(crate) async fn ls(context: &Context, owner: Option<Pubkey>) -> Result<()> {
    let owner = context.owner(owner)?;
    let (waiting, now) = (of_owner(context, owner).await?, context.client.chain_time().await?);
    let mut table = Table::new(&["MINT", "NUMBER", "#AMOUNT", "PAYABLE"]);
    let mut rows = vec![];
    for withdrawal in &waiting {
        let mint = Mint::find(&context.client, &withdrawal.mint).await?;
        let amount = mint.show(withdrawal.amount);
        let when = if withdrawal.payable_at <= now {
            "now".to_owned()
        } else {
            format!("in {}", period_until(withdrawal.payable_at, now))
        };
        table.row([
            withdrawal.mint.to_string(),
            withdrawal.number.to_string(),
            amount.clone(),
            when,
        ]);
        rows.push(row(withdrawal, &amount));
    }
    let text = if waiting.is_empty() {
        format!("No withdrawal of {owner} waits.")
    } else {
        table.render()
    };
    context
        .output
        .show(&json!({ "owner": owner.to_string(), "withdrawals": rows }), &text)?;
    Ok(())
}

/// Pays what has waited long enough.
pub(crate) async fn pay(context: &Context, owner: Option<Pubkey>) -> Result<()> {
    let wallet = context.wallet()?;
    let owner = owner.unwrap_or_else(|| wallet.pubkey());
    let (waiting, now) = (of_owner(context, owner).await?, context.client.chain_time().await?);
    let (ripe, unripe): (Vec<&Withdrawal>, Vec<&Withdrawal>) =
        waiting.iter().partition(|withdrawal| withdrawal.payable_at <= now);
    if ripe.is_empty() {
        let earliest = unripe.iter().map(|withdrawal| withdrawal.payable_at).min();
        let advice = earliest.map_or_else(
            || format!("no withdrawal of {owner} waits; ask for one with `gantry balance withdraw --request`"),
            |at| {
                format!(
                    "the earliest withdrawal of {owner} can be paid in {}",
                    period_until(at, now)
                )
            },
        );
        return Err(Failure::Refused(format!("nothing can be paid yet: {advice}")).into());
    }
    let (mut paid, mut lines) = (vec![], vec![]);
    for withdrawal in ripe {
        let mint = Mint::find(&context.client, &withdrawal.mint).await?;
        let destination = TokenAccount::new(owner, mint.address, mint.token_program);
        let mut instructions = vec![];
        if destination.amount(&context.client).await?.is_none() {
            instructions.push(destination.create(&wallet.pubkey()));
        }
        instructions.push(instruction::withdrawal_pay(
            withdrawal,
            destination.address,
            mint.token_program,
        ));
        let confirmed = transact::send(context, "pay the withdrawal", &wallet, &instructions).await?;
        let (amount, signature) = (mint.show(withdrawal.amount), confirmed.signature.to_string());
        lines.push(format!(
            "Paid {amount} of {} to {owner}.\nTransaction {signature}",
            mint.name
        ));
        let mut object = row(withdrawal, &amount);
        object["signature"] = json!(signature);
        paid.push(object);
    }
    let object = json!({ "owner": owner.to_string(), "paid": paid });
    context.output.show(&object, &lines.join("\n"))?;
    Ok(())
}

/// Takes a withdrawal that waits back into the balance.
pub(crate) async fn cancel(context: &Context, mint: &Pubkey, place: u8) -> Result<()> {
    let wallet = context.wallet()?;
    let owner = wallet.pubkey();
    let mint = Mint::find(&context.client, mint).await?;
    let waiting = of_balance(context, owner, mint.address).await?;
    let Some(withdrawal) = waiting.iter().find(|withdrawal| withdrawal.number == place) else {
        return Err(Failure::Refused(format!(
            "no withdrawal number {place} waits in {}; `gantry balance requests` lists those that do",
            mint.name
        ))
        .into());
    };
    let cancel = instruction::withdrawal_cancel(withdrawal);
    let confirmed = transact::send(context, "take the withdrawal back", &wallet, &[cancel]).await?;
    let (amount, signature) = (mint.show(withdrawal.amount), confirmed.signature.to_string());
    let mut object = row(withdrawal, &amount);
    object["signature"] = json!(signature);
    let text = format!("{amount} went back into the balance in the market.\nTransaction {signature}");
    context.output.show(&object, &text)?;
    Ok(())
}

fn row(withdrawal: &Withdrawal, amount: &str) -> Value {
    json!({
        "mint": withdrawal.mint.to_string(),
        "number": withdrawal.number,
        "amount": number(withdrawal.amount),
        "amount_tokens": amount,
        "payable_at": withdrawal.payable_at,
    })
}

/// A balance's withdrawals, by number.
async fn of_balance(context: &Context, owner: Pubkey, mint: Pubkey) -> Result<Vec<Withdrawal>> {
    let balance = address::balance(&owner, &mint);
    let mut waiting = vec![];
    for place in 0..MAX_WITHDRAWALS {
        let address = address::withdrawal(&balance, place);
        waiting.extend(context.client.find::<Withdrawal>(&address).await?);
    }
    Ok(waiting)
}

/// An owner's withdrawals, the earliest first.
async fn of_owner(context: &Context, owner: Pubkey) -> Result<Vec<Withdrawal>> {
    const OWNER_AT: usize = 32;
    let found = context.client.all::<Withdrawal>(&[(OWNER_AT, owner.as_ref())]).await?;
    let mut waiting: Vec<_> = found.into_iter().map(|(_, withdrawal)| withdrawal).collect();
    waiting.sort_by_key(|withdrawal| (withdrawal.payable_at, withdrawal.mint, withdrawal.number));
    Ok(waiting)
}
