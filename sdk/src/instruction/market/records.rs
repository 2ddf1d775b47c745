//! Instructions about the records of providers and tenants.

use market::{accounts, instruction as arguments};
use solana_program::instruction::Instruction;
use solana_pubkey::Pubkey;

use crate::{
    address::{self, SYSTEM_PROGRAM},
    instruction::build,
};

/// Opens the account of a wallet that wants to rent, without which no job of it opens; `payer` signs and pays the rent.
#[must_use]
pub fn tenant_open(payer: Pubkey, wallet: Pubkey) -> Instruction {
    build(
        market::ID,
        &accounts::TenantOpen {
            payer,
            wallet,
            tenant_account: address::tenant(&wallet),
            system_program: SYSTEM_PROGRAM,
        },
        &arguments::TenantOpen {},
    )
}

/// Sets what a million base units of a mint are worth in base units of the network token; `authority` signs.
#[must_use]
pub fn mint_reference_set(authority: Pubkey, mint: Pubkey, reference_price: u64) -> Instruction {
    build(
        market::ID,
        &accounts::MintReferenceSet {
            authority,
            config: address::config(),
            registered_mint: address::registered_mint(&mint),
        },
        &arguments::MintReferenceSet { reference_price },
    )
}
