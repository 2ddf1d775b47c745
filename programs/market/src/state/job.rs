//! A job: GPUs rented by the second against an escrow.

use anchor_lang::prelude::*;
use gantry_protocol::{billing, receipt::ReceiptView, Atoms, Bps, Metered, Rate, UnixSeconds};

use crate::MarketError;

mod claims;
mod exits;
mod failover;
mod keys;
mod reputation;

/// Where a job stands. `Open → Running → (Stopped →) Closed`, or `Open → Cancelled`.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// Escrow held, not started.
    Open = 1,
    /// Metered.
    Running = 2,
    /// The tenant ended metering; the grace window runs.
    Stopped = 3,
    /// Refunded; the fee went to a shard.
    Closed = 4,
    /// Never started; the whole escrow went back.
    Cancelled = 5,
}

/// One per rent. Stays after its end as the record of the bill.
#[account]
#[derive(Debug, PartialEq, Eq)]
pub struct Job {
    /// The wallet that pays and is refunded.
    pub tenant: Address,
    /// The provider's wallet, whose balance is paid.
    pub provider: Address,
    /// The node's account.
    pub node: Address,
    /// The mint.
    pub mint: Address,
    /// The tenant's hot key at the opening, or since its last rotation: co-signs receipts and may stop the job.
    pub session_key: Address,
    /// The provider's hot key at the opening, or since the rekey.
    pub attestation_key: Address,
    /// The provider's hot key before the rekey, whose receipts can still prove a fault; zeros before.
    pub former_key: Address,
    /// The tenant's hot key before the last rotation, whose receipts still count for a grace window; zeros before.
    pub former_session_key: Address,
    /// The job that went on with the rest on another node; zeros while there is none.
    pub successor: Address,
    /// Genesis hash of this cluster.
    pub genesis_hash: [u8; 32],
    /// SHA-256 of the bundle that the tenant will upload; zeros when there is none.
    pub bundle_hash: [u8; 32],
    /// Merkle root of the samples behind the last settled receipt.
    pub samples_root: [u8; 32],
    /// Number that the tenant chose; with the wallet it makes the address.
    pub nonce: u64,
    /// Micro-atoms per second for all GPUs of the job.
    pub rate: u64,
    /// What was set aside at the opening, in base units.
    pub escrow: u64,
    /// What the settled metered time costs, in base units: `paid + fee`.
    pub owed: u64,
    /// The provider's part of `owed`.
    pub paid: u64,
    /// The protocol's part of `owed`; goes to a fee shard when the job closes, and stays here as the record of the bill.
    pub fee: u64,
    /// What went back to the tenant at the end.
    pub refund: u64,
    /// Stake that the job reserved, in base units of the network token.
    pub stake_reserved: u64,
    /// Value of a million base units of the mint in base units of the network token, at the opening: what weighs the job in the records
    /// of its two sides.
    pub reference_price: u64,
    /// Sequence of the last settled receipt; zero before the first.
    pub sequence: u64,
    /// Metered milliseconds of the last settled receipt.
    pub metered_ms: u64,
    /// Metered milliseconds of the last settled receipt that both sides signed: what a claim is measured from.
    pub co_signed_ms: u64,
    /// Unix seconds of the opening.
    pub opened_at: i64,
    /// Unix seconds until which it may be started.
    pub start_deadline: i64,
    /// Unix seconds of the start; zero before.
    pub started_at: i64,
    /// Unix seconds of the tenant's stop; zero before.
    pub stopped_at: i64,
    /// Unix seconds of close or cancellation; zero before.
    pub ended_at: i64,
    /// Unix seconds of the last rotation of the session key; zero before.
    pub session_rotated_at: i64,
    /// Unix seconds at which the provider ends the job, as it has announced; zero when it has not.
    pub exits_at: i64,
    /// Longest metered time in seconds.
    pub max_duration_s: u32,
    /// Seconds after stop or expiry in which receipts may still be settled.
    pub grace_window_s: u32,
    /// GPUs.
    pub gpus: u16,
    /// The protocol's part, in basis points.
    pub fee_bps: u16,
    /// A [`JobState`].
    pub state: u8,
    /// 1 once the final receipt was settled.
    pub is_final: u8,
    /// Bump of this address.
    pub bump: u8,
    /// 1 while a claim waits.
    pub claimed: u8,
}

const _: () = assert!(core::mem::size_of::<Job>() == 552);

/// What a job is opened with, after the node, the mint and the configuration have agreed.
pub struct OpenTerms {
    /// Rate of all GPUs.
    pub rate: Rate,
    /// Longest metered time in seconds.
    pub max_duration_s: u32,
    /// The protocol's part.
    pub fee: Bps,
    /// What weighs the job in the records of its two sides.
    pub reference_price: u64,
    /// Seconds to start within.
    pub start_deadline_s: u32,
    /// Seconds after the end in which receipts may still be settled.
    pub grace_window_s: u32,
}

/// The chain's clock has whole seconds: two stamps that differ by `n` may lie almost `n + 1` seconds apart.
const CLOCK_STEP_MS: u64 = 1_000;

type Outcome<T> = core::result::Result<T, MarketError>;

impl Job {
    /// The state, or `None` for a number that no instruction writes.
    #[must_use]
    pub fn state(&self) -> Option<JobState> {
        [
            JobState::Open,
            JobState::Running,
            JobState::Stopped,
            JobState::Closed,
            JobState::Cancelled,
        ]
        .into_iter()
        .find(|state| *state as u8 == self.state)
    }

    /// What the vault holds for this job: the escrow not yet paid out while it lives, nothing afterwards.
    #[must_use]
    pub fn held(&self) -> u64 {
        if self.state == JobState::Closed as u8 {
            return 0;
        }
        self.escrow.saturating_sub(self.paid).saturating_sub(self.refund)
    }

    /// Begins the job and returns the escrow to take: what the longest metered time costs, so that no bill can exceed it.
    pub fn open(&mut self, terms: &OpenTerms, now: UnixSeconds) -> Outcome<Atoms> {
        let longest = Metered::of_seconds(terms.max_duration_s);
        let escrow = billing::owed(terms.rate, longest).ok_or(MarketError::AmountOverflow)?;
        if escrow == Atoms::ZERO {
            return Err(MarketError::ZeroEscrow);
        }
        self.rate = terms.rate.0;
        self.escrow = escrow.0;
        self.max_duration_s = terms.max_duration_s;
        self.fee_bps = terms.fee.get();
        self.reference_price = terms.reference_price;
        self.grace_window_s = terms.grace_window_s;
        self.opened_at = now.0;
        self.start_deadline = now.after(terms.start_deadline_s).0;
        self.state = JobState::Open as u8;
        Ok(escrow)
    }

    /// Rents for longer and returns what to add to the escrow: what the longest metered time costs now, less what was set aside. However
    /// often a job is extended, its escrow is what one opening for as long would have been.
    pub fn extend(&mut self, max_duration_s: u32, now: UnixSeconds) -> Outcome<Atoms> {
        match self.state() {
            Some(JobState::Open) => {}
            Some(JobState::Running) if self.is_final == 0 => {
                if now > self.ends_at()? {
                    return Err(MarketError::JobExpired);
                }
            }
            _ => return Err(MarketError::WrongJobState),
        }
        if max_duration_s <= self.max_duration_s {
            return Err(MarketError::NotLonger);
        }
        let longest = Metered::of_seconds(max_duration_s);
        let escrow = billing::owed(Rate(self.rate), longest).ok_or(MarketError::AmountOverflow)?;
        let more = escrow
            .checked_sub(Atoms(self.escrow))
            .ok_or(MarketError::AmountOverflow)?;
        self.escrow = escrow.0;
        self.max_duration_s = max_duration_s;
        self.invariant()?;
        Ok(more)
    }

    /// Starts metering.
    pub fn start(&mut self, now: UnixSeconds) -> Outcome<()> {
        self.require(JobState::Open)?;
        if now.0 > self.start_deadline {
            return Err(MarketError::StartDeadlinePassed);
        }
        if now > self.until_exit(now) {
            return Err(MarketError::JobExpired);
        }
        self.started_at = now.0;
        self.state = JobState::Running as u8;
        Ok(())
    }

    /// Records usage up to `receipt` and returns what it earns beyond what was paid. Rounds down: an escrow never overpays.
    #[inline(always)]
    pub fn settle(&mut self, receipt: ReceiptView<'_>, now: UnixSeconds) -> Outcome<Atoms> {
        if self.state != JobState::Running as u8 && self.state != JobState::Stopped as u8 {
            return Err(MarketError::WrongJobState);
        }
        if receipt.sequence() <= self.sequence {
            return Err(MarketError::StaleReceipt);
        }
        if receipt.metered_ms() < self.metered_ms {
            return Err(MarketError::UsageRegressed);
        }
        if self.is_final == 1 && receipt.metered_ms() > self.metered_ms {
            return Err(MarketError::WrongJobState);
        }
        let metered = Metered(receipt.metered_ms());
        self.require_elapsed(metered, now)?;
        let earned = self.record(receipt.sequence(), metered, receipt.samples_root())?;
        self.co_signed_ms = metered.0;
        self.is_final |= u8::from(receipt.is_final());
        Ok(earned)
    }

    /// What the job costs up to `metered`: owed, and of that the provider's part.
    #[inline(always)]
    fn bill(&self, metered: Metered) -> Outcome<(Atoms, Atoms, Atoms)> {
        let fee = Bps::new(self.fee_bps).ok_or(MarketError::ParameterOutOfRange)?;
        let owed = billing::owed(Rate(self.rate), metered).ok_or(MarketError::AmountOverflow)?;
        let (paid, fee) = billing::split(owed, fee);
        Ok((owed, paid, fee))
    }

    /// Takes a receipt over and returns what it earns beyond what was paid.
    #[inline(always)]
    fn record(&mut self, sequence: u64, metered: Metered, samples_root: &[u8; 32]) -> Outcome<Atoms> {
        let (owed, paid, fee) = self.bill(metered)?;
        let earned = paid.checked_sub(Atoms(self.paid)).ok_or(MarketError::UsageRegressed)?;
        self.owed = owed.0;
        self.paid = paid.0;
        self.fee = fee.0;
        self.sequence = sequence;
        self.metered_ms = metered.0;
        self.samples_root = *samples_root;
        self.invariant()?;
        Ok(earned)
    }

    /// When metering ends at the latest; refuses a job that is not metered, or no longer.
    fn ends_at(&self) -> Outcome<UnixSeconds> {
        match self.state() {
            Some(JobState::Running) => Ok(self.until_exit(UnixSeconds(self.started_at).after(self.max_duration_s))),
            Some(JobState::Stopped) => Ok(self.until_exit(UnixSeconds(self.stopped_at))),
            _ => Err(MarketError::WrongJobState),
        }
    }

    /// Refuses more metered time than the job was rented for, or than lies between its start and `now`, its stop or its provider's exit.
    #[inline(always)]
    fn require_elapsed(&self, metered: Metered, now: UnixSeconds) -> Outcome<()> {
        if metered > Metered::of_seconds(self.max_duration_s) {
            return Err(MarketError::UsageExceedsDuration);
        }
        let end = if self.state == JobState::Stopped as u8 {
            UnixSeconds(self.stopped_at)
        } else {
            now
        };
        self.require_within(metered, self.until_exit(end))
    }

    /// Refuses more metered time than lies between the job's start and `end`.
    #[inline(always)]
    fn require_within(&self, metered: Metered, end: UnixSeconds) -> Outcome<()> {
        // What is more than 32 bits is more than any job lasts.
        let elapsed_s = u32::try_from(end.since(UnixSeconds(self.started_at))).unwrap_or(u32::MAX);
        if metered.0 > Metered::of_seconds(elapsed_s).0.saturating_add(CLOCK_STEP_MS) {
            return Err(MarketError::UsageExceedsElapsed);
        }
        Ok(())
    }

    /// Ends metering at the tenant's wish.
    pub fn stop(&mut self, now: UnixSeconds) -> Outcome<()> {
        self.require(JobState::Running)?;
        self.stopped_at = now.0;
        self.state = JobState::Stopped as u8;
        Ok(())
    }

    /// Closes the job and returns the refund. `by_provider`: the attestation key signed, which gives up all further claims.
    pub fn conclude(&mut self, now: UnixSeconds, by_provider: bool) -> Outcome<Atoms> {
        let ends_at = self.ends_at()?;
        if self.claimed == 1 {
            return Err(MarketError::ClaimWaiting);
        }
        if self.is_final == 0 && !by_provider && now <= ends_at.after(self.grace_window_s) {
            return Err(MarketError::GraceWindowOpen);
        }
        self.end(JobState::Closed, now)
    }

    /// Cancels a job that was never started and returns its escrow.
    pub fn cancel(&mut self, now: UnixSeconds, by_provider: bool) -> Outcome<Atoms> {
        self.require(JobState::Open)?;
        if !by_provider && now.0 <= self.start_deadline {
            return Err(MarketError::StartDeadlineNotPassed);
        }
        self.end(JobState::Cancelled, now)
    }

    /// Refunds what is not owed.
    fn end(&mut self, state: JobState, now: UnixSeconds) -> Outcome<Atoms> {
        let refund = Atoms(self.escrow)
            .checked_sub(Atoms(self.owed))
            .ok_or(MarketError::AmountOverflow)?;
        self.refund = refund.0;
        self.ended_at = now.0;
        self.state = state as u8;
        self.invariant()?;
        Ok(refund)
    }

    fn require(&self, state: JobState) -> Outcome<()> {
        if self.state != state as u8 {
            return Err(MarketError::WrongJobState);
        }
        Ok(())
    }

    /// What is owed is split without remainder and never exceeds the escrow less the refund.
    #[inline(always)]
    pub fn invariant(&self) -> Outcome<()> {
        let split = self.paid.checked_add(self.fee) == Some(self.owed);
        let covered = self
            .escrow
            .checked_sub(self.owed)
            .is_some_and(|rest| self.refund <= rest);
        if !split || !covered {
            return Err(MarketError::AmountOverflow);
        }
        Ok(())
    }
}
