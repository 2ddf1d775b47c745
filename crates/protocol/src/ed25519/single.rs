//! The one form in which Gantry accepts a receipt that one side alone has signed: a provider's claim against a silent tenant.
//!
//! | bytes | field |
//! | --- | --- |
//! | 0, 1 | number of signatures 1, padding 0 |
//! | 2–15 | offsets of the signature |
//! | 16–47 | the key |
//! | 48–111 | the signature |
//! | 112–255 | the receipt |

use super::{NotCanonical, offsets};
use crate::receipt::RECEIPT_BYTES;

/// Where the key lies.
pub const KEY_AT: usize = 16;
/// Where the signature lies.
pub const SIGNATURE_AT: usize = 48;
/// Where the receipt lies.
pub const MESSAGE_AT: usize = 112;
/// Bytes of the whole instruction.
pub const INSTRUCTION_BYTES: usize = 256;

/// The first sixteen bytes of every acceptable instruction.
pub const HEADER: [u8; 16] = offsets([[SIGNATURE_AT, KEY_AT, MESSAGE_AT]]);

/// A message with the key that has signed it, as the precompile has verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed<'a> {
    /// The key.
    pub key: &'a [u8; 32],
    /// What it signed.
    pub message: &'a [u8; RECEIPT_BYTES],
}

/// Reads a precompile instruction that is exactly in this layout. Says nothing about whose key this is, nor about the message.
///
/// # Errors
/// [`NotCanonical`] for any other layout.
#[inline(always)]
pub fn parse(data: &[u8]) -> Result<Signed<'_>, NotCanonical> {
    let data: &[u8; INSTRUCTION_BYTES] = data.try_into().map_err(|_| NotCanonical::Length)?;
    if data[..KEY_AT] != HEADER {
        return Err(NotCanonical::Header);
    }
    // The places are constants inside the array, so the conversions cannot fail; `Length` keeps the function total.
    Ok(Signed {
        key: data[KEY_AT..].first_chunk().ok_or(NotCanonical::Length)?,
        message: data[MESSAGE_AT..].first_chunk().ok_or(NotCanonical::Length)?,
    })
}

/// The data of a precompile instruction over a receipt that one key has signed.
#[must_use]
pub fn encode(key: &[u8; 32], signature: &[u8; 64], message: &[u8; RECEIPT_BYTES]) -> [u8; INSTRUCTION_BYTES] {
    let mut data = [0; INSTRUCTION_BYTES];
    data[..KEY_AT].copy_from_slice(&HEADER);
    data[KEY_AT..SIGNATURE_AT].copy_from_slice(key);
    data[SIGNATURE_AT..MESSAGE_AT].copy_from_slice(signature);
    data[MESSAGE_AT..].copy_from_slice(message);
    data
}
