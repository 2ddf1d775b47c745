//! `gantry stake`: a provider's bond.

use anyhow::Result;
use gantry_sdk::{
    Instruction, Keypair, Pubkey, Signer, address,
    instruction::{delegation, staking},
    staking::state::{Pool, Stake},
};
use serde_json::{Value, json};

use crate::{
    amount,
    arguments::StakeCommand,
    context::Context,
    failure::Failure,
    output::{list, number},
    period,
    token::{self, TokenAccount},
    transact,
};

/// Carries it out.
pub(crate) async fn run(context: &Context, command: StakeCommand) -> Result<()> {
    match command {
        StakeCommand::Show { owner } => {
            let owner = context.owner(owner)?;
            let pool = pool(context).await?;
            show(context, &pool, owner, None).await
        }
        StakeCommand::Open => open(context).await,
        StakeCommand::Deposit { amount } => deposit(context, &amount).await,
        StakeCommand::Unbond { amount } => unbond(context, &amount).await,
        StakeCommand::Withdraw => withdraw(context).await,
        StakeCommand::Commission { commission } => set_commission(context, commission).await,
    }
}

async fn open(context: &Context) -> Result<()> {
    let wallet = context.wallet()?;
    let owner = wallet.pubkey();
    let pool = pool(context).await?;
    if find(context, owner).await?.is_some() {
        return Err(Failure::Refused(format!(
            "{owner} has a stake already; add to it with `gantry stake deposit`"
        ))
        .into());
    }
    send(context, &pool, "open the stake", &wallet, &[staking::stake_open(owner)]).await
}

async fn deposit(context: &Context, tokens: &str) -> Result<()> {
    let wallet = context.wallet()?;
    let owner = wallet.pubkey();
    let pool = pool(context).await?;
    let atoms = amount::parse_some(tokens, pool.decimals)?.0;
    let token_program = token::program_of(&context.client, &pool.mint).await?;
    let source = TokenAccount::new(owner, pool.mint, token_program);
    let held = source.amount(&context.client).await?.unwrap_or(0);
    if held < atoms {
        return Err(Failure::Refused(format!(
            "the wallet {owner} holds {} of the network token {}, less than the {} to bond; send it tokens, or bond less",
            amount::show(held, pool.decimals),
            pool.mint,
            amount::show(atoms, pool.decimals)
        ))
        .into());
    }
    let mut instructions = vec![];
    if find(context, owner).await?.is_none() {
        instructions.push(staking::stake_open(owner));
    }
    instructions.push(staking::stake_deposit(
        owner,
        pool.mint,
        source.address,
        token_program,
        atoms,
    ));
    send(context, &pool, "bond", &wallet, &instructions).await
}

async fn unbond(context: &Context, tokens: &str) -> Result<()> {
    let wallet = context.wallet()?;
    let owner = wallet.pubkey();
    let pool = pool(context).await?;
    let atoms = amount::parse_some(tokens, pool.decimals)?.0;
    let stake = get(context, owner).await?;
    if stake.own_free() < atoms {
        return Err(Failure::Refused(format!(
            "{} of the stake are active and not reserved by jobs, less than the {} to unbond; unbond less, or wait until jobs end",
            amount::show(stake.own_free(), pool.decimals),
            amount::show(atoms, pool.decimals)
        ))
        .into());
    }
    send(
        context,
        &pool,
        "unbond",
        &wallet,
        &[staking::unbonding_request(owner, atoms)],
    )
    .await
}

async fn withdraw(context: &Context) -> Result<()> {
    let wallet = context.wallet()?;
    let owner = wallet.pubkey();
    let pool = pool(context).await?;
    let (stake, now) = (get(context, owner).await?, context.client.chain_time().await?);
    let waiting = || stake.unbondings.iter().filter(|request| request.amount > 0);
    if waiting().all(|request| request.withdrawable_at > now) {
        let earliest = waiting().map(|request| request.withdrawable_at).min();
        let advice = earliest.map_or_else(
            || "begin with `gantry stake unbond`".to_owned(),
            |at| format!("the earliest request can be withdrawn in {}", period_until(at, now)),
        );
        return Err(Failure::Refused(format!("nothing has finished unbonding; {advice}")).into());
    }
    let token_program = token::program_of(&context.client, &pool.mint).await?;
    let destination = TokenAccount::new(owner, pool.mint, token_program);
    let mut instructions = vec![];
    if destination.amount(&context.client).await?.is_none() {
        instructions.push(destination.create(&owner));
    }
    instructions.push(staking::unbonding_withdraw(
        owner,
        pool.mint,
        destination.address,
        token_program,
    ));
    send(context, &pool, "withdraw the stake", &wallet, &instructions).await
}

async fn set_commission(context: &Context, bps: u16) -> Result<()> {
    let wallet = context.wallet()?;
    let pool = pool(context).await?;
    get(context, wallet.pubkey()).await?;
    let set = delegation::commission_set(wallet.pubkey(), bps);
    send(context, &pool, "set the commission", &wallet, &[set]).await
}

/// Sends, and shows the stake as it is afterwards.
async fn send(
    context: &Context,
    pool: &Pool,
    what: &str,
    wallet: &Keypair,
    instructions: &[Instruction],
) -> Result<()> {
    let confirmed = transact::send(context, what, wallet, instructions).await?;
    show(context, pool, wallet.pubkey(), Some(confirmed.signature.to_string())).await
}

/// The staking pool.
pub(super) async fn pool(context: &Context) -> Result<Pool> {
    let pool = context.client.find(&address::pool()).await?;
    let url = context.client.url();
    Ok(pool.ok_or_else(|| Failure::Refused(format!("there is no staking pool; is {url} the chain that you mean?")))?)
}

/// A provider's stake, if it has one.
pub(super) async fn find(context: &Context, owner: Pubkey) -> Result<Option<Stake>> {
    Ok(context.client.find(&address::stake(&owner)).await?)
}

async fn get(context: &Context, owner: Pubkey) -> Result<Stake> {
    let stake = find(context, owner).await?;
    Ok(
        stake
            .ok_or_else(|| Failure::Refused(format!("{owner} has no stake; bond some with `gantry stake deposit`")))?,
    )
}

async fn show(context: &Context, pool: &Pool, owner: Pubkey, signature: Option<String>) -> Result<()> {
    let (stake, now) = (get(context, owner).await?, context.client.chain_time().await?);
    let tokens = |atoms| amount::show(atoms, pool.decimals);
    let mut entries = vec![
        ("Owner", owner.to_string()),
        ("Network token", pool.mint.to_string()),
        ("Active", tokens(stake.active)),
        ("Reserved by jobs", tokens(stake.reserved)),
        ("Delegated", tokens(stake.delegated)),
        ("Delegated, unbonding", tokens(stake.delegated_unbonding)),
        ("Free for jobs", tokens(stake.free())),
        ("Slashable", tokens(stake.slashable())),
        ("Slashed so far", tokens(stake.slashed)),
        ("Commission", commission(&stake, now)),
    ];
    let mut unbondings: Vec<Value> = vec![];
    for request in stake.unbondings.iter().filter(|request| request.amount > 0) {
        let ripe = request.withdrawable_at <= now;
        let when = if ripe {
            "now".to_owned()
        } else {
            format!("in {}", period_until(request.withdrawable_at, now))
        };
        entries.push((
            "Unbonding",
            format!("{}, can be withdrawn {when}", tokens(request.amount)),
        ));
        unbondings.push(json!({ "amount": number(request.amount), "withdrawable_at": request.withdrawable_at, "withdrawable": ripe }));
    }
    if let Some(signature) = &signature {
        entries.push(("Transaction", signature.clone()));
    }
    let object = json!({
        "owner": owner.to_string(),
        "mint": pool.mint.to_string(),
        "decimals": pool.decimals,
        "active": number(stake.active),
        "reserved": number(stake.reserved),
        "delegated": number(stake.delegated),
        "delegated_unbonding": number(stake.delegated_unbonding),
        "free": number(stake.free()),
        "slashable": number(stake.slashable()),
        "slashed": number(stake.slashed),
        "commission_bps": stake.commission_at(now),
        "next_commission_bps": stake.next_commission_bps,
        "commission_from": (stake.commission_from > now).then_some(stake.commission_from),
        "unbondings": unbondings,
        "unbonding_period_s": pool.unbonding_period_s,
        "signature": signature,
    });
    context.output.show(&object, &list(&entries))?;
    Ok(())
}

/// The commission that counts, and the one that is announced.
pub(super) fn commission(stake: &Stake, now: i64) -> String {
    let percent = |bps: u16| format!("{} %", amount::show(u64::from(bps), 2));
    let counts = percent(stake.commission_at(now));
    if stake.commission_from <= now {
        return counts;
    }
    let until = period_until(stake.commission_from, now);
    format!("{counts}, {} in {until}", percent(stake.next_commission_bps))
}

/// From `now` until `at`, in words.
pub(super) fn period_until(at: i64, now: i64) -> String {
    period::show_ms(at.saturating_sub(now).max(0).unsigned_abs().saturating_mul(1_000))
}
