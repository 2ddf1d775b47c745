//! The local chain from outside: JSON-RPC, programs, and the real Yellowstone client on real transactions.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use futures::StreamExt;
use gantry_sandbox::{
    chain::{Chain, ChainConfig, Program},
    ports::Reserved,
    yellowstone::ReplayLimits,
};
use solana_commitment_config::CommitmentConfig;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_rpc_client::nonblocking::rpc_client::RpcClient;
use solana_signer::Signer;
use solana_transaction::Transaction;
use yellowstone_grpc_client::GeyserGrpcClient;
use yellowstone_grpc_proto::prelude::{
    CommitmentLevel, SubscribeRequest, SubscribeRequestFilterAccounts, SubscribeRequestFilterSlots,
    SubscribeRequestFilterTransactions, subscribe_update::UpdateOneof,
};

const MARKET: Pubkey = Pubkey::from_str_const("GantryMarketChBLgNoEAVfU4YyVooQXaGXWn3vbiqf");
const LOADER: Pubkey = Pubkey::from_str_const("BPFLoaderUpgradeab1e11111111111111111111111");
const CLOCK: Pubkey = Pubkey::from_str_const("SysvarC1ock11111111111111111111111111111111");

struct Net {
    chain: Chain,
    rpc: RpcClient,
    faucet: Keypair,
    authority: Pubkey,
}

async fn start() -> Net {
    let (faucet, authority) = (Keypair::new(), Pubkey::new_unique());
    let any_port = || Reserved::take(0).unwrap();
    let chain = Chain::start(ChainConfig {
        rpc: any_port(),
        ws: any_port(),
        grpc: any_port(),
        programs: vec![Program::read(&programs(), "market", MARKET, authority).unwrap()],
        faucet: faucet.pubkey(),
        faucet_lamports: 1_000_000_000_000,
        replay: ReplayLimits::default(),
    })
    .await
    .unwrap();
    let rpc = RpcClient::new_with_commitment(chain.rpc_url(), CommitmentConfig::confirmed());
    Net {
        chain,
        rpc,
        faucet,
        authority,
    }
}

fn programs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../programs/bin")
}

impl Net {
    async fn transfer(&self, lamports: u64) -> String {
        let blockhash = self.rpc.get_latest_blockhash().await.unwrap();
        let to = Pubkey::new_unique();
        let instruction = solana_system_interface::instruction::transfer(&self.faucet.pubkey(), &to, lamports);
        let signed =
            Transaction::new_signed_with_payer(&[instruction], Some(&self.faucet.pubkey()), &[&self.faucet], blockhash);
        self.rpc
            .send_and_confirm_transaction(&signed)
            .await
            .unwrap()
            .to_string()
    }

    async fn clock(&self) -> (u64, i64) {
        let data = self.rpc.get_account_data(&CLOCK).await.unwrap();
        let number = |at: usize| u64::from_le_bytes(data[at..at + 8].try_into().unwrap());
        (number(0), number(32).cast_signed())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_are_there_before_the_first_call_and_name_their_upgrade_authority() {
    let net = start().await;
    let program = net.rpc.get_account(&MARKET).await.unwrap();
    assert!(program.executable);
    assert_eq!(program.owner, LOADER);
    let (data_address, _) = Pubkey::find_program_address(&[MARKET.as_ref()], &LOADER);
    let data = net.rpc.get_account(&data_address).await.unwrap();
    assert_eq!(data.owner, LOADER);
    assert_eq!(data.data[12], 1);
    assert_eq!(data.data[13..45], net.authority.to_bytes());
    assert_eq!(data.data[45..], std::fs::read(programs().join("market.so")).unwrap());
    // An instruction that does not exist: the program itself answers, so it really runs.
    let instruction = solana_instruction::Instruction {
        program_id: MARKET,
        accounts: vec![],
        data: vec![0; 8],
    };
    let blockhash = net.rpc.get_latest_blockhash().await.unwrap();
    let faucet = net.faucet.pubkey();
    let signed = Transaction::new_signed_with_payer(&[instruction], Some(&faucet), &[&net.faucet], blockhash);
    let simulated = net.rpc.simulate_transaction(&signed).await.unwrap().value;
    let logs = simulated.logs.unwrap().join("\n");
    assert!(
        logs.contains(&format!("Program {MARKET} invoke")) && logs.contains("failed: invalid instruction data"),
        "{logs}"
    );
}

#[test]
fn a_file_that_is_no_program_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let missing = Program::read(dir.path(), "market", MARKET, MARKET)
        .unwrap_err()
        .to_string();
    assert!(
        missing.contains("market.so") && missing.contains("./dev programs"),
        "{missing}"
    );
    std::fs::write(dir.path().join("market.so"), "text").unwrap();
    let refused = Program::read(dir.path(), "market", MARKET, MARKET)
        .unwrap_err()
        .to_string();
    assert!(refused.contains("is no program"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_streamed_whole_before_its_slot_is_said_to_be_confirmed() {
    let net = start().await;
    let mut client = GeyserGrpcClient::build_from_shared(net.chain.grpc_url())
        .unwrap()
        .connect()
        .await
        .unwrap();
    let faucet = net.faucet.pubkey().to_string();
    let accounts = SubscribeRequestFilterAccounts {
        account: vec![faucet.clone()],
        ..Default::default()
    };
    let transactions = SubscribeRequestFilterTransactions {
        account_include: vec![faucet],
        ..Default::default()
    };
    let slots = SubscribeRequestFilterSlots {
        filter_by_commitment: Some(true),
        ..Default::default()
    };
    let request = SubscribeRequest {
        accounts: HashMap::from([("a".into(), accounts)]),
        transactions: HashMap::from([("t".into(), transactions)]),
        slots: HashMap::from([("s".into(), slots)]),
        commitment: Some(CommitmentLevel::Confirmed as i32),
        from_slot: Some(0),
        ..Default::default()
    };
    let (_sink, mut stream) = client.subscribe_with_request(Some(request)).await.unwrap();
    let signature = net.transfer(1_000_000).await;

    let (mut account_slot, mut transaction_slot) = (None, None);
    let slot = loop {
        let update = tokio::time::timeout(Duration::from_secs(5), stream.next())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        match update.update_oneof.unwrap() {
            UpdateOneof::Account(account) => {
                let info = account.account.unwrap();
                assert_eq!(bs58::encode(info.txn_signature.unwrap()).into_string(), signature);
                account_slot = Some(account.slot);
            }
            UpdateOneof::Transaction(transaction) => {
                let info = transaction.transaction.unwrap();
                if bs58::encode(info.signature).into_string() == signature {
                    assert!(info.meta.unwrap().compute_units_consumed.unwrap() > 0);
                    assert!(account_slot.is_some(), "accounts come before their transaction");
                    transaction_slot = Some(transaction.slot);
                }
            }
            UpdateOneof::Slot(slot) if Some(slot.slot) == transaction_slot => break slot,
            UpdateOneof::Slot(slot) => assert!(transaction_slot.is_none_or(|later| slot.slot < later)),
            _ => {}
        }
    };
    assert_eq!(account_slot, Some(slot.slot));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chains_clock_keeps_up_with_the_worlds() {
    let net = start().await;
    let (slot, _) = net.clock().await;
    let began = Instant::now();
    tokio::time::sleep(Duration::from_secs(6)).await;
    let (later, unix_time) = net.clock().await;
    let expected = began.elapsed().as_millis() / 400;
    let blocks = u128::from(later - slot);
    assert!(blocks.abs_diff(expected) <= 1, "{blocks} blocks instead of {expected}");
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs()
        .cast_signed();
    assert!(
        (now - unix_time).abs() <= 1,
        "the chain says {unix_time}, the world {now}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn time_travel_moves_the_clock_and_the_stream_goes_on() {
    let net = start().await;
    net.transfer(1_000_000).await;
    let (_, before) = net.clock().await;
    let week_ms = 7 * 86_400 * 1_000;
    let to = serde_json::json!([{ "absoluteTimestamp": before * 1_000 + week_ms }]);
    let travel = solana_rpc_client_api::request::RpcRequest::Custom {
        method: "surfnet_timeTravel",
    };
    let _: serde_json::Value = net.rpc.send(travel, to).await.unwrap();
    net.transfer(1_000_000).await;
    let (_, after) = net.clock().await;
    assert!((after - before - week_ms / 1_000).abs() <= 2, "{before} {after}");
    let mut client = GeyserGrpcClient::build_from_shared(net.chain.grpc_url())
        .unwrap()
        .connect()
        .await
        .unwrap();
    let head = client.get_slot(Some(CommitmentLevel::Confirmed)).await.unwrap().slot;
    assert!(head > 1_000_000, "{head}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_boots_have_different_genesis_hashes() {
    let (first, second) = (start().await, start().await);
    assert_ne!(
        first.rpc.get_genesis_hash().await.unwrap(),
        second.rpc.get_genesis_hash().await.unwrap()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_transactions_all_arrive() {
    let net = start().await;
    let mut client = GeyserGrpcClient::build_from_shared(net.chain.grpc_url())
        .unwrap()
        .connect()
        .await
        .unwrap();
    let faucet = net.faucet.pubkey();
    let transactions = SubscribeRequestFilterTransactions {
        account_required: vec![faucet.to_string()],
        ..Default::default()
    };
    let request = SubscribeRequest {
        transactions: HashMap::from([("t".into(), transactions)]),
        commitment: Some(CommitmentLevel::Confirmed as i32),
        ..Default::default()
    };
    let (_sink, mut stream) = client.subscribe_with_request(Some(request)).await.unwrap();
    let blockhash = net.rpc.get_latest_blockhash().await.unwrap();
    let began = Instant::now();
    for lamports in 0..500 {
        let to = Pubkey::new_unique();
        let instruction = solana_system_interface::instruction::transfer(&faucet, &to, 1_000_000 + lamports);
        let signed = Transaction::new_signed_with_payer(&[instruction], Some(&faucet), &[&net.faucet], blockhash);
        let config = solana_rpc_client_api::config::RpcSendTransactionConfig {
            skip_preflight: true,
            ..Default::default()
        };
        net.rpc.send_transaction_with_config(&signed, config).await.unwrap();
    }
    println!("500 transactions sent in {:?}", began.elapsed());
    let mut seen = 0;
    while seen < 500 {
        let update = tokio::time::timeout(Duration::from_secs(10), stream.next())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        seen += usize::from(matches!(update.update_oneof, Some(UpdateOneof::Transaction(_))));
    }
}
