//! The agent's TLS key. Tenants pin its public key's hash, which stands on chain; names and issuers mean nothing.

use axum_server::tls_rustls::RustlsConfig;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PublicKeyData};
use rustls::{ServerConfig, crypto::aws_lc_rs};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::{path::Path, sync::Arc};

use crate::keys::{self, KeyError};

/// The key's file in the data directory.
pub const KEY_FILE: &str = "tls.pem";

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The key file cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key is none.
    #[error("{path} holds no TLS key: {reason}; remove the file to get a new one, which is then written on chain")]
    Malformed {
        /// Which file.
        path: String,
        /// Why.
        reason: String,
    },
}

/// A server's identity.
#[derive(Clone)]
pub struct TlsIdentity {
    /// SHA-256 of the public key (DER SubjectPublicKeyInfo): the provider's `tls_key_hash`.
    pub key_hash: [u8; 32],
    /// For the HTTPS server.
    pub config: RustlsConfig,
}

impl TlsIdentity {
    /// Reads the key, or generates it at the first start, and makes a certificate for it.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn load_or_generate(data_dir: &Path) -> Result<Self, TlsError> {
        let path = data_dir.join(KEY_FILE);
        let malformed = |reason: String| TlsError::Malformed {
            path: path.display().to_string(),
            reason,
        };
        if !path.exists() {
            let key = KeyPair::generate().map_err(|error| malformed(error.to_string()))?;
            keys::write_secret(&path, &key.serialize_pem())?;
        }
        let pem = keys::read_secret(&path)?;
        let key = KeyPair::from_pem(&pem).map_err(|error| malformed(error.to_string()))?;
        let mut params =
            CertificateParams::new(vec!["gantry-agent".to_owned()]).map_err(|error| malformed(error.to_string()))?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "gantry-agent");
        let certificate = params.self_signed(&key).map_err(|error| malformed(error.to_string()))?;

        let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                builder
                    .with_no_client_auth()
                    .with_single_cert(vec![certificate.der().clone()], secret)
            })
            .map_err(|error| malformed(error.to_string()))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self {
            key_hash: gantry_sdk::wire::sha256(&key.subject_public_key_info()),
            config: RustlsConfig::from_config(Arc::new(config)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_stays_the_same_and_its_hash_with_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let first = TlsIdentity::load_or_generate(directory.path()).expect("generated");
        let second = TlsIdentity::load_or_generate(directory.path()).expect("read");
        assert_eq!(first.key_hash, second.key_hash);
        std::fs::remove_file(directory.path().join(KEY_FILE)).expect("removed");
        let third = TlsIdentity::load_or_generate(directory.path()).expect("generated again");
        assert_ne!(first.key_hash, third.key_hash);
    }
}
