//! A chain that answers from a script: one registered mint, one node, what its class may cost in the mint, and nothing else.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use gantry_sdk::{
    Pubkey,
    account::Layout,
    address,
    market::{
        self,
        state::{Node, PriceRange, RegisteredMint},
    },
};
use serde_json::{Value, json};

/// The mint, with six decimals.
pub(crate) const MINT: Pubkey = Pubkey::new_from_array([5; 32]);
/// The node, of a class that costs up to one token per second and GPU.
pub(crate) const NODE: Pubkey = Pubkey::new_from_array([6; 32]);
/// Its class.
const CLASS: [u8; 16] = *b"h100-sxm\0\0\0\0\0\0\0\0";

/// A JSON-RPC endpoint that lives until the test's process ends.
pub(crate) struct ScriptedChain {
    url: String,
}

impl ScriptedChain {
    pub(crate) fn with_a_mint() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || serve(stream));
            }
        });
        Self { url }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

/// Answers the requests of one connection until it is closed.
fn serve(stream: TcpStream) {
    let mut writer = stream.try_clone().expect("a second handle");
    let mut reader = BufReader::new(stream);
    while let Some(request) = next_request(&mut reader) {
        let result = answer(&request);
        let body = json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }).to_string();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        if writer
            .write_all(head.as_bytes())
            .and_then(|()| writer.write_all(body.as_bytes()))
            .is_err()
        {
            return;
        }
    }
}

fn next_request(reader: &mut BufReader<TcpStream>) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

fn answer(request: &Value) -> Value {
    let context = json!({ "slot": 1, "apiVersion": "3.0.0" });
    match request["method"].as_str() {
        Some("getAccountInfo") => {
            let asked = &request["params"][0];
            let account = if *asked == address::registered_mint(&MINT).to_string() {
                Some(registered_mint())
            } else if *asked == NODE.to_string() {
                let mut node = blank::<Node>();
                node.class = CLASS;
                Some(account(&node))
            } else if *asked == address::price_range(&CLASS, &MINT).to_string() {
                let mut range = blank::<PriceRange>();
                (range.floor, range.ceiling) = (1, 1_000_000_000_000);
                Some(account(&range))
            } else {
                None
            };
            json!({ "context": context, "value": account })
        }
        Some("getProgramAccounts") => {
            json!([{ "pubkey": address::registered_mint(&MINT).to_string(), "account": registered_mint() }])
        }
        // Any 32 bytes will do.
        Some("getGenesisHash") => json!(MINT.to_string()),
        Some("getVersion") => json!({ "solana-core": "3.0.0", "feature-set": 1 }),
        other => panic!("nothing is scripted for {other:?}"),
    }
}

fn registered_mint() -> Value {
    let mut record = blank::<RegisteredMint>();
    record.mint = MINT;
    record.token_program = address::TOKEN_PROGRAM;
    record.decimals = 6;
    record.enabled = 1;
    account(&record)
}

fn account<T: Layout>(record: &T) -> Value {
    json!({
        "data": [BASE64.encode(bytes(record)), "base64"],
        "owner": market::ID.to_string(),
        "lamports": 1,
        "executable": false,
        "rentEpoch": 0,
        "space": bytes(record).len(),
    })
}

/// An account of zeros.
fn blank<T: Layout>() -> T {
    T::read(&[T::DISCRIMINATOR, &vec![0; size_of::<T>()]].concat()).expect("the right length")
}

fn bytes<T: Layout>(account: &T) -> Vec<u8> {
    [T::DISCRIMINATOR, bytemuck::bytes_of(account)].concat()
}
