//! What an instruction of the precompile says, read without the market's code.
//!
//! Solana's documentation: a byte with the number of signatures, a byte of padding, then for each signature seven little-endian numbers of 16 bits: where the
//! signature lies and in which instruction, where the key lies and in which instruction, where the message lies, how long it is, and in which instruction.

use super::{Claims, case::Layout};

/// Bytes of a receipt, by docs/PROTOCOL.md.
const RECEIPT: usize = 144;

/// Where one signature's parts must lie.
struct Places {
    signature: usize,
    key: usize,
    message: usize,
}

/// The places of docs/PROTOCOL.md, added up from the parts' lengths: offsets, keys, signatures, receipts.
fn places(layout: Layout) -> (Vec<Places>, usize) {
    let (signatures, keys, receipts) = match layout {
        Layout::CoSigned => (2, 2, 1),
        Layout::Pair => (2, 1, 2),
        Layout::Single => (1, 1, 1),
    };
    let keys_at = 2 + 14 * signatures;
    let signatures_at = keys_at + 32 * keys;
    let receipts_at = signatures_at + 64 * signatures;
    let of = |number: usize| Places {
        signature: signatures_at + 64 * number,
        key: keys_at + 32 * number.min(keys - 1),
        message: receipts_at + RECEIPT * number.min(receipts - 1),
    };
    ((0..signatures).map(of).collect(), receipts_at + RECEIPT * receipts)
}

/// Keys and what each signed, if the data is in the layout to the byte; nothing is said about the signatures.
pub(super) fn read(layout: Layout, data: &[u8]) -> Option<Claims> {
    let (places, length) = places(layout);
    if data.len() != length || usize::from(data[0]) != places.len() || data[1] != 0 {
        return None;
    }
    let mut claims = Vec::new();
    for (number, place) in places.iter().enumerate() {
        let field = |index: usize| {
            let at = 2 + 14 * number + 2 * index;
            usize::from(data[at]) + 256 * usize::from(data[at + 1])
        };
        let here = 0xffff;
        let is_here = field(1) == here && field(3) == here && field(6) == here;
        let is_in_place = field(0) == place.signature && field(2) == place.key && field(4) == place.message;
        if !is_here || !is_in_place || field(5) != RECEIPT {
            return None;
        }
        let mut key = [0; 32];
        key.copy_from_slice(&data[place.key..place.key + 32]);
        claims.push((key, data[place.message..place.message + RECEIPT].to_vec()));
    }
    Some(claims)
}
