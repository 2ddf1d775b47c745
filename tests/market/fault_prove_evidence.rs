//! What proves a fault, and what does not.

use std::slice;

use gantry_protocol::{
    Receipt,
    fault::{EVIDENCE_WINDOW_S, Fault as Kind},
};
use gantry_sdk::Instruction;
use gantry_tests::key;
use market::MarketError;
use solana_instruction::error::InstructionError;

use crate::fault_prove::{Watch, evidence_by};

#[test]
fn honest_receipts_prove_nothing() {
    let mut watch = Watch::new();
    let evidence = watch.evidence(watch.receipt(1, 1_000), watch.receipt(2, 1_000));
    for kind in [Kind::Equivocation, Kind::RegressingUsage] {
        watch.prove(&evidence, kind).is_refused_at(1, MarketError::NoFault);
    }
    let twice = watch.evidence(watch.receipt(1, 1_000), watch.receipt(1, 1_000));
    watch
        .prove(&twice, Kind::Equivocation)
        .is_refused_at(1, MarketError::NoFault);
}

#[test]
fn a_fault_of_another_kind_than_said_is_refused() {
    let mut watch = Watch::new();
    let evidence = watch.equivocation();
    watch
        .prove(&evidence, Kind::RegressingUsage)
        .is_refused_at(1, MarketError::NoFault);
    let evidence = watch.regression();
    watch
        .prove(&evidence, Kind::Equivocation)
        .is_refused_at(1, MarketError::NoFault);
}

#[test]
fn the_tenant_and_strangers_cannot_sign_a_providers_fault() {
    let mut watch = Watch::new();
    let (first, second) = (watch.receipt(1, 1_000), watch.receipt(1, 2_000));
    let session = watch.world.tenant.session.insecure_clone();
    for key in [session, key::fresh(), watch.world.provider.wallet.insecure_clone()] {
        let evidence = evidence_by(&key, first, second);
        watch
            .prove(&evidence, Kind::Equivocation)
            .is_refused_at(1, MarketError::WrongSigner);
    }
}

#[test]
fn a_forged_signature_stops_the_whole_transaction() {
    let mut watch = Watch::new();
    let mut evidence = watch.equivocation();
    evidence.second.1 = evidence.first.1;
    let refused = watch.prove(&evidence, Kind::Equivocation);
    refused.is_refused_at(0, InstructionError::Custom(2)); // The precompile: invalid signature.
}

#[test]
fn receipts_of_another_job_or_cluster_are_refused() {
    let mut watch = Watch::new();
    let (first, second) = (watch.receipt(1, 1_000), watch.receipt(1, 2_000));
    let other = Receipt { job: [9; 32], ..second };
    let evidence = watch.evidence(first, other);
    watch
        .prove(&evidence, Kind::Equivocation)
        .is_refused_at(1, MarketError::WrongJob);
    let elsewhere = |receipt: Receipt| Receipt {
        genesis_hash: [9; 32],
        ..receipt
    };
    let evidence = watch.evidence(elsewhere(first), elsewhere(second));
    watch
        .prove(&evidence, Kind::Equivocation)
        .is_refused_at(1, MarketError::WrongCluster);
}

#[test]
fn without_the_evidence_directly_before_nothing_is_proven() {
    let mut watch = Watch::new();
    let evidence = watch.equivocation();
    let [signatures, prove] = watch.instructions(&evidence, Kind::Equivocation);
    let send =
        |watch: &mut Watch, instructions: &[Instruction]| watch.world.chain.send(instructions, &[&watch.reporter]);
    send(&mut watch, slice::from_ref(&prove)).is_refused(MarketError::MissingSignatures);
    send(&mut watch, &[prove.clone(), signatures]).is_refused(MarketError::MissingSignatures);
    let co_signed = watch.world.receipt(&watch.job.clone(), 0).ed25519_instruction();
    send(&mut watch, &[co_signed, prove]).is_refused_at(1, MarketError::SignaturesNotCanonical);
}

#[test]
fn a_job_that_was_never_started_proves_nothing() {
    let mut watch = Watch::new();
    watch.job = watch.world.open_job();
    let evidence = watch.equivocation();
    watch
        .prove(&evidence, Kind::Equivocation)
        .is_refused_at(1, MarketError::WrongJobState);
}

#[test]
fn evidence_counts_until_the_window_after_the_jobs_end_and_not_a_second_longer() {
    let mut watch = Watch::new();
    let (equivocation, regression) = (watch.equivocation(), watch.regression());
    let attestation = watch.world.provider.attestation.insecure_clone();
    watch.world.close_by(&attestation, &watch.job.clone()).succeeds();
    watch.world.chain.advance(i64::from(EVIDENCE_WINDOW_S));
    watch.prove(&equivocation, Kind::Equivocation).succeeds();
    watch.world.chain.advance(1);
    watch
        .prove(&regression, Kind::RegressingUsage)
        .is_refused_at(1, MarketError::EvidenceTooOld);
}
