//! Ways to the chain that do not lead there.

use std::time::Duration;

use gantry_indexer::stream::{Source, SourceConfig, StreamError};
use tokio::net::TcpListener;

async fn refused(url: String) -> String {
    let source = Source::new(SourceConfig {
        url,
        token: Some("secret".into()),
        silence_limit: Duration::from_secs(1),
    });
    match source.subscribe(None).await {
        Err(error @ StreamError::Unreachable { .. }) => error.to_string(),
        Err(error) => panic!("another error: {error}"),
        Ok(_) => panic!("there is nobody to subscribe to"),
    }
}

#[tokio::test]
async fn a_service_that_is_away_is_named() {
    let message = refused("http://127.0.0.1:1".into()).await;
    assert!(
        message.starts_with("the Yellowstone service at http://127.0.0.1:1 cannot be reached: "),
        "{message}"
    );
}

#[tokio::test]
async fn an_encrypted_connection_to_a_plain_port_fails_with_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let hanging_up = tokio::spawn(async move { drop(listener.accept().await) });
    let message = refused(url.clone()).await;
    assert!(
        message.starts_with(&format!("the Yellowstone service at {url} cannot be reached: ")),
        "{message}"
    );
    assert!(!message.contains("secret"), "{message}");
    hanging_up.abort();
}

#[tokio::test]
async fn a_malformed_address_is_an_error() {
    let message = refused("not an address".into()).await;
    assert!(
        message.starts_with("the Yellowstone service at not an address cannot be reached: "),
        "{message}"
    );
}
