//! The one form in which Gantry accepts two receipts signed by one key: the evidence of a fault.
//!
//! | bytes | field |
//! | --- | --- |
//! | 0, 1 | number of signatures 2, padding 0 |
//! | 2–15 | offsets of the first receipt's signature |
//! | 16–29 | offsets of the second's |
//! | 30–61 | the key of both |
//! | 62–125, 126–189 | the signatures |
//! | 190–333, 334–477 | the receipts |
//!
//! No signature over a receipt fits two layouts, since the offsets differ; and evidence needs no signature of the other side.

use super::{NotCanonical, offsets};
use crate::receipt::RECEIPT_BYTES;

/// Where the key of both signatures lies.
pub const KEY_AT: usize = 30;
/// Where the first signature lies.
pub const FIRST_SIGNATURE_AT: usize = 62;
/// Where the second signature lies.
pub const SECOND_SIGNATURE_AT: usize = 126;
/// Where the first receipt lies.
pub const FIRST_MESSAGE_AT: usize = 190;
/// Where the second receipt lies.
pub const SECOND_MESSAGE_AT: usize = 334;
/// Bytes of the whole instruction.
pub const INSTRUCTION_BYTES: usize = 478;

/// The first thirty bytes of every acceptable instruction.
pub const HEADER: [u8; 30] = offsets([
    [FIRST_SIGNATURE_AT, KEY_AT, FIRST_MESSAGE_AT],
    [SECOND_SIGNATURE_AT, KEY_AT, SECOND_MESSAGE_AT],
]);

/// Two messages that one key has signed, as the precompile has verified them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair<'a> {
    /// The key of both signatures.
    pub key: &'a [u8; 32],
    /// What it signed first in the instruction.
    pub first: &'a [u8; RECEIPT_BYTES],
    /// What it signed second.
    pub second: &'a [u8; RECEIPT_BYTES],
}

/// Reads a precompile instruction that is exactly in this layout. Says nothing about whose key this is, nor about the messages.
///
/// # Errors
/// [`NotCanonical`] for any other layout.
#[inline(always)]
pub fn parse(data: &[u8]) -> Result<Pair<'_>, NotCanonical> {
    let data: &[u8; INSTRUCTION_BYTES] = data.try_into().map_err(|_| NotCanonical::Length)?;
    if data[..KEY_AT] != HEADER {
        return Err(NotCanonical::Header);
    }
    // The places are constants inside the array, so the conversions cannot fail; `Length` keeps the function total.
    Ok(Pair {
        key: data[KEY_AT..].first_chunk().ok_or(NotCanonical::Length)?,
        first: data[FIRST_MESSAGE_AT..].first_chunk().ok_or(NotCanonical::Length)?,
        second: data[SECOND_MESSAGE_AT..].first_chunk().ok_or(NotCanonical::Length)?,
    })
}

/// The data of a precompile instruction over two receipts that one key has signed.
#[must_use]
pub fn encode(
    key: &[u8; 32],
    signatures: [&[u8; 64]; 2],
    messages: [&[u8; RECEIPT_BYTES]; 2],
) -> [u8; INSTRUCTION_BYTES] {
    let mut data = [0; INSTRUCTION_BYTES];
    data[..KEY_AT].copy_from_slice(&HEADER);
    data[KEY_AT..FIRST_SIGNATURE_AT].copy_from_slice(key);
    data[FIRST_SIGNATURE_AT..SECOND_SIGNATURE_AT].copy_from_slice(signatures[0]);
    data[SECOND_SIGNATURE_AT..FIRST_MESSAGE_AT].copy_from_slice(signatures[1]);
    data[FIRST_MESSAGE_AT..SECOND_MESSAGE_AT].copy_from_slice(messages[0]);
    data[SECOND_MESSAGE_AT..].copy_from_slice(messages[1]);
    data
}
