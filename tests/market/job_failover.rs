//! Re-opening a job that lost its node.

use gantry_sdk::{Keypair, Pubkey, Signer, address, event::Event, instruction::market as instruction};
use gantry_tests::{
    key,
    outcome::Outcome,
    parties::{DURATION_S, GRACE_WINDOW_S, Provider, RATE},
    world::World,
};
use market::{
    MarketError,
    events::JobFailedOver,
    state::{Job, JobState, Node},
};

mod ends;
mod terms;

const GRACE_S: i64 = GRACE_WINDOW_S as i64;
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
        let account = Job {
            session_key: signer.pubkey(),
            ..self.world.job(&self.job)
        };
        self.fail_over_as(&account, signer, wish)
    }

    /// As if the ended job's account were this one.
    fn fail_over_as(&mut self, account: &Job, signer: &Keypair, wish: &Wish) -> Outcome {
        let (payer, job) = (key::fresh(), self.job);
        self.world.chain.fund(&payer.pubkey());
        let call = instruction::job_failover(payer.pubkey(), job, account, &self.to(wish));
        self.world.chain.send(&[call], &[&payer, signer])
    }

    fn to(&self, wish: &Wish) -> instruction::Elsewhere {
        let node: Node = self.world.chain.get(&wish.node);
        instruction::Elsewhere {
            nonce: wish.nonce,
            node: wish.node,
            provider_owner: node.owner,
            class: node.class,
            max_rate: wish.max_rate,
            max_duration_s: wish.max_duration_s,
        }
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
