//! Faults that a provider's own receipts prove.

use gantry_sdk::market::MarketError;

use super::{
    Refusal, State, Verdict, arithmetic,
    refusal::{EXISTS, READ_MISSING, TWICE, WRITTEN_MISSING, WRONG_PURSE, require},
    state::{Fault, Job, Phase},
};
use crate::{
    action::{Claim, Evidence, FaultProve},
    book::JobId,
    cast::{GNT, Purse},
};

/// Seconds after a job's end in which its receipts still prove a fault.
const EVIDENCE_WINDOW_S: i64 = 12 * 3_600;
/// The reporter's part of what a fault costs.
const BOUNTY_BPS: u16 = 1_000;

impl State {
    /// `fault_prove`: a tenth of every part of the stake for the first fault, three tenths for the second, then all; of each part rounded
    /// down. A tenth of the sum goes to the reporter, the rest is burned.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn fault_prove(&mut self, prove: &FaultProve) -> Verdict {
        require(prove.bounty != Purse::Bonds, TWICE)?;
        let job = self.jobs.get(&prove.job).ok_or(READ_MISSING)?;
        let mut provider = self.providers.get(&prove.provider).copied().ok_or(WRITTEN_MISSING)?;
        let mut stake = self.stake_of(prove.stake)?;
        require(self.purse_exists(prove.bounty), WRITTEN_MISSING)?;
        let record = (prove.job, prove.kind);
        require(!self.faults.contains_key(&record), EXISTS)?;
        require(prove.provider == job.provider, MarketError::WrongProvider)?;
        require(prove.stake == job.provider, MarketError::WrongStake)?;

        let (first, second) = self.provable_pair(prove.job, job, &prove.evidence)?;
        require(contradiction(&first, &second) == Some(prove.kind), MarketError::NoFault)?;
        require(prove.bounty.token() == GNT, WRONG_PURSE)?;

        let penalty_bps = match provider.faults {
            0 => 1_000,
            1 => 3_000,
            _ => 10_000,
        };
        let before = stake.slashable();
        stake.active -= arithmetic::part(stake.active, penalty_bps);
        for request in &mut stake.queue {
            request.0 -= arithmetic::part(request.0, penalty_bps);
            if request.0 == 0 {
                *request = (0, 0);
            }
        }
        for shared in [&mut stake.earning, &mut stake.leaving] {
            shared.assets -= arithmetic::part(shared.assets, penalty_bps);
        }
        let slashed = before - stake.slashable();
        let bounty = arithmetic::part(slashed, BOUNTY_BPS);
        stake.slashed += slashed;
        provider.faults += 1;
        provider.record.add_fault(self.now);
        let fault = Fault {
            provider: prove.provider,
            reporter: prove.reporter,
            sequence: first.sequence.max(second.sequence),
            slashed,
            proven_at: self.now,
            penalty_bps,
        };
        self.carry(Purse::Bonds, prove.bounty, bounty);
        self.bonds -= slashed - bounty;
        self.supply[usize::from(GNT)] -= slashed - bounty;
        self.stakes.insert(prove.stake, stake);
        self.providers.insert(prove.provider, provider);
        self.faults.insert(record, fault);
        Ok(())
    }

    /// Two receipts of this very job that a key of its provider has signed in time.
    pub(super) fn provable_pair(&self, id: JobId, job: &Job, evidence: &Evidence) -> Result<(Claim, Claim), Refusal> {
        let (key, first, second) = match *evidence {
            Evidence::Nothing => return Err(MarketError::MissingSignatures.into()),
            Evidence::Pair(key, first, second) => (key, first, second),
            _ => return Err(MarketError::SignaturesNotCanonical.into()),
        };
        match job.phase {
            Phase::Open | Phase::Cancelled => return Err(MarketError::WrongJobState.into()),
            Phase::Running | Phase::Stopped => {}
            Phase::Closed => require(
                self.now <= job.ended_at + EVIDENCE_WINDOW_S,
                MarketError::EvidenceTooOld,
            )?,
        }
        require(
            key == job.attestation || Some(key) == job.former,
            MarketError::WrongSigner,
        )?;
        let are_receipts = first.is_well_formed() && second.is_well_formed();
        require(are_receipts, MarketError::MalformedReceipt)?;
        for claim in [first, second] {
            require(!claim.is_foreign, MarketError::WrongCluster)?;
            require(claim.job == id, MarketError::WrongJob)?;
        }
        Ok((first, second))
    }
}

/// What two receipts of one job contradict: 1, two contents of one sequence; 2, less usage in the later one; 3, more usage after the final one.
pub(super) fn contradiction(first: &Claim, second: &Claim) -> Option<u8> {
    if first.sequence == second.sequence {
        return (first != second).then_some(1);
    }
    let (earlier, later) = if first.sequence < second.sequence {
        (first, second)
    } else {
        (second, first)
    };
    if later.metered_ms < earlier.metered_ms {
        return Some(2);
    }
    (earlier.is_final() && later.metered_ms > earlier.metered_ms).then_some(3)
}
