//! What is known of a provider or a tenant, as it lies in their accounts.

use anchor_lang::prelude::*;
use bytemuck::{Pod, Zeroable};
use gantry_protocol::{
    reputation::{Deed, Facts},
    UnixSeconds,
};

/// The protocol's [`Facts`], of which this is the layout.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable, IdlType)]
#[cfg_attr(not(target_os = "solana"), derive(borsh::BorshDeserialize, borsh::BorshSerialize))]
pub struct Record {
    /// Unix seconds until when all that follows has decayed.
    pub as_of: i64,
    /// Fees that jobs have paid away, in base units of the network token.
    pub fees: u64,
    /// Promised time, weighed by its fee.
    pub promised: u64,
    /// Kept time, weighed by its fee.
    pub kept: u64,
    /// Jobs that ended as they should, in 2⁻²⁰ jobs.
    pub completed: u64,
    /// Jobs that did not, in 2⁻²⁰ jobs.
    pub failed: u64,
    /// Proven faults, in 2⁻²⁰ faults.
    pub faults: u64,
}

impl Record {
    /// Adds what a job did.
    pub fn note(&mut self, deed: &Deed, now: UnixSeconds) {
        *self = Self::from(self.facts().with(deed, now));
    }

    /// Adds a proven fault.
    pub fn note_fault(&mut self, now: UnixSeconds) {
        *self = Self::from(self.facts().with_fault(now));
    }

    /// The facts, which give the score.
    #[must_use]
    pub const fn facts(&self) -> Facts {
        Facts {
            as_of: UnixSeconds(self.as_of),
            fees: self.fees,
            promised: self.promised,
            kept: self.kept,
            completed: self.completed,
            failed: self.failed,
            faults: self.faults,
        }
    }
}

impl From<Facts> for Record {
    fn from(facts: Facts) -> Self {
        Self {
            as_of: facts.as_of.0,
            fees: facts.fees,
            promised: facts.promised,
            kept: facts.kept,
            completed: facts.completed,
            failed: facts.failed,
            faults: facts.faults,
        }
    }
}
