//! A provider that rents from itself: tenant and provider have one balance.

use gantry_tests::{
    key,
    parties::{DEPOSIT, Tenant},
    token::tokens_in,
    world::World,
};

/// A world whose tenant's wallet is the provider's.
fn alone() -> World {
    let mut world = World::new();
    world.tenant = Tenant {
        wallet: world.provider.wallet.insecure_clone(),
        session: key::fresh(),
    };
    let wallet = world.tenant.owner();
    world.open_tenant(&wallet);
    world.deposit(DEPOSIT).succeeds();
    world
}

#[test]
fn a_provider_that_rents_from_itself_loses_the_fee_and_nothing_else() {
    let mut world = alone();
    let job = world.running_job();
    world.chain.advance(120);
    let receipt = world.final_receipt(&job, 120_000);
    world.settle(&receipt).succeeds();
    world.close(&job).succeeds();
    let after = world.job(&job);
    assert!(after.fee > 0);
    assert_eq!(world.provider_has(), DEPOSIT - after.fee);
    let (sweep, treasury) = world.sweep_instruction(&job);
    world.chain.send(&[sweep], &[]).succeeds();
    assert_eq!(
        (world.provider_has(), tokens_in(&world.chain, &treasury)),
        (DEPOSIT - after.fee, after.fee)
    );
}

#[test]
fn a_provider_that_cancels_its_own_job_has_everything_back() {
    let mut world = alone();
    let job = world.open_job();
    let attestation = world.provider.attestation.insecure_clone();
    world.cancel_by(&attestation, &job).succeeds();
    assert_eq!(world.provider_has(), DEPOSIT);
}
