//! Which pairs of receipts prove a fault, and what a fault costs.

use gantry_protocol::{
    Atoms, Receipt,
    ed25519::{self, NotCanonical, pair, single},
    fault::{BOUNTY, EVIDENCE_WINDOW_S, Fault, PENALTIES, penalty, proven_by, split},
    limits::MIN_UNBONDING_PERIOD_S,
    receipt::FLAG_FINAL,
};
use proptest::prelude::*;

fn receipt(sequence: u64, metered_ms: u64) -> Receipt {
    Receipt {
        genesis_hash: [1; 32],
        job: [2; 32],
        sequence,
        metered_ms,
        time_ms: 3,
        flags: 0,
        samples_root: [4; 32],
    }
}

fn fault(a: &Receipt, b: &Receipt) -> Option<Fault> {
    proven_by(&a.to_bytes(), &b.to_bytes())
}

#[test]
fn two_contents_of_one_sequence_are_equivocation_whatever_differs() {
    let honest = receipt(5, 100);
    for other in [
        receipt(5, 101),
        Receipt { time_ms: 4, ..honest },
        Receipt { flags: 1, ..honest },
        Receipt {
            samples_root: [5; 32],
            ..honest
        },
    ] {
        assert_eq!(fault(&honest, &other), Some(Fault::Equivocation));
        assert_eq!(fault(&other, &honest), Some(Fault::Equivocation));
    }
}

#[test]
fn a_later_receipt_with_less_usage_regresses_in_either_order() {
    let (earlier, later) = (receipt(5, 100), receipt(6, 99));
    assert_eq!(fault(&earlier, &later), Some(Fault::RegressingUsage));
    assert_eq!(fault(&later, &earlier), Some(Fault::RegressingUsage));
}

#[test]
fn more_usage_after_the_final_receipt_is_a_fault_and_as_much_is_none() {
    let last = Receipt {
        flags: FLAG_FINAL,
        ..receipt(5, 100)
    };
    assert_eq!(fault(&last, &receipt(6, 101)), Some(Fault::UsageAfterFinal));
    assert_eq!(fault(&receipt(6, 101), &last), Some(Fault::UsageAfterFinal));
    assert_eq!(fault(&last, &receipt(6, 100)), None);
    assert_eq!(fault(&last, &receipt(6, 99)), Some(Fault::RegressingUsage));
    assert_eq!(fault(&last, &receipt(4, 100)), None);
}

#[test]
fn a_receipt_shown_twice_proves_nothing() {
    assert_eq!(fault(&receipt(5, 100), &receipt(5, 100)), None);
}

#[test]
fn receipts_of_two_jobs_or_two_clusters_prove_nothing() {
    let honest = receipt(5, 100);
    assert_eq!(
        fault(
            &honest,
            &Receipt {
                job: [9; 32],
                ..receipt(5, 1)
            }
        ),
        None
    );
    assert_eq!(
        fault(
            &honest,
            &Receipt {
                genesis_hash: [9; 32],
                ..receipt(6, 1)
            }
        ),
        None
    );
}

#[test]
fn what_is_no_receipt_proves_nothing() {
    let honest = receipt(5, 100).to_bytes();
    let mut other = receipt(5, 1).to_bytes();
    other[0] ^= 1;
    assert_eq!(proven_by(&honest, &other), None);
    assert_eq!(proven_by(&other, &honest), None);
}

#[test]
fn the_third_fault_and_every_further_one_costs_everything() {
    let bps: Vec<u16> = (0..5).map(|earlier| penalty(earlier).get()).collect();
    assert_eq!(bps, [1_000, 3_000, 10_000, 10_000, 10_000]);
    assert_eq!(penalty(u16::MAX), PENALTIES[2]);
}

#[test]
fn evidence_is_too_old_long_before_a_stake_could_have_left() {
    assert!(2 * EVIDENCE_WINDOW_S <= MIN_UNBONDING_PERIOD_S);
}

proptest! {
    /// Whatever an honest key signs, in any order: sequences are used once and usage never falls.
    #[test]
    fn no_pair_of_an_honest_keys_receipts_proves_anything(
        steps in proptest::collection::vec((1u64..1_000, 0u64..100_000, any::<[u8; 32]>(), any::<i64>()), 2..20),
        pick in any::<[prop::sample::Index; 2]>(),
    ) {
        let (mut sequence, mut metered_ms) = (0, 0);
        let honest: Vec<Receipt> = steps.into_iter().map(|(gap, used_ms, samples_root, time_ms)| {
            sequence += gap;
            metered_ms += used_ms;
            Receipt { samples_root, time_ms, ..receipt(sequence, metered_ms) }
        }).collect();
        prop_assert_eq!(fault(pick[0].get(&honest), pick[1].get(&honest)), None);
    }

    #[test]
    fn a_slash_is_split_without_remainder(taken: u64) {
        let slashed = split(Atoms(taken));
        prop_assert_eq!(slashed.amount.0, taken);
        prop_assert_eq!(slashed.bounty.0 + slashed.burned.0, taken);
        prop_assert_eq!(u128::from(slashed.bounty.0), u128::from(taken) * u128::from(BOUNTY.get()) / 10_000);
    }

    #[test]
    fn a_single_signature_that_is_encoded_reads_back(key: [u8; 32], signature in any::<[[u8; 32]; 2]>(), root: [u8; 32]) {
        let message = Receipt { samples_root: root, ..receipt(1, 2) }.to_bytes();
        let signature: [u8; 64] = signature.concat().try_into().unwrap();
        let data = single::encode(&key, &signature, &message);
        prop_assert_eq!(&data[single::SIGNATURE_AT..single::MESSAGE_AT], &signature[..]);
        prop_assert_eq!(single::parse(&data), Ok(single::Signed { key: &key, message: &message }));
    }

    #[test]
    fn evidence_that_is_encoded_reads_back(key: [u8; 32], a: [u8; 32], b: [u8; 32]) {
        let (first, second) = (Receipt { samples_root: a, ..receipt(1, 2) }, Receipt { samples_root: b, ..receipt(1, 2) });
        let messages = [first.to_bytes(), second.to_bytes()];
        let data = pair::encode(&key, [&[7; 64], &[8; 64]], [&messages[0], &messages[1]]);
        let read = pair::parse(&data).unwrap();
        prop_assert_eq!((read.key, read.first, read.second), (&key, &messages[0], &messages[1]));
    }
}

#[test]
fn every_change_of_every_byte_of_the_header_is_refused() {
    let honest = pair::encode(&[1; 32], [&[2; 64], &[3; 64]], [&[4; 144], &[5; 144]]);
    for at in 0..pair::HEADER.len() {
        for change in 1..=u8::MAX {
            let mut data = honest;
            data[at] ^= change;
            assert_eq!(pair::parse(&data), Err(NotCanonical::Header), "byte {at} ^ {change}");
        }
    }
}

#[test]
fn the_header_is_what_the_precompile_reads_as_the_documented_offsets() {
    let fields: Vec<u16> = pair::HEADER[2..]
        .chunks(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    assert_eq!(pair::HEADER[..2], [2, 0]);
    assert_eq!(fields[..7], [62, 0xffff, 30, 0xffff, 190, 144, 0xffff]);
    assert_eq!(fields[7..], [126, 0xffff, 30, 0xffff, 334, 144, 0xffff]);
}

#[test]
fn neither_layout_passes_for_the_other() {
    let evidence = pair::encode(&[1; 32], [&[2; 64], &[3; 64]], [&[4; 144], &[5; 144]]);
    assert_eq!(ed25519::parse(&evidence), Err(NotCanonical::Length));
    let co_signed = ed25519::encode(&[1; 32], &[2; 64], &[3; 32], &[4; 64], &[5; 144]);
    assert_eq!(pair::parse(&co_signed), Err(NotCanonical::Length));
    assert_eq!(
        ed25519::parse(&evidence[..ed25519::INSTRUCTION_BYTES]),
        Err(NotCanonical::Header)
    );
}

#[test]
fn every_change_of_every_byte_of_the_header_of_one_signature_is_refused() {
    let honest = single::encode(&[1; 32], &[2; 64], &[4; 144]);
    for at in 0..single::HEADER.len() {
        for change in 1..=u8::MAX {
            let mut data = honest;
            data[at] ^= change;
            assert_eq!(single::parse(&data), Err(NotCanonical::Header), "byte {at} ^ {change}");
        }
    }
    assert_eq!(single::parse(&honest[1..]), Err(NotCanonical::Length));
    assert_eq!(single::parse(&[&honest[..], &[0]].concat()), Err(NotCanonical::Length));
}

#[test]
fn the_offsets_of_one_signature_are_those_that_the_documentation_names() {
    let mut expected = vec![1, 0];
    for field in [48u16, 0xffff, 16, 0xffff, 112, 144, 0xffff] {
        expected.extend(field.to_le_bytes());
    }
    assert_eq!(single::HEADER[..], expected);
}
