//! Instructions of capped mints: the cap, and withdrawals that wait.

use market::{accounts, instruction as arguments, state::Withdrawal};
use solana_program::instruction::Instruction;
use solana_pubkey::Pubkey;

use super::build;
use crate::address::{self, SYSTEM_PROGRAM};

/// Sets how many base units of a mint may be withdrawn in an hour; [`gantry_protocol::outflow::UNCAPPED`] for no cap. `authority` signs.
#[must_use]
pub fn mint_cap_set(authority: Pubkey, mint: Pubkey, withdraw_cap: u64) -> Instruction {
    build(
        market::ID,
        &accounts::MintCapSet {
            authority,
            config: address::config(),
            registered_mint: address::registered_mint(&mint),
        },
        &arguments::MintCapSet { withdraw_cap },
    )
}

/// Takes `amount` base units out of a balance, to be paid after the longest wait; `owner` signs and pays the rent. `number`, below
/// [`gantry_protocol::limits::MAX_WITHDRAWALS`], is one that no waiting withdrawal of the balance has.
#[must_use]
pub fn withdrawal_request(owner: Pubkey, mint: Pubkey, number: u8, amount: u64) -> Instruction {
    let balance = address::balance(&owner, &mint);
    build(
        market::ID,
        &accounts::WithdrawalRequest {
            owner,
            balance,
            withdrawal: address::withdrawal(&balance, number),
            system_program: SYSTEM_PROGRAM,
        },
        &arguments::WithdrawalRequest { number, amount },
    )
}

/// Puts a withdrawal back into its balance; its owner signs and gets the rent back.
#[must_use]
pub fn withdrawal_cancel(withdrawal: &Withdrawal) -> Instruction {
    build(
        market::ID,
        &accounts::WithdrawalCancel {
            owner: withdrawal.owner,
            balance: withdrawal.balance,
            withdrawal: address::withdrawal(&withdrawal.balance, withdrawal.number),
        },
        &arguments::WithdrawalCancel {},
    )
}

/// Pays a withdrawal whose wait is over to `destination`, a token account of its owner. Nobody has to sign.
#[must_use]
pub fn withdrawal_pay(withdrawal: &Withdrawal, destination: Pubkey, token_program: Pubkey) -> Instruction {
    let mint = withdrawal.mint;
    build(
        market::ID,
        &accounts::WithdrawalPay {
            registered_mint: address::registered_mint(&mint),
            withdrawal: address::withdrawal(&withdrawal.balance, withdrawal.number),
            owner: withdrawal.owner,
            mint,
            vault: address::vault(&mint),
            destination,
            signer: address::market_signer(),
            token_program,
        },
        &arguments::WithdrawalPay {},
    )
}
