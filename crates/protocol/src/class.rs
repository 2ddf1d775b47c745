//! Short names in accounts: GPU classes such as `h100-sxm` and regions such as `eu-central`.

/// Bytes of a name; shorter names are padded with zeros at the end.
pub const NAME_BYTES: usize = 16;

/// A lower-case name of 1 to 16 characters out of `a–z`, `0–9` and `-`, zero-padded.
pub type Name = [u8; NAME_BYTES];

/// Packs a name, or `None` when it is empty, too long, or has other characters than `a–z`, `0–9`, `-`.
#[must_use]
pub fn pack(name: &str) -> Option<Name> {
    let bytes = name.as_bytes();
    // A zero is padding, never a character.
    if bytes.contains(&0) {
        return None;
    }
    let mut packed = [0; NAME_BYTES];
    packed.get_mut(..bytes.len())?.copy_from_slice(bytes);
    is_valid(&packed).then_some(packed)
}

/// The text of a packed name; empty when it is not valid.
#[must_use]
pub fn unpack(name: &Name) -> &str {
    if !is_valid(name) {
        return "";
    }
    let length = name.iter().position(|byte| *byte == 0).unwrap_or(NAME_BYTES);
    name.get(..length)
        .and_then(|bytes| core::str::from_utf8(bytes).ok())
        .unwrap_or("")
}

/// Whether a packed name is canonical: at least one character, only allowed ones, nothing after the first zero.
#[must_use]
pub fn is_valid(name: &Name) -> bool {
    let mut ended = false;
    for byte in name {
        match byte {
            0 => ended = true,
            b'a'..=b'z' | b'0'..=b'9' | b'-' if !ended => {}
            _ => return false,
        }
    }
    name[0] != 0
}
