//! The cap on withdrawals: exact to the part of a base unit, and the same however often somebody looks.

use gantry_protocol::{
    Atoms, UnixSeconds,
    limits::WITHDRAW_WINDOW_S,
    outflow::{Outflow, UNCAPPED},
};
use proptest::prelude::*;

const WINDOW: u128 = WITHDRAW_WINDOW_S as u128;

fn capped(cap: u64) -> Outflow {
    let mut outflow = Outflow::uncapped(UnixSeconds(0));
    outflow.set_cap(cap, UnixSeconds(0));
    outflow
}

/// The room in parts of a base unit, in 128 bits: what `Outflow` must count.
#[derive(Clone, Copy)]
struct Model {
    cap: u64,
    parts: u128,
    at: i64,
}

impl Model {
    fn look(&mut self, now: i64) {
        let back = u128::from(self.cap) * u128::from(now.saturating_sub(self.at).max(0).unsigned_abs());
        self.parts = (self.parts + back).min(u128::from(self.cap) * WINDOW);
        self.at = self.at.max(now);
    }
}

fn parts(outflow: &Outflow) -> u128 {
    u128::from(outflow.room) * WINDOW + u128::from(outflow.rest)
}

#[test]
fn without_a_cap_everything_leaves_and_nothing_is_counted() {
    let mut outflow = Outflow::uncapped(UnixSeconds(5));
    let before = outflow;
    assert!(outflow.take(Atoms(u64::MAX), UnixSeconds(900)));
    assert_eq!(outflow, before);
}

#[test]
fn a_cap_begins_full_and_comes_back_in_a_window() {
    let mut outflow = capped(3_600);
    assert!(outflow.take(Atoms(3_600), UnixSeconds(0)));
    assert!(!outflow.take(Atoms(1), UnixSeconds(0)));
    assert!(outflow.take(Atoms(1), UnixSeconds(1)));
    assert!(!outflow.take(Atoms(1), UnixSeconds(1)));
    assert!(outflow.take(Atoms(3_598), UnixSeconds(3_599)));
    assert!(!outflow.take(Atoms(1), UnixSeconds(3_599)));
    assert!(outflow.take(Atoms(3_600), UnixSeconds(3_599 + 3_600)));
}

#[test]
fn a_cap_below_one_a_second_comes_back_however_often_somebody_looks() {
    let mut outflow = capped(2);
    assert!(outflow.take(Atoms(2), UnixSeconds(0)));
    for second in 1..1_800 {
        assert!(!outflow.take(Atoms(1), UnixSeconds(second)), "second {second}");
    }
    assert!(outflow.take(Atoms(1), UnixSeconds(1_800)));
}

#[test]
fn a_cap_of_nothing_lets_nothing_out_for_ever() {
    let mut outflow = capped(0);
    assert!(!outflow.take(Atoms(1), UnixSeconds(i64::MAX)));
    assert!(outflow.take(Atoms(0), UnixSeconds(i64::MAX)));
}

#[test]
fn setting_a_cap_anew_makes_no_room() {
    let mut outflow = capped(100);
    assert!(outflow.take(Atoms(100), UnixSeconds(0)));
    for cap in [100, 10, 1_000_000, 100] {
        outflow.set_cap(cap, UnixSeconds(0));
        assert_eq!(outflow.room, 0);
    }
    outflow.set_cap(UNCAPPED, UnixSeconds(0));
    assert!(outflow.take(Atoms(u64::MAX), UnixSeconds(0)));
    outflow.set_cap(7, UnixSeconds(0));
    assert_eq!(outflow.room, 7);
}

#[test]
fn a_clock_that_steps_back_gives_nothing_twice() {
    let mut outflow = capped(3_600);
    assert!(outflow.take(Atoms(3_600), UnixSeconds(0)));
    outflow.refill(UnixSeconds(100));
    outflow.refill(UnixSeconds(50));
    outflow.refill(UnixSeconds(100));
    assert_eq!(outflow.room, 100);
}

fn caps() -> impl Strategy<Value = u64> {
    prop_oneof![0_u64..10, 3_590_u64..3_610, any::<u64>(), (u64::MAX - 5)..u64::MAX,]
        .prop_filter("a cap", |cap| *cap != UNCAPPED)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn room_is_exact_to_the_part_whatever_happens(
        cap in caps(),
        steps in prop::collection::vec((0_u8..4, -3_i64..4_000, any::<u64>()), 1..40),
    ) {
        let mut outflow = capped(cap);
        let mut model = Model { cap, parts: u128::from(cap) * WINDOW, at: 0 };
        let mut now = 0_i64;
        for (what, step, number) in steps {
            now += step;
            match what {
                0 => {
                    model.look(now);
                    outflow.refill(UnixSeconds(now));
                }
                1 if number != UNCAPPED => {
                    model.look(now);
                    model.cap = number;
                    model.parts = model.parts.min(u128::from(number) * WINDOW);
                    outflow.set_cap(number, UnixSeconds(now));
                }
                _ => {
                    // Often near what there is.
                    let amount = if what == 2 { outflow.room.saturating_add(number % 3) } else { number };
                    model.look(now);
                    let fits = u128::from(amount) <= model.parts / WINDOW;
                    if fits {
                        model.parts -= u128::from(amount) * WINDOW;
                    }
                    prop_assert_eq!(outflow.take(Atoms(amount), UnixSeconds(now)), fits);
                }
            }
            prop_assert_eq!(parts(&outflow), model.parts);
            prop_assert!(outflow.room <= outflow.cap && u128::from(outflow.rest) < WINDOW);
        }
    }

    #[test]
    fn however_often_somebody_looks_as_much_has_come_back(
        cap in caps(),
        used in any::<u64>(),
        looks in prop::collection::vec(1_i64..600, 0..50),
    ) {
        let mut once = capped(cap);
        prop_assert!(once.take(Atoms(used.min(cap)), UnixSeconds(0)));
        let (mut often, mut now) = (once, 0);
        for look in looks {
            now += look;
            often.refill(UnixSeconds(now));
        }
        once.refill(UnixSeconds(now));
        prop_assert_eq!(once, often);
    }

    #[test]
    fn no_hour_lets_out_more_than_twice_the_cap(
        cap in caps(),
        steps in prop::collection::vec((0_i64..900, any::<u64>()), 1..60),
    ) {
        let mut outflow = capped(cap);
        let (mut now, mut left) = (0_i64, Vec::new());
        for (step, number) in steps {
            now += step;
            outflow.refill(UnixSeconds(now));
            let amount = if outflow.room == 0 { 0 } else { number % outflow.room.saturating_add(1).max(1) };
            if outflow.take(Atoms(amount), UnixSeconds(now)) {
                left.push((now, amount));
            }
            let hour = left.iter().filter(|(at, _)| now - at < i64::from(WITHDRAW_WINDOW_S));
            let sum: u128 = hour.map(|(_, amount)| u128::from(*amount)).sum();
            prop_assert!(sum <= 2 * u128::from(cap));
        }
    }
}
