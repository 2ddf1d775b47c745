//! The vectors whose signatures do not hold, and those in any other layout than the canonical one.

use ed25519_dalek::SigningKey;
use gantry_protocol::ed25519::{
    MESSAGE_AT, PROVIDER_KEY_AT, PROVIDER_SIGNATURE_AT, TENANT_KEY_AT, TENANT_SIGNATURE_AT,
};
use num_bigint::BigUint;

use crate::{
    cases::{Case, sign},
    parties::{Keys, ordinary},
};

/// The order of the curve's prime subgroup, little-endian: `2²⁵² + 27742317777372353535851937790883648493`.
const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

/// Signatures that the precompile refuses.
pub(crate) fn of_signatures(keys: &Keys) -> Vec<Case> {
    let tampered = |name: &str, tamper: &dyn Fn(&mut [u8])| {
        let mut case = genuine(keys, name, "bad_signature", false);
        tamper(&mut case.data);
        let part = |at: usize| case.data[at..at + 64].try_into().expect("64 bytes");
        let key = |at: usize| case.data[at..at + 32].try_into().expect("32 bytes");
        case.signatures = vec![
            (key(PROVIDER_KEY_AT), part(PROVIDER_SIGNATURE_AT)),
            (key(TENANT_KEY_AT), part(TENANT_SIGNATURE_AT)),
        ];
        case.message = case.data[MESSAGE_AT..].to_vec();
        case
    };
    let stranger = keys.stranger.verifying_key().to_bytes();
    vec![
        tampered("a changed bit in the provider's signature", &|data| {
            data[PROVIDER_SIGNATURE_AT] ^= 1;
        }),
        tampered("a changed bit in the tenant's signature", &|data| {
            data[TENANT_SIGNATURE_AT + 40] ^= 1;
        }),
        tampered("signatures in each other's place", &|data| {
            let (before, after) = data.split_at_mut(TENANT_SIGNATURE_AT);
            before[PROVIDER_SIGNATURE_AT..].swap_with_slice(&mut after[..64]);
        }),
        tampered("another key than the one that signed", &|data| {
            data[TENANT_KEY_AT..TENANT_KEY_AT + 32].copy_from_slice(&stranger);
        }),
        tampered("more metered time than was signed", &|data| data[MESSAGE_AT + 88] ^= 1),
        tampered("a receipt made final after it was signed", &|data| {
            data[MESSAGE_AT + 104] = 1;
        }),
        tampered("a tenant's signature of zeros", &|data| {
            data[TENANT_SIGNATURE_AT..MESSAGE_AT].fill(0);
        }),
        tampered("a provider's signature with a second form of its scalar", &|data| {
            add_order(&mut data[PROVIDER_SIGNATURE_AT + 32..TENANT_SIGNATURE_AT]);
        }),
        tampered(
            "a key of small order, whose empty signature fits every message",
            &|data| {
                data[TENANT_KEY_AT..TENANT_KEY_AT + 32].copy_from_slice(&identity());
                data[TENANT_SIGNATURE_AT..TENANT_SIGNATURE_AT + 32].copy_from_slice(&identity());
                data[TENANT_SIGNATURE_AT + 32..MESSAGE_AT].fill(0);
            },
        ),
    ]
}

/// Instructions in another layout, with signatures of the right keys over the right receipt wherever there are any.
pub(crate) fn of_layout(keys: &Keys) -> Vec<Case> {
    let mut cases = counts_and_lengths(keys);
    cases.extend(places(keys));
    cases.extend(indices(keys));
    cases
}

fn counts_and_lengths(keys: &Keys) -> Vec<Case> {
    let (provider, tenant, message) = (&keys.provider, &keys.tenant, ordinary().to_bytes());
    let longer = [&message[..], &[0]].concat();
    vec![
        changed(keys, "a trailing byte", true, |data| data.push(0)),
        changed(keys, "the last byte missing", false, |data| {
            data.truncate(data.len() - 1)
        }),
        changed(keys, "a byte of padding that is not zero", true, |data| data[1] = 1),
        changed(keys, "three signatures announced, two there", false, |data| data[0] = 3),
        changed(keys, "two signatures there, one announced", true, |data| data[0] = 1),
        over("no signature", &[], &message, vec![0, 0]),
        laid_out("one signature", &[provider], &message),
        laid_out("three signatures", &[provider, tenant, tenant], &message),
        laid_out("a message without its last byte", &[provider, tenant], &message[..143]),
        laid_out("a message with a byte too many", &[provider, tenant], &longer),
    ]
}

fn places(keys: &Keys) -> Vec<Case> {
    vec![
        changed(keys, "a second copy of the receipt for the tenant", true, |data| {
            data.extend_from_within(MESSAGE_AT..);
            data[24..26].copy_from_slice(&366u16.to_le_bytes());
        }),
        changed(keys, "records in the other order", true, |data| {
            let (before, after) = data.split_at_mut(16);
            before[2..].swap_with_slice(&mut after[..14]);
        }),
        changed(
            keys,
            "keys in each other's place, with offsets that say so",
            true,
            |data| {
                let (before, after) = data.split_at_mut(TENANT_KEY_AT);
                before[PROVIDER_KEY_AT..].swap_with_slice(&mut after[..32]);
                data[6..8].copy_from_slice(&62u16.to_le_bytes());
                data[20..22].copy_from_slice(&30u16.to_le_bytes());
            },
        ),
        changed(
            keys,
            "everything one byte further, with offsets that say so",
            true,
            |data| {
                data.insert(30, 0);
                for at in [2, 6, 10, 16, 20, 24] {
                    let offset = u16::from_le_bytes([data[at], data[at + 1]]) + 1;
                    data[at..at + 2].copy_from_slice(&offset.to_le_bytes());
                }
            },
        ),
        changed(keys, "a message one byte too early", false, |data| data[10] -= 1),
        changed(keys, "a message that reaches beyond the end", false, |data| {
            data[24] += 1
        }),
        changed(keys, "a signature one byte too late", false, |data| data[2] += 1),
        changed(keys, "a message of 143 bytes for the provider", false, |data| {
            data[12] = 143
        }),
    ]
}

/// Each of the six instruction indices, naming the first instruction by its number instead of "this one".
fn indices(keys: &Keys) -> Vec<Case> {
    let whose = [
        (4, "provider's signature"),
        (8, "provider's key"),
        (14, "provider's message"),
        (18, "tenant's signature"),
        (22, "tenant's key"),
        (28, "tenant's message"),
    ];
    whose
        .map(|(at, what)| {
            changed(keys, &format!("the {what} in instruction number 0"), true, |data| {
                data[at..at + 2].fill(0);
            })
        })
        .into()
}

/// The ordinary receipt as it should be, to be spoilt.
fn genuine(keys: &Keys, name: &str, verdict: &'static str, precompile_accepts: bool) -> Case {
    Case {
        precompile_accepts,
        ..Case::canonical(name, ordinary().to_bytes(), (&keys.provider, &keys.tenant), verdict)
    }
}

fn changed(keys: &Keys, name: &str, precompile_accepts: bool, change: impl FnOnce(&mut Vec<u8>)) -> Case {
    let mut case = genuine(keys, name, "not_canonical", precompile_accepts);
    change(&mut case.data);
    case
}

/// Any number of signatures in the order of the canonical layout.
fn laid_out(name: &str, keys: &[&SigningKey], message: &[u8]) -> Case {
    let keys_at = 2 + keys.len() * 14;
    let (signatures_at, message_at) = (keys_at + keys.len() * 32, keys_at + keys.len() * 96);
    let mut data = vec![u8::try_from(keys.len()).expect("few"), 0];
    for number in 0..keys.len() {
        let this = usize::from(u16::MAX);
        let (signature_at, key_at) = (signatures_at + number * 64, keys_at + number * 32);
        for field in [signature_at, this, key_at, this, message_at, message.len(), this] {
            data.extend(u16::try_from(field).expect("short").to_le_bytes());
        }
    }
    let signatures: Vec<_> = keys.iter().map(|key| sign(key, message)).collect();
    data.extend(signatures.iter().flat_map(|(key, _)| key));
    data.extend(signatures.iter().flat_map(|(_, signature)| signature));
    data.extend(message);
    over(name, &signatures, message, data)
}

fn over(name: &str, signatures: &[([u8; 32], [u8; 64])], message: &[u8], data: Vec<u8>) -> Case {
    Case {
        name: name.to_owned(),
        message: message.to_vec(),
        signatures: signatures.to_vec(),
        data,
        precompile_accepts: true,
        verdict: "not_canonical",
    }
}

/// The neutral point of the curve.
fn identity() -> [u8; 32] {
    let mut point = [0; 32];
    point[0] = 1;
    point
}

/// Adds the subgroup's order to a scalar: a lax verifier accepts both.
fn add_order(scalar: &mut [u8]) {
    let order = BigUint::from_bytes_le(&hex::decode(ORDER).expect("hexadecimal"));
    let mut sum = (BigUint::from_bytes_le(scalar) + order).to_bytes_le();
    sum.resize(32, 0);
    scalar.copy_from_slice(&sum);
}
