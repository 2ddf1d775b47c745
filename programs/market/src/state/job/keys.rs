//! Whose signatures count.

use anchor_lang::prelude::*;
use gantry_protocol::{fault, Metered, UnixSeconds};

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

    /// Gives the tenant's side to another hot key. What the former one has signed stays settleable for a grace window, within which there is
    /// no further rotation: of more keys the job would lose sight, and the tenant could void what it has signed.
    pub fn rotate_session(&mut self, session_key: Address, now: UnixSeconds) -> Outcome<()> {
        if !matches!(
            self.state(),
            Some(JobState::Open | JobState::Running | JobState::Stopped)
        ) {
            return Err(MarketError::WrongJobState);
        }
        if session_key == Address::default() {
            return Err(MarketError::InvalidKey);
        }
        if session_key == self.session_key {
            return Err(MarketError::SameKey);
        }
        if self.session_rotated_at != 0 && now <= self.former_session_ends_at() {
            return Err(MarketError::SessionJustRotated);
        }
        self.former_session_key = self.session_key;
        self.session_key = session_key;
        self.session_rotated_at = now.0;
        Ok(())
    }

    /// Refuses a receipt whose tenant's signature is not by the session key, unless it is by the former one, comes within the grace window
    /// after the rotation, and claims no time after it: whoever stole the former key cannot sign for more.
    #[inline(never)]
    pub fn require_former_session(&self, key: &[u8; 32], metered: Metered, now: UnixSeconds) -> Outcome<()> {
        // A former key of zeros is none.
        let is_former = self.session_rotated_at != 0 && key == self.former_session_key.as_array();
        if !is_former || now > self.former_session_ends_at() {
            return Err(MarketError::WrongSigner);
        }
        self.require_within(metered, UnixSeconds(self.session_rotated_at))
    }

    /// Until when what the former session key signed can be settled.
    fn former_session_ends_at(&self) -> UnixSeconds {
        UnixSeconds(self.session_rotated_at).after(self.grace_window_s)
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
