//! `gantry provider`: who offers nodes, with which keys, and where its agent answers.

use anyhow::Result;
use gantry_sdk::{
    Pubkey, Signer, address,
    instruction::market,
    market::{ProviderProfile, state::Provider},
    protocol::limits::MAX_ENDPOINT_BYTES,
};
use serde_json::json;

use crate::{
    arguments::{ProviderCommand, ProviderProfileArguments, ProviderUpdateArguments},
    context::Context,
    failure::Failure,
    output::list,
    record::Standing,
    transact,
};

/// Carries it out.
pub(crate) async fn run(context: &Context, command: ProviderCommand) -> Result<()> {
    match command {
        ProviderCommand::Show { owner } => {
            let owner = context.owner(owner)?;
            show(context, owner, None).await
        }
        ProviderCommand::Register(arguments) => register(context, &arguments).await,
        ProviderCommand::Update(arguments) => update(context, arguments).await,
    }
}

async fn register(context: &Context, arguments: &ProviderProfileArguments) -> Result<()> {
    let profile = profile(arguments)?;
    let wallet = context.wallet()?;
    let owner = wallet.pubkey();
    if find(context, owner).await?.is_some() {
        return Err(Failure::Refused(format!(
            "{owner} is a provider already; change it with `gantry provider update`"
        ))
        .into());
    }
    let confirmed = transact::send(
        context,
        "register the provider",
        &wallet,
        &[market::provider_register(owner, profile)],
    )
    .await?;
    show(context, owner, Some(confirmed.signature.to_string())).await
}

async fn update(context: &Context, arguments: ProviderUpdateArguments) -> Result<()> {
    let wallet = context.wallet()?;
    let owner = wallet.pubkey();
    let known = get(context, owner).await?;
    let profile = profile(&ProviderProfileArguments {
        endpoint: arguments.endpoint.unwrap_or_else(|| known.endpoint().to_owned()),
        attestation_key: arguments.attestation_key.unwrap_or(known.attestation_key),
        tls_key_hash: arguments.tls_key_hash.unwrap_or(known.tls_key_hash),
    })?;
    let confirmed = transact::send(
        context,
        "update the provider",
        &wallet,
        &[market::provider_update(owner, profile)],
    )
    .await?;
    show(context, owner, Some(confirmed.signature.to_string())).await
}

/// The account of a wallet that must be a provider.
pub(super) async fn get(context: &Context, owner: Pubkey) -> Result<Provider> {
    let provider = find(context, owner).await?;
    Ok(provider.ok_or_else(|| {
        Failure::Refused(format!(
            "{owner} is no provider; start its agent, or register it with `gantry provider register`"
        ))
    })?)
}

async fn find(context: &Context, owner: Pubkey) -> Result<Option<Provider>> {
    Ok(context.client.find(&address::provider(&owner)).await?)
}

fn profile(arguments: &ProviderProfileArguments) -> Result<ProviderProfile, Failure> {
    let text = arguments.endpoint.as_bytes();
    let mut endpoint = [0; MAX_ENDPOINT_BYTES];
    let host = arguments.endpoint.strip_prefix("https://").unwrap_or_default();
    let Some(place) = endpoint
        .get_mut(..text.len())
        .filter(|_| !host.is_empty() && text.iter().all(u8::is_ascii_graphic))
    else {
        return Err(Failure::Usage(format!(
            "the endpoint {:?} must begin with https:// and have at most {MAX_ENDPOINT_BYTES} printable ASCII characters",
            arguments.endpoint
        )));
    };
    place.copy_from_slice(text);
    Ok(ProviderProfile {
        attestation_key: arguments.attestation_key,
        tls_key_hash: arguments.tls_key_hash,
        endpoint,
        endpoint_bytes: u16::try_from(text.len()).unwrap_or_default(),
    })
}

async fn show(context: &Context, owner: Pubkey, signature: Option<String>) -> Result<()> {
    let provider = get(context, owner).await?;
    let mut entries = vec![
        ("Provider", address::provider(&owner).to_string()),
        ("Wallet", owner.to_string()),
        ("Endpoint", provider.endpoint().to_owned()),
        ("Attestation key", provider.attestation_key.to_string()),
        ("TLS key hash", hex::encode(provider.tls_key_hash)),
        ("Nodes", provider.nodes.to_string()),
    ];
    let standing = Standing::at(&provider.record, context.client.chain_time().await?);
    entries.extend(standing.entries());
    if let Some(signature) = &signature {
        entries.push(("Transaction", signature.clone()));
    }
    let object = json!({
        "provider": address::provider(&owner).to_string(),
        "owner": owner.to_string(),
        "endpoint": provider.endpoint(),
        "attestation_key": provider.attestation_key.to_string(),
        "tls_key_hash": hex::encode(provider.tls_key_hash),
        "nodes": provider.nodes,
        "registered_at": provider.registered_at,
        "record": standing.object(),
        "signature": signature,
    });
    context.output.show(&object, &list(&entries))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(endpoint: &str) -> ProviderProfileArguments {
        ProviderProfileArguments {
            endpoint: endpoint.to_owned(),
            attestation_key: Pubkey::new_from_array([1; 32]),
            tls_key_hash: [2; 32],
        }
    }

    #[test]
    fn an_endpoint_is_kept_with_its_length() {
        let profile = profile(&arguments("https://a:1")).unwrap();
        assert_eq!(profile.endpoint_bytes, 11);
        assert!(profile.endpoint.starts_with(b"https://a:1\0"));
    }

    #[test]
    fn an_endpoint_that_tenants_could_not_pin_is_refused() {
        for endpoint in [
            "",
            "https://",
            "http://a",
            "https://ä",
            &format!("https://{}", "a".repeat(89)),
        ] {
            assert!(
                matches!(profile(&arguments(endpoint)), Err(Failure::Usage(_))),
                "{endpoint}"
            );
        }
        assert!(profile(&arguments(&format!("https://{}", "a".repeat(88)))).is_ok());
    }
}
