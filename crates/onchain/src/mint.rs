//! Which mints of the token program of 2022 are admitted, by their extensions.
//!
//! Layout, from `spl-token-2022-interface` 3.1, `src/extension/mod.rs`: the 82 bytes of a plain mint, zeros up to byte 165, there the
//! account's type (1 for a mint), then entries of a type (u16), a length (u16) and as many bytes, little-endian; type 0 ends the list.
//! All extensions of a mint are there before it is initialised, but for metadata, group and member, which are admitted: so what was judged
//! once stays judged.

use anchor_lang::prelude::Address;

/// The token program of 2022.
pub const TOKEN_2022: Address = anchor_lang::address!("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb");

/// Bytes of a mint without extensions.
const PLAIN_BYTES: usize = 82;
/// Where an account with extensions says what it is.
const ACCOUNT_TYPE_AT: usize = 165;
/// What a mint says there.
const MINT: u8 = 1;
/// Type of the entry that ends the list.
const END: u16 = 0;

/// Why a mint is not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objection {
    /// Its mint account can be closed and made again with other decimals and extensions.
    Closable,
    /// Amounts are, or can be, hidden from the ledger that must add them up.
    Confidential,
    /// It decides in which state new token accounts begin: those of whoever withdraws may begin frozen.
    DefaultState,
    /// Its tokens never leave an account.
    NonTransferable,
    /// Somebody can stop all transfers at a stroke.
    Pausable,
    /// Somebody can move or burn anyone's tokens, the vault's included.
    PermanentDelegate,
    /// Wallets show amounts by a factor that changes: a price per second would not stay what tenant and provider agreed on.
    Rescaled,
    /// Every transfer calls another program, which can refuse it.
    TransferHook,
    /// Nobody has judged this extension, or the bytes are no list of extensions.
    Unknown,
}

/// What speaks against a mint with these bytes; nothing when all its extensions are admitted, or when it has none. Bytes that do not
/// claim to be a mint with extensions are for others to judge.
#[must_use]
pub fn objection(data: &[u8]) -> Option<Objection> {
    let (head, entries) = data.split_at_checked(ACCOUNT_TYPE_AT.checked_add(1)?)?;
    if head.last() != Some(&MINT) {
        return None;
    }
    let padding = head.get(PLAIN_BYTES..ACCOUNT_TYPE_AT)?;
    if !padding.iter().all(|byte| *byte == 0) {
        return Some(Objection::Unknown);
    }
    judge_all(entries).err()
}

fn judge_all(mut entries: &[u8]) -> Result<(), Objection> {
    while let Some((kind, rest)) = entries.split_first_chunk() {
        let kind = u16::from_le_bytes(*kind);
        if kind == END {
            break;
        }
        judge(kind)?;
        let (length, rest) = rest.split_first_chunk().ok_or(Objection::Unknown)?;
        let length = usize::from(u16::from_le_bytes(*length));
        (_, entries) = rest.split_at_checked(length).ok_or(Objection::Unknown)?;
    }
    // Whatever stands behind the end, be it a single byte, is no extension.
    if entries.iter().all(|byte| *byte == 0) {
        Ok(())
    } else {
        Err(Objection::Unknown)
    }
}

/// One extension, by its number in `spl_token_2022_interface::extension::ExtensionType`.
fn judge(kind: u16) -> Result<(), Objection> {
    match kind {
        // Transfer fee: deposits credit what arrived. Pointers to, and the text of, metadata, group and member: no effect on amounts.
        1 | 18..=23 => Ok(()),
        3 => Err(Objection::Closable),
        // Confidential transfers, their fees, and confidential minting and burning.
        4 | 16 | 24 => Err(Objection::Confidential),
        6 => Err(Objection::DefaultState),
        9 => Err(Objection::NonTransferable),
        // Interest and scaled amounts.
        10 | 25 => Err(Objection::Rescaled),
        12 => Err(Objection::PermanentDelegate),
        14 => Err(Objection::TransferHook),
        26 => Err(Objection::Pausable),
        _ => Err(Objection::Unknown),
    }
}
