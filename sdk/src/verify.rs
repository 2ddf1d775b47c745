//! Recomputes a bill and says exactly where it differs.
//!
//! Nothing is believed: the cluster is named by the caller, the terms come from the job's opening, each payment from a receipt whose
//! two signatures are checked again, each amount from [`Bill::of`]; the job's account is only compared with the result.

use gantry_protocol::{Atoms, Bill, Bps, Metered, Rate, billing};
use market::{
    events::{JobExtended, JobOpened, JobSettled},
    state::{Job, JobState},
};
use solana_pubkey::Pubkey;
use solana_signature::Signature;

mod claims;
mod sessions;

pub use claims::VerifiedClaim;

use self::sessions::Sessions;
use crate::{
    address::ED25519_PROGRAM,
    event::Event,
    history::{JobTransaction, TopLevelInstruction},
    receipt::{CoSignedReceipt, ProviderReceipt, ReceiptError},
};

/// One payment, recomputed from its receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedSettlement {
    /// The transaction.
    pub signature: Signature,
    /// Its slot.
    pub slot: u64,
    /// Compute units of the whole transaction.
    pub compute_units: Option<u64>,
    /// What both sides signed.
    pub receipt: CoSignedReceipt,
    /// Paid to the provider by it.
    pub paid_now: u64,
    /// Paid to the provider so far.
    pub paid: u64,
    /// Kept as fee so far.
    pub fee: u64,
}

/// A bill that was recomputed and found right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedBill {
    /// The job.
    pub job: Pubkey,
    /// Where it stands.
    pub state: JobState,
    /// Micro-atoms per second for all GPUs.
    pub rate: u64,
    /// The protocol's part in basis points.
    pub fee_bps: u16,
    /// What was set aside.
    pub escrow: u64,
    /// Metered milliseconds of the last receipt.
    pub metered_ms: u64,
    /// Owed, paid, fee, and what goes (or went) back.
    pub bill: Bill,
    /// All payments that both sides signed, oldest first.
    pub settlements: Vec<VerifiedSettlement>,
    /// All payments that the provider claimed of a silent tenant, oldest first.
    pub claims: Vec<VerifiedClaim>,
}

/// Where chain and computation differ.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Discrepancy {
    /// The history has no opening: it is not complete.
    #[error("the job's history has no opening; the RPC endpoint does not keep enough history")]
    NoOpening,
    /// Two sources say different things of one value.
    #[error("{what}: {left_name} says {left}, {right_name} says {right}")]
    Differs {
        /// Which value.
        what: &'static str,
        /// One source.
        left_name: &'static str,
        /// What it says.
        left: String,
        /// The other source.
        right_name: &'static str,
        /// What it says.
        right: String,
    },
    /// The account is in a state that this version does not know.
    #[error("the job's account is in the unknown state {0}; a newer version may know it")]
    UnknownState(u8),
    /// A payment without the two signatures before it.
    #[error("the settlement in transaction {0} does not follow an Ed25519 instruction")]
    NoSignatures(Signature),
    /// A payment on a receipt that is not one.
    #[error("the settlement in transaction {signature}: {error}")]
    Receipt {
        /// The transaction.
        signature: Signature,
        /// Why.
        error: ReceiptError,
    },
    /// A claim that ended without having begun.
    #[error("the claim settled in transaction {0} was never opened")]
    NoClaim(Signature),
    /// A receipt that is not newer than the one before.
    #[error("the settlement in transaction {0} is not newer than the one before it")]
    NotNewer(Signature),
    /// More owed than there is in escrow.
    #[error("the metered time costs more than the escrow holds")]
    ExceedsEscrow,
}

/// Compares two values of one fact.
fn same<T: PartialEq + std::fmt::Display>(
    what: &'static str,
    (left_name, left): (&'static str, T),
    (right_name, right): (&'static str, T),
) -> Result<(), Discrepancy> {
    if left == right {
        return Ok(());
    }
    Err(Discrepancy::Differs {
        what,
        left_name,
        left: left.to_string(),
        right_name,
        right: right.to_string(),
    })
}

const CHAIN: &str = "the chain";
const COMPUTED: &str = "the computation";

/// Recomputes the bill of the job at `address` from its transactions and compares it with its account.
///
/// `genesis_hash` says which cluster the receipts must be for: take it from the RPC endpoint or from the configuration, never from the
/// job.
///
/// # Errors
/// The first [`Discrepancy`].
pub fn verify(
    address: Pubkey,
    job: &Job,
    genesis_hash: [u8; 32],
    transactions: &[JobTransaction],
) -> Result<VerifiedBill, Discrepancy> {
    let opened = events_of(transactions)
        .find_map(|(_, _, event)| match event {
            Event::JobOpened(opened) if opened.job == address => Some(opened),
            _ => None,
        })
        .ok_or(Discrepancy::NoOpening)?;
    let mut replay = Replay::new(opened, genesis_hash);
    for (transaction, instruction, event) in events_of(transactions) {
        match event {
            Event::JobSettled(settled) if settled.job == address => {
                replay.settle(transaction, instruction, settled)?;
            }
            Event::JobExtended(extended) if extended.job == address => replay.extend(extended)?,
            Event::ClaimOpened(opened) if opened.job == address => {
                replay.open_claim(transaction, instruction, opened)?
            }
            Event::ClaimSettled(settled) if settled.job == address => replay.settle_claim(transaction, settled)?,
            Event::ClaimRefuted(refuted) if refuted.job == address => replay.claim = None,
            Event::JobRekeyed(rekeyed) if rekeyed.job == address => replay.attestation_key = rekeyed.attestation_key,
            Event::JobStarted(started) if started.job == address => replay.sessions.started_at = started.at,
            Event::SessionRotated(rotated) if rotated.job == address => replay.sessions.rotate(rotated)?,
            Event::JobFailedOver(over) if over.job == address => replay.successor = over.successor,
            Event::JobExitAnnounced(announced) if announced.job == address => replay.exits_at = announced.exits_at,
            _ => {}
        }
    }
    let bill = replay.bill(replay.metered_ms)?;
    for (what, on_chain, computed) in [
        ("rate", job.rate, opened.rate),
        ("escrow", job.escrow, replay.escrow),
        ("sequence", job.sequence, replay.sequence),
        ("co_signed_ms", job.co_signed_ms, replay.co_signed_ms),
        ("metered_ms", job.metered_ms, replay.metered_ms),
        ("owed", job.owed, bill.owed.0),
        ("paid", job.paid, bill.paid.0),
        ("fee", job.fee, bill.fee.0),
        ("fee_bps", job.fee_bps.into(), opened.fee_bps.into()),
        ("is_final", job.is_final.into(), replay.is_final.into()),
    ] {
        same(what, (CHAIN, on_chain), (COMPUTED, computed))?;
    }
    for (what, on_chain, computed) in [
        ("cluster of the job", job.genesis_hash, genesis_hash),
        ("samples_root", job.samples_root, replay.samples_root),
        (
            "session key of the job",
            job.session_key.to_bytes(),
            replay.sessions.present.to_bytes(),
        ),
        (
            "former session key of the job",
            job.former_session_key.to_bytes(),
            replay.sessions.former.to_bytes(),
        ),
        (
            "successor of the job",
            job.successor.to_bytes(),
            replay.successor.to_bytes(),
        ),
        (
            "attestation key of the job",
            job.attestation_key.to_bytes(),
            replay.attestation_key.to_bytes(),
        ),
    ] {
        same(
            what,
            (CHAIN, Pubkey::from(on_chain)),
            (COMPUTED, Pubkey::from(computed)),
        )?;
    }
    for (what, on_chain, computed) in [
        (
            "rotation of the session key",
            job.session_rotated_at,
            replay.sessions.rotated_at,
        ),
        ("exit", job.exits_at, replay.exits_at),
    ] {
        same(what, (CHAIN, on_chain), (COMPUTED, computed))?;
    }
    let state = job.state().ok_or(Discrepancy::UnknownState(job.state))?;
    if matches!(state, JobState::Closed | JobState::Cancelled) {
        same("refund", (CHAIN, job.refund), (COMPUTED, bill.refund.0))?;
    }
    Ok(VerifiedBill {
        job: address,
        state,
        rate: opened.rate,
        fee_bps: opened.fee_bps,
        escrow: replay.escrow,
        metered_ms: replay.metered_ms,
        bill,
        settlements: replay.settlements,
        claims: replay.claims,
    })
}

fn events_of(transactions: &[JobTransaction]) -> impl Iterator<Item = (&JobTransaction, usize, &Event)> {
    transactions.iter().flat_map(|transaction| {
        let events = transaction.events.iter();
        events.filter_map(move |logged| Some((transaction, logged.instruction, logged.event.as_ref().ok()?)))
    })
}

/// The job's money, computed again settlement by settlement.
struct Replay<'a> {
    opened: &'a JobOpened,
    genesis_hash: [u8; 32],
    attestation_key: Pubkey,
    sessions: Sessions,
    exits_at: i64,
    successor: Pubkey,
    /// What is set aside, extensions included.
    escrow: u64,
    sequence: u64,
    metered_ms: u64,
    co_signed_ms: u64,
    samples_root: [u8; 32],
    is_final: bool,
    paid: u64,
    settlements: Vec<VerifiedSettlement>,
    /// The receipt of the waiting claim.
    claim: Option<ProviderReceipt>,
    claims: Vec<VerifiedClaim>,
}

impl<'a> Replay<'a> {
    fn new(opened: &'a JobOpened, genesis_hash: [u8; 32]) -> Self {
        let attestation_key = opened.attestation_key;
        Self {
            opened,
            genesis_hash,
            attestation_key,
            sessions: Sessions::of(opened),
            exits_at: 0,
            successor: Pubkey::default(),
            escrow: opened.escrow,
            sequence: 0,
            metered_ms: 0,
            co_signed_ms: 0,
            samples_root: [0; 32],
            is_final: false,
            paid: 0,
            settlements: Vec::new(),
            claim: None,
            claims: Vec::new(),
        }
    }

    fn bill(&self, metered_ms: u64) -> Result<Bill, Discrepancy> {
        let fee = Bps::new(self.opened.fee_bps).ok_or(Discrepancy::ExceedsEscrow)?;
        Bill::of(Rate(self.opened.rate), Metered(metered_ms), fee, Atoms(self.escrow)).ok_or(Discrepancy::ExceedsEscrow)
    }

    /// Takes over what an extension set aside: what as long an opening would have.
    fn extend(&mut self, extended: &JobExtended) -> Result<(), Discrepancy> {
        let longest = Metered(extended.max_duration_s.saturating_mul(1_000));
        let computed = billing::owed(Rate(self.opened.rate), longest).ok_or(Discrepancy::ExceedsEscrow)?;
        same(
            "escrow of the extension",
            (CHAIN, extended.escrow),
            (COMPUTED, computed.0),
        )?;
        self.escrow = computed.0;
        Ok(())
    }

    fn settle(
        &mut self,
        transaction: &JobTransaction,
        instruction: usize,
        settled: &JobSettled,
    ) -> Result<(), Discrepancy> {
        let signature = transaction.signature;
        let signed = receipt_of(transaction, instruction)?;
        same(
            "job of the receipt",
            ("the receipt", Pubkey::from(signed.receipt.job)),
            ("the event", settled.job),
        )?;
        same(
            "cluster of the receipt",
            ("the receipt", Pubkey::from(signed.receipt.genesis_hash)),
            ("the cluster", Pubkey::from(self.genesis_hash)),
        )?;
        same(
            "attestation key",
            ("the receipt", signed.provider_key),
            ("the job", self.attestation_key),
        )?;
        self.sessions.check(&signed, settled.at)?;
        if signed.receipt.sequence <= self.sequence || signed.receipt.metered_ms < self.metered_ms {
            return Err(Discrepancy::NotNewer(signature));
        }
        let bill = self.bill(signed.receipt.metered_ms)?;
        let paid_now = bill.paid.0 - self.paid;
        for (what, logged, computed) in [
            ("sequence", settled.sequence, signed.receipt.sequence),
            ("metered_ms", settled.metered_ms, signed.receipt.metered_ms),
            ("paid by this settlement", settled.paid_now, paid_now),
            ("paid", settled.paid, bill.paid.0),
            ("fee", settled.fee, bill.fee.0),
        ] {
            same(what, (CHAIN, logged), (COMPUTED, computed))?;
        }
        same(
            "samples of this settlement",
            (CHAIN, Pubkey::from(settled.samples_root)),
            ("the receipt", Pubkey::from(signed.receipt.samples_root)),
        )?;
        self.sequence = signed.receipt.sequence;
        self.metered_ms = signed.receipt.metered_ms;
        self.co_signed_ms = signed.receipt.metered_ms;
        self.samples_root = signed.receipt.samples_root;
        self.is_final |= signed.receipt.is_final();
        self.paid = bill.paid.0;
        self.settlements.push(VerifiedSettlement {
            signature,
            slot: transaction.slot,
            compute_units: transaction.compute_units,
            receipt: signed,
            paid_now,
            paid: bill.paid.0,
            fee: bill.fee.0,
        });
        Ok(())
    }
}

/// The receipt that a settlement paid, with both signatures checked again.
fn receipt_of(transaction: &JobTransaction, instruction: usize) -> Result<CoSignedReceipt, Discrepancy> {
    let signature = transaction.signature;
    let signed = receipt_before(&transaction.instructions, instruction).ok_or(Discrepancy::NoSignatures(signature))?;
    let checked = signed.and_then(|signed| signed.verify().map(|()| signed));
    checked.map_err(|error| Discrepancy::Receipt { signature, error })
}

/// The receipt in the Ed25519 instruction directly before `instruction`, which is the only one that the program reads; `None` when
/// another kind of instruction stands there. Does not check the signatures: [`CoSignedReceipt::verify`] does.
#[must_use]
pub fn receipt_before(
    instructions: &[TopLevelInstruction],
    instruction: usize,
) -> Option<Result<CoSignedReceipt, ReceiptError>> {
    let before = instructions.get(instruction.checked_sub(1)?)?;
    (before.program == ED25519_PROGRAM).then(|| CoSignedReceipt::from_instruction_data(&before.data))
}
