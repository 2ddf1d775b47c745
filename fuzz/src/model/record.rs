//! Records of providers and tenants, by the formulas of docs/PROTOCOL.md in 128 bits.

use std::sync::LazyLock;

use super::{
    Verdict, arithmetic,
    refusal::{EXISTS, WRITTEN_MISSING, require},
    state::{Job, Phase, State, Tenant},
};
use crate::action::{MintReferenceSet, TenantOpen};
use gantry_sdk::market::MarketError;

/// Seconds after which half is left.
const HALF_LIFE_S: u64 = 30 * 86_400;
/// A whole job or fault.
const ONE: u64 = 1 << 20;
/// Longest time of the rate that a job which was never started counts as promised.
const UNSTARTED_S: i64 = 60;

/// What is known of a provider or a tenant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Record {
    pub as_of: i64,
    pub fees: u64,
    pub promised: u64,
    pub kept: u64,
    pub completed: u64,
    pub failed: u64,
    pub faults: u64,
}

impl Record {
    fn parts(&mut self) -> [&mut u64; 6] {
        [
            &mut self.fees,
            &mut self.promised,
            &mut self.kept,
            &mut self.completed,
            &mut self.failed,
            &mut self.faults,
        ]
    }

    /// Decays to this moment, if it is a later one.
    fn decay(&mut self, now: i64) {
        let elapsed_s = u64::try_from(now - self.as_of).unwrap_or(0);
        if elapsed_s == 0 {
            return;
        }
        for part in self.parts() {
            *part = left_of(*part, elapsed_s);
        }
        self.as_of = now;
    }

    fn add(&mut self, now: i64, [fees, promised, kept]: [u64; 3], completed: bool) {
        self.decay(now);
        self.fees = self.fees.saturating_add(fees);
        self.promised = self.promised.saturating_add(promised);
        self.kept = self.kept.saturating_add(kept);
        *(if completed {
            &mut self.completed
        } else {
            &mut self.failed
        }) += ONE;
    }

    /// Another proven fault.
    pub(super) fn add_fault(&mut self, now: i64) {
        self.decay(now);
        self.faults += ONE;
    }
}

impl State {
    /// `tenant_open`: once, for anybody.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn tenant_open(&mut self, open: &TenantOpen) -> Verdict {
        require(!self.tenants.contains_key(&open.wallet), EXISTS)?;
        let tenant = Tenant {
            opened_at: self.now,
            record: Record::default(),
        };
        self.tenants.insert(open.wallet, tenant);
        Ok(())
    }

    /// `mint_reference_set`: what fees in a mint weigh, for jobs to come.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn mint_reference_set(&mut self, set: &MintReferenceSet) -> Verdict {
        let mint = self.mints.get_mut(&set.token).ok_or(WRITTEN_MISSING)?;
        require(set.signer == self.config.authority, MarketError::NotAuthority)?;
        mint.reference = set.reference;
        Ok(())
    }

    /// What a closed job says of its two sides.
    pub(super) fn note_closed(&mut self, tenant: u8, job: &Job) {
        let now = self.now;
        let expires_at = job.until_exit(job.started_at + i64::from(job.max_s));
        let end = if job.phase == Phase::Stopped {
            job.stopped_at
        } else {
            now
        };
        let lasted_ms = u64::try_from(end.min(expires_at) - job.started_at).unwrap_or(0) * 1_000;
        let promised_ms = if job.is_final {
            job.metered_ms
        } else {
            lasted_ms.max(job.metered_ms)
        };
        let in_its_time = job.phase == Phase::Stopped || now >= expires_at;
        let is_missing_little = promised_ms - job.metered_ms <= u64::from(job.grace_s) * 1_000;
        let is_kept = job.is_final || in_its_time && is_missing_little;
        let [fees, promised, signed] = [job.metered_ms, promised_ms, job.co_signed_ms].map(|ms| weight(job, ms));
        if let Some(provider) = self.providers.get_mut(&job.provider) {
            let kept = if is_kept { signed } else { 0 };
            provider.record.add(now, [fees, promised, kept], is_kept);
        }
        if let Some(tenant) = self.tenants.get_mut(&tenant) {
            let has_signed_all = job.co_signed_ms == job.metered_ms;
            tenant.record.add(now, [fees, fees, signed], has_signed_all);
        }
    }

    /// What a job that was never started says of its provider, and after the deadline of its tenant.
    pub(super) fn note_cancelled(&mut self, tenant: u8, job: &Job) {
        let now = self.now;
        let window_s = (job.start_deadline - job.opened_at).min(UNSTARTED_S);
        let promised = weight(job, u64::try_from(window_s).unwrap_or(0) * 1_000);
        if let Some(provider) = self.providers.get_mut(&job.provider) {
            provider.record.add(now, [0, promised, 0], false);
        }
        if now <= job.start_deadline {
            return;
        }
        if let Some(tenant) = self.tenants.get_mut(&tenant) {
            tenant.record.add(now, [0, promised, 0], false);
        }
    }
}

/// The value in the network token of the fee that so much time costs.
fn weight(job: &Job, ms: u64) -> u64 {
    let Some(owed) = arithmetic::owed(job.rate, ms) else {
        return u64::MAX;
    };
    let fee = arithmetic::part(owed, job.fee_bps);
    u64::try_from(u128::from(fee) * u128::from(job.reference) / 1_000_000).unwrap_or(u64::MAX)
}

/// What is left of a number: three factors of 2⁻⁶³ each for a digit of the seconds, then the halvings; rounded down at every step.
fn left_of(value: u64, elapsed_s: u64) -> u64 {
    let (halvings, rest) = (elapsed_s / HALF_LIFE_S, elapsed_s % HALF_LIFE_S);
    let times = |a: u64, b: u64| u64::try_from((u128::from(a) * u128::from(b)) >> 63).expect("a part of it");
    let digit = |table: &[u64], place: u64| table[usize::try_from(place).expect("small")];
    let coarse_and_middle = times(digit(&POWERS[2], rest >> 14), digit(&POWERS[1], (rest >> 7) & 127));
    let factor = times(coarse_and_middle, digit(&POWERS[0], rest & 127));
    times(value, factor)
        .checked_shr(u32::try_from(halvings).unwrap_or(u32::MAX))
        .unwrap_or(0)
}

/// `⌊2^(−k × 128^digit / H) × 2⁶³⌋` for every k of a digit.
static POWERS: LazyLock<[Vec<u64>; 3]> = LazyLock::new(|| {
    [0, 7, 14].map(|bits| {
        let entries = if bits == 14 { (HALF_LIFE_S >> 14) + 1 } else { 128 };
        (0..entries).map(|k| half_to_the(k << bits)).collect()
    })
});

/// One as a fixed-point number of the series below.
const UNIT: u128 = 1 << 120;

/// `⌊2^(−seconds / H) × 2⁶³⌋` by the series of the exponential function.
fn half_to_the(seconds: u64) -> u64 {
    let ln_2: u128 = (1..120u32).map(|k| (UNIT >> k) / u128::from(k)).sum();
    let exponent = ln_2 / u128::from(HALF_LIFE_S) * u128::from(seconds);
    let (mut term, mut positive, mut negative) = (UNIT, UNIT, 0);
    for k in 1..40u128 {
        term = product(term, exponent) / k;
        *(if k % 2 == 0 { &mut positive } else { &mut negative }) += term;
    }
    u64::try_from((positive - negative) >> 57).expect("at most one")
}

/// The product of two fixed-point numbers up to one, but for a few units of the last place.
fn product(a: u128, b: u128) -> u128 {
    const LOW: u128 = (1 << 60) - 1;
    let (a_high, a_low, b_high, b_low) = (a >> 60, a & LOW, b >> 60, b & LOW);
    a_high * b_high + ((a_high * b_low) >> 60) + ((a_low * b_high) >> 60)
}
