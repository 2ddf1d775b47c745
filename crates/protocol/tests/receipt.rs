//! A receipt's bytes: they survive a round trip, and nothing else passes for them.

use gantry_protocol::{
    Receipt,
    receipt::{DOMAIN, FLAG_FINAL, Malformed, RECEIPT_BYTES, ReceiptView},
};
use proptest::prelude::*;

fn receipt() -> impl Strategy<Value = Receipt> {
    let (genesis_hash, job, samples_root) = (any::<[u8; 32]>(), any::<[u8; 32]>(), any::<[u8; 32]>());
    (
        genesis_hash,
        job,
        any::<u64>(),
        any::<u64>(),
        any::<i64>(),
        0..=FLAG_FINAL,
        samples_root,
    )
        .prop_map(
            |(genesis_hash, job, sequence, metered_ms, time_ms, flags, samples_root)| Receipt {
                genesis_hash,
                job,
                sequence,
                metered_ms,
                time_ms,
                flags,
                samples_root,
            },
        )
}

#[test]
fn each_field_lies_where_the_document_says() {
    let bytes = Receipt {
        genesis_hash: [0xa1; 32],
        job: [0xb2; 32],
        sequence: 0x0102_0304_0506_0708,
        metered_ms: 0x1112_1314_1516_1718,
        time_ms: -2,
        flags: FLAG_FINAL,
        samples_root: [0xc3; 32],
    }
    .to_bytes();
    assert_eq!(&bytes[..16], b"gantry:receipt\0\x01");
    assert_eq!(bytes[16..48], [0xa1; 32]);
    assert_eq!(bytes[48..80], [0xb2; 32]);
    assert_eq!(bytes[80..88], [8, 7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(bytes[88..96], [0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11]);
    assert_eq!(bytes[96..104], [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    assert_eq!(bytes[104..112], [1, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(bytes[112..], [0xc3; 32]);
}

#[test]
fn every_other_length_is_refused() {
    let mut bytes = DOMAIN.to_vec();
    bytes.resize(2 * RECEIPT_BYTES, 0);
    for length in (0..=bytes.len()).filter(|length| *length != RECEIPT_BYTES) {
        assert_eq!(
            Receipt::from_bytes(&bytes[..length]),
            Err(Malformed::Length),
            "{length}"
        );
    }
}

proptest! {
    #[test]
    fn a_receipt_survives_its_bytes(receipt in receipt()) {
        let bytes = receipt.to_bytes();
        prop_assert_eq!(Receipt::from_bytes(&bytes), Ok(receipt));
        let view = ReceiptView::of(&bytes).expect("a receipt");
        prop_assert_eq!(view.to_receipt(), receipt);
        prop_assert_eq!((view.genesis_hash(), view.job()), (&receipt.genesis_hash, &receipt.job));
        prop_assert_eq!((view.sequence(), view.metered_ms()), (receipt.sequence, receipt.metered_ms));
        prop_assert_eq!((view.time_ms(), view.flags()), (receipt.time_ms, receipt.flags));
        prop_assert_eq!(view.samples_root(), &receipt.samples_root);
        prop_assert_eq!((view.is_final(), receipt.is_final()), (receipt.flags == 1, receipt.flags == 1));
    }

    #[test]
    fn bytes_that_are_a_receipt_are_the_bytes_of_that_receipt(mut bytes in prop::collection::vec(any::<u8>(), RECEIPT_BYTES)) {
        bytes[..16].copy_from_slice(&DOMAIN);
        bytes[105..112].fill(0);
        bytes[104] &= 1;
        let receipt = Receipt::from_bytes(&bytes).expect("known flags");
        prop_assert_eq!(receipt.to_bytes().to_vec(), bytes);
    }

    #[test]
    fn any_changed_bit_of_the_domain_is_refused(receipt in receipt(), bit in 0..128usize) {
        let mut bytes = receipt.to_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(Receipt::from_bytes(&bytes), Err(Malformed::Domain));
        prop_assert_eq!(ReceiptView::of(&bytes), Err(Malformed::Domain));
    }

    #[test]
    fn any_flag_that_is_not_known_is_refused(receipt in receipt(), bit in 1..64u32) {
        let flags = receipt.flags | 1 << bit;
        let bytes = Receipt { flags, ..receipt }.to_bytes();
        prop_assert_eq!(Receipt::from_bytes(&bytes), Err(Malformed::Flags));
        prop_assert_eq!(ReceiptView::of(&bytes), Err(Malformed::Flags));
    }

    #[test]
    fn any_changed_bit_elsewhere_is_another_receipt(receipt in receipt(), bit in 16 * 8..RECEIPT_BYTES * 8) {
        let mut bytes = receipt.to_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert_ne!(Receipt::from_bytes(&bytes), Ok(receipt));
    }
}
