//! Refuting a claim.

use gantry_protocol::{Receipt, fault::Fault, limits::CHALLENGE_WINDOW_S};
use gantry_sdk::{
    Keypair, Pubkey, Signer, address,
    event::Event,
    instruction::market as instruction,
    receipt::{Evidence, ProviderReceipt, sign},
};
use gantry_tests::{
    key,
    outcome::Outcome,
    signatures::{finally, next_receipt},
    world::World,
};
use market::{MarketError, events::ClaimRefuted, state::Claim};

/// A job with a claim of its provider, and somebody who watches it.
struct Watch {
    world: World,
    job: Pubkey,
    /// What was claimed.
    receipt: Receipt,
    reporter: Keypair,
}

impl Watch {
    fn new() -> Self {
        let mut world = World::new();
        let job = world.running_job();
        world.chain.advance(120);
        let settled = world.receipt(&job, 60_000);
        world.settle(&settled).succeeds();
        let receipt = next_receipt(&job, &world.job(&job), 80_000);
        let key = &world.provider.attestation;
        let signed = ProviderReceipt {
            receipt,
            key: key.pubkey(),
            signature: sign(key, &receipt),
        };
        let open = instruction::claim_open(&signed, &world.job(&job));
        world.chain.send(&open, &[&world.provider.attestation]).succeeds();
        let reporter = key::fresh();
        world.chain.fund(&reporter.pubkey());
        Self {
            world,
            job,
            receipt,
            reporter,
        }
    }

    fn evidence(&self, other: Receipt) -> Evidence {
        let key = &self.world.provider.attestation;
        Evidence {
            key: key.pubkey(),
            first: (self.receipt, sign(key, &self.receipt)),
            second: (other, sign(key, &other)),
        }
    }

    fn refute(&mut self, other: Receipt) -> Outcome {
        let (evidence, job) = (self.evidence(other), self.world.job(&self.job));
        let refute = instruction::claim_refute(self.reporter.pubkey(), &evidence, &job);
        self.world.chain.send(&refute, &[&self.reporter])
    }
}

#[test]
fn a_claim_that_the_providers_own_receipt_contradicts_is_void_and_its_bond_goes_to_the_tenant() {
    let mut watch = Watch::new();
    let (tenant_had, provider_had) = (watch.world.tenant_has(), watch.world.provider_has());
    let claim: Claim = watch.world.chain.get(&address::claim(&watch.job));
    let less = Receipt {
        metered_ms: 70_000,
        ..watch.receipt
    };
    let done = watch.refute(less).succeeds();
    assert_eq!(watch.world.tenant_has(), tenant_had + claim.bond);
    assert_eq!(watch.world.provider_has(), provider_had);
    let job = watch.world.job(&watch.job);
    assert_eq!((job.claimed, job.metered_ms), (0, 60_000));
    assert!(watch.world.chain.account(&address::claim(&watch.job)).is_none());
    let refuted = ClaimRefuted {
        job: watch.job,
        reporter: watch.reporter.pubkey(),
        bond: claim.bond,
        balance: watch.world.tenant_has(),
        at: watch.world.chain.now(),
    };
    assert_eq!(done.event(), Event::ClaimRefuted(refuted));
}

#[test]
fn every_kind_of_contradiction_refutes() {
    let contradictions: [fn(Receipt) -> Receipt; 3] = [
        |claimed| Receipt { time_ms: 1, ..claimed },
        |claimed| Receipt {
            sequence: claimed.sequence + 1,
            metered_ms: claimed.metered_ms - 1,
            ..claimed
        },
        |claimed| {
            finally(Receipt {
                sequence: claimed.sequence - 1,
                metered_ms: claimed.metered_ms - 1,
                ..claimed
            })
        },
    ];
    for contradiction in contradictions {
        let mut watch = Watch::new();
        let other = contradiction(watch.receipt);
        watch.refute(other).succeeds();
    }
}

#[test]
fn an_honest_claim_stands_against_all_other_honest_receipts() {
    let mut watch = Watch::new();
    let earlier = Receipt {
        sequence: 1,
        metered_ms: 60_000,
        ..watch.receipt
    };
    let later = Receipt {
        sequence: 3,
        metered_ms: 90_000,
        ..watch.receipt
    };
    for honest in [earlier, later, watch.receipt] {
        watch.refute(honest).is_refused_at(1, MarketError::NothingRefuted);
    }
}

#[test]
fn a_claim_can_be_refuted_for_as_long_as_it_was_not_settled() {
    let mut watch = Watch::new();
    watch.world.chain.advance(10 * i64::from(CHALLENGE_WINDOW_S));
    let other = Receipt {
        time_ms: 1,
        ..watch.receipt
    };
    watch.refute(other).succeeds();
}

#[test]
fn the_same_evidence_refutes_the_claim_and_proves_the_fault() {
    let mut watch = Watch::new();
    let other = Receipt {
        time_ms: 1,
        ..watch.receipt
    };
    watch.refute(other).succeeds();
    let evidence = watch.evidence(other);
    let gnt = watch.world.gnt.clone();
    let bounty = gnt.account_of(&mut watch.world.chain, &watch.reporter.pubkey());
    let prove = instruction::fault_prove(
        watch.reporter.pubkey(),
        &evidence,
        Fault::Equivocation,
        watch.world.provider.owner(),
        gnt.address,
        gnt.token_program,
        bounty,
    );
    watch.world.chain.send(&prove, &[&watch.reporter]).succeeds();
}

#[test]
fn a_strangers_receipts_refute_nothing() {
    let mut watch = Watch::new();
    let stranger = key::fresh();
    let other = Receipt {
        time_ms: 1,
        ..watch.receipt
    };
    let evidence = Evidence {
        key: stranger.pubkey(),
        first: (watch.receipt, sign(&stranger, &watch.receipt)),
        second: (other, sign(&stranger, &other)),
    };
    let job = watch.world.job(&watch.job);
    let refute = instruction::claim_refute(watch.reporter.pubkey(), &evidence, &job);
    watch
        .world
        .chain
        .send(&refute, &[&watch.reporter])
        .is_refused_at(1, MarketError::WrongSigner);
}
