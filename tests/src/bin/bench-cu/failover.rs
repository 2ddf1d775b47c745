//! A job whose node is lost goes on at another provider's.

use gantry_sdk::{Signer, instruction::market};
use gantry_tests::{
    parties::{Provider, specification},
    world::World,
};

/// Compute units of a failover. In a world of its own: it takes a second provider.
pub(crate) fn units() -> (String, u64) {
    let (mut world, other) = (World::new(), Provider::new());
    world.admit(&other);
    let job = world.running_job();
    let attestation = world.provider.attestation.insecure_clone();
    world.close_by(&attestation, &job).succeeds();
    let (payer, session) = (world.deployer.insecure_clone(), world.tenant.session.insecure_clone());
    let to = market::Elsewhere {
        nonce: 1_000,
        node: other.node(0),
        provider_owner: other.owner(),
        class: specification().class,
        max_rate: u64::MAX,
        max_duration_s: 60,
    };
    let call = market::job_failover(payer.pubkey(), job, &world.job(&job), &to);
    let done = world.chain.send(&[call], &[&payer, &session]).succeeds();
    ("market.job_failover".to_owned(), done.compute_units)
}
