//! What is known of providers and tenants, and what weighs it.

use bytemuck::Zeroable;
use gantry_sdk::{
    address,
    market::{
        ID,
        events::{MintReferenceSet, ProviderRecorded, TenantOpened, TenantRecorded},
        seeds,
        state::Tenant,
    },
};

use super::{Outcome, Replica, bump};

impl Replica {
    pub(super) fn mint_reference_set(&mut self, event: &MintReferenceSet) -> Outcome {
        self.mints
            .get_mut(&address::registered_mint(&event.mint))?
            .reference_price = event.reference_price;
        Ok(())
    }

    pub(super) fn tenant_opened(&mut self, event: &TenantOpened) -> Outcome {
        let tenant = Tenant {
            wallet: event.wallet,
            opened_at: event.at,
            bump: bump(&ID, &[seeds::TENANT, event.wallet.as_ref()]),
            ..Zeroable::zeroed()
        };
        self.tenants.insert(event.tenant, tenant)
    }

    pub(super) fn provider_recorded(&mut self, event: &ProviderRecorded) -> Outcome {
        self.providers.get_mut(&event.provider)?.record = event.record;
        Ok(())
    }

    pub(super) fn tenant_recorded(&mut self, event: &TenantRecorded) -> Outcome {
        self.tenants.get_mut(&event.tenant)?.record = event.record;
        Ok(())
    }
}
