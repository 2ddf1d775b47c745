//! Whose signatures count.

use anchor_lang::prelude::*;
use gantry_protocol::{fault, UnixSeconds};

use super::{Job, JobState, Outcome};
use crate::MarketError;

impl Job {
    /// Accepts receipts of another attestation key from now on. Once per job: of more keys it would lose sight, and with them of
    /// what they signed.
    pub fn rekey(&mut self, attestation_key: Address) -> Outcome<()> {
        if !matches!(
            self.state(),
            Some(JobState::Open | JobState::Running | JobState::Stopped)
        ) {
            return Err(MarketError::WrongJobState);
        }
        if attestation_key == self.attestation_key {
            return Ok(());
        }
        if self.former_key != Address::default() {
            return Err(MarketError::AlreadyRekeyed);
        }
        self.former_key = self.attestation_key;
        self.attestation_key = attestation_key;
        Ok(())
    }

    /// Refuses evidence about a job that was never started, that ended too long ago, or of a key that is not its provider's.
    pub fn require_provable(&self, key: &[u8; 32], now: UnixSeconds) -> Outcome<()> {
        match self.state() {
            Some(JobState::Running | JobState::Stopped) => {}
            Some(JobState::Closed) => {
                if now > UnixSeconds(self.ended_at).after(fault::EVIDENCE_WINDOW_S) {
                    return Err(MarketError::EvidenceTooOld);
                }
            }
            _ => return Err(MarketError::WrongJobState),
        }
        // A former key of zeros is none: the precompile would have to accept a signature of it first, but that is not our check.
        let former = self.former_key != Address::default() && key == self.former_key.as_array();
        if key != self.attestation_key.as_array() && !former {
            return Err(MarketError::WrongSigner);
        }
        Ok(())
    }
}
