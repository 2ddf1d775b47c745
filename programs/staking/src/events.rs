//! What happened, in the past tense; enough to rebuild every row. Append-only.
//!
//! Fixed-size, so that emitting is one copy; off chain the same structs are read with Borsh, whose encoding of integers and
//! fixed arrays is the same bytes.

use anchor_lang::prelude::*;
use gantry_protocol::limits::MAX_UNBONDINGS;

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
        vault: Address,
        /// Decimals of the mint.
        decimals: u64,
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
    }
    /// A waiting request became active stake again.
    UnbondingCancelled {
        owner: Address,
        amount: u64,
        /// Active stake afterwards.
        active: u64,
        /// Place in the stake's queue, now free.
        index: u64,
    }
    /// A proven fault took the same fraction of every part of a stake.
    StakeSlashed {
        owner: Address,
        /// Who got the bounty: a token account.
        bounty_account: Address,
        /// Taken in all: bounty + burned, and the sum of the parts below.
        amount: u64,
        bounty: u64,
        from_active: u64,
        /// Out of each place of the queue; a place that has nothing left is free.
        from_unbondings: [u64; 8],
        from_delegated: u64,
        from_delegated_unbonding: u64,
        /// Active stake afterwards.
        active: u64,
        /// Slashed so far.
        slashed: u64,
    }
    /// A delegation was opened, empty.
    DelegationOpened {
        /// The provider.
        owner: Address,
        delegator: Address,
        at: i64,
    }
    /// Tokens were delegated.
    DelegationDeposited {
        owner: Address,
        delegator: Address,
        amount: u64,
        /// Shares that they bought.
        shares: u64,
        /// Delegated stake afterwards, and the shares that own it.
        delegated: u64,
        delegated_shares: u64,
    }
    /// Delegated tokens began to unbond.
    DelegationUnbonded {
        owner: Address,
        delegator: Address,
        /// Shares that were given up.
        shares: u64,
        /// Base units that they were worth.
        amount: u64,
        /// Shares of the delegated unbonding that those bought.
        unbonding_shares: u64,
        /// Place in the delegation's queue.
        index: u64,
        /// Unix seconds from which it may be withdrawn.
        withdrawable_at: i64,
        /// Delegated stake afterwards, what is unbonding of it, and the shares that own each.
        delegated: u64,
        delegated_shares: u64,
        delegated_unbonding: u64,
        delegated_unbonding_shares: u64,
    }
    /// A delegator's waiting request became delegated stake again.
    DelegationUnbondingCancelled {
        owner: Address,
        delegator: Address,
        /// Shares of the delegated unbonding that were given up.
        unbonding_shares: u64,
        /// Base units that they were worth.
        amount: u64,
        /// Shares of the delegated stake that those bought.
        shares: u64,
        /// Place in the delegation's queue, now free.
        index: u64,
        /// Delegated stake afterwards, what is unbonding of it, and the shares that own each.
        delegated: u64,
        delegated_shares: u64,
        delegated_unbonding: u64,
        delegated_unbonding_shares: u64,
    }
    /// A delegator's matured tokens left the pool.
    DelegationWithdrawn {
        owner: Address,
        delegator: Address,
        /// Shares of the delegated unbonding that were given up.
        unbonding_shares: u64,
        /// Base units that were paid: none, when a fault took all.
        amount: u64,
        /// Bit `i` is set when place `i` of the queue was paid out.
        paid_places: u64,
        /// What is unbonding afterwards, and the shares that own it.
        delegated_unbonding: u64,
        delegated_unbonding_shares: u64,
    }
    /// A provider set its commission.
    CommissionSet {
        owner: Address,
        /// What counts now, in basis points.
        commission_bps: u64,
        /// What was announced; the same where nothing was.
        next_commission_bps: u64,
        /// Unix seconds from which that counts; zero where nothing was announced.
        commission_from: i64,
    }
    /// A reward was shared out.
    RewardAdded {
        owner: Address,
        payer: Address,
        /// What was paid in: own + commission + delegators.
        amount: u64,
        /// What the provider's own active stake earned.
        own: u64,
        /// The provider's part of what the delegated stake earned.
        commission: u64,
        /// The delegators' part of it.
        delegators: u64,
        /// The commission that counted, in basis points.
        commission_bps: u64,
        /// The provider's active stake afterwards.
        active: u64,
        /// Delegated stake afterwards.
        delegated: u64,
    }
}

const _: () = assert!(MAX_UNBONDINGS == 8, "the queue in `StakeSlashed` has as many places");
