//! Slashes a provider one of whose samples contradicts the receipt that commits to it. By anyone, for a bounty.

use alloc::vec::Vec;

use anchor_lang::prelude::*;
use anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface};
use gantry_protocol::{
    fault::{self, Measured},
    merkle::{self, Sample, SAMPLE_BYTES},
    receipt::ReceiptView,
    UnixSeconds,
};
use pinocchio::sysvars::instructions::{Instructions, INSTRUCTIONS_ID};

use super::{
    conviction::{require_of_job, Conviction, Proof},
    evidence::{provable_receipt, signatures},
};
use crate::{
    errors::MarketError,
    seeds,
    state::{Fault, Job, Node, Provider},
};

/// A sample, and its way up to the root that a receipt carries.
#[derive(Clone, Debug, PartialEq, Eq, IdlType, SchemaRead, SchemaWrite)]
#[cfg_attr(not(target_os = "solana"), derive(borsh::BorshDeserialize))]
pub struct SampleProof {
    /// The leaf's data.
    pub sample: [u8; SAMPLE_BYTES],
    /// Its number among the samples, from zero.
    pub index: u64,
    /// How many samples the receipt commits to.
    pub size: u64,
    /// The hashes beside the way, from the leaf up.
    pub path: Vec<[u8; 32]>,
}

/// Accounts of `fault_prove_sample`.
#[derive(Accounts)]
pub struct FaultProveSample {
    /// Who shows the proof; pays the rent of its record.
    #[account(mut)]
    pub reporter: Signer,
    pub job: Account<Job>,
    /// Says whether the GPUs are simulated.
    #[account(address = job.node)]
    pub node: Account<Node>,
    #[account(mut)]
    pub provider: Account<Provider>,
    #[account(init, payer = reporter, seeds = [seeds::FAULT, job.address().as_ref(), &[seeds::OF_A_SAMPLE]], bump)]
    pub record: Account<Fault>,
    /// Signs towards the staking program; holds no data.
    #[account(seeds = [b"signer"], bump)]
    pub signer: UncheckedAccount,
    /// The staking pool; the staking program checks it.
    #[account(mut)]
    pub pool: Account<staking::state::Pool>,
    /// The provider's stake.
    #[account(mut)]
    pub stake: Account<staking::state::Stake>,
    /// The network token; the staking program checks it.
    #[account(mut)]
    pub mint: InterfaceAccount<Mint>,
    /// The vault of the bonds; the staking program checks it.
    #[account(mut)]
    pub vault: InterfaceAccount<TokenAccount>,
    /// Token account that receives the bounty.
    #[account(mut)]
    pub bounty_account: InterfaceAccount<TokenAccount>,
    pub token_program: Interface<'static, TokenInterface>,
    #[account(address = staking::ID)]
    pub staking_program: UncheckedAccount,
    #[account(address = INSTRUCTIONS_ID)]
    pub instructions: UncheckedAccount,
    pub system_program: Program<System>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<FaultProveSample>, args: &SampleProof) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let (signer_bump, fault_bump) = (ctx.bumps.signer, ctx.bumps.record);
    let accounts = &mut ctx.accounts;
    require_of_job(&accounts.job, &accounts.provider, &accounts.stake)?;
    // SAFETY: this is the instructions sysvar, as the constraint has proved; no program can write it.
    let instructions = unsafe { Instructions::new_unchecked(accounts.instructions.account().borrow_unchecked()) };
    let before = signatures(&instructions)?;
    let receipt = provable_receipt(before.get_instruction_data(), &accounts.job, now)?;
    let sequence = receipt.sequence();
    require_contradicting(args, receipt, &accounts.job, &accounts.node)?;
    Conviction {
        job: &accounts.job,
        provider: &mut accounts.provider,
        fault: &mut accounts.record,
        fault_bump,
        signer: &accounts.signer,
        signer_bump,
        pool: &mut accounts.pool,
        stake: &mut accounts.stake,
        mint: &mut accounts.mint,
        vault: &mut accounts.vault,
        bounty_account: &mut accounts.bounty_account,
        token_program: &accounts.token_program,
        staking_program: &accounts.staking_program,
    }
    .carry_out(&Proof {
        kind: fault::Fault::ContradictingSample as u8,
        sequence,
        reporter: *accounts.reporter.address(),
        now,
    })
}

/// Refuses a sample that the receipt does not commit to, and one that can be true.
#[inline(never)]
fn require_contradicting(
    args: &SampleProof,
    receipt: ReceiptView<'_>,
    job: &Job,
    node: &Node,
) -> core::result::Result<(), MarketError> {
    // A leaf is hashed behind another byte than an inner node, so that no node, which is longer besides, passes for a sample.
    let leaf = merkle::leaf(&args.sample);
    if !merkle::verify(&leaf, args.index, args.size, &args.path, receipt.samples_root()) {
        return Err(MarketError::SampleNotInReceipt);
    }
    let measured = Measured {
        metered_ms: receipt.metered_ms(),
        gpus: job.gpus,
        simulated: node.simulated == 1,
    };
    if !measured.is_contradicted_by(&Sample::from_bytes(&args.sample)) {
        return Err(MarketError::SampleContradictsNothing);
    }
    Ok(())
}
