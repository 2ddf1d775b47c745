//! Whole jobs, from opening to the last atom.

use gantry_protocol::{Bill, Bps, Metered, Rate};
use gantry_tests::{
    parties::{DEPOSIT, FEE_BPS},
    token::tokens_in,
    world::World,
};

/// The bill of a job, recomputed from its terms.
fn bill(world: &World, job: &gantry_sdk::Pubkey, metered_ms: u64) -> Bill {
    let job = world.job(job);
    let fee = Bps::new(FEE_BPS).expect("a fee");
    Bill::of(
        Rate(job.rate),
        Metered(metered_ms),
        fee,
        gantry_protocol::Atoms(job.escrow),
    )
    .expect("within the escrow")
}

#[test]
fn a_job_is_opened_started_settled_and_closed_to_the_atom() {
    let mut world = World::new();
    let job = world.running_job();
    world.chain.advance(120);
    let receipt = world.final_receipt(&job, 119_500);
    world.settle(&receipt).succeeds();
    world.close(&job).succeeds();
    let bill = bill(&world, &job, 119_500);
    assert_eq!(world.provider_has(), bill.paid.0);
    assert_eq!(world.tenant_has(), DEPOSIT - bill.owed.0);
    assert_eq!(world.vault(), DEPOSIT);
    assert_eq!((world.job(&job).held(), world.fee_shard(&job).amount), (0, bill.fee.0));
    let (sweep, treasury) = world.sweep_instruction(&job);
    world.chain.send(&[sweep], &[]).succeeds();
    assert_eq!(world.vault(), DEPOSIT - bill.fee.0);
    assert_eq!(tokens_in(&world.chain, &treasury), bill.fee.0);
}
