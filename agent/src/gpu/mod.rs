//! GPUs: which there are, and what they are doing.

pub mod class;
mod nvml;
mod simulated;

pub use nvml::NvmlGpus;
pub use simulated::SimulatedGpus;

use std::path::PathBuf;

use crate::config::SimulatedGpu;

/// One GPU.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Gpu {
    /// Number in this machine, from 0.
    pub index: u16,
    /// The model's name.
    pub model: String,
    /// Name that no other GPU has.
    pub uuid: String,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Device files that a workload needs to use it.
    pub devices: Vec<PathBuf>,
}

/// What a GPU is doing at one moment. Figures that it does not report are zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Share of time in which a kernel ran, in percent.
    pub utilisation_percent: u16,
    /// Degrees Celsius.
    pub temperature_c: u16,
    /// Milliwatts.
    pub power_mw: u32,
    /// Streaming-multiprocessor clock in megahertz.
    pub clock_mhz: u32,
    /// Memory in use, in bytes.
    pub memory_used_bytes: u64,
    /// Memory in all, in bytes.
    pub memory_total_bytes: u64,
}

/// Why GPUs cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GpuError {
    /// No driver.
    #[error(
        "no NVIDIA driver was found ({0}); install the driver, or run with --simulate-gpu to offer simulated GPUs, which the network shows as such"
    )]
    NoDriver(String),
    /// A driver, but no GPU.
    #[error("the NVIDIA driver is there but shows no GPU; look at nvidia-smi")]
    NoGpus,
    /// GPUs of several models.
    #[error(
        "this machine has GPUs of several kinds ({0}); a node holds one kind: set `class` in the configuration to offer them all as one"
    )]
    Mixed(String),
    /// The driver failed.
    #[error("the NVIDIA driver failed: {0}")]
    Driver(String),
}

/// A source of GPUs and readings.
pub trait Gpus: Send + Sync {
    /// All GPUs, in the order of their numbers.
    ///
    /// # Errors
    /// [`GpuError`] when the driver fails.
    fn list(&self) -> Result<Vec<Gpu>, GpuError>;

    /// What one GPU is doing now.
    ///
    /// # Errors
    /// [`GpuError`] when the driver fails or the GPU is gone.
    fn read(&self, index: u16) -> Result<Reading, GpuError>;

    /// Whether these GPUs do not exist.
    fn simulated(&self) -> bool;

    /// Name and version of what answers, for people.
    fn driver(&self) -> String;
}

/// The real GPUs of this machine, or simulated ones when the provider said so.
///
/// # Errors
/// [`GpuError::NoDriver`] when there is no NVIDIA driver and nothing was said about simulating.
pub fn open(simulated: Option<SimulatedGpu>) -> Result<Box<dyn Gpus>, GpuError> {
    match simulated {
        Some(simulated) => Ok(Box::new(SimulatedGpus::new(simulated))),
        None => Ok(Box::new(NvmlGpus::open()?)),
    }
}
