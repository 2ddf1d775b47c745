//! Shares of a pool that delegators own together: one rule for what a share costs and what it is worth.
//!
//! A pool holds `assets` base units, which `shares` shares own. Its price, in base units per share, is
//!
//! ```text
//! (assets + V) / (shares + V)   while assets ≥ shares      V = VIRTUAL = 10⁶
//!  assets      /  shares        while assets < shares
//! ```
//!
//! Shares are bought and redeemed at this one price, and both are rounded down, so that whoever comes or goes never takes from those
//! who stay. The first share costs one base unit.
//!
//! **Why virtual shares.** Without them the first depositor could buy one share, give the pool a fortune, and have the next deposit
//! round down to nothing, which the one share would then own. The `V` virtual shares belong to nobody and take part in every gain: they keep
//! `V × (price − 1)` of it for ever. A deposit loses less than one share to rounding, so to make it lose `L` base units the price must
//! exceed `L`, and whoever drove it there has lost more than `(V − 1) × L − V` base units by then, however it went about it. Taking 1 GNT
//! costs about a million.
//!
//! **Why not after a loss.** There are no assets behind the virtual shares. While assets are below shares they would make the price
//! higher than what is there, and whoever left last would find too little. So they dampen gains only; and below a price of one, rounding
//! costs less than one base unit anyway. Both formulas give one where they meet.
//!
//! Invariant: the shares together are never worth more than the assets, and no deposit or redemption lowers the price.

use crate::{
    units::{Atoms, Bps},
    wide,
};

/// Virtual assets and virtual shares, in base units: 0.001 GNT. Large enough that an attack costs a million times what it takes; small
/// enough that what they keep of the rewards is dust beside any delegation worth its transaction.
pub const VIRTUAL: u64 = 1_000_000;

/// A number of shares of one pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Shares(pub u64);

/// Why a pool refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// All assets are gone while shares are outstanding: they have no price.
    Wiped,
    /// The amount is zero, or rounds down to no share or no base unit.
    Nothing,
    /// More shares than the pool has.
    NotEnoughShares,
    /// A sum would leave 64 bits.
    Overflow,
}

/// What a pool holds, and how many shares own it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    /// Base units in it.
    pub assets: Atoms,
    /// Shares outstanding.
    pub shares: Shares,
}

/// A price as a fraction; `shares` is zero only when the pool is wiped.
struct Price {
    assets: u64,
    shares: u64,
}

impl Pool {
    /// Whether a loss took everything while shares are outstanding.
    #[must_use]
    pub const fn is_wiped(&self) -> bool {
        self.assets.0 == 0 && self.shares.0 > 0
    }

    /// Whether both sums with the virtual part fit 64 bits, so that no redemption can fail.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.assets.0 <= u64::MAX.wrapping_sub(VIRTUAL) && self.shares.0 <= u64::MAX.wrapping_sub(VIRTUAL)
    }

    const fn price(&self) -> Result<Price, Refusal> {
        let Pool {
            assets: Atoms(assets),
            shares: Shares(shares),
        } = *self;
        if assets < shares {
            return Ok(Price { assets, shares });
        }
        match (assets.checked_add(VIRTUAL), shares.checked_add(VIRTUAL)) {
            (Some(assets), Some(shares)) => Ok(Price { assets, shares }),
            _ => Err(Refusal::Overflow),
        }
    }

    /// Base units that `shares` of this pool's shares are worth. Rounds down: the shares together are never worth more than the assets.
    ///
    /// # Errors
    /// [`Refusal::NotEnoughShares`] when the pool has fewer.
    pub const fn worth(&self, shares: Shares) -> Result<Atoms, Refusal> {
        if shares.0 > self.shares.0 {
            return Err(Refusal::NotEnoughShares);
        }
        match self.price() {
            Ok(price) => match wide::mul_div_floor(shares.0, price.assets, price.shares) {
                Some(assets) => Ok(Atoms(assets)),
                None => Err(Refusal::Overflow),
            },
            Err(refusal) => Err(refusal),
        }
    }

    /// The fewest shares that are worth `assets`. Rounds up, so that whoever redeems them gets at least that.
    ///
    /// # Errors
    /// [`Refusal::Wiped`], [`Refusal::Overflow`]. They may be more than the pool has.
    pub fn shares_worth(&self, assets: Atoms) -> Result<Shares, Refusal> {
        if self.is_wiped() {
            return Err(Refusal::Wiped);
        }
        let price = self.price()?;
        let shares = wide::mul_div_ceil(assets.0, price.shares, price.assets);
        shares.map(Shares).ok_or(Refusal::Overflow)
    }

    /// Adds `assets` and returns the new shares that they buy. Rounds the shares down, in favour of those who are in the pool.
    ///
    /// # Errors
    /// [`Refusal::Wiped`], [`Refusal::Nothing`] when they do not buy one share, [`Refusal::Overflow`].
    pub fn deposit(&mut self, assets: Atoms) -> Result<Shares, Refusal> {
        if self.is_wiped() {
            return Err(Refusal::Wiped);
        }
        let price = self.price()?;
        let shares = wide::mul_div_floor(assets.0, price.shares, price.assets).ok_or(Refusal::Overflow)?;
        if shares == 0 {
            return Err(Refusal::Nothing);
        }
        let after = Self {
            assets: self.assets.checked_add(assets).ok_or(Refusal::Overflow)?,
            shares: Shares(self.shares.0.checked_add(shares).ok_or(Refusal::Overflow)?),
        };
        self.become_sound(after)?;
        Ok(Shares(shares))
    }

    /// Removes `shares` and returns the base units that leave with them, perhaps none. Rounds down, in favour of those who stay.
    ///
    /// # Errors
    /// [`Refusal::NotEnoughShares`].
    pub fn redeem(&mut self, shares: Shares) -> Result<Atoms, Refusal> {
        let assets = self.worth(shares)?;
        *self = Self {
            assets: self.assets.checked_sub(assets).ok_or(Refusal::Overflow)?,
            shares: Shares(self.shares.0.checked_sub(shares.0).ok_or(Refusal::NotEnoughShares)?),
        };
        Ok(assets)
    }

    /// Adds a gain, which raises the price of every share.
    ///
    /// # Errors
    /// [`Refusal::Nothing`] when no shares would own it, [`Refusal::Wiped`], [`Refusal::Overflow`].
    pub fn earn(&mut self, gain: Atoms) -> Result<(), Refusal> {
        if self.is_wiped() {
            return Err(Refusal::Wiped);
        }
        if self.shares == Shares(0) {
            return Err(Refusal::Nothing);
        }
        let assets = self.assets.checked_add(gain).ok_or(Refusal::Overflow)?;
        self.become_sound(Self { assets, ..*self })
    }

    /// Takes this fraction of the assets and returns it. Rounds down, in favour of the pool; the whole leaves nothing.
    pub const fn slash(&mut self, penalty: Bps) -> Atoms {
        let taken = penalty.of(self.assets);
        // `Bps::of` never exceeds its amount.
        self.assets = Atoms(self.assets.0.wrapping_sub(taken.0));
        taken
    }

    fn become_sound(&mut self, after: Self) -> Result<(), Refusal> {
        if !after.is_sound() {
            return Err(Refusal::Overflow);
        }
        *self = after;
        Ok(())
    }
}

/// How a reward is shared out; the parts add up to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reward {
    /// What the provider's own stake earned. The remainder of both roundings below stays here.
    pub own: Atoms,
    /// The provider's part of what the delegated stake earned. Rounded down, in the delegators' favour.
    pub commission: Atoms,
    /// The delegators'.
    pub delegators: Atoms,
}

/// Shares a reward out: by own and delegated stake first, then the provider's commission out of the delegated stake's part. That part is
/// rounded down, in the provider's favour, by less than one base unit. `None` when there is no stake that could earn it.
#[must_use]
pub const fn share_out(reward: Atoms, own_stake: Atoms, delegated: Atoms, commission: Bps) -> Option<Reward> {
    let Some(stake) = own_stake.checked_add(delegated) else {
        return None;
    };
    // Also `None` for no stake at all.
    let Some(of_delegated) = wide::mul_div_floor(reward.0, delegated.0, stake.0) else {
        return None;
    };
    let part = commission.of(Atoms(of_delegated));
    // Neither part exceeds what it is a part of.
    Some(Reward {
        own: Atoms(reward.0.wrapping_sub(of_delegated)),
        commission: part,
        delegators: Atoms(of_delegated.wrapping_sub(part.0)),
    })
}
