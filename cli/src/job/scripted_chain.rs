//! A JSON-RPC endpoint that answers from a script, for tests.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use gantry_sdk::{Pubkey, Signature, account::Layout, client::Client};
use serde_json::{Value, json};

/// What a request is answered with: a result, or an error.
pub(crate) type Answer = Result<Value, Value>;

/// A client of an endpoint that answers with `script(method, parameters)`; where that says nothing, with a fresh blockhash and
/// whatever else every transaction needs.
pub(crate) fn scripted(script: impl Fn(&str, &Value) -> Option<Answer> + Send + Sync + 'static) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = Client::new(&format!("http://{}", listener.local_addr().unwrap()));
    let script = Arc::new(script);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let script = script.clone();
            thread::spawn(move || {
                // A client that breaks off is none of the endpoint's business.
                let _ = serve(&stream, &*script);
            });
        }
    });
    client
}

fn serve(stream: &TcpStream, script: &impl Fn(&str, &Value) -> Option<Answer>) -> std::io::Result<()> {
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let request: Value = serde_json::from_slice(&body)?;
        let method = request["method"].as_str().unwrap();
        let answer = script(method, &request["params"]).unwrap_or_else(|| usual(method));
        let (name, value) = match answer {
            Ok(result) => ("result", result),
            Err(error) => ("error", error),
        };
        let body = json!({ "jsonrpc": "2.0", "id": request["id"], name: value }).to_string();
        let length = body.len();
        write!(
            writer,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )?;
    }
}

fn usual(method: &str) -> Answer {
    Ok(match method {
        "getVersion" => json!({ "solana-core": "3.0.0", "feature-set": 1 }),
        "getBlockHeight" => json!(1),
        "getLatestBlockhash" => with_context(json!({
            // Written in base58 as an address is.
            "blockhash": Pubkey::new_from_array([1; 32]).to_string(),
            "lastValidBlockHeight": 100,
        })),
        other => panic!("nothing is scripted for {other}"),
    })
}

/// A result with the slot that it was read at.
pub(crate) fn with_context(value: Value) -> Value {
    json!({ "context": { "slot": 1, "apiVersion": "3.0.0" }, "value": value })
}

/// The answer to a question for an account.
pub(crate) fn account<T: Layout>(account: Option<&T>) -> Answer {
    Ok(with_context(account.map_or(Value::Null, |account| {
        let data = [T::DISCRIMINATOR, bytemuck::bytes_of(account)].concat();
        json!({
            "data": [BASE64.encode(&data), "base64"],
            "owner": T::PROGRAM.to_string(),
            "lamports": 1,
            "executable": false,
            "rentEpoch": 0,
            "space": data.len(),
        })
    })))
}

/// The chain's clock.
pub(crate) fn clock(unix_timestamp: i64) -> Answer {
    let mut data = vec![0; 40];
    data[32..].copy_from_slice(&unix_timestamp.to_le_bytes());
    Ok(with_context(json!({
        "data": [BASE64.encode(&data), "base64"],
        "owner": "Sysvar1111111111111111111111111111111111111",
        "lamports": 1,
        "executable": false,
        "rentEpoch": 0,
        "space": data.len(),
    })))
}

/// The answer to a transaction whose first instruction is refused with `code` before it is sent.
pub(crate) fn refused(code: u32) -> Answer {
    refused_at(0, code)
}

/// As [`refused`], for another instruction.
pub(crate) fn refused_at(instruction: u8, code: u32) -> Answer {
    Err(json!({
        "code": -32002,
        "message": "Transaction simulation failed",
        "data": {
            "err": { "InstructionError": [instruction, { "Custom": code }] },
            "logs": [],
            "accounts": null,
            "unitsConsumed": 0,
            "returnData": null,
        },
    }))
}

/// The answer to a transaction that is taken: its signature, which is what it begins with.
pub(crate) fn signature_of(parameters: &Value) -> Answer {
    let signature: [u8; 64] = transaction(parameters)[1..65].try_into().unwrap();
    Ok(json!(Signature::from(signature).to_string()))
}

/// The answer to the question for one signature's status.
pub(crate) fn confirmed() -> Answer {
    Ok(with_context(json!([{
        "slot": 1,
        "confirmations": 1,
        "err": null,
        "status": { "Ok": null },
        "confirmationStatus": "confirmed",
    }])))
}

/// The size of a transaction that is sent.
pub(crate) fn transaction_bytes(parameters: &Value) -> usize {
    transaction(parameters).len()
}

fn transaction(parameters: &Value) -> Vec<u8> {
    BASE64.decode(parameters[0].as_str().unwrap()).unwrap()
}

/// An account of zeros.
pub(crate) fn blank<T: Layout>() -> T {
    T::read(&[T::DISCRIMINATOR, &vec![0; size_of::<T>()]].concat()).unwrap()
}
