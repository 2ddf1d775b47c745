//! What tells a GPU from every other one.

use std::collections::BTreeSet;

use gantry_protocol::device::{nvidia, nvidia_uuid, simulated};
use proptest::prelude::*;

const UUID: &str = "GPU-5c1b2a3d-0011-2233-4455-66778899aabb";

#[test]
fn identities_are_the_ones_that_the_protocol_lists() {
    let uuid = nvidia_uuid(UUID).expect("a UUID");
    assert_eq!(hex::encode(uuid), "5c1b2a3d00112233445566778899aabb");
    assert_eq!(
        hex::encode(nvidia(&uuid)),
        "0d552c9ac910ea9ae22ec134a7d86bf54f5e81c8afe9ba89eb3bc24ffadfc481"
    );
    assert_eq!(
        hex::encode(simulated(&[0x11; 32], 2, 7)),
        "c707081de7fdc5c293fced52c7bcd8432a277df0d20d8b054111c78ff766fdef"
    );
}

#[test]
fn only_the_name_of_a_whole_gpu_is_a_uuid() {
    for text in [
        "",
        "GPU-",
        "5c1b2a3d-0011-2233-4455-66778899aabb",
        "gpu-5c1b2a3d-0011-2233-4455-66778899aabb",
        "MIG-5c1b2a3d-0011-2233-4455-66778899aabb",
        "GPU-5c1b2a3d-0011-2233-4455-66778899aab",
        "GPU-5c1b2a3d-0011-2233-4455-66778899aabbc",
        "GPU-5c1b2a3d-0011-2233-4455-66778899aabb-00",
        "GPU-5c1b2a3d-0011-2233-4455-66778899aabb-",
        "GPU-5c1b2a3d0011-2233-4455-66778899aabb",
        "GPU-5c1b2a3g-0011-2233-4455-66778899aabb",
        "GPU-5c1b2a+d-0011-2233-4455-66778899aabb",
        "GPU-5c1b2aéd-0011-2233-4455-66778899aab",
        "simulated-0",
    ] {
        assert_eq!(nvidia_uuid(text), None, "{text}");
    }
    assert_eq!(nvidia_uuid(&UUID.to_uppercase()), nvidia_uuid(UUID));
}

#[test]
fn simulated_gpus_of_a_provider_are_all_different() {
    let provider = [3; 32];
    let pairs = (0..40u16).flat_map(|node| (0..64u16).map(move |gpu| (node, gpu)));
    let all: BTreeSet<_> = pairs.map(|(node, gpu)| simulated(&provider, node, gpu)).collect();
    assert_eq!(all.len(), 40 * 64);
}

proptest! {
    #[test]
    fn a_uuid_is_read_as_it_is_written(bytes: [u8; 16]) {
        let digits = hex::encode(bytes);
        let text = format!(
            "GPU-{}-{}-{}-{}-{}",
            &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]
        );
        prop_assert_eq!(nvidia_uuid(&text), Some(bytes));
    }

    #[test]
    fn any_text_is_read_or_refused(text: String) {
        if let Some(uuid) = nvidia_uuid(&text) {
            prop_assert_eq!(text.to_lowercase().replace('-', ""), format!("gpu{}", hex::encode(uuid)));
        }
    }

    #[test]
    fn different_gpus_have_different_identities(one: [u8; 16], other: [u8; 16], wallet: [u8; 32], number: u16) {
        prop_assert_eq!(nvidia(&one) == nvidia(&other), one == other);
        prop_assert_ne!(nvidia(&one), simulated(&wallet, number, number));
        prop_assert_ne!(simulated(&wallet, number, 0), simulated(&[0xa5; 32], number, 0));
    }
}
