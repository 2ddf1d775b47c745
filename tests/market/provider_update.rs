//! Changing a provider's profile.

use gantry_sdk::{Pubkey, Signer, instruction::market as instruction};
use gantry_tests::{
    forge::exchange,
    key,
    parties::{self, profile},
    world::World,
};
use market::{MarketError, ProviderProfile, state::Provider};

use crate::provider_register::configured;

#[test]
fn the_owner_changes_endpoint_and_both_keys() {
    let mut world = World::new();
    world.chain.advance(5);
    let address = world.provider.account();
    let before: Provider = world.chain.get(&address);
    let args = ProviderProfile {
        tls_key_hash: [9; 32],
        ..profile(Pubkey::new_unique(), "https://elsewhere:1")
    };
    let update = instruction::provider_update(world.provider.owner(), args);
    let done = world.chain.send(&[update], &[&world.provider.wallet]).succeeds();
    let provider: Provider = world.chain.get(&address);
    assert_eq!(
        (provider.attestation_key, provider.tls_key_hash),
        (args.attestation_key, [9; 32])
    );
    assert_eq!(provider.endpoint(), "https://elsewhere:1");
    let untouched = (before.owner, before.nodes, before.registered_at);
    assert_eq!((provider.owner, provider.nodes, provider.registered_at), untouched);
    assert_eq!(done.event(), configured(address, &provider, world.chain.now()));
}

#[test]
fn a_stranger_cannot_change_a_profile() {
    let mut world = World::new();
    let stranger = key::fresh();
    let owner = world.provider.owner();
    let update = instruction::provider_update(owner, world.provider.profile());
    let update = exchange(update, &owner, &stranger.pubkey());
    world
        .chain
        .send(&[update], &[&stranger])
        .is_refused(MarketError::NotOwner);
}

#[test]
fn the_attestation_key_cannot_change_the_profile() {
    let mut world = World::new();
    let owner = world.provider.owner();
    let update = instruction::provider_update(owner, world.provider.profile());
    let update = exchange(update, &owner, &world.provider.attestation.pubkey());
    world
        .chain
        .send(&[update], &[&world.provider.attestation])
        .is_refused(MarketError::NotOwner);
}

#[test]
fn a_profile_is_checked_as_strictly_as_at_the_registration() {
    let mut world = World::new();
    let owner = world.provider.owner();
    let key = world.provider.attestation.pubkey();
    let refused = [
        (profile(key, "http://a"), MarketError::InvalidEndpoint),
        (profile(Pubkey::default(), "https://a"), MarketError::InvalidKey),
        (
            ProviderProfile {
                tls_key_hash: [0; 32],
                ..profile(key, "https://a")
            },
            MarketError::InvalidKey,
        ),
    ];
    for (args, error) in refused {
        let update = instruction::provider_update(owner, args);
        world.chain.send(&[update], &[&world.provider.wallet]).is_refused(error);
    }
}

#[test]
fn a_rotated_key_takes_over_heartbeats_and_the_old_one_has_no_more_say() {
    let mut world = World::new();
    let new = parties::Provider::new().attestation;
    let args = profile(new.pubkey(), "https://agent.example:7443");
    let update = instruction::provider_update(world.provider.owner(), args);
    world.chain.send(&[update], &[&world.provider.wallet]).succeeds();
    world.heartbeat().is_refused(MarketError::NotAttestationKey);
    world.provider.attestation = new;
    world.heartbeat().succeeds();
}
