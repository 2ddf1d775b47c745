//! Faults that signed receipts prove by themselves, and what each costs.
//!
//! An honest agent cannot be framed: it writes a receipt to its durable log before it releases the signature, so one (job, sequence)
//! has one content, usage only grows from one sequence to the next, and nothing follows the final one. Every pair of its receipts is therefore without
//! contradiction, and nobody else can sign for its key. Nor does it commit to a sample that contradicts the receipt: its log leaves out
//! whatever [`Measured::is_contradicted_by`] names.

use crate::{
    limits::MIN_UNBONDING_PERIOD_S,
    merkle::{SAMPLE_SIMULATED, Sample},
    receipt::{RECEIPT_BYTES, ReceiptView},
    units::{Atoms, Bps},
};

/// What receipts of one job, signed by one key, contradict.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Two receipts of one sequence with different content.
    Equivocation = 1,
    /// A later receipt with less usage.
    RegressingUsage = 2,
    /// More usage after the receipt that said that there would be none.
    UsageAfterFinal = 3,
    /// A sample that the receipt commits to and that cannot be true if the receipt is.
    ContradictingSample = 4,
}

/// The fault that two receipts prove, whichever comes first; `None` when both can be an honest key's.
///
/// The caller has checked that one key signed both.
#[must_use]
pub fn proven_by(a: &[u8; RECEIPT_BYTES], b: &[u8; RECEIPT_BYTES]) -> Option<Fault> {
    let (first, second) = (ReceiptView::of(a).ok()?, ReceiptView::of(b).ok()?);
    if first.genesis_hash() != second.genesis_hash() || first.job() != second.job() {
        return None;
    }
    if first.sequence() == second.sequence() {
        return (a != b).then_some(Fault::Equivocation);
    }
    let (earlier, later) = if first.sequence() < second.sequence() {
        (first, second)
    } else {
        (second, first)
    };
    if later.metered_ms() < earlier.metered_ms() {
        return Some(Fault::RegressingUsage);
    }
    (earlier.is_final() && later.metered_ms() > earlier.metered_ms()).then_some(Fault::UsageAfterFinal)
}

/// What a receipt, its job and the job's node say of every sample behind the receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Metered milliseconds of the receipt: no sample behind it is of a later moment.
    pub metered_ms: u64,
    /// GPUs of the job, which its samples number from zero.
    pub gpus: u16,
    /// Whether the node was registered with simulated GPUs; which they are stays.
    pub simulated: bool,
}

impl Measured {
    /// Whether the sample is of a moment that the receipt does not cover, of a GPU that the job does not have, or of another sort of GPU
    /// than the node's. What a GPU was doing contradicts nothing: who measured it alone could know.
    #[must_use]
    pub const fn is_contradicted_by(&self, sample: &Sample) -> bool {
        let is_simulated = sample.flags & SAMPLE_SIMULATED != 0;
        sample.metered_ms > self.metered_ms || sample.gpu >= self.gpus || is_simulated != self.simulated
    }
}

/// Part of the slashable stake that a provider's first, second and every further fault costs: a mistake is survived, a habit is not.
pub const PENALTIES: [Bps; 3] = [fraction(1_000), fraction(3_000), fraction(10_000)];

/// Part of a slash that goes to whoever shows the proof: enough to make watching pay, too little for a provider to
/// get its own stake out this way.
pub const BOUNTY: Bps = fraction(1_000);

/// Seconds after a job's end in which its receipts can still prove a fault: half the shortest unbonding period, so that
/// what was at stake when the job ended is still slashable.
pub const EVIDENCE_WINDOW_S: u32 = 43_200;

const _: () = assert!(2 * EVIDENCE_WINDOW_S <= MIN_UNBONDING_PERIOD_S);

/// A fraction that stands in the source; above the whole it does not compile.
const fn fraction(bps: u16) -> Bps {
    match Bps::new(bps) {
        Some(fraction) => fraction,
        None => panic!("more than the whole"),
    }
}

/// Part of the slashable stake that the fault after `earlier` others costs.
#[must_use]
pub const fn penalty(earlier: u16) -> Bps {
    match earlier {
        0 => PENALTIES[0],
        1 => PENALTIES[1],
        _ => PENALTIES[2],
    }
}

/// Where the stake goes that a slash takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slash {
    /// Taken from the stake: `bounty + burned`.
    pub amount: Atoms,
    /// Goes to whoever showed the proof. Rounded down.
    pub bounty: Atoms,
    /// Destroyed.
    pub burned: Atoms,
}

/// Splits what a slash took. What it takes is the penalty's part of each part of the stake, each rounded down.
#[must_use]
pub const fn split(amount: Atoms) -> Slash {
    let bounty = BOUNTY.of(amount);
    Slash {
        amount,
        bounty,
        // `Bps::of` never exceeds its amount.
        burned: Atoms(amount.0.wrapping_sub(bounty.0)),
    }
}
