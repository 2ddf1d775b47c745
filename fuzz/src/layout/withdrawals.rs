//! Withdrawals that wait, in the market's layout.

use bytemuck::Zeroable;
use gantry_sdk::market::state as market;

use crate::{
    book::{Book, Place, WithdrawalId},
    model::state::Withdrawal,
};

pub(super) fn layout(book: &Book, id: WithdrawalId, waiting: &Withdrawal) -> market::Withdrawal {
    let ((owner, token), number) = id;
    market::Withdrawal {
        balance: book.at(Place::Balance(owner, token)),
        owner: book.wallet(owner),
        mint: book.mint(token),
        amount: waiting.amount,
        payable_at: waiting.payable_at,
        number,
        bump: book.bump(Place::Withdrawal(id)),
        ..Zeroable::zeroed()
    }
}
