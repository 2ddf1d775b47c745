//! Reputation: facts about a provider or a tenant that the chain has seen, and the score that they give.
//!
//! Facts, not opinions: nobody rates anybody. Every fact fades with the half-life of [`decay`](crate::decay), and those that count
//! in the score are weighed by **fees paid away**, in the network token: a fee leaves both sides of a job for good, so whoever trades with
//! itself pays for each point what an honest provider pays out of its income.
//!
//! Invariant: `kept ≤ promised`.
//! Invariant: the score is a pure function of the facts: the program, the indexer, the command line and a stranger compute one number.

use crate::{
    billing,
    decay::Decay,
    units::{Atoms, Bps, Metered, Rate, UnixSeconds},
    wide,
};

/// One job or fault as a fact: counts have 20 bits behind the point, so that the decay's rounding costs less than a millionth of one.
pub const COUNT_ONE: u64 = 1 << 20;

/// A reference price of this says that a base unit of the mint is worth one base unit of the network token.
pub const PRICE_ONE: u64 = 1_000_000;

/// The highest score.
pub const MAX_SCORE: u16 = 10_000;

/// The score of somebody of whom nothing is known. Above nothing, so that one can ask for "no worse than a newcomer" and find those with
/// a bad record below; a tenth, so that a bad record is not shed by a new name without losing what a good one has.
pub const NEWCOMER_SCORE: u16 = 1_000;

/// Fees paid away, in base units of the network token (nine decimals: 50 GNT), that bring somebody halfway from newcomer to the top.
/// At a fee of 5 % that is 1 000 GNT of rent within a half-life or so: weeks of one large node, months of a small one.
pub const HALFWAY: u64 = 50_000_000_000;

/// What is added to both what was kept and what was promised (1 GNT of fees), so that a newcomer's first mishap does not decide everything.
pub const FORBEARANCE: u64 = 1_000_000_000;

/// A fault of now leaves a tenth of the score: one in ten, `1 / (1 + 9 × faults)`. It was proven by the provider's own signatures, so there
/// is no doubt to give the benefit of.
pub const FAULT_WEIGHT: u64 = 9;

/// Longest time of a job's rate, in seconds, that a job which was never started counts as promised. Who was silent the chain cannot know, and
/// a tenant may never call on what it rented: a minute costs the provider less than the rent of the job's account costs that tenant.
pub const UNSTARTED_S: u32 = 60;

/// What is known of a provider or a tenant. All but `as_of` are worth what they were at that moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Until when everything below has decayed.
    pub as_of: UnixSeconds,
    /// Fees that its jobs have paid away, in base units of the network token.
    pub fees: u64,
    /// The time that it has promised, each second weighed by the fee of that second.
    pub promised: u64,
    /// The part of it that was kept.
    pub kept: u64,
    /// Jobs that ended as they should, in units of [`COUNT_ONE`]. Like `failed` for people to read: making a count costs nothing, so none
    /// is part of the score.
    pub completed: u64,
    /// Jobs that did not, in the same unit.
    pub failed: u64,
    /// Proven faults, in the same unit.
    pub faults: u64,
}

/// What one job adds to somebody's facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deed {
    /// Fees paid away.
    pub fees: u64,
    /// Weighed time that was promised.
    pub promised: u64,
    /// Of that, what was kept.
    pub kept: u64,
    /// Whether the job ended as it should.
    pub is_completed: bool,
}

impl Facts {
    /// The same facts at a later moment; an earlier one changes nothing.
    #[must_use]
    pub fn at(&self, now: UnixSeconds) -> Self {
        let elapsed_s = now.since(self.as_of);
        if elapsed_s == 0 {
            return *self;
        }
        let decay = Decay::over(elapsed_s);
        Self {
            as_of: now,
            fees: decay.of(self.fees),
            promised: decay.of(self.promised),
            kept: decay.of(self.kept),
            completed: decay.of(self.completed),
            failed: decay.of(self.failed),
            faults: decay.of(self.faults),
        }
    }

    /// These facts and what a job adds at this moment. Saturates, far beyond all tokens there are.
    #[must_use]
    pub fn with(&self, deed: &Deed, now: UnixSeconds) -> Self {
        let mut facts = self.at(now);
        facts.fees = facts.fees.saturating_add(deed.fees);
        facts.promised = facts.promised.saturating_add(deed.promised);
        facts.kept = facts.kept.saturating_add(deed.kept.min(deed.promised));
        let count = if deed.is_completed {
            &mut facts.completed
        } else {
            &mut facts.failed
        };
        *count = count.saturating_add(COUNT_ONE);
        facts
    }

    /// These facts and a fault that was proven at this moment.
    #[must_use]
    pub fn with_fault(&self, now: UnixSeconds) -> Self {
        let mut facts = self.at(now);
        facts.faults = facts.faults.saturating_add(COUNT_ONE);
        facts
    }

    /// The score at a moment.
    #[must_use]
    pub fn score_at(&self, now: UnixSeconds) -> u16 {
        score(&self.at(now))
    }
}

/// The score of these facts, 0 to [`MAX_SCORE`]. Rounds down.
///
/// ```text
/// earned  = NEWCOMER + (MAX − NEWCOMER) × fees / (fees + HALFWAY)
/// score   = earned × (FORBEARANCE + kept) / (FORBEARANCE + promised) × 1 / (1 + 9 × faults)
/// ```
///
/// More fees or more kept never lower it; more promised or another fault never raises it.
#[must_use]
pub const fn score(facts: &Facts) -> u16 {
    // Computed in 10⁻¹² points, so that three roundings cost less than a point together.
    const POINT: u64 = 1_000_000_000_000;
    const FIRST: u64 = NEWCOMER_SCORE as u64 * POINT;
    const REST: u64 = (MAX_SCORE - NEWCOMER_SCORE) as u64 * POINT;
    let trusted = part(REST, facts.fees, facts.fees.saturating_add(HALFWAY));
    let kept = if facts.kept < facts.promised {
        facts.kept
    } else {
        facts.promised
    };
    let reliable = part(
        FIRST.saturating_add(trusted),
        kept.saturating_add(FORBEARANCE),
        facts.promised.saturating_add(FORBEARANCE),
    );
    let faults = facts.faults.saturating_mul(FAULT_WEIGHT);
    let honest = part(reliable, COUNT_ONE, faults.saturating_add(COUNT_ONE));
    points(honest, POINT)
}

/// `⌊whole × numerator / denominator⌋`, at most `whole`. Rounds down.
const fn part(whole: u64, numerator: u64, denominator: u64) -> u64 {
    match wide::mul_div_floor(whole, numerator, denominator) {
        Some(part) if part < whole => part,
        _ => whole,
    }
}

#[allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation)] // A constant divisor; at most MAX_SCORE is left.
const fn points(fine: u64, point: u64) -> u16 {
    (fine / point) as u16
}

/// What an amount of a mint is worth in base units of the network token: `⌊amount × reference_price / 10⁶⌋`. Rounds down, so that dust
/// weighs nothing; saturates.
#[must_use]
pub const fn value(amount: Atoms, reference_price: u64) -> u64 {
    match wide::mul_div_floor(amount.0, reference_price, PRICE_ONE) {
        Some(value) => value,
        None => u64::MAX,
    }
}

/// What weighs a job's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Rate of all its GPUs.
    pub rate: Rate,
    /// The protocol's part.
    pub fee: Bps,
    /// Value of a million base units of its mint in base units of the network token, when it was opened; zero: it weighs nothing.
    pub reference_price: u64,
}

impl Terms {
    /// The value of the fee that this much time costs.
    #[must_use]
    pub const fn weight(&self, time: Metered) -> u64 {
        match billing::owed(self.rate, time) {
            Some(owed) => value(billing::fee_of(owed, self.fee), self.reference_price),
            None => u64::MAX,
        }
    }

    /// What a job that was not started within `window_s` seconds adds to the facts of whoever may have been silent.
    #[must_use]
    pub const fn unstarted(&self, window_s: u32) -> Deed {
        let longest_s = if window_s < UNSTARTED_S { window_s } else { UNSTARTED_S };
        Deed {
            fees: 0,
            promised: self.weight(Metered::of_seconds(longest_s)),
            kept: 0,
            is_completed: false,
        }
    }
}

/// A started job as it closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closing {
    /// What weighs its time.
    pub terms: Terms,
    /// From its start to the tenant's stop, the end of the rented time or the close, whatever came first.
    pub lasted: Metered,
    /// What is paid for.
    pub metered: Metered,
    /// Of that, what both sides signed.
    pub co_signed: Metered,
    /// How much may be missing at the end without meaning anything: the grace window.
    pub grace: Metered,
    /// Both sides signed that nothing more is metered.
    pub is_final: bool,
    /// It lasted as long as the tenant wanted it: until its stop, or the end of the rented time.
    pub ran_its_time: bool,
}

impl Closing {
    /// What it adds to the provider's facts.
    ///
    /// Promised is the time from the start to the end, or what both sides agreed to be all. Kept is what both signed, when the job ended as
    /// it should: finally, or in its time with no more than the grace window missing. Otherwise work was lost, and none of it counts as kept.
    #[must_use]
    pub fn of_provider(&self) -> Deed {
        let promised = if self.is_final {
            self.metered
        } else {
            self.lasted.max(self.metered)
        };
        let missing_ms = promised.0.saturating_sub(self.metered.0);
        let is_completed = self.is_final || (self.ran_its_time && missing_ms <= self.grace.0);
        Deed {
            fees: self.terms.weight(self.metered),
            promised: self.terms.weight(promised),
            kept: if is_completed {
                self.terms.weight(self.co_signed)
            } else {
                0
            },
            is_completed,
        }
    }

    /// What it adds to the tenant's facts: it promised to sign what it used, and kept what it signed.
    #[must_use]
    pub const fn of_tenant(&self) -> Deed {
        Deed {
            fees: self.terms.weight(self.metered),
            promised: self.terms.weight(self.metered),
            kept: self.terms.weight(self.co_signed),
            is_completed: self.co_signed.0 >= self.metered.0,
        }
    }
}
