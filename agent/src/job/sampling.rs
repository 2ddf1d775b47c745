//! Samples of a job's GPUs. A driver that hangs must hold up neither the meter nor the receipts: each reading runs on a thread of its
//! own, one at a time, and is taken when it comes.

use gantry_protocol::merkle::{SAMPLE_SIMULATED, Sample};
use std::{future, sync::Arc, thread, time::Duration};
use tokio::{sync::oneshot, time::Instant};

use crate::gpu::Gpus;

/// A reading that takes longer than this is worth nothing: the figures are of another moment.
const PATIENCE: Duration = Duration::from_secs(5);

/// Reads the GPUs of one job.
pub(super) struct Sampler {
    gpus: Arc<dyn Gpus>,
    held: Vec<u16>,
    in_flight: Option<Reading>,
}

struct Reading {
    began: Instant,
    warned: bool,
    samples: oneshot::Receiver<Vec<Sample>>,
}

impl Sampler {
    /// Of these GPUs.
    pub(super) fn new(gpus: Arc<dyn Gpus>, held: Vec<u16>) -> Self {
        Self {
            gpus,
            held,
            in_flight: None,
        }
    }

    /// Begins to read, unless the driver has not answered the last time yet.
    pub(super) fn begin(&mut self, metered_ms: u64) {
        if let Some(reading) = &mut self.in_flight {
            if reading.began.elapsed() > PATIENCE && !reading.warned {
                reading.warned = true;
                tracing::warn!(gpus = ?self.held, "the GPU driver does not answer; there are no samples until it does");
            }
            return;
        }
        let (gpus, held) = (Arc::clone(&self.gpus), self.held.clone());
        let (done, samples) = oneshot::channel();
        // Not one of the runtime's threads for blocking calls: they are few, and the receipt log needs them.
        let thread = thread::Builder::new()
            .name("gpu-sample".to_owned())
            .stack_size(256 << 10)
            .spawn(move || done.send(read(gpus.as_ref(), &held, metered_ms)));
        match thread {
            Ok(_) => {
                self.in_flight = Some(Reading {
                    began: Instant::now(),
                    warned: false,
                    samples,
                });
            }
            Err(error) => tracing::warn!(%error, "the GPUs could not be read"),
        }
    }

    /// The samples that were begun, once they are there. Waits for ever while none are under way.
    pub(super) async fn done(&mut self) -> Vec<Sample> {
        let Some(reading) = &mut self.in_flight else {
            return future::pending().await;
        };
        let samples = (&mut reading.samples).await.unwrap_or_default();
        let late = reading.began.elapsed() > PATIENCE;
        self.in_flight = None;
        if late { Vec::new() } else { samples }
    }
}

/// One sample of each GPU. A GPU that cannot be read leaves a gap.
fn read(gpus: &dyn Gpus, held: &[u16], metered_ms: u64) -> Vec<Sample> {
    let flags = if gpus.simulated() { SAMPLE_SIMULATED } else { 0 };
    let one = |(number, gpu): (usize, &u16)| match gpus.read(*gpu) {
        Ok(reading) => Some(Sample {
            metered_ms,
            gpu: u16::try_from(number).unwrap_or(u16::MAX),
            utilisation_percent: reading.utilisation_percent,
            temperature_c: reading.temperature_c,
            flags,
            power_mw: reading.power_mw,
            clock_mhz: reading.clock_mhz,
            memory_used_bytes: reading.memory_used_bytes,
            memory_total_bytes: reading.memory_total_bytes,
        }),
        Err(error) => {
            tracing::warn!(gpu, %error, "a GPU could not be read");
            None
        }
    };
    held.iter().enumerate().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::{Gpu, GpuError, Reading as GpuReading};
    use std::sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
        mpsc,
    };
    use tokio::time::timeout;

    /// A driver that answers when it is told to.
    struct Driver {
        answers: Mutex<mpsc::Receiver<()>>,
        asked: AtomicU32,
    }

    impl Gpus for Driver {
        fn list(&self) -> Result<Vec<Gpu>, GpuError> {
            Ok(Vec::new())
        }

        fn read(&self, _: u16) -> Result<GpuReading, GpuError> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let _ = self.answers.lock().expect("not poisoned").recv();
            Ok(GpuReading::default())
        }

        fn simulated(&self) -> bool {
            true
        }

        fn driver(&self) -> String {
            String::new()
        }
    }

    #[tokio::test]
    async fn a_driver_that_hangs_is_asked_once_and_waited_for_by_nobody() {
        let (answer, answers) = mpsc::channel();
        let driver = Arc::new(Driver {
            answers: Mutex::new(answers),
            asked: AtomicU32::new(0),
        });
        let mut sampler = Sampler::new(Arc::clone(&driver) as Arc<dyn Gpus>, vec![3]);
        for metered_ms in 0..5 {
            sampler.begin(metered_ms);
        }
        let waited = timeout(Duration::from_millis(100), sampler.done()).await;
        assert!(waited.is_err(), "nothing was read yet");
        assert_eq!(driver.asked.load(Ordering::Relaxed), 1);
        answer.send(()).expect("read");
        let samples = sampler.done().await;
        assert_eq!((samples.len(), samples[0].metered_ms), (1, 0));
        assert!(
            timeout(Duration::from_millis(20), sampler.done()).await.is_err(),
            "none is under way"
        );
        sampler.begin(9);
        answer.send(()).expect("read");
        assert_eq!(sampler.done().await[0].metered_ms, 9);
    }
}
