//! The accounts of the staking program.

use bytemuck::Zeroable;
use gantry_sdk::{
    Pubkey, address,
    staking::{
        ID,
        events::{
            CommissionSet, DelegationDeposited, DelegationOpened, DelegationUnbonded, DelegationUnbondingCancelled,
            DelegationWithdrawn, PoolConfigured, RewardAdded, StakeDeposited, StakeOpened, StakeSlashed,
            UnbondingCancelled, UnbondingRequested, UnbondingWithdrawn,
        },
        seeds,
        state::{Delegation, Pool, Stake, Unbonding, UnbondingShares},
    },
};

use super::{Outcome, Replica, bump, narrow};

impl Replica {
    pub(super) fn pool_configured(&mut self, event: &PoolConfigured) -> Outcome {
        let address = address::pool();
        if self.pools.get(&address).is_err() {
            let pool = Pool {
                bump: bump(&ID, &[seeds::POOL]),
                ..Zeroable::zeroed()
            };
            self.pools.insert(address, pool)?;
        }
        let pool = self.pools.get_mut(&address)?;
        pool.authority = event.authority;
        pool.mint = event.mint;
        pool.vault = event.vault;
        pool.market_signer = event.market_signer;
        pool.unbonding_period_s = narrow(event.unbonding_period_s)?;
        pool.decimals = narrow(event.decimals)?;
        Ok(())
    }

    fn stake(&mut self, owner: &Pubkey) -> Result<&mut Stake, String> {
        self.stakes.get_mut(&address::stake(owner))
    }

    fn delegation(&mut self, owner: &Pubkey, delegator: &Pubkey) -> Result<&mut Delegation, String> {
        self.delegations.get_mut(&address::delegation(owner, delegator))
    }

    /// What the pool counts: everything that arrived, less everything that left.
    fn staked(&mut self, arrived: u64, left: u64) -> Outcome {
        let pool = self.pools.get_mut(&address::pool())?;
        let after = pool.staked.checked_add(arrived).and_then(|sum| sum.checked_sub(left));
        pool.staked = after.ok_or("more left the pool than was there")?;
        Ok(())
    }

    pub(super) fn stake_opened(&mut self, event: &StakeOpened) -> Outcome {
        let stake = Stake {
            owner: event.owner,
            opened_at: event.at,
            bump: bump(&ID, &[seeds::STAKE, event.owner.as_ref()]),
            ..Zeroable::zeroed()
        };
        self.stakes.insert(address::stake(&event.owner), stake)
    }

    pub(super) fn stake_deposited(&mut self, event: &StakeDeposited) -> Outcome {
        self.stake(&event.owner)?.active = event.active;
        self.staked(event.amount, 0)
    }

    pub(super) fn reserved(&mut self, owner: &Pubkey, reserved: u64) -> Outcome {
        self.stake(owner)?.reserved = reserved;
        Ok(())
    }

    pub(super) fn stake_slashed(&mut self, event: &StakeSlashed) -> Outcome {
        let stake = self.stake(&event.owner)?;
        (stake.active, stake.slashed) = (event.active, event.slashed);
        take(&mut stake.delegated, event.from_delegated)?;
        take(&mut stake.delegated_unbonding, event.from_delegated_unbonding)?;
        for (request, taken) in stake.unbondings.iter_mut().zip(event.from_unbondings) {
            take(&mut request.amount, taken)?;
            if request.amount == 0 {
                *request = Unbonding::default();
            }
        }
        self.staked(0, event.amount)
    }

    pub(super) fn unbonding_requested(&mut self, event: &UnbondingRequested) -> Outcome {
        let stake = self.stake(&event.owner)?;
        stake.active = event.active;
        *place(&mut stake.unbondings, event.index)? = Unbonding {
            amount: event.amount,
            withdrawable_at: event.withdrawable_at,
        };
        Ok(())
    }

    pub(super) fn unbonding_cancelled(&mut self, event: &UnbondingCancelled) -> Outcome {
        let stake = self.stake(&event.owner)?;
        stake.active = event.active;
        *place(&mut stake.unbondings, event.index)? = Unbonding::default();
        Ok(())
    }

    pub(super) fn unbonding_withdrawn(&mut self, event: &UnbondingWithdrawn) -> Outcome {
        free(&mut self.stake(&event.owner)?.unbondings, event.paid_places);
        self.staked(0, event.amount)
    }

    pub(super) fn commission_set(&mut self, event: &CommissionSet) -> Outcome {
        let stake = self.stake(&event.owner)?;
        stake.commission_bps = narrow(event.commission_bps)?;
        stake.next_commission_bps = narrow(event.next_commission_bps)?;
        stake.commission_from = event.commission_from;
        Ok(())
    }

    pub(super) fn reward_added(&mut self, event: &RewardAdded) -> Outcome {
        let stake = self.stake(&event.owner)?;
        (stake.active, stake.delegated) = (event.active, event.delegated);
        // An announced rise counts since this reward, or else the commission would be the one before.
        if u64::from(stake.commission_bps) != event.commission_bps {
            stake.commission_bps = narrow(event.commission_bps)?;
            stake.commission_from = 0;
        }
        self.staked(event.amount, 0)
    }

    pub(super) fn delegation_opened(&mut self, event: &DelegationOpened) -> Outcome {
        let stake = address::stake(&event.owner);
        let delegation = Delegation {
            stake,
            delegator: event.delegator,
            bump: bump(&ID, &[seeds::DELEGATION, stake.as_ref(), event.delegator.as_ref()]),
            ..Zeroable::zeroed()
        };
        let address = address::delegation(&event.owner, &event.delegator);
        self.delegations.insert(address, delegation)
    }

    pub(super) fn delegation_deposited(&mut self, event: &DelegationDeposited) -> Outcome {
        let stake = self.stake(&event.owner)?;
        (stake.delegated, stake.delegated_shares) = (event.delegated, event.delegated_shares);
        self.delegation(&event.owner, &event.delegator)?.shares += event.shares;
        self.staked(event.amount, 0)
    }

    pub(super) fn delegation_unbonded(&mut self, event: &DelegationUnbonded) -> Outcome {
        let stake = self.stake(&event.owner)?;
        (stake.delegated, stake.delegated_shares) = (event.delegated, event.delegated_shares);
        stake.delegated_unbonding = event.delegated_unbonding;
        stake.delegated_unbonding_shares = event.delegated_unbonding_shares;
        let delegation = self.delegation(&event.owner, &event.delegator)?;
        take(&mut delegation.shares, event.shares)?;
        *place(&mut delegation.unbondings, event.index)? = UnbondingShares {
            shares: event.unbonding_shares,
            withdrawable_at: event.withdrawable_at,
        };
        Ok(())
    }

    pub(super) fn delegation_unbonding_cancelled(&mut self, event: &DelegationUnbondingCancelled) -> Outcome {
        let stake = self.stake(&event.owner)?;
        (stake.delegated, stake.delegated_shares) = (event.delegated, event.delegated_shares);
        stake.delegated_unbonding = event.delegated_unbonding;
        stake.delegated_unbonding_shares = event.delegated_unbonding_shares;
        let delegation = self.delegation(&event.owner, &event.delegator)?;
        delegation.shares += event.shares;
        *place(&mut delegation.unbondings, event.index)? = UnbondingShares::default();
        Ok(())
    }

    pub(super) fn delegation_withdrawn(&mut self, event: &DelegationWithdrawn) -> Outcome {
        let stake = self.stake(&event.owner)?;
        stake.delegated_unbonding = event.delegated_unbonding;
        stake.delegated_unbonding_shares = event.delegated_unbonding_shares;
        free(
            &mut self.delegation(&event.owner, &event.delegator)?.unbondings,
            event.paid_places,
        );
        self.staked(0, event.amount)
    }
}

fn take(from: &mut u64, amount: u64) -> Outcome {
    let rest = from.checked_sub(amount);
    *from = rest.ok_or_else(|| format!("{amount} was taken from {from}"))?;
    Ok(())
}

fn place<T>(queue: &mut [T], index: u64) -> Result<&mut T, String> {
    let place = usize::try_from(index).ok().and_then(|index| queue.get_mut(index));
    place.ok_or_else(|| format!("the queue has no place {index}"))
}

/// Empties the places whose bits are set.
fn free<T: Default>(queue: &mut [T], places: u64) {
    for (index, request) in queue.iter_mut().enumerate() {
        if places >> index & 1 == 1 {
            *request = T::default();
        }
    }
}
