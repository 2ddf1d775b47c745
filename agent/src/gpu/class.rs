//! The class of a GPU: the short name under which the market compares prices.

use gantry_protocol::class::{self, NAME_BYTES, Name};

use super::{Gpu, GpuError};

/// Models whose plain name would not say which of several products it is. Matched in order against the name in lower case.
const MODELS: [(&[&str], &str); 10] = [
    (&["h200"], "h200-sxm"),
    (&["h100", "pcie"], "h100-pcie"),
    (&["h100", "nvl"], "h100-nvl"),
    (&["h100"], "h100-sxm"),
    (&["a100", "pcie", "80gb"], "a100-pcie-80"),
    (&["a100", "80gb"], "a100-sxm-80"),
    (&["a100", "pcie"], "a100-pcie-40"),
    (&["a100"], "a100-sxm-40"),
    (&["b200"], "b200-sxm"),
    (&["gb200"], "gb200"),
];

/// Words in front of a model that say nothing about which it is.
const MAKERS: [&str; 4] = ["nvidia", "geforce", "quadro", "tesla"];

/// The class of a model: from the table, otherwise its name with everything else than letters and digits turned into `-`.
#[must_use]
pub fn of_model(model: &str) -> Name {
    let lower = model.to_lowercase();
    if let Some((_, class)) = MODELS
        .iter()
        .find(|(parts, _)| parts.iter().all(|part| lower.contains(part)))
        && let Some(packed) = class::pack(class)
    {
        return packed;
    }
    let words: Vec<&str> = lower
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty() && !MAKERS.contains(word))
        .collect();
    let joined = words.join("-");
    let short = joined.get(..joined.len().min(NAME_BYTES)).unwrap_or_default();
    class::pack(short.trim_end_matches('-'))
        .or_else(|| class::pack("gpu"))
        .unwrap_or_default()
}

/// The one class of all GPUs of a node.
///
/// # Errors
/// [`GpuError::NoGpus`] without any, [`GpuError::Mixed`] when they are of several classes.
pub fn of_all(gpus: &[Gpu]) -> Result<Name, GpuError> {
    let first = of_model(&gpus.first().ok_or(GpuError::NoGpus)?.model);
    if gpus.iter().any(|gpu| of_model(&gpu.model) != first) {
        let mut models: Vec<&str> = gpus.iter().map(|gpu| gpu.model.as_str()).collect();
        models.dedup();
        return Err(GpuError::Mixed(models.join(", ")));
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_protocol::class::unpack;

    #[test]
    fn models_become_the_names_that_the_market_compares() {
        for (model, class) in [
            ("NVIDIA H100 80GB HBM3", "h100-sxm"),
            ("NVIDIA H100 PCIe", "h100-pcie"),
            ("NVIDIA H200", "h200-sxm"),
            ("NVIDIA A100-SXM4-80GB", "a100-sxm-80"),
            ("NVIDIA A100-PCIE-40GB", "a100-pcie-40"),
            ("NVIDIA GeForce RTX 4090", "rtx-4090"),
            ("Tesla T4", "t4"),
            ("NVIDIA RTX 6000 Ada Generation", "rtx-6000-ada-gen"),
            ("???", "gpu"),
        ] {
            assert_eq!(unpack(&of_model(model)), class, "{model}");
        }
    }

    #[test]
    fn gpus_of_two_kinds_are_not_one_node() {
        let gpu = |index, model: &str| Gpu {
            index,
            model: model.into(),
            uuid: index.to_string(),
            memory_bytes: 1,
            devices: Vec::new(),
        };
        assert!(of_all(&[gpu(0, "Tesla T4"), gpu(1, "Tesla T4")]).is_ok());
        let refused = of_all(&[gpu(0, "Tesla T4"), gpu(1, "NVIDIA H100 PCIe")])
            .expect_err("mixed")
            .to_string();
        assert!(refused.contains("Tesla T4, NVIDIA H100 PCIe"), "{refused}");
        assert!(matches!(of_all(&[]), Err(GpuError::NoGpus)));
    }
}
