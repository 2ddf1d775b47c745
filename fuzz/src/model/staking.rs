//! Bonds.

use gantry_sdk::staking::StakingError;

use super::{
    Refusal, State, Verdict,
    refusal::{EXISTS, TWICE, WRITTEN_MISSING, WRONG_PURSE, require},
    state::Stake,
};
use crate::{
    action::{
        PoolConfigure, StakeByStranger, StakeDeposit, StakeOpen, UnbondingCancel, UnbondingRequest, UnbondingWithdraw,
    },
    cast::{Actor, GNT, Key, Purse},
};

impl State {
    /// `pool_configure`.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn pool_configure(&mut self, configure: &PoolConfigure) -> Verdict {
        require(configure.signer == self.pool.authority, StakingError::NotAuthority)?;
        require(configure.authority != Key::Zero, StakingError::InvalidKey)?;
        let day_s = 86_400;
        let is_in_range = (day_s..=90 * day_s).contains(&configure.period_s);
        require(is_in_range, StakingError::UnbondingPeriodOutOfRange)?;
        self.pool.authority = configure.authority;
        self.pool.period_s = configure.period_s;
        Ok(())
    }

    /// `stake_open`.
    ///
    /// # Errors
    /// When it exists.
    pub fn stake_open(&mut self, open: &StakeOpen) -> Verdict {
        require(!self.stakes.contains_key(&open.owner), EXISTS)?;
        let stake = Stake {
            opened_at: self.now,
            ..Stake::default()
        };
        self.stakes.insert(open.owner, stake);
        Ok(())
    }

    /// `stake_deposit`.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn stake_deposit(&mut self, deposit: &StakeDeposit) -> Verdict {
        let StakeDeposit {
            signer,
            stake: owner,
            source,
            amount,
        } = *deposit;
        require(source != Purse::Bonds, TWICE)?;
        let mut stake = self.stake_of(owner)?;
        require(self.purse_exists(source), WRITTEN_MISSING)?;
        require(signer == Key::Wallet(owner), StakingError::NotOwner)?;
        require(source.token() == GNT, WRONG_PURSE)?;
        require(amount > 0, StakingError::ZeroAmount)?;
        stake.active = stake.active.checked_add(amount).ok_or(StakingError::AmountOverflow)?;
        require(
            self.staked().checked_add(amount).is_some(),
            StakingError::AmountOverflow,
        )?;
        self.transfer(source, signer, Purse::Bonds, amount)?;
        self.stakes.insert(owner, stake);
        Ok(())
    }

    /// `unbonding_request`: what jobs hold stays, and what begins to leave takes the first free place.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn unbonding_request(&mut self, request: &UnbondingRequest) -> Verdict {
        let UnbondingRequest {
            signer,
            stake: owner,
            amount,
        } = *request;
        let mut stake = self.stake_of(owner)?;
        require(signer == Key::Wallet(owner), StakingError::NotOwner)?;
        require(amount > 0, StakingError::ZeroAmount)?;
        require(amount <= stake.own_free(), StakingError::InsufficientStake)?;
        let place = stake.queue.iter_mut().find(|(waiting, _)| *waiting == 0);
        *place.ok_or(StakingError::UnbondingQueueFull)? = (amount, self.now + i64::from(self.pool.period_s));
        stake.active -= amount;
        self.stakes.insert(owner, stake);
        Ok(())
    }

    /// `unbonding_cancel`: back to the active stake.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn unbonding_cancel(&mut self, cancel: &UnbondingCancel) -> Verdict {
        let UnbondingCancel {
            signer,
            stake: owner,
            place,
        } = *cancel;
        let mut stake = self.stake_of(owner)?;
        require(signer == Key::Wallet(owner), StakingError::NotOwner)?;
        let waiting = stake
            .queue
            .get_mut(usize::from(place))
            .filter(|(amount, _)| *amount > 0);
        let (amount, _) = std::mem::take(waiting.ok_or(StakingError::NoSuchUnbonding)?);
        stake.active += amount;
        self.stakes.insert(owner, stake);
        Ok(())
    }

    /// `unbonding_withdraw`: everything whose time has come, to the owner's own token account.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn unbonding_withdraw(&mut self, withdraw: &UnbondingWithdraw) -> Verdict {
        let UnbondingWithdraw {
            stake: owner,
            destination,
        } = *withdraw;
        require(destination != Purse::Bonds, TWICE)?;
        let mut stake = self.stake_of(owner)?;
        require(self.purse_exists(destination), WRITTEN_MISSING)?;
        require(destination == Purse::Of(owner, GNT), WRONG_PURSE)?;
        let now = self.now;
        let ripe = stake.queue.iter_mut().filter(|(amount, at)| *amount > 0 && *at <= now);
        let amount = ripe.map(|request| std::mem::take(request).0).sum();
        require(amount > 0, StakingError::NothingToWithdraw)?;
        self.carry(Purse::Bonds, destination, amount);
        self.stakes.insert(owner, stake);
        Ok(())
    }

    /// Reserving, releasing and slashing are the market's alone.
    ///
    /// # Errors
    /// Always.
    pub fn stake_by_stranger(&mut self, attempt: &StakeByStranger) -> Verdict {
        self.stake_of(attempt.stake)?;
        Err(StakingError::NotMarket.into())
    }

    /// A stake that is written.
    pub(super) fn stake_of(&self, owner: Actor) -> Result<Stake, Refusal> {
        self.stakes.get(&owner).copied().ok_or(WRITTEN_MISSING)
    }
}
