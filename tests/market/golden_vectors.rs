//! The golden vectors of `crates/protocol/tests/vectors`, shown to the program: it says of each what everyone else says.

use gantry_sdk::{Instruction, Pubkey, address, address::ED25519_PROGRAM, instruction::market::job_settle_alone};
use gantry_tests::{
    chain::committed,
    outcome::{Cause, Outcome},
    parties::DURATION_S,
    world::World,
};
use market::{MarketError, state::Job};
use serde::Deserialize;
use solana_transaction_error::TransactionError;

#[derive(Deserialize)]
struct Vectors {
    expected: Expected,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Expected {
    genesis_hash: String,
    job: String,
    provider_key: String,
    tenant_key: String,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    instruction_data: String,
    precompile_accepts: bool,
    verdict: String,
}

fn vectors() -> Vectors {
    let text = committed("crates/protocol/tests/vectors/receipts.json");
    serde_json::from_slice(&text).expect("the vectors' form")
}

fn bytes(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2).map(std::str::from_utf8);
    pairs
        .map(|pair| u8::from_str_radix(pair.expect("ASCII"), 16).expect("hexadecimal"))
        .collect()
}

fn hash(text: &str) -> [u8; 32] {
    bytes(text).try_into().expect("32 bytes")
}

/// A job that has run for as long as it may, at the vectors' address, with their keys, on their cluster.
fn the_vectors_job(expected: &Expected) -> (World, Pubkey) {
    let mut world = World::new();
    let opened = world.running_job();
    world.chain.advance(i64::from(DURATION_S));
    world.chain.alter(&opened, |job: &mut Job| {
        job.genesis_hash = hash(&expected.genesis_hash);
        job.attestation_key = Pubkey::new_from_array(hash(&expected.provider_key));
        job.session_key = Pubkey::new_from_array(hash(&expected.tenant_key));
    });
    let address = Pubkey::new_from_array(hash(&expected.job));
    let account = world.chain.account(&opened).expect("it was just opened");
    world.chain.put(&address, account);
    (world, address)
}

/// Shows one vector to that job. Nothing is kept: no transaction leads to a job at an address of someone's choice.
fn settle(world: &World, job: Pubkey, vector: &Vector) -> Outcome {
    let precompile = Instruction {
        program_id: ED25519_PROGRAM,
        accounts: Vec::new(),
        data: bytes(&vector.instruction_data),
    };
    let balance = address::balance(&world.provider.owner(), &world.usdc.address);
    world
        .chain
        .simulate_unreachable(&[precompile, job_settle_alone(job, balance)], &[])
}

#[test]
fn every_golden_vector_gets_its_verdict_from_the_bytecode() {
    let vectors = vectors();
    let (world, job) = the_vectors_job(&vectors.expected);
    for vector in &vectors.vectors {
        let refused = settle(&world, job, vector).0.err().map(|refused| refused.error);
        if !vector.precompile_accepts {
            // Before any program runs, so the transaction's first instruction is at fault.
            assert!(
                matches!(refused, Some(TransactionError::InstructionError(0, _))),
                "{}: {refused:?}",
                vector.name
            );
            continue;
        }
        let cause = match vector.verdict.as_str() {
            "valid" => None,
            "not_canonical" => Some(MarketError::SignaturesNotCanonical),
            "malformed" => Some(MarketError::MalformedReceipt),
            "wrong_signer" => Some(MarketError::WrongSigner),
            "wrong_cluster" => Some(MarketError::WrongCluster),
            "wrong_job" => Some(MarketError::WrongJob),
            other => panic!("{}: the program has no error for {other}", vector.name),
        };
        let expected = cause.map(|cause| TransactionError::InstructionError(1, cause.into_error()));
        assert_eq!(refused, expected, "{}", vector.name);
    }
}
