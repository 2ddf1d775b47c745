//! Caps on withdrawals, and withdrawals that wait a day and no longer.

use gantry_sdk::market::MarketError;

use super::{
    State, Verdict,
    refusal::{EXISTS, READ_MISSING, TWICE, WRITTEN_MISSING, WRONG_ADDRESS, WRONG_PURSE, require},
    state::{Mint, Withdrawal},
};
use crate::{
    action::{MintCapSet, WithdrawalCancel, WithdrawalPay, WithdrawalRequest},
    cast::{Key, Purse},
};

/// Seconds in which a cap comes back.
const WINDOW_S: u128 = 3_600;
/// Seconds that a withdrawal waits.
const WAIT_S: i64 = 24 * 3_600;
/// Places for withdrawals that wait.
const PLACES: u8 = 4;
/// No cap.
pub const UNCAPPED: u64 = u64::MAX;

impl Mint {
    /// Counts what has come back until now, in parts of a base unit of which the window has as many as seconds.
    fn refill(&mut self, now: i64) {
        if now > self.room_at {
            let elapsed_s = u128::from((now - self.room_at).unsigned_abs());
            self.room_parts = (self.room_parts + u128::from(self.cap) * elapsed_s).min(u128::from(self.cap) * WINDOW_S);
            self.room_at = now;
        }
    }

    /// Lets `amount` be withdrawn, where there is a cap.
    pub(super) fn let_out(&mut self, amount: u64, now: i64) -> Verdict {
        if self.cap == UNCAPPED {
            return Ok(());
        }
        self.refill(now);
        let rest = self.room_parts.checked_sub(u128::from(amount) * WINDOW_S);
        self.room_parts = rest.ok_or(MarketError::WithdrawalCapped)?;
        Ok(())
    }

    /// Everything that may be withdrawn under this cap.
    #[must_use]
    pub fn full(cap: u64) -> u128 {
        u128::from(cap) * WINDOW_S
    }
}

impl State {
    /// `mint_cap_set`: neither lowering a cap nor setting it again makes room.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn mint_cap_set(&mut self, set: &MintCapSet) -> Verdict {
        let now = self.now;
        let mint = self.mints.get_mut(&set.token).ok_or(WRITTEN_MISSING)?;
        require(set.signer == self.config.authority, MarketError::NotAuthority)?;
        mint.refill(now);
        mint.cap = set.cap;
        mint.room_parts = if set.cap == UNCAPPED {
            Mint::full(UNCAPPED)
        } else {
            mint.room_parts.min(Mint::full(set.cap))
        };
        Ok(())
    }

    /// `withdrawal_request`: the amount leaves the balance and waits.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn withdrawal_request(&mut self, request: &WithdrawalRequest) -> Verdict {
        let WithdrawalRequest {
            signer,
            balance,
            number,
            amount,
        } = *request;
        let held = self.balances.get(&balance).copied().ok_or(WRITTEN_MISSING)?;
        require(!self.withdrawals.contains_key(&(balance, number)), EXISTS)?;
        require(signer == balance.0, MarketError::NotOwner)?;
        require(number < PLACES, MarketError::NoSuchWithdrawal)?;
        require(amount > 0, MarketError::ZeroAmount)?;
        let rest = held.checked_sub(amount).ok_or(MarketError::InsufficientBalance)?;
        self.balances.insert(balance, rest);
        let payable_at = self.now + WAIT_S;
        self.withdrawals
            .insert((balance, number), Withdrawal { amount, payable_at });
        Ok(())
    }

    /// `withdrawal_cancel`.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn withdrawal_cancel(&mut self, cancel: &WithdrawalCancel) -> Verdict {
        let held = self.balances.get(&cancel.balance).copied().ok_or(WRITTEN_MISSING)?;
        let waiting = self
            .withdrawals
            .get(&cancel.withdrawal)
            .copied()
            .ok_or(WRITTEN_MISSING)?;
        let own = cancel.withdrawal.0;
        require(cancel.signer == Key::Wallet(own.0), MarketError::NotOwner)?;
        require(cancel.balance == own, WRONG_ADDRESS)?;
        let after = held.checked_add(waiting.amount).ok_or(MarketError::AmountOverflow)?;
        self.balances.insert(own, after);
        self.withdrawals.remove(&cancel.withdrawal);
        Ok(())
    }

    /// `withdrawal_pay`: by anyone, to the owner, whatever the cap.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn withdrawal_pay(&mut self, pay: &WithdrawalPay) -> Verdict {
        let WithdrawalPay {
            withdrawal,
            owner,
            token,
            destination,
        } = *pay;
        require(destination != Purse::Vault(token), TWICE)?;
        require(self.mints.contains_key(&token), READ_MISSING)?;
        let waiting = self.withdrawals.get(&withdrawal).copied().ok_or(WRITTEN_MISSING)?;
        require(self.purse_exists(destination), WRITTEN_MISSING)?;
        let (right, of) = withdrawal.0;
        require(owner == right, WRONG_ADDRESS)?;
        let is_owners = matches!(destination, Purse::Of(actor, other) if actor == right && other == token);
        require(is_owners, WRONG_PURSE)?;
        require(of == token, MarketError::WrongWithdrawal)?;
        require(self.now >= waiting.payable_at, MarketError::WithdrawalWaiting)?;
        self.carry(Purse::Vault(token), destination, waiting.amount);
        self.withdrawals.remove(&withdrawal);
        Ok(())
    }
}
