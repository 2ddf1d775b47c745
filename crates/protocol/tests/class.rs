//! Short names of GPU classes and regions.

use gantry_protocol::class::{NAME_BYTES, is_valid, pack, unpack};
use proptest::prelude::*;

#[test]
fn names_are_padded_with_zeros() {
    assert_eq!(pack("h100-sxm"), Some(*b"h100-sxm\0\0\0\0\0\0\0\0"));
    assert_eq!(pack("0123456789abcdef"), Some(*b"0123456789abcdef"));
}

#[test]
fn an_empty_a_long_and_a_misspelt_name_are_refused() {
    for name in [
        "",
        "0123456789abcdefg",
        "H100",
        "h100 sxm",
        "h100_sxm",
        "h\0",
        "\0",
        "größe",
    ] {
        assert_eq!(pack(name), None, "{name:?}");
    }
}

#[test]
fn bytes_behind_the_first_zero_are_refused() {
    let hidden = *b"a\0b\0\0\0\0\0\0\0\0\0\0\0\0\0";
    assert!(!is_valid(&hidden));
    assert_eq!(unpack(&hidden), "");
    assert_eq!(unpack(&[0; NAME_BYTES]), "");
}

proptest! {
    #[test]
    fn a_name_survives_packing(name in "[a-z0-9-]{1,16}") {
        let packed = pack(&name).expect("a name");
        prop_assert!(is_valid(&packed));
        prop_assert_eq!(unpack(&packed), name);
    }

    #[test]
    fn bytes_are_valid_exactly_when_they_are_a_packed_name(bytes in any::<[u8; NAME_BYTES]>(), used in 0..=NAME_BYTES) {
        let mut name = bytes.map(|byte| b"abcz019-A_"[usize::from(byte) % 10]);
        name[used..].fill(0);
        let text = std::str::from_utf8(&name[..used]).expect("ASCII");
        prop_assert_eq!(is_valid(&name), pack(text) == Some(name));
        prop_assert_eq!(is_valid(&bytes), pack(unpack(&bytes)) == Some(bytes));
    }
}
