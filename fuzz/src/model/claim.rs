//! Claims against a silent tenant: the provider's receipt alone, with a bond as high as what it would earn.

use gantry_sdk::market::MarketError;

use super::{
    State, Verdict, arithmetic,
    fault::contradiction,
    job::paid,
    refusal::{EXISTS, WRITTEN_MISSING, WRONG_ADDRESS, require},
    state::{Phase, Waiting},
};
use crate::action::{ClaimOpen, ClaimRefute, ClaimSettle, Evidence};

/// Seconds in which a claim can be refuted.
const CHALLENGE_WINDOW_S: i64 = 60;

impl State {
    /// `claim_open`: up to the grace window beyond the last receipt that both sides signed.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn claim_open(&mut self, open: &ClaimOpen) -> Verdict {
        let job = self.jobs.get(&open.job).ok_or(WRITTEN_MISSING)?.clone();
        require(self.balances.contains_key(&open.balance), WRITTEN_MISSING)?;
        require(!self.claims.contains_key(&open.job), EXISTS)?;
        require(open.signer == job.attestation, MarketError::NotAttestationKey)?;
        let balance = self.balance_of(open.balance, job.provider, job.token)?;
        let claim = match open.evidence {
            Evidence::Nothing => return Err(MarketError::MissingSignatures.into()),
            Evidence::Single(key, claim) => {
                require(key == job.attestation, MarketError::WrongSigner)?;
                claim
            }
            _ => return Err(MarketError::SignaturesNotCanonical.into()),
        };
        require(claim.is_well_formed(), MarketError::MalformedReceipt)?;
        require(!claim.is_foreign, MarketError::WrongCluster)?;
        require(claim.job == open.job, MarketError::WrongJob)?;
        let ends_at = match job.phase {
            Phase::Running => job.until_exit(job.started_at + i64::from(job.max_s)),
            Phase::Stopped => job.until_exit(job.stopped_at),
            _ => return Err(MarketError::WrongJobState.into()),
        };
        let is_in_time = !job.is_final && self.now <= ends_at + i64::from(job.grace_s);
        require(is_in_time, MarketError::ClaimTooLate)?;
        require(claim.sequence > job.sequence, MarketError::StaleReceipt)?;
        require(claim.metered_ms >= job.metered_ms, MarketError::UsageRegressed)?;
        let most = job.co_signed_ms + u64::from(job.grace_s) * 1_000;
        require(claim.metered_ms <= most, MarketError::ClaimExceedsGrace)?;
        self.require_passed(&job, claim.metered_ms)?;
        let bond = paid(job.rate, job.fee_bps, claim.metered_ms) - paid(job.rate, job.fee_bps, job.metered_ms);
        require(bond > 0, MarketError::ZeroAmount)?;
        let balance = balance.checked_sub(bond).ok_or(MarketError::InsufficientBalance)?;
        self.balances.insert(open.balance, balance);
        let waiting = Waiting {
            payer: open.signer,
            root: claim.root,
            sequence: claim.sequence,
            metered_ms: claim.metered_ms,
            bond,
            payable_at: self.now + CHALLENGE_WINDOW_S,
        };
        self.claims.insert(open.job, waiting);
        self.mark(open.job, true);
        Ok(())
    }

    /// `claim_settle`: the bond comes back with what the claim earns, which is nothing once both sides signed as much, or that nothing more is metered.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn claim_settle(&mut self, settle: &ClaimSettle) -> Verdict {
        let job = self.jobs.get(&settle.job).ok_or(WRITTEN_MISSING)?.clone();
        let claim = self.claims.get(&settle.job).copied().ok_or(WRITTEN_MISSING)?;
        require(self.balances.contains_key(&settle.balance), WRITTEN_MISSING)?;
        require(settle.payer == claim.payer, WRONG_ADDRESS)?;
        let balance = self.balance_of(settle.balance, job.provider, job.token)?;
        let is_superseded = job.is_final || claim.sequence <= job.sequence || claim.metered_ms <= job.metered_ms;
        require(
            is_superseded || self.now >= claim.payable_at,
            MarketError::ChallengeWindowOpen,
        )?;
        let earned = if is_superseded {
            0
        } else {
            paid(job.rate, job.fee_bps, claim.metered_ms) - paid(job.rate, job.fee_bps, job.metered_ms)
        };
        let balance = balance
            .checked_add(earned)
            .and_then(|balance| balance.checked_add(claim.bond));
        self.balances
            .insert(settle.balance, balance.ok_or(MarketError::AmountOverflow)?);
        if let Some(job) = self.jobs.get_mut(&settle.job).filter(|_| !is_superseded) {
            job.sequence = claim.sequence;
            job.metered_ms = claim.metered_ms;
            job.root = Some(claim.root);
        }
        self.claims.remove(&settle.job);
        self.mark(settle.job, false);
        Ok(())
    }

    /// `claim_refute`: whoever lies in a job is not believed in it, and the tenant gets the bond.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn claim_refute(&mut self, refute: &ClaimRefute) -> Verdict {
        let job = self.jobs.get(&refute.job).ok_or(WRITTEN_MISSING)?.clone();
        let claim = self.claims.get(&refute.job).copied().ok_or(WRITTEN_MISSING)?;
        require(self.balances.contains_key(&refute.balance), WRITTEN_MISSING)?;
        let balance = self.balance_of(refute.balance, refute.job.0, job.token)?;
        let (first, second) = self.provable_pair(refute.job, &job, &refute.evidence)?;
        require(contradiction(&first, &second).is_some(), MarketError::NothingRefuted)?;
        let balance = balance.checked_add(claim.bond).ok_or(MarketError::AmountOverflow)?;
        self.balances.insert(refute.balance, balance);
        self.claims.remove(&refute.job);
        self.mark(refute.job, false);
        Ok(())
    }

    fn mark(&mut self, id: crate::book::JobId, claimed: bool) {
        if let Some(job) = self.jobs.get_mut(&id) {
            job.claimed = claimed;
        }
    }

    /// Refuses more metered time than was rented, or than has passed.
    pub(super) fn require_passed(&self, job: &super::state::Job, metered_ms: u64) -> Verdict {
        let is_rented = metered_ms <= arithmetic::longest_ms(job.max_s);
        require(is_rented, MarketError::UsageExceedsDuration)?;
        let end = job.until_exit(if job.phase == Phase::Stopped {
            job.stopped_at
        } else {
            self.now
        });
        let elapsed_ms = i128::from((end - job.started_at).max(0)) * 1_000;
        // The chain's clock has whole seconds.
        let has_passed = i128::from(metered_ms) <= elapsed_ms + 1_000;
        require(has_passed, MarketError::UsageExceedsElapsed)
    }
}
