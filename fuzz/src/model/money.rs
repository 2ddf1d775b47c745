//! Tokens and balances.

use gantry_sdk::market::MarketError;

use super::{
    Refusal, State, Verdict,
    refusal::{
        EXISTS, READ_MISSING, TOKENS_INSUFFICIENT, TOKENS_OF_ANOTHER, TWICE, WRITTEN_MISSING, WRONG_PURSE, require,
    },
};
use crate::{
    action::{BalanceDeposit, BalanceOpen, BalanceWithdraw},
    cast::{Actor, Key, Purse, Token},
};

impl State {
    /// A token program's transfer; `authority` is the key that signs for `from`.
    ///
    /// # Errors
    /// When there is not as much, or the key does not own it.
    pub fn transfer(&mut self, from: Purse, authority: Key, to: Purse, amount: u64) -> Verdict {
        let owns = matches!(from, Purse::Of(owner, _) if authority == Key::Wallet(owner));
        require(*self.tokens_in(from) >= amount, TOKENS_INSUFFICIENT)?;
        require(owns, TOKENS_OF_ANOTHER)?;
        self.carry(from, to, amount);
        Ok(())
    }

    /// Moves tokens that are there.
    pub(super) fn carry(&mut self, from: Purse, to: Purse, amount: u64) {
        *self.tokens_in(from) -= amount;
        *self.tokens_in(to) += amount;
    }

    /// Whether a token account exists: a vault does when its mint is registered.
    pub(crate) fn purse_exists(&self, purse: Purse) -> bool {
        match purse {
            Purse::Vault(token) => self.mints.contains_key(&token),
            Purse::Of(..) | Purse::Bonds => true,
        }
    }

    /// `balance_open`.
    ///
    /// # Errors
    /// When the mint is not registered, or the balance exists.
    pub fn balance_open(&mut self, open: &BalanceOpen) -> Verdict {
        require(self.mints.contains_key(&open.token), READ_MISSING)?;
        let balance = (open.owner, open.token);
        require(!self.balances.contains_key(&balance), EXISTS)?;
        self.balances.insert(balance, 0);
        Ok(())
    }

    /// `balance_deposit`.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn balance_deposit(&mut self, deposit: &BalanceDeposit) -> Verdict {
        let BalanceDeposit {
            signer,
            token,
            balance,
            source,
            amount,
        } = *deposit;
        self.require_purse_beside(source, Purse::Vault(token), token, balance)?;
        require(signer == Key::Wallet(balance.0), MarketError::NotOwner)?;
        require(source.token() == token, WRONG_PURSE)?;
        require(amount > 0, MarketError::ZeroAmount)?;
        require(balance.1 == token, MarketError::WrongBalance)?;
        // No balance exceeds what exists of its mint, so what arrived is always credited.
        self.transfer(source, signer, Purse::Vault(token), amount)?;
        *self.balances.entry(balance).or_default() += amount;
        Ok(())
    }

    /// `balance_withdraw`.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn balance_withdraw(&mut self, withdraw: &BalanceWithdraw) -> Verdict {
        let BalanceWithdraw {
            signer,
            token,
            balance,
            destination,
            amount,
        } = *withdraw;
        // The mint's record is written, so it may be missing in another way.
        require(destination != Purse::Vault(token), TWICE)?;
        let mut mint = self.mints.get(&token).copied().ok_or(WRITTEN_MISSING)?;
        self.require_purse_beside(destination, Purse::Vault(token), token, balance)?;
        require(signer == Key::Wallet(balance.0), MarketError::NotOwner)?;
        require(destination.token() == token, WRONG_PURSE)?;
        require(amount > 0, MarketError::ZeroAmount)?;
        require(balance.1 == token, MarketError::WrongBalance)?;
        let after = self.balances[&balance]
            .checked_sub(amount)
            .ok_or(MarketError::InsufficientBalance)?;
        mint.let_out(amount, self.now)?;
        self.carry(Purse::Vault(token), destination, amount);
        self.balances.insert(balance, after);
        self.mints.insert(token, mint);
        Ok(())
    }

    /// What both have in common: all accounts exist, and the vault stands in one place only.
    fn require_purse_beside(&self, purse: Purse, vault: Purse, token: Token, balance: (Actor, Token)) -> Verdict {
        require(purse != vault, TWICE)?;
        require(self.mints.contains_key(&token), READ_MISSING)?;
        require(self.balances.contains_key(&balance), WRITTEN_MISSING)?;
        require(self.purse_exists(purse), WRITTEN_MISSING)
    }

    /// Refuses when a job's party has no such balance.
    pub(super) fn balance_of(&self, balance: (Actor, Token), owner: Actor, token: Token) -> Result<u64, Refusal> {
        let amount = self.balances.get(&balance).copied().ok_or(WRITTEN_MISSING)?;
        require(balance == (owner, token), MarketError::WrongBalance)?;
        Ok(amount)
    }
}
