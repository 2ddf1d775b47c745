//! On which terms, and where, a job goes on.

use anchor_lang::ErrorCode;
use gantry_protocol::class;
use gantry_sdk::{Signer, address, instruction::market as instruction};
use gantry_tests::{
    parties::{CLASS, DEPOSIT, RATE, market_parameters, specification},
    token::Mint,
};
use market::{MarketError, NodeSpecification, state::Job};

use super::{LEFT_S, Lost, NONCE, USED_S, Wish};

#[test]
fn another_node_of_the_same_provider_will_do_and_the_lost_one_will_not() {
    let mut lost = Lost::new();
    let itself = Wish {
        node: lost.world.node_address(),
        ..lost.wish()
    };
    lost.fail_over(&itself)
        .is_refused(ErrorCode::ConstraintDuplicateMutableAccount);
    let provider = &lost.world.provider;
    let (owner, node, key) = (provider.owner(), provider.node(1), provider.attestation.pubkey());
    let mut register = vec![
        instruction::node_register(owner, 1, specification()),
        instruction::node_price_set(owner, node, &CLASS, lost.world.usdc.address, RATE),
    ];
    register.extend(provider.devices(1, 0..1));
    let heartbeat = instruction::node_heartbeat(key, provider.account(), node);
    let signers = [provider.wallet.insecure_clone(), provider.attestation.insecure_clone()];
    lost.world.chain.send(&register, &[&signers[0]]).succeeds();
    lost.world.chain.send(&[heartbeat], &[&signers[1]]).succeeds();
    let wish = Wish { node, ..lost.wish() };
    lost.fail_over(&wish).succeeds();
}

#[test]
fn a_job_goes_on_in_its_own_mint_alone() {
    let mut lost = Lost::new();
    let (owner, provider) = (lost.world.tenant.owner(), lost.other.owner());
    let euro = Mint::classic(&mut lost.world.chain, 6);
    lost.world.register_mint(&euro).succeeds();
    lost.world.open_balance(&owner, &euro);
    lost.world.open_balance(&provider, &euro);
    let source = euro.mint_to(&mut lost.world.chain, &owner, DEPOSIT);
    let deposit = instruction::balance_deposit(owner, euro.address, source, euro.token_program, DEPOSIT);
    lost.world
        .chain
        .send(&[deposit], &[&lost.world.tenant.wallet])
        .succeeds();
    let price = instruction::node_price_set(provider, lost.other.node(0), &CLASS, euro.address, RATE);
    lost.world.chain.send(&[price], &[&lost.other.wallet]).succeeds();
    let in_euros = Job {
        mint: euro.address,
        ..lost.world.job(&lost.job)
    };
    let (session, wish) = (lost.world.tenant.session.insecure_clone(), lost.wish());
    lost.fail_over_as(&in_euros, &session, &wish)
        .is_refused(MarketError::WrongBalance);
    lost.fail_over(&wish).succeeds();
}

#[test]
fn the_session_key_itself_pays_no_rent() {
    let mut lost = Lost::new();
    let session = lost.world.tenant.session.insecure_clone();
    lost.world.chain.fund(&session.pubkey());
    let to = lost.to(&lost.wish());
    let call = instruction::job_failover(session.pubkey(), lost.job, &lost.world.job(&lost.job), &to);
    lost.world
        .chain
        .send(&[call], &[&session])
        .is_refused(ErrorCode::ConstraintDuplicateMutableAccount);
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
        let set = instruction::node_price_set(
            lost.other.owner(),
            lost.other.node(0),
            &CLASS,
            lost.world.usdc.address,
            rate,
        );
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
    let (class, usdc) = (class::pack("rtx-4090").expect("a class"), lost.world.usdc.address);
    let authority = lost.world.authority.pubkey();
    let govern = [
        instruction::class_register(authority, class),
        instruction::price_range_register(authority, &class, usdc, 1, u64::MAX),
    ];
    lost.world.chain.send(&govern, &[&lost.world.authority]).succeeds();
    let specification = NodeSpecification {
        class,
        ..specification()
    };
    let register = [
        instruction::node_register(owner, 1, specification),
        instruction::node_price_set(owner, node, &class, usdc, RATE),
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
