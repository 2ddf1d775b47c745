//! The bill, recomputed from the evidence that an indexer serves.
//!
//! The terms come from the logged opening, the metered time from receipts whose signatures are checked here; the amounts that the
//! indexer states are only compared.

use std::fmt::Display;

use gantry_sdk::{
    Pubkey, Signature,
    event::{self, Event},
    market::{self, events::JobOpened, state::JobState},
    protocol::{Atoms, Bill, Bps, Metered, Rate, receipt::Malformed},
    receipt::{CoSignedReceipt, ReceiptError},
};

use crate::{
    bill::{ChainBill, state_name},
    indexer::{Proof, Settlement},
};

/// What the evidence comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mirrored {
    /// Where the job stands.
    state: String,
    /// Sequence and metered time of the last receipt.
    sequence: u64,
    metered_ms: u64,
    /// Rate and escrow of the opening.
    rate: u64,
    escrow: u64,
    /// Recomputed.
    bill: Bill,
    /// Transaction, receipt and payment of each settlement, oldest first.
    pub(super) settlements: Vec<(Signature, CoSignedReceipt, u64)>,
}

/// Where the evidence contradicts itself, the computation, or the chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Contradiction {
    /// The opening is missing.
    #[error("the job's opening is missing among the events that the indexer serves")]
    NoOpening,
    /// Bytes that are no receipt.
    #[error("the receipt in transaction {0}: {1}")]
    Malformed(Signature, Malformed),
    /// A signature that does not fit.
    #[error("the receipt in transaction {0}: {1}")]
    Signature(Signature, ReceiptError),
    /// Signed by somebody else, or about something else.
    #[error("the receipt in transaction {0} has another {1} than the job")]
    Foreign(Signature, &'static str),
    /// Not newer than the receipt before it.
    #[error("the receipt in transaction {0} is not newer than the one before it")]
    NotNewer(Signature),
    /// More owed than there is in escrow.
    #[error("the metered time costs more than the escrow holds")]
    ExceedsEscrow,
    /// Two values of one fact.
    #[error("{what}: the indexer says {stated}, {by} {other}")]
    Differs {
        /// Which fact.
        what: String,
        /// What the indexer says.
        stated: String,
        /// Who says something else: "the computation gives", "the chain says".
        by: &'static str,
        /// What that is.
        other: String,
    },
}

const COMPUTED: &str = "the computation gives";
const CHAIN: &str = "the chain says";

fn same<T: PartialEq + Display>(
    what: impl Into<String>,
    stated: T,
    by: &'static str,
    other: T,
) -> Result<(), Contradiction> {
    if stated == other {
        return Ok(());
    }
    Err(Contradiction::Differs {
        what: what.into(),
        stated: stated.to_string(),
        by,
        other: other.to_string(),
    })
}

/// Recomputes the bill of the job at `address` from what the indexer serves, and compares it with what the indexer states.
pub(super) fn recompute(address: Pubkey, proof: &Proof) -> Result<Mirrored, Contradiction> {
    let events: Vec<Event> = proof
        .events
        .iter()
        .filter_map(|logged| event::decode(&market::ID, &logged.payload).ok())
        .collect();
    let opened = events
        .iter()
        .find_map(|event| match event {
            Event::JobOpened(opened) if opened.job == address => Some(opened),
            _ => None,
        })
        .ok_or(Contradiction::NoOpening)?;
    let rekeyed = events.iter().filter_map(|event| match event {
        Event::JobRekeyed(rekeyed) if rekeyed.job == address => Some(rekeyed.attestation_key),
        _ => None,
    });
    let attestation_keys: Vec<Pubkey> = std::iter::once(opened.attestation_key).chain(rekeyed).collect();
    let rotated = events.iter().filter_map(|event| match event {
        Event::SessionRotated(rotated) if rotated.job == address => Some(rotated.session_key),
        _ => None,
    });
    let session_keys: Vec<Pubkey> = std::iter::once(opened.session_key).chain(rotated).collect();
    let mut extended = events.iter().filter_map(|event| match event {
        Event::JobExtended(extended) if extended.job == address => Some(extended.escrow),
        _ => None,
    });
    let mut replay = Replay {
        opened,
        escrow: extended.next_back().unwrap_or(opened.escrow),
        session_keys,
        genesis_hash: proof.job.genesis_hash.to_bytes(),
        attestation_keys,
        last: None,
        paid: 0,
    };
    let mut settlements = vec![];
    for settlement in &proof.settlements {
        let (receipt, paid_now) = replay.settle(address, settlement)?;
        settlements.push((settlement.signature, receipt, paid_now));
    }
    let (sequence, metered_ms) = replay.last.unwrap_or_default();
    let bill = replay.bill(metered_ms)?;
    let job = &proof.job;
    for (what, stated, computed) in [
        ("rate", job.rate.0, opened.rate),
        ("fee_bps", u64::from(job.fee_bps), u64::from(opened.fee_bps)),
        ("escrow", job.escrow.0, replay.escrow),
        ("sequence", job.sequence.0, sequence),
        ("metered_ms", job.metered_ms.0, metered_ms),
        ("owed", job.owed.0, bill.owed.0),
        ("paid", job.paid.0, bill.paid.0),
        ("fee", job.fee.0, bill.fee.0),
    ] {
        same(what, stated, COMPUTED, computed)?;
    }
    if [JobState::Closed, JobState::Cancelled]
        .map(|state| state_name(Some(state)))
        .contains(&job.state.as_str())
    {
        same("refund", job.refund.0, COMPUTED, bill.refund.0)?;
    }
    let state = job.state.clone();
    Ok(Mirrored {
        state,
        sequence,
        metered_ms,
        rate: opened.rate,
        escrow: replay.escrow,
        bill,
        settlements,
    })
}

/// The job's money, settlement by settlement.
struct Replay<'a> {
    opened: &'a JobOpened,
    genesis_hash: [u8; 32],
    /// Every key that the job ever accepted; the order of rekeys is the chain's to check.
    attestation_keys: Vec<Pubkey>,
    /// Every session key that the job ever had; when each counts is the chain's to check.
    session_keys: Vec<Pubkey>,
    /// What is set aside, extensions included.
    escrow: u64,
    /// Sequence and metered time.
    last: Option<(u64, u64)>,
    paid: u64,
}

impl Replay<'_> {
    fn bill(&self, metered_ms: u64) -> Result<Bill, Contradiction> {
        let fee = Bps::new(self.opened.fee_bps).ok_or(Contradiction::ExceedsEscrow)?;
        let (rate, escrow) = (Rate(self.opened.rate), Atoms(self.escrow));
        Bill::of(rate, Metered(metered_ms), fee, escrow).ok_or(Contradiction::ExceedsEscrow)
    }

    /// Checks one payment and returns its receipt and what it paid.
    fn settle(&mut self, job: Pubkey, settlement: &Settlement) -> Result<(CoSignedReceipt, u64), Contradiction> {
        let transaction = settlement.signature;
        let signed = settlement
            .receipt
            .read()
            .map_err(|why| Contradiction::Malformed(transaction, why))?;
        signed
            .verify()
            .map_err(|why| Contradiction::Signature(transaction, why))?;
        let receipt = &signed.receipt;
        for (what, is_ours) in [
            ("job", receipt.job == job.to_bytes()),
            ("cluster", receipt.genesis_hash == self.genesis_hash),
            ("attestation key", self.attestation_keys.contains(&signed.provider_key)),
            ("session key", self.session_keys.contains(&signed.tenant_key)),
        ] {
            if !is_ours {
                return Err(Contradiction::Foreign(transaction, what));
            }
        }
        let (sequence, metered_ms) = self.last.unwrap_or_default();
        if receipt.sequence <= sequence || receipt.metered_ms < metered_ms {
            return Err(Contradiction::NotNewer(transaction));
        }
        let bill = self.bill(receipt.metered_ms)?;
        let paid_now = bill.paid.0.saturating_sub(self.paid);
        for (what, stated, computed) in [
            ("paid_now", settlement.paid_now.0, paid_now),
            ("paid", settlement.paid.0, bill.paid.0),
            ("fee", settlement.fee.0, bill.fee.0),
        ] {
            same(
                format!("{what} of transaction {transaction}"),
                stated,
                COMPUTED,
                computed,
            )?;
        }
        self.last = Some((receipt.sequence, receipt.metered_ms));
        self.paid = bill.paid.0;
        Ok((signed, paid_now))
    }
}

impl Mirrored {
    /// Compares with what the chain itself gave, to the atom.
    pub(super) fn compare(&self, chain: &ChainBill) -> Result<(), Contradiction> {
        let bill = &chain.bill;
        same("state", self.state.as_str(), CHAIN, state_name(Some(bill.state)))?;
        for (what, mirrored, on_chain) in [
            ("rate", self.rate, bill.rate),
            ("escrow", self.escrow, bill.escrow),
            ("sequence", self.sequence, chain.job.sequence),
            ("metered_ms", self.metered_ms, bill.metered_ms),
            ("owed", self.bill.owed.0, bill.bill.owed.0),
            ("paid", self.bill.paid.0, bill.bill.paid.0),
            ("fee", self.bill.fee.0, bill.bill.fee.0),
            ("refund", self.bill.refund.0, bill.bill.refund.0),
        ] {
            same(what, mirrored, CHAIN, on_chain)?;
        }
        same(
            "number of settlements",
            self.settlements.len(),
            CHAIN,
            bill.settlements.len(),
        )?;
        for ((transaction, receipt, paid_now), on_chain) in self.settlements.iter().zip(&bill.settlements) {
            same("transaction of a settlement", *transaction, CHAIN, on_chain.signature)?;
            same(
                format!("paid_now of transaction {transaction}"),
                *paid_now,
                CHAIN,
                on_chain.paid_now,
            )?;
            if *receipt != on_chain.receipt {
                return Err(Contradiction::Foreign(*transaction, "content on the chain"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
