//! The market's accounts but those of jobs: who governs, offers and pays, and in what.

use bytemuck::Zeroable;
use gantry_sdk::{
    Pubkey, address,
    market::{
        ID,
        events::{
            BalanceOpened, FeeShardOpened, FeesSwept, MarketConfigured, MintConfigured, NodeHeartbeaten, NodePriced,
            NodeRegistered, NodeUpdated, ProviderConfigured,
        },
        seeds,
        state::{Balance, Config, FeeShard, Node, Price, Provider, RegisteredMint},
    },
};

use super::{Outcome, Replica, bump, narrow};

impl Replica {
    pub(super) fn market_configured(&mut self, event: &MarketConfigured) -> Outcome {
        let address = address::config();
        if self.configs.get(&address).is_err() {
            let config = Config {
                bump: bump(&ID, &[seeds::CONFIG]),
                ..Zeroable::zeroed()
            };
            self.configs.insert(address, config)?;
        }
        let config = self.configs.get_mut(&address)?;
        config.authority = event.authority;
        config.genesis_hash = event.genesis_hash;
        config.treasury = event.treasury;
        config.stake_per_gpu = event.stake_per_gpu;
        config.start_deadline_s = event.start_deadline_s;
        config.grace_window_s = event.grace_window_s;
        config.heartbeat_max_age_s = event.heartbeat_max_age_s;
        config.fee_bps = event.fee_bps;
        config.fee_burn_bps = narrow(event.fee_burn_bps)?;
        config.paused = narrow(event.paused)?;
        Ok(())
    }

    pub(super) fn mint_configured(&mut self, event: &MintConfigured) -> Outcome {
        let address = address::registered_mint(&event.mint);
        if self.mints.get(&address).is_err() {
            let mint = RegisteredMint {
                bump: bump(&ID, &[seeds::MINT, event.mint.as_ref()]),
                ..Zeroable::zeroed()
            };
            self.mints.insert(address, mint)?;
        }
        let mint = self.mints.get_mut(&address)?;
        mint.mint = event.mint;
        mint.vault = event.vault;
        mint.token_program = event.token_program;
        mint.decimals = narrow(event.decimals)?;
        mint.enabled = narrow(event.enabled)?;
        Ok(())
    }

    pub(super) fn provider_configured(&mut self, event: &ProviderConfigured) -> Outcome {
        if self.providers.get(&event.provider).is_err() {
            let provider = Provider {
                owner: event.owner,
                registered_at: event.at,
                bump: bump(&ID, &[seeds::PROVIDER, event.owner.as_ref()]),
                ..Zeroable::zeroed()
            };
            self.providers.insert(event.provider, provider)?;
        }
        let provider = self.providers.get_mut(&event.provider)?;
        provider.attestation_key = event.attestation_key;
        provider.tls_key_hash = event.tls_key_hash;
        provider.endpoint = event.endpoint;
        provider.endpoint_bytes = narrow(event.endpoint_bytes)?;
        Ok(())
    }

    pub(super) fn node_registered(&mut self, event: &NodeRegistered) -> Outcome {
        let node = Node {
            provider: event.provider,
            owner: event.owner,
            class: event.class,
            region: event.region,
            registered_at: event.at,
            memory_mib: event.memory_mib,
            min_duration_s: event.min_duration_s,
            max_duration_s: event.max_duration_s,
            id: event.id,
            active: 1,
            simulated: narrow(event.simulated)?,
            bump: bump(&ID, &[seeds::NODE, event.provider.as_ref(), &event.id.to_le_bytes()]),
            ..Zeroable::zeroed()
        };
        self.nodes.insert(event.node, node)?;
        self.providers.get_mut(&event.provider)?.nodes = event.id + 1;
        Ok(())
    }

    pub(super) fn node_updated(&mut self, event: &NodeUpdated) -> Outcome {
        let node = self.nodes.get_mut(&event.node)?;
        node.min_duration_s = event.min_duration_s;
        node.max_duration_s = event.max_duration_s;
        node.active = narrow(event.active)?;
        let provider = node.provider;
        self.providers.get_mut(&provider)?.gpus_offered = event.gpus_offered;
        Ok(())
    }

    /// A price keeps its place while it is offered, and a new one takes the first that is free.
    pub(super) fn node_priced(&mut self, event: &NodePriced) -> Outcome {
        let prices = &mut self.nodes.get_mut(&event.node)?.prices;
        let known = prices
            .iter()
            .position(|price| price.rate > 0 && price.mint == event.mint);
        let place = known.or_else(|| prices.iter().position(|price| price.rate == 0));
        let place = place.ok_or("the node has no place for another price")?;
        prices[place] = match event.rate {
            0 => Price::default(),
            rate => Price { mint: event.mint, rate },
        };
        Ok(())
    }

    pub(super) fn node_heartbeaten(&mut self, event: &NodeHeartbeaten) -> Outcome {
        self.nodes.get_mut(&event.node)?.heartbeat_at = event.at;
        Ok(())
    }

    pub(super) fn balance_opened(&mut self, event: &BalanceOpened) -> Outcome {
        let balance = Balance {
            owner: event.owner,
            mint: event.mint,
            bump: bump(&ID, &[seeds::BALANCE, event.owner.as_ref(), event.mint.as_ref()]),
            ..Zeroable::zeroed()
        };
        self.balances
            .insert(address::balance(&event.owner, &event.mint), balance)
    }

    pub(super) fn set_balance(&mut self, owner: &Pubkey, mint: &Pubkey, amount: u64) -> Outcome {
        self.balances.get_mut(&address::balance(owner, mint))?.amount = amount;
        Ok(())
    }

    pub(super) fn fee_shard_opened(&mut self, event: &FeeShardOpened) -> Outcome {
        let number: u8 = narrow(event.number)?;
        let shard = FeeShard {
            mint: event.mint,
            number,
            bump: bump(&ID, &[seeds::FEES, event.mint.as_ref(), &[number]]),
            ..Zeroable::zeroed()
        };
        self.shards.insert(event.fee_shard, shard)?;
        self.mints.get_mut(&address::registered_mint(&event.mint))?.fee_shards = narrow(event.fee_shards)?;
        Ok(())
    }

    pub(super) fn fees_swept(&mut self, event: &FeesSwept) -> Outcome {
        self.shards.get_mut(&event.fee_shard)?.amount = 0;
        Ok(())
    }
}
