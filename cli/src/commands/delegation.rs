//! `gantry delegation`: stake that a wallet entrusts to a provider.

use anyhow::Result;
use gantry_sdk::{
    Instruction, Keypair, Pubkey, Signer, address,
    instruction::delegation,
    protocol::{Atoms, shares::Shares},
    staking::state::{Delegation, Pool, Stake},
};
use serde_json::{Value, json};

use super::stake::{commission, find as find_stake, period_until, pool};
use crate::{
    amount,
    arguments::{DelegationCommand, Part},
    context::Context,
    failure::Failure,
    output::{list, number},
    token::{self, TokenAccount},
    transact,
};

/// Carries it out.
pub(crate) async fn run(context: &Context, command: DelegationCommand) -> Result<()> {
    match command {
        DelegationCommand::Show { provider, owner } => {
            let owner = context.owner(owner)?;
            let pool = pool(context).await?;
            show(context, &pool, provider, owner, None).await
        }
        DelegationCommand::Deposit { provider, amount } => deposit(context, provider, &amount).await,
        DelegationCommand::Unbond { provider, part } => unbond(context, provider, &part).await,
        DelegationCommand::Cancel { provider, place } => cancel(context, provider, place).await,
        DelegationCommand::Withdraw { provider } => withdraw(context, provider).await,
    }
}

async fn deposit(context: &Context, provider: Pubkey, tokens: &str) -> Result<()> {
    let wallet = context.wallet()?;
    let delegator = wallet.pubkey();
    let pool = pool(context).await?;
    let atoms = amount::parse_some(tokens, pool.decimals)?.0;
    stake_of(context, provider).await?;
    let token_program = token::program_of(&context.client, &pool.mint).await?;
    let source = TokenAccount::new(delegator, pool.mint, token_program);
    let held = source.amount(&context.client).await?.unwrap_or(0);
    if held < atoms {
        return Err(Failure::Refused(format!(
            "the wallet {delegator} holds {} of the network token {}, less than the {} to delegate; send it tokens, or delegate less",
            amount::show(held, pool.decimals),
            pool.mint,
            amount::show(atoms, pool.decimals)
        ))
        .into());
    }
    let mut instructions = vec![];
    if find(context, provider, delegator).await?.is_none() {
        instructions.push(delegation::delegation_open(delegator, provider));
    }
    instructions.push(delegation::delegation_deposit(
        delegator,
        provider,
        pool.mint,
        source.address,
        token_program,
        atoms,
    ));
    send(context, &pool, "delegate", &wallet, provider, &instructions).await
}

async fn unbond(context: &Context, provider: Pubkey, part: &Part) -> Result<()> {
    let wallet = context.wallet()?;
    let delegator = wallet.pubkey();
    let pool = pool(context).await?;
    let (stake, held) = get(context, provider, delegator).await?;
    let shares = match part {
        Part::All => held.shares,
        Part::Tokens(tokens) => shares_worth(&stake, &held, &pool, tokens)?,
    };
    let unbond = delegation::delegation_unbond(delegator, provider, shares);
    send(context, &pool, "ask the delegation back", &wallet, provider, &[unbond]).await
}

/// The shares of the delegation that are worth this many tokens now.
fn shares_worth(stake: &Stake, held: &Delegation, pool: &Pool, tokens: &str) -> Result<u64, Failure> {
    let atoms = amount::parse_some(tokens, pool.decimals)?;
    let worth = held.worth(stake).earning;
    if atoms > worth {
        return Err(Failure::Refused(format!(
            "the delegation is worth {}, less than the {} to unbond; unbond less, or `all`",
            amount::show(worth.0, pool.decimals),
            amount::show(atoms.0, pool.decimals)
        )));
    }
    // Cannot fail, since the delegation is worth that much.
    let shares = stake
        .delegated_pool()
        .shares_worth(atoms)
        .unwrap_or(Shares(held.shares));
    Ok(shares.0.min(held.shares))
}

async fn cancel(context: &Context, provider: Pubkey, place: u8) -> Result<()> {
    let wallet = context.wallet()?;
    let delegator = wallet.pubkey();
    let pool = pool(context).await?;
    let (_, held) = get(context, provider, delegator).await?;
    let request = held.unbondings.get(usize::from(place));
    if request.is_none_or(|request| request.shares == 0) {
        return Err(Failure::Refused(format!(
            "no request waits at place {place}; `gantry delegation show {provider}` lists them"
        ))
        .into());
    }
    let cancel = delegation::delegation_cancel(delegator, provider, place);
    send(context, &pool, "take the request back", &wallet, provider, &[cancel]).await
}

async fn withdraw(context: &Context, provider: Pubkey) -> Result<()> {
    let wallet = context.wallet()?;
    let delegator = wallet.pubkey();
    let pool = pool(context).await?;
    let ((_, held), now) = (
        get(context, provider, delegator).await?,
        context.client.chain_time().await?,
    );
    let waiting = || held.unbondings.iter().filter(|request| request.shares > 0);
    if waiting().all(|request| request.withdrawable_at > now) {
        let earliest = waiting().map(|request| request.withdrawable_at).min();
        let advice = earliest.map_or_else(
            || "begin with `gantry delegation unbond`".to_owned(),
            |at| format!("the earliest request can be withdrawn in {}", period_until(at, now)),
        );
        return Err(Failure::Refused(format!("nothing has finished unbonding; {advice}")).into());
    }
    let token_program = token::program_of(&context.client, &pool.mint).await?;
    let destination = TokenAccount::new(delegator, pool.mint, token_program);
    let mut instructions = vec![];
    if destination.amount(&context.client).await?.is_none() {
        instructions.push(destination.create(&delegator));
    }
    instructions.push(delegation::delegation_withdraw(
        delegator,
        provider,
        pool.mint,
        destination.address,
        token_program,
    ));
    send(
        context,
        &pool,
        "withdraw the delegation",
        &wallet,
        provider,
        &instructions,
    )
    .await
}

/// Sends, and shows the delegation as it is afterwards.
async fn send(
    context: &Context,
    pool: &Pool,
    what: &str,
    wallet: &Keypair,
    provider: Pubkey,
    instructions: &[Instruction],
) -> Result<()> {
    let confirmed = transact::send(context, what, wallet, instructions).await?;
    let signature = Some(confirmed.signature.to_string());
    show(context, pool, provider, wallet.pubkey(), signature).await
}

async fn stake_of(context: &Context, provider: Pubkey) -> Result<Stake> {
    let stake = find_stake(context, provider).await?;
    Ok(stake.ok_or_else(|| {
        Failure::Refused(format!(
            "{provider} has no stake; name the wallet of a provider that has"
        ))
    })?)
}

async fn find(context: &Context, provider: Pubkey, delegator: Pubkey) -> Result<Option<Delegation>> {
    Ok(context.client.find(&address::delegation(&provider, &delegator)).await?)
}

async fn get(context: &Context, provider: Pubkey, delegator: Pubkey) -> Result<(Stake, Delegation)> {
    let stake = stake_of(context, provider).await?;
    let found = find(context, provider, delegator).await?;
    let held = found.ok_or_else(|| {
        Failure::Refused(format!(
            "{delegator} has delegated nothing to {provider}; begin with `gantry delegation deposit`"
        ))
    })?;
    Ok((stake, held))
}

async fn show(
    context: &Context,
    pool: &Pool,
    provider: Pubkey,
    delegator: Pubkey,
    signature: Option<String>,
) -> Result<()> {
    let ((stake, held), now) = (
        get(context, provider, delegator).await?,
        context.client.chain_time().await?,
    );
    let tokens = |atoms: Atoms| amount::show(atoms.0, pool.decimals);
    let worth = held.worth(&stake);
    let mut entries = vec![
        ("Provider", provider.to_string()),
        ("Delegator", delegator.to_string()),
        ("Network token", pool.mint.to_string()),
        ("Worth", tokens(worth.earning)),
        ("Shares", held.shares.to_string()),
        ("Commission", commission(&stake, now)),
    ];
    let mut unbondings: Vec<Value> = vec![];
    for (place, request) in held
        .unbondings
        .iter()
        .enumerate()
        .filter(|(_, request)| request.shares > 0)
    {
        let left = stake
            .delegated_unbonding_pool()
            .worth(Shares(request.shares))
            .unwrap_or_default();
        let ripe = request.withdrawable_at <= now;
        let when = if ripe {
            "now".to_owned()
        } else {
            format!("in {}", period_until(request.withdrawable_at, now))
        };
        entries.push((
            "Unbonding",
            format!("{} at place {place}, can be withdrawn {when}", tokens(left)),
        ));
        unbondings.push(json!({
            "place": place,
            "shares": number(request.shares),
            "worth": number(left.0),
            "withdrawable_at": request.withdrawable_at,
            "withdrawable": ripe,
        }));
    }
    if let Some(signature) = &signature {
        entries.push(("Transaction", signature.clone()));
    }
    let object = json!({
        "provider": provider.to_string(),
        "delegator": delegator.to_string(),
        "mint": pool.mint.to_string(),
        "decimals": pool.decimals,
        "shares": number(held.shares),
        "worth": number(worth.earning.0),
        "commission_bps": stake.commission_at(now),
        "unbondings": unbondings,
        "signature": signature,
    });
    context.output.show(&object, &list(&entries))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;

    fn delegated(assets: u64, shares: u64, held: u64) -> (Stake, Delegation, Pool) {
        let stake = Stake {
            delegated: assets,
            delegated_shares: shares,
            ..Stake::zeroed()
        };
        let held = Delegation {
            shares: held,
            ..Delegation::zeroed()
        };
        let pool = Pool {
            decimals: 3,
            ..Pool::zeroed()
        };
        (stake, held, pool)
    }

    #[test]
    fn an_amount_becomes_the_fewest_shares_that_are_worth_it() {
        let (stake, held, pool) = delegated(700, 1_000, 500);
        let shares = shares_worth(&stake, &held, &pool, "0.100").unwrap();
        assert_eq!(shares, 143);
        assert_eq!(stake.delegated_pool().worth(Shares(shares)), Ok(Atoms(100)));
    }

    #[test]
    fn all_that_the_delegation_is_worth_is_every_share() {
        let (stake, held, pool) = delegated(700, 1_000, 500);
        assert_eq!(shares_worth(&stake, &held, &pool, "0.350").unwrap(), 500);
    }

    #[test]
    fn more_than_the_delegation_is_worth_is_refused_with_its_worth() {
        let (stake, held, pool) = delegated(700, 1_000, 500);
        let error = shares_worth(&stake, &held, &pool, "0.351").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the delegation is worth 0.35, less than the 0.351 to unbond; unbond less, or `all`"
        );
    }

    #[test]
    fn nothing_is_refused() {
        let (stake, held, pool) = delegated(700, 1_000, 500);
        assert!(matches!(
            shares_worth(&stake, &held, &pool, "0"),
            Err(Failure::Usage(_))
        ));
    }
}
