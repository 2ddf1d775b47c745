//! A GPU that a node offers.

use anchor_lang::prelude::*;

/// One per GPU in the whole network, at the address of its identity: nobody offers it twice. Closed when it is retired.
#[account]
#[derive(Debug, PartialEq, Eq)]
pub struct Device {
    /// The node that offers it.
    pub node: Address,
    /// The provider's account.
    pub provider: Address,
    /// What tells it from every other GPU: see `gantry_protocol::device`.
    pub identity: [u8; 32],
    /// Unix seconds of the registration.
    pub registered_at: i64,
    /// Bump of this address.
    pub bump: u8,
    /// Named padding.
    pub padding: [u8; 7],
}

const _: () = assert!(core::mem::size_of::<Device>() == 112);
