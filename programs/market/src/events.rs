//! What happened, in the past tense; enough to rebuild every row. Append-only.
//!
//! Fixed-size, so that emitting is one copy; off chain the same structs are read with Borsh, whose encoding of integers and
//! fixed arrays is the same bytes.

use anchor_lang::prelude::*;
use gantry_protocol::limits::MAX_ENDPOINT_BYTES;

use crate::state::Record;

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[event(bytemuck)]
        #[cfg_attr(not(target_os = "solana"), derive(Debug, PartialEq, Eq, borsh::BorshDeserialize, borsh::BorshSerialize))]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }
    )*};
}

mod balances;
mod orders;

pub use balances::*;
pub use orders::*;

events! {
    /// The configuration was created or changed; all values after the change.
    MarketConfigured {
        authority: Address,
        genesis_hash: [u8; 32],
        treasury: Address,
        stake_per_gpu: u64,
        start_deadline_s: u32,
        grace_window_s: u32,
        heartbeat_max_age_s: u32,
        fee_bps: u16,
        /// 1 while no new jobs may be opened.
        paused: u16,
        /// The burned part of fees in the network token.
        fee_burn_bps: u64,
    }
    /// A mint was admitted, or its admission changed; all values after the change.
    MintConfigured {
        mint: Address,
        vault: Address,
        token_program: Address,
        decimals: u32,
        /// 1 while new jobs may be opened in it.
        enabled: u32,
        /// Base units that may be withdrawn in an hour; the largest number for no cap.
        withdraw_cap: u64,
        /// Base units that could be withdrawn at `room_at`.
        withdraw_room: u64,
        /// 3600ths of another base unit.
        withdraw_rest: u64,
        room_at: i64,
    }
    /// A provider registered or changed its profile; all values after the change.
    ProviderConfigured {
        provider: Address,
        owner: Address,
        attestation_key: Address,
        tls_key_hash: [u8; 32],
        endpoint: [u8; MAX_ENDPOINT_BYTES],
        endpoint_bytes: u64,
        at: i64,
    }
    /// A node was registered, without GPUs.
    NodeRegistered {
        node: Address,
        provider: Address,
        owner: Address,
        class: [u8; 16],
        region: [u8; 16],
        memory_mib: u32,
        min_duration_s: u32,
        max_duration_s: u32,
        id: u16,
        /// 1 when the GPUs are simulated.
        simulated: u16,
        at: i64,
    }
    /// A node's durations or its readiness changed.
    NodeUpdated {
        node: Address,
        min_duration_s: u32,
        max_duration_s: u32,
        /// 1 while it takes new jobs.
        active: u32,
        /// GPUs that the provider offers now, on all its nodes.
        gpus_offered: u32,
    }
    /// A node's rate in one mint changed; zero when the offer was withdrawn.
    NodePriced {
        node: Address,
        mint: Address,
        /// Micro-atoms per second and GPU.
        rate: u64,
    }
    /// A node said that it is alive.
    NodeHeartbeaten {
        node: Address,
        at: i64,
    }
    /// A job was opened and its escrow set aside.
    JobOpened {
        job: Address,
        tenant: Address,
        provider: Address,
        node: Address,
        mint: Address,
        session_key: Address,
        attestation_key: Address,
        bundle_hash: [u8; 32],
        nonce: u64,
        /// Micro-atoms per second for all GPUs.
        rate: u64,
        escrow: u64,
        stake_reserved: u64,
        /// Value of a million base units of the mint in base units of the network token.
        reference_price: u64,
        /// The tenant's balance afterwards.
        balance: u64,
        opened_at: i64,
        start_deadline: i64,
        max_duration_s: u32,
        grace_window_s: u32,
        gpus: u16,
        fee_bps: u16,
        /// Free GPUs of the node afterwards.
        gpus_free: u32,
    }
    /// Metering began.
    JobStarted {
        job: Address,
        at: i64,
    }
    /// A co-signed receipt was paid.
    JobSettled {
        job: Address,
        sequence: u64,
        metered_ms: u64,
        /// Paid to the provider by this settlement.
        paid_now: u64,
        /// Paid to the provider so far.
        paid: u64,
        /// Kept as fee so far.
        fee: u64,
        /// The provider's balance afterwards.
        balance: u64,
        /// 1 when this was the final receipt.
        is_final: u64,
        at: i64,
        samples_root: [u8; 32],
    }
    /// The tenant ended metering; the grace window runs.
    JobStopped {
        job: Address,
        at: i64,
    }
    /// A job was closed and refunded, and its fee went to a shard.
    JobClosed {
        job: Address,
        fee_shard: Address,
        /// What all metered time cost: paid + fee.
        owed: u64,
        paid: u64,
        fee: u64,
        refund: u64,
        /// The tenant's balance afterwards.
        balance: u64,
        /// Unswept fees of the shard afterwards.
        fee_shard_amount: u64,
        at: i64,
        /// Free GPUs of the node afterwards.
        gpus_free: u64,
    }
    /// A job that was never started returned its escrow.
    JobCancelled {
        job: Address,
        refund: u64,
        /// The tenant's balance afterwards.
        balance: u64,
        at: i64,
        /// Free GPUs of the node afterwards.
        gpus_free: u64,
    }
    /// A job accepts another attestation key.
    JobRekeyed {
        job: Address,
        attestation_key: Address,
    }
    /// A tenant rented for longer; the escrow grew by what that costs.
    JobExtended {
        job: Address,
        /// In all.
        escrow: u64,
        /// The tenant's balance afterwards.
        balance: u64,
        /// In all.
        max_duration_s: u64,
        at: i64,
    }
    /// A provider claimed what its own receipt alone shows; the bond left its balance.
    ClaimOpened {
        job: Address,
        samples_root: [u8; 32],
        sequence: u64,
        metered_ms: u64,
        /// In base units of the job's mint.
        bond: u64,
        /// The provider's balance afterwards.
        balance: u64,
        /// Unix seconds from which it is paid.
        payable_at: i64,
        payer: Address,
    }
    /// A claim was paid, or had become needless; the bond went back.
    ClaimSettled {
        job: Address,
        /// Of the job afterwards, like all that follows.
        samples_root: [u8; 32],
        sequence: u64,
        metered_ms: u64,
        /// Zero when the tenant had signed as much meanwhile.
        paid_now: u64,
        paid: u64,
        fee: u64,
        bond: u64,
        /// The provider's balance afterwards.
        balance: u64,
        at: i64,
    }
    /// Two contradicting receipts refuted a claim; its bond went to the tenant.
    ClaimRefuted {
        job: Address,
        reporter: Address,
        bond: u64,
        /// The tenant's balance afterwards.
        balance: u64,
        at: i64,
    }
    /// A fault was proven, and stake was slashed for it.
    FaultProven {
        /// Its record.
        fault: Address,
        job: Address,
        /// The provider's wallet.
        provider: Address,
        reporter: Address,
        /// Sequence of the later receipt of the proof.
        sequence: u64,
        /// What it cost, in base units of the network token.
        slashed: u64,
        /// 1 equivocation, 2 regressing usage, 3 usage after the final receipt, 4 a contradicting sample.
        kind: u32,
        penalty_bps: u16,
        /// The provider's faults so far.
        faults: u16,
        at: i64,
    }
    /// A fee shard was opened, empty.
    FeeShardOpened {
        fee_shard: Address,
        mint: Address,
        /// Its number among the mint's shards.
        number: u32,
        /// Open shards of the mint afterwards.
        fee_shards: u32,
    }
    /// A fee shard was emptied.
    FeesSwept {
        fee_shard: Address,
        mint: Address,
        /// The treasury's token account.
        treasury_account: Address,
        /// What the shard held: burned + to_treasury.
        amount: u64,
        burned: u64,
        /// What left the vault for the treasury.
        to_treasury: u64,
        /// What arrived there: less when the mint takes a fee of its own.
        received: u64,
        at: i64,
    }
    /// A job's tenant named another hot key.
    SessionRotated {
        job: Address,
        session_key: Address,
        /// Whose receipts still count for a grace window.
        former_session_key: Address,
        at: i64,
    }
    /// A provider announced when it ends a job.
    JobExitAnnounced {
        job: Address,
        exits_at: i64,
        at: i64,
    }
    /// What fees in a mint weigh changed.
    MintReferenceSet {
        mint: Address,
        /// Value of a million base units in base units of the network token.
        reference_price: u64,
    }
    /// A tenant's account was opened, with an empty record.
    TenantOpened {
        tenant: Address,
        wallet: Address,
        at: i64,
    }
    /// A job or a fault of it changed a provider's record.
    ProviderRecorded {
        provider: Address,
        job: Address,
        /// All of it afterwards.
        record: Record,
    }
    /// A job changed a tenant's record.
    TenantRecorded {
        tenant: Address,
        job: Address,
        /// All of it afterwards.
        record: Record,
    }
    /// A class of GPUs was registered, or enabled or disabled; all values after the change.
    ClassConfigured {
        gpu_class: Address,
        name: [u8; 16],
        /// 1 while new nodes and jobs of it are welcome.
        enabled: u64,
    }
    /// What a class may cost in a mint was set; all values after the change.
    PriceRangeConfigured {
        price_range: Address,
        class: [u8; 16],
        mint: Address,
        /// Lowest and highest rate per GPU, in micro-atoms per second.
        floor: u64,
        ceiling: u64,
    }
    /// A GPU was registered for a node.
    DeviceRegistered {
        device: Address,
        node: Address,
        provider: Address,
        identity: [u8; 32],
        at: i64,
        /// GPUs that the provider offers now, on all its nodes.
        gpus_offered: u32,
        /// GPUs of the node afterwards.
        gpus: u16,
        gpus_free: u16,
    }
    /// A GPU moved from one node of its provider to another.
    DeviceMoved {
        device: Address,
        /// The node that offered it.
        from: Address,
        /// The node that offers it now.
        to: Address,
        /// GPUs of both nodes afterwards.
        from_gpus: u16,
        from_gpus_free: u16,
        to_gpus: u16,
        to_gpus_free: u16,
        /// GPUs that the provider offers now, on all its nodes.
        gpus_offered: u64,
        at: i64,
    }
    /// A GPU was retired: anyone may register it now.
    DeviceRetired {
        device: Address,
        node: Address,
        provider: Address,
        identity: [u8; 32],
        /// The provider's wallet, or the market's authority.
        caller: Address,
        /// GPUs that the provider offers now, on all its nodes.
        gpus_offered: u32,
        /// GPUs of the node afterwards.
        gpus: u16,
        gpus_free: u16,
        at: i64,
    }
    /// A job's session key went on with what was left on another node; the successor's opening is logged before.
    JobFailedOver {
        job: Address,
        successor: Address,
        at: i64,
    }
}
