//! Where every account lives.

use gantry_protocol::{class::Name, fault::Fault, fees};
use market::seeds as market_seeds;
use solana_pubkey::Pubkey;
use staking::seeds as staking_seeds;

pub use spl_associated_token_account_interface::address::get_associated_token_address_with_program_id as associated_token;

/// The classic token program.
pub const TOKEN_PROGRAM: Pubkey = Pubkey::from_str_const("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
/// The system program.
pub const SYSTEM_PROGRAM: Pubkey = Pubkey::from_str_const("11111111111111111111111111111111");
/// The Ed25519 precompile.
pub const ED25519_PROGRAM: Pubkey = Pubkey::from_str_const("Ed25519SigVerify111111111111111111111111111");
/// All precompiles: verifiers of signatures that run outside the virtual machine.
pub const PRECOMPILES: [Pubkey; 3] = [
    ED25519_PROGRAM,
    Pubkey::from_str_const("KeccakSecp256k11111111111111111111111111111"),
    Pubkey::from_str_const("Secp256r1SigVerify1111111111111111111111111"),
];
/// The instructions sysvar.
pub const INSTRUCTIONS_SYSVAR: Pubkey = Pubkey::from_str_const("Sysvar1nstructions1111111111111111111111111");
/// The clock sysvar.
pub const CLOCK_SYSVAR: Pubkey = Pubkey::from_str_const("SysvarC1ock11111111111111111111111111111111");
/// The upgradeable loader.
pub const LOADER: Pubkey = Pubkey::from_str_const("BPFLoaderUpgradeab1e11111111111111111111111");

fn market_address(seeds: &[&[u8]]) -> Pubkey {
    Pubkey::find_program_address(seeds, &market::ID).0
}

fn staking_address(seeds: &[&[u8]]) -> Pubkey {
    Pubkey::find_program_address(seeds, &staking::ID).0
}

/// The market's configuration.
#[must_use]
pub fn config() -> Pubkey {
    market_address(&[market_seeds::CONFIG])
}

/// The market's signer, which owns the vaults and alone reserves stake.
#[must_use]
pub fn market_signer() -> Pubkey {
    market_address(&[market_seeds::SIGNER])
}

/// The record of a registered mint.
#[must_use]
pub fn registered_mint(mint: &Pubkey) -> Pubkey {
    market_address(&[market_seeds::MINT, mint.as_ref()])
}

/// The token account that holds all deposits in a mint.
#[must_use]
pub fn vault(mint: &Pubkey) -> Pubkey {
    market_address(&[market_seeds::VAULT, mint.as_ref()])
}

/// A provider, by its wallet.
#[must_use]
pub fn provider(owner: &Pubkey) -> Pubkey {
    market_address(&[market_seeds::PROVIDER, owner.as_ref()])
}

/// A node, by its provider's account and number.
#[must_use]
pub fn node(provider: &Pubkey, id: u16) -> Pubkey {
    market_address(&[market_seeds::NODE, provider.as_ref(), &id.to_le_bytes()])
}

/// A class of GPUs, by its name.
#[must_use]
pub fn gpu_class(name: &Name) -> Pubkey {
    market_address(&[market_seeds::CLASS, name])
}

/// What a class of GPUs may cost in a mint.
#[must_use]
pub fn price_range(class: &Name, mint: &Pubkey) -> Pubkey {
    market_address(&[market_seeds::PRICE_RANGE, class, mint.as_ref()])
}

/// A GPU, by its identity.
#[must_use]
pub fn device(identity: &[u8; 32]) -> Pubkey {
    market_address(&[market_seeds::DEVICE, identity])
}

/// A wallet's balance in a mint.
#[must_use]
pub fn balance(owner: &Pubkey, mint: &Pubkey) -> Pubkey {
    market_address(&[market_seeds::BALANCE, owner.as_ref(), mint.as_ref()])
}

/// A job, by its tenant's wallet and the number that the tenant chose.
#[must_use]
pub fn job(tenant: &Pubkey, nonce: u64) -> Pubkey {
    market_address(&[market_seeds::JOB, tenant.as_ref(), &nonce.to_le_bytes()])
}

/// The waiting claim of a job's provider.
#[must_use]
pub fn claim(job: &Pubkey) -> Pubkey {
    market_address(&[market_seeds::CLAIM, job.as_ref()])
}

/// A tenant, by its wallet.
#[must_use]
pub fn tenant(wallet: &Pubkey) -> Pubkey {
    market_address(&[market_seeds::TENANT, wallet.as_ref()])
}

/// The record of a proven fault of a job's provider.
#[must_use]
pub fn fault(job: &Pubkey, kind: Fault) -> Pubkey {
    market_address(&[market_seeds::FAULT, job.as_ref(), &[kind as u8]])
}

/// The shard of this number that collects fees in a mint.
#[must_use]
pub fn fee_shard(mint: &Pubkey, number: u8) -> Pubkey {
    market_address(&[market_seeds::FEES, mint.as_ref(), &[number]])
}

/// The shard that collects the fee of a job in its mint.
#[must_use]
pub fn fee_shard_of(job: &Pubkey, mint: &Pubkey) -> Pubkey {
    fee_shard(mint, fees::shard_of(job.as_array()))
}

/// The staking pool.
#[must_use]
pub fn pool() -> Pubkey {
    staking_address(&[staking_seeds::POOL])
}

/// The token account that holds all bonds.
#[must_use]
pub fn pool_vault() -> Pubkey {
    staking_address(&[staking_seeds::VAULT])
}

/// A provider's stake, by its wallet.
#[must_use]
pub fn stake(owner: &Pubkey) -> Pubkey {
    staking_address(&[staking_seeds::STAKE, owner.as_ref()])
}

/// A wallet's delegation to the stake of the provider whose wallet is `owner`.
#[must_use]
pub fn delegation(owner: &Pubkey, delegator: &Pubkey) -> Pubkey {
    staking_address(&[staking_seeds::DELEGATION, stake(owner).as_ref(), delegator.as_ref()])
}

/// Where the loader keeps a program's data and upgrade authority.
#[must_use]
pub fn program_data(program: &Pubkey) -> Pubkey {
    Pubkey::find_program_address(&[program.as_ref()], &LOADER).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pools_address_that_the_market_holds_is_the_one_that_the_staking_program_derives() {
        assert_eq!(market_seeds::STAKING_POOL, pool());
    }
}
