//! The one form in which Gantry accepts signatures from Solana's Ed25519 precompile.
//!
//! The precompile checks that signatures are valid, not what was signed where: its offsets may point anywhere, also into other
//! instructions of the transaction. Gantry therefore accepts a single byte layout, in which both signatures cover one copy of
//! the message in the precompile instruction itself:
//!
//! | bytes | field |
//! | --- | --- |
//! | 0 | number of signatures: 2 |
//! | 1 | padding: 0 |
//! | 2–15 | offsets of the provider's signature ([`OFFSETS_BYTES`]) |
//! | 16–29 | offsets of the tenant's signature |
//! | 30–61 | provider's attestation key |
//! | 62–93 | tenant's session key |
//! | 94–157 | provider's signature |
//! | 158–221 | tenant's signature |
//! | 222–365 | the receipt |
//!
//! Source of the offsets' format: `Ed25519SignatureOffsets` in Solana's `solana-ed25519-program`.

pub mod pair;
pub mod single;

use crate::receipt::{Malformed, RECEIPT_BYTES, ReceiptView};

/// Bytes of one signature's offsets: seven little-endian `u16`.
pub const OFFSETS_BYTES: usize = 14;
/// The instruction index that means "this very instruction".
pub const THIS_INSTRUCTION: u16 = u16::MAX;
/// Where the provider's key lies.
pub const PROVIDER_KEY_AT: usize = 30;
/// Where the tenant's key lies.
pub const TENANT_KEY_AT: usize = 62;
/// Where the provider's signature lies.
pub const PROVIDER_SIGNATURE_AT: usize = 94;
/// Where the tenant's signature lies.
pub const TENANT_SIGNATURE_AT: usize = 158;
/// Where the message lies.
pub const MESSAGE_AT: usize = 222;
/// Bytes of the whole instruction.
pub const INSTRUCTION_BYTES: usize = 366;

/// The first thirty bytes of every acceptable instruction: the count, the padding and both offset records.
pub const HEADER: [u8; 30] = header();

const fn header() -> [u8; 30] {
    offsets([
        [PROVIDER_SIGNATURE_AT, PROVIDER_KEY_AT, MESSAGE_AT],
        [TENANT_SIGNATURE_AT, TENANT_KEY_AT, MESSAGE_AT],
    ])
}

/// The count, the padding and the offset records of signatures over receipts; each place is signature, key and message. `BYTES` is
/// `2 + SIGNATURES × 14`; any other number does not compile.
#[allow(clippy::cast_possible_truncation, clippy::arithmetic_side_effects)] // Evaluated at compile time, where overflow is an error.
const fn offsets<const SIGNATURES: usize, const BYTES: usize>(places: [[usize; 3]; SIGNATURES]) -> [u8; BYTES] {
    assert!(BYTES == 2 + SIGNATURES * OFFSETS_BYTES);
    let mut bytes = [0; BYTES];
    bytes[0] = SIGNATURES as u8;
    let mut record = 0;
    while record < SIGNATURES {
        let [signature_at, key_at, message_at] = places[record];
        let fields = [
            signature_at as u16,
            THIS_INSTRUCTION,
            key_at as u16,
            THIS_INSTRUCTION,
            message_at as u16,
            RECEIPT_BYTES as u16,
            THIS_INSTRUCTION,
        ];
        let mut field = 0;
        while field < 7 {
            let at = 2 + record * OFFSETS_BYTES + field * 2;
            let [low, high] = fields[field].to_le_bytes();
            bytes[at] = low;
            bytes[at + 1] = high;
            field += 1;
        }
        record += 1;
    }
    bytes
}

/// Two signatures over one receipt, as the precompile has verified them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoSigned<'a> {
    /// The key of the first signature.
    pub provider_key: &'a [u8; 32],
    /// The key of the second signature.
    pub tenant_key: &'a [u8; 32],
    /// The signed bytes.
    pub message: &'a [u8; RECEIPT_BYTES],
}

/// Why instruction data is not in the canonical layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotCanonical {
    /// Shorter or longer than [`INSTRUCTION_BYTES`]: bytes are missing or trail.
    Length,
    /// Another number of signatures, padding, offset, size or instruction index than [`HEADER`].
    Header,
}

/// Reads a precompile instruction that is exactly in the canonical layout.
///
/// Says nothing about whose keys these are, nor about the message: the caller compares both. Signature bytes are not returned:
/// they are never an identity.
///
/// # Errors
/// [`NotCanonical`] for any other layout.
#[inline(always)]
pub fn parse(data: &[u8]) -> Result<CoSigned<'_>, NotCanonical> {
    let data: &[u8; INSTRUCTION_BYTES] = data.try_into().map_err(|_| NotCanonical::Length)?;
    if data[..30] != HEADER {
        return Err(NotCanonical::Header);
    }
    let (_, rest) = data.split_at(PROVIDER_KEY_AT);
    // The lengths below are constants inside the array, so the conversions cannot fail; `Length` keeps the function total.
    let provider_key = rest.first_chunk::<32>().ok_or(NotCanonical::Length)?;
    let (_, rest) = data.split_at(TENANT_KEY_AT);
    let tenant_key = rest.first_chunk::<32>().ok_or(NotCanonical::Length)?;
    let (_, rest) = data.split_at(MESSAGE_AT);
    let message = rest.first_chunk::<RECEIPT_BYTES>().ok_or(NotCanonical::Length)?;
    Ok(CoSigned {
        provider_key,
        tenant_key,
        message,
    })
}

impl<'a> CoSigned<'a> {
    /// The receipt that was signed.
    ///
    /// # Errors
    /// [`Malformed`] when the message is not a receipt.
    #[inline(always)]
    pub fn receipt(&self) -> Result<ReceiptView<'a>, Malformed> {
        ReceiptView::of(self.message)
    }
}

/// The data of a precompile instruction over a receipt that both sides have signed.
#[must_use]
pub fn encode(
    provider_key: &[u8; 32],
    provider_signature: &[u8; 64],
    tenant_key: &[u8; 32],
    tenant_signature: &[u8; 64],
    message: &[u8; RECEIPT_BYTES],
) -> [u8; INSTRUCTION_BYTES] {
    let mut data = [0; INSTRUCTION_BYTES];
    data[..PROVIDER_KEY_AT].copy_from_slice(&HEADER);
    data[PROVIDER_KEY_AT..TENANT_KEY_AT].copy_from_slice(provider_key);
    data[TENANT_KEY_AT..PROVIDER_SIGNATURE_AT].copy_from_slice(tenant_key);
    data[PROVIDER_SIGNATURE_AT..TENANT_SIGNATURE_AT].copy_from_slice(provider_signature);
    data[TENANT_SIGNATURE_AT..MESSAGE_AT].copy_from_slice(tenant_signature);
    data[MESSAGE_AT..].copy_from_slice(message);
    data
}
