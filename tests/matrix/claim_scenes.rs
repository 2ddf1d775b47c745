//! The scenes of claims, refutations and faults.

use gantry_protocol::{Receipt, fault::Fault, limits::CHALLENGE_WINDOW_S, merkle::Sample};
use gantry_sdk::{
    Pubkey, Signer, address,
    instruction::market as instruction,
    receipt::{Evidence, ProviderReceipt, SampleEvidence, sign},
    samples,
};
use gantry_tests::{signatures::next_receipt, world::World};
use market::state::Claim;

use crate::{
    job_scenes::running,
    scene::Scene,
    stage::{Stage, Tokens, token_account},
};

/// A running job of which five of ten seconds are settled, so that the provider has something to pledge.
fn settled(tokens: Tokens) -> (Stage, Pubkey) {
    let (mut stage, job) = running(tokens);
    let receipt = stage.world.receipt(&job, 5_000);
    stage.world.settle(&receipt).succeeds();
    (stage, job)
}

/// The provider's claim for the other five seconds.
fn claimed(tokens: Tokens) -> (Stage, Pubkey) {
    let (mut stage, job) = settled(tokens);
    let open = instruction::claim_open(&provider_receipt(&stage.world, &job), &stage.world.job(&job));
    let world = &mut stage.world;
    world.chain.send(&open, &[&world.provider.attestation]).succeeds();
    (stage, job)
}

fn provider_receipt(world: &World, job: &Pubkey) -> ProviderReceipt {
    let receipt = next_receipt(job, &world.job(job), 10_000);
    let key = &world.provider.attestation;
    ProviderReceipt {
        receipt,
        key: key.pubkey(),
        signature: sign(key, &receipt),
    }
}

/// Two contents of one sequence.
fn evidence(world: &World, job: &Pubkey) -> Evidence {
    let receipt = next_receipt(job, &world.job(job), 10_000);
    let other = Receipt { time_ms: 1, ..receipt };
    let key = &world.provider.attestation;
    Evidence {
        key: key.pubkey(),
        first: (receipt, sign(key, &receipt)),
        second: (other, sign(key, &other)),
    }
}

pub(crate) fn open(tokens: Tokens) -> Scene {
    let (stage, job) = settled(tokens);
    let [signature, call] = instruction::claim_open(&provider_receipt(&stage.world, &job), &stage.world.job(&job));
    let mut scene = Scene::new(stage, call).about(job);
    scene.instructions.insert(0, signature);
    scene
}

pub(crate) fn settle(tokens: Tokens) -> Scene {
    let (mut stage, job) = claimed(tokens);
    stage.world.chain.advance(i64::from(CHALLENGE_WINDOW_S));
    let claim: Claim = stage.world.chain.get(&address::claim(&job));
    let call = instruction::claim_settle(&claim, &stage.world.job(&job));
    Scene::new(stage, call).about(job)
}

/// By the rival.
pub(crate) fn refute(tokens: Tokens) -> Scene {
    let (stage, job) = claimed(tokens);
    let [signatures, call] = instruction::claim_refute(
        stage.rival.owner(),
        &evidence(&stage.world, &job),
        &stage.world.job(&job),
    );
    let mut scene = Scene::new(stage, call).about(job);
    scene.instructions.insert(0, signatures);
    scene
}

/// By the rival.
pub(crate) fn fault_prove(tokens: Tokens) -> Scene {
    let (stage, job) = running(tokens);
    let (world, rival) = (&stage.world, stage.rival.owner());
    let bounty = token_account(&rival, &world.gnt);
    let [signatures, call] = instruction::fault_prove(
        rival,
        &evidence(world, &job),
        Fault::Equivocation,
        world.provider.owner(),
        world.gnt.address,
        world.gnt.token_program,
        bounty,
    );
    let mut scene = Scene::new(stage, call).about(job);
    scene.instructions.insert(0, signatures);
    scene
}

/// By the rival.
pub(crate) fn fault_prove_sample(tokens: Tokens) -> Scene {
    let (stage, job) = running(tokens);
    let (world, rival) = (&stage.world, stage.rival.owner());
    let bounty = token_account(&rival, &world.gnt);
    let lie = Sample {
        metered_ms: u64::MAX,
        ..Sample::default()
    };
    let samples = [Sample::default(), lie];
    let receipt = Receipt {
        samples_root: samples::root(&samples),
        ..next_receipt(&job, &world.job(&job), 10_000)
    };
    let key = &world.provider.attestation;
    let evidence = SampleEvidence {
        receipt: ProviderReceipt {
            receipt,
            key: key.pubkey(),
            signature: sign(key, &receipt),
        },
        proof: samples::prove(&samples, 1).expect("one of them"),
    };
    let [signature, call] = instruction::fault_prove_sample(
        rival,
        &evidence,
        world.node_address(),
        world.provider.owner(),
        world.gnt.address,
        world.gnt.token_program,
        bounty,
    );
    let mut scene = Scene::new(stage, call).about(job);
    scene.instructions.insert(0, signature);
    scene
}
