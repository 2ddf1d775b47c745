//! Which shard collects a fee, and how a sweep divides it.

use gantry_protocol::{
    Atoms, Bps,
    fees::{Sweep, shard_of},
    limits::FEE_SHARDS,
};
use proptest::prelude::*;

fn bps(number: u16) -> Bps {
    Bps::new(number).expect("at most the whole")
}

#[test]
fn a_shard_is_named_by_the_first_byte_of_the_address() {
    for first in 0..=u8::MAX {
        let mut job = [0xff; 32];
        job[0] = first;
        assert_eq!(shard_of(&job), first & 7);
    }
}

#[test]
fn what_is_burned_is_rounded_down_and_the_treasury_gets_the_rest() {
    for (amount, burn, burned) in [
        (0, 5_000, 0),
        (1, 5_000, 0),
        (3, 5_000, 1),
        (9_999, 1, 0),
        (10_000, 1, 1),
        (1_000, 0, 0),
        (1_000, 10_000, 1_000),
        (u64::MAX, 10_000, u64::MAX),
        (u64::MAX, 5_000, u64::MAX / 2),
    ] {
        let sweep = Sweep::of(Atoms(amount), bps(burn));
        assert_eq!(
            (sweep.burned, sweep.to_treasury),
            (Atoms(burned), Atoms(amount - burned))
        );
    }
}

proptest! {
    #[test]
    fn nothing_is_lost_or_made_by_a_sweep(amount: u64, burn in 0..=Bps::ONE) {
        let Sweep { burned, to_treasury } = Sweep::of(Atoms(amount), bps(burn));
        prop_assert_eq!(burned.checked_add(to_treasury), Some(Atoms(amount)));
        prop_assert_eq!(u128::from(burned.0), u128::from(amount) * u128::from(burn) / 10_000);
    }

    #[test]
    fn every_job_has_one_of_the_shards(job: [u8; 32]) {
        prop_assert!(shard_of(&job) < FEE_SHARDS);
    }
}
