use super::*;
use crate::bill::tests::closed_bill;
use crate::state::record_for_tests;

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
    assert_eq!([0, 1, 1_000, 1_001].map(seconds_used), [0, 1, 1, 2]);
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

/// A job that was lost, with its files, and the files of its successor to be.
struct Moving {
    _root: tempfile::TempDir,
    store: Store,
    former: Record,
    successor: Successor,
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
        let job = Pubkey::new_from_array([77; 32]);
        Self {
            _root: root,
            store,
            former,
            successor: Successor { nonce: 3, job },
        }
    }

    fn prepare(&self, key: &Keypair) -> Record {
        let (directory, next) = (self.store.job(&self.former.job), self.store.job(&self.successor.job));
        next.create().unwrap();
        prepare(&directory, &self.former, key, self.successor, &next).unwrap()
    }
}

#[test]
fn a_successor_takes_over_what_its_predecessor_was_to_do_and_nothing_of_what_became_of_it() {
    let (moving, key) = (Moving::new(), Keypair::new());
    let made = moving.prepare(&key);
    let (former, files) = (&moving.former, moving.store.job(&moving.successor.job));
    assert_eq!(
        (made.job, &made.command, made.tenant),
        (moving.successor.job, &former.command, former.tenant)
    );
    assert_eq!(
        (made.start_requested_at_ms, made.ended_ms, made.exit.clone()),
        (None, None, None)
    );
    assert!(!made.results_fetched && made.successor.is_none());
    let wish = made.failover.clone().unwrap();
    assert_eq!((wish.region.as_deref(), wish.moves_left), (Some("eu"), 2));
    assert_eq!(made.predecessor, Some(former.job.into()));
    assert_eq!(fs::read(files.bundle()).unwrap(), b"the bundle");
    let read = files.record().unwrap();
    assert_eq!((read.job, read.session_key.0.pubkey()), (made.job, key.pubkey()));
}

#[test]
fn all_jobs_that_the_work_has_moved_through_are_told_oldest_first() {
    let moving = Moving::new();
    let made = moving.prepare(&Keypair::new());
    let third = Pubkey::new_from_array([78; 32]);
    let last = Record {
        job: third,
        predecessor: Some(made.job.into()),
        ..made.clone()
    };
    let told = predecessors(&moving.store, &last).unwrap();
    assert_eq!(told, [moving.former.job, made.job]);
    assert_eq!(predecessors(&moving.store, &moving.former).unwrap(), []);
}
