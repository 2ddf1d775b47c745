//! `gantry tenant`: what is known of a wallet that rents.

use anyhow::Result;
use gantry_sdk::{Pubkey, address, market::state::Tenant};
use serde_json::json;

use crate::{arguments::TenantCommand, context::Context, output::list, record::Standing};

/// Carries it out.
pub(crate) async fn run(context: &Context, command: TenantCommand) -> Result<()> {
    match command {
        TenantCommand::Show { wallet } => show(context, context.owner(wallet)?).await,
    }
}

async fn show(context: &Context, wallet: Pubkey) -> Result<()> {
    let address = address::tenant(&wallet);
    let known = context.client.find::<Tenant>(&address).await?;
    let now = context.client.chain_time().await?;
    // Whoever has never rented is a newcomer, with a newcomer's score.
    let standing = Standing::at(&known.map_or_else(Default::default, |tenant| tenant.record), now);
    let mut entries = vec![("Tenant", address.to_string()), ("Wallet", wallet.to_string())];
    if known.is_none() {
        entries.push(("State", "has never rented".to_owned()));
    }
    entries.extend(standing.entries());
    let object = json!({
        "tenant": address.to_string(),
        "wallet": wallet.to_string(),
        "opened_at": known.map(|tenant| tenant.opened_at),
        "record": standing.object(),
    });
    context.output.show(&object, &list(&entries))?;
    Ok(())
}
