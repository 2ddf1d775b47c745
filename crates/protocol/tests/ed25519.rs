//! The canonical layout of both signatures: exactly one byte string passes for each pair of keys, signatures and receipt.

use gantry_protocol::ed25519::{
    HEADER, INSTRUCTION_BYTES, MESSAGE_AT, NotCanonical, PROVIDER_KEY_AT, PROVIDER_SIGNATURE_AT, TENANT_KEY_AT,
    TENANT_SIGNATURE_AT, encode, parse,
};
use proptest::{array, prelude::*};

/// Any instruction in the canonical layout.
fn canonical() -> Vec<u8> {
    encode(&[1; 32], &[2; 64], &[3; 32], &[4; 64], &[5; 144]).to_vec()
}

#[test]
fn the_header_is_what_the_precompile_reads_as_the_documented_offsets() {
    let fields: Vec<u16> = HEADER[2..]
        .chunks(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    assert_eq!(HEADER[..2], [2, 0]);
    assert_eq!(fields[..7], [94, 0xffff, 30, 0xffff, 222, 144, 0xffff]);
    assert_eq!(fields[7..], [158, 0xffff, 62, 0xffff, 222, 144, 0xffff]);
}

#[test]
fn the_parts_lie_one_behind_the_other_without_a_gap() {
    assert_eq!(PROVIDER_KEY_AT, HEADER.len());
    assert_eq!(TENANT_KEY_AT, PROVIDER_KEY_AT + 32);
    assert_eq!(PROVIDER_SIGNATURE_AT, TENANT_KEY_AT + 32);
    assert_eq!(TENANT_SIGNATURE_AT, PROVIDER_SIGNATURE_AT + 64);
    assert_eq!(MESSAGE_AT, TENANT_SIGNATURE_AT + 64);
    assert_eq!(INSTRUCTION_BYTES, MESSAGE_AT + 144);
}

#[test]
fn every_change_of_every_byte_of_the_header_is_refused() {
    for at in 0..HEADER.len() {
        for change in 1..=u8::MAX {
            let mut data = canonical();
            data[at] ^= change;
            assert_eq!(parse(&data), Err(NotCanonical::Header), "byte {at} ^ {change}");
        }
    }
}

#[test]
fn every_other_length_is_refused() {
    let mut data = canonical();
    data.resize(2 * INSTRUCTION_BYTES, 0);
    for length in (0..=data.len()).filter(|length| *length != INSTRUCTION_BYTES) {
        assert_eq!(parse(&data[..length]), Err(NotCanonical::Length), "{length}");
    }
}

proptest! {
    #[test]
    fn what_is_encoded_is_read_back(
        provider_key in any::<[u8; 32]>(),
        tenant_key in any::<[u8; 32]>(),
        provider_signature in array::uniform(any::<u8>()),
        tenant_signature in array::uniform(any::<u8>()),
        message in array::uniform(any::<u8>()),
    ) {
        let data = encode(&provider_key, &provider_signature, &tenant_key, &tenant_signature, &message);
        let signed = parse(&data).expect("canonical");
        prop_assert_eq!((signed.provider_key, signed.tenant_key), (&provider_key, &tenant_key));
        prop_assert_eq!(signed.message, &message);
        prop_assert_eq!(&data[PROVIDER_SIGNATURE_AT..TENANT_SIGNATURE_AT], provider_signature);
        prop_assert_eq!(&data[TENANT_SIGNATURE_AT..MESSAGE_AT], tenant_signature);
    }

    #[test]
    fn what_is_read_encodes_to_the_same_bytes(body in array::uniform::<_, { INSTRUCTION_BYTES - 30 }>(any::<u8>())) {
        let data = [&HEADER[..], &body].concat();
        let signed = parse(&data).expect("canonical");
        let signature = |at: usize| data[at..at + 64].try_into().expect("64 bytes");
        let again = encode(
            signed.provider_key,
            &signature(PROVIDER_SIGNATURE_AT),
            signed.tenant_key,
            &signature(TENANT_SIGNATURE_AT),
            signed.message,
        );
        prop_assert_eq!(again.to_vec(), data);
    }

    #[test]
    fn random_bytes_are_refused(data in prop::collection::vec(any::<u8>(), 0..2 * INSTRUCTION_BYTES)) {
        prop_assume!(!data.starts_with(&HEADER));
        prop_assert!(parse(&data).is_err());
    }
}
