//! The market's classes, price ranges and GPUs.

use bytemuck::Zeroable;
use gantry_sdk::market::{
    ID,
    events::{ClassConfigured, DeviceMoved, DeviceRegistered, DeviceRetired, PriceRangeConfigured},
    seeds,
    state::{Device, GpuClass, PriceRange},
};

use super::{Outcome, Replica, bump, narrow};

impl Replica {
    pub(super) fn class_configured(&mut self, event: &ClassConfigured) -> Outcome {
        if self.classes.get(&event.gpu_class).is_err() {
            let class = GpuClass {
                name: event.name,
                bump: bump(&ID, &[seeds::CLASS, &event.name]),
                ..Zeroable::zeroed()
            };
            self.classes.insert(event.gpu_class, class)?;
        }
        self.classes.get_mut(&event.gpu_class)?.enabled = narrow(event.enabled)?;
        Ok(())
    }

    pub(super) fn price_range_configured(&mut self, event: &PriceRangeConfigured) -> Outcome {
        if self.ranges.get(&event.price_range).is_err() {
            let range = PriceRange {
                class: event.class,
                mint: event.mint,
                bump: bump(&ID, &[seeds::PRICE_RANGE, &event.class, event.mint.as_ref()]),
                ..Zeroable::zeroed()
            };
            self.ranges.insert(event.price_range, range)?;
        }
        let range = self.ranges.get_mut(&event.price_range)?;
        range.floor = event.floor;
        range.ceiling = event.ceiling;
        Ok(())
    }

    pub(super) fn device_registered(&mut self, event: &DeviceRegistered) -> Outcome {
        let device = Device {
            node: event.node,
            provider: event.provider,
            identity: event.identity,
            registered_at: event.at,
            bump: bump(&ID, &[seeds::DEVICE, &event.identity]),
            ..Zeroable::zeroed()
        };
        self.devices.insert(event.device, device)?;
        let node = self.nodes.get_mut(&event.node)?;
        node.gpus = event.gpus;
        node.gpus_free = event.gpus_free;
        self.providers.get_mut(&event.provider)?.gpus_offered = event.gpus_offered;
        Ok(())
    }

    pub(super) fn device_moved(&mut self, event: &DeviceMoved) -> Outcome {
        let device = self.devices.get_mut(&event.device)?;
        device.node = event.to;
        let provider = device.provider;
        let from = self.nodes.get_mut(&event.from)?;
        from.gpus = event.from_gpus;
        from.gpus_free = event.from_gpus_free;
        let to = self.nodes.get_mut(&event.to)?;
        to.gpus = event.to_gpus;
        to.gpus_free = event.to_gpus_free;
        self.providers.get_mut(&provider)?.gpus_offered = narrow(event.gpus_offered)?;
        Ok(())
    }

    pub(super) fn device_retired(&mut self, event: &DeviceRetired) -> Outcome {
        self.devices.remove(&event.device)?;
        let node = self.nodes.get_mut(&event.node)?;
        node.gpus = event.gpus;
        node.gpus_free = event.gpus_free;
        self.providers.get_mut(&event.provider)?.gpus_offered = event.gpus_offered;
        Ok(())
    }
}
