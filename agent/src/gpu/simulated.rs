//! GPUs that do not exist, for networks without hardware. Every sample of theirs carries the flag that says so.

use std::time::Instant;

use super::{Gpu, GpuError, Gpus, Reading};
use crate::config::SimulatedGpu;

/// Readings change with this period, so that consecutive samples differ as real ones would.
const PERIOD_S: f64 = 30.0;

/// Made-up GPUs.
#[derive(Debug)]
pub struct SimulatedGpus {
    configured: SimulatedGpu,
    began: Instant,
}

impl SimulatedGpus {
    /// As many as configured.
    #[must_use]
    pub fn new(configured: SimulatedGpu) -> Self {
        Self {
            configured,
            began: Instant::now(),
        }
    }

    fn memory_bytes(&self) -> u64 {
        u64::from(self.configured.memory_mib) << 20
    }
}

impl Gpus for SimulatedGpus {
    fn list(&self) -> Result<Vec<Gpu>, GpuError> {
        let gpu = |index| Gpu {
            index,
            model: "Simulated".to_owned(),
            uuid: format!("simulated-{index}"),
            memory_bytes: self.memory_bytes(),
            devices: Vec::new(),
        };
        Ok((0..self.configured.count).map(gpu).collect())
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Small positive numbers by construction.
    fn read(&self, index: u16) -> Result<Reading, GpuError> {
        if index >= self.configured.count {
            return Err(GpuError::Driver(format!("there is no simulated GPU {index}")));
        }
        let phase = (self.began.elapsed().as_secs_f64() / PERIOD_S + f64::from(index) / 8.0) * std::f64::consts::TAU;
        // Between 0.9 and 1: a busy GPU.
        let load = 0.95 + 0.05 * phase.sin();
        Ok(Reading {
            utilisation_percent: (load * 100.0) as u16,
            temperature_c: (load * 70.0) as u16,
            power_mw: (load * 350_000.0) as u32,
            clock_mhz: (load * 1_800.0) as u32,
            memory_used_bytes: self.memory_bytes() / 2,
            memory_total_bytes: self.memory_bytes(),
        })
    }

    fn simulated(&self) -> bool {
        true
    }

    fn driver(&self) -> String {
        "simulated: these GPUs do not exist".to_owned()
    }
}
