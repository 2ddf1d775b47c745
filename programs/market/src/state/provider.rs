//! A provider: who offers nodes, with which keys, and where its agent answers.

use anchor_lang::prelude::*;
use gantry_protocol::{fault, limits::MAX_ENDPOINT_BYTES, Bps, UnixSeconds};

use super::Record;
use crate::{MarketError, ProviderProfile};

/// What an endpoint begins with: tenants pin the TLS key, so there is no other way to reach an agent.
const SCHEME: &[u8] = b"https://";

/// One per provider wallet.
#[account]
#[derive(Debug, PartialEq, Eq)]
pub struct Provider {
    /// The wallet that owns stake, nodes and earnings.
    pub owner: Address,
    /// Hot key that signs starts, heartbeats and receipts.
    pub attestation_key: Address,
    /// SHA-256 of the agent's TLS public key (DER SubjectPublicKeyInfo), which tenants pin.
    pub tls_key_hash: [u8; 32],
    /// URL of the agent, ASCII.
    pub endpoint: [u8; MAX_ENDPOINT_BYTES],
    /// Unix seconds of the registration.
    pub registered_at: i64,
    /// What its jobs have shown of it. Here and not in an account of its own: whatever writes it writes the provider's stake as well, and
    /// whatever reads it already reads this.
    pub record: Record,
    /// GPUs of all nodes that take new jobs: what its stake must cover before another job may be opened.
    pub gpus_offered: u32,
    /// Bytes of `endpoint` in use.
    pub endpoint_bytes: u16,
    /// Number of nodes, which is also the next node's number.
    pub nodes: u16,
    /// Faults that were proven, which decide what the next one costs.
    pub faults: u16,
    /// Bump of this address.
    pub bump: u8,
    /// Named padding.
    pub padding: [u8; 5],
}

const _: () = assert!(core::mem::size_of::<Provider>() == 272);

impl Provider {
    /// Takes over a profile.
    pub fn set_profile(&mut self, args: &ProviderProfile) -> core::result::Result<(), MarketError> {
        if args.attestation_key == Address::default() || args.tls_key_hash == [0; 32] {
            return Err(MarketError::InvalidKey);
        }
        let used = args
            .endpoint
            .get(..usize::from(args.endpoint_bytes))
            .ok_or(MarketError::InvalidEndpoint)?;
        let rest = args
            .endpoint
            .get(usize::from(args.endpoint_bytes)..)
            .ok_or(MarketError::InvalidEndpoint)?;
        let printable = used.iter().all(u8::is_ascii_graphic) && rest.iter().all(|byte| *byte == 0);
        if !printable || !used.starts_with(SCHEME) || used.len() == SCHEME.len() {
            return Err(MarketError::InvalidEndpoint);
        }
        self.attestation_key = args.attestation_key;
        self.tls_key_hash = args.tls_key_hash;
        self.endpoint = args.endpoint;
        self.endpoint_bytes = args.endpoint_bytes;
        Ok(())
    }

    /// Counts the GPUs of a node as it begins or ceases to take new jobs; `before` and `after` say whether it does.
    pub fn count_offer(&mut self, gpus: u16, before: bool, after: bool) -> core::result::Result<(), MarketError> {
        let changed = match (before, after) {
            (false, true) => self.gpus_offered.checked_add(u32::from(gpus)),
            (true, false) => self.gpus_offered.checked_sub(u32::from(gpus)),
            _ => Some(self.gpus_offered),
        };
        self.gpus_offered = changed.ok_or(MarketError::AmountOverflow)?;
        Ok(())
    }

    /// Refuses a stake that does not cover all that is offered, at `per_gpu` base units each.
    pub fn require_covered(&self, stake: u64, per_gpu: u64) -> core::result::Result<(), MarketError> {
        let required = per_gpu
            .checked_mul(u64::from(self.gpus_offered))
            .ok_or(MarketError::AmountOverflow)?;
        if stake < required {
            return Err(MarketError::StakeBelowOffer);
        }
        Ok(())
    }

    /// Counts a proven fault and returns what it costs.
    pub fn convict(&mut self, now: UnixSeconds) -> Bps {
        self.record.note_fault(now);
        let penalty = fault::penalty(self.faults);
        // The penalty no longer rises long before the count could saturate.
        self.faults = self.faults.saturating_add(1);
        penalty
    }

    /// The endpoint's text; empty if it were not valid, which no instruction allows.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        self.endpoint
            .get(..usize::from(self.endpoint_bytes))
            .and_then(|bytes| core::str::from_utf8(bytes).ok())
            .unwrap_or("")
    }
}
