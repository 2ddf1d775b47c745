//! What the client of a real RPC node asks, and what it makes of the answers.

use gantry_indexer::backfill::{Ledger as _, LedgerError, RpcLedger, SignatureEntry};
use serde_json::{Value, json};

use crate::fixtures::{
    accounts::{balance, key, written},
    rpc::Rpc,
    transactions::signature,
};

async fn answering(answer: Value) -> (Rpc, RpcLedger) {
    let rpc = Rpc::answering(answer).await;
    let ledger = RpcLedger::new(&rpc.url);
    (rpc, ledger)
}

/// What nodes say that have not come as far as the request wants.
fn not_reached() -> Value {
    json!({ "error": { "code": -32016, "message": "Minimum context slot has not been reached", "data": { "contextSlot": 7 } } })
}

#[tokio::test]
async fn signatures_are_asked_of_a_node_that_has_reached_the_slot() {
    let entry = |n, slot, err: Value| json!({ "signature": signature(n).to_string(), "slot": slot, "err": err, "memo": null, "blockTime": 1 });
    let (rpc, ledger) = answering(json!({
        "result": [entry(2, 12, Value::Null), entry(1, 11, json!({ "InstructionError": [0, { "Custom": 1 }] }))]
    }))
    .await;
    let page = ledger.signatures(&market::ID, Some(signature(3)), 30).await.unwrap();
    let expected = [(2, 12, false), (1, 11, true)].map(|(n, slot, failed)| SignatureEntry {
        signature: signature(n),
        slot,
        failed,
    });
    assert_eq!(page, expected);
    let asked = rpc.asked();
    assert_eq!(asked["method"], "getSignaturesForAddress");
    let options =
        json!({ "before": signature(3).to_string(), "limit": 1_000, "commitment": "confirmed", "minContextSlot": 30 });
    assert_eq!(asked["params"], json!([market::ID.to_string(), options]));
}

#[tokio::test]
async fn a_node_that_has_not_reached_the_slot_is_behind_not_broken() {
    let (rpc, ledger) = answering(not_reached()).await;
    let behind = format!("the RPC node {} is behind: it has not reached slot 30", rpc.url);
    let listed = ledger.signatures(&market::ID, None, 30).await.unwrap_err();
    assert!(matches!(listed, LedgerError::Behind { wanted: 30, .. }), "{listed}");
    assert_eq!(listed.to_string(), behind);
    let taken = ledger.snapshot(&market::ID, 30).await.unwrap_err();
    assert!(matches!(taken, LedgerError::Behind { wanted: 30, .. }), "{taken}");
    assert_eq!(rpc.asked()["params"][1]["minContextSlot"], 30);
}

#[tokio::test]
async fn a_snapshot_is_of_the_slot_that_the_node_names_and_never_of_an_earlier_one() {
    let write = written(key(1), &balance(key(3), 10), 0);
    let account = json!({ "pubkey": key(1).to_string(), "account": {
        "lamports": write.lamports, "owner": market::ID.to_string(), "executable": false, "rentEpoch": 0, "space": write.data.len(),
        "data": [base64(&write.data), "base64"],
    } });
    let answer = json!({ "result": { "context": { "slot": 31 }, "value": [account] } });
    let (_rpc, ledger) = answering(answer).await;
    let snapshot = ledger.snapshot(&market::ID, 30).await.unwrap();
    assert_eq!((snapshot.slot, snapshot.accounts), (31, vec![write]));
    let early = ledger.snapshot(&market::ID, 32).await.unwrap_err();
    assert!(matches!(early, LedgerError::Behind { wanted: 32, .. }), "{early}");
}

#[tokio::test]
async fn an_answer_that_does_not_say_its_slot_is_refused() {
    let (rpc, ledger) = answering(json!({ "result": [] })).await;
    let refused = ledger.snapshot(&market::ID, 30).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!(
            "the RPC node {} failed at getProgramAccounts: the answer does not say of which slot it is",
            rpc.url
        )
    );
}

#[tokio::test]
async fn a_transaction_that_the_node_has_only_in_part_is_not_believed() {
    // As nodes answer that keep no history: without the status.
    let transaction = json!({ "slot": 12, "blockTime": 1, "meta": null, "transaction": ["", "base64"] });
    let (rpc, ledger) = answering(json!({ "result": transaction })).await;
    let refused = ledger.transaction(&signature(1)).await.unwrap_err();
    assert!(
        matches!(refused, LedgerError::Unavailable { signature: named, .. } if named == signature(1)),
        "{refused}"
    );
    assert_eq!(
        refused.to_string(),
        format!(
            "the RPC node {} does not have transaction {} in full; use a node that keeps the ledger",
            rpc.url,
            signature(1)
        )
    );
}

#[tokio::test]
async fn the_first_slot_that_the_node_has_is_asked_of_it() {
    let (rpc, ledger) = answering(json!({ "result": 4_711 })).await;
    assert_eq!(ledger.first_available_slot().await.unwrap(), 4_711);
    assert_eq!(rpc.asked()["method"], "getFirstAvailableBlock");
}

#[tokio::test]
async fn another_failure_names_node_and_request() {
    let (rpc, ledger) = answering(json!({ "error": { "code": -32000, "message": "no" } })).await;
    let failed = ledger.signatures(&market::ID, None, 30).await.unwrap_err();
    assert!(matches!(failed, LedgerError::Failed { .. }), "{failed}");
    let words = failed.to_string();
    assert!(
        words.starts_with(&format!("the RPC node {} failed at getSignaturesForAddress: ", rpc.url)),
        "{words}"
    );
}

fn base64(bytes: &[u8]) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    STANDARD.encode(bytes)
}
