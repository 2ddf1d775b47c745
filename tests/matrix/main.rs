//! Every instruction, every account, every way in which it can be wrong.
//!
//! A scene brings a world to the moment before a call that succeeds. The IDL lists the call's accounts, each of which is made wrong in
//! every way that `case` knows: by its flags, by each other account of the chain in its place, and by what can be wrong with the account
//! itself. `expectation` says by rule which error must come of it; `exceptions` lists what does not go by the rule, with the reason.

mod allowed;
mod case;
mod claim_scenes;
mod class_scenes;
mod delegation_scenes;
mod exceptions;
mod expectation;
mod fee_scenes;
mod identities;
mod idl;
mod job_scenes;
mod kind;
mod order_scenes;
mod record_scenes;
mod scene;
mod scenes;
mod stage;
mod staking_scenes;
mod subject;
mod withdrawal_scenes;

use std::collections::BTreeSet;

use expectation::verdict;
use solana_transaction_error::TransactionError;
use subject::Subject;

/// So many cases there are at least: none vanishes unnoticed.
const FLOOR: usize = 28_600;

/// One test per instruction.
macro_rules! every_wrong_account_is_refused {
    ($($instruction:ident),+ $(,)?) => {
        $(#[test]
        fn $instruction() {
            run(stringify!($instruction));
        })+

        /// The instructions that have a test.
        const TESTED: &[&str] = &[$(stringify!($instruction)),+];
    };
}

every_wrong_account_is_refused! {
    balance_deposit, balance_open, balance_withdraw,
    bid_drop, bid_place, bid_refund, bid_withdraw,
    claim_open, claim_refute, claim_settle,
    class_register, class_update,
    commission_set,
    config_initialize, config_update,
    delegation_cancel, delegation_deposit, delegation_open, delegation_unbond, delegation_withdraw,
    device_move, device_register, device_retire,
    fault_prove, fault_prove_sample, fee_shard_open, fees_sweep,
    job_cancel, job_close, job_exit, job_extend, job_failover, job_open, job_rekey, job_settle, job_start, job_stop,
    mint_cap_set, mint_reference_set, mint_register, mint_update,
    node_heartbeat, node_price_set, node_register, node_update,
    order_accept, order_cancel, order_expire, order_open,
    pool_configure, pool_initialize,
    price_range_register, price_range_update,
    provider_register, provider_update,
    reward_add,
    session_rotate,
    stake_deposit, stake_open, stake_release, stake_reserve, stake_slash,
    tenant_open,
    unbonding_cancel, unbonding_request, unbonding_withdraw,
    withdrawal_cancel, withdrawal_pay, withdrawal_request,
}

/// Runs all cases of an instruction and reports all that went otherwise than they must.
fn run(instruction: &'static str) {
    let otherwise: Vec<_> = Subject::all(instruction).iter().flat_map(run_subject).collect();
    assert!(
        otherwise.is_empty(),
        "{} cases:\n{}",
        otherwise.len(),
        otherwise.join("\n")
    );
}

fn run_subject(subject: &Subject) -> Vec<String> {
    let scene = &subject.scene;
    scene.attempt(scene.stage.chain(), scene.call(), true).succeeds();
    let (instruction, tokens) = (subject.name, subject.tokens);
    let cases = case::all(subject);
    let mut allowed = 0;
    let mut otherwise = Vec::new();
    for case in &cases {
        let expected = verdict(subject, case).error();
        allowed += usize::from(expected.is_none());
        let expected = expected.map(|error| TransactionError::InstructionError(scene.number(), error));
        let outcome = case.attempt(subject).0;
        let became = outcome.as_ref().err().map(|refused| &refused.error);
        if became != expected.as_ref() {
            let (account, fault) = (&subject.accounts[case.index].place.name, &case.fault);
            let why = exceptions::of(instruction, account, fault).map_or("by rule", |exception| exception.why);
            let fault = fault.name();
            otherwise.push(format!(
                "{instruction}.{account}: {fault}, {tokens:?}: expected {expected:?} ({why}), became {became:?}"
            ));
        }
    }
    println!(
        "{instruction}, {tokens:?}: {} cases, {allowed} of them allowed by design",
        cases.len()
    );
    otherwise
}

#[test]
fn every_instruction_of_both_idls_is_tested() {
    let described: BTreeSet<_> = idl::programs()
        .into_iter()
        .flat_map(|(_, idl)| idl.instructions)
        .map(|instruction| instruction.name)
        .collect();
    let tested: BTreeSet<_> = TESTED.iter().map(ToString::to_string).collect();
    assert_eq!(described, tested);
}

#[test]
fn no_case_vanishes_and_no_exception_outlives_its_case() {
    let mut total = 0;
    let mut unmet: BTreeSet<_> = exceptions::concerns().collect();
    for subject in TESTED.iter().flat_map(|instruction| Subject::all(instruction)) {
        let cases = case::all(&subject);
        println!("{:>6}  {}, {:?}", cases.len(), subject.name, subject.tokens);
        total += cases.len();
        for case in &cases {
            let place = &subject.accounts[case.index].place.name;
            unmet.retain(|concern| !exceptions::fits(*concern, subject.name, place, &case.fault));
        }
    }
    println!("{total:>6}  in all");
    assert!(total >= FLOOR, "{total} cases are fewer than {FLOOR}");
    assert!(unmet.is_empty(), "no case is such: {unmet:?}");
}
