//! What happened, in the past tense; enough to rebuild every row. Append-only.
//!
//! Fixed-size, so that emitting is one copy; off chain the same structs are read with Borsh, whose encoding of integers and
//! fixed arrays is the same bytes.

use anchor_lang::prelude::*;

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[event(bytemuck)]
        #[cfg_attr(not(target_os = "solana"), derive(Debug, PartialEq, Eq, borsh::BorshDeserialize, borsh::BorshSerialize))]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }
    )*};
}

events! {
    /// The pool was created or its parameters changed; all values after the change.
    PoolConfigured {
        authority: Address,
        mint: Address,
        market_signer: Address,
        unbonding_period_s: u64,
    }
    /// A stake was opened, empty.
    StakeOpened {
        owner: Address,
        at: i64,
    }
    /// Tokens were bonded.
    StakeDeposited {
        owner: Address,
        amount: u64,
        /// Active stake afterwards.
        active: u64,
    }
    /// Tokens began to unbond.
    UnbondingRequested {
        owner: Address,
        amount: u64,
        /// Active stake afterwards.
        active: u64,
        /// Place in the stake's queue.
        index: u64,
        /// Unix seconds from which it may be withdrawn.
        withdrawable_at: i64,
    }
    /// Matured tokens left the pool.
    UnbondingWithdrawn {
        owner: Address,
        amount: u64,
        /// Bit `i` is set when place `i` of the queue was paid out.
        paid_places: u64,
    }
    /// A job reserved stake.
    StakeReserved {
        owner: Address,
        amount: u64,
        /// Reserved stake afterwards.
        reserved: u64,
    }
    /// A job gave its reserve back.
    StakeReleased {
        owner: Address,
        amount: u64,
        /// Reserved stake afterwards.
        reserved: u64,
    }    /// A waiting request became active stake again.
    UnbondingCancelled {
        owner: Address,
        amount: u64,
        /// Active stake afterwards.
        active: u64,
        /// Place in the stake's queue, now free.
        index: u64,
    }
    /// A proven fault took stake: active first, then the queue by place.
    StakeSlashed {
        owner: Address,
        /// Who got the bounty: a token account.
        bounty_account: Address,
        /// Taken in all: bounty + burned.
        amount: u64,
        bounty: u64,
        from_active: u64,
        from_unbonding: u64,
        /// Active stake afterwards.
        active: u64,
        /// Slashed so far.
        slashed: u64,
    }
}
