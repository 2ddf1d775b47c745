//! A tenant that speaks the protocol, well or badly.

use gantry_sdk::{
    Keypair, Pubkey, Signer,
    receipt::{CoSignedReceipt, sign, verify},
    wire::{self, Countersignature, Exit, JobStatus, LogRecord, Problem, SignedReceipt, StartRequest, sha256},
};
use reqwest::{Client, Method, StatusCode};
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A status, and the body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The problem document's sentence.
    pub(crate) fn detail(&self) -> String {
        let problem: Problem = serde_json::from_slice(&self.body).expect("a problem document");
        assert_eq!(problem.status, self.status.as_u16());
        problem.detail
    }

    pub(crate) fn succeeded(self) -> Self {
        assert!(
            self.status.is_success(),
            "{}: {}",
            self.status,
            String::from_utf8_lossy(&self.body)
        );
        self
    }
}

/// The holder of a session key.
pub(crate) struct Tenant {
    pub(crate) key: Keypair,
    pub(crate) job: Pubkey,
    endpoint: String,
    http: Client,
    last_ms: AtomicI64,
}

fn now_ms() -> i64 {
    i64::try_from(
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("after 1970")
            .as_millis(),
    )
    .expect("small")
}

impl Tenant {
    pub(crate) fn new(endpoint: &str, job: Pubkey, key: Keypair) -> Self {
        let http = Client::builder()
            .tls_danger_accept_invalid_certs(true)
            .build()
            .expect("a client");
        Self {
            key,
            job,
            endpoint: endpoint.to_owned(),
            http,
            last_ms: AtomicI64::new(0),
        }
    }

    /// A time that this tenant has not used before: the agent refuses a signature that it has already seen.
    pub(crate) fn fresh_ms(&self) -> i64 {
        let now = now_ms();
        let next = |last: i64| Some(now.max(last + 1));
        let last = self
            .last_ms
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next)
            .expect("always some");
        now.max(last + 1)
    }

    pub(crate) fn path(&self, below: &str) -> String {
        format!("/v1/jobs/{}{below}", self.job)
    }

    /// Sends bytes with headers of the caller's making.
    pub(crate) async fn send(&self, method: Method, path: &str, headers: &[(&str, String)], body: Vec<u8>) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.endpoint)).body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let response = request
            .timeout(Duration::from_secs(30))
            .send()
            .await
            .expect("an answer");
        Answer {
            status: response.status(),
            body: response.bytes().await.expect("a body").to_vec(),
        }
    }

    /// Headers as they should be.
    pub(crate) fn headers(&self, method: &str, path: &str, time_ms: i64, body: &[u8]) -> Vec<(&'static str, String)> {
        let request = wire::Request {
            job: &self.job,
            method,
            path_and_query: path,
            time_ms,
            body_hash: &sha256(body),
        };
        request.headers(&self.key).to_vec()
    }

    /// A request as it should be.
    pub(crate) async fn ask(&self, method: Method, below: &str, body: Vec<u8>) -> Answer {
        let path = self.path(below);
        let headers = self.headers(method.as_str(), &path, self.fresh_ms(), &body);
        self.send(method, &path, &headers, body).await
    }

    pub(crate) async fn upload(&self, bundle: Vec<u8>) -> Answer {
        self.ask(Method::PUT, "/bundle", bundle).await
    }

    pub(crate) async fn start(&self, script: &str) -> Answer {
        let command = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
        let request = StartRequest {
            command,
            environment: BTreeMap::new(),
        };
        self.ask(Method::POST, "/start", serde_json::to_vec(&request).expect("JSON"))
            .await
    }

    pub(crate) async fn finish(&self) -> Answer {
        self.ask(Method::POST, "/finish", Vec::new()).await
    }

    pub(crate) async fn status(&self) -> JobStatus {
        let answer = self.ask(Method::GET, "", Vec::new()).await.succeeded();
        serde_json::from_slice(&answer.body).expect("a status")
    }

    /// The whole log, and how the workload ended.
    pub(crate) async fn log(&self) -> (Vec<u8>, Exit) {
        let answer = self.ask(Method::GET, "/logs?from=0", Vec::new()).await.succeeded();
        let mut output = Vec::new();
        for line in answer.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match serde_json::from_slice(line).expect("a record") {
                LogRecord::Output { offset, data } => {
                    assert_eq!(offset, output.len() as u64);
                    use base64::{Engine, engine::general_purpose::STANDARD};
                    output.extend(STANDARD.decode(data).expect("Base64"));
                }
                LogRecord::End { exit } => return (output, exit),
            }
        }
        panic!("the log broke off");
    }

    /// A stream of the log that is open, or refused, and not read yet.
    pub(crate) async fn open_log(&self) -> reqwest::Response {
        let path = self.path("/logs?from=0");
        let mut request = self.http.get(format!("{}{path}", self.endpoint));
        for (name, value) in self.headers("GET", &path, self.fresh_ms(), b"") {
            request = request.header(name, value);
        }
        request.send().await.expect("an answer")
    }

    /// The newest receipt above `after`, checked against the provider's key.
    pub(crate) async fn receipt(&self, after: u64, provider: &Pubkey) -> Option<CoSignedReceipt> {
        let answer = self
            .ask(
                Method::GET,
                &format!("/receipts?after={after}&wait_ms=5000"),
                Vec::new(),
            )
            .await
            .succeeded();
        if answer.status == StatusCode::NO_CONTENT {
            return None;
        }
        let signed: SignedReceipt = serde_json::from_slice(&answer.body).expect("a receipt");
        let (receipt, provider_signature) = signed.read().expect("readable");
        verify(provider, &provider_signature, &receipt).expect("the provider's signature");
        Some(CoSignedReceipt {
            receipt,
            provider_key: *provider,
            provider_signature,
            tenant_key: self.key.pubkey(),
            tenant_signature: sign(&self.key, &receipt),
        })
    }

    pub(crate) async fn countersign(&self, signed: &CoSignedReceipt) -> Answer {
        let body = serde_json::to_vec(&Countersignature::new(signed)).expect("JSON");
        self.ask(Method::POST, "/receipts", body).await
    }

    /// Signs every receipt until the final one, which it returns.
    pub(crate) async fn sign_all(&self, provider: &Pubkey) -> CoSignedReceipt {
        let mut newest = 0;
        loop {
            let Some(signed) = self.receipt(newest, provider).await else {
                continue;
            };
            newest = signed.receipt.sequence;
            self.countersign(&signed).await.succeeded();
            if signed.receipt.is_final() {
                return signed;
            }
        }
    }
}
