//! Delegated stake: shares, rewards and commission.

use gantry_sdk::staking::StakingError;

use super::{
    Refusal, State, Verdict, arithmetic,
    refusal::{EXISTS, READ_MISSING, TWICE, WRITTEN_MISSING, WRONG_PURSE, require},
    state::{Delegation, Shared, Stake},
};
use crate::{
    action::{
        CommissionSet, DelegationCancel, DelegationDeposit, DelegationOpen, DelegationUnbond, DelegationWithdraw,
        RewardAdd,
    },
    book::DelegationId,
    cast::{Actor, GNT, Key, Purse},
};

/// Virtual shares, and virtual base units behind them.
const VIRTUAL: u128 = 1_000_000;
/// Seconds of notice before a higher commission counts, at least: seven days.
const NOTICE_S: u32 = 7 * 86_400;

impl Shared {
    /// Base units per share, as a fraction.
    fn price(&self) -> (u128, u128) {
        let (assets, shares) = (u128::from(self.assets), u128::from(self.shares));
        if assets < shares {
            (assets, shares)
        } else {
            (assets + VIRTUAL, shares + VIRTUAL)
        }
    }

    const fn is_wiped(&self) -> bool {
        self.assets == 0 && self.shares > 0
    }

    /// Takes `amount` in, for as many shares as it buys.
    fn buy(&mut self, amount: u64) -> Result<u64, Refusal> {
        require(!self.is_wiped(), StakingError::DelegationWiped)?;
        let (assets, shares) = self.price();
        let bought = u64::try_from(u128::from(amount) * shares / assets).map_err(|_| StakingError::AmountOverflow)?;
        require(bought > 0, StakingError::WorthNothing)?;
        let after = Self {
            assets: sound(self.assets, amount)?,
            shares: sound(self.shares, bought)?,
        };
        *self = after;
        Ok(bought)
    }

    /// Gives out what `shares` are worth.
    fn redeem(&mut self, shares: u64) -> Result<u64, Refusal> {
        require(shares <= self.shares, StakingError::InsufficientShares)?;
        let (of_assets, of_shares) = self.price();
        let amount = u64::try_from(u128::from(shares) * of_assets / of_shares).expect("no more than the assets");
        self.assets -= amount;
        self.shares -= shares;
        Ok(amount)
    }
}

/// A sum that leaves room for the virtual part.
fn sound(sum: u64, more: u64) -> Result<u64, Refusal> {
    let sum = u128::from(sum) + u128::from(more);
    require(sum + VIRTUAL <= u128::from(u64::MAX), StakingError::AmountOverflow)?;
    u64::try_from(sum).map_err(|_| StakingError::AmountOverflow.into())
}

impl Stake {
    /// Lets an announced commission count once its time has come.
    const fn apply_commission(&mut self, now: i64) {
        if self.commission_from != 0 && self.commission_from <= now {
            self.commission_bps = self.next_commission_bps;
            self.commission_from = 0;
        }
    }
}

impl State {
    /// `delegation_open`.
    ///
    /// # Errors
    /// When the stake does not exist, or the delegation does.
    pub fn delegation_open(&mut self, open: &DelegationOpen) -> Verdict {
        require(self.stakes.contains_key(&open.stake), READ_MISSING)?;
        let id = (open.stake, open.delegator);
        require(!self.delegations.contains_key(&id), EXISTS)?;
        self.delegations.insert(id, Delegation::default());
        Ok(())
    }

    /// `delegation_deposit`: buys shares of what earns.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn delegation_deposit(&mut self, deposit: &DelegationDeposit) -> Verdict {
        let DelegationDeposit {
            signer,
            stake: owner,
            delegation: id,
            source,
            amount,
        } = *deposit;
        require(source != Purse::Bonds, TWICE)?;
        let mut stake = self.stake_of(owner)?;
        let mut delegation = self.delegation_of(id)?;
        require(self.purse_exists(source), WRITTEN_MISSING)?;
        require_delegator(signer, owner, id)?;
        require(source.token() == GNT, WRONG_PURSE)?;
        require(amount > 0, StakingError::ZeroAmount)?;
        require(!stake.leaving.is_wiped(), StakingError::DelegationWiped)?;
        delegation.shares += stake.earning.buy(amount)?;
        let staked = self.staked().checked_add(amount);
        require(staked.is_some(), StakingError::AmountOverflow)?;
        self.transfer(source, signer, Purse::Bonds, amount)?;
        self.put(id, stake, delegation);
        Ok(())
    }

    /// `delegation_unbond`: what shares are worth moves to what leaves, whatever jobs reserve.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn delegation_unbond(&mut self, unbond: &DelegationUnbond) -> Verdict {
        let DelegationUnbond {
            signer,
            stake: owner,
            delegation: id,
            shares,
        } = *unbond;
        let (mut stake, mut delegation) = (self.stake_of(owner)?, self.delegation_of(id)?);
        require_delegator(signer, owner, id)?;
        require(shares <= delegation.shares, StakingError::InsufficientShares)?;
        delegation.shares -= shares;
        let amount = stake.earning.redeem(shares)?;
        let bought = stake.leaving.buy(amount)?;
        let place = delegation.queue.iter_mut().find(|(waiting, _)| *waiting == 0);
        *place.ok_or(StakingError::UnbondingQueueFull)? = (bought, self.now + i64::from(self.pool.period_s));
        self.put(id, stake, delegation);
        Ok(())
    }

    /// `delegation_cancel`: back to what earns, at the price of this moment.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn delegation_cancel(&mut self, cancel: &DelegationCancel) -> Verdict {
        let DelegationCancel {
            signer,
            stake: owner,
            delegation: id,
            place,
        } = *cancel;
        let (mut stake, mut delegation) = (self.stake_of(owner)?, self.delegation_of(id)?);
        require_delegator(signer, owner, id)?;
        let waiting = delegation
            .queue
            .get_mut(usize::from(place))
            .filter(|(shares, _)| *shares > 0);
        let (shares, _) = std::mem::take(waiting.ok_or(StakingError::NoSuchUnbonding)?);
        let amount = stake.leaving.redeem(shares)?;
        delegation.shares += stake.earning.buy(amount)?;
        self.put(id, stake, delegation);
        Ok(())
    }

    /// `delegation_withdraw`: everything whose time has come, to the delegator's own token account; after a fault that took all, nothing.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn delegation_withdraw(&mut self, withdraw: &DelegationWithdraw) -> Verdict {
        let DelegationWithdraw {
            stake: owner,
            delegation: id,
            destination,
        } = *withdraw;
        require(destination != Purse::Bonds, TWICE)?;
        let (mut stake, mut delegation) = (self.stake_of(owner)?, self.delegation_of(id)?);
        require(self.purse_exists(destination), WRITTEN_MISSING)?;
        require(owner == id.0, StakingError::WrongStake)?;
        require(destination == Purse::Of(id.1, GNT), WRONG_PURSE)?;
        let now = self.now;
        let ripe = delegation
            .queue
            .iter_mut()
            .filter(|(shares, at)| *shares > 0 && *at <= now);
        let shares: u64 = ripe.map(|request| std::mem::take(request).0).sum();
        require(shares > 0, StakingError::NothingToWithdraw)?;
        let amount = stake.leaving.redeem(shares)?;
        self.carry(Purse::Bonds, destination, amount);
        self.put(id, stake, delegation);
        Ok(())
    }

    /// `commission_set`: lower at once; higher after a notice, which never ends earlier than one that was given before.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn commission_set(&mut self, set: &CommissionSet) -> Verdict {
        let mut stake = self.stake_of(set.stake)?;
        require(set.signer == Key::Wallet(set.stake), StakingError::NotOwner)?;
        require(set.bps <= 5_000, StakingError::CommissionTooHigh)?;
        stake.apply_commission(self.now);
        if set.bps > stake.commission_bps {
            let counts_from = self.now + i64::from(self.pool.period_s.max(NOTICE_S));
            stake.commission_from = stake.commission_from.max(counts_from);
        } else {
            stake.commission_bps = set.bps;
            stake.commission_from = 0;
        }
        stake.next_commission_bps = set.bps;
        self.stakes.insert(set.stake, stake);
        Ok(())
    }

    /// `reward_add`: to own and delegated stake by their size, and of the latter's part the commission to the provider.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn reward_add(&mut self, add: &RewardAdd) -> Verdict {
        let RewardAdd {
            payer,
            stake: owner,
            source,
            amount,
        } = *add;
        require(source != Purse::Bonds, TWICE)?;
        let mut stake = self.stake_of(owner)?;
        require(self.purse_exists(source), WRITTEN_MISSING)?;
        require(source.token() == GNT, WRONG_PURSE)?;
        require(amount > 0, StakingError::ZeroAmount)?;
        stake.apply_commission(self.now);
        // What the last delegator left behind earns nothing.
        let delegated = if stake.earning.shares == 0 {
            0
        } else {
            stake.earning.assets
        };
        let earning = u128::from(stake.active) + u128::from(delegated);
        let of_delegated = (u128::from(amount) * u128::from(delegated)).checked_div(earning);
        let of_delegated = of_delegated.ok_or(StakingError::NobodyToReward)?;
        let of_delegated = u64::try_from(of_delegated).expect("a part of it");
        let commission = arithmetic::part(of_delegated, stake.commission_bps);
        let to_delegators = of_delegated - commission;
        if to_delegators > 0 {
            stake.earning.assets = sound(stake.earning.assets, to_delegators)?;
        }
        let active = stake.active.checked_add(amount - to_delegators);
        stake.active = active.ok_or(StakingError::AmountOverflow)?;
        let staked = self.staked().checked_add(amount);
        require(staked.is_some(), StakingError::AmountOverflow)?;
        self.transfer(source, payer, Purse::Bonds, amount)?;
        self.stakes.insert(owner, stake);
        Ok(())
    }

    /// A delegation that is written.
    fn delegation_of(&self, id: DelegationId) -> Result<Delegation, Refusal> {
        self.delegations.get(&id).copied().ok_or(WRITTEN_MISSING)
    }

    fn put(&mut self, id: DelegationId, stake: Stake, delegation: Delegation) {
        self.stakes.insert(id.0, stake);
        self.delegations.insert(id, delegation);
    }
}

/// The delegator signs, and the stake is the one it has delegated to.
fn require_delegator(signer: Key, stake: Actor, id: DelegationId) -> Verdict {
    require(signer == Key::Wallet(id.1), StakingError::NotDelegator)?;
    require(stake == id.0, StakingError::WrongStake)
}
