//! What the market puts before the arguments when it calls: Anchor's discriminators, in a program that has none of this one's handlers.

/// Of `stake_release`.
pub const STAKE_RELEASE: [u8; 8] = [149, 221, 223, 4, 185, 97, 92, 135];
/// Of `stake_reserve`.
pub const STAKE_RESERVE: [u8; 8] = [87, 217, 23, 179, 205, 25, 113, 129];
/// Of `stake_slash`.
pub const STAKE_SLASH: [u8; 8] = [231, 69, 5, 138, 47, 152, 182, 122];

#[cfg(test)]
mod tests {
    use anchor_lang::Discriminator;

    use super::*;
    use crate::instruction::{StakeRelease, StakeReserve, StakeSlash};

    #[test]
    fn every_call_has_the_discriminator_that_its_instruction_answers_to() {
        assert_eq!(STAKE_RELEASE, StakeRelease::DISCRIMINATOR);
        assert_eq!(STAKE_RESERVE, StakeReserve::DISCRIMINATOR);
        assert_eq!(STAKE_SLASH, StakeSlash::DISCRIMINATOR);
    }
}
