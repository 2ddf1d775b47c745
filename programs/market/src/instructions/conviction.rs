//! What every proof of a fault ends in: the provider is convicted, its stake slashed, and the record made.

use anchor_lang::prelude::*;
use anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface};
use gantry_onchain::event::emit;
use gantry_protocol::UnixSeconds;

use crate::{
    errors::MarketError,
    events::FaultProven,
    seeds,
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
        let penalty = self.provider.convict();
        let before = self.stake.slashed;
        let signer_bump = [self.signer_bump];
        staking::cpi::stake_slash(
            CpiContext::new_with_signer(
                self.staking_program.address(),
                staking::cpi::accounts::StakeSlash {
                    market_signer: self.signer.to_cpi_handle(),
                    pool: self.pool.try_to_cpi_handle_mut()?,
                    stake: self.stake.try_to_cpi_handle_mut()?,
                    mint: self.mint.try_to_cpi_handle_mut()?,
                    vault: self.vault.try_to_cpi_handle_mut()?,
                    bounty_account: self.bounty_account.try_to_cpi_handle_mut()?,
                    token_program: self.token_program.to_cpi_handle(),
                },
                &[&[seeds::SIGNER, &signer_bump]],
            ),
            penalty.get(),
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
        Ok(())
    }
}
