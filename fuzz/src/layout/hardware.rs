//! Classes, their price ranges, and devices, in the market's layout.

use bytemuck::Zeroable;
use gantry_sdk::market::state as market;

use crate::{
    book::{Book, Place, RangeId},
    cast::{Class, Device, class_name, identity},
    model::state::Registered,
};

pub(super) fn class(book: &Book, class: Class, enabled: bool) -> market::GpuClass {
    market::GpuClass {
        name: class_name(class),
        enabled: u8::from(enabled),
        bump: book.bump(Place::Class(class)),
        ..Zeroable::zeroed()
    }
}

pub(super) fn range(book: &Book, id: RangeId, (floor, ceiling): (u64, u64)) -> market::PriceRange {
    market::PriceRange {
        class: class_name(id.0),
        mint: book.mint(id.1),
        floor,
        ceiling,
        bump: book.bump(Place::Range(id)),
        ..Zeroable::zeroed()
    }
}

pub(super) fn device(book: &Book, device: Device, registered: &Registered) -> market::Device {
    market::Device {
        node: book.at(Place::Node(registered.node)),
        provider: book.at(Place::Provider(registered.node.0)),
        identity: identity(device),
        registered_at: registered.at,
        bump: book.bump(Place::Device(device)),
        ..Zeroable::zeroed()
    }
}
