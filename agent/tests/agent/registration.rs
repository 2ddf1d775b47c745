//! What registration changes, and what it refuses.

use gantry_agent::{
    receipts::{Draft, ReceiptLog},
    registration::{Desired, Inventory, OnChain, RegistrationError, Step, plan, unpaid},
};
use gantry_protocol::{Rate, class};
use gantry_sdk::{
    Keypair, Pubkey, Signer, address,
    market::{
        NodeSpecification, ProviderProfile,
        state::{Device, GpuClass, Job, JobState, Node, PriceRange, Provider, RegisteredMint},
    },
    receipt::sign,
    staking::state::Stake,
};
use std::collections::BTreeMap;

use crate::support::blank;

pub(crate) const OWNER: Pubkey = Pubkey::new_from_array([1; 32]);
pub(crate) const KEY: Pubkey = Pubkey::new_from_array([2; 32]);
const MINT: Pubkey = Pubkey::new_from_array([3; 32]);

/// GPUs of the machine.
pub(crate) const GPUS: u8 = 8;

/// What tells GPU `number` from every other.
pub(crate) const fn identity(number: u8) -> [u8; 32] {
    [0xa0 + number; 32]
}

/// GPU `number`, as this provider's node has it.
pub(crate) fn device(owner: Pubkey, node: u16, number: u8) -> Device {
    let mut device: Device = blank();
    device.provider = address::provider(&owner);
    device.node = address::node(&device.provider, node);
    device.identity = identity(number);
    device
}

fn registrations(id: u16, numbers: std::ops::Range<u8>) -> impl Iterator<Item = Step> {
    numbers.map(move |number| Step::RegisterDevice {
        id,
        identity: identity(number),
    })
}

pub(crate) fn desired() -> Desired {
    let mut endpoint = [0; 96];
    endpoint[..11].copy_from_slice(b"https://gpu");
    Desired {
        owner: OWNER,
        profile: ProviderProfile {
            attestation_key: KEY,
            tls_key_hash: [4; 32],
            endpoint,
            endpoint_bytes: 11,
        },
        specification: NodeSpecification {
            class: class::pack("h100-sxm").expect("a name"),
            region: class::pack("eu").expect("a name"),
            memory_mib: 81_920,
            min_duration_s: 1,
            max_duration_s: 3_600,
            simulated: false,
        },
        gpus: Inventory::Real((0..GPUS).map(identity).collect()),
        prices: BTreeMap::from([(MINT, Rate(500))]),
        stake: Some(1_000),
    }
}

pub(crate) fn nothing() -> OnChain {
    let mint: RegisteredMint = blank();
    let (mut range, mut class): (PriceRange, GpuClass) = (blank(), blank());
    (range.floor, range.ceiling) = (10, 1_000);
    class.register(desired().specification.class).expect("a name");
    OnChain {
        config: blank(),
        mints: BTreeMap::from([(MINT, mint)]),
        classes: vec![class],
        ranges: BTreeMap::from([(MINT, range)]),
        balances: Vec::new(),
        provider: None,
        nodes: Vec::new(),
        devices: Vec::new(),
        stake: None,
        pool: blank(),
        stake_token_program: Pubkey::new_from_array([9; 32]),
        stake_tokens: 5_000,
        hot_key_lamports: 0,
        jobs: Vec::new(),
    }
}

/// The chain as it is after everything was done.
pub(crate) fn everything() -> OnChain {
    let desired = desired();
    let (mut provider, mut node, mut stake): (Provider, Node, Stake) = (blank(), blank(), blank());
    provider.set_profile(&desired.profile).expect("valid");
    provider.nodes = 1;
    node.specify(&desired.specification).expect("valid");
    node.set_price(MINT, Rate(500)).expect("a place");
    stake.active = 1_000;
    for _ in 0..GPUS {
        node.add_device().expect("room");
    }
    OnChain {
        balances: vec![MINT],
        provider: Some(provider),
        nodes: vec![node],
        devices: (0..GPUS).map(|number| device(OWNER, 0, number)).collect(),
        stake: Some(stake),
        hot_key_lamports: 1_000_000_000,
        ..nothing()
    }
}

pub(crate) fn steps(desired: &Desired, on_chain: &OnChain) -> Vec<Step> {
    plan(desired, on_chain, false).expect("a plan").steps
}

#[test]
fn a_new_provider_registers_everything_in_order() {
    let expected = [
        Step::FundHotKey { lamports: 50_000_000 },
        Step::RegisterProvider,
        Step::OpenBalance { mint: MINT },
        Step::OpenStake,
        Step::DepositStake { amount: 1_000 },
        Step::RegisterNode { id: 0 },
        Step::SetPrice {
            id: 0,
            mint: MINT,
            rate: 500,
        },
    ];
    let expected: Vec<_> = expected.into_iter().chain(registrations(0, 0..GPUS)).collect();
    assert_eq!(steps(&desired(), &nothing()), expected);
}

#[test]
fn where_chain_and_configuration_agree_nothing_is_sent() {
    assert_eq!(steps(&desired(), &everything()), []);
}

#[test]
fn only_what_differs_is_changed() {
    let mut wish = desired();
    wish.prices.insert(MINT, Rate(600));
    assert_eq!(
        steps(&wish, &everything()),
        [Step::SetPrice {
            id: 0,
            mint: MINT,
            rate: 600
        }]
    );

    let mut wish = desired();
    wish.specification.max_duration_s = 60;
    assert_eq!(steps(&wish, &everything()), [Step::UpdateNode { id: 0 }]);

    let mut wish = desired();
    wish.profile.tls_key_hash = [5; 32];
    assert_eq!(steps(&wish, &everything()), [Step::UpdateProvider { rotates: false }]);

    let mut wish = desired();
    wish.stake = Some(1_500);
    assert_eq!(steps(&wish, &everything()), [Step::DepositStake { amount: 500 }]);
    wish.stake = Some(1);
    assert_eq!(steps(&wish, &everything()), [], "less stake is not unbonded by itself");

    let mut chain = everything();
    chain.nodes[0].active = 0;
    assert_eq!(steps(&desired(), &chain), [Step::UpdateNode { id: 0 }]);
}

#[test]
fn other_hardware_is_another_node_and_the_former_goes_off_the_market_with_its_gpus() {
    let mut wish = desired();
    wish.specification.memory_mib = 40_960;
    let move_all = (0..GPUS).map(|number| Step::MoveDevice {
        identity: identity(number),
        from: 0,
        to: 1,
    });
    let expected = [
        Step::RetireNode {
            id: 0,
            min_duration_s: 1,
            max_duration_s: 3_600,
        },
        Step::RegisterNode { id: 1 },
        Step::SetPrice {
            id: 1,
            mint: MINT,
            rate: 500,
        },
    ];
    let expected: Vec<_> = expected.into_iter().chain(move_all).collect();
    assert_eq!(steps(&wish, &everything()), expected);
}

#[test]
fn a_class_that_is_not_open_is_refused_with_those_that_are_unless_the_node_is_there() {
    let mut chain = nothing();
    chain.classes[0].enabled = 0;
    let mut open: GpuClass = blank();
    open.register(class::pack("rtx-4090").expect("a name")).expect("a name");
    chain.classes.push(open);
    let refused = plan(&desired(), &chain, false).expect_err("refused").to_string();
    assert!(
        refused.contains("h100-sxm") && refused.contains("classes are: rtx-4090"),
        "{refused}"
    );
    chain.classes.clear();
    let refused = plan(&desired(), &chain, false).expect_err("refused").to_string();
    assert!(refused.contains("classes are: none"), "{refused}");

    let mut chain = everything();
    chain.classes[0].enabled = 0;
    assert_eq!(steps(&desired(), &chain), []);
}

#[test]
fn a_mint_in_which_the_class_has_no_range_is_refused_by_name() {
    let mut chain = nothing();
    chain.ranges.clear();
    let refused = plan(&desired(), &chain, false).expect_err("refused");
    let expected = RegistrationError::NoPriceRange {
        class: "h100-sxm".to_owned(),
        mint: MINT,
    };
    assert_eq!(refused, expected);
}

#[test]
fn an_offer_that_is_no_longer_configured_is_withdrawn() {
    let other = Pubkey::new_from_array([8; 32]);
    let mut chain = everything();
    chain.nodes[0].set_price(other, Rate(5)).expect("a place");
    assert_eq!(
        steps(&desired(), &chain),
        [Step::SetPrice {
            id: 0,
            mint: other,
            rate: 0
        }]
    );
}

#[test]
fn an_agent_with_a_wrong_key_does_not_start_and_says_what_to_do() {
    let mut wish = desired();
    wish.profile.attestation_key = Pubkey::new_from_array([6; 32]);
    let refused = plan(&wish, &everything(), false).expect_err("refused");
    let own = wish.profile.attestation_key;
    assert_eq!(
        refused,
        RegistrationError::WrongAttestationKey {
            owner: OWNER,
            on_chain: KEY,
            own
        }
    );
    let message = refused.to_string();
    for part in [
        KEY.to_string(),
        own.to_string(),
        "--rotate-attestation-key".to_owned(),
        "contradicting".to_owned(),
    ] {
        assert!(message.contains(&part), "{message}");
    }
}

#[test]
fn a_rotation_takes_living_jobs_over() {
    let mut wish = desired();
    wish.profile.attestation_key = Pubkey::new_from_array([6; 32]);
    let mut chain = everything();
    let job = Pubkey::new_unique();
    chain.jobs = vec![(job, KEY)];
    let steps = plan(&wish, &chain, true).expect("a plan").steps;
    assert_eq!(steps, [Step::UpdateProvider { rotates: true }, Step::RekeyJob { job }]);
}

#[test]
fn a_price_above_the_ceiling_is_refused_with_the_range() {
    for rate in [9, 1_001] {
        let mut wish = desired();
        wish.prices.insert(MINT, Rate(rate));
        let refused = plan(&wish, &everything(), false).expect_err("refused").to_string();
        assert!(
            refused.contains("range of 10 to 1000") && refused.contains(&rate.to_string()),
            "{refused}"
        );
    }
}

#[test]
fn an_unknown_mint_is_refused_by_name() {
    let mut wish = desired();
    let unknown = Pubkey::new_unique();
    wish.prices.insert(unknown, Rate(500));
    let refused = plan(&wish, &everything(), false).expect_err("refused").to_string();
    assert!(
        refused.contains(&unknown.to_string()) && refused.contains("registered mint"),
        "{refused}"
    );
}

#[test]
fn a_stake_that_the_wallet_cannot_cover_is_refused_with_the_amounts() {
    let mut wish = desired();
    wish.stake = Some(10_000);
    let refused = plan(&wish, &everything(), false).expect_err("refused").to_string();
    assert!(refused.contains("9000") && refused.contains("5000"), "{refused}");
}

#[test]
fn a_rotation_first_settles_what_the_old_key_and_the_tenants_signed() {
    let directory = tempfile::tempdir().expect("a directory");
    let log = ReceiptLog::open(&directory.path().join("log")).expect("opened");
    let (old, new, session) = (Keypair::new(), Keypair::new(), Keypair::new());
    let mut job: Job = blank();
    (job.attestation_key, job.session_key, job.mint) = (old.pubkey(), session.pubkey(), MINT);
    (job.state, job.max_duration_s, job.sequence) = (JobState::Running as u8, 600, 1);
    let [owing, paid, unsigned, foreign] = [1, 2, 3, 4].map(|number| Pubkey::new_from_array([number; 32]));
    for (address, signed_by_tenant) in [(owing, 3), (paid, 1), (unsigned, 0), (foreign, 3)] {
        for sequence in 1..=4_u64 {
            let draft = Draft {
                genesis_hash: [7; 32],
                job: address,
                metered_ms: sequence * 100,
                time_ms: 5,
                is_final: false,
                samples: &[],
            };
            let receipt = log.issue(&draft, &old).expect("signed").receipt;
            if sequence <= signed_by_tenant {
                log.countersign(&receipt, &session.pubkey(), &sign(&session, &receipt))
                    .expect("countersigned");
            }
        }
    }
    let rekeyed = Job {
        attestation_key: new.pubkey(),
        ..job
    };
    let jobs = [(owing, job), (paid, job), (unsigned, job), (foreign, rekeyed)];
    let bills = unpaid(&log, &jobs, &new.pubkey()).expect("read");
    let owed: Vec<_> = bills
        .iter()
        .map(|bill| (bill.receipt.receipt.job, bill.receipt.receipt.sequence, bill.mint))
        .collect();
    assert_eq!(owed, [(owing.to_bytes(), 3, MINT)]);
    assert_eq!(bills[0].receipt.verify(), Ok(()));
    assert!(
        unpaid(&log, &jobs, &old.pubkey()).expect("read").is_empty(),
        "the key stays"
    );
}
