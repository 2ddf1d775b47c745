//! What close and cancel have in common: the accounts that a job gives back to.

use anchor_lang::prelude::*;
use gantry_protocol::Atoms;

use crate::{
    errors::MarketError,
    staking_calls::Caller,
    state::{Balance, Job, Node},
};

/// Credits the tenant and gives GPUs and stake back.
pub(super) struct GiveBack<'a> {
    pub job: &'a Job,
    pub balance: &'a mut Account<Balance>,
    pub node: &'a mut Account<Node>,
    pub stake: &'a mut Account<staking::state::Stake>,
    pub pool: &'a Account<staking::state::Pool>,
    pub signer: &'a UncheckedAccount,
    pub signer_bump: u8,
    pub staking_program: &'a UncheckedAccount,
}

impl GiveBack<'_> {
    #[inline(never)]
    pub(super) fn carry_out(self, refund: Atoms) -> Result<()> {
        self.balance.require_of(&self.job.tenant, &self.job.mint)?;
        require!(self.stake.owner == self.job.provider, MarketError::WrongStake);
        self.balance.credit(refund)?;
        self.node.give_back(self.job.gpus)?;
        Caller {
            program: self.staking_program,
            signer: self.signer,
            bump: self.signer_bump,
        }
        .release(self.pool, self.stake, self.job.stake_reserved)
    }
}
