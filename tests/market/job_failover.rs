//! Re-opening a job that lost its node.

use gantry_protocol::{class, limits::FAILOVER_WINDOW_S};
use gantry_sdk::{Keypair, Pubkey, Signer, address, event::Event, instruction::market as instruction};
use gantry_tests::{
    key,
    outcome::Outcome,
    parties::{DURATION_S, GRACE_WINDOW_S, Provider, RATE, market_parameters, specification},
    world::World,
};
use market::{
    MarketError, NodeSpecification,
    events::JobFailedOver,
    state::{Job, JobState, Node},
};

const GRACE_S: i64 = GRACE_WINDOW_S as i64;
const WINDOW_S: i64 = FAILOVER_WINDOW_S as i64;
/// What is metered of the job before its node is lost.
const USED_S: u32 = 10;
/// What is left of it.
const LEFT_S: u32 = DURATION_S - USED_S;
/// Number of the successor among the tenant's jobs.
const NONCE: u64 = 1_000;

/// A job whose node fell silent after ten settled seconds, closed by a stranger, and a provider with another node.
struct Lost {
    world: World,
    job: Pubkey,
    other: Provider,
}

/// What a re-opening asks for.
struct Wish {
    node: Pubkey,
    max_rate: u64,
    max_duration_s: u32,
    nonce: u64,
}

impl Lost {
    fn new() -> Self {
        let mut lost = Self::running();
        lost.close();
        lost
    }

    fn running() -> Self {
        let mut world = World::new();
        let other = Provider::new();
        world.admit(&other);
        let job = world.running_job();
        world.chain.advance(i64::from(USED_S));
        let receipt = world.receipt(&job, u64::from(USED_S) * 1_000);
        world.settle(&receipt).succeeds();
        Self { world, job, other }
    }

    fn close(&mut self) {
        self.world.stop(&self.job).succeeds();
        self.world.chain.advance(GRACE_S + 1);
        self.world.close(&self.job).succeeds();
        self.beat();
    }

    /// The other node says that it is alive.
    fn beat(&mut self) {
        let key = self.other.attestation.pubkey();
        let heartbeat = instruction::node_heartbeat(key, self.other.account(), self.other.node(0));
        self.world
            .chain
            .send(&[heartbeat], &[&self.other.attestation])
            .succeeds();
    }

    fn wish(&self) -> Wish {
        Wish {
            node: self.other.node(0),
            max_rate: u64::MAX,
            max_duration_s: LEFT_S,
            nonce: NONCE,
        }
    }

    fn fail_over(&mut self, wish: &Wish) -> Outcome {
        let session = self.world.tenant.session.insecure_clone();
        self.fail_over_by(&session, wish)
    }

    fn fail_over_by(&mut self, signer: &Keypair, wish: &Wish) -> Outcome {
        let (payer, job) = (key::fresh(), self.job);
        self.world.chain.fund(&payer.pubkey());
        let node: Node = self.world.chain.get(&wish.node);
        let account = Job {
            session_key: signer.pubkey(),
            ..self.world.job(&job)
        };
        let to = instruction::Elsewhere {
            nonce: wish.nonce,
            node: wish.node,
            provider_owner: node.owner,
            class: node.class,
            max_rate: wish.max_rate,
            max_duration_s: wish.max_duration_s,
        };
        let call = instruction::job_failover(payer.pubkey(), job, &account, &to);
        self.world.chain.send(&[call], &[&payer, signer])
    }

    fn successor(&self) -> Pubkey {
        address::job(&self.world.tenant.owner(), NONCE)
    }
}

#[test]
fn the_session_key_alone_goes_on_elsewhere_with_what_is_left() {
    let mut lost = Lost::new();
    let (before, has) = (lost.world.job(&lost.job), lost.world.tenant_has());
    let wish = lost.wish();
    let done = lost.fail_over(&wish).succeeds();
    let address = lost.successor();
    let (former, successor) = (lost.world.job(&lost.job), lost.world.job(&address));
    let at = lost.world.chain.now();
    let event = JobFailedOver {
        job: lost.job,
        successor: address,
        at,
    };
    assert!(done.events().contains(&Event::JobFailedOver(event)));
    assert!(
        done.events()
            .iter()
            .any(|event| matches!(event, Event::JobOpened(opened) if opened.job == address))
    );
    assert_eq!(
        former,
        Job {
            successor: address,
            ..before
        }
    );
    assert_eq!(
        (successor.state(), successor.tenant, successor.provider, successor.node),
        (
            Some(JobState::Open),
            lost.world.tenant.owner(),
            lost.other.owner(),
            lost.other.node(0)
        )
    );
    assert_eq!(
        (
            successor.session_key,
            successor.bundle_hash,
            successor.gpus,
            successor.mint
        ),
        (before.session_key, before.bundle_hash, before.gpus, before.mint)
    );
    assert_eq!((successor.rate, successor.max_duration_s), (RATE, LEFT_S));
    assert!(successor.escrow <= before.refund);
    assert_eq!(lost.world.tenant_has(), has - successor.escrow);
}

#[test]
fn only_the_session_key_that_the_job_ended_with_re_opens_it() {
    let mut lost = Lost::running();
    let former = lost.world.tenant.session.insecure_clone();
    let rotate = instruction::session_rotate(lost.job, &lost.world.job(&lost.job), key::fresh().pubkey());
    lost.world
        .chain
        .send(&[rotate], &[&lost.world.tenant.wallet])
        .succeeds();
    let stop = instruction::job_stop(lost.world.tenant.owner(), lost.job);
    lost.world.chain.send(&[stop], &[&lost.world.tenant.wallet]).succeeds();
    lost.world.chain.advance(GRACE_S + 1);
    lost.world.close(&lost.job).succeeds();
    lost.beat();
    let wish = lost.wish();
    for stranger in [
        former,
        lost.world.tenant.wallet.insecure_clone(),
        lost.other.wallet.insecure_clone(),
        key::fresh(),
    ] {
        lost.fail_over_by(&stranger, &wish)
            .is_refused(MarketError::NotSessionKey);
    }
}

#[test]
fn a_job_is_re_opened_once() {
    let mut lost = Lost::new();
    let wish = lost.wish();
    lost.fail_over(&wish).succeeds();
    let again = Wish {
        nonce: NONCE + 1,
        ..lost.wish()
    };
    lost.fail_over(&again).is_refused(MarketError::AlreadyFailedOver);
}

#[test]
fn a_job_is_re_opened_within_an_hour_of_its_end_to_the_second() {
    let after = |seconds: i64| {
        let mut lost = Lost::new();
        lost.world.chain.advance(seconds);
        lost.beat();
        let wish = lost.wish();
        lost.fail_over(&wish)
    };
    after(WINDOW_S).succeeds();
    after(WINDOW_S + 1).is_refused(MarketError::FailoverTooLate);
}

#[test]
fn neither_a_living_nor_a_finished_nor_a_cancelled_job_nor_one_with_nothing_left_is_re_opened() {
    let mut running = Lost::running();
    let wish = running.wish();
    running.fail_over(&wish).is_refused(MarketError::NothingToFailOver);
    running.world.stop(&running.job).succeeds();
    running.fail_over(&wish).is_refused(MarketError::NothingToFailOver);

    let mut finished = Lost::running();
    let last = finished.world.final_receipt(&finished.job, 10_000);
    finished.world.settle(&last).succeeds();
    finished.world.close(&finished.job).succeeds();
    let wish = finished.wish();
    finished.fail_over(&wish).is_refused(MarketError::NothingToFailOver);

    let mut cancelled = Lost::running();
    cancelled.job = cancelled.world.open_job();
    let attestation = cancelled.world.provider.attestation.insecure_clone();
    cancelled.world.cancel_by(&attestation, &cancelled.job).succeeds();
    let wish = cancelled.wish();
    cancelled.fail_over(&wish).is_refused(MarketError::NothingToFailOver);

    let mut used = Lost::running();
    used.world.chain.advance(i64::from(LEFT_S));
    let all = used.world.receipt(&used.job, u64::from(DURATION_S) * 1_000);
    used.world.settle(&all).succeeds();
    used.close();
    let wish = Wish {
        max_duration_s: 1,
        ..used.wish()
    };
    used.fail_over(&wish).is_refused(MarketError::NothingToFailOver);
}

#[test]
fn a_job_that_its_providers_exit_ended_is_re_opened_although_both_signed_a_final_receipt() {
    let mut lost = Lost::running();
    let terms = market::JobTerms {
        max_duration_s: 3_600,
        ..lost.world.tenant.terms(1)
    };
    lost.world.heartbeat().succeeds();
    lost.job = lost.world.open_with(terms);
    lost.world.start(&lost.job).succeeds();
    let exits_at = lost.world.chain.now() + 600;
    let attestation = lost.world.provider.attestation.insecure_clone();
    let exit = instruction::job_exit(attestation.pubkey(), lost.job, exits_at);
    lost.world.chain.send(&[exit], &[&attestation]).succeeds();
    lost.world.chain.advance(600);
    let last = lost.world.final_receipt(&lost.job, 600_000);
    lost.world.settle(&last).succeeds();
    lost.world.close(&lost.job).succeeds();
    lost.beat();
    let wish = Wish {
        max_duration_s: 3_000,
        ..lost.wish()
    };
    lost.fail_over(&wish).succeeds();
}

#[test]
fn the_successor_is_no_dearer_and_no_longer_than_what_is_left() {
    let mut lost = Lost::new();
    let longer = Wish {
        max_duration_s: LEFT_S + 1,
        ..lost.wish()
    };
    lost.fail_over(&longer).is_refused(MarketError::FailoverTooLong);
    let price = |lost: &mut Lost, rate| {
        let set = instruction::node_price_set(lost.other.owner(), lost.other.node(0), lost.world.usdc.address, rate);
        lost.world.chain.send(&[set], &[&lost.other.wallet]).succeeds();
    };
    price(&mut lost, RATE + 1);
    let wish = lost.wish();
    lost.fail_over(&wish).is_refused(MarketError::RateAboveLimit);
    price(&mut lost, RATE);
    let limited = Wish {
        max_rate: RATE - 1,
        ..lost.wish()
    };
    lost.fail_over(&limited).is_refused(MarketError::RateAboveLimit);
    lost.fail_over(&wish).succeeds();
}

#[test]
fn a_begun_second_is_used_up() {
    let mut lost = Lost::running();
    let receipt = lost.world.receipt(&lost.job, u64::from(USED_S) * 1_000 + 1);
    lost.world.settle(&receipt).succeeds();
    lost.close();
    let wish = lost.wish();
    lost.fail_over(&wish).is_refused(MarketError::FailoverTooLong);
    let shorter = Wish {
        max_duration_s: LEFT_S - 1,
        ..lost.wish()
    };
    lost.fail_over(&shorter).succeeds();
}

#[test]
fn the_other_node_is_of_the_same_class() {
    let mut lost = Lost::new();
    let (owner, node) = (lost.other.owner(), lost.other.node(1));
    let specification = NodeSpecification {
        class: class::pack("rtx-4090").expect("a class"),
        ..specification()
    };
    let register = [
        instruction::node_register(owner, 1, specification),
        instruction::node_price_set(owner, node, lost.world.usdc.address, RATE),
    ];
    lost.world.chain.send(&register, &[&lost.other.wallet]).succeeds();
    let wish = Wish { node, ..lost.wish() };
    lost.fail_over(&wish).is_refused(MarketError::FailoverDiffers);
}

#[test]
fn a_tenant_that_has_withdrawn_meanwhile_is_not_opened_for() {
    let mut lost = Lost::new();
    let (owner, usdc) = (lost.world.tenant.owner(), lost.world.usdc.clone());
    let destination = usdc.mint_to(&mut lost.world.chain, &owner, 0);
    let withdraw = |lost: &mut Lost, amount| {
        let (mint, program) = (usdc.address, usdc.token_program);
        let withdraw = instruction::balance_withdraw(owner, mint, destination, program, amount);
        lost.world
            .chain
            .send(&[withdraw], &[&lost.world.tenant.wallet])
            .succeeds();
    };
    let has = lost.world.tenant_has();
    withdraw(&mut lost, has);
    let wish = lost.wish();
    lost.fail_over(&wish).is_refused(MarketError::InsufficientBalance);
    lost.world.deposit(1).succeeds();
    lost.fail_over(&wish).is_refused(MarketError::InsufficientBalance);
}

#[test]
fn nothing_opens_while_governance_has_paused_new_jobs() {
    let mut lost = Lost::new();
    let authority = lost.world.authority.pubkey();
    let parameters = market::MarketParameters {
        paused: true,
        ..market_parameters(authority)
    };
    let update = instruction::config_update(authority, parameters);
    lost.world.chain.send(&[update], &[&lost.world.authority]).succeeds();
    let wish = lost.wish();
    lost.fail_over(&wish).is_refused(MarketError::Paused);
}

#[test]
fn however_often_a_job_moves_it_costs_no_more_than_the_escrow_of_its_opening() {
    let mut lost = Lost::new();
    let first = lost.world.job(&lost.job);
    let (mut left_s, mut owed) = (LEFT_S, first.owed);
    for nonce in NONCE..NONCE + 4 {
        // The two providers take turns.
        std::mem::swap(&mut lost.world.provider, &mut lost.other);
        lost.world.heartbeat().succeeds();
        let wish = Wish {
            node: lost.world.node_address(),
            max_rate: u64::MAX,
            max_duration_s: left_s,
            nonce,
        };
        lost.fail_over(&wish).succeeds();
        lost.job = address::job(&lost.world.tenant.owner(), nonce);
        lost.world.start(&lost.job).succeeds();
        lost.world.chain.advance(7);
        let receipt = lost.world.receipt(&lost.job, 6_500);
        lost.world.settle(&receipt).succeeds();
        let attestation = lost.world.provider.attestation.insecure_clone();
        lost.world.close_by(&attestation, &lost.job).succeeds();
        owed += lost.world.job(&lost.job).owed;
        left_s -= 7;
    }
    assert!(owed <= first.escrow, "{owed} of {}", first.escrow);
}
