//! However a job is settled, the same atoms move.

use gantry_protocol::{Atoms, Bill, Bps, Metered, Rate};
use gantry_tests::{parties::DEPOSIT, world::World};

/// What a job of `metered_ms` moves when it is settled at these moments and then closed: paid, fee, refund.
fn settled_at(moments_ms: &[u64]) -> (u64, u64, u64) {
    let mut world = World::new();
    let job = world.running_job();
    world.chain.advance(600);
    for metered_ms in moments_ms {
        let receipt = world.receipt(&job, *metered_ms);
        world.settle(&receipt).succeeds();
    }
    let attestation = world.provider.attestation.insecure_clone();
    world.close_by(&attestation, &job).succeeds();
    let after = world.job(&job);
    assert_eq!(world.provider_has(), after.paid);
    assert_eq!(world.tenant_has(), DEPOSIT - after.owed);
    let fee = Bps::new(after.fee_bps).expect("a fee");
    let metered = moments_ms.last().copied().unwrap_or(0);
    let bill = Bill::of(Rate(after.rate), Metered(metered), fee, Atoms(after.escrow)).expect("within the escrow");
    assert_eq!(
        (after.paid, after.fee, after.refund),
        (bill.paid.0, bill.fee.0, bill.refund.0)
    );
    (after.paid, after.fee, after.refund)
}

#[test]
fn one_settlement_or_many_move_the_same_atoms() {
    let once = settled_at(&[599_999]);
    let often: Vec<_> = (1..=60).map(|n| n * 9_973).chain([599_999]).collect();
    assert_eq!(settled_at(&often), once);
    assert_eq!(settled_at(&[1, 2, 3, 599_998, 599_999]), once);
}

#[test]
fn a_settlement_that_earns_nothing_yet_is_made_up_for_by_the_next() {
    let mut often = vec![0, 1, 1, 1];
    often.extend(2..=40);
    assert_eq!(settled_at(&often), settled_at(&[40]));
}
