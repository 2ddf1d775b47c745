//! Withdrawals that wait.

use bytemuck::Zeroable;
use gantry_sdk::{
    address,
    market::{
        ID,
        events::{BalanceWithdrawn, WithdrawalCancelled, WithdrawalPaid, WithdrawalRequested},
        seeds,
        state::Withdrawal,
    },
};

use super::{Outcome, Replica, bump, narrow};

impl Replica {
    pub(super) fn balance_withdrawn(&mut self, event: &BalanceWithdrawn) -> Outcome {
        let mint = self.mints.get_mut(&address::registered_mint(&event.mint))?;
        mint.withdraw_room = event.withdraw_room;
        mint.withdraw_rest = narrow(event.withdraw_rest)?;
        mint.room_at = event.room_at;
        self.set_balance(&event.owner, &event.mint, event.balance)
    }

    pub(super) fn withdrawal_requested(&mut self, event: &WithdrawalRequested) -> Outcome {
        let balance = address::balance(&event.owner, &event.mint);
        let number: u8 = narrow(event.number)?;
        let withdrawal = Withdrawal {
            balance,
            owner: event.owner,
            mint: event.mint,
            amount: event.amount,
            payable_at: event.payable_at,
            number,
            bump: bump(&ID, &[seeds::WITHDRAWAL, balance.as_ref(), &[number]]),
            ..Zeroable::zeroed()
        };
        self.withdrawals.insert(event.withdrawal, withdrawal)?;
        self.set_balance(&event.owner, &event.mint, event.balance)
    }

    pub(super) fn withdrawal_cancelled(&mut self, event: &WithdrawalCancelled) -> Outcome {
        self.withdrawals.remove(&event.withdrawal)?;
        self.set_balance(&event.owner, &event.mint, event.balance)
    }

    pub(super) fn withdrawal_paid(&mut self, event: &WithdrawalPaid) -> Outcome {
        self.withdrawals.remove(&event.withdrawal)
    }
}
