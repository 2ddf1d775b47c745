//! Receipts, byte by byte: what parses is encoded as it was, and a byte that says something else is never taken for the same.

use gantry_protocol::{
    Receipt,
    receipt::{DOMAIN, FLAG_FINAL, Malformed, RECEIPT_BYTES},
};

fn receipt() -> Receipt {
    Receipt {
        genesis_hash: [0xa1; 32],
        job: [0xb2; 32],
        sequence: 0x0102_0304_0506_0708,
        metered_ms: 0x1112_1314_1516_1718,
        time_ms: -2,
        flags: 0,
        samples_root: [0xc3; 32],
    }
}

/// What must become of a receipt of which one byte is another.
fn verdict(place: usize, byte: u8, right: u8) -> Result<(), Malformed> {
    match place {
        0..DOMAIN_END if byte != right => Err(Malformed::Domain),
        FLAGS if byte & !(FLAG_FINAL as u8) != 0 => Err(Malformed::Flags),
        OTHER_FLAGS..FLAGS_END if byte != 0 => Err(Malformed::Flags),
        _ => Ok(()),
    }
}

const DOMAIN_END: usize = DOMAIN.len();
const FLAGS: usize = 104;
const OTHER_FLAGS: usize = 105;
const FLAGS_END: usize = 112;

#[test]
fn every_value_of_every_byte_is_encoded_as_it_was_parsed_or_refused_for_the_right_reason() {
    let original = receipt().to_bytes();
    for place in 0..RECEIPT_BYTES {
        for byte in 0..=u8::MAX {
            let mut bytes = original;
            bytes[place] = byte;
            let parsed = Receipt::from_bytes(&bytes);
            assert_eq!(
                parsed.map(|_| ()),
                verdict(place, byte, original[place]),
                "byte {place} = {byte}"
            );
            let Ok(parsed) = parsed else { continue };
            assert_eq!(parsed.to_bytes(), bytes, "byte {place} = {byte}");
            // Two different messages are never one receipt.
            assert_eq!(parsed == receipt(), bytes == original, "byte {place} = {byte}");
        }
    }
}

#[test]
fn every_pair_of_flags_is_refused_but_none_and_final_alone() {
    for (first, second) in (0..64u32).flat_map(|first| (0..64u32).map(move |second| (first, second))) {
        let flags = (1u64 << first) | (1u64 << second);
        let bytes = Receipt { flags, ..receipt() }.to_bytes();
        let expected = if flags == FLAG_FINAL {
            Ok(true)
        } else {
            Err(Malformed::Flags)
        };
        assert_eq!(
            Receipt::from_bytes(&bytes).map(|receipt| receipt.is_final()),
            expected,
            "{flags:#x}"
        );
    }
    assert_eq!(
        Receipt::from_bytes(&receipt().to_bytes()).map(|receipt| receipt.is_final()),
        Ok(false)
    );
}

#[test]
fn every_length_but_the_receipts_is_refused() {
    let bytes = [receipt().to_bytes().as_slice(), &[0; 300]].concat();
    for length in 0..bytes.len() {
        let parsed = Receipt::from_bytes(&bytes[..length]);
        assert_eq!(parsed.is_ok(), length == RECEIPT_BYTES, "{length} bytes");
    }
}
