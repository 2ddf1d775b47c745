//! The market: nodes, escrowed jobs, and settlement of co-signed usage.
//!
//! Purpose: a tenant rents GPUs by the second; money moves only against receipts that both sides signed. One state machine, so
//! that settling, paying and recording are atomic.
//!
//! Invariant: per mint, vault ≥ Σ balances + Σ withdrawals that wait + Σ jobs' holdings (escrow not yet paid out, with the fee) +
//! Σ claims' bonds + Σ orders' escrows and deposits + Σ fee shards, equal unless someone gave tokens away.
//! Invariant: a fee goes from its job to a shard, and from there it is burned or goes to the treasury; nothing brings it back.
//! Invariant: a job's provider has been paid exactly what its metered time earns, whatever the number of settlements.
//! Invariant: settling writes the job and the provider's balance, nothing that other jobs share.
//! Invariant: what an owner asks back is paid within [`gantry_protocol::limits::WITHDRAW_MAX_WAIT_S`], whatever governance does.
//! Invariant: the records of providers and tenants change by closed and cancelled jobs and by faults alone, and weigh nothing but fees.
//! Invariant: a node never rents out more GPUs than it has, and gets each back exactly once.
//! Invariant: a node has as many GPUs as devices are registered for it, and no device is registered twice.
#![cfg_attr(not(feature = "idl-build"), no_std)] // What Anchor generates to print the IDL uses std.
#![allow(unexpected_cfgs)] // Anchor's macros name configuration options of platform-tools.
#![deny(clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::expect_used)]

extern crate alloc;

use anchor_lang::prelude::*;

pub mod admission;
#[cfg(all(target_os = "solana", not(feature = "cpi")))]
mod entrypoint;
pub mod errors;
pub mod events;
pub mod instructions;
pub mod seeds;
mod staking_calls;
pub mod state;

pub use errors::MarketError;
pub use instructions::*;

declare_id!("GantryMarketChBLgNoEAVfU4YyVooQXaGXWn3vbiqf");

gantry_onchain::memory_symbols!();

#[cfg(not(feature = "cpi"))]
solana_security_txt::security_txt! {
    name: "Gantry market",
    project_url: "https://github.com/gantry-network/gantry",
    contacts: "link:https://github.com/gantry-network/gantry/security/advisories/new",
    policy: "https://github.com/gantry-network/gantry/blob/main/SECURITY.md",
    preferred_languages: "en",
    source_code: "https://github.com/gantry-network/gantry"
}

/// The market program's instructions.
#[program]
pub mod market {
    use super::*;

    /// Creates the configuration. Signed by the program's upgrade authority.
    pub fn config_initialize(
        ctx: &mut Context<ConfigInitialize>,
        genesis_hash: [u8; 32],
        args: MarketParameters,
    ) -> Result<()> {
        config_initialize::handle(ctx, genesis_hash, &args)
    }

    /// Changes the configuration; running jobs keep the terms they were opened with. Signed by the authority.
    pub fn config_update(ctx: &mut Context<ConfigUpdate>, args: MarketParameters) -> Result<()> {
        config_update::handle(ctx, &args)
    }

    /// Admits a mint and creates its vault. Signed by the authority.
    pub fn mint_register(ctx: &mut Context<MintRegister>) -> Result<()> {
        mint_register::handle(ctx)
    }

    /// Stops new jobs in a mint, or admits them again. Signed by the authority.
    pub fn mint_update(ctx: &mut Context<MintUpdate>, enabled: bool) -> Result<()> {
        mint_update::handle(ctx, enabled)
    }

    /// Registers a class of GPUs under its name, padded with zeros. Signed by the authority.
    pub fn class_register(ctx: &mut Context<ClassRegister>, name: [u8; 16]) -> Result<()> {
        class_register::handle(ctx, name)
    }

    /// Stops new nodes and jobs of a class, or admits them again; running jobs go on. Signed by the authority.
    pub fn class_update(ctx: &mut Context<ClassUpdate>, enabled: bool) -> Result<()> {
        class_update::handle(ctx, enabled)
    }

    /// Opens a mint to a class of GPUs: without a range, nodes of the class are not rented in it. Signed by the authority.
    pub fn price_range_register(ctx: &mut Context<PriceRangeRegister>, floor: u64, ceiling: u64) -> Result<()> {
        price_range_register::handle(ctx, floor, ceiling)
    }

    /// Changes the lowest and highest rate per GPU of a class in a mint; running jobs keep their rate. Signed by the authority.
    pub fn price_range_update(ctx: &mut Context<PriceRangeUpdate>, floor: u64, ceiling: u64) -> Result<()> {
        price_range_update::handle(ctx, floor, ceiling)
    }

    /// Sets what a million base units of a mint are worth in base units of the network token: what its fees weigh in the records of providers
    /// and tenants. Zero, as it is at first: nothing. Signed by the authority.
    pub fn mint_reference_set(ctx: &mut Context<MintReferenceSet>, reference_price: u64) -> Result<()> {
        mint_reference_set::handle(ctx, reference_price)
    }

    /// Sets how many base units of a mint may be withdrawn in an hour; the largest number for no cap. More can be asked for with
    /// `withdrawal_request`. Signed by the authority.
    pub fn mint_cap_set(ctx: &mut Context<MintCapSet>, withdraw_cap: u64) -> Result<()> {
        mint_cap_set::handle(ctx, withdraw_cap)
    }

    /// Registers a provider.
    pub fn provider_register(ctx: &mut Context<ProviderRegister>, args: ProviderProfile) -> Result<()> {
        provider_register::handle(ctx, &args)
    }

    /// Changes a provider's endpoint, its TLS key or its attestation key. Running jobs take the new key over by `job_rekey`.
    pub fn provider_update(ctx: &mut Context<ProviderUpdate>, args: ProviderProfile) -> Result<()> {
        provider_update::handle(ctx, &args)
    }

    /// Registers a node of a class, without GPUs. Numbers count up from zero.
    pub fn node_register(ctx: &mut Context<NodeRegister>, id: u16, args: NodeSpecification) -> Result<()> {
        node_register::handle(ctx, id, &args)
    }

    /// Changes how long a node may be rented, and whether it takes new jobs.
    pub fn node_update(
        ctx: &mut Context<NodeUpdate>,
        min_duration_s: u32,
        max_duration_s: u32,
        active: bool,
    ) -> Result<()> {
        node_update::handle(ctx, min_duration_s, max_duration_s, active)
    }

    /// Sets a node's rate per GPU in one mint; a rate of zero withdraws the offer in that mint.
    pub fn node_price_set(ctx: &mut Context<NodePriceSet>, rate: u64) -> Result<()> {
        node_price_set::handle(ctx, rate)
    }

    /// Registers a GPU for a node, which has a free GPU more from then on. The network knows each GPU once. Signed by the provider's wallet.
    pub fn device_register(ctx: &mut Context<DeviceRegister>, identity: [u8; 32]) -> Result<()> {
        device_register::handle(ctx, identity)
    }

    /// Moves a GPU to another node of the provider with GPUs of the same class, while one is free. Signed by the provider's wallet.
    pub fn device_move(ctx: &mut Context<DeviceMove>) -> Result<()> {
        device_move::handle(ctx)
    }

    /// Takes a GPU off the network while one of its node is free; anyone may register it anew. Signed by the provider's wallet or the
    /// market's authority.
    pub fn device_retire(ctx: &mut Context<DeviceRetire>) -> Result<()> {
        device_retire::handle(ctx)
    }

    /// Says that a node is alive. Signed by the attestation key.
    pub fn node_heartbeat(ctx: &mut Context<NodeHeartbeat>) -> Result<()> {
        node_heartbeat::handle(ctx)
    }

    /// Opens an owner's empty balance in a mint. Anyone may pay for it.
    pub fn balance_open(ctx: &mut Context<BalanceOpen>) -> Result<()> {
        balance_open::handle(ctx)
    }

    /// Moves `amount` tokens from the owner's token account into the vault and credits what arrives there.
    pub fn balance_deposit(ctx: &mut Context<BalanceDeposit>, amount: u64) -> Result<()> {
        balance_deposit::handle(ctx, amount)
    }

    /// Moves tokens from the vault to a token account of the owner's choice, as far as the mint's cap leaves room.
    pub fn balance_withdraw(ctx: &mut Context<BalanceWithdraw>, amount: u64) -> Result<()> {
        balance_withdraw::handle(ctx, amount)
    }

    /// Takes `amount` out of a balance, to be paid to its owner after 24 hours whatever the mint's cap says. `number`, below four, tells
    /// the balance's waiting withdrawals apart.
    pub fn withdrawal_request(ctx: &mut Context<WithdrawalRequest>, number: u8, amount: u64) -> Result<()> {
        withdrawal_request::handle(ctx, number, amount)
    }

    /// Puts a withdrawal that waits back into its balance.
    pub fn withdrawal_cancel(ctx: &mut Context<WithdrawalCancel>) -> Result<()> {
        withdrawal_cancel::handle(ctx)
    }

    /// Pays a withdrawal whose wait is over to a token account of its owner. By anyone.
    pub fn withdrawal_pay(ctx: &mut Context<WithdrawalPay>) -> Result<()> {
        withdrawal_pay::handle(ctx)
    }

    /// Opens the account of a wallet that wants to rent, which holds its record. Anyone may pay for it.
    pub fn tenant_open(ctx: &mut Context<TenantOpen>) -> Result<()> {
        tenant_open::handle(ctx)
    }

    /// Rents GPUs of a node: moves the escrow from the tenant's balance to the job and reserves the provider's stake.
    pub fn job_open(ctx: &mut Context<JobOpen>, nonce: u64, args: JobTerms) -> Result<()> {
        job_open::handle(ctx, nonce, &args)
    }

    /// Starts metering. Signed by the attestation key, before the start deadline.
    pub fn job_start(ctx: &mut Context<JobStart>) -> Result<()> {
        job_start::handle(ctx)
    }

    /// Pays what a co-signed receipt earns. The Ed25519 instruction with both signatures stands directly before this one.
    pub fn job_settle(ctx: &mut Context<JobSettle>) -> Result<()> {
        job_settle::handle(ctx)
    }

    /// Rents for this many seconds in all, at the job's rate: the node's present longest duration bounds it. The escrow grows by what
    /// the time that is added costs. Signed by the tenant's wallet, before the rented time is over.
    pub fn job_extend(ctx: &mut Context<JobExtend>, max_duration_s: u32) -> Result<()> {
        job_extend::handle(ctx, max_duration_s)
    }

    /// Ends metering now. Signed by the tenant or its session key; the provider has the grace window to settle its last receipts.
    pub fn job_stop(ctx: &mut Context<JobStop>) -> Result<()> {
        job_stop::handle(ctx)
    }

    /// Closes a job: refunds what was not used, moves the fee to a shard and gives GPUs and stake back. By anyone once the final
    /// receipt is settled or the grace window after stop or expiry has passed; by the attestation key at any time after the start.
    pub fn job_close(ctx: &mut Context<JobClose>) -> Result<()> {
        job_close::handle(ctx)
    }

    /// Returns the whole escrow of a job that was not started. By anyone after the start deadline; by the attestation key before.
    pub fn job_cancel(ctx: &mut Context<JobCancel>) -> Result<()> {
        job_cancel::handle(ctx)
    }

    /// Makes a job accept receipts of the provider's current attestation key instead of the one it was opened with. Signed by
    /// the provider's wallet or that key; what the old key signed is settled before, or never.
    pub fn job_rekey(ctx: &mut Context<JobRekey>) -> Result<()> {
        job_rekey::handle(ctx)
    }

    /// Gives the tenant's side of a job to another hot key. What the former one has signed can be settled for a grace window more, and only
    /// after that the key can be rotated again. Signed by the tenant's wallet.
    pub fn session_rotate(ctx: &mut Context<SessionRotate>, session_key: Address) -> Result<()> {
        session_rotate::handle(ctx, session_key)
    }

    /// Announces when the provider ends a job: at least ten minutes ahead, and never earlier than it has announced before. Then the job is
    /// over as if it had been stopped. Signed by the provider's wallet or the job's attestation key.
    pub fn job_exit(ctx: &mut Context<JobExit>, exits_at: i64) -> Result<()> {
        job_exit::handle(ctx, exits_at)
    }

    /// Re-opens a job that lost its node on another one of the same class: the same tenant, mint, session key, bundle and number of GPUs, no
    /// dearer, no longer than what is left, once, within an hour of its end. Signed by the session key; anyone else pays the rent.
    pub fn job_failover(ctx: &mut Context<JobFailover>, nonce: u64, max_rate: u64, max_duration_s: u32) -> Result<()> {
        job_failover::handle(ctx, nonce, max_rate, max_duration_s)
    }

    /// Claims what a receipt that the provider alone has signed shows, at most the grace window beyond the last co-signed one, against
    /// a bond of as much. The Ed25519 instruction with the signature stands directly before this one. Signed by the attestation key.
    pub fn claim_open(ctx: &mut Context<ClaimOpen>) -> Result<()> {
        claim_open::handle(ctx)
    }

    /// Pays a claim after its challenge window and gives the bond back; at once, and without pay, when the tenant has signed as much
    /// meanwhile. By anyone.
    pub fn claim_settle(ctx: &mut Context<ClaimSettle>) -> Result<()> {
        claim_settle::handle(ctx)
    }

    /// Refutes a claim by two receipts of its job that contradict each other; the tenant gets the bond. The Ed25519 instruction with
    /// both stands directly before this one. By anyone, for the claim's rent.
    pub fn claim_refute(ctx: &mut Context<ClaimRefute>) -> Result<()> {
        claim_refute::handle(ctx)
    }

    /// Slashes a job's provider whose own two receipts contradict each other; the Ed25519 instruction with both stands directly
    /// before this one. `kind` is 1 for two contents of one sequence, 2 for a later receipt with less usage, 3 for more usage after the final one. By anyone, for a
    /// bounty; once per job and kind.
    pub fn fault_prove(ctx: &mut Context<FaultProve>, kind: u8) -> Result<()> {
        fault_prove::handle(ctx, kind)
    }

    /// Slashes a job's provider one of whose samples contradicts the receipt that commits to it; the Ed25519 instruction with the
    /// receipt, signed by the provider's key alone, stands directly before this one. By anyone, for a bounty; once per job.
    pub fn fault_prove_sample(ctx: &mut Context<FaultProveSample>, args: SampleProof) -> Result<()> {
        fault_prove_sample::handle(ctx, &args)
    }

    /// Opens one of the eight fee shards of a mint, without all of which no job opens in it. Anyone may pay for it.
    pub fn fee_shard_open(ctx: &mut Context<FeeShardOpen>, number: u8) -> Result<()> {
        fee_shard_open::handle(ctx, number)
    }

    /// Empties a fee shard: of the network token governance's part is burned, all else goes to the treasury. By anyone.
    pub fn fees_sweep(ctx: &mut Context<FeesSweep>) -> Result<()> {
        fees_sweep::handle(ctx)
    }

    /// Posts what the tenant needs and the most it pays, and sets that aside out of its balance. The tenant also pays the rent of the job to
    /// come.
    pub fn order_open(ctx: &mut Context<OrderOpen>, nonce: u64, args: OrderTerms) -> Result<()> {
        order_open::handle(ctx, nonce, &args)
    }

    /// Bids for an order with a node that could fulfil it now, or lowers the node's bid. Signed by the provider's wallet, whose balance pays
    /// the deposit. When all places are taken a cheaper bid displaces the dearest, whose deposit goes back.
    pub fn bid_place(ctx: &mut Context<BidPlace>, args: BidTerms) -> Result<()> {
        bid_place::handle(ctx, &args)
    }

    /// Takes a bid back, signed by the provider's wallet: without cost while bids are taken or when the order has expired; between those, while
    /// the tenant and everyone else rely on it, its deposit goes to the tenant.
    pub fn bid_withdraw(ctx: &mut Context<BidWithdraw>, place: u8) -> Result<()> {
        bid_withdraw::handle(ctx, place)
    }

    /// Removes the best bid once no more are taken, if its node can no longer fulfil it. Its deposit goes to the tenant when that is the
    /// provider's doing, else back. By anyone.
    pub fn bid_drop(ctx: &mut Context<BidDrop>) -> Result<()> {
        bid_drop::handle(ctx)
    }

    /// Opens the job of an order with a bid's node at the bid's rate, like `job_open`, and returns what the rate is below the limit. By the
    /// tenant at any time, with any bid of at most `max_rate`; by anyone once no more are taken, with the best. Whoever calls gets the job's
    /// rent back out of the order.
    pub fn order_accept(ctx: &mut Context<OrderAccept>, max_rate: u64) -> Result<()> {
        order_accept::handle(ctx, max_rate)
    }

    /// Ends an order without a job and returns its escrow. Signed by the tenant's wallet, at any time.
    pub fn order_cancel(ctx: &mut Context<OrderCancel>) -> Result<()> {
        order_cancel::handle(ctx)
    }

    /// The same by anyone, once the time to accept a bid is over.
    pub fn order_expire(ctx: &mut Context<OrderExpire>) -> Result<()> {
        order_expire::handle(ctx)
    }

    /// Returns a bid's deposit once its order is accepted or ended. By anyone. With the last one the order's account is closed.
    pub fn bid_refund(ctx: &mut Context<BidRefund>, place: u8) -> Result<()> {
        bid_refund::handle(ctx, place)
    }
}
