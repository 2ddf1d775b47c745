//! Money inside the market: balances, and withdrawals that wait.

use anchor_lang::prelude::*;

events! {
    /// A balance was opened, empty.
    BalanceOpened {
        owner: Address,
        mint: Address,
    }
    /// Tokens arrived in the vault.
    BalanceDeposited {
        owner: Address,
        mint: Address,
        /// What arrived and was credited.
        amount: u64,
        /// The balance afterwards.
        balance: u64,
        /// What left the token account: more when the mint takes a fee of its own.
        sent: u64,
    }
    /// Tokens left the vault.
    BalanceWithdrawn {
        owner: Address,
        mint: Address,
        /// What left the vault and was debited.
        amount: u64,
        /// The balance afterwards.
        balance: u64,
        /// What arrived at the token account: less when the mint takes a fee of its own.
        received: u64,
        /// What may be withdrawn in the mint afterwards, as in `MintConfigured`.
        withdraw_room: u64,
        withdraw_rest: u64,
        room_at: i64,
    }
    /// An owner asked for a withdrawal; it left the balance and waits.
    WithdrawalRequested {
        withdrawal: Address,
        owner: Address,
        mint: Address,
        amount: u64,
        /// The balance afterwards.
        balance: u64,
        /// Unix seconds from which anyone may have it paid out.
        payable_at: i64,
        /// Its number among the balance's withdrawals.
        number: u64,
    }
    /// A withdrawal went back into its balance.
    WithdrawalCancelled {
        withdrawal: Address,
        owner: Address,
        mint: Address,
        amount: u64,
        /// The balance afterwards.
        balance: u64,
    }
    /// A withdrawal left the vault for its owner.
    WithdrawalPaid {
        withdrawal: Address,
        owner: Address,
        mint: Address,
        amount: u64,
        /// What arrived at the token account: less when the mint takes a fee of its own.
        received: u64,
        at: i64,
    }
}
