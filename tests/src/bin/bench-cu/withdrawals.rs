//! Withdrawals under a cap, and a sample that proves a fault: in worlds of their own, so that the worlds before keep their figures.

use gantry_protocol::{Receipt, limits::WITHDRAW_MAX_WAIT_S, merkle::Sample};
use gantry_sdk::{
    Signer, address,
    instruction::{market, withdrawal},
    receipt::{ProviderReceipt, SampleEvidence, sign},
    samples,
};
use gantry_tests::{signatures::next_receipt, world::World};

/// Samples of an hour of one GPU: a path of twelve hashes.
const SAMPLES: usize = 3_600;

/// Compute units by instruction. The withdrawal is under a cap, which is the dearer kind.
pub(crate) fn units_of_withdrawals() -> Vec<(String, u64)> {
    let mut world = World::new();
    let (authority, wallet) = (world.authority.insecure_clone(), world.tenant.wallet.insecure_clone());
    let (owner, usdc) = (wallet.pubkey(), world.usdc.clone());
    let destination = usdc.account_of(&mut world.chain, &owner);
    let mut units = Vec::new();
    let mut note = |name: &str, units_of: u64| units.push((format!("market.{name}"), units_of));

    let set = withdrawal::mint_cap_set(authority.pubkey(), usdc.address, 1_000_000);
    note(
        "mint_cap_set",
        world.chain.send(&[set], &[&authority]).succeeds().compute_units,
    );
    world.chain.advance(7);
    let take = market::balance_withdraw(owner, usdc.address, destination, usdc.token_program, 10);
    let done = world.chain.send(&[take], &[&wallet]).succeeds();
    note("balance_withdraw_capped", done.compute_units);
    let ask = withdrawal::withdrawal_request(owner, usdc.address, 0, 10);
    let done = world.chain.send(std::slice::from_ref(&ask), &[&wallet]).succeeds();
    note("withdrawal_request", done.compute_units);
    let balance = address::balance(&owner, &usdc.address);
    let waiting = world.chain.get(&address::withdrawal(&balance, 0));
    let cancel = withdrawal::withdrawal_cancel(&waiting);
    note(
        "withdrawal_cancel",
        world.chain.send(&[cancel], &[&wallet]).succeeds().compute_units,
    );
    world.chain.send(&[ask], &[&wallet]).succeeds();
    world.chain.advance(i64::from(WITHDRAW_MAX_WAIT_S));
    let waiting = world.chain.get(&address::withdrawal(&balance, 0));
    let pay = withdrawal::withdrawal_pay(&waiting, destination, usdc.token_program);
    note("withdrawal_pay", world.chain.send(&[pay], &[]).succeeds().compute_units);
    units
}

/// Compute units of a proof with one of an hour's samples.
pub(crate) fn units_of_a_sample() -> (String, u64) {
    let mut world = World::new();
    let job = world.running_job();
    let reporter = world.deployer.insecure_clone();
    let gnt = world.gnt.clone();
    let bounty = gnt.account_of(&mut world.chain, &reporter.pubkey());
    let lie = Sample {
        metered_ms: u64::MAX,
        ..Sample::default()
    };
    let all = vec![lie; SAMPLES];
    let receipt = Receipt {
        samples_root: samples::root(&all),
        ..next_receipt(&job, &world.job(&job), 1_000)
    };
    let key = &world.provider.attestation;
    let evidence = SampleEvidence {
        receipt: ProviderReceipt {
            receipt,
            key: key.pubkey(),
            signature: sign(key, &receipt),
        },
        proof: samples::prove(&all, SAMPLES / 2).expect("one of them"),
    };
    let prove = market::fault_prove_sample(
        reporter.pubkey(),
        &evidence,
        world.node_address(),
        world.provider.owner(),
        gnt.address,
        gnt.token_program,
        bounty,
    );
    let done = world.chain.send(&prove, &[&reporter]).succeeds();
    ("market.fault_prove_sample".to_owned(), done.compute_units)
}
