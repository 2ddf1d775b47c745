//! The agent of the node, as the tenant talks to it: HTTPS with a pinned key, every request signed by the session key.

mod error;
#[cfg(test)]
pub(crate) mod impostor;
mod requests;
mod tls;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use gantry_sdk::{
    Keypair, Pubkey,
    wire::{Problem, Request, sha256},
};
use reqwest::{Body, Method, Response, header::CONTENT_TYPE};

pub(crate) use error::AgentError;
use error::{first_line, innermost};

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
/// How long a silent connection is trusted before its other end is probed.
const KEEPALIVE: Duration = Duration::from_secs(15);
/// How long a poll for receipts lasts at most. A poll that waits is no silence, so it is also shorter than the patience with that.
const LONGEST_RECEIPT_WAIT: Duration = Duration::from_secs(5);
/// First and longest pause between attempts.
const FIRST_PAUSE: Duration = Duration::from_millis(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A connection to the agent for one job.
#[derive(Debug)]
pub(crate) struct Agent {
    http: reqwest::Client,
    endpoint: String,
    job: Pubkey,
    session_key: Mutex<Keypair>,
    wrong_key: Arc<AtomicBool>,
    last_time_ms: AtomicI64,
    heard_at: Mutex<Instant>,
    receipt_wait: Duration,
}

impl Agent {
    /// The agent at `endpoint`, which must hold the TLS key with this hash. Its silence is noticed within `patience`.
    pub(crate) fn new(
        endpoint: &str,
        tls_key_hash: [u8; 32],
        job: Pubkey,
        session_key: &Keypair,
        patience: Duration,
    ) -> anyhow::Result<Self> {
        let (http, wrong_key) = connection(tls_key_hash)?;
        Ok(Self {
            http,
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            job,
            session_key: Mutex::new(session_key.insecure_clone()),
            wrong_key,
            last_time_ms: AtomicI64::new(0),
            heard_at: Mutex::new(Instant::now()),
            receipt_wait: LONGEST_RECEIPT_WAIT.min(patience / 3),
        })
    }

    /// The key that signs for the tenant.
    pub(crate) fn session_key(&self) -> Keypair {
        let key = self.session_key.lock().unwrap_or_else(PoisonError::into_inner);
        key.insecure_clone()
    }

    /// Signs with another key from now on: the job's was rotated.
    pub(crate) fn sign_with(&self, session_key: Keypair) {
        *self.session_key.lock().unwrap_or_else(PoisonError::into_inner) = session_key;
    }

    /// Where it answers.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// How long ago it last answered as it should; since the connection's making, if it never did.
    pub(crate) fn silent_for(&self) -> Duration {
        self.heard_at.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    fn heard(&self) {
        *self.heard_at.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Sends one signed request with a body whose hash is known.
    async fn send(
        &self,
        method: Method,
        below_job: &str,
        body: Content,
        timeout: Option<Duration>,
    ) -> Result<Response, AgentError> {
        let path_and_query = format!("/v1/jobs/{}{below_job}", self.job);
        let request = Request {
            job: &self.job,
            method: method.as_str(),
            path_and_query: &path_and_query,
            time_ms: self.next_time_ms(),
            body_hash: &body.hash,
        };
        let headers = request.headers(&self.session_key());
        let mut builder = self
            .http
            .request(method.clone(), format!("{}{path_and_query}", self.endpoint))
            .body(body.body);
        for (name, value) in headers {
            builder = builder.header(name, value);
        }
        if let Some(kind) = body.kind {
            builder = builder.header(CONTENT_TYPE, kind);
        }
        if let Some(timeout) = timeout {
            builder = builder.timeout(timeout);
        }
        let response = builder.send().await.map_err(|error| self.transport(&error))?;
        if response.status().is_success() {
            self.heard();
            return Ok(response);
        }
        let status = response.status();
        let text = self.whole(response).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let detail =
            serde_json::from_str::<Problem>(&text).map_or_else(|_| first_line(&text), |problem| problem.detail);
        Err(AgentError::Refused { status, detail })
    }

    fn transport(&self, error: &reqwest::Error) -> AgentError {
        if self.wrong_key.swap(false, Ordering::Relaxed) {
            return AgentError::WrongKey(self.endpoint.clone());
        }
        AgentError::Away {
            endpoint: self.endpoint.clone(),
            reason: innermost(error),
        }
    }

    /// The clock's time, or one millisecond more than last time: the agent refuses a signature that it has already seen.
    fn next_time_ms(&self) -> i64 {
        let now = now_ms();
        let last = self
            .last_time_ms
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(now.max(last + 1)))
            .unwrap_or_default();
        now.max(last + 1)
    }
}

/// A client that trusts one key, and a flag that is raised when another one was shown.
fn connection(tls_key_hash: [u8; 32]) -> anyhow::Result<(reqwest::Client, Arc<AtomicBool>)> {
    let (tls, wrong_key) = tls::pinned(tls_key_hash)?;
    let http = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(true)
        // A proxy could not read anything, but a redirect could lead elsewhere.
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_keepalive(KEEPALIVE)
        .build()?;
    Ok((http, wrong_key))
}

/// Whether anybody answers at `endpoint` under the key with this hash: better known before money is set aside.
pub(crate) async fn knock(endpoint: &str, tls_key_hash: [u8; 32]) -> anyhow::Result<()> {
    let (http, wrong_key) = connection(tls_key_hash)?;
    let endpoint = endpoint.trim_end_matches('/');
    // Any answer will do: it took the key to give it.
    match http
        .get(format!("{endpoint}/healthz"))
        .timeout(CONNECT_TIMEOUT)
        .send()
        .await
    {
        Ok(_) => Ok(()),
        Err(_) if wrong_key.load(Ordering::Relaxed) => Err(AgentError::WrongKey(endpoint.to_owned()).into()),
        Err(error) => Err(AgentError::Away {
            endpoint: endpoint.to_owned(),
            reason: innermost(&error),
        }
        .into()),
    }
}

/// A body with its hash.
struct Content {
    body: Body,
    hash: [u8; 32],
    kind: Option<&'static str>,
}

impl Content {
    fn none() -> Self {
        Self {
            body: Body::from(""),
            hash: sha256(b""),
            kind: None,
        }
    }

    fn json(value: &impl serde::Serialize) -> Result<Self, AgentError> {
        let bytes = serde_json::to_vec(value).map_err(|error| AgentError::Malformed(error.to_string()))?;
        Ok(Self {
            hash: sha256(&bytes),
            body: Body::from(bytes),
            kind: Some("application/json"),
        })
    }
}

/// Unix time in milliseconds by this machine's clock.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Repeats `attempt` while it fails in a way that may pass, at most for `patience`.
pub(crate) async fn patiently<T, F: AsyncFnMut() -> Result<T, AgentError>>(
    patience: Duration,
    mut attempt: F,
) -> Result<T, AgentError> {
    let until = Instant::now() + patience;
    let mut pause = FIRST_PAUSE;
    loop {
        match attempt().await {
            Err(error) if error.is_transient() && Instant::now() + pause < until => {
                tracing::debug!(%error, "trying again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{impostor::Impostor, *};
    use gantry_sdk::{Signer as _, wire::StartRequest};
    use reqwest::StatusCode;

    fn nobody() -> Agent {
        let (job, patience) = (Pubkey::new_from_array([1; 32]), Duration::from_secs(60));
        Agent::new("https://127.0.0.1:1", [0; 32], job, &Keypair::new(), patience).unwrap()
    }

    #[test]
    fn two_requests_never_carry_the_same_time() {
        let agent = nobody();
        let times: Vec<i64> = (0..1_000).map(|_| agent.next_time_ms()).collect();
        assert!(times.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[tokio::test]
    async fn an_agent_that_is_away_is_asked_again_until_patience_ends() {
        let agent = nobody();
        let mut attempts = 0;
        let outcome = patiently(Duration::from_millis(500), async || {
            attempts += 1;
            agent.status().await
        })
        .await;
        assert!(matches!(outcome, Err(AgentError::Away { .. })), "{outcome:?}");
        assert!(attempts > 2, "{attempts}");
    }

    #[tokio::test]
    async fn a_refusal_is_not_repeated() {
        let mut attempts = 0;
        let outcome: Result<(), _> = patiently(Duration::from_secs(5), async || {
            attempts += 1;
            Err(AgentError::Refused {
                status: StatusCode::FORBIDDEN,
                detail: "no".into(),
            })
        })
        .await;
        assert!(outcome.is_err() && attempts == 1);
    }

    const STATUS: &str = r#"{"phase":"running","exit":null,"metered_ms":1500,"sequence":3,"countersigned":2,"log_bytes":10,
        "simulated":true}"#;

    fn agent_of(server: &Impostor, key_hash: [u8; 32], session_key: &Keypair) -> Agent {
        let (job, patience) = (Pubkey::new_from_array([1; 32]), Duration::from_secs(60));
        Agent::new(&server.endpoint, key_hash, job, session_key, patience).unwrap()
    }

    #[tokio::test]
    async fn the_pinned_key_is_trusted_whatever_the_certificate_says() {
        let server = Impostor::start("200 OK", STATUS);
        let status = agent_of(&server, server.key_hash, &Keypair::new())
            .status()
            .await
            .unwrap();
        assert_eq!((status.metered_ms, status.sequence), (1_500, 3));
    }

    #[tokio::test]
    async fn another_key_is_refused_before_anything_is_sent_and_not_tried_again() {
        let server = Impostor::start("200 OK", STATUS);
        let agent = agent_of(&server, [7; 32], &Keypair::new());
        let error = agent.status().await.unwrap_err();
        assert!(
            matches!(error, AgentError::WrongKey(_)) && !error.is_transient(),
            "{error}"
        );
        assert!(server.asked.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn knocking_tells_an_agent_with_its_key_from_one_with_another_and_from_nobody() {
        let server = Impostor::start("404 Not Found", "");
        assert!(knock(&server.endpoint, server.key_hash).await.is_ok());
        let error = knock(&server.endpoint, [7; 32]).await.unwrap_err();
        assert!(error.to_string().contains("another TLS key"), "{error}");
        let error = knock("https://127.0.0.1:1", server.key_hash).await.unwrap_err();
        assert!(error.to_string().contains("does not answer"), "{error}");
    }

    #[tokio::test]
    async fn a_request_carries_the_session_keys_signature_over_its_path_and_body() {
        let server = Impostor::start("204 No Content", "");
        let session_key = Keypair::new();
        let agent = agent_of(&server, server.key_hash, &session_key);
        let start = StartRequest {
            command: vec!["./run".into()],
            environment: [].into(),
        };
        agent.start(&start).await.unwrap();
        let asked = server.asked.lock().unwrap()[0].clone();
        let header = |name: &str| {
            let prefix = format!("{name}: ");
            asked
                .head
                .iter()
                .find_map(|line| line.strip_prefix(&prefix))
                .unwrap_or_else(|| panic!("no {name}"))
                .to_owned()
        };
        let path_and_query = format!("/v1/jobs/{}/start", Pubkey::new_from_array([1; 32]));
        assert_eq!(asked.head[0], format!("POST {path_and_query} HTTP/1.1"));
        let request = Request {
            job: &Pubkey::new_from_array([1; 32]),
            method: "POST",
            path_and_query: &path_and_query,
            time_ms: header("gantry-time").parse().unwrap(),
            body_hash: &sha256(&asked.body),
        };
        assert!(request.is_signed_by(&session_key.pubkey(), &header("gantry-signature").parse().unwrap()));
        assert_eq!(header("gantry-body"), hex::encode(sha256(&asked.body)));
    }

    #[tokio::test]
    async fn a_refusal_is_told_in_the_agents_own_words() {
        let problem = r#"{"title":"Conflict","status":409,"detail":"the bundle has another hash than the job"}"#;
        let server = Impostor::start("409 Conflict", problem);
        let error = agent_of(&server, server.key_hash, &Keypair::new())
            .finish()
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the agent refused: the bundle has another hash than the job (HTTP 409 Conflict)"
        );
        assert!(!error.is_transient());
    }
}
