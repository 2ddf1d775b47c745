//! A node: GPUs of one class that are rented out together or apart.

use anchor_lang::prelude::*;
use bytemuck::{Pod, Zeroable};
use gantry_protocol::{
    class,
    limits::{MAX_GPUS_PER_NODE, MAX_JOB_DURATION_S, MAX_PRICES},
    Rate, UnixSeconds,
};

use crate::{MarketError, NodeSpecification};

/// The node's rate in one mint; a rate of zero marks a free place.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable, IdlType)]
pub struct Price {
    /// The mint.
    pub mint: Address,
    /// Micro-atoms per second and GPU.
    pub rate: u64,
}

/// One per node of a provider.
#[account]
#[derive(Debug, PartialEq, Eq)]
pub struct Node {
    /// The provider's account.
    pub provider: Address,
    /// The provider's wallet.
    pub owner: Address,
    /// GPU class, such as `h100-sxm`.
    pub class: [u8; 16],
    /// Region, such as `eu-central`.
    pub region: [u8; 16],
    /// Offers per mint.
    pub prices: [Price; MAX_PRICES],
    /// Unix seconds of the last heartbeat; zero before the first.
    pub heartbeat_at: i64,
    /// Unix seconds of the registration.
    pub registered_at: i64,
    /// Memory of each GPU in MiB.
    pub memory_mib: u32,
    /// Shortest job in seconds.
    pub min_duration_s: u32,
    /// Longest job in seconds.
    pub max_duration_s: u32,
    /// GPUs in all: the devices that are registered for it.
    pub gpus: u16,
    /// GPUs that no job holds.
    pub gpus_free: u16,
    /// Number among the provider's nodes.
    pub id: u16,
    /// 1 while it takes new jobs.
    pub active: u8,
    /// 1 when the GPUs are simulated: everything that shows the node says so.
    pub simulated: u8,
    /// Bump of this address.
    pub bump: u8,
    /// Named padding.
    pub padding: [u8; 3],
}

const _: () = assert!(core::mem::size_of::<Node>() == 296);

impl Node {
    /// Takes over what the node is.
    pub fn specify(&mut self, args: &NodeSpecification) -> core::result::Result<(), MarketError> {
        if !class::is_valid(&args.class) || !class::is_valid(&args.region) {
            return Err(MarketError::InvalidName);
        }
        if args.memory_mib == 0 {
            return Err(MarketError::InvalidSpecification);
        }
        self.class = args.class;
        self.region = args.region;
        self.memory_mib = args.memory_mib;
        self.simulated = u8::from(args.simulated);
        self.offer(args.min_duration_s, args.max_duration_s, true)
    }

    /// Sets how long the node may be rented and whether it takes new jobs.
    pub fn offer(&mut self, min_s: u32, max_s: u32, active: bool) -> core::result::Result<(), MarketError> {
        if min_s == 0 || min_s > max_s || max_s > MAX_JOB_DURATION_S {
            return Err(MarketError::InvalidSpecification);
        }
        self.min_duration_s = min_s;
        self.max_duration_s = max_s;
        self.active = u8::from(active);
        Ok(())
    }

    /// Sets, replaces or (with a rate of zero) withdraws the price in one mint.
    pub fn set_price(&mut self, mint: Address, rate: Rate) -> core::result::Result<(), MarketError> {
        let known = self
            .prices
            .iter()
            .position(|price| price.rate > 0 && price.mint == mint);
        let free = self.prices.iter().position(|price| price.rate == 0);
        match (known, free, rate.0) {
            (Some(place), _, 0) => self.prices[place] = Price::default(),
            (None, _, 0) => return Err(MarketError::NotOffered),
            (Some(place), _, rate) | (None, Some(place), rate) => self.prices[place] = Price { mint, rate },
            (None, None, _) => return Err(MarketError::TooManyPrices),
        }
        Ok(())
    }

    /// The rate per GPU in a mint.
    pub fn price(&self, mint: &Address) -> core::result::Result<Rate, MarketError> {
        self.prices
            .iter()
            .find(|price| price.rate > 0 && price.mint == *mint)
            .map(|price| Rate(price.rate))
            .ok_or(MarketError::NotOffered)
    }

    /// Refuses a job of `duration_s` seconds in all when the node takes no more jobs, or none as long.
    pub fn require_offered_for(&self, duration_s: u32) -> core::result::Result<(), MarketError> {
        if self.active == 0 {
            return Err(MarketError::NodeInactive);
        }
        if !(self.min_duration_s..=self.max_duration_s).contains(&duration_s) {
            return Err(MarketError::DurationOutOfRange);
        }
        Ok(())
    }

    /// Sets `gpus` GPUs aside for a job of `duration_s` seconds.
    pub fn rent(
        &mut self,
        gpus: u16,
        duration_s: u32,
        now: UnixSeconds,
        heartbeat_max_age_s: u32,
    ) -> core::result::Result<(), MarketError> {
        if self.active == 0 {
            return Err(MarketError::NodeInactive);
        }
        if now.since(UnixSeconds(self.heartbeat_at)) > u64::from(heartbeat_max_age_s) {
            return Err(MarketError::NodeSilent);
        }
        if !(self.min_duration_s..=self.max_duration_s).contains(&duration_s) {
            return Err(MarketError::DurationOutOfRange);
        }
        if gpus == 0 || gpus > self.gpus_free {
            return Err(MarketError::CapacityExceeded);
        }
        self.gpus_free = self.gpus_free.checked_sub(gpus).ok_or(MarketError::CapacityExceeded)?;
        Ok(())
    }

    /// Counts a GPU more, which is free.
    pub fn add_device(&mut self) -> core::result::Result<(), MarketError> {
        if self.gpus >= MAX_GPUS_PER_NODE {
            return Err(MarketError::NodeFull);
        }
        self.gpus = self.gpus.checked_add(1).ok_or(MarketError::NodeFull)?;
        self.gpus_free = self.gpus_free.checked_add(1).ok_or(MarketError::NodeFull)?;
        Ok(())
    }

    /// Counts a GPU less, which must be free: jobs keep what they have rented.
    pub fn remove_device(&mut self) -> core::result::Result<(), MarketError> {
        self.gpus_free = self.gpus_free.checked_sub(1).ok_or(MarketError::DevicesRented)?;
        self.gpus = self.gpus.checked_sub(1).ok_or(MarketError::DevicesRented)?;
        Ok(())
    }

    /// Refuses to take over a GPU of `other` unless both nodes are one provider's and offer the same kind of GPU.
    pub fn require_like(&self, other: &Self) -> core::result::Result<(), MarketError> {
        if self.provider != other.provider {
            return Err(MarketError::NotOwner);
        }
        if self.class != other.class || self.simulated != other.simulated {
            return Err(MarketError::OtherClass);
        }
        Ok(())
    }

    /// Takes the GPUs of an ended job back.
    pub fn give_back(&mut self, gpus: u16) -> core::result::Result<(), MarketError> {
        let free = self.gpus_free.checked_add(gpus).ok_or(MarketError::CapacityExceeded)?;
        if free > self.gpus {
            return Err(MarketError::CapacityExceeded);
        }
        self.gpus_free = free;
        Ok(())
    }
}
