//! Arguments of `gantry device`.

use clap::{Args, Subcommand};
use gantry_sdk::{Pubkey, protocol::device};

/// `gantry device`.
#[derive(Debug, Subcommand)]
pub(crate) enum DeviceCommand {
    /// List the GPUs that a provider has registered
    Ls {
        /// The provider's wallet; this one unless given
        #[arg(long, value_name = "WALLET")]
        owner: Option<Pubkey>,
    },
    /// Show one registered GPU
    Show {
        /// The device's address
        device: Pubkey,
    },
    /// Register a GPU for a node; the agent does this by itself when it starts
    Register(DeviceRegisterArguments),
    /// Move a GPU to another node of this provider with GPUs of the same class, while one is free
    Move {
        /// The device's address
        device: Pubkey,

        /// The other node's address
        #[arg(long, value_name = "NODE")]
        to: Pubkey,
    },
    /// Take a GPU off the network, while one of its node is free: after that whoever owns it can register it
    Retire {
        /// The device's address
        device: Pubkey,
    },
}

/// Which GPU, and where.
#[derive(Args, Clone, Debug)]
pub(crate) struct DeviceRegisterArguments {
    /// The node's address
    #[arg(long, value_name = "NODE")]
    pub(crate) node: Pubkey,

    #[command(flatten)]
    pub(crate) gpu: Gpu,
}

/// Which GPU.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct Gpu {
    /// Its UUID, as `nvidia-smi -L` shows it: GPU-5c1b2a3d-0011-2233-4455-66778899aabb
    #[arg(long, value_name = "UUID", value_parser = uuid)]
    pub(crate) uuid: Option<[u8; 16]>,

    /// The number of a GPU that does not exist, from 0, on a node of simulated ones
    #[arg(long, value_name = "N")]
    pub(crate) simulated: Option<u16>,
}

fn uuid(text: &str) -> Result<[u8; 16], String> {
    device::nvidia_uuid(text).ok_or_else(|| {
        "a GPU's UUID looks like GPU-5c1b2a3d-0011-2233-4455-66778899aabb; `nvidia-smi -L` shows it".into()
    })
}
