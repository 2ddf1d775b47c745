//! The life of a job.

use gantry_sdk::{market::MarketError, staking::StakingError};

use super::{
    Refusal, State, Verdict, arithmetic,
    refusal::{EXISTS, READ_MISSING, WRITTEN_MISSING, WRONG_ADDRESS, require},
    state::{Job, Phase},
};
use crate::{
    action::{Ending, Evidence, JobClose, JobExtend, JobOpen, JobRekey, JobSettle, JobStart, JobStop},
    book::{JobId, NodeId, SHARDS, ShardId, shard_of},
    cast::{Actor, Key, Token},
};

/// What a job begins on, once both sides have agreed on it.
pub(super) struct Begin {
    pub provider: Actor,
    pub node: NodeId,
    pub token: Token,
    pub per_gpu: u64,
    pub session: Key,
    pub bundle: u8,
    pub max_s: u32,
    pub gpus: u16,
}

impl State {
    /// `job_open`: the escrow moves from the tenant's balance to the job, and the provider's stake is reserved.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn job_open(&mut self, open: &JobOpen) -> Verdict {
        let id = (open.tenant, open.nonce);
        let (config, owner) = (self.config, open.node.0);
        let mint = self.mints.get(&open.token).copied().ok_or(READ_MISSING)?;
        let is_enabled = *self.classes.get(&open.class).ok_or(READ_MISSING)?;
        let (floor, ceiling) = self.ranges.get(&open.range).copied().ok_or(READ_MISSING)?;
        let provider = self.providers.get(&open.provider).copied().ok_or(READ_MISSING)?;
        let node = self.nodes.get(&open.node).cloned().ok_or(WRITTEN_MISSING)?;
        require(self.balances.contains_key(&open.balance), WRITTEN_MISSING)?;
        require(self.tenants.contains_key(&open.account), READ_MISSING)?;
        let stake = self.stake_of(open.stake)?;
        require(!self.jobs.contains_key(&id), EXISTS)?;
        require(open.provider == owner, WRONG_ADDRESS)?;

        require(!config.paused, MarketError::Paused)?;
        require(mint.enabled, MarketError::MintDisabled)?;
        require(self.shards_of(open.token) == SHARDS, MarketError::FeeShardsMissing)?;
        require(open.class == node.class, MarketError::WrongClass)?;
        require(is_enabled, MarketError::ClassDisabled)?;
        let is_treasury = |actor| config.treasury == Key::Wallet(actor);
        let is_between_others = !is_treasury(open.tenant) && !is_treasury(owner);
        require(is_between_others, MarketError::TreasuryMayNotTrade)?;
        require(open.session != Key::Zero, MarketError::InvalidKey)?;
        let balance = self.balance_of(open.balance, open.tenant, open.token)?;
        require(open.account == open.tenant, MarketError::WrongTenant)?;
        require(open.stake == owner, MarketError::WrongStake)?;
        let offered = u64::from(provider.offered);
        let to_cover = config
            .stake_per_gpu
            .checked_mul(offered)
            .ok_or(MarketError::AmountOverflow)?;
        require(stake.backing() >= to_cover, MarketError::StakeBelowOffer)?;
        let per_gpu = node.rate(open.token).ok_or(MarketError::NotOffered)?;
        require(open.range == (node.class, open.token), MarketError::WrongPriceRange)?;
        require((floor..=ceiling).contains(&per_gpu), MarketError::RateOutOfRange)?;
        require(per_gpu <= open.max_rate, MarketError::RateAboveLimit)?;
        let job = self.begin(&Begin {
            provider: open.provider,
            node: open.node,
            token: open.token,
            per_gpu,
            session: open.session,
            bundle: open.bundle,
            max_s: open.max_s,
            gpus: open.gpus,
        })?;
        let balance = balance
            .checked_sub(job.escrow)
            .ok_or(MarketError::InsufficientBalance)?;
        require(job.stake_reserved <= stake.free(), StakingError::InsufficientStake)?;
        self.balances.insert(open.balance, balance);
        self.take_up(id, job);
        Ok(())
    }

    /// The job that would begin on these terms, however it was agreed on.
    ///
    /// # Errors
    /// When the node does not rent on them, or they cost nothing.
    pub(super) fn begin(&self, terms: &Begin) -> Result<Job, Refusal> {
        let (config, now) = (&self.config, self.now);
        let provider = self.providers.get(&terms.provider).ok_or(READ_MISSING)?;
        let node = self.nodes.get(&terms.node).ok_or(WRITTEN_MISSING)?;
        let mint = self.mints.get(&terms.token).ok_or(READ_MISSING)?;
        let rate = terms.per_gpu.checked_mul(u64::from(terms.gpus));
        let rate = rate.ok_or(MarketError::AmountOverflow)?;
        require(node.active, MarketError::NodeInactive)?;
        let age_s = now - node.heartbeat_at;
        require(age_s <= i64::from(config.heartbeat_max_age_s), MarketError::NodeSilent)?;
        require(
            (node.min_s..=node.max_s).contains(&terms.max_s),
            MarketError::DurationOutOfRange,
        )?;
        let has_capacity = terms.gpus > 0 && terms.gpus <= node.gpus - node.rented;
        require(has_capacity, MarketError::CapacityExceeded)?;
        let of_gpus = config.stake_per_gpu.checked_mul(u64::from(terms.gpus));
        let stake_reserved = of_gpus.ok_or(MarketError::AmountOverflow)?;
        let escrow = arithmetic::owed(rate, arithmetic::longest_ms(terms.max_s));
        let escrow = escrow.ok_or(MarketError::AmountOverflow)?;
        require(escrow > 0, MarketError::ZeroEscrow)?;
        Ok(Job {
            provider: terms.node.0,
            node: terms.node,
            token: terms.token,
            session: terms.session,
            attestation: provider.attestation,
            former: None,
            former_session: None,
            session_rotated_at: 0,
            exits_at: 0,
            successor: None,
            bundle: terms.bundle,
            root: None,
            rate,
            escrow,
            metered_ms: 0,
            co_signed_ms: 0,
            sequence: 0,
            is_final: false,
            claimed: false,
            stake_reserved,
            reference: mint.reference,
            opened_at: now,
            start_deadline: now + i64::from(config.start_deadline_s),
            started_at: 0,
            stopped_at: 0,
            ended_at: 0,
            max_s: terms.max_s,
            grace_s: config.grace_window_s,
            gpus: terms.gpus,
            fee_bps: config.fee_bps,
            phase: Phase::Open,
        })
    }

    /// Takes up a job that has begun: its GPUs and its provider's stake.
    pub(super) fn take_up(&mut self, id: JobId, job: Job) {
        if let Some(stake) = self.stakes.get_mut(&job.provider) {
            stake.reserved += job.stake_reserved;
        }
        if let Some(node) = self.nodes.get_mut(&job.node) {
            node.rented += job.gpus;
        }
        self.jobs.insert(id, job);
    }

    /// `job_start`: metering begins.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn job_start(&mut self, start: &JobStart) -> Verdict {
        let now = self.now;
        let job = self.jobs.get_mut(&start.job).ok_or(WRITTEN_MISSING)?;
        require(start.signer == job.attestation, MarketError::NotAttestationKey)?;
        require(job.phase == Phase::Open, MarketError::WrongJobState)?;
        require(now <= job.start_deadline, MarketError::StartDeadlinePassed)?;
        require(now <= job.until_exit(now), MarketError::JobExpired)?;
        job.phase = Phase::Running;
        job.started_at = now;
        Ok(())
    }

    /// `job_stop`: by the tenant's wallet or session key.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn job_stop(&mut self, stop: &JobStop) -> Verdict {
        let now = self.now;
        let job = self.jobs.get_mut(&stop.job).ok_or(WRITTEN_MISSING)?;
        let is_tenant = stop.signer == Key::Wallet(stop.job.0) || stop.signer == job.session;
        require(is_tenant, MarketError::NotTenant)?;
        require(job.phase == Phase::Running, MarketError::WrongJobState)?;
        job.phase = Phase::Stopped;
        job.stopped_at = now;
        Ok(())
    }

    /// `job_extend`: by the tenant's wallet, while the rented time runs, as far as the node offers now; the escrow becomes what one opening
    /// for as long would have set aside.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn job_extend(&mut self, extend: &JobExtend) -> Verdict {
        let job = self.jobs.get(&extend.job).ok_or(WRITTEN_MISSING)?;
        let node = self.nodes.get(&extend.node).ok_or(READ_MISSING)?;
        require(self.balances.contains_key(&extend.balance), WRITTEN_MISSING)?;
        require(extend.signer == Key::Wallet(extend.job.0), MarketError::NotTenant)?;
        require(extend.node == job.node, WRONG_ADDRESS)?;
        let balance = self.balance_of(extend.balance, extend.job.0, job.token)?;
        require(node.active, MarketError::NodeInactive)?;
        require(
            (node.min_s..=node.max_s).contains(&extend.max_s),
            MarketError::DurationOutOfRange,
        )?;
        match job.phase {
            Phase::Open => {}
            Phase::Running if !job.is_final => {
                let ends_at = job.until_exit(job.started_at + i64::from(job.max_s));
                require(self.now <= ends_at, MarketError::JobExpired)?;
            }
            _ => return Err(MarketError::WrongJobState.into()),
        }
        require(extend.max_s > job.max_s, MarketError::NotLonger)?;
        let escrow = arithmetic::owed(job.rate, arithmetic::longest_ms(extend.max_s));
        let escrow = escrow.ok_or(MarketError::AmountOverflow)?;
        let balance = balance.checked_sub(escrow - job.escrow);
        let balance = balance.ok_or(MarketError::InsufficientBalance)?;
        self.balances.insert(extend.balance, balance);
        if let Some(job) = self.jobs.get_mut(&extend.job) {
            job.escrow = escrow;
            job.max_s = extend.max_s;
        }
        Ok(())
    }

    /// `job_rekey`: the provider's current key replaces the job's, once.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn job_rekey(&mut self, rekey: &JobRekey) -> Verdict {
        let current = self.providers.get(&rekey.provider).ok_or(READ_MISSING)?.attestation;
        let job = self.jobs.get_mut(&rekey.job).ok_or(WRITTEN_MISSING)?;
        let is_provider = rekey.signer == Key::Wallet(rekey.provider) || rekey.signer == current;
        require(is_provider, MarketError::NotProvider)?;
        require(rekey.provider == job.provider, MarketError::NotOwner)?;
        require(job.is_live(), MarketError::WrongJobState)?;
        if job.attestation != current {
            require(job.former.is_none(), MarketError::AlreadyRekeyed)?;
            job.former = Some(job.attestation);
            job.attestation = current;
        }
        Ok(())
    }

    /// `job_settle`: what the receipt's metered time costs, less what was paid.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn job_settle(&mut self, settle: &JobSettle) -> Verdict {
        let job = self.jobs.get(&settle.job).ok_or(WRITTEN_MISSING)?;
        let balance = self.balance_of(settle.balance, job.provider, job.token)?;
        let (tenant, claim) = match settle.evidence {
            Evidence::Nothing => return Err(MarketError::MissingSignatures.into()),
            Evidence::CoSigned(provider, tenant, claim) => {
                require(provider == job.attestation, MarketError::WrongSigner)?;
                (tenant, claim)
            }
            _ => return Err(MarketError::SignaturesNotCanonical.into()),
        };
        require(claim.is_well_formed(), MarketError::MalformedReceipt)?;
        require(!claim.is_foreign, MarketError::WrongCluster)?;
        require(claim.job == settle.job, MarketError::WrongJob)?;
        self.require_tenant(job, tenant, claim.metered_ms)?;
        require(
            matches!(job.phase, Phase::Running | Phase::Stopped),
            MarketError::WrongJobState,
        )?;
        require(claim.sequence > job.sequence, MarketError::StaleReceipt)?;
        require(claim.metered_ms >= job.metered_ms, MarketError::UsageRegressed)?;
        // Both sides have agreed that nothing more is metered.
        require(
            !job.is_final || claim.metered_ms == job.metered_ms,
            MarketError::WrongJobState,
        )?;
        self.require_passed(job, claim.metered_ms)?;

        let earned = paid(job.rate, job.fee_bps, claim.metered_ms) - paid(job.rate, job.fee_bps, job.metered_ms);
        let balance = balance.checked_add(earned).ok_or(MarketError::AmountOverflow)?;
        self.balances.insert(settle.balance, balance);
        if let Some(job) = self.jobs.get_mut(&settle.job) {
            job.sequence = claim.sequence;
            job.metered_ms = claim.metered_ms;
            job.co_signed_ms = claim.metered_ms;
            job.root = Some(claim.root);
            job.is_final |= claim.is_final();
        }
        Ok(())
    }

    /// `job_close`: by anyone once final or past the grace window; by the attestation key at any time. The fee goes to the job's shard.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn job_close(&mut self, JobClose(ending, shard): &JobClose) -> Verdict {
        let job = self.ending_job(ending, Some(*shard))?;
        let ends_at = match job.phase {
            Phase::Running => job.until_exit(job.started_at + i64::from(job.max_s)),
            Phase::Stopped => job.until_exit(job.stopped_at),
            _ => return Err(MarketError::WrongJobState.into()),
        };
        require(!job.claimed, MarketError::ClaimWaiting)?;
        let is_due = job.is_final || self.now > ends_at + i64::from(job.grace_s);
        require(is_due || ending.caller == job.attestation, MarketError::GraceWindowOpen)?;
        require_sides(ending, &job)?;
        let is_its_own = *shard == (job.token, shard_of(ending.job));
        require(is_its_own, MarketError::WrongFeeShard)?;
        let owed = owed(job.rate, job.metered_ms);
        let fee = arithmetic::part(owed, job.fee_bps);
        self.end(ending, &job, Phase::Closed)?;
        self.note_closed(ending.job.0, &job);
        *self.shards.entry(*shard).or_default() += fee;
        Ok(())
    }

    /// `job_cancel`: by anyone past the start deadline; by the attestation key before.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn job_cancel(&mut self, ending: &Ending) -> Verdict {
        let job = self.ending_job(ending, None)?;
        require(job.phase == Phase::Open, MarketError::WrongJobState)?;
        let is_due = self.now > job.start_deadline;
        require(
            is_due || ending.caller == job.attestation,
            MarketError::StartDeadlineNotPassed,
        )?;
        require_sides(ending, &job)?;
        self.end(ending, &job, Phase::Cancelled)?;
        self.note_cancelled(ending.job.0, &job);
        Ok(())
    }

    /// The job, when all accounts of its ending exist and the node is its own.
    fn ending_job(&self, ending: &Ending, shard: Option<ShardId>) -> Result<Job, super::Refusal> {
        let job = self.jobs.get(&ending.job).ok_or(WRITTEN_MISSING)?;
        require(self.nodes.contains_key(&ending.node), WRITTEN_MISSING)?;
        require(self.balances.contains_key(&ending.balance), WRITTEN_MISSING)?;
        self.stake_of(ending.stake)?;
        let has_shard = shard.is_none_or(|shard| self.shards.contains_key(&shard));
        require(has_shard, WRITTEN_MISSING)?;
        require(self.providers.contains_key(&ending.provider), WRITTEN_MISSING)?;
        require(self.tenants.contains_key(&ending.tenant), WRITTEN_MISSING)?;
        require(ending.node == job.node, WRONG_ADDRESS)?;
        Ok(job.clone())
    }

    /// Gives back what is not owed, the GPUs and the stake.
    fn end(&mut self, ending: &Ending, job: &Job, phase: Phase) -> Verdict {
        let balance = self.balance_of(ending.balance, ending.job.0, job.token)?;
        require(ending.stake == job.provider, MarketError::WrongStake)?;
        let refund = job.escrow - owed(job.rate, job.metered_ms);
        let balance = balance.checked_add(refund).ok_or(MarketError::AmountOverflow)?;
        self.balances.insert(ending.balance, balance);
        if let Some(node) = self.nodes.get_mut(&job.node) {
            node.rented -= job.gpus;
        }
        if let Some(stake) = self.stakes.get_mut(&job.provider) {
            stake.reserved -= job.stake_reserved;
        }
        let now = self.now;
        if let Some(job) = self.jobs.get_mut(&ending.job) {
            job.phase = phase;
            job.ended_at = now;
        }
        Ok(())
    }

    /// A job's bill so far: owed, paid, fee and refund.
    #[must_use]
    pub fn bill(&self, id: &JobId) -> [u64; 4] {
        let job = &self.jobs[id];
        let owed = owed(job.rate, job.metered_ms);
        let paid = paid(job.rate, job.fee_bps, job.metered_ms);
        let refund = if job.is_live() { 0 } else { job.escrow - owed };
        [owed, paid, owed - paid, refund]
    }
}

/// Refuses the accounts of others than the job's two sides.
fn require_sides(ending: &Ending, job: &Job) -> Verdict {
    require(ending.provider == job.provider, MarketError::WrongProvider)?;
    require(ending.tenant == ending.job.0, MarketError::WrongTenant)
}

/// What the metered time costs; the escrow covers the longest.
fn owed(rate: u64, metered_ms: u64) -> u64 {
    arithmetic::owed(rate, metered_ms).expect("no more than the escrow")
}

/// The provider's part.
pub(super) fn paid(rate: u64, fee_bps: u16, metered_ms: u64) -> u64 {
    let owed = owed(rate, metered_ms);
    owed - arithmetic::part(owed, fee_bps)
}
