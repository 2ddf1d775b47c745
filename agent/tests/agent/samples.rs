//! No receipt that an agent signs commits to a sample that contradicts it, whatever the meter takes back and whatever a driver says.

use std::time::Duration;

use gantry_agent::{
    meter::Meter,
    receipts::{Draft, ReceiptLog},
};
use gantry_protocol::{
    fault::Measured,
    merkle::{SAMPLE_BYTES, SAMPLE_SIMULATED, Sample},
};
use gantry_sdk::{Keypair, Pubkey, samples};
use proptest::prelude::*;
use redb::backends::InMemoryBackend;

const JOB: Pubkey = Pubkey::new_from_array([1; 32]);
const GPUS: u16 = 2;
/// Rented time in milliseconds.
const MOST_MS: u64 = 60_000;

/// What happens to a running job, in the order in which an agent may see it.
#[derive(Clone, Debug)]
enum Happening {
    /// Time passes, and the GPUs are read.
    Sample { after_ms: u64, gpu: u16, flags: u16 },
    /// Time passes, and a receipt is signed.
    Receipt { after_ms: u64 },
    /// The tenant's stop is seen, which says that less may be claimed.
    Limit { most_ms: u64 },
    /// The agent was frozen for a while.
    Freeze { ms: u64 },
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let flags = prop_oneof![6 => Just(0), 1 => Just(SAMPLE_SIMULATED), 1 => any::<u16>()];
    // GPUs that the job does not have would take a fault in the agent: the log is the last that can keep them out.
    let gpu = prop_oneof![8 => 0..GPUS, 1 => any::<u16>()];
    let happening = prop_oneof![
        6 => (0_u64..1_500, gpu, flags).prop_map(|(after_ms, gpu, flags)| Happening::Sample { after_ms, gpu, flags }),
        3 => (0_u64..3_000).prop_map(|after_ms| Happening::Receipt { after_ms }),
        1 => (0_u64..MOST_MS).prop_map(|most_ms| Happening::Limit { most_ms }),
        1 => (0_u64..20_000).prop_map(|ms| Happening::Freeze { ms }),
    ];
    prop::collection::vec(happening, 1..60)
}

struct Agent {
    log: ReceiptLog,
    key: Keypair,
    meter: Meter,
    now: Duration,
    waiting: Vec<Sample>,
    signed_ms: u64,
}

impl Agent {
    fn new() -> Self {
        let mut meter = Meter::resume(0, MOST_MS);
        meter.start(Duration::ZERO);
        Self {
            log: ReceiptLog::on(InMemoryBackend::new()).expect("opened"),
            key: Keypair::new(),
            meter,
            now: Duration::ZERO,
            waiting: Vec::new(),
            signed_ms: 0,
        }
    }

    /// All samples behind what was signed.
    fn committed(&self) -> Vec<Sample> {
        let bytes = self.log.samples(&JOB).expect("read");
        let (samples, rest) = bytes.as_chunks::<SAMPLE_BYTES>();
        assert!(rest.is_empty());
        samples.iter().map(Sample::from_bytes).collect()
    }

    fn pass(&mut self, ms: u64) {
        self.now += Duration::from_millis(ms);
        self.meter.look(self.now);
    }

    /// Signs what the meter shows, and checks every sample behind it.
    fn sign(&mut self, is_final: bool) {
        let draft = Draft {
            genesis_hash: [7; 32],
            job: JOB,
            metered_ms: self.meter.metered_ms(),
            time_ms: 0,
            is_final,
            gpus: GPUS,
            simulated: false,
            samples: &self.waiting,
        };
        let receipt = self.log.issue(&draft, &self.key).expect("signed").receipt;
        self.waiting.clear();
        self.signed_ms = receipt.metered_ms;
        let committed = self.committed();
        assert_eq!(samples::root(&committed), receipt.samples_root);
        let measured = Measured {
            metered_ms: receipt.metered_ms,
            gpus: GPUS,
            simulated: false,
        };
        for sample in committed {
            assert!(
                !measured.is_contradicted_by(&sample),
                "{sample:?} contradicts {receipt:?}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_signed_receipt_commits_to_a_sample_that_contradicts_it(happenings in happenings(), ended_ago_ms in 0_u64..4_000) {
        let mut agent = Agent::new();
        for happening in happenings {
            match happening {
                Happening::Sample { after_ms, gpu, flags } => {
                    agent.pass(after_ms);
                    agent.waiting.push(Sample {
                        metered_ms: agent.meter.metered_ms(),
                        gpu,
                        flags,
                        ..Sample::default()
                    });
                }
                Happening::Receipt { after_ms } => {
                    agent.pass(after_ms);
                    agent.sign(false);
                }
                Happening::Limit { most_ms } => agent.meter.limit(most_ms, agent.signed_ms),
                Happening::Freeze { ms } => agent.pass(ms),
            }
        }
        // The news of the workload's end comes late: the meter takes back what lies between.
        let ended = agent.now.saturating_sub(Duration::from_millis(ended_ago_ms));
        agent.meter.stop_at(ended, agent.signed_ms);
        agent.sign(true);
    }
}

#[test]
fn samples_of_a_time_that_the_meter_took_back_are_left_out() {
    let mut agent = Agent::new();
    for _ in 0..3 {
        agent.pass(1_000);
        agent.waiting.push(Sample {
            metered_ms: agent.meter.metered_ms(),
            ..Sample::default()
        });
    }
    agent.meter.stop_at(Duration::from_millis(1_500), 0);
    agent.sign(true);
    let kept: Vec<_> = agent.committed().iter().map(|sample| sample.metered_ms).collect();
    assert_eq!(kept, [1_000]);
}
