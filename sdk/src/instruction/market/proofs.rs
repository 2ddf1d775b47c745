//! Instructions that carry a proof: claims of a provider, refutations, faults.

use gantry_protocol::fault::Fault;
use market::{
    accounts, instruction as arguments,
    state::{Claim, Job},
};
use solana_program::instruction::Instruction;
use solana_pubkey::Pubkey;

use super::super::build;
use crate::{
    address::{self, INSTRUCTIONS_SYSVAR, SYSTEM_PROGRAM},
    receipt::{Evidence, ProviderReceipt, SampleEvidence},
};

/// The two instructions that claim what the provider's receipt alone shows: its signature, then the claim. The attestation key signs, and
/// pays the rent of the claim's account. `job` is the job's account.
#[must_use]
pub fn claim_open(receipt: &ProviderReceipt, job: &Job) -> [Instruction; 2] {
    let address = Pubkey::new_from_array(receipt.receipt.job);
    let open = build(
        market::ID,
        &accounts::ClaimOpen {
            attestation_key: receipt.key,
            job: address,
            balance: address::balance(&job.provider, &job.mint),
            claim: address::claim(&address),
            instructions: INSTRUCTIONS_SYSVAR,
            system_program: SYSTEM_PROGRAM,
        },
        &arguments::ClaimOpen {},
    );
    [receipt.ed25519_instruction(), open]
}

/// Pays a claim, or gives its bond back when it has become needless. Nobody has to sign.
#[must_use]
pub fn claim_settle(claim: &Claim, job: &Job) -> Instruction {
    build(
        market::ID,
        &accounts::ClaimSettle {
            job: claim.job,
            claim: address::claim(&claim.job),
            balance: address::balance(&job.provider, &job.mint),
            payer: claim.payer,
        },
        &arguments::ClaimSettle {},
    )
}

/// The two instructions that refute the claim of a job's provider: signatures, then the refutation. `reporter` signs and gets the rent of
/// the claim's account; `job` is the job's account.
#[must_use]
pub fn claim_refute(reporter: Pubkey, evidence: &Evidence, job: &Job) -> [Instruction; 2] {
    let address = Pubkey::new_from_array(evidence.first.0.job);
    let refute = build(
        market::ID,
        &accounts::ClaimRefute {
            reporter,
            job: address,
            claim: address::claim(&address),
            balance: address::balance(&job.tenant, &job.mint),
            instructions: INSTRUCTIONS_SYSVAR,
        },
        &arguments::ClaimRefute {},
    );
    [evidence.ed25519_instruction(), refute]
}

/// The two instructions that slash `provider_owner` for the fault that `evidence` proves: signatures, then the proof. `reporter` signs
/// and pays the rent of the record; `mint` is the network token, and `bounty_account` a token account of it.
#[must_use]
pub fn fault_prove(
    reporter: Pubkey,
    evidence: &Evidence,
    kind: Fault,
    provider_owner: Pubkey,
    mint: Pubkey,
    token_program: Pubkey,
    bounty_account: Pubkey,
) -> [Instruction; 2] {
    let job = Pubkey::new_from_array(evidence.first.0.job);
    let prove = build(
        market::ID,
        &accounts::FaultProve {
            reporter,
            job,
            provider: address::provider(&provider_owner),
            fault: address::fault(&job, kind),
            signer: address::market_signer(),
            pool: address::pool(),
            stake: address::stake(&provider_owner),
            mint,
            vault: address::pool_vault(),
            bounty_account,
            token_program,
            staking_program: staking::ID,
            instructions: INSTRUCTIONS_SYSVAR,
            system_program: SYSTEM_PROGRAM,
        },
        &arguments::FaultProve { kind: kind as u8 },
    );
    [evidence.ed25519_instruction(), prove]
}

/// The two instructions that slash `provider_owner` for a sample that contradicts its receipt: the provider's signature, then the proof.
/// `reporter` signs and pays the rent of the record; `node` is the job's; `mint` is the network token, and `bounty_account` a token account
/// of it. A transaction without an address lookup table has room for 7 hashes of the path, one with a table for 19.
#[must_use]
#[allow(clippy::too_many_arguments)] // As many accounts as `fault_prove`, and the node.
pub fn fault_prove_sample(
    reporter: Pubkey,
    evidence: &SampleEvidence,
    node: Pubkey,
    provider_owner: Pubkey,
    mint: Pubkey,
    token_program: Pubkey,
    bounty_account: Pubkey,
) -> [Instruction; 2] {
    let job = Pubkey::new_from_array(evidence.receipt.receipt.job);
    let prove = build(
        market::ID,
        &accounts::FaultProveSample {
            reporter,
            job,
            node,
            provider: address::provider(&provider_owner),
            record: address::fault(&job, Fault::ContradictingSample),
            signer: address::market_signer(),
            pool: address::pool(),
            stake: address::stake(&provider_owner),
            mint,
            vault: address::pool_vault(),
            bounty_account,
            token_program,
            staking_program: staking::ID,
            instructions: INSTRUCTIONS_SYSVAR,
            system_program: SYSTEM_PROGRAM,
        },
        &arguments::FaultProveSample {
            args: evidence.proof.clone(),
        },
    );
    [evidence.receipt.ed25519_instruction(), prove]
}
