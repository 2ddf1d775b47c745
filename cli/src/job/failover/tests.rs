use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use gantry_sdk::market::state::JobState;
use serde_json::json;

use super::*;
use crate::{
    bill::tests::closed_bill,
    job::scripted_chain::{account, blank, clock, confirmed, refused, scripted, signature_of},
    output::Output,
    state::record_for_tests,
};

/// When the lost job ended.
const ENDED_AT: i64 = 1_000;
/// The system program's error for an account that exists already.
const ALREADY_IN_USE: u32 = 0;

fn report(is_final: u8, exit: Option<Exit>) -> Report {
    let mut bill = closed_bill();
    bill.job.is_final = is_final;
    Report {
        bill,
        exit,
        out: None,
        given_up: None,
        results_lost: None,
        interrupted: false,
        time_up: false,
        lost: Vec::new(),
    }
}

/// An end as the agent tells it.
fn exit(code: Option<i32>, signal: Option<i32>, reason: Option<&str>) -> Option<Exit> {
    Some(Exit {
        code,
        signal,
        reason: reason.map(str::to_owned),
    })
}

/// What the agent says of a workload that it has killed.
fn killed() -> Option<Exit> {
    exit(None, Some(9), Some("the provider ended the job, as it had announced"))
}

#[test]
fn only_work_that_its_provider_cut_off_goes_on_elsewhere() {
    assert!(was_cut_off(&report(0, None)));
    assert!(was_cut_off(&report(0, killed())));
    assert!(
        !was_cut_off(&report(0, exit(Some(0), None, None))),
        "it ended by itself"
    );
    assert!(
        !was_cut_off(&report(0, exit(None, Some(11), None))),
        "it crashed by itself"
    );
    assert!(!was_cut_off(&report(1, killed())), "both sides agreed on its end");
    for stop in [
        Report {
            interrupted: true,
            ..report(0, None)
        },
        Report {
            time_up: true,
            ..report(0, None)
        },
    ] {
        assert!(!was_cut_off(&stop));
    }
}

#[test]
fn work_that_an_announced_exit_ended_goes_on_although_both_sides_signed_a_final_receipt() {
    let ended_at = |seconds: i64, exit| {
        let mut exited = report(1, exit);
        exited.bill.job.exits_at = 5_000;
        exited.bill.job.ended_at = 5_000 + seconds;
        was_cut_off(&exited)
    };
    assert!(ended_at(0, killed()));
    assert!(ended_at(-CLOCK_SLACK_S, killed()), "the chain's clock may be behind");
    assert!(
        !ended_at(-CLOCK_SLACK_S - 1, killed()),
        "its tenant finished it long before"
    );
    assert!(!ended_at(0, exit(Some(0), None, None)), "it was done just in time");
}

#[test]
fn a_begun_second_is_used_up() {
    let left_after = |metered_ms| {
        let mut job: Job = blank();
        (job.max_duration_s, job.metered_ms) = (60, metered_ms);
        left_s(&job)
    };
    assert_eq!([0, 1, 1_000, 1_001, 70_000].map(left_after), [60, 59, 59, 58, 0]);
}

#[test]
fn why_no_node_will_do_is_said_in_words() {
    let mut choice = Choice::default();
    assert_eq!(none_fits(&choice), "no other node of its class is offered");
    choice.too_dear = vec![Rate(7)];
    choice.ruled_out.insert("whose agent does not answer".into(), 2);
    assert_eq!(
        none_fits(&choice),
        "no other node fits: 1 dearer than the lost one; 2 whose agent does not answer"
    );
}

/// A job that was lost, with its files.
struct Moving {
    _root: tempfile::TempDir,
    store: Store,
    former: Record,
}

impl Moving {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let store = Store::new(root.path());
        let former = Record {
            has_bundle: true,
            exit: killed(),
            start_requested_at_ms: Some(7),
            ended_ms: Some(8),
            results_fetched: true,
            failover: Some(Elsewhere {
                region: Some("eu".into()),
                allow_simulated: true,
                moves_left: 3,
            }),
            ..record_for_tests(5)
        };
        let directory = store.job(&former.job);
        directory.create().unwrap();
        directory.save_record(&former).unwrap();
        fs::write(directory.bundle(), b"the bundle").unwrap();
        Self {
            _root: root,
            store,
            former,
        }
    }

    fn directory(&self) -> JobDirectory {
        self.store.job(&self.former.job)
    }

    /// As the chain shows it: lost in the middle.
    fn job(&self) -> Job {
        let mut job: Job = blank();
        job.session_key = self.former.session_key.0.pubkey();
        (job.state, job.ended_at, job.refund) = (JobState::Closed as u8, ENDED_AT, 7);
        (job.tenant, job.max_duration_s) = (self.former.tenant, 60);
        job
    }

    /// The successor that is written down, if one is.
    fn successor(&self) -> Option<Successor> {
        self.directory().record().unwrap().successor
    }

    /// A chain whose clock shows `now`, on which the successor stands once `opened`, and that answers transactions with `send`.
    fn chain(
        &self,
        now: i64,
        opened: Arc<AtomicUsize>,
        send: impl Fn(&serde_json::Value) -> Result<serde_json::Value, serde_json::Value> + Send + Sync + 'static,
    ) -> Client {
        let (former, job) = (json!(self.former.job.to_string()), self.job());
        scripted(move |method, parameters| match method {
            "getAccountInfo" if parameters[0] == former => Some(account(Some(&job))),
            "getAccountInfo" if parameters[0].as_str().is_some_and(|at| at.starts_with("Sysvar")) => Some(clock(now)),
            "getAccountInfo" if opened.load(Ordering::Relaxed) > 0 => {
                let mut found: Job = blank();
                found.node = Pubkey::new_from_array([66; 32]);
                Some(account(Some(&found)))
            }
            "getAccountInfo" => Some(account::<Job>(None)),
            "sendTransaction" => Some(send(parameters)),
            "getSignatureStatuses" => Some(confirmed()),
            _ => None,
        })
    }

    /// Opens the successor on a node that is chosen already.
    async fn open(&self, client: &Client) -> Result<Option<Next>> {
        let candidate = Candidate {
            address: Pubkey::new_from_array([55; 32]),
            node: blank(),
            provider: blank(),
            rate: Rate(1),
        };
        let key = self.former.session_key.0.insecure_clone();
        let record = self.directory().record().unwrap();
        self.with(client, async |mover| {
            mover.open(record, &self.job(), &key, &[candidate]).await
        })
        .await
    }

    async fn go_on(&self, client: &Client) -> Result<Option<Next>> {
        self.with(client, async |mover| mover.go_on(&report(0, None)).await)
            .await
    }

    async fn with<T>(&self, client: &Client, act: impl AsyncFnOnce(Mover<'_>) -> T) -> T {
        let (progress, wallet) = (Output::new(true).progress(""), Keypair::new());
        // Nobody listens there: whoever asks it fails.
        let indexer = Indexer::new(&"http://127.0.0.1:1".parse().unwrap()).unwrap();
        act(Mover {
            client,
            indexer: &indexer,
            store: &self.store,
            wallet: &wallet,
            progress: &progress,
            directory: self.directory(),
        })
        .await
    }
}

#[tokio::test]
async fn before_anything_is_sent_the_successors_number_key_and_bundle_are_on_disk() {
    let (moving, checked) = (Moving::new(), Arc::new(AtomicUsize::new(0)));
    let (directory, store, seen) = (moving.directory(), moving.store.clone(), checked.clone());
    let key = moving.former.session_key.0.pubkey();
    let client = moving.chain(ENDED_AT, Arc::default(), move |transaction| {
        let successor = directory.record().unwrap().successor.unwrap();
        let files = store.job(&successor.job);
        assert_eq!(files.record().unwrap().session_key.0.pubkey(), key);
        assert_eq!(fs::read(files.bundle()).unwrap(), b"the bundle");
        seen.fetch_add(1, Ordering::Relaxed);
        signature_of(transaction)
    });
    let (made, files, _lock) = moving.open(&client).await.unwrap().unwrap();
    assert_eq!(checked.load(Ordering::Relaxed), 1);
    let successor = moving.successor().unwrap();
    assert_eq!(made.job, address::job(&moving.former.tenant, successor.nonce));
    assert_eq!(files.record().unwrap().node, Pubkey::new_from_array([55; 32]));
}

#[tokio::test]
async fn a_successor_takes_over_what_its_predecessor_was_to_do_and_nothing_of_what_became_of_it() {
    let moving = Moving::new();
    let client = moving.chain(ENDED_AT, Arc::default(), signature_of);
    let (made, files, _lock) = moving.open(&client).await.unwrap().unwrap();
    let former = &moving.former;
    assert_eq!(
        (&made.command, made.tenant, made.mint),
        (&former.command, former.tenant, former.mint)
    );
    assert_eq!(
        (made.start_requested_at_ms, made.ended_ms, made.exit.clone()),
        (None, None, None)
    );
    assert!(!made.results_fetched && made.successor.is_none());
    let wish = made.failover.clone().unwrap();
    assert_eq!((wish.region.as_deref(), wish.moves_left), (Some("eu"), 2));
    assert_eq!(files.record().unwrap().predecessor, Some(former.job.into()));
}

#[tokio::test]
async fn a_successor_that_may_have_been_opened_is_found_again_under_its_number_and_nothing_is_sent() {
    let (moving, opened) = (Moving::new(), Arc::new(AtomicUsize::new(0)));
    let client = moving.chain(ENDED_AT, opened.clone(), |_| refused(ALREADY_IN_USE));
    let error = format!("{:#}", moving.open(&client).await.unwrap_err());
    assert!(error.contains("gantry resume"), "{error}");
    let number = moving.successor().unwrap();
    opened.store(1, Ordering::Relaxed);
    let client = moving.chain(ENDED_AT, opened, |_| panic!("a second successor"));
    let (made, _, _lock) = moving.go_on(&client).await.unwrap().unwrap();
    assert_eq!((made.job, moving.successor()), (number.job, Some(number)));
    assert_eq!(
        made.node,
        Pubkey::new_from_array([66; 32]),
        "where the chain says it is"
    );
}

#[tokio::test]
async fn a_job_that_was_stopped_for_good_or_has_moved_often_enough_does_not_go_on() {
    let sends = |moving: &Moving| moving.chain(ENDED_AT, Arc::default(), |_| panic!("it goes on"));
    let stopped = Moving::new();
    stopped.directory().note_stop().unwrap();
    assert!(stopped.go_on(&sends(&stopped)).await.unwrap().is_none());
    let mut tired = Moving::new();
    tired.former.failover.as_mut().unwrap().moves_left = 0;
    tired.directory().save_record(&tired.former).unwrap();
    assert!(tired.go_on(&sends(&tired)).await.unwrap().is_none());
    // Neither looked for a node; this one does, and finds nobody to ask.
    let other = Moving::new();
    assert!(other.go_on(&sends(&other)).await.is_err());
}

#[tokio::test]
async fn what_was_written_down_of_a_successor_is_removed_once_it_can_be_opened_no_more() {
    let moving = Moving::new();
    let client = moving.chain(ENDED_AT, Arc::default(), |_| refused(ALREADY_IN_USE));
    moving.open(&client).await.unwrap_err();
    let never = moving.successor().unwrap();
    let window_s = i64::from(gantry_protocol::limits::FAILOVER_WINDOW_S);
    let in_time = moving.chain(ENDED_AT + window_s, Arc::default(), |_| refused(ALREADY_IN_USE));
    assert!(moving.go_on(&in_time).await.is_err());
    assert_eq!(moving.successor(), Some(never));
    let too_late = moving.chain(ENDED_AT + window_s + 1, Arc::default(), |_| panic!("too late"));
    assert!(moving.go_on(&too_late).await.unwrap().is_none());
    assert_eq!(moving.successor(), None);
    assert!(moving.store.job(&never.job).find_record().unwrap().is_none());
}

#[tokio::test]
async fn all_jobs_that_the_work_has_moved_through_are_told_oldest_first() {
    let moving = Moving::new();
    let client = moving.chain(ENDED_AT, Arc::default(), signature_of);
    let (made, ..) = moving.open(&client).await.unwrap().unwrap();
    let last = Record {
        job: Pubkey::new_from_array([78; 32]),
        predecessor: Some(made.job.into()),
        ..made.clone()
    };
    let told = predecessors(&moving.store, &last).unwrap();
    assert_eq!(told, [moving.former.job, made.job]);
    assert_eq!(predecessors(&moving.store, &moving.former).unwrap(), []);
}
