//! What the Ed25519 instruction directly before shows: receipts of one job, signed by its provider.

use anchor_lang::prelude::*;
use gantry_protocol::{
    ed25519::{pair, single},
    fault::{self, Fault},
    receipt::ReceiptView,
    UnixSeconds,
};
use pinocchio::sysvars::instructions::{Instructions, IntrospectedInstruction};

use crate::{errors::MarketError, state::Job};

/// Solana's Ed25519 precompile, `Ed25519SigVerify111111111111111111111111111`.
const ED25519_PROGRAM: Address = anchor_lang::address!("Ed25519SigVerify111111111111111111111111111");

type Outcome<T> = core::result::Result<T, MarketError>;

/// The Ed25519 instruction directly before this one. The precompile has verified its signatures before any program runs.
#[inline(always)]
pub(super) fn signatures<'a>(instructions: &'a Instructions<&[u8]>) -> Outcome<IntrospectedInstruction<'a>> {
    let before = instructions
        .get_instruction_relative(-1)
        .map_err(|_| MarketError::MissingSignatures)?;
    if *before.get_program_id() != ED25519_PROGRAM {
        return Err(MarketError::MissingSignatures);
    }
    Ok(before)
}

/// Refuses a receipt of another cluster or job.
#[inline(always)]
pub(super) fn require_of(receipt: ReceiptView<'_>, job: &Account<Job>) -> Outcome<()> {
    if *receipt.genesis_hash() != job.genesis_hash {
        return Err(MarketError::WrongCluster);
    }
    if receipt.job() != job.address().as_array() {
        return Err(MarketError::WrongJob);
    }
    Ok(())
}

/// The fault that the two receipts in this data prove of the job's provider, if any, and the higher of their sequences.
#[inline(never)]
pub(super) fn contradiction(data: &[u8], job: &Account<Job>, now: UnixSeconds) -> Outcome<(Option<Fault>, u64)> {
    let pair = pair::parse(data).map_err(|_| MarketError::SignaturesNotCanonical)?;
    job.require_provable(pair.key, now)?;
    let read = |bytes| ReceiptView::of(bytes).map_err(|_| MarketError::MalformedReceipt);
    let (first, second) = (read(pair.first)?, read(pair.second)?);
    require_of(first, job)?;
    require_of(second, job)?;
    let fault = fault::proven_by(pair.first, pair.second);
    Ok((fault, first.sequence().max(second.sequence())))
}

/// The receipt in this data, when a key of the job's provider that answers for it signed it for this very job.
#[inline(never)]
pub(super) fn provable_receipt<'a>(data: &'a [u8], job: &Account<Job>, now: UnixSeconds) -> Outcome<ReceiptView<'a>> {
    let signed = single::parse(data).map_err(|_| MarketError::SignaturesNotCanonical)?;
    job.require_provable(signed.key, now)?;
    let receipt = ReceiptView::of(signed.message).map_err(|_| MarketError::MalformedReceipt)?;
    require_of(receipt, job)?;
    Ok(receipt)
}

/// The receipt in this data, when the job's attestation key signed it for this very job.
#[inline(never)]
pub(super) fn provider_receipt<'a>(data: &'a [u8], job: &Account<Job>) -> Outcome<ReceiptView<'a>> {
    let signed = single::parse(data).map_err(|_| MarketError::SignaturesNotCanonical)?;
    if signed.key != job.attestation_key.as_array() {
        return Err(MarketError::WrongSigner);
    }
    let receipt = ReceiptView::of(signed.message).map_err(|_| MarketError::MalformedReceipt)?;
    require_of(receipt, job)?;
    Ok(receipt)
}
