//! Tenants' accounts, and what is known of provider and tenant.

use gantry_sdk::{Pubkey, Signer, address, instruction::market as instruction};
use market::state::{Provider, Record, Tenant};

use crate::{outcome::Outcome, world::World};

impl World {
    /// Opens a wallet's account as a tenant, at the deployer's expense.
    pub fn open_tenant(&mut self, wallet: &Pubkey) {
        let open = instruction::tenant_open(self.deployer.pubkey(), *wallet);
        self.chain.send(&[open], &[&self.deployer]).succeeds();
    }

    /// The authority says what fees in USDC weigh.
    pub fn set_reference(&mut self, reference_price: u64) -> Outcome {
        let set = instruction::mint_reference_set(self.authority.pubkey(), self.usdc.address, reference_price);
        self.chain.send(&[set], &[&self.authority])
    }

    /// What is known of the provider.
    #[must_use]
    pub fn provider_record(&self) -> Record {
        self.chain.get::<Provider>(&self.provider.account()).record
    }

    /// What is known of the tenant.
    #[must_use]
    pub fn tenant_record(&self) -> Record {
        self.chain.get::<Tenant>(&address::tenant(&self.tenant.owner())).record
    }
}
