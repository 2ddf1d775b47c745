//! Proving that a sample contradicts the receipt that commits to it, and what it costs.

use gantry_protocol::{
    Receipt,
    fault::{EVIDENCE_WINDOW_S, Fault as Kind},
    merkle::{SAMPLE_SIMULATED, Sample, leaf, node},
};
use gantry_sdk::{
    Keypair, Signer, address,
    instruction::market as instruction,
    receipt::{ProviderReceipt, SampleEvidence, sign},
    samples,
};
use gantry_tests::{
    forge::exchange,
    key,
    outcome::Outcome,
    parties::{BOND, Provider, profile},
};
use market::{MarketError, state::Fault};
use solana_instruction::error::InstructionError;

use crate::fault_prove::Watch;

/// A change that makes a receipt speak of something else, and the error it earns.
type Wrong = (fn(&mut Receipt), MarketError);

/// What the receipts of these tests claim.
const METERED_MS: u64 = 10_000;

/// Five samples of the job's only GPU, the third of which is this one.
fn with(third: Sample) -> Vec<Sample> {
    let at = |metered_ms| Sample { metered_ms, ..honest() };
    vec![at(1_000), at(2_000), third, at(9_999), at(METERED_MS)]
}

/// A sample that contradicts nothing: of the job's GPU, in the receipt's time, of a simulated GPU or not as the node's are.
fn honest() -> Sample {
    let simulated = gantry_tests::parties::specification().simulated;
    Sample {
        metered_ms: 3_000,
        flags: if simulated { SAMPLE_SIMULATED } else { 0 },
        ..Sample::default()
    }
}

fn of_a_later_moment() -> Sample {
    Sample {
        metered_ms: METERED_MS + 1,
        ..honest()
    }
}

impl Watch {
    fn receipt_over(&self, samples: &[Sample]) -> Receipt {
        Receipt {
            samples_root: samples::root(samples),
            ..self.receipt(1, METERED_MS)
        }
    }

    fn sample_evidence_by(&self, key: &Keypair, samples: &[Sample], index: usize) -> SampleEvidence {
        let receipt = self.receipt_over(samples);
        SampleEvidence {
            receipt: ProviderReceipt {
                receipt,
                key: key.pubkey(),
                signature: sign(key, &receipt),
            },
            proof: samples::prove(samples, index).expect("a sample of them"),
        }
    }

    fn sample_evidence(&self, third: Sample) -> SampleEvidence {
        self.sample_evidence_by(&self.world.provider.attestation, &with(third), 2)
    }

    fn sample_instructions(&self, evidence: &SampleEvidence) -> [gantry_sdk::Instruction; 2] {
        let gnt = &self.world.gnt;
        instruction::fault_prove_sample(
            self.reporter.pubkey(),
            evidence,
            self.world.node_address(),
            self.world.provider.owner(),
            gnt.address,
            gnt.token_program,
            self.bounty,
        )
    }

    fn prove_sample(&mut self, evidence: &SampleEvidence) -> Outcome {
        let prove = self.sample_instructions(evidence);
        self.world.chain.send(&prove, &[&self.reporter])
    }
}

#[test]
fn a_sample_of_a_moment_that_its_receipt_does_not_cover_costs_a_tenth_of_the_stake() {
    let mut watch = Watch::new();
    let evidence = watch.sample_evidence(of_a_later_moment());
    assert_eq!(evidence.verify(), Ok(()));
    watch.prove_sample(&evidence).succeeds();
    let fault: Fault = watch
        .world
        .chain
        .get(&address::fault(&watch.job, Kind::ContradictingSample));
    assert_eq!(
        (fault.kind, fault.sequence, fault.slashed, fault.penalty_bps),
        (4, 1, BOND / 10, 1_000)
    );
    assert_eq!(
        (fault.job, fault.provider, fault.reporter),
        (watch.job, watch.world.provider.owner(), watch.reporter.pubkey())
    );
    assert_eq!(watch.world.stake().slashed, BOND / 10);
}

#[test]
fn a_sample_of_a_gpu_that_the_job_does_not_have_is_a_fault() {
    let mut watch = Watch::new();
    let gpus = watch.world.job(&watch.job).gpus;
    let evidence = watch.sample_evidence(Sample {
        gpu: gpus - 1,
        ..honest()
    });
    watch
        .prove_sample(&evidence)
        .is_refused_at(1, MarketError::SampleContradictsNothing);
    let evidence = watch.sample_evidence(Sample { gpu: gpus, ..honest() });
    watch.prove_sample(&evidence).succeeds();
}

#[test]
fn a_sample_of_a_simulated_gpu_on_a_real_node_is_a_fault_and_the_other_way_round() {
    for is_simulated in [0, 1] {
        let mut watch = Watch::new();
        let node = watch.world.node_address();
        watch
            .world
            .chain
            .alter(&node, |node: &mut market::state::Node| node.simulated = is_simulated);
        let flags = |simulated: u8| if simulated == 1 { SAMPLE_SIMULATED } else { 0 };
        let samples = |flags| with(Sample { flags, ..honest() });
        let key = watch.world.provider.attestation.insecure_clone();
        let true_one = watch.sample_evidence_by(&key, &samples(flags(is_simulated)), 2);
        watch
            .prove_sample(&true_one)
            .is_refused_at(1, MarketError::SampleContradictsNothing);
        let false_one = watch.sample_evidence_by(&key, &samples(flags(1 - is_simulated)), 2);
        watch.prove_sample(&false_one).succeeds();
    }
}

#[test]
fn samples_that_can_be_true_prove_nothing_up_to_the_last_millisecond() {
    let mut watch = Watch::new();
    let key = watch.world.provider.attestation.insecure_clone();
    let samples = with(honest());
    for index in 0..samples.len() {
        let evidence = watch.sample_evidence_by(&key, &samples, index);
        watch
            .prove_sample(&evidence)
            .is_refused_at(1, MarketError::SampleContradictsNothing);
    }
}

#[test]
fn what_a_gpu_was_doing_contradicts_nothing() {
    let mut watch = Watch::new();
    let evidence = watch.sample_evidence(Sample {
        utilisation_percent: u16::MAX,
        temperature_c: u16::MAX,
        flags: honest().flags | 0xfffe,
        power_mw: u32::MAX,
        clock_mhz: u32::MAX,
        memory_used_bytes: u64::MAX,
        memory_total_bytes: 0,
        ..honest()
    });
    watch
        .prove_sample(&evidence)
        .is_refused_at(1, MarketError::SampleContradictsNothing);
}

#[test]
fn a_sample_that_the_receipt_does_not_commit_to_is_refused_whatever_is_wrong_with_its_path() {
    let mut watch = Watch::new();
    let right = watch.sample_evidence(of_a_later_moment());
    let wrongs: [fn(&mut market::SampleProof); 8] = [
        |proof| proof.sample[39] ^= 1,
        |proof| proof.index += 1,
        |proof| proof.index = u64::MAX,
        |proof| proof.size = 0,
        |proof| proof.size = u64::MAX,
        |proof| proof.path[0][0] ^= 1,
        |proof| _ = proof.path.pop(),
        |proof| proof.path.push([0; 32]),
    ];
    for wrong in wrongs {
        let mut evidence = right.clone();
        wrong(&mut evidence.proof);
        watch
            .prove_sample(&evidence)
            .is_refused_at(1, MarketError::SampleNotInReceipt);
    }
    watch.prove_sample(&right).succeeds();
}

#[test]
fn neither_an_inner_node_nor_the_root_passes_for_a_sample() {
    let mut watch = Watch::new();
    let samples = with(of_a_later_moment());
    let leaves: Vec<_> = samples.iter().map(|sample| leaf(&sample.to_bytes())).collect();
    let inner = node(&leaves[2], &leaves[3]);
    // Forty bytes of an inner node's own bytes, in its place in the tree: without the byte in front of each they would hash alike.
    let mut evidence = watch.sample_evidence(of_a_later_moment());
    evidence.proof.sample[..32].copy_from_slice(&inner);
    evidence.proof.sample[32..].fill(0xff);
    evidence.proof.path.remove(0);
    for (index, size) in [(1, 3), (1, 2), (0, 1), (2, 5)] {
        (evidence.proof.index, evidence.proof.size) = (index, size);
        watch
            .prove_sample(&evidence)
            .is_refused_at(1, MarketError::SampleNotInReceipt);
    }
    let mut evidence = watch.sample_evidence(of_a_later_moment());
    let root = evidence.receipt.receipt.samples_root;
    evidence.proof.sample[..32].copy_from_slice(&root);
    (evidence.proof.index, evidence.proof.size) = (0, 1);
    evidence.proof.path.clear();
    watch
        .prove_sample(&evidence)
        .is_refused_at(1, MarketError::SampleNotInReceipt);
}

#[test]
fn a_contradicting_sample_is_punished_once_whatever_other_sample_is_shown() {
    let mut watch = Watch::new();
    let evidence = watch.sample_evidence(of_a_later_moment());
    watch.prove_sample(&evidence).succeeds();
    let before = watch.world.stake();
    let other = watch.sample_evidence(Sample { gpu: 9, ..honest() });
    for evidence in [evidence, other] {
        let refused = watch.prove_sample(&evidence);
        refused.is_refused_at(1, InstructionError::Custom(0)); // The system program: the record's account exists.
    }
    assert_eq!(watch.world.stake(), before);
}

#[test]
fn only_a_key_of_the_jobs_provider_signs_a_fault_and_its_former_key_still_does() {
    let mut watch = Watch::new();
    let samples = with(of_a_later_moment());
    let session = watch.world.tenant.session.insecure_clone();
    for key in [session, key::fresh(), watch.world.provider.wallet.insecure_clone()] {
        let evidence = watch.sample_evidence_by(&key, &samples, 2);
        watch.prove_sample(&evidence).is_refused_at(1, MarketError::WrongSigner);
    }
    let owner = watch.world.provider.owner();
    let evidence = watch.sample_evidence(of_a_later_moment());
    let new = key::fresh();
    let update = instruction::provider_update(owner, profile(new.pubkey(), "https://agent.example:7443"));
    let rekey = instruction::job_rekey(owner, owner, watch.job);
    let wallet = watch.world.provider.wallet.insecure_clone();
    watch.world.chain.send(&[update, rekey], &[&wallet]).succeeds();
    watch.prove_sample(&evidence).succeeds();
}

#[test]
fn receipts_of_another_job_or_cluster_prove_nothing_here() {
    let mut watch = Watch::new();
    let key = watch.world.provider.attestation.insecure_clone();
    let wrongs: [Wrong; 2] = [
        (|receipt| receipt.genesis_hash = [9; 32], MarketError::WrongCluster),
        (|receipt| receipt.job = [9; 32], MarketError::WrongJob),
    ];
    for (wrong, error) in wrongs {
        let mut evidence = watch.sample_evidence(of_a_later_moment());
        let [_, prove] = watch.sample_instructions(&evidence);
        wrong(&mut evidence.receipt.receipt);
        evidence.receipt.signature = sign(&key, &evidence.receipt.receipt);
        let both = [evidence.receipt.ed25519_instruction(), prove];
        watch
            .world
            .chain
            .send(&both, &[&watch.reporter])
            .is_refused_at(1, error);
    }
}

#[test]
fn a_forged_signature_and_a_missing_one_prove_nothing() {
    let mut watch = Watch::new();
    let mut evidence = watch.sample_evidence(of_a_later_moment());
    let [_, prove] = watch.sample_instructions(&evidence);
    evidence.receipt.signature = sign(&key::fresh(), &evidence.receipt.receipt);
    watch
        .prove_sample(&evidence)
        .is_refused_at(0, InstructionError::Custom(2)); // The precompile: invalid signature.
    let alone = watch.world.chain.send(&[prove], &[&watch.reporter]);
    alone.is_refused(MarketError::MissingSignatures);
}

#[test]
fn a_sample_is_shown_until_twelve_hours_after_the_jobs_end() {
    for (late, expected) in [(0, None), (1, Some(MarketError::EvidenceTooOld))] {
        let mut watch = Watch::new();
        let evidence = watch.sample_evidence(of_a_later_moment());
        let attestation = watch.world.provider.attestation.insecure_clone();
        watch.world.close_by(&attestation, &watch.job.clone()).succeeds();
        watch.world.chain.advance(i64::from(EVIDENCE_WINDOW_S) + late);
        let outcome = watch.prove_sample(&evidence);
        match expected {
            None => {
                outcome.succeeds();
            }
            Some(error) => outcome.is_refused_at(1, error),
        }
    }
}

#[test]
fn nobody_but_the_jobs_provider_is_slashed_and_by_no_other_node() {
    let mut watch = Watch::new();
    let other = Provider::new();
    watch.world.admit(&other);
    let evidence = watch.sample_evidence(of_a_later_moment());
    let [signatures, prove] = watch.sample_instructions(&evidence);
    let own = watch.world.provider.owner();
    let node = watch.world.node_address();
    let with_provider = exchange(prove.clone(), &address::provider(&own), &other.account());
    let with_stake = exchange(prove.clone(), &address::stake(&own), &address::stake(&other.owner()));
    let with_node = exchange(prove, &node, &other.node(0));
    let mut send = |prove| watch.world.chain.send(&[signatures.clone(), prove], &[&watch.reporter]);
    send(with_provider).is_refused_at(1, MarketError::WrongProvider);
    send(with_stake).is_refused_at(1, MarketError::WrongStake);
    send(with_node).is_refused_at(1, anchor_lang::ErrorCode::ConstraintAddress);
}
