//! The side of a stake that belongs to delegators: two pools of shares, one that earns and one that is leaving.

use gantry_protocol::{
    shares::{self, Pool, Reward, Shares},
    Atoms,
};

use super::Stake;
use crate::StakingError;

/// What came of asking for delegated tokens back, or of taking that request back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Base units that changed pools.
    pub amount: Atoms,
    /// Shares that they bought in the other pool.
    pub shares: Shares,
}

impl Stake {
    /// The pool that earns rewards and backs jobs.
    #[must_use]
    pub const fn delegated_pool(&self) -> Pool {
        Pool {
            assets: Atoms(self.delegated),
            shares: Shares(self.delegated_shares),
        }
    }

    /// The pool of what delegators have asked back: it earns nothing and is slashed like the other.
    #[must_use]
    pub const fn delegated_unbonding_pool(&self) -> Pool {
        Pool {
            assets: Atoms(self.delegated_unbonding),
            shares: Shares(self.delegated_unbonding_shares),
        }
    }

    /// Adds `amount` to the delegated pool and returns the shares that it buys.
    ///
    /// Also refused while what is leaving is wiped: a delegation that comes now could then not ask back.
    pub fn delegate(&mut self, amount: Atoms) -> core::result::Result<Shares, StakingError> {
        if amount == Atoms::ZERO {
            return Err(StakingError::ZeroAmount);
        }
        if self.delegated_unbonding_pool().is_wiped() {
            return Err(StakingError::DelegationWiped);
        }
        let mut pool = self.delegated_pool();
        let shares = pool.deposit(amount)?;
        self.put_delegated(pool);
        self.invariant()?;
        Ok(shares)
    }

    /// Moves what `shares` of the delegated pool are worth to what is leaving. Never waits for jobs: their reserve would be a lock on
    /// delegators that the provider could close by renting from itself.
    pub fn begin_leaving(&mut self, shares: Shares) -> core::result::Result<Moved, StakingError> {
        let (from, to, moved) = transfer(self.delegated_pool(), self.delegated_unbonding_pool(), shares)?;
        self.put_delegated(from);
        self.put_delegated_unbonding(to);
        self.invariant()?;
        Ok(moved)
    }

    /// Moves what `shares` of the delegated unbonding are worth back to the delegated pool, at today's price.
    pub fn return_from_leaving(&mut self, shares: Shares) -> core::result::Result<Moved, StakingError> {
        let (from, to, moved) = transfer(self.delegated_unbonding_pool(), self.delegated_pool(), shares)?;
        self.put_delegated_unbonding(from);
        self.put_delegated(to);
        self.invariant()?;
        Ok(moved)
    }

    /// Removes `shares` of the delegated unbonding and returns what leaves with them: nothing, when a fault took all.
    pub fn leave(&mut self, shares: Shares) -> core::result::Result<Atoms, StakingError> {
        let mut pool = self.delegated_unbonding_pool();
        let amount = pool.redeem(shares)?;
        self.put_delegated_unbonding(pool);
        self.invariant()?;
        Ok(amount)
    }

    /// Shares a reward out between the provider's own active stake and the delegated pool; what is unbonding earns nothing.
    pub fn earn(&mut self, reward: Atoms, now: i64) -> core::result::Result<Reward, StakingError> {
        if reward == Atoms::ZERO {
            return Err(StakingError::ZeroAmount);
        }
        self.apply_commission(now);
        let mut pool = self.delegated_pool();
        // What the last delegator left behind belongs to nobody, so it earns nothing.
        let delegated = if pool.shares == Shares(0) {
            Atoms::ZERO
        } else {
            pool.assets
        };
        let shared = shares::share_out(reward, Atoms(self.active), delegated, self.commission())
            .ok_or(StakingError::NobodyToReward)?;
        if shared.delegators > Atoms::ZERO {
            pool.earn(shared.delegators)?;
            self.put_delegated(pool);
        }
        let of_provider = shared.own.checked_add(shared.commission);
        self.active = of_provider
            .and_then(|amount| self.active.checked_add(amount.0))
            .ok_or(StakingError::AmountOverflow)?;
        self.invariant()?;
        Ok(shared)
    }

    /// Takes a pool's new state over.
    pub(super) const fn put_delegated(&mut self, pool: Pool) {
        self.delegated = pool.assets.0;
        self.delegated_shares = pool.shares.0;
    }

    /// Takes a pool's new state over.
    pub(super) const fn put_delegated_unbonding(&mut self, pool: Pool) {
        self.delegated_unbonding = pool.assets.0;
        self.delegated_unbonding_shares = pool.shares.0;
    }
}

/// Moves what `shares` are worth from one pool to another. Refuses what is worth nothing, there or here.
fn transfer(mut from: Pool, mut to: Pool, shares: Shares) -> core::result::Result<(Pool, Pool, Moved), StakingError> {
    let amount = from.redeem(shares)?;
    let shares = to.deposit(amount)?;
    Ok((from, to, Moved { amount, shares }))
}
