//! What every proof of a fault ends in: the provider is convicted, its stake slashed, and the record made.

use anchor_lang::prelude::*;
use anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface};
use gantry_onchain::event::emit;
use gantry_protocol::UnixSeconds;

use super::recording::provider_recorded;
use crate::{
    errors::MarketError,
    events::FaultProven,
    staking_calls::{Caller, Slashed},
    state::{Fault, Job, Provider},
};

/// What was proven.
pub(super) struct Proof {
    /// A [`gantry_protocol::fault::Fault`].
    pub kind: u8,
    /// Sequence of the later receipt of the proof.
    pub sequence: u64,
    /// Who showed it.
    pub reporter: Address,
    /// When.
    pub now: UnixSeconds,
}

/// Takes the penalty out of the stake of a job's provider, and records why.
pub(super) struct Conviction<'a> {
    pub job: &'a Account<Job>,
    pub provider: &'a mut Account<Provider>,
    pub fault: &'a mut Account<Fault>,
    pub fault_bump: u8,
    pub signer: &'a UncheckedAccount,
    pub signer_bump: u8,
    pub pool: &'a mut Account<staking::state::Pool>,
    pub stake: &'a mut Account<staking::state::Stake>,
    pub mint: &'a mut InterfaceAccount<Mint>,
    pub vault: &'a mut InterfaceAccount<TokenAccount>,
    pub bounty_account: &'a mut InterfaceAccount<TokenAccount>,
    pub token_program: &'a Interface<'static, TokenInterface>,
    pub staking_program: &'a UncheckedAccount,
}

/// Refuses a provider or a stake other than that of the job.
#[inline(always)]
pub(super) fn require_of_job(
    job: &Job,
    provider: &Provider,
    stake: &staking::state::Stake,
) -> core::result::Result<(), MarketError> {
    if provider.owner != job.provider {
        return Err(MarketError::WrongProvider);
    }
    if stake.owner != job.provider {
        return Err(MarketError::WrongStake);
    }
    Ok(())
}

impl Conviction<'_> {
    #[inline(never)]
    pub(super) fn carry_out(self, proof: &Proof) -> Result<()> {
        let penalty = self.provider.convict(proof.now);
        let before = self.stake.slashed;
        Caller {
            program: self.staking_program,
            signer: self.signer,
            bump: self.signer_bump,
        }
        .slash(
            Slashed {
                pool: self.pool,
                stake: self.stake,
                mint: self.mint,
                vault: self.vault,
                bounty_account: self.bounty_account,
                token_program: self.token_program,
            },
            penalty,
        )?;
        let slashed = self
            .stake
            .slashed
            .checked_sub(before)
            .ok_or(MarketError::AmountOverflow)?;

        let fault = self.fault;
        fault.job = *self.job.address();
        fault.provider = self.job.provider;
        fault.reporter = proof.reporter;
        fault.sequence = proof.sequence;
        fault.slashed = slashed;
        fault.proven_at = proof.now.0;
        fault.penalty_bps = penalty.get();
        fault.kind = proof.kind;
        fault.bump = self.fault_bump;
        emit(FaultProven {
            fault: *fault.address(),
            job: fault.job,
            provider: fault.provider,
            reporter: fault.reporter,
            sequence: fault.sequence,
            slashed,
            kind: u32::from(proof.kind),
            penalty_bps: penalty.get(),
            faults: self.provider.faults,
            at: fault.proven_at,
        });
        provider_recorded(self.job, self.provider);
        Ok(())
    }
}
