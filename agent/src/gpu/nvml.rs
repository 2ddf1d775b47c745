//! NVIDIA GPUs through NVML, the driver's own library. It is loaded when the agent starts, so the binary runs without it.

use nvml_wrapper::{
    Device, Nvml,
    enum_wrappers::device::{Clock, TemperatureSensor},
    error::NvmlError,
};
use std::path::PathBuf;

use super::{Gpu, GpuError, Gpus, Reading};

/// Device files that every CUDA program opens beside its GPU's own.
const SHARED_DEVICES: [&str; 3] = ["/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools"];

/// The GPUs that NVML shows.
pub struct NvmlGpus {
    nvml: Nvml,
}

fn failed(error: NvmlError) -> GpuError {
    match error {
        NvmlError::LibloadingError(_) | NvmlError::DriverNotLoaded | NvmlError::LibraryNotFound => {
            GpuError::NoDriver(error.to_string())
        }
        other => GpuError::Driver(other.to_string()),
    }
}

/// A figure that some GPUs do not report.
fn or_zero<T: Default>(figure: Result<T, NvmlError>) -> Result<T, GpuError> {
    match figure {
        Err(NvmlError::NotSupported | NvmlError::FailedToLoadSymbol(_)) => Ok(T::default()),
        other => other.map_err(failed),
    }
}

fn short(number: u32) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

impl NvmlGpus {
    /// Loads NVML.
    ///
    /// # Errors
    /// [`GpuError::NoDriver`] when it is not there.
    pub fn open() -> Result<Self, GpuError> {
        Ok(Self {
            nvml: Nvml::init().map_err(failed)?,
        })
    }

    fn device(&self, index: u32) -> Result<Device<'_>, GpuError> {
        self.nvml.device_by_index(index).map_err(failed)
    }

    fn describe(&self, number: u32) -> Result<Gpu, GpuError> {
        let device = self.device(number)?;
        let own = PathBuf::from(format!("/dev/nvidia{}", device.minor_number().map_err(failed)?));
        let shared = SHARED_DEVICES.iter().map(PathBuf::from);
        Ok(Gpu {
            index: short(number),
            model: device.name().map_err(failed)?,
            uuid: device.uuid().map_err(failed)?,
            memory_bytes: device.memory_info().map_err(failed)?.total,
            devices: std::iter::once(own)
                .chain(shared)
                .filter(|path| path.exists())
                .collect(),
        })
    }
}

impl Gpus for NvmlGpus {
    fn list(&self) -> Result<Vec<Gpu>, GpuError> {
        let count = self.nvml.device_count().map_err(failed)?;
        if count == 0 {
            return Err(GpuError::NoGpus);
        }
        (0..count).map(|number| self.describe(number)).collect()
    }

    fn read(&self, index: u16) -> Result<Reading, GpuError> {
        let device = self.device(u32::from(index))?;
        let memory = device.memory_info().map_err(failed)?;
        let utilisation = match device.utilization_rates() {
            Ok(rates) => rates.gpu,
            // GPUs that are split into instances do not report it.
            Err(error) => or_zero(Err(error))?,
        };
        Ok(Reading {
            utilisation_percent: short(utilisation),
            temperature_c: short(or_zero(device.temperature(TemperatureSensor::Gpu))?),
            power_mw: or_zero(device.power_usage())?,
            clock_mhz: or_zero(device.clock_info(Clock::SM))?,
            memory_used_bytes: memory.used,
            memory_total_bytes: memory.total,
        })
    }

    fn simulated(&self) -> bool {
        false
    }

    fn driver(&self) -> String {
        let version = self
            .nvml
            .sys_driver_version()
            .unwrap_or_else(|error| format!("of unknown version: {error}"));
        format!("NVIDIA driver {version}")
    }
}
