//! Registering a provider.

use gantry_protocol::limits::MAX_ENDPOINT_BYTES;
use gantry_sdk::{Pubkey, Signer, address, event::Event, instruction::market as instruction};
use gantry_tests::{forge::exchange, key, outcome::Outcome, parties::profile, world::World};
use market::{MarketError, ProviderProfile, events::ProviderConfigured, state::Provider};
use solana_instruction::error::InstructionError;

/// The event that describes a provider.
pub(crate) fn configured(address: Pubkey, provider: &Provider, at: i64) -> Event {
    Event::ProviderConfigured(ProviderConfigured {
        provider: address,
        owner: provider.owner,
        attestation_key: provider.attestation_key,
        tls_key_hash: provider.tls_key_hash,
        endpoint: provider.endpoint,
        endpoint_bytes: u64::from(provider.endpoint_bytes),
        at,
    })
}

fn register(world: &mut World, profile: ProviderProfile) -> Outcome {
    let register = instruction::provider_register(world.provider.owner(), profile);
    world.chain.send(&[register], &[&world.provider.wallet])
}

#[test]
fn a_wallet_registers_as_a_provider() {
    let mut world = World::configured();
    let profile = world.provider.profile();
    let done = register(&mut world, profile).succeeds();
    let address = world.provider.account();
    let provider: Provider = world.chain.get(&address);
    assert_eq!((provider.owner, provider.nodes), (world.provider.owner(), 0));
    assert_eq!(
        (provider.attestation_key, provider.tls_key_hash),
        (profile.attestation_key, profile.tls_key_hash)
    );
    assert_eq!(
        (provider.endpoint(), provider.registered_at),
        ("https://agent.example:7443", world.chain.now())
    );
    assert_eq!(done.event(), configured(address, &provider, world.chain.now()));
}

#[test]
fn a_wallet_registers_once() {
    let mut world = World::new();
    let profile = world.provider.profile();
    register(&mut world, profile).is_refused(InstructionError::Custom(0));
}

#[test]
fn nobody_registers_at_the_address_of_another_wallet() {
    let mut world = World::configured();
    let stranger = key::fresh();
    world.chain.fund(&stranger.pubkey());
    let register = instruction::provider_register(stranger.pubkey(), world.provider.profile());
    let register = exchange(
        register,
        &address::provider(&stranger.pubkey()),
        &world.provider.account(),
    );
    world
        .chain
        .send(&[register], &[&stranger])
        .is_refused(InstructionError::InvalidSeeds);
}

#[test]
fn an_attestation_key_of_zeros_is_refused() {
    let mut world = World::configured();
    let no_key = profile(Pubkey::default(), "https://a");
    register(&mut world, no_key).is_refused(MarketError::InvalidKey);
}

#[test]
fn a_tls_key_hash_of_zeros_is_refused() {
    let mut world = World::configured();
    let no_key = ProviderProfile {
        tls_key_hash: [0; 32],
        ..world.provider.profile()
    };
    register(&mut world, no_key).is_refused(MarketError::InvalidKey);
}

#[test]
fn an_endpoint_that_is_no_https_url_of_printable_ascii_is_refused() {
    let mut world = World::configured();
    let key = world.provider.attestation.pubkey();
    for endpoint in [
        "",
        "https://",
        "http://a",
        "HTTPS://a",
        "ftps://abcd",
        "https://a b",
        "https://a\n",
        "https://ä",
        " https://a",
    ] {
        register(&mut world, profile(key, endpoint)).is_refused(MarketError::InvalidEndpoint);
    }
}

#[test]
fn an_endpoint_whose_length_does_not_fit_its_bytes_is_refused() {
    let mut world = World::configured();
    let good = profile(world.provider.attestation.pubkey(), "https://agent");
    let length = good.endpoint_bytes;
    for endpoint_bytes in [length - 1, length + 1, 97, u16::MAX] {
        register(&mut world, ProviderProfile { endpoint_bytes, ..good }).is_refused(MarketError::InvalidEndpoint);
    }
}

#[test]
fn an_endpoint_of_ninety_six_bytes_is_accepted() {
    let mut world = World::configured();
    let mut endpoint = "https://".to_owned();
    endpoint.push_str(&"a".repeat(MAX_ENDPOINT_BYTES - endpoint.len()));
    let profile = profile(world.provider.attestation.pubkey(), &endpoint);
    register(&mut world, profile).succeeds();
    let provider: Provider = world.chain.get(&world.provider.account());
    assert_eq!(provider.endpoint(), endpoint);
}
