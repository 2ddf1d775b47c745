//! Sending against an endpoint that is scripted: what lands late, expires, or is refused for a while, still happens once.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use gantry_sdk::{
    Keypair, Signer,
    client::{Client, ClientError},
};
use serde_json::{Value, json};
use solana_transaction_error::TransactionError;
use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// Until which height every blockhash is good.
const LAST_VALID_HEIGHT: u64 = 100;

/// What the endpoint does, and what it has seen.
#[derive(Default)]
struct Script {
    /// Refusals of the next transactions, by the runtime's name.
    refusals: VecDeque<Value>,
    /// Heights to answer; the last one stays.
    heights: VecDeque<u64>,
    /// Whether the newest transaction lands in the very moment in which the height is asked for.
    lands_with_height: bool,
    /// Whether the newest transaction lands once this many different ones were sent.
    lands_as_number: Option<usize>,
    /// Whether what landed is told only to those who ask for the whole history.
    only_in_history: bool,
    /// Whether there is no history to ask for.
    keeps_no_history: bool,
    landed: BTreeSet<String>,
    sent: Vec<String>,
    blockhashes: u8,
}

impl Script {
    fn answer(&mut self, method: &str, params: &Value) -> Result<Value, Value> {
        let context = json!({ "slot": 7 });
        match method {
            "getLatestBlockhash" => {
                self.blockhashes += 1;
                let blockhash = bs58::encode([self.blockhashes; 32]).into_string();
                let value = json!({ "blockhash": blockhash, "lastValidBlockHeight": LAST_VALID_HEIGHT });
                Ok(json!({ "context": context, "value": value }))
            }
            "sendTransaction" => {
                let bytes = BASE64
                    .decode(params[0].as_str().expect("a transaction"))
                    .expect("Base64");
                let signature = bs58::encode(&bytes[1..65]).into_string();
                if let Some(cause) = self.refusals.pop_front() {
                    let data = json!({ "err": cause, "logs": ["said"] });
                    return Err(json!({ "code": -32002, "message": "Transaction simulation failed", "data": data }));
                }
                if !self.sent.contains(&signature) {
                    self.sent.push(signature.clone());
                }
                if self.lands_as_number == Some(self.sent.len()) {
                    self.landed.insert(signature.clone());
                }
                Ok(json!(signature))
            }
            "getSignatureStatuses" => {
                let in_history = params[1]["searchTransactionHistory"] == json!(true);
                if in_history && self.keeps_no_history {
                    return Err(json!({ "code": -32011, "message": "Transaction history is not available" }));
                }
                let signature = params[0][0].as_str().expect("a signature");
                let told = self.landed.contains(signature) && (in_history || !self.only_in_history);
                let status = json!({
                    "slot": 9, "confirmations": 1, "err": null, "status": { "Ok": null }, "confirmationStatus": "confirmed"
                });
                Ok(json!({ "context": context, "value": [told.then_some(status)] }))
            }
            "getBlockHeight" => {
                if self.lands_with_height {
                    self.landed.extend(self.sent.last().cloned());
                }
                let height = self.heights.pop_front().expect("a height");
                if self.heights.is_empty() {
                    self.heights.push_back(height);
                }
                Ok(json!(height))
            }
            other => panic!("unexpected: {other}"),
        }
    }
}

/// Serves one connection: requests with a length, answered one after the other.
async fn serve(stream: TcpStream, script: Arc<Mutex<Script>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let line = line.trim().to_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let request: Value = serde_json::from_slice(&body).expect("JSON");
        let method = request["method"].as_str().expect("a method");
        let answer = script.lock().expect("not poisoned").answer(method, &request["params"]);
        let mut response = json!({ "jsonrpc": "2.0", "id": request["id"] });
        match answer {
            Ok(result) => response["result"] = result,
            Err(error) => response["error"] = error,
        }
        let text = response.to_string();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            text.len()
        );
        stream.write_all((head + &text).as_bytes()).await?;
    }
}

async fn send(script: Script) -> (Result<u64, ClientError>, Arc<Mutex<Script>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let script = Arc::new(Mutex::new(script));
    let shared = Arc::clone(&script);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&shared)));
        }
    });
    let payer = Keypair::new();
    let transfer = gantry_sdk::Instruction {
        program_id: payer.pubkey(),
        accounts: Vec::new(),
        data: Vec::new(),
    };
    let sent = Client::new(&url).send(&[transfer], &payer, &[]).await;
    (sent.map(|confirmed| confirmed.slot), script)
}

fn different(script: &Mutex<Script>) -> usize {
    script.lock().expect("not poisoned").sent.len()
}

#[tokio::test]
async fn a_transaction_that_lands_while_its_blockhash_expires_is_not_sent_twice() {
    for keeps_no_history in [false, true] {
        let (sent, script) = send(Script {
            heights: [LAST_VALID_HEIGHT + 1].into(),
            lands_with_height: true,
            only_in_history: !keeps_no_history,
            keeps_no_history,
            ..Script::default()
        })
        .await;
        assert_eq!(sent.expect("confirmed"), 9);
        assert_eq!(different(&script), 1, "it was signed again");
    }
}

#[tokio::test]
async fn a_transaction_that_expired_unseen_is_signed_again() {
    let (sent, script) = send(Script {
        heights: [LAST_VALID_HEIGHT + 1].into(),
        lands_as_number: Some(2),
        ..Script::default()
    })
    .await;
    assert_eq!(sent.expect("confirmed"), 9);
    assert_eq!(different(&script), 2);
}

#[tokio::test]
async fn until_its_blockhash_expires_a_transaction_is_sent_again_as_it_is() {
    let (sent, script) = send(Script {
        heights: [LAST_VALID_HEIGHT, LAST_VALID_HEIGHT + 1].into(),
        lands_with_height: true,
        ..Script::default()
    })
    .await;
    assert_eq!(sent.expect("confirmed"), 9);
    assert_eq!(different(&script), 1);
}

#[tokio::test]
async fn a_refusal_that_passes_is_answered_with_a_fresh_blockhash() {
    for cause in [
        "BlockhashNotFound",
        "AccountInUse",
        "WouldExceedMaxBlockCostLimit",
        "ClusterMaintenance",
    ] {
        let (sent, script) = send(Script {
            refusals: [json!(cause)].into(),
            lands_as_number: Some(1),
            ..Script::default()
        })
        .await;
        assert_eq!(sent.expect(cause), 9);
        assert_eq!(script.lock().expect("not poisoned").blockhashes, 2, "{cause}");
    }
}

#[tokio::test]
async fn a_refusal_that_should_pass_and_does_not_is_told_as_transient() {
    let (sent, script) = send(Script {
        refusals: vec![json!("BlockhashNotFound"); 3].into(),
        ..Script::default()
    })
    .await;
    let error = sent.expect_err("refused");
    assert!(matches!(
        error,
        ClientError::Refused {
            error: TransactionError::BlockhashNotFound,
            ..
        }
    ));
    assert!(error.is_transient());
    assert_eq!(different(&script), 0);
}

#[tokio::test]
async fn a_refusal_by_a_program_is_final_and_keeps_its_code_and_logs() {
    let (sent, script) = send(Script {
        refusals: [json!({ "InstructionError": [0, { "Custom": 7_001 }] })].into(),
        ..Script::default()
    })
    .await;
    let error = sent.expect_err("refused");
    assert_eq!(error.code(), Some(7_001));
    assert!(!error.is_transient());
    assert!(
        matches!(&error, ClientError::Refused { logs, .. } if logs == &["said"]),
        "{error:?}"
    );
    assert_eq!(
        script.lock().expect("not poisoned").blockhashes,
        1,
        "it was tried again"
    );
}
