//! One wallet's part of the stake that others entrusted to a provider.

use anchor_lang::prelude::*;
use bytemuck::{Pod, Zeroable};
use gantry_protocol::{
    limits::MAX_UNBONDINGS,
    shares::{Pool, Shares},
    Atoms,
};

use super::Stake;
use crate::StakingError;

/// One request to leave; zero shares mark a free place.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable, IdlType)]
pub struct UnbondingShares {
    /// Shares of the stake's delegated unbonding.
    pub shares: u64,
    /// Unix seconds from which they may be paid out.
    pub withdrawable_at: i64,
}

/// What one wallet has delegated to one stake: shares, for their worth changes with rewards and slashes that never touch this account.
#[account]
#[derive(Debug, PartialEq, Eq)]
pub struct Delegation {
    /// The stake.
    pub stake: Address,
    /// The wallet that gave the tokens and alone gets them back.
    pub delegator: Address,
    /// Shares of the stake's delegated pool.
    pub shares: u64,
    /// Waiting requests.
    pub unbondings: [UnbondingShares; MAX_UNBONDINGS],
    /// Bump of this address.
    pub bump: u8,
    /// Named padding.
    pub padding: [u8; 7],
}

const _: () = assert!(core::mem::size_of::<Delegation>() == 208);

/// Matured requests that were taken from a delegation's queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaturedShares {
    /// Shares in all.
    pub shares: Shares,
    /// Bit `i` is set when place `i` was emptied.
    pub places: u64,
}

/// What a delegation is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Worth {
    /// What earns and may be asked back.
    pub earning: Atoms,
    /// What has been asked back, matured or not.
    pub unbonding: Atoms,
}

impl Delegation {
    /// Adds shares of the delegated pool.
    pub fn receive(&mut self, shares: Shares) -> core::result::Result<(), StakingError> {
        self.shares = self.shares.checked_add(shares.0).ok_or(StakingError::AmountOverflow)?;
        Ok(())
    }

    /// Gives shares of the delegated pool up.
    pub fn give_up(&mut self, shares: Shares) -> core::result::Result<(), StakingError> {
        self.shares = self
            .shares
            .checked_sub(shares.0)
            .ok_or(StakingError::InsufficientShares)?;
        Ok(())
    }

    /// Puts shares of the delegated unbonding in a free place of the queue and returns that place.
    pub fn queue(&mut self, shares: Shares, withdrawable_at: i64) -> core::result::Result<usize, StakingError> {
        let place = self
            .unbondings
            .iter()
            .position(|request| request.shares == 0)
            .ok_or(StakingError::UnbondingQueueFull)?;
        self.unbondings[place] = UnbondingShares {
            shares: shares.0,
            withdrawable_at,
        };
        Ok(place)
    }

    /// Empties a place of the queue and returns its shares.
    pub fn take(&mut self, place: u8) -> core::result::Result<Shares, StakingError> {
        let request = self
            .unbondings
            .get_mut(usize::from(place))
            .filter(|request| request.shares > 0)
            .ok_or(StakingError::NoSuchUnbonding)?;
        let shares = Shares(request.shares);
        *request = UnbondingShares::default();
        Ok(shares)
    }

    /// Empties every place whose time has come.
    pub fn take_matured(&mut self, now: i64) -> core::result::Result<MaturedShares, StakingError> {
        let (mut shares, mut places) = (0u64, 0u64);
        for (place, request) in self.unbondings.iter_mut().enumerate() {
            if request.shares > 0 && request.withdrawable_at <= now {
                shares = shares.checked_add(request.shares).ok_or(StakingError::AmountOverflow)?;
                places |= 1 << place;
                *request = UnbondingShares::default();
            }
        }
        if places == 0 {
            return Err(StakingError::NothingToWithdraw);
        }
        Ok(MaturedShares {
            shares: Shares(shares),
            places,
        })
    }

    /// Shares that wait in the queue. Saturates, for they are a part of the stake's 64 bits.
    #[must_use]
    pub fn unbonding_shares(&self) -> Shares {
        let shares = self.unbondings.iter().map(|request| request.shares);
        Shares(shares.fold(0, u64::saturating_add))
    }

    /// What the delegation is worth now, given its stake. Rounds down.
    #[must_use]
    pub fn worth(&self, stake: &Stake) -> Worth {
        let of = |pool: Pool, shares| pool.worth(shares).unwrap_or_default();
        Worth {
            earning: of(stake.delegated_pool(), Shares(self.shares)),
            unbonding: of(stake.delegated_unbonding_pool(), self.unbonding_shares()),
        }
    }
}
