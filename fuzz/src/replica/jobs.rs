//! The market's accounts of jobs: bills, claims and proven faults.

use bytemuck::Zeroable;
use gantry_sdk::{
    address,
    market::{
        ID,
        events::{
            ClaimOpened, ClaimRefuted, ClaimSettled, FaultProven, JobCancelled, JobClosed, JobExitAnnounced,
            JobExtended, JobFailedOver, JobOpened, JobRekeyed, JobSettled, JobStarted, JobStopped, SessionRotated,
        },
        seeds,
        state::{Claim, Fault, Job, JobState},
    },
};

use super::{Outcome, Replica, bump, narrow};

impl Replica {
    pub(super) fn job_opened(&mut self, event: &JobOpened) -> Outcome {
        let job = Job {
            tenant: event.tenant,
            provider: event.provider,
            node: event.node,
            mint: event.mint,
            session_key: event.session_key,
            attestation_key: event.attestation_key,
            genesis_hash: self.configs.get(&address::config())?.genesis_hash,
            bundle_hash: event.bundle_hash,
            nonce: event.nonce,
            rate: event.rate,
            escrow: event.escrow,
            stake_reserved: event.stake_reserved,
            reference_price: event.reference_price,
            opened_at: event.opened_at,
            start_deadline: event.start_deadline,
            max_duration_s: event.max_duration_s,
            grace_window_s: event.grace_window_s,
            gpus: event.gpus,
            fee_bps: event.fee_bps,
            state: JobState::Open as u8,
            bump: bump(&ID, &[seeds::JOB, event.tenant.as_ref(), &event.nonce.to_le_bytes()]),
            ..Zeroable::zeroed()
        };
        self.jobs.insert(event.job, job)?;
        self.nodes.get_mut(&event.node)?.gpus_free = narrow(event.gpus_free)?;
        self.set_balance(&event.tenant, &event.mint, event.balance)
    }

    pub(super) fn job_extended(&mut self, event: &JobExtended) -> Outcome {
        let job = self.jobs.get_mut(&event.job)?;
        job.escrow = event.escrow;
        job.max_duration_s = narrow(event.max_duration_s)?;
        let (tenant, mint) = (job.tenant, job.mint);
        self.set_balance(&tenant, &mint, event.balance)
    }

    pub(super) fn job_started(&mut self, event: &JobStarted) -> Outcome {
        let job = self.jobs.get_mut(&event.job)?;
        job.started_at = event.at;
        job.state = JobState::Running as u8;
        Ok(())
    }

    pub(super) fn job_settled(&mut self, event: &JobSettled) -> Outcome {
        let job = self.jobs.get_mut(&event.job)?;
        job.samples_root = event.samples_root;
        job.sequence = event.sequence;
        job.metered_ms = event.metered_ms;
        job.co_signed_ms = event.metered_ms;
        (job.paid, job.fee, job.owed) = (event.paid, event.fee, event.paid + event.fee);
        job.is_final |= narrow::<u8>(event.is_final)?;
        let (provider, mint) = (job.provider, job.mint);
        self.set_balance(&provider, &mint, event.balance)
    }

    pub(super) fn job_stopped(&mut self, event: &JobStopped) -> Outcome {
        let job = self.jobs.get_mut(&event.job)?;
        job.stopped_at = event.at;
        job.state = JobState::Stopped as u8;
        Ok(())
    }

    pub(super) fn job_rekeyed(&mut self, event: &JobRekeyed) -> Outcome {
        let job = self.jobs.get_mut(&event.job)?;
        if job.attestation_key != event.attestation_key {
            job.former_key = job.attestation_key;
            job.attestation_key = event.attestation_key;
        }
        Ok(())
    }

    pub(super) fn session_rotated(&mut self, event: &SessionRotated) -> Outcome {
        let job = self.jobs.get_mut(&event.job)?;
        job.session_key = event.session_key;
        job.former_session_key = event.former_session_key;
        job.session_rotated_at = event.at;
        Ok(())
    }

    pub(super) fn job_exit_announced(&mut self, event: &JobExitAnnounced) -> Outcome {
        self.jobs.get_mut(&event.job)?.exits_at = event.exits_at;
        Ok(())
    }

    pub(super) fn job_failed_over(&mut self, event: &JobFailedOver) -> Outcome {
        self.jobs.get_mut(&event.job)?.successor = event.successor;
        Ok(())
    }

    pub(super) fn job_closed(&mut self, event: &JobClosed) -> Outcome {
        let job = self.jobs.get_mut(&event.job)?;
        (job.owed, job.paid, job.fee, job.refund) = (event.owed, event.paid, event.fee, event.refund);
        job.ended_at = event.at;
        job.state = JobState::Closed as u8;
        let (node, tenant, mint) = (job.node, job.tenant, job.mint);
        self.nodes.get_mut(&node)?.gpus_free = narrow(event.gpus_free)?;
        self.shards.get_mut(&event.fee_shard)?.amount = event.fee_shard_amount;
        self.set_balance(&tenant, &mint, event.balance)
    }

    pub(super) fn job_cancelled(&mut self, event: &JobCancelled) -> Outcome {
        let job = self.jobs.get_mut(&event.job)?;
        job.refund = event.refund;
        job.ended_at = event.at;
        job.state = JobState::Cancelled as u8;
        let (node, tenant, mint) = (job.node, job.tenant, job.mint);
        self.nodes.get_mut(&node)?.gpus_free = narrow(event.gpus_free)?;
        self.set_balance(&tenant, &mint, event.balance)
    }

    pub(super) fn claim_opened(&mut self, event: &ClaimOpened) -> Outcome {
        let claim = Claim {
            job: event.job,
            payer: event.payer,
            samples_root: event.samples_root,
            sequence: event.sequence,
            metered_ms: event.metered_ms,
            bond: event.bond,
            payable_at: event.payable_at,
            bump: bump(&ID, &[seeds::CLAIM, event.job.as_ref()]),
            ..Zeroable::zeroed()
        };
        self.claims.insert(address::claim(&event.job), claim)?;
        let job = self.jobs.get_mut(&event.job)?;
        job.claimed = 1;
        let (provider, mint) = (job.provider, job.mint);
        self.set_balance(&provider, &mint, event.balance)
    }

    pub(super) fn claim_settled(&mut self, event: &ClaimSettled) -> Outcome {
        self.claims.remove(&address::claim(&event.job))?;
        let job = self.jobs.get_mut(&event.job)?;
        job.claimed = 0;
        job.samples_root = event.samples_root;
        job.sequence = event.sequence;
        job.metered_ms = event.metered_ms;
        (job.paid, job.fee, job.owed) = (event.paid, event.fee, event.paid + event.fee);
        let (provider, mint) = (job.provider, job.mint);
        self.set_balance(&provider, &mint, event.balance)
    }

    pub(super) fn claim_refuted(&mut self, event: &ClaimRefuted) -> Outcome {
        self.claims.remove(&address::claim(&event.job))?;
        let job = self.jobs.get_mut(&event.job)?;
        job.claimed = 0;
        let (tenant, mint) = (job.tenant, job.mint);
        self.set_balance(&tenant, &mint, event.balance)
    }

    pub(super) fn fault_proven(&mut self, event: &FaultProven) -> Outcome {
        let kind: u8 = narrow(event.kind)?;
        let fault = Fault {
            job: event.job,
            provider: event.provider,
            reporter: event.reporter,
            sequence: event.sequence,
            slashed: event.slashed,
            proven_at: event.at,
            penalty_bps: event.penalty_bps,
            kind,
            bump: bump(&ID, &[seeds::FAULT, event.job.as_ref(), &[kind]]),
            ..Zeroable::zeroed()
        };
        self.faults.insert(event.fault, fault)?;
        self.providers.get_mut(&address::provider(&event.provider))?.faults = event.faults;
        Ok(())
    }
}
