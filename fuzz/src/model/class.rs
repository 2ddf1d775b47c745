//! Classes of GPUs, what they may cost, and the GPUs themselves.

use gantry_sdk::market::MarketError;

use super::{
    State, Verdict,
    refusal::{EXISTS, READ_MISSING, TWICE, WRITTEN_MISSING, WRONG_ADDRESS, require},
    state::Registered,
};
use crate::{
    action::{
        ClassRegister, ClassUpdate, DeviceMove, DeviceRegister, DeviceRetire, PriceRangeRegister, PriceRangeUpdate,
    },
    cast::{Key, is_named},
};

/// Most GPUs of a node.
const MOST_GPUS: u16 = 64;

impl State {
    /// `class_register`: enabled at once.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn class_register(&mut self, register: &ClassRegister) -> Verdict {
        let ClassRegister { signer, class } = *register;
        require(!self.classes.contains_key(&class), EXISTS)?;
        require(signer == self.config.authority, MarketError::NotAuthority)?;
        require(is_named(class), MarketError::InvalidName)?;
        self.classes.insert(class, true);
        Ok(())
    }

    /// `class_update`.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn class_update(&mut self, update: &ClassUpdate) -> Verdict {
        let is_enabled = self.classes.get_mut(&update.class).ok_or(WRITTEN_MISSING)?;
        require(update.signer == self.config.authority, MarketError::NotAuthority)?;
        *is_enabled = update.enabled;
        Ok(())
    }

    /// `price_range_register`.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn price_range_register(&mut self, register: &PriceRangeRegister) -> Verdict {
        let PriceRangeRegister {
            signer,
            range,
            floor,
            ceiling,
        } = *register;
        require(self.classes.contains_key(&range.0), READ_MISSING)?;
        require(self.mints.contains_key(&range.1), READ_MISSING)?;
        require(!self.ranges.contains_key(&range), EXISTS)?;
        require(signer == self.config.authority, MarketError::NotAuthority)?;
        require(holds_a_rate(floor, ceiling), MarketError::PriceRangeEmpty)?;
        self.ranges.insert(range, (floor, ceiling));
        Ok(())
    }

    /// `price_range_update`.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn price_range_update(&mut self, update: &PriceRangeUpdate) -> Verdict {
        let PriceRangeUpdate {
            signer,
            range,
            floor,
            ceiling,
        } = *update;
        let known = self.ranges.get_mut(&range).ok_or(WRITTEN_MISSING)?;
        require(signer == self.config.authority, MarketError::NotAuthority)?;
        require(holds_a_rate(floor, ceiling), MarketError::PriceRangeEmpty)?;
        *known = (floor, ceiling);
        Ok(())
    }

    /// `device_register`: one GPU more that is free.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn device_register(&mut self, register: &DeviceRegister) -> Verdict {
        let DeviceRegister {
            signer,
            provider: owner,
            node: id,
            device,
        } = *register;
        let provider = self.providers.get_mut(&owner).ok_or(WRITTEN_MISSING)?;
        let node = self.nodes.get_mut(&id).ok_or(WRITTEN_MISSING)?;
        require(!self.devices.contains_key(&device), EXISTS)?;
        require(signer == owner, MarketError::NotOwner)?;
        require(owner == id.0, WRONG_ADDRESS)?;
        require(node.gpus < MOST_GPUS, MarketError::NodeFull)?;
        node.gpus += 1;
        provider.offered += u32::from(node.active);
        self.devices.insert(device, Registered { node: id, at: self.now });
        Ok(())
    }

    /// `device_move`: a free GPU less here, one more there.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn device_move(&mut self, shift: &DeviceMove) -> Verdict {
        let DeviceMove {
            signer,
            provider: owner,
            device,
            from,
            to,
        } = *shift;
        require(from != to, TWICE)?;
        require(self.providers.contains_key(&owner), WRITTEN_MISSING)?;
        let at = self.devices.get(&device).ok_or(WRITTEN_MISSING)?.node;
        let source = self.nodes.get(&from).ok_or(WRITTEN_MISSING)?.clone();
        let target = self.nodes.get(&to).ok_or(WRITTEN_MISSING)?.clone();
        require(signer == Key::Wallet(owner), MarketError::NotOwner)?;
        require(owner == from.0 && at == from, WRONG_ADDRESS)?;
        require(to.0 == from.0, MarketError::NotOwner)?;
        let is_of_a_kind = source.class == target.class && source.simulated == target.simulated;
        require(is_of_a_kind, MarketError::OtherClass)?;
        require(source.rented < source.gpus, MarketError::DevicesRented)?;
        require(target.gpus < MOST_GPUS, MarketError::NodeFull)?;
        if let Some(node) = self.nodes.get_mut(&from) {
            node.gpus -= 1;
        }
        if let Some(node) = self.nodes.get_mut(&to) {
            node.gpus += 1;
        }
        if let Some(provider) = self.providers.get_mut(&owner) {
            provider.offered = provider.offered + u32::from(target.active) - u32::from(source.active);
        }
        if let Some(registered) = self.devices.get_mut(&device) {
            registered.node = to;
        }
        Ok(())
    }

    /// `device_retire`: a free GPU less.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn device_retire(&mut self, retire: &DeviceRetire) -> Verdict {
        let DeviceRetire {
            caller,
            provider: owner,
            node: id,
            device,
            owner: paid,
        } = *retire;
        let provider = self.providers.get_mut(&owner).ok_or(WRITTEN_MISSING)?;
        let node = self.nodes.get_mut(&id).ok_or(WRITTEN_MISSING)?;
        let at = self.devices.get(&device).ok_or(WRITTEN_MISSING)?.node;
        require(owner == id.0 && id == at && paid == owner, WRONG_ADDRESS)?;
        let may = caller == Key::Wallet(owner) || caller == self.config.authority;
        require(may, MarketError::NotOwner)?;
        require(node.rented < node.gpus, MarketError::DevicesRented)?;
        node.gpus -= 1;
        provider.offered -= u32::from(node.active);
        self.devices.remove(&device);
        Ok(())
    }
}

const fn holds_a_rate(floor: u64, ceiling: u64) -> bool {
    ceiling > 0 && floor <= ceiling
}
