use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use gantry_sdk::market::state::Provider;
use serde_json::json;

use super::*;
use crate::{
    agent::impostor::Impostor,
    job::scripted_chain::{account, blank, confirmed, refused, scripted, signature_of},
};

const MINT: Pubkey = Pubkey::new_from_array([5; 32]);
const NOBODY: &str = "https://127.0.0.1:1";

fn mint() -> Mint {
    Mint {
        address: MINT,
        name: "USDC".into(),
        decimals: 6,
        token_program: address::TOKEN_PROGRAM,
        enabled: true,
    }
}

fn rent(gpus: u16, max_duration_s: u32) -> Rent {
    Rent {
        command: Vec::new(),
        environment: BTreeMap::new(),
        bundle: None,
        out: None,
        gpus,
        max_duration_s,
        failover: None,
    }
}

/// A candidate whose agent answers at `endpoint` under the key with this hash.
fn candidate(number: u8, endpoint: &str, tls_key_hash: [u8; 32]) -> Candidate {
    let mut provider: Provider = blank();
    provider.endpoint[..endpoint.len()].copy_from_slice(endpoint.as_bytes());
    provider.endpoint_bytes = u16::try_from(endpoint.len()).unwrap();
    provider.tls_key_hash = tls_key_hash;
    Candidate {
        address: Pubkey::new_from_array([number; 32]),
        node: blank(),
        provider,
        rate: Rate(1_000_000),
    }
}

/// What came of opening.
struct Outcome {
    opened: Result<Opened>,
    /// Transactions that were sent.
    sent: usize,
    /// Jobs whose keys are still there.
    kept: usize,
}

/// Opens on a chain that refuses one transaction after the other with these codes, and that then shows the job on node `found`.
async fn open_with(candidates: &[Candidate], codes: &'static [u32], found: Option<u8>) -> Outcome {
    let (root, wallet) = (tempfile::tempdir().unwrap(), Keypair::new());
    let balance_address = address::balance(&wallet.pubkey(), &MINT).to_string();
    let tenant_address = address::tenant(&wallet.pubkey()).to_string();
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = sent.clone();
    let client = scripted(move |method, parameters| match method {
        "getAccountInfo" if parameters[0] == json!(tenant_address) => Some(account(Some(&blank::<Tenant>()))),
        "getAccountInfo" if parameters[0] == json!(balance_address) => {
            let mut balance: Balance = blank();
            balance.amount = 1_000_000;
            Some(account(Some(&balance)))
        }
        "getAccountInfo" => {
            let shows = counted.load(Ordering::Relaxed) == codes.len();
            Some(account(found.filter(|_| shows).map(job_on).as_ref()))
        }
        "sendTransaction" => Some(refused(codes[counted.fetch_add(1, Ordering::Relaxed)])),
        _ => None,
    });
    let store = Store::new(root.path());
    let opened = open(&client, &store, &wallet, &mint(), candidates, &rent(1, 60)).await;
    Outcome {
        opened,
        sent: sent.load(Ordering::Relaxed),
        kept: store.jobs().unwrap().len(),
    }
}

fn job_on(node: u8) -> Job {
    let mut job: Job = blank();
    job.node = Pubkey::new_from_array([node; 32]);
    job.provider = Pubkey::new_from_array([100 + node; 32]);
    job
}

/// The market's code for an error's name.
fn code(name: &str) -> u32 {
    (6_000..8_000)
        .find(|code| error::lookup(*code).is_some_and(|known| known.name == name))
        .unwrap()
}

#[tokio::test]
async fn a_job_that_stands_on_chain_although_its_opening_was_called_failed_keeps_its_key() {
    let outcome = open_with(&[candidate(7, NOBODY, [0; 32])], &[ALREADY_IN_USE], Some(7)).await;
    let record = outcome.opened.unwrap().record;
    assert_eq!((record.node, record.provider), (job_on(7).node, job_on(7).provider));
    assert_eq!(outcome.kept, 1);
}

#[tokio::test]
async fn a_job_whose_address_is_taken_keeps_its_key_even_if_the_endpoint_does_not_show_it_yet() {
    let outcome = open_with(&[candidate(7, NOBODY, [0; 32])], &[ALREADY_IN_USE], None).await;
    let error = format!("{:#}", outcome.opened.unwrap_err());
    assert!(error.contains("gantry resume"), "{error}");
    assert_eq!(outcome.kept, 1);
}

#[tokio::test]
async fn a_job_that_was_refused_leaves_nothing_behind() {
    const REFUSAL: &[u32] = &[7_017];
    assert!(error::lookup(REFUSAL[0]).is_some());
    let outcome = open_with(&[candidate(7, NOBODY, [0; 32])], REFUSAL, None).await;
    assert!(outcome.opened.is_err());
    assert_eq!((outcome.sent, outcome.kept), (1, 0));
}

#[tokio::test]
async fn a_wallet_that_has_never_rented_gets_its_account_first() {
    const PAUSED: u32 = 7_021;
    assert_eq!(code("Paused"), PAUSED);
    let (root, wallet) = (tempfile::tempdir().unwrap(), Keypair::new());
    let [tenant, balance] = [
        address::tenant(&wallet.pubkey()),
        address::balance(&wallet.pubkey(), &MINT),
    ]
    .map(|address| address.to_string());
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = sent.clone();
    let client = scripted(move |method, parameters| match method {
        "getAccountInfo" if parameters[0] == json!(tenant) => {
            let is_open = counted.load(Ordering::Relaxed) > 0;
            Some(account(is_open.then(blank::<Tenant>).as_ref()))
        }
        "getAccountInfo" if parameters[0] == json!(balance) => {
            let mut balance: Balance = blank();
            balance.amount = 1_000_000;
            Some(account(Some(&balance)))
        }
        "getAccountInfo" => Some(account::<Job>(None)),
        "getSignatureStatuses" => Some(confirmed()),
        "sendTransaction" => Some(match counted.fetch_add(1, Ordering::Relaxed) {
            0 => signature_of(parameters),
            _ => refused(PAUSED),
        }),
        _ => None,
    });
    let store = Store::new(root.path());
    let candidates = [candidate(7, NOBODY, [0; 32])];
    let opened = open(&client, &store, &wallet, &mint(), &candidates, &rent(1, 60)).await;
    assert!(opened.is_err());
    assert_eq!((sent.load(Ordering::Relaxed), store.jobs().unwrap().len()), (2, 0));
}

#[tokio::test]
async fn a_node_that_is_full_is_passed_over_and_so_is_the_next_one_whose_agent_does_not_answer() {
    const CAPACITY_EXCEEDED: u32 = 7_024;
    assert_eq!(code("CapacityExceeded"), CAPACITY_EXCEEDED);
    let agent = Impostor::start("404 Not Found", "");
    let candidates = [
        candidate(1, NOBODY, [0; 32]),
        candidate(2, NOBODY, [0; 32]),
        candidate(3, &agent.endpoint, [0; 32]),
        candidate(4, &agent.endpoint, agent.key_hash),
    ];
    let outcome = open_with(&candidates, &[CAPACITY_EXCEEDED, ALREADY_IN_USE], Some(4)).await;
    assert_eq!(outcome.opened.unwrap().candidate.address, candidates[3].address);
    assert_eq!((outcome.sent, outcome.kept), (2, 1));
}

#[test]
fn the_escrow_is_what_the_longest_metered_time_costs() {
    assert_eq!(escrow(Rate(333_333_333), &rent(2, 600)).unwrap(), Atoms(399_999));
}

#[test]
fn an_escrow_beyond_64_bits_is_refused() {
    assert!(matches!(escrow(Rate(u64::MAX), &rent(2, 1)), Err(Failure::Usage(_))));
}

#[test]
fn two_jobs_have_two_numbers() {
    assert_ne!(random_number(), random_number());
}
