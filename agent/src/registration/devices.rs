//! Which GPUs the chain must know, and where.

use gantry_protocol::device;
use gantry_sdk::{
    Pubkey, address,
    market::state::{Device, Node},
};
use std::collections::BTreeMap;

use super::{
    plan::{Desired, OnChain, RegistrationError},
    step::Step,
};

/// The GPUs of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inventory {
    /// What tells each from every other.
    Real(Vec<[u8; 32]>),
    /// So many that do not exist: they are told apart by provider, node and number.
    Simulated(u16),
}

impl Inventory {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        match self {
            Self::Real(identities) => identities.len(),
            Self::Simulated(count) => usize::from(*count),
        }
    }

    /// What tells each from every other, when the provider's node of this number has them.
    #[must_use]
    pub fn identities(&self, owner: &Pubkey, node: u16) -> Vec<[u8; 32]> {
        match self {
            Self::Real(identities) => identities.clone(),
            Self::Simulated(count) => {
                let owner = owner.to_bytes();
                (0..*count).map(|gpu| device::simulated(&owner, node, gpu)).collect()
            }
        }
    }
}

/// A GPU of this machine that another provider has registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// What tells it from every other.
    pub identity: [u8; 32],
    /// The other provider's account.
    pub provider: Pubkey,
}

/// A GPU that leaves a node as soon as one of the node's GPUs is free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Later {
    /// What tells it from every other.
    pub identity: [u8; 32],
    /// The number of the node that it leaves.
    pub from: u16,
    /// The number of the node that has it now; none where it is gone.
    pub to: Option<u16>,
}

/// What is to be done about GPUs.
pub(super) struct Changes {
    pub(super) steps: Vec<Step>,
    pub(super) taken: Vec<Taken>,
    pub(super) later: Vec<Later>,
}

/// Decides which GPUs to retire, move and register for node `id`. What leaves a node takes one of its free GPUs: the chain lets no GPU
/// go that a job may hold.
pub(super) fn plan(desired: &Desired, on_chain: &OnChain, id: u16) -> Result<Changes, RegistrationError> {
    let wanted = desired.gpus.identities(&desired.owner, id);
    let own = address::provider(&desired.owner);
    let node_of = |device: &Device| {
        let mut nodes = on_chain.nodes.iter();
        nodes.find(|node| address::node(&own, node.id) == device.node)
    };
    let mut free: BTreeMap<u16, u16> = on_chain.nodes.iter().map(|node| (node.id, node.gpus_free)).collect();
    let mut take = |node: u16| match free.get_mut(&node) {
        Some(free) if *free > 0 => {
            *free -= 1;
            true
        }
        _ => false,
    };
    let (mut leaving, mut arriving) = (Vec::new(), Vec::new());
    let (mut taken, mut later) = (Vec::new(), Vec::new());
    let gone = |device: &&Device| device.provider == own && !wanted.contains(&device.identity);
    for device in on_chain.devices.iter().filter(gone) {
        let (identity, Some(node)) = (device.identity, node_of(device)) else {
            continue;
        };
        if take(node.id) {
            leaving.push(Step::RetireDevice { id: node.id, identity });
        } else {
            later.push(Later {
                identity,
                from: node.id,
                to: None,
            });
        }
    }
    for identity in wanted.iter().copied() {
        let known = on_chain.devices.iter().find(|device| device.identity == identity);
        match known.map(|device| (device, node_of(device))) {
            None => arriving.push(Step::RegisterDevice { id, identity }),
            Some((device, _)) if device.provider != own => taken.push(Taken {
                identity,
                provider: device.provider,
            }),
            Some((_, Some(node))) if node.id != id => {
                if take(node.id) {
                    arriving.extend(change_over(desired, node, id, identity));
                } else {
                    later.push(Later {
                        identity,
                        from: node.id,
                        to: Some(id),
                    });
                }
            }
            Some(_) => {}
        }
    }
    match taken.first() {
        Some(first) if taken.len() == wanted.len() => Err(RegistrationError::AllTaken(first.provider)),
        // A node has room for few: what goes makes place for what comes.
        _ => Ok(Changes {
            steps: [leaving, arriving].concat(),
            taken,
            later,
        }),
    }
}

/// How a GPU comes from another node of the provider: it moves between nodes of one kind only.
fn change_over(desired: &Desired, from: &Node, to: u16, identity: [u8; 32]) -> Vec<Step> {
    let wanted = &desired.specification;
    if from.class == wanted.class && from.simulated == u8::from(wanted.simulated) {
        let from = from.id;
        return vec![Step::MoveDevice { identity, from, to }];
    }
    vec![
        Step::RetireDevice { id: from.id, identity },
        Step::RegisterDevice { id: to, identity },
    ]
}
