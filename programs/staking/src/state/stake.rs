//! A provider's bond, and what others have delegated to it.

use anchor_lang::prelude::*;
use bytemuck::{Pod, Zeroable};
use gantry_protocol::{
    limits::{MAX_COMMISSION_BPS, MAX_UNBONDINGS},
    Atoms, Bps,
};

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

/// The stake of one provider. Slashable: `active`, everything in the queue, `delegated` and `delegated_unbonding`.
#[account]
#[derive(Debug, PartialEq, Eq)]
pub struct Stake {
    /// The provider's wallet.
    pub owner: Address,
    /// The provider's own, bonded and not unbonding, in base units.
    pub active: u64,
    /// What running jobs hold: a part of `active` and `delegated`, unless a slash has taken that or delegators have left.
    pub reserved: u64,
    /// What proven faults have taken so far, delegated stake included.
    pub slashed: u64,
    /// What delegators have entrusted and earned, in base units.
    pub delegated: u64,
    /// Shares that own `delegated`.
    pub delegated_shares: u64,
    /// What delegators have asked back and not withdrawn yet, in base units.
    pub delegated_unbonding: u64,
    /// Shares that own `delegated_unbonding`.
    pub delegated_unbonding_shares: u64,
    /// The provider's own waiting requests.
    pub unbondings: [Unbonding; MAX_UNBONDINGS],
    /// Unix seconds of the opening.
    pub opened_at: i64,
    /// Unix seconds from which `next_commission_bps` counts; zero when no rise is announced.
    pub commission_from: i64,
    /// The provider's part of what delegated stake earns.
    pub commission_bps: u16,
    /// The announced commission; the same where none is.
    pub next_commission_bps: u16,
    /// Bump of this address.
    pub bump: u8,
    /// Named padding.
    pub padding: [u8; 3],
}

const _: () = assert!(core::mem::size_of::<Stake>() == 240);

/// Matured requests that were taken from the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matured {
    /// Base units in all.
    pub amount: u64,
    /// Bit `i` is set when place `i` was emptied.
    pub places: u64,
}

/// What a slash took from each part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Out of the provider's active stake.
    pub from_active: u64,
    /// Out of the provider's waiting requests, by place.
    pub from_unbondings: [u64; MAX_UNBONDINGS],
    /// Out of the delegated pool.
    pub from_delegated: u64,
    /// Out of the delegated unbonding.
    pub from_delegated_unbonding: u64,
}

impl Taken {
    /// The sum, or `None` when it exceeds 64 bits.
    #[must_use]
    pub fn total(&self) -> Option<Atoms> {
        let rest = [self.from_active, self.from_delegated, self.from_delegated_unbonding];
        let mut parts = self.from_unbondings.iter().chain(&rest);
        parts.try_fold(0u64, |sum, part| sum.checked_add(*part)).map(Atoms)
    }
}

impl Stake {
    /// Everything that a proven fault can take: active or still unbonding, the provider's own or delegated. Saturates, for the sum fits by
    /// construction.
    #[must_use]
    pub fn slashable(&self) -> u64 {
        let delegated = self.delegated.saturating_add(self.delegated_unbonding);
        let requests = self.unbondings.iter();
        requests.fold(self.active.saturating_add(delegated), |sum, request| {
            sum.saturating_add(request.amount)
        })
    }

    /// What stands behind the provider's offer: its own active stake and what is delegated to it.
    #[must_use]
    pub const fn backing(&self) -> u64 {
        self.active.saturating_add(self.delegated)
    }

    /// What new jobs may reserve: the backing, less what running jobs hold.
    #[must_use]
    pub const fn free(&self) -> u64 {
        self.backing().saturating_sub(self.reserved)
    }

    /// What the provider may ask back: its own active stake, as far as no job needs it.
    #[must_use]
    pub fn own_free(&self) -> u64 {
        self.active.min(self.free())
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
        if amount > self.own_free() {
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

    /// Sets `amount` of the free stake aside.
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

    /// Takes the same fraction of every part for a proven fault, also of what jobs hold, so that nobody is better off for having asked to
    /// leave. Of each part rounded down; the whole leaves nothing.
    pub fn slash(&mut self, penalty: Bps) -> core::result::Result<Taken, StakingError> {
        let mut taken = Taken::default();
        take(penalty, &mut self.active, &mut taken.from_active)?;
        for (request, from) in self.unbondings.iter_mut().zip(&mut taken.from_unbondings) {
            take(penalty, &mut request.amount, from)?;
            if request.amount == 0 {
                *request = Unbonding::default();
            }
        }
        let (mut earning, mut leaving) = (self.delegated_pool(), self.delegated_unbonding_pool());
        taken.from_delegated = earning.slash(penalty).0;
        taken.from_delegated_unbonding = leaving.slash(penalty).0;
        self.put_delegated(earning);
        self.put_delegated_unbonding(leaving);
        let total = taken.total().ok_or(StakingError::AmountOverflow)?;
        self.slashed = self.slashed.checked_add(total.0).ok_or(StakingError::AmountOverflow)?;
        self.invariant()?;
        Ok(taken)
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

    /// Every redemption can be carried out, what is leaving never gains, and the commission keeps its bound.
    pub fn invariant(&self) -> core::result::Result<(), StakingError> {
        let (earning, leaving) = (self.delegated_pool(), self.delegated_unbonding_pool());
        if !earning.is_sound() || !leaving.is_sound() {
            return Err(StakingError::AmountOverflow);
        }
        if leaving.assets.0 > leaving.shares.0 {
            return Err(StakingError::InsufficientStake);
        }
        let announced = self.next_commission_bps;
        let is_rise = self.commission_from != 0 && announced > self.commission_bps;
        let is_settled = self.commission_from == 0 && announced == self.commission_bps;
        if announced > MAX_COMMISSION_BPS || !(is_rise || is_settled) {
            return Err(StakingError::CommissionTooHigh);
        }
        Ok(())
    }
}

/// Moves this fraction of `part` to `taken`. Rounds down.
fn take(penalty: Bps, part: &mut u64, taken: &mut u64) -> core::result::Result<(), StakingError> {
    *taken = penalty.of(Atoms(*part)).0;
    *part = part.checked_sub(*taken).ok_or(StakingError::InsufficientStake)?;
    Ok(())
}
