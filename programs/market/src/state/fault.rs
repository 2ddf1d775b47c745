//! A proven fault.

use anchor_lang::prelude::*;

/// One per job and kind, for good: what makes sure that nobody is punished twice for one fault.
#[account]
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    /// The job whose receipts prove it.
    pub job: Address,
    /// The provider's wallet.
    pub provider: Address,
    /// Who showed the proof.
    pub reporter: Address,
    /// Sequence of the later receipt of the proof.
    pub sequence: u64,
    /// What it cost, in base units of the network token.
    pub slashed: u64,
    /// Unix seconds of the proof.
    pub proven_at: i64,
    /// The part of the slashable stake that it cost, in basis points.
    pub penalty_bps: u16,
    /// A [`gantry_protocol::fault::Fault`].
    pub kind: u8,
    /// Bump of this address.
    pub bump: u8,
    /// Named padding.
    pub padding: [u8; 4],
}

const _: () = assert!(core::mem::size_of::<Fault>() == 128);
