//! Instructions of the market program.

use gantry_protocol::class::Name;
use market::{
    JobTerms, MarketParameters, NodeSpecification, ProviderProfile, accounts, instruction as arguments, state::Job,
};
use solana_program::instruction::Instruction;
use solana_pubkey::Pubkey;

use super::build;
use crate::{
    address::{self, CLOCK_SYSVAR, INSTRUCTIONS_SYSVAR, SYSTEM_PROGRAM},
    receipt::CoSignedReceipt,
};

mod classes;
mod devices;
mod life;
mod longer;
mod proofs;
mod records;

pub use classes::*;
pub use devices::*;
pub use life::*;
pub use longer::*;
pub use proofs::*;
pub use records::*;

/// Creates the configuration; `deployer` is the program's upgrade authority and signs.
#[must_use]
pub fn config_initialize(deployer: Pubkey, genesis_hash: [u8; 32], args: MarketParameters) -> Instruction {
    build(
        market::ID,
        &accounts::ConfigInitialize {
            deployer,
            program_data: address::program_data(&market::ID),
            config: address::config(),
            system_program: SYSTEM_PROGRAM,
        },
        &arguments::ConfigInitialize { genesis_hash, args },
    )
}

/// Changes the configuration; `authority` signs.
#[must_use]
pub fn config_update(authority: Pubkey, args: MarketParameters) -> Instruction {
    build(
        market::ID,
        &accounts::ConfigUpdate {
            authority,
            config: address::config(),
        },
        &arguments::ConfigUpdate { args },
    )
}

/// Admits a mint; `authority` signs and pays the rent.
#[must_use]
pub fn mint_register(authority: Pubkey, mint: Pubkey, token_program: Pubkey) -> Instruction {
    build(
        market::ID,
        &accounts::MintRegister {
            authority,
            config: address::config(),
            mint,
            registered_mint: address::registered_mint(&mint),
            signer: address::market_signer(),
            vault: address::vault(&mint),
            token_program,
            system_program: SYSTEM_PROGRAM,
        },
        &arguments::MintRegister {},
    )
}

/// Changes whether new jobs may be opened in a mint; `authority` signs.
#[must_use]
pub fn mint_update(authority: Pubkey, mint: Pubkey, enabled: bool) -> Instruction {
    build(
        market::ID,
        &accounts::MintUpdate {
            authority,
            config: address::config(),
            registered_mint: address::registered_mint(&mint),
        },
        &arguments::MintUpdate { enabled },
    )
}

/// Registers a provider; `owner` signs and pays the rent.
#[must_use]
pub fn provider_register(owner: Pubkey, args: ProviderProfile) -> Instruction {
    build(
        market::ID,
        &accounts::ProviderRegister {
            owner,
            provider: address::provider(&owner),
            system_program: SYSTEM_PROGRAM,
        },
        &arguments::ProviderRegister { args },
    )
}

/// Changes a provider's profile; `owner` signs.
#[must_use]
pub fn provider_update(owner: Pubkey, args: ProviderProfile) -> Instruction {
    build(
        market::ID,
        &accounts::ProviderUpdate {
            owner,
            provider: address::provider(&owner),
        },
        &arguments::ProviderUpdate { args },
    )
}

/// Registers the provider's node number `id`; `owner` signs and pays the rent.
#[must_use]
pub fn node_register(owner: Pubkey, id: u16, args: NodeSpecification) -> Instruction {
    let provider = address::provider(&owner);
    build(
        market::ID,
        &accounts::NodeRegister {
            owner,
            provider,
            gpu_class: address::gpu_class(&args.class),
            node: address::node(&provider, id),
            system_program: SYSTEM_PROGRAM,
        },
        &arguments::NodeRegister { id, args },
    )
}

/// Changes a node's durations and readiness; `owner` signs.
#[must_use]
pub fn node_update(owner: Pubkey, node: Pubkey, min_duration_s: u32, max_duration_s: u32, active: bool) -> Instruction {
    build(
        market::ID,
        &accounts::NodeUpdate {
            owner,
            provider: address::provider(&owner),
            node,
        },
        &arguments::NodeUpdate {
            min_duration_s,
            max_duration_s,
            active,
        },
    )
}

/// Sets the rate per GPU of a node of this class in a mint, zero to withdraw the offer; `owner` signs.
#[must_use]
pub fn node_price_set(owner: Pubkey, node: Pubkey, class: &Name, mint: Pubkey, rate: u64) -> Instruction {
    build(
        market::ID,
        &accounts::NodePriceSet {
            owner,
            node,
            registered_mint: address::registered_mint(&mint),
            price_range: address::price_range(class, &mint),
            balance: address::balance(&owner, &mint),
        },
        &arguments::NodePriceSet { rate },
    )
}

/// Says that a node is alive; the attestation key signs.
#[must_use]
pub fn node_heartbeat(attestation_key: Pubkey, provider: Pubkey, node: Pubkey) -> Instruction {
    build(
        market::ID,
        &accounts::NodeHeartbeat {
            attestation_key,
            provider,
            node,
        },
        &arguments::NodeHeartbeat {},
    )
}

/// Opens `owner`'s empty balance in a mint; `payer` signs and pays the rent.
#[must_use]
pub fn balance_open(payer: Pubkey, owner: Pubkey, mint: Pubkey) -> Instruction {
    build(
        market::ID,
        &accounts::BalanceOpen {
            payer,
            owner,
            registered_mint: address::registered_mint(&mint),
            balance: address::balance(&owner, &mint),
            system_program: SYSTEM_PROGRAM,
        },
        &arguments::BalanceOpen {},
    )
}

/// Deposits `amount` base units from the owner's token account `source`; `owner` signs.
#[must_use]
pub fn balance_deposit(owner: Pubkey, mint: Pubkey, source: Pubkey, token_program: Pubkey, amount: u64) -> Instruction {
    build(
        market::ID,
        &accounts::BalanceDeposit {
            owner,
            registered_mint: address::registered_mint(&mint),
            balance: address::balance(&owner, &mint),
            mint,
            vault: address::vault(&mint),
            source,
            token_program,
        },
        &arguments::BalanceDeposit { amount },
    )
}

/// Withdraws `amount` base units to the token account `destination`; `owner` signs.
#[must_use]
pub fn balance_withdraw(
    owner: Pubkey,
    mint: Pubkey,
    destination: Pubkey,
    token_program: Pubkey,
    amount: u64,
) -> Instruction {
    build(
        market::ID,
        &accounts::BalanceWithdraw {
            owner,
            registered_mint: address::registered_mint(&mint),
            balance: address::balance(&owner, &mint),
            mint,
            vault: address::vault(&mint),
            destination,
            signer: address::market_signer(),
            token_program,
        },
        &arguments::BalanceWithdraw { amount },
    )
}

/// Opens a job on `node`, which is of this class, and whose provider's wallet is `provider_owner`; `tenant` signs and pays the rent.
#[must_use]
pub fn job_open(
    tenant: Pubkey,
    nonce: u64,
    node: Pubkey,
    provider_owner: Pubkey,
    class: &Name,
    mint: Pubkey,
    args: JobTerms,
) -> Instruction {
    build(
        market::ID,
        &accounts::JobOpen {
            tenant,
            config: address::config(),
            registered_mint: address::registered_mint(&mint),
            gpu_class: address::gpu_class(class),
            price_range: address::price_range(class, &mint),
            provider: address::provider(&provider_owner),
            node,
            balance: address::balance(&tenant, &mint),
            tenant_account: address::tenant(&tenant),
            job: address::job(&tenant, nonce),
            signer: address::market_signer(),
            pool: address::pool(),
            stake: address::stake(&provider_owner),
            staking_program: staking::ID,
            system_program: SYSTEM_PROGRAM,
        },
        &arguments::JobOpen { nonce, args },
    )
}

/// Starts metering; the attestation key signs.
#[must_use]
pub fn job_start(attestation_key: Pubkey, job: Pubkey) -> Instruction {
    build(
        market::ID,
        &accounts::JobStart { attestation_key, job },
        &arguments::JobStart {},
    )
}

/// Settles a co-signed receipt: the Ed25519 instruction and `job_settle`, to be kept together in this order.
#[must_use]
pub fn job_settle(receipt: &CoSignedReceipt, provider_owner: Pubkey, mint: Pubkey) -> [Instruction; 2] {
    let job = Pubkey::new_from_array(receipt.receipt.job);
    [
        receipt.ed25519_instruction(),
        job_settle_alone(job, address::balance(&provider_owner, &mint)),
    ]
}

/// `job_settle` without the signatures that must stand before it.
#[must_use]
pub fn job_settle_alone(job: Pubkey, balance: Pubkey) -> Instruction {
    build(
        market::ID,
        &accounts::JobSettle {
            job,
            balance,
            instructions: INSTRUCTIONS_SYSVAR,
            clock: CLOCK_SYSVAR,
        },
        &arguments::JobSettle {},
    )
}

/// Ends metering; the tenant's wallet or its session key signs.
#[must_use]
pub fn job_stop(tenant: Pubkey, job: Pubkey) -> Instruction {
    build(market::ID, &accounts::JobStop { tenant, job }, &arguments::JobStop {})
}

/// Closes a job; `caller` signs: anyone when it is due, the attestation key at any time.
#[must_use]
pub fn job_close(caller: Pubkey, address: Pubkey, job: &Job) -> Instruction {
    build(
        market::ID,
        &accounts::JobClose {
            caller,
            job: address,
            node: job.node,
            balance: address::balance(&job.tenant, &job.mint),
            signer: address::market_signer(),
            pool: address::pool(),
            stake: address::stake(&job.provider),
            staking_program: staking::ID,
            fee_shard: address::fee_shard_of(&address, &job.mint),
            provider: address::provider(&job.provider),
            tenant_account: address::tenant(&job.tenant),
        },
        &arguments::JobClose {},
    )
}

/// Cancels a job that was not started; `caller` signs: anyone after the start deadline, the attestation key before.
#[must_use]
pub fn job_cancel(caller: Pubkey, address: Pubkey, job: &Job) -> Instruction {
    build(
        market::ID,
        &accounts::JobCancel {
            caller,
            job: address,
            node: job.node,
            balance: address::balance(&job.tenant, &job.mint),
            signer: address::market_signer(),
            pool: address::pool(),
            stake: address::stake(&job.provider),
            staking_program: staking::ID,
            provider: address::provider(&job.provider),
            tenant_account: address::tenant(&job.tenant),
        },
        &arguments::JobCancel {},
    )
}

/// Makes a job accept the provider's current attestation key; `caller`, its wallet or that key, signs.
#[must_use]
pub fn job_rekey(caller: Pubkey, provider_owner: Pubkey, job: Pubkey) -> Instruction {
    build(
        market::ID,
        &accounts::JobRekey {
            caller,
            provider: address::provider(&provider_owner),
            job,
        },
        &arguments::JobRekey {},
    )
}
