//! The log: whatever is killed when, one sequence has one content.

use gantry_agent::receipts::{Draft, LogError, ReceiptLog};
use gantry_protocol::merkle::Sample;
use gantry_sdk::{
    Keypair, Pubkey, Signer,
    receipt::{sign, verify},
};
use proptest::prelude::*;
use redb::StorageBackend;
use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex},
};

const JOB: Pubkey = Pubkey::new_from_array([1; 32]);
const OTHER: Pubkey = Pubkey::new_from_array([2; 32]);

fn draft(job: Pubkey, metered_ms: u64, samples: &[Sample]) -> Draft<'_> {
    Draft {
        genesis_hash: [7; 32],
        job,
        metered_ms,
        time_ms: 5,
        is_final: false,
        gpus: 1,
        simulated: false,
        samples,
    }
}

/// What a disk does between two moments: the bytes that are safe, and the writes that a power cut may lose.
#[derive(Debug, Default)]
struct Disk {
    safe: Vec<u8>,
    unsafe_writes: Vec<Change>,
    seen: Vec<u8>,
    /// Operations until the machine dies; `None` when it does not.
    operations_left: Option<usize>,
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Resize(usize),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(offset, data) => bytes[*offset..*offset + data.len()].copy_from_slice(data),
            Self::Resize(length) => bytes.resize(*length, 0),
        }
    }
}

impl Disk {
    fn step(&mut self) -> io::Result<()> {
        match &mut self.operations_left {
            Some(0) => Err(io::Error::other("the machine is off")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The machine comes up again. Of the writes that were not flushed, those whose bit is set reached the disk.
    fn power_cut(&mut self, kept: u64) {
        let mut bytes = std::mem::take(&mut self.safe);
        for (number, change) in self.unsafe_writes.drain(..).enumerate() {
            match &change {
                // The length belongs to the file system, which keeps it in order.
                Change::Resize(_) => change.apply(&mut bytes),
                Change::Write(..) if (kept >> (number % 64)) & 1 == 1 => change.apply(&mut bytes),
                Change::Write(..) => {}
            }
        }
        self.seen.clone_from(&bytes);
        self.safe = bytes;
        self.operations_left = None;
    }
}

#[derive(Clone, Debug, Default)]
struct Backend(Arc<Mutex<Disk>>);

impl Backend {
    fn disk(&self) -> std::sync::MutexGuard<'_, Disk> {
        self.0.lock().expect("not poisoned")
    }
}

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        Ok(self.disk().seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(offset).expect("small");
        out.copy_from_slice(
            self.disk()
                .seen
                .get(start..start + out.len())
                .ok_or(io::ErrorKind::UnexpectedEof)?,
        );
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut disk = self.disk();
        disk.step()?;
        let change = Change::Resize(usize::try_from(len).expect("small"));
        change.apply(&mut disk.seen);
        disk.unsafe_writes.push(change);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut disk = self.disk();
        disk.step()?;
        disk.safe = disk.seen.clone();
        disk.unsafe_writes.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut disk = self.disk();
        disk.step()?;
        let change = Change::Write(usize::try_from(offset).expect("small"), data.to_vec());
        change.apply(&mut disk.seen);
        disk.unsafe_writes.push(change);
        Ok(())
    }
}

#[test]
fn sequence_metered_time_and_samples_go_on_after_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("log");
    let key = Keypair::new();
    let sample = Sample {
        metered_ms: 3,
        ..Sample::default()
    };
    let one = {
        let log = ReceiptLog::open(&path).expect("opened");
        log.issue(&draft(JOB, 100, &[sample]), &key).expect("signed")
    };
    let log = ReceiptLog::open(&path).expect("opened again");
    let state = log.meter(&JOB).expect("read");
    assert_eq!((state.sequence, state.metered_ms, state.samples.size()), (1, 100, 1));
    let two = log.issue(&draft(JOB, 100, &[]), &key).expect("signed");
    assert_eq!(two.receipt.sequence, 2);
    assert_eq!(two.receipt.samples_root, one.receipt.samples_root);
    verify(&key.pubkey(), &two.provider_signature, &two.receipt).expect("a signature");
    assert_eq!(log.newest_first(&JOB).expect("read"), [two, one]);
    assert_eq!(
        log.issue(&draft(OTHER, 1, &[]), &key).expect("signed").receipt.sequence,
        1
    );
}

#[test]
fn only_one_process_has_the_log() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("log");
    let _first = ReceiptLog::open(&path).expect("opened");
    let refused = ReceiptLog::open(&path).expect_err("refused").to_string();
    assert!(refused.contains("another agent"), "{refused}");
}

#[test]
fn a_receipt_never_takes_back_time_and_nothing_follows_the_final_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let log = ReceiptLog::open(&directory.path().join("log")).expect("opened");
    let key = Keypair::new();
    log.issue(&draft(JOB, 100, &[]), &key).expect("signed");
    let refused = log.issue(&draft(JOB, 99, &[]), &key).expect_err("refused");
    assert!(matches!(
        refused,
        LogError::Regressed {
            claimed_ms: 99,
            signed_ms: 100
        }
    ));
    log.issue(
        &Draft {
            is_final: true,
            ..draft(JOB, 100, &[])
        },
        &key,
    )
    .expect("signed");
    assert!(matches!(
        log.issue(&draft(JOB, 200, &[]), &key),
        Err(LogError::Final(JOB))
    ));
}

#[test]
fn forgetting_a_job_does_not_free_its_sequences() {
    let directory = tempfile::tempdir().expect("a directory");
    let log = ReceiptLog::open(&directory.path().join("log")).expect("opened");
    let key = Keypair::new();
    for metered_ms in [10, 20, 30] {
        log.issue(&draft(JOB, metered_ms, &[]), &key).expect("signed");
    }
    log.issue(&draft(OTHER, 1, &[]), &key).expect("signed");
    log.forget_before(&JOB, 3).expect("forgotten");
    assert_eq!(log.newest_first(&JOB).expect("read").len(), 1);
    log.forget(&JOB).expect("forgotten");
    assert!(log.newest_first(&JOB).expect("read").is_empty());
    assert_eq!(log.newest_first(&OTHER).expect("read").len(), 1);
    assert_eq!(
        log.issue(&draft(JOB, 30, &[]), &key).expect("signed").receipt.sequence,
        4
    );
}

/// What happens in a history.
#[derive(Clone, Debug)]
enum Event {
    Issue { other: bool, more_ms: u64, samples: usize },
    Countersign { other: bool, back: usize },
    Crash { after_operations: usize, kept: u64 },
    Restart,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (any::<bool>(), 0_u64..5_000, 0_usize..4)
            .prop_map(|(other, more_ms, samples)| Event::Issue { other, more_ms, samples }),
        3 => (any::<bool>(), 0_usize..3).prop_map(|(other, back)| Event::Countersign { other, back }),
        3 => (0_usize..40, any::<u64>()).prop_map(|(after_operations, kept)| Event::Crash { after_operations, kept }),
        1 => Just(Event::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    /// Everything that left the log before a power cut is there after it, and no sequence ever has two contents.
    #[test]
    fn one_sequence_has_one_content_whatever_is_killed_when(events in prop::collection::vec(event(), 1..40)) {
        let backend = Backend::default();
        let (provider, tenant) = (Keypair::new(), Keypair::new());
        let mut log = ReceiptLog::on(backend.clone()).expect("a log");
        let mut released = BTreeMap::new();
        let mut countersigned = BTreeMap::new();
        let mut pending_cut = None;
        for event in events {
            match event {
                Event::Issue { other, more_ms, samples } => {
                    let job = if other { OTHER } else { JOB };
                    // A log on a dead disk answers with errors, which release nothing.
                    let Ok(state) = log.meter(&job) else { continue };
                    let samples = vec![Sample { metered_ms: more_ms, ..Sample::default() }; samples];
                    if let Ok(row) = log.issue(&draft(job, state.metered_ms + more_ms, &samples), &provider) {
                        let key = (job, row.receipt.sequence);
                        prop_assert!(released.insert(key, row.receipt).is_none(), "sequence {key:?} was used twice");
                    }
                }
                Event::Countersign { other, back } => {
                    let job = if other { OTHER } else { JOB };
                    let Some(receipt) = released.iter().rev().filter(|((of, _), _)| *of == job).nth(back).map(|(_, r)| *r) else {
                        continue;
                    };
                    if log.countersign(&receipt, &tenant.pubkey(), &sign(&tenant, &receipt)).is_ok() {
                        countersigned.insert((job, receipt.sequence), receipt);
                    }
                }
                Event::Crash { after_operations, kept } => {
                    backend.disk().operations_left = Some(after_operations);
                    pending_cut = Some(kept);
                }
                Event::Restart => {
                    // Dropping a database writes to it, which a dead machine does not.
                    if pending_cut.is_some() {
                        backend.disk().operations_left = Some(0);
                    }
                    drop(log);
                    if let Some(kept) = pending_cut.take() {
                        backend.disk().power_cut(kept);
                    }
                    log = ReceiptLog::on(backend.clone()).expect("it opens again");
                }
            }
        }
        backend.disk().operations_left = Some(0);
        drop(log);
        backend.disk().power_cut(pending_cut.unwrap_or(0));
        let log = ReceiptLog::on(backend).expect("it opens again");
        for ((job, sequence), receipt) in &released {
            let rows = log.newest_first(job).expect("readable");
            let row = rows.iter().find(|row| row.receipt.sequence == *sequence);
            let row = row.unwrap_or_else(|| panic!("receipt {sequence} was released and is lost"));
            prop_assert_eq!(&row.receipt, receipt);
            prop_assert!(!countersigned.contains_key(&(*job, *sequence)) || row.tenant_signature.is_some());
            prop_assert!(log.meter(job).expect("readable").sequence >= *sequence);
        }
    }
}
