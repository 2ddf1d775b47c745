//! GPUs: registering them, moving them between nodes, and taking them off the network.

use gantry_sdk::{
    Instruction,
    market::{ID, accounts, instruction as arguments},
};
use serde::{Deserialize, Serialize};

use super::{Step, build};
use crate::{
    book::{Book, NodeId, Place},
    cast::{Actor, DEVICES, Device, Key, identity},
    dice::Dice,
    model::{State, Verdict},
};

/// `device_register`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct DeviceRegister {
    pub signer: Actor,
    pub provider: Actor,
    pub node: NodeId,
    pub device: Device,
}

impl DeviceRegister {
    /// By the node's provider, for the prologue.
    #[must_use]
    pub const fn standard(node: NodeId, device: Device) -> Self {
        Self {
            signer: node.0,
            provider: node.0,
            node,
            device,
        }
    }
}

impl Step for DeviceRegister {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let node = dice.node(state)?;
        let free: Vec<_> = (0..DEVICES)
            .filter(|device| !state.devices.contains_key(device))
            .collect();
        let is_taken = dice.chance(15);
        let device = match dice.pick(&free) {
            Some(device) if !is_taken => *device,
            _ => dice.device(),
        };
        let mut register = Self::standard(node, device);
        register.provider = dice.mostly(node.0, Dice::actor);
        register.signer = dice.mostly(register.provider, Dice::actor);
        Some(register)
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.device_register(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::DeviceRegister {
            owner: book.wallet(self.signer),
            provider: book.at(Place::Provider(self.provider)),
            node: book.at(Place::Node(self.node)),
            device: book.at(Place::Device(self.device)),
            system_program: gantry_sdk::address::SYSTEM_PROGRAM,
        };
        let identity = identity(self.device);
        build(ID, &accounts, &arguments::DeviceRegister { identity })
    }
}

/// `device_move`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct DeviceMove {
    pub signer: Key,
    pub provider: Actor,
    pub device: Device,
    pub from: NodeId,
    pub to: NodeId,
}

impl Step for DeviceMove {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let device = dice.known_device(state)?;
        let from = state.devices.get(&device).map_or((0, 0), |device| device.node);
        let siblings: Vec<_> = state.nodes.keys().filter(|id| id.0 == from.0 && **id != from).collect();
        let to = dice.pick(&siblings).map(|id| **id);
        let any = dice.node(state)?;
        Some(Self {
            signer: dice.signer(Key::Wallet(from.0)),
            provider: dice.mostly(from.0, Dice::actor),
            device,
            from: dice.mostly_node(from, state),
            to: to.filter(|_| !dice.chance(10)).unwrap_or(any),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.device_move(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::DeviceMove {
            owner: book.key(self.signer),
            provider: book.at(Place::Provider(self.provider)),
            device: book.at(Place::Device(self.device)),
            from: book.at(Place::Node(self.from)),
            to: book.at(Place::Node(self.to)),
        };
        build(ID, &accounts, &arguments::DeviceMove {})
    }
}

/// `device_retire`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct DeviceRetire {
    pub caller: Key,
    pub provider: Actor,
    pub node: NodeId,
    pub device: Device,
    pub owner: Actor,
}

impl Step for DeviceRetire {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let device = dice.known_device(state)?;
        let node = state.devices.get(&device).map_or((0, 0), |device| device.node);
        let right = if dice.chance(20) {
            state.config.authority
        } else {
            Key::Wallet(node.0)
        };
        Some(Self {
            caller: dice.signer(right),
            provider: dice.mostly(node.0, Dice::actor),
            node: dice.mostly_node(node, state),
            device,
            owner: dice.mostly(node.0, Dice::actor),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.device_retire(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::DeviceRetire {
            caller: book.key(self.caller),
            config: book.at(Place::Config),
            provider: book.at(Place::Provider(self.provider)),
            node: book.at(Place::Node(self.node)),
            device: book.at(Place::Device(self.device)),
            owner: book.wallet(self.owner),
        };
        build(ID, &accounts, &arguments::DeviceRetire {})
    }
}

impl Dice {
    /// Any GPU, registered or not.
    fn device(&mut self) -> Device {
        u16::try_from(self.below(u64::from(DEVICES))).expect("few")
    }

    /// A GPU, rarely one that is not registered.
    fn known_device(&mut self, state: &State) -> Option<Device> {
        let known = self.among(&state.devices)?;
        Some(self.mostly(known, Self::device))
    }
}
