//! What all jobs share.

use gantry_sdk::{Keypair, Pubkey};
use nix::sys::statvfs::statvfs;
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::Notify;

use super::handle::Refusal;
use crate::{
    bundle::BundleLimits,
    chain::Chain,
    clock::Clock,
    config::{Config, Limits},
    gpu::{Gpu, Gpus},
    receipts::ReceiptLog,
    runtime::{Runtime, cgroup::Cgroups, spec::Bounds},
};

/// How jobs are run here.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where jobs' directories lie.
    pub data_dir: PathBuf,
    /// How often a running job gets a receipt, at most.
    pub receipt_interval: Duration,
    /// How long an ended job's files are kept.
    pub keep_ended: Duration,
    /// What one job may use.
    pub limits: Limits,
    /// Free disk space that is left alone.
    pub disk_reserve_bytes: u64,
    /// Where control groups can be made.
    pub cgroups: Cgroups,
}

impl Settings {
    /// The settings of a configuration.
    #[must_use]
    pub fn of(config: &Config, cgroups: Cgroups) -> Self {
        Self {
            data_dir: config.data_dir.clone(),
            receipt_interval: config.receipt_interval,
            keep_ended: config.keep_ended,
            limits: config.limits,
            disk_reserve_bytes: config.disk_reserve_mib << 20,
            cgroups,
        }
    }

    /// Refuses what would fill the disk while it is nearly full.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`].
    pub fn require_room(&self) -> Result<(), Refusal> {
        match statvfs(&self.data_dir) {
            Ok(disk) if disk.blocks_available().saturating_mul(disk.fragment_size()) < self.disk_reserve_bytes => {
                let reason = "the node's disk is nearly full; try again later, or rent another node";
                tracing::error!(directory = %self.data_dir.display(), "the disk has less free space than the reserve");
                Err(Refusal::Unavailable(reason.to_owned()))
            }
            Ok(_) => Ok(()),
            Err(error) => Err(Refusal::Unavailable(format!("the node's disk cannot be used: {error}"))),
        }
    }

    /// Bounds of a workload.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        Bounds {
            cpus: self.limits.cpus,
            memory_bytes: self.limits.memory_mib << 20,
            processes: self.limits.processes,
            disk_bytes: self.limits.out_bytes,
            log_bytes: self.limits.log_bytes,
        }
    }

    /// Bounds of a bundle: unpacked it lies on the same disk as what the workload writes.
    #[must_use]
    pub fn bundle_limits(&self) -> BundleLimits {
        BundleLimits {
            bytes: self.limits.out_bytes,
            files: self.limits.bundle_files,
        }
    }
}

/// What is counted since the agent started.
#[derive(Debug, Default)]
pub struct Counters {
    /// Receipts signed.
    pub receipts_signed: AtomicU64,
    /// Receipts that tenants signed too.
    pub receipts_countersigned: AtomicU64,
    /// Settlements confirmed.
    pub settlements: AtomicU64,
    /// Settlements that failed and are tried again.
    pub settlements_failed: AtomicU64,
    /// Claims against silent tenants.
    pub claims: AtomicU64,
    /// Jobs started.
    pub jobs_started: AtomicU64,
    /// Jobs that ended on chain.
    pub jobs_closed: AtomicU64,
    /// Requests of tenants answered.
    pub requests: AtomicU64,
    /// Requests refused.
    pub requests_refused: AtomicU64,
    /// Heartbeats confirmed.
    pub heartbeats: AtomicU64,
}

impl Counters {
    /// Adds one.
    pub fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// Which job holds which GPU.
#[derive(Debug)]
pub struct Slots {
    holders: Mutex<BTreeMap<u16, Option<Pubkey>>>,
}

impl Slots {
    /// All free.
    #[must_use]
    pub fn new(gpus: &[Gpu]) -> Self {
        Self {
            holders: Mutex::new(gpus.iter().map(|gpu| (gpu.index, None)).collect()),
        }
    }

    fn holders(&self) -> MutexGuard<'_, BTreeMap<u16, Option<Pubkey>>> {
        self.holders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a job as many GPUs as it rented; the same ones when it asks again. `None` when there are too few.
    #[must_use]
    pub fn take(&self, job: Pubkey, count: u16) -> Option<Vec<u16>> {
        let mut holders = self.holders();
        let held: Vec<u16> = holders
            .iter()
            .filter(|(_, holder)| **holder == Some(job))
            .map(|(gpu, _)| *gpu)
            .collect();
        if !held.is_empty() {
            return Some(held);
        }
        let count = usize::from(count);
        let free: Vec<u16> = holders
            .iter()
            .filter(|(_, holder)| holder.is_none())
            .map(|(gpu, _)| *gpu)
            .take(count)
            .collect();
        if free.len() < count {
            return None;
        }
        for gpu in &free {
            holders.insert(*gpu, Some(job));
        }
        Some(free)
    }

    /// Notes which GPUs a job holds since before a restart.
    pub fn adopt(&self, job: Pubkey, gpus: &[u16]) {
        let mut holders = self.holders();
        for gpu in gpus {
            holders.insert(*gpu, Some(job));
        }
    }

    /// Takes a job's GPUs back.
    pub fn give_back(&self, job: Pubkey) {
        self.holders()
            .values_mut()
            .filter(|holder| **holder == Some(job))
            .for_each(|holder| *holder = None);
    }

    /// GPUs in use, and in all.
    #[must_use]
    pub fn used(&self) -> (usize, usize) {
        let holders = self.holders();
        (
            holders.values().filter(|holder| holder.is_some()).count(),
            holders.len(),
        )
    }
}

/// The worlds outside, and what jobs share inside.
pub struct Services {
    /// The chain.
    pub chain: Arc<dyn Chain>,
    /// Runs workloads.
    pub runtime: Arc<dyn Runtime>,
    /// Reads GPUs.
    pub gpus: Arc<dyn Gpus>,
    /// All GPUs of this node.
    pub inventory: Vec<Gpu>,
    /// Which of them are in use.
    pub slots: Slots,
    /// The durable log.
    pub log: Arc<ReceiptLog>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The attestation key.
    pub key: Arc<Keypair>,
    /// How jobs are run.
    pub settings: Settings,
    /// What happened so far.
    pub counters: Counters,
    /// Wakes the settler: a tenant has rotated its session key.
    pub rotated: Notify,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gpu_is_held_by_one_job_at_a_time() {
        let gpu = |index| Gpu {
            index,
            model: String::new(),
            uuid: String::new(),
            memory_bytes: 0,
            devices: Vec::new(),
        };
        let slots = Slots::new(&[gpu(0), gpu(1), gpu(2)]);
        let (one, two) = (Pubkey::new_from_array([1; 32]), Pubkey::new_from_array([2; 32]));
        assert_eq!(slots.take(one, 2), Some(vec![0, 1]));
        assert_eq!(slots.take(two, 2), None);
        assert_eq!(slots.take(one, 2), Some(vec![0, 1]), "asking again gives the same");
        assert_eq!(slots.take(two, 1), Some(vec![2]));
        slots.give_back(one);
        assert_eq!(slots.used(), (1, 3));
    }
}
