//! Configuration, mints, providers and nodes.

use gantry_sdk::market::MarketError;

use super::{
    Record, State, Verdict,
    refusal::{EXISTS, READ_MISSING, WRITTEN_MISSING, WRONG_ADDRESS, require},
    state::{Mint, Node, Provider},
};
use crate::{
    action::profile_number::{FIRST_WRONG_ENDPOINT, WITHOUT_TLS_KEY},
    action::{
        ConfigUpdate, MintRegister, MintUpdate, NodeHeartbeat, NodePriceSet, NodeRegister, NodeUpdate,
        ProviderRegister, ProviderUpdate,
    },
    cast::Key,
};

impl State {
    /// `config_update`.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn config_update(&mut self, update: &ConfigUpdate) -> Verdict {
        require(update.signer == self.config.authority, MarketError::NotAuthority)?;
        let to = &update.to;
        let has_keys = to.authority != Key::Zero && to.treasury != Key::Zero;
        require(has_keys, MarketError::InvalidKey)?;
        let is_in_bounds = to.fee_bps <= 2_000
            && to.fee_burn_bps <= 10_000
            && (5..=3_600).contains(&to.grace_window_s)
            && (1..=3_600).contains(&to.start_deadline_s)
            && to.heartbeat_max_age_s >= 10;
        require(is_in_bounds, MarketError::ParameterOutOfRange)?;
        self.config = to.config();
        Ok(())
    }

    /// `mint_register`.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn mint_register(&mut self, register: &MintRegister) -> Verdict {
        let MintRegister { signer, token } = *register;
        require(!self.mints.contains_key(&token), EXISTS)?;
        require(signer == self.config.authority, MarketError::NotAuthority)?;
        let (enabled, reference) = (true, 0);
        self.mints.insert(token, Mint { enabled, reference });
        Ok(())
    }

    /// `mint_update`.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn mint_update(&mut self, update: &MintUpdate) -> Verdict {
        let MintUpdate { signer, token, enabled } = *update;
        let reference = self.mints.get(&token).ok_or(WRITTEN_MISSING)?.reference;
        require(signer == self.config.authority, MarketError::NotAuthority)?;
        self.mints.insert(token, Mint { enabled, reference });
        Ok(())
    }

    /// `provider_register`.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn provider_register(&mut self, register: &ProviderRegister) -> Verdict {
        let ProviderRegister {
            owner,
            attestation,
            profile,
        } = *register;
        require(!self.providers.contains_key(&owner), EXISTS)?;
        require_profile(attestation, profile)?;
        let provider = Provider {
            attestation,
            profile,
            registered_at: self.now,
            nodes: 0,
            faults: 0,
            offered: 0,
            record: Record::default(),
        };
        self.providers.insert(owner, provider);
        Ok(())
    }

    /// `provider_update`.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn provider_update(&mut self, update: &ProviderUpdate) -> Verdict {
        let ProviderUpdate {
            signer,
            provider: owner,
            attestation,
            profile,
        } = *update;
        let provider = self.providers.get_mut(&owner).ok_or(WRITTEN_MISSING)?;
        require(signer == Key::Wallet(owner), MarketError::NotOwner)?;
        require_profile(attestation, profile)?;
        provider.attestation = attestation;
        provider.profile = profile;
        Ok(())
    }

    /// `node_register`: numbered from zero without gaps.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn node_register(&mut self, register: &NodeRegister) -> Verdict {
        let id = (register.provider, register.id);
        let now = self.now;
        let provider = self.providers.get_mut(&register.provider).ok_or(WRITTEN_MISSING)?;
        let is_enabled = *self.classes.get(&register.named).ok_or(READ_MISSING)?;
        require(!self.nodes.contains_key(&id), EXISTS)?;
        require(register.signer == register.provider, MarketError::NotOwner)?;
        require(register.named == register.class, MarketError::WrongClass)?;
        require(is_enabled, MarketError::ClassDisabled)?;
        require(register.id == provider.nodes, MarketError::NodeIdOutOfOrder)?;
        require(register.is_named, MarketError::InvalidName)?;
        require(register.memory_mib > 0, MarketError::InvalidSpecification)?;
        require(
            is_a_range(register.min_s, register.max_s),
            MarketError::InvalidSpecification,
        )?;
        provider.nodes += 1;
        let node = Node {
            class: register.class,
            gpus: 0,
            rented: 0,
            memory_mib: register.memory_mib,
            min_s: register.min_s,
            max_s: register.max_s,
            active: true,
            simulated: register.simulated,
            heartbeat_at: 0,
            registered_at: now,
            prices: [None; 4],
        };
        self.nodes.insert(id, node);
        Ok(())
    }

    /// `node_update`.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn node_update(&mut self, update: &NodeUpdate) -> Verdict {
        let provider = self.providers.get_mut(&update.provider).ok_or(WRITTEN_MISSING)?;
        let node = self.nodes.get_mut(&update.node).ok_or(WRITTEN_MISSING)?;
        require(update.signer == Key::Wallet(update.node.0), MarketError::NotOwner)?;
        require(update.provider == update.node.0, WRONG_ADDRESS)?;
        require(
            is_a_range(update.min_s, update.max_s),
            MarketError::InvalidSpecification,
        )?;
        let gpus = u32::from(node.gpus);
        match (node.active, update.active) {
            (true, false) => provider.offered -= gpus,
            (false, true) => provider.offered += gpus,
            _ => {}
        }
        node.min_s = update.min_s;
        node.max_s = update.max_s;
        node.active = update.active;
        Ok(())
    }

    /// `node_price_set`: a rate of zero withdraws the offer; another replaces it, or takes the first free of four places.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn node_price_set(&mut self, set: &NodePriceSet) -> Verdict {
        let NodePriceSet {
            signer,
            node: id,
            token,
            range,
            balance,
            rate,
        } = *set;
        let node = self.nodes.get_mut(&id).ok_or(WRITTEN_MISSING)?;
        require(self.mints.contains_key(&token), READ_MISSING)?;
        let (floor, ceiling) = self.ranges.get(&range).copied().ok_or(READ_MISSING)?;
        require(self.balances.contains_key(&balance), READ_MISSING)?;
        require(signer == Key::Wallet(id.0), MarketError::NotOwner)?;
        require(balance == (id.0, token), MarketError::WrongBalance)?;
        require(range == (node.class, token), MarketError::WrongPriceRange)?;
        let is_in_range = rate == 0 || (floor..=ceiling).contains(&rate);
        require(is_in_range, MarketError::RateOutOfRange)?;
        let offer = node
            .prices
            .iter()
            .position(|price| price.is_some_and(|(of, _)| of == token));
        let free = node.prices.iter().position(Option::is_none);
        let place = match offer.or(free) {
            _ if offer.is_none() && rate == 0 => return Err(MarketError::NotOffered.into()),
            Some(place) => place,
            None => return Err(MarketError::TooManyPrices.into()),
        };
        node.prices[place] = (rate > 0).then_some((token, rate));
        Ok(())
    }

    /// `node_heartbeat`.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn node_heartbeat(&mut self, heartbeat: &NodeHeartbeat) -> Verdict {
        let NodeHeartbeat {
            signer,
            provider,
            node: id,
        } = *heartbeat;
        let attestation = self.providers.get(&provider).ok_or(READ_MISSING)?.attestation;
        let node = self.nodes.get_mut(&id).ok_or(WRITTEN_MISSING)?;
        require(signer == attestation, MarketError::NotAttestationKey)?;
        require(provider == id.0, WRONG_ADDRESS)?;
        node.heartbeat_at = self.now;
        Ok(())
    }
}

const fn is_a_range(min_s: u32, max_s: u32) -> bool {
    0 < min_s && min_s <= max_s && max_s <= 31_536_000
}

fn require_profile(attestation: Key, profile: u8) -> Verdict {
    require(
        attestation != Key::Zero && profile != WITHOUT_TLS_KEY,
        MarketError::InvalidKey,
    )?;
    require(profile < FIRST_WRONG_ENDPOINT, MarketError::InvalidEndpoint)
}
