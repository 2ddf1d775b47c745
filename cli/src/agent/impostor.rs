//! A server with a key of its own, for tests: it answers every request alike and keeps what it was asked.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use rcgen::{CertificateParams, KeyPair, PublicKeyData as _};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use sha2::{Digest as _, Sha256};

/// A request as it arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// The request line and the headers.
    pub(crate) head: Vec<String>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// The server.
pub(crate) struct Impostor {
    /// Where it answers.
    pub(crate) endpoint: String,
    /// SHA-256 of its public key.
    pub(crate) key_hash: [u8; 32],
    /// What it was asked.
    pub(crate) asked: Arc<Mutex<Vec<Asked>>>,
}

impl Impostor {
    /// Starts a server that answers with `status` and `body`; it lives as long as the test.
    pub(crate) fn start(status: &'static str, body: impl Into<String>) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["anyone".to_owned()])
            .unwrap()
            .self_signed(&key)
            .unwrap();
        let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], secret)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("https://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (config, kept, body) = (Arc::new(config), asked.clone(), body.into());
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                // A client that breaks off is none of the server's business.
                let _ = answer(connection, &config, &kept, status, &body);
            }
        });
        Self {
            endpoint,
            key_hash: Sha256::digest(key.subject_public_key_info()).into(),
            asked,
        }
    }
}

fn answer(
    connection: TcpStream,
    config: &Arc<ServerConfig>,
    kept: &Mutex<Vec<Asked>>,
    status: &str,
    body: &str,
) -> std::io::Result<()> {
    let tls = ServerConnection::new(config.clone()).map_err(std::io::Error::other)?;
    let mut stream = BufReader::new(StreamOwned::new(tls, connection));
    let mut asked = Asked::default();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        asked.head.push(line.to_owned());
    }
    let length = asked
        .head
        .iter()
        .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    asked.body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut asked.body)?;
    kept.lock().unwrap().push(asked);
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let stream = stream.get_mut();
    stream.write_all(answer.as_bytes())?;
    stream.conn.send_close_notify();
    stream.flush()
}
