//! What happened to orders and bids.

use anchor_lang::prelude::*;

events! {
    /// An order was posted and its escrow set aside.
    OrderOpened {
        order: Address,
        tenant: Address,
        mint: Address,
        session_key: Address,
        bundle_hash: [u8; 32],
        class: [u8; 16],
        /// Zeros: any.
        region: [u8; 16],
        nonce: u64,
        /// The most that it pays per GPU, in micro-atoms per second.
        max_rate: u64,
        escrow: u64,
        /// What each bid deposits.
        deposit: u64,
        /// Lamports set aside for the rent of the job's account.
        job_rent: u64,
        /// The tenant's balance afterwards.
        balance: u64,
        opened_at: i64,
        bids_until: i64,
        accept_until: i64,
        max_duration_s: u32,
        min_memory_mib: u32,
        gpus: u16,
        /// Least score of the provider.
        min_score: u16,
        /// 1 when simulated GPUs will do.
        simulated: u32,
    }
    /// A node bid for an order, or lowered its bid.
    BidPlaced {
        order: Address,
        node: Address,
        /// The provider's wallet.
        provider: Address,
        /// Whose bid lay in this place before, and got its deposit back; zeros when the place was free, or the bid was lowered.
        displaced: Address,
        /// Micro-atoms per second and GPU.
        rate: u64,
        /// What left the provider's balance for it; nothing when the bid was lowered.
        deposit: u64,
        /// The provider's balance afterwards.
        balance: u64,
        /// That of whom was displaced afterwards; zero when nobody was.
        displaced_balance: u64,
        /// Counts the order's bids.
        number: u64,
        at: i64,
        /// Its place in the order.
        place: u64,
    }
    /// A provider took its bid back.
    BidWithdrawn {
        order: Address,
        node: Address,
        /// Whose balance got the deposit: the provider's, or the tenant's when the bid was relied on.
        to: Address,
        /// What the balance got.
        deposit: u64,
        /// The balance afterwards.
        balance: u64,
        at: i64,
        place: u64,
    }
    /// The best bid could not be fulfilled and was removed.
    BidDropped {
        order: Address,
        node: Address,
        /// Whose balance got the deposit: the tenant's when it was the provider's doing, else the provider's.
        to: Address,
        /// What the balance got.
        deposit: u64,
        /// The balance afterwards.
        balance: u64,
        at: i64,
        place: u64,
        /// The code of the error with which the bid would have been refused.
        reason: u64,
    }
    /// A bid was accepted: the job that opened says the rest.
    OrderAccepted {
        order: Address,
        job: Address,
        node: Address,
        /// The escrow less the job's, which went back to the tenant.
        returned: u64,
        /// The tenant's balance afterwards.
        balance: u64,
        at: i64,
        place: u64,
    }
    /// An order ended without a job.
    OrderCancelled {
        order: Address,
        /// The whole escrow.
        refund: u64,
        /// The tenant's balance afterwards.
        balance: u64,
        at: i64,
        /// Bids whose deposits the order still holds; with none its account is closed.
        bids: u32,
        /// 1 when its time was over, 0 when the tenant ended it.
        expired: u32,
    }
    /// The deposit of a bid went back.
    BidRefunded {
        order: Address,
        node: Address,
        /// The provider's wallet.
        provider: Address,
        deposit: u64,
        /// The provider's balance afterwards.
        balance: u64,
        at: i64,
        place: u32,
        /// Bids whose deposits the order still holds; with none its account is closed.
        bids: u32,
    }
}
