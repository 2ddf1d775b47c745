//! A provider's claim against a silent tenant.

use anchor_lang::prelude::*;

/// At most one per job, while it waits. The provider's receipt alone, with a bond that a proven lie forfeits.
#[account]
#[derive(Debug, PartialEq, Eq)]
pub struct Claim {
    /// The job.
    pub job: Address,
    /// Who paid the rent of this account, and gets it back.
    pub payer: Address,
    /// Merkle root of the samples behind the receipt.
    pub samples_root: [u8; 32],
    /// Sequence of the receipt.
    pub sequence: u64,
    /// Metered milliseconds of the receipt.
    pub metered_ms: u64,
    /// What the provider stands to lose, in base units of the job's mint: as much as it stands to gain.
    pub bond: u64,
    /// Unix seconds from which it is paid.
    pub payable_at: i64,
    /// Bump of this address.
    pub bump: u8,
    /// Named padding.
    pub padding: [u8; 7],
}

const _: () = assert!(core::mem::size_of::<Claim>() == 136);
