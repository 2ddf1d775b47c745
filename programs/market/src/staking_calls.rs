//! The calls into the staking program.
//!
//! Built on the stack: what Anchor generates for them gathers accounts in vectors, checks again what the accounts' wrappers have
//! proved, and costs thousands of compute units and 11 KB of program a call. A refusal of the staking program aborts the transaction.

use anchor_lang::{prelude::*, unchecked_invoke_signed_fixed};
use anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface};
use gantry_protocol::Bps;
use pinocchio::instruction::InstructionAccount;
use staking::{
    calls::{STAKE_RELEASE, STAKE_RESERVE, STAKE_SLASH},
    state::{Pool, Stake},
};

use crate::seeds;

/// The market's signer towards the staking program; constraints have proved both.
pub(crate) struct Caller<'a> {
    /// The staking program.
    pub program: &'a UncheckedAccount,
    /// The derived address that signs.
    pub signer: &'a UncheckedAccount,
    /// Its bump.
    pub bump: u8,
}

impl Caller<'_> {
    /// Reserves `amount` of the stake for a job.
    pub(crate) fn reserve(&self, pool: &Account<Pool>, stake: &mut Account<Stake>, amount: u64) -> Result<()> {
        self.change(&data(&STAKE_RESERVE, &amount.to_le_bytes()), pool, stake)
    }

    /// Gives `amount` of the stake back.
    pub(crate) fn release(&self, pool: &Account<Pool>, stake: &mut Account<Stake>, amount: u64) -> Result<()> {
        self.change(&data(&STAKE_RELEASE, &amount.to_le_bytes()), pool, stake)
    }

    #[inline(never)]
    fn change(&self, data: &[u8; 16], pool: &Account<Pool>, stake: &mut Account<Stake>) -> Result<()> {
        let (signer, pool, stake) = (
            self.signer.to_cpi_handle(),
            pool.to_cpi_handle(),
            stake.try_to_cpi_handle_mut()?,
        );
        unchecked_invoke_signed_fixed(
            self.program.address(),
            data,
            &[
                InstructionAccount::readonly_signer(signer.address()),
                InstructionAccount::readonly(pool.address()),
                InstructionAccount::writable(stake.address()),
            ],
            &[signer, pool, stake.into()],
            &[&[seeds::SIGNER, &[self.bump]]],
        );
        Ok(())
    }

    /// Takes the penalty of every part of the stake.
    pub(crate) fn slash(&self, of: Slashed<'_>, penalty: Bps) -> Result<()> {
        let signer = self.signer.to_cpi_handle();
        let token_program = of.token_program.to_cpi_handle();
        let (pool, stake, mint, vault, bounty_account) = (
            of.pool.try_to_cpi_handle_mut()?,
            of.stake.try_to_cpi_handle_mut()?,
            of.mint.try_to_cpi_handle_mut()?,
            of.vault.try_to_cpi_handle_mut()?,
            of.bounty_account.try_to_cpi_handle_mut()?,
        );
        unchecked_invoke_signed_fixed(
            self.program.address(),
            &data::<10>(&STAKE_SLASH, &penalty.get().to_le_bytes()),
            &[
                InstructionAccount::readonly_signer(signer.address()),
                InstructionAccount::writable(pool.address()),
                InstructionAccount::writable(stake.address()),
                InstructionAccount::writable(mint.address()),
                InstructionAccount::writable(vault.address()),
                InstructionAccount::writable(bounty_account.address()),
                InstructionAccount::readonly(token_program.address()),
            ],
            &[
                signer,
                pool.into(),
                stake.into(),
                mint.into(),
                vault.into(),
                bounty_account.into(),
                token_program,
            ],
            &[&[seeds::SIGNER, &[self.bump]]],
        );
        Ok(())
    }
}

/// The accounts of a slash.
pub(crate) struct Slashed<'a> {
    pub pool: &'a mut Account<Pool>,
    pub stake: &'a mut Account<Stake>,
    pub mint: &'a mut InterfaceAccount<Mint>,
    pub vault: &'a mut InterfaceAccount<TokenAccount>,
    pub bounty_account: &'a mut InterfaceAccount<TokenAccount>,
    pub token_program: &'a Interface<'static, TokenInterface>,
}

/// An instruction's data: its discriminator and one number.
#[inline(always)]
fn data<const N: usize>(tag: &[u8], number: &[u8]) -> [u8; N] {
    let mut data = [0; N];
    let (head, tail) = data.split_at_mut(tag.len());
    head.copy_from_slice(tag);
    tail.copy_from_slice(number);
    data
}
