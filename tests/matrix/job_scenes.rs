//! The scenes of jobs.

use gantry_protocol::{fees::shard_of, limits::EXIT_NOTICE_S};
use gantry_sdk::{Pubkey, Signer, instruction::market as instruction};
use gantry_tests::parties::{DURATION_S, GRACE_WINDOW_S, START_DEADLINE_S, specification};

use crate::{
    case::ELSEWHERE,
    scene::Scene,
    stage::{Stage, Tokens},
};

/// A job that has run for ten seconds.
pub(crate) fn running(tokens: Tokens) -> (Stage, Pubkey) {
    let mut stage = Stage::full(tokens);
    let job = stage.world.running_job();
    stage.world.chain.advance(10);
    (stage, job)
}

/// A job that was not started.
fn opened(tokens: Tokens) -> (Stage, Pubkey) {
    let mut stage = Stage::full(tokens);
    let job = stage.world.open_job();
    (stage, job)
}

pub(crate) fn open(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    let call = stage.world.open_instruction(stage.world.tenant.terms(1));
    Scene::new(stage, call)
}

pub(crate) fn start(tokens: Tokens) -> Scene {
    let (stage, job) = opened(tokens);
    let call = instruction::job_start(stage.world.provider.attestation.pubkey(), job);
    Scene::new(stage, call).about(job)
}

pub(crate) fn settle(tokens: Tokens) -> Scene {
    let (stage, job) = running(tokens);
    let receipt = stage.world.receipt(&job, 10_000);
    let [signatures, call] = stage.world.settle_instructions(&receipt);
    let mut scene = Scene::new(stage, call).about(job);
    scene.instructions.insert(0, signatures);
    scene
}

pub(crate) fn stop(tokens: Tokens) -> Scene {
    let (stage, job) = running(tokens);
    let call = instruction::job_stop(stage.world.tenant.session.pubkey(), job);
    Scene::new(stage, call).about(job)
}

/// After the grace window, when anyone may close. The fee of a copy would belong into another shard.
pub(crate) fn close(tokens: Tokens) -> Scene {
    let mut stage = Stage::full(tokens);
    while shard_of(stage.world.next_job().as_array()) == shard_of(ELSEWHERE.as_array()) {
        stage.world.skip_job_number();
    }
    let job = stage.world.running_job();
    stage.world.chain.advance(10);
    let receipt = stage.world.receipt(&job, 10_000);
    stage.world.settle(&receipt).succeeds();
    stage.world.stop(&job).succeeds();
    stage.world.chain.advance(i64::from(GRACE_WINDOW_S) + 1);
    let call = instruction::job_close(stage.world.deployer.pubkey(), job, &stage.world.job(&job));
    Scene::new(stage, call).about(job)
}

/// After the start deadline, when anyone may cancel.
pub(crate) fn cancel(tokens: Tokens) -> Scene {
    let (mut stage, job) = opened(tokens);
    stage.world.chain.advance(i64::from(START_DEADLINE_S) + 1);
    let call = instruction::job_cancel(stage.world.deployer.pubkey(), job, &stage.world.job(&job));
    Scene::new(stage, call).about(job)
}

pub(crate) fn rekey(tokens: Tokens) -> Scene {
    let (stage, job) = running(tokens);
    let owner = stage.world.provider.owner();
    let call = instruction::job_rekey(owner, owner, job);
    Scene::new(stage, call).about(job)
}

pub(crate) fn extend(tokens: Tokens) -> Scene {
    let (stage, job) = running(tokens);
    let call = instruction::job_extend(job, &stage.world.job(&job), 2 * DURATION_S);
    Scene::new(stage, call).about(job)
}

pub(crate) fn exit(tokens: Tokens) -> Scene {
    let (stage, job) = running(tokens);
    let exits_at = stage.world.chain.now() + i64::from(EXIT_NOTICE_S);
    let call = instruction::job_exit(stage.world.provider.attestation.pubkey(), job, exits_at);
    Scene::new(stage, call).about(job)
}

pub(crate) fn session_rotate(tokens: Tokens) -> Scene {
    let (stage, job) = running(tokens);
    let call = instruction::session_rotate(job, &stage.world.job(&job), ELSEWHERE);
    Scene::new(stage, call).about(job)
}

/// The job's node fell silent, and the job is closed; the rival's node is free.
pub(crate) fn failover(tokens: Tokens) -> Scene {
    let (mut stage, job) = running(tokens);
    stage.world.stop(&job).succeeds();
    stage.world.chain.advance(i64::from(GRACE_WINDOW_S) + 1);
    stage.world.close(&job).succeeds();
    let (node, owner) = (stage.rival.node(0), stage.rival.owner());
    let account = stage.world.job(&job);
    let payer = stage.world.deployer.pubkey();
    let to = instruction::Elsewhere {
        nonce: 1_000,
        node,
        provider_owner: owner,
        class: specification().class,
        max_rate: u64::MAX,
        max_duration_s: 60,
    };
    let call = instruction::job_failover(payer, job, &account, &to);
    Scene::new(stage, call).about(job)
}
