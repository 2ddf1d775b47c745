//! A provider's bond.

use anchor_lang::prelude::*;
use bytemuck::{Pod, Zeroable};
use gantry_protocol::limits::MAX_UNBONDINGS;

use crate::StakingError;

/// One unbonding request; an amount of zero marks a free place.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable, IdlType)]
pub struct Unbonding {
    /// Base units that will leave.
    pub amount: u64,
    /// Unix seconds from which they may.
    pub withdrawable_at: i64,
}

/// The bond of one provider. Slashable: `active` and everything in the queue.
#[account]
#[derive(Debug, PartialEq, Eq)]
pub struct Stake {
    /// The provider's wallet.
    pub owner: Address,
    /// Bonded and not unbonding, in base units.
    pub active: u64,
    /// What running jobs hold: a part of `active`, unless a slash has taken that.
    pub reserved: u64,
    /// What proven faults have taken so far.
    pub slashed: u64,
    /// Waiting requests.
    pub unbondings: [Unbonding; MAX_UNBONDINGS],
    /// Unix seconds of the opening.
    pub opened_at: i64,
    /// Bump of this address.
    pub bump: u8,
    /// Named padding.
    pub padding: [u8; 7],
}

const _: () = assert!(core::mem::size_of::<Stake>() == 200);

/// Matured requests that were taken from the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matured {
    /// Base units in all.
    pub amount: u64,
    /// Bit `i` is set when place `i` was emptied.
    pub places: u64,
}

/// What a slash took, and from where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Out of the active stake.
    pub from_active: u64,
    /// Out of the queue.
    pub from_unbonding: u64,
}

impl Stake {
    /// Everything that a proven fault can take: active and still unbonding. Saturates, for the sum fits by construction.
    #[must_use]
    pub fn slashable(&self) -> u64 {
        self.unbondings
            .iter()
            .fold(self.active, |sum, request| sum.saturating_add(request.amount))
    }

    /// Active stake that no job holds.
    #[must_use]
    pub fn free(&self) -> u64 {
        self.active.saturating_sub(self.reserved)
    }

    /// Bonds `amount`.
    pub fn deposit(&mut self, amount: u64) -> core::result::Result<(), StakingError> {
        if amount == 0 {
            return Err(StakingError::ZeroAmount);
        }
        self.active = self.active.checked_add(amount).ok_or(StakingError::AmountOverflow)?;
        self.invariant()
    }

    /// Moves `amount` from active to a free place of the queue and returns that place.
    pub fn request_unbonding(
        &mut self,
        amount: u64,
        withdrawable_at: i64,
    ) -> core::result::Result<usize, StakingError> {
        if amount == 0 {
            return Err(StakingError::ZeroAmount);
        }
        if amount > self.free() {
            return Err(StakingError::InsufficientStake);
        }
        let place = self
            .unbondings
            .iter()
            .position(|request| request.amount == 0)
            .ok_or(StakingError::UnbondingQueueFull)?;
        self.active = self.active.checked_sub(amount).ok_or(StakingError::InsufficientStake)?;
        self.unbondings[place] = Unbonding {
            amount,
            withdrawable_at,
        };
        self.invariant()?;
        Ok(place)
    }

    /// Empties every place whose time has come.
    pub fn take_matured(&mut self, now: i64) -> core::result::Result<Matured, StakingError> {
        let mut matured = Matured { amount: 0, places: 0 };
        for (place, request) in self.unbondings.iter_mut().enumerate() {
            if request.amount > 0 && request.withdrawable_at <= now {
                matured.amount = matured
                    .amount
                    .checked_add(request.amount)
                    .ok_or(StakingError::AmountOverflow)?;
                matured.places |= 1 << place;
                *request = Unbonding::default();
            }
        }
        if matured.amount == 0 {
            return Err(StakingError::NothingToWithdraw);
        }
        Ok(matured)
    }

    /// Sets `amount` of the free active stake aside.
    pub fn reserve(&mut self, amount: u64) -> core::result::Result<(), StakingError> {
        if amount > self.free() {
            return Err(StakingError::InsufficientStake);
        }
        self.reserved = self.reserved.checked_add(amount).ok_or(StakingError::AmountOverflow)?;
        self.invariant()
    }

    /// Gives `amount` of the reserve back.
    pub fn release(&mut self, amount: u64) -> core::result::Result<(), StakingError> {
        self.reserved = self
            .reserved
            .checked_sub(amount)
            .ok_or(StakingError::InsufficientReserve)?;
        self.invariant()
    }

    /// Takes `amount` for a proven fault: active stake first, also what jobs hold, then the queue by place.
    pub fn slash(&mut self, amount: u64) -> core::result::Result<Taken, StakingError> {
        let from_active = amount.min(self.active);
        self.active = self
            .active
            .checked_sub(from_active)
            .ok_or(StakingError::InsufficientStake)?;
        let from_unbonding = amount.checked_sub(from_active).ok_or(StakingError::InsufficientStake)?;
        let mut left = from_unbonding;
        for request in &mut self.unbondings {
            let taken = left.min(request.amount);
            request.amount = request
                .amount
                .checked_sub(taken)
                .ok_or(StakingError::InsufficientStake)?;
            left = left.checked_sub(taken).ok_or(StakingError::InsufficientStake)?;
            if request.amount == 0 {
                *request = Unbonding::default();
            }
        }
        if left > 0 {
            return Err(StakingError::InsufficientStake);
        }
        self.slashed = self.slashed.checked_add(amount).ok_or(StakingError::AmountOverflow)?;
        self.invariant()?;
        Ok(Taken {
            from_active,
            from_unbonding,
        })
    }

    /// Moves a waiting request back to the active stake and returns its amount.
    pub fn cancel_unbonding(&mut self, place: u8) -> core::result::Result<u64, StakingError> {
        let request = self
            .unbondings
            .get_mut(usize::from(place))
            .filter(|request| request.amount > 0)
            .ok_or(StakingError::NoSuchUnbonding)?;
        let amount = request.amount;
        *request = Unbonding::default();
        self.active = self.active.checked_add(amount).ok_or(StakingError::AmountOverflow)?;
        self.invariant()?;
        Ok(amount)
    }

    /// Reserved stake is part of active stake, but for what was slashed.
    pub fn invariant(&self) -> core::result::Result<(), StakingError> {
        if self.reserved > self.active.saturating_add(self.slashed) {
            return Err(StakingError::InsufficientStake);
        }
        Ok(())
    }
}
