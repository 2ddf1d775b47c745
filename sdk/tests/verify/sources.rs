//! A job with two payments, as each source tells of it.

use bytemuck::Zeroable;
use gantry_protocol::Receipt;
use gantry_sdk::{
    Keypair, Pubkey, Signature, Signer,
    address::ED25519_PROGRAM,
    event::{Event, LoggedEvent},
    history::{JobTransaction, TopLevelInstruction},
    market::{
        self,
        events::{JobOpened, JobSettled},
        state::{Job, JobState},
    },
    receipt::{self, CoSignedReceipt},
    verify::{Discrepancy, VerifiedBill, verify},
};

pub(crate) const GENESIS: [u8; 32] = [7; 32];
pub(crate) const JOB: Pubkey = Pubkey::new_from_array([5; 32]);

pub(crate) fn provider() -> Keypair {
    Keypair::new_from_array([1; 32])
}

pub(crate) fn tenant() -> Keypair {
    Keypair::new_from_array([2; 32])
}

pub(crate) fn signature(n: u8) -> Signature {
    Signature::from([n; 64])
}

/// The receipt number `sequence`, at one second each.
pub(crate) fn receipt(sequence: u64) -> Receipt {
    Receipt {
        genesis_hash: GENESIS,
        job: JOB.to_bytes(),
        sequence,
        metered_ms: sequence * 1_000,
        time_ms: 0,
        flags: 0,
        samples_root: [6; 32],
    }
}

pub(crate) fn signed_by(provider: &Keypair, tenant: &Keypair, receipt: Receipt) -> CoSignedReceipt {
    CoSignedReceipt {
        receipt,
        provider_key: provider.pubkey(),
        provider_signature: receipt::sign(provider, &receipt),
        tenant_key: tenant.pubkey(),
        tenant_signature: receipt::sign(tenant, &receipt),
    }
}

pub(crate) fn transaction(n: u8, instructions: Vec<TopLevelInstruction>, event: Event) -> JobTransaction {
    JobTransaction {
        signature: signature(n),
        slot: u64::from(n),
        compute_units: None,
        network_fee_lamports: 5_000,
        events: vec![LoggedEvent {
            program: market::ID,
            instruction: instructions.len() - 1,
            payload: Vec::new(),
            event: Ok(event),
        }],
        instructions,
    }
}

pub(crate) fn call() -> TopLevelInstruction {
    TopLevelInstruction {
        program: market::ID,
        data: Vec::new(),
    }
}

/// The opening: 100 atoms per second with a fee of 10 % and 1 000 atoms in escrow.
pub(crate) fn opening() -> JobTransaction {
    let opened = JobOpened {
        job: JOB,
        session_key: tenant().pubkey(),
        attestation_key: provider().pubkey(),
        rate: 100_000_000,
        escrow: 1_000,
        fee_bps: 1_000,
        grace_window_s: 1,
        ..JobOpened::zeroed()
    };
    transaction(1, vec![call()], Event::JobOpened(opened))
}

/// What the program logs when it pays the receipt number `sequence` after all before it.
pub(crate) fn settled(sequence: u64) -> JobSettled {
    JobSettled {
        job: JOB,
        sequence,
        metered_ms: sequence * 1_000,
        paid_now: 90,
        paid: sequence * 90,
        fee: sequence * 10,
        samples_root: [6; 32],
        ..JobSettled::zeroed()
    }
}

pub(crate) fn settlement(signed: &CoSignedReceipt, settled: JobSettled) -> JobTransaction {
    let n = 1 + u8::try_from(signed.receipt.sequence).unwrap();
    let evidence = TopLevelInstruction {
        program: ED25519_PROGRAM,
        data: signed.ed25519_instruction().data,
    };
    transaction(n, vec![evidence, call()], Event::JobSettled(settled))
}

pub(crate) fn paid(sequence: u64) -> JobTransaction {
    let signed = signed_by(&provider(), &tenant(), receipt(sequence));
    settlement(&signed, settled(sequence))
}

/// The job's account after two settlements.
pub(crate) fn account() -> Job {
    Job {
        genesis_hash: GENESIS,
        session_key: tenant().pubkey(),
        attestation_key: provider().pubkey(),
        rate: 100_000_000,
        escrow: 1_000,
        fee_bps: 1_000,
        sequence: 2,
        metered_ms: 2_000,
        co_signed_ms: 2_000,
        owed: 200,
        paid: 180,
        fee: 20,
        samples_root: [6; 32],
        state: JobState::Running as u8,
        ..Job::zeroed()
    }
}

pub(crate) fn history() -> Vec<JobTransaction> {
    vec![opening(), paid(1), paid(2)]
}

pub(crate) fn check(job: &Job, transactions: &[JobTransaction]) -> Result<VerifiedBill, Discrepancy> {
    verify(JOB, job, GENESIS, transactions)
}

/// The words of the discrepancy that is found.
pub(crate) fn refused(job: &Job, transactions: &[JobTransaction]) -> String {
    check(job, transactions).unwrap_err().to_string()
}
