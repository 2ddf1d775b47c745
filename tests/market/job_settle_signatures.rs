//! Settling a receipt: who signed what, and where it stands in the transaction.

use anchor_lang::ErrorCode;
use gantry_protocol::ed25519::{MESSAGE_AT, PROVIDER_KEY_AT, TENANT_KEY_AT};
use gantry_sdk::{
    Instruction, Pubkey, Signer,
    address::{CLOCK_SYSVAR, ED25519_PROGRAM, INSTRUCTIONS_SYSVAR},
    receipt::CoSignedReceipt,
};
use gantry_tests::{
    forge::{Precompile, Signed, exchange},
    key,
    outcome::Outcome,
    signatures::{co_sign, next_receipt},
    world::World,
};
use market::MarketError;
use solana_instruction::error::InstructionError;
use solana_system_interface::instruction::transfer;

/// How the runtime reports the precompile's `InvalidSignature`.
const INVALID_SIGNATURE: InstructionError = InstructionError::Custom(2);
/// How the runtime reports the precompile's `InvalidDataOffsets`.
const INVALID_DATA_OFFSETS: InstructionError = InstructionError::Custom(3);

/// A job that has run for ten seconds, and its receipt.
fn ready() -> (World, Pubkey, CoSignedReceipt) {
    let mut world = World::new();
    let job = world.running_job();
    world.chain.advance(10);
    let receipt = world.receipt(&job, 10_000);
    (world, job, receipt)
}

/// Settles with this precompile instruction in the place of the honest one.
fn settle_with(world: &mut World, receipt: &CoSignedReceipt, precompile: Instruction) -> Outcome {
    let [_, settle] = world.settle_instructions(receipt);
    world.chain.send(&[precompile, settle], &[])
}

/// An instruction that anyone can put into a transaction.
fn unrelated(world: &World) -> Instruction {
    transfer(&world.deployer.pubkey(), &world.deployer.pubkey(), 1)
}

#[test]
fn without_the_signatures_nothing_is_settled() {
    let (mut world, _, receipt) = ready();
    let [_, settle] = world.settle_instructions(&receipt);
    world
        .chain
        .send(&[settle], &[])
        .is_refused(MarketError::MissingSignatures);
}

#[test]
fn signatures_behind_the_settlement_do_not_count() {
    let (mut world, _, receipt) = ready();
    let [signatures, settle] = world.settle_instructions(&receipt);
    world
        .chain
        .send(&[settle, signatures], &[])
        .is_refused(MarketError::MissingSignatures);
}

#[test]
fn signatures_two_instructions_before_do_not_count() {
    let (mut world, _, receipt) = ready();
    let [signatures, settle] = world.settle_instructions(&receipt);
    let between = unrelated(&world);
    let outcome = world.chain.send(&[signatures, between, settle], &[&world.deployer]);
    outcome.is_refused_at(2, MarketError::MissingSignatures);
}

#[test]
fn one_instruction_with_signatures_settles_one_receipt() {
    let (mut world, _, receipt) = ready();
    let [signatures, settle] = world.settle_instructions(&receipt);
    let outcome = world.chain.send(&[signatures, settle.clone(), settle], &[]);
    outcome.is_refused_at(2, MarketError::MissingSignatures);
}

#[test]
fn an_instruction_of_another_program_does_not_count() {
    let (mut world, _, receipt) = ready();
    let before = unrelated(&world);
    let [_, settle] = world.settle_instructions(&receipt);
    world
        .chain
        .send(&[before, settle], &[&world.deployer])
        .is_refused_at(1, MarketError::MissingSignatures);
}

#[test]
fn an_unrelated_instruction_before_the_signatures_does_no_harm() {
    let (mut world, _, receipt) = ready();
    let [signatures, settle] = world.settle_instructions(&receipt);
    let before = unrelated(&world);
    world
        .chain
        .send(&[before, signatures, settle], &[&world.deployer])
        .succeeds();
}

#[test]
fn a_tampered_signature_is_refused_by_the_precompile() {
    let (mut world, _, receipt) = ready();
    for byte in [94, 157, 158, 221] {
        let [mut signatures, settle] = world.settle_instructions(&receipt);
        signatures.data[byte] ^= 1;
        world
            .chain
            .send(&[signatures, settle], &[])
            .is_refused(INVALID_SIGNATURE);
    }
}

#[test]
fn a_receipt_changed_after_the_signatures_is_refused_by_the_precompile() {
    let (mut world, _, receipt) = ready();
    for byte in [MESSAGE_AT, MESSAGE_AT + 88, MESSAGE_AT + 143] {
        let [mut signatures, settle] = world.settle_instructions(&receipt);
        signatures.data[byte] ^= 1;
        world
            .chain
            .send(&[signatures, settle], &[])
            .is_refused(INVALID_SIGNATURE);
    }
}

#[test]
fn swapped_signers_are_refused() {
    let (mut world, job, _) = ready();
    let receipt = next_receipt(&job, &world.job(&job), 10_000);
    let swapped = co_sign(receipt, &world.tenant.session, &world.provider.attestation);
    world.settle(&swapped).is_refused_at(1, MarketError::WrongSigner);
}

#[test]
fn neither_side_settles_alone() {
    let (mut world, job, _) = ready();
    let receipt = next_receipt(&job, &world.job(&job), 10_000);
    let by_provider = co_sign(receipt, &world.provider.attestation, &world.provider.attestation);
    world.settle(&by_provider).is_refused_at(1, MarketError::WrongSigner);
    let by_tenant = co_sign(receipt, &world.tenant.session, &world.tenant.session);
    world.settle(&by_tenant).is_refused_at(1, MarketError::WrongSigner);
}

#[test]
fn other_keys_than_the_jobs_are_refused_the_wallets_too() {
    let (mut world, job, _) = ready();
    let receipt = next_receipt(&job, &world.job(&job), 10_000);
    let stranger = key::fresh();
    let wrong = [
        co_sign(receipt, &stranger, &world.tenant.session),
        co_sign(receipt, &world.provider.attestation, &stranger),
        co_sign(receipt, &world.provider.wallet, &world.tenant.session),
        co_sign(receipt, &world.provider.attestation, &world.tenant.wallet),
    ];
    for wrong in wrong {
        world.settle(&wrong).is_refused_at(1, MarketError::WrongSigner);
    }
}

#[test]
fn trailing_bytes_are_refused() {
    let (mut world, _, receipt) = ready();
    let mut signatures = receipt.ed25519_instruction();
    signatures.data.push(0);
    settle_with(&mut world, &receipt, signatures).is_refused_at(1, MarketError::SignaturesNotCanonical);
}

#[test]
fn missing_bytes_are_refused_by_the_precompile() {
    let (mut world, _, receipt) = ready();
    let mut signatures = receipt.ed25519_instruction();
    signatures.data.pop();
    settle_with(&mut world, &receipt, signatures).is_refused(INVALID_DATA_OFFSETS);
}

#[test]
fn a_shorter_message_that_both_signed_is_refused() {
    let (mut world, _, receipt) = ready();
    let message = &receipt.receipt.to_bytes()[..143];
    let precompile = both(&world, message).canonical();
    settle_with(&mut world, &receipt, precompile).is_refused_at(1, MarketError::SignaturesNotCanonical);
}

#[test]
fn a_longer_message_that_both_signed_is_refused() {
    let (mut world, _, receipt) = ready();
    let message = [&receipt.receipt.to_bytes()[..], &[0]].concat();
    let precompile = both(&world, &message).canonical();
    settle_with(&mut world, &receipt, precompile).is_refused_at(1, MarketError::SignaturesNotCanonical);
}

#[test]
fn another_message_of_the_same_length_that_both_signed_is_refused() {
    let (mut world, _, receipt) = ready();
    let mut message = receipt.receipt.to_bytes();
    message[15] = 2;
    let precompile = both(&world, &message).canonical();
    settle_with(&mut world, &receipt, precompile).is_refused_at(1, MarketError::MalformedReceipt);
}

#[test]
fn a_padding_byte_is_refused() {
    let (mut world, _, receipt) = ready();
    let mut signatures = receipt.ed25519_instruction();
    signatures.data[1] = 1;
    settle_with(&mut world, &receipt, signatures).is_refused_at(1, MarketError::SignaturesNotCanonical);
}

#[test]
fn no_signature_one_and_three_are_refused() {
    let (mut world, _, receipt) = ready();
    let message = receipt.receipt.to_bytes();
    let none = Instruction {
        program_id: ED25519_PROGRAM,
        accounts: Vec::new(),
        data: vec![0, 0],
    };
    settle_with(&mut world, &receipt, none).is_refused_at(1, MarketError::SignaturesNotCanonical);
    let (provider, tenant) = (
        world.provider.attestation.insecure_clone(),
        world.tenant.session.insecure_clone(),
    );
    let one = Precompile::over(&[Signed::new(&provider, &message)]).canonical();
    settle_with(&mut world, &receipt, one).is_refused_at(1, MarketError::SignaturesNotCanonical);
    let all = [&provider, &tenant, &tenant].map(|key| Signed::new(key, &message));
    let three = Precompile::over(&all).canonical();
    settle_with(&mut world, &receipt, three).is_refused_at(1, MarketError::SignaturesNotCanonical);
}

#[test]
fn two_copies_of_the_message_are_refused() {
    let (mut world, _, receipt) = ready();
    let message = receipt.receipt.to_bytes();
    let precompile = both(&world, &message).each_with_its_own_message();
    settle_with(&mut world, &receipt, precompile).is_refused_at(1, MarketError::SignaturesNotCanonical);
}

#[test]
fn two_different_messages_are_refused() {
    let (mut world, job, receipt) = ready();
    let of_tenant = next_receipt(&job, &world.job(&job), 1).to_bytes();
    let signed = [
        Signed::new(&world.provider.attestation, &receipt.receipt.to_bytes()),
        Signed::new(&world.tenant.session, &of_tenant),
    ];
    let precompile = Precompile::over(&signed).each_with_its_own_message();
    settle_with(&mut world, &receipt, precompile).is_refused_at(1, MarketError::SignaturesNotCanonical);
}

#[test]
fn keys_at_each_others_place_are_refused_although_the_offsets_say_so() {
    let (mut world, _, receipt) = ready();
    let mut signatures = receipt.ed25519_instruction();
    let provider_key = signatures.data[PROVIDER_KEY_AT..TENANT_KEY_AT].to_vec();
    signatures
        .data
        .copy_within(TENANT_KEY_AT..TENANT_KEY_AT + 32, PROVIDER_KEY_AT);
    signatures.data[TENANT_KEY_AT..TENANT_KEY_AT + 32].copy_from_slice(&provider_key);
    // The key offsets stand third in each record of seven.
    signatures.data[6..8].copy_from_slice(&62u16.to_le_bytes());
    signatures.data[20..22].copy_from_slice(&30u16.to_le_bytes());
    settle_with(&mut world, &receipt, signatures).is_refused_at(1, MarketError::SignaturesNotCanonical);
}

#[test]
fn records_in_the_other_order_are_refused() {
    let (mut world, _, receipt) = ready();
    let mut signatures = receipt.ed25519_instruction();
    let first = signatures.data[2..16].to_vec();
    signatures.data.copy_within(16..30, 2);
    signatures.data[16..30].copy_from_slice(&first);
    settle_with(&mut world, &receipt, signatures).is_refused_at(1, MarketError::SignaturesNotCanonical);
}

#[test]
fn each_instruction_index_must_mean_this_very_instruction() {
    let (mut world, _, receipt) = ready();
    // Three indices in each of two records; zero is this instruction by its number, so the precompile is content.
    for at in [4, 8, 14, 18, 22, 28] {
        let mut signatures = receipt.ed25519_instruction();
        assert_eq!(signatures.data[at..at + 2], [0xff, 0xff]);
        signatures.data[at..at + 2].copy_from_slice(&[0, 0]);
        settle_with(&mut world, &receipt, signatures).is_refused_at(1, MarketError::SignaturesNotCanonical);
    }
}

#[test]
fn signatures_over_another_instructions_bytes_do_not_cover_a_forged_receipt() {
    let (mut world, job, genuine) = ready();
    let mut forged = genuine.clone();
    forged.receipt = next_receipt(&job, &world.job(&job), 10_999);
    let mut precompile = forged.ed25519_instruction();
    // Signatures, keys and message are those of the instruction before, which both sides really signed.
    for at in [4, 8, 14, 18, 22, 28] {
        precompile.data[at..at + 2].copy_from_slice(&[0, 0]);
    }
    let [_, settle] = world.settle_instructions(&forged);
    let outcome = world
        .chain
        .send(&[genuine.ed25519_instruction(), precompile, settle], &[]);
    outcome.is_refused_at(2, MarketError::SignaturesNotCanonical);
}

#[test]
fn a_wrong_offset_is_refused() {
    let (mut world, _, receipt) = ready();
    // Everything shifted by one byte, with offsets that follow.
    let mut signatures = receipt.ed25519_instruction();
    signatures.data.insert(30, 0);
    for at in [2, 6, 10, 16, 20, 24] {
        let offset = u16::from_le_bytes([signatures.data[at], signatures.data[at + 1]]) + 1;
        signatures.data[at..at + 2].copy_from_slice(&offset.to_le_bytes());
    }
    settle_with(&mut world, &receipt, signatures.clone()).is_refused_at(1, MarketError::SignaturesNotCanonical);
    // One offset alone makes the precompile read something else.
    let mut one = receipt.ed25519_instruction();
    one.data[10] += 1;
    settle_with(&mut world, &receipt, one).is_refused(INVALID_DATA_OFFSETS);
}

#[test]
fn a_fake_instructions_sysvar_is_refused() {
    let (mut world, _, receipt) = ready();
    let fake = Pubkey::new_unique();
    let [signatures, settle] = world.settle_instructions(&receipt);
    let settle = exchange(settle, &INSTRUCTIONS_SYSVAR, &fake);
    world
        .chain
        .send(&[signatures, settle], &[])
        .is_refused_at(1, ErrorCode::ConstraintAddress);
}

#[test]
fn a_fake_clock_is_refused() {
    let (mut world, job, _) = ready();
    let mut account = world.chain.account(&CLOCK_SYSVAR).expect("a sysvar");
    // A day later than the chain's own, at the place of the Unix seconds, the last of five numbers.
    let later = world.chain.now() + 86_400;
    account.data[32..40].copy_from_slice(&later.to_le_bytes());
    let fake = Pubkey::new_unique();
    world.chain.put(&fake, account);
    let ahead = world.receipt(&job, 60_000);
    let [signatures, settle] = world.settle_instructions(&ahead);
    let settle = exchange(settle, &CLOCK_SYSVAR, &fake);
    world
        .chain
        .send(&[signatures, settle], &[])
        .is_refused_at(1, InstructionError::InvalidArgument);
}

/// What both of the job's keys sign.
fn both(world: &World, message: &[u8]) -> Precompile {
    Precompile::over(&[
        Signed::new(&world.provider.attestation, message),
        Signed::new(&world.tenant.session, message),
    ])
}
