//! `gantry-agent probe`: which GPUs are here.

use gantry_protocol::class::unpack;
use serde_json::{Value, json};
use std::fmt::Write;

use crate::gpu::{Gpu, GpuError, Gpus, class};

/// What was found.
pub struct Probe {
    gpus: Vec<Gpu>,
    driver: String,
    simulated: bool,
}

impl Probe {
    /// Looks.
    ///
    /// # Errors
    /// [`GpuError`].
    pub fn of(gpus: &dyn Gpus) -> Result<Self, GpuError> {
        Ok(Self {
            gpus: gpus.list()?,
            driver: gpus.driver(),
            simulated: gpus.simulated(),
        })
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let gpus: Vec<Value> = self
            .gpus
            .iter()
            .map(|gpu| {
                json!({
                    "index": gpu.index,
                    "model": gpu.model,
                    "class": unpack(&class::of_model(&gpu.model)),
                    "uuid": gpu.uuid,
                    "memory_bytes": gpu.memory_bytes.to_string(),
                    "devices": gpu.devices,
                })
            })
            .collect();
        json!({ "driver": self.driver, "simulated": self.simulated, "gpus": gpus })
    }

    /// For people.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", self.driver);
        let _ = writeln!(
            text,
            "{:>3}  {:<32} {:<16} {:>10}  uuid",
            "gpu", "model", "class", "memory"
        );
        for gpu in &self.gpus {
            let class = class::of_model(&gpu.model);
            let memory = format!("{} MiB", gpu.memory_bytes >> 20);
            let _ = writeln!(
                text,
                "{:>3}  {:<32} {:<16} {memory:>10}  {}",
                gpu.index,
                gpu.model,
                unpack(&class),
                gpu.uuid
            );
        }
        text
    }
}
