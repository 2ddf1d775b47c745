//! The server's socket and its end.

use std::{io, net::SocketAddr, sync::Arc};

use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tokio_stream::wrappers::TcpListenerStream;
use yellowstone_grpc_proto::prelude::geyser_server::GeyserServer;

use super::{hub::Hub, service::Service};

/// A running Yellowstone server. Takes no more clients once dropped; its streams end with the process.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
    _task: JoinHandle<()>,
}

impl Server {
    /// Serves `hub` on `listener`.
    ///
    /// # Errors
    /// When the socket cannot be used.
    pub fn start(listener: std::net::TcpListener, hub: Arc<Hub>) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let service = GeyserServer::new(Service::new(hub));
        let task = tokio::spawn(async move {
            let serving = tonic::transport::Server::builder()
                .tcp_nodelay(true)
                .add_service(service)
                .serve_with_incoming(TcpListenerStream::new(listener));
            // Not tonic's graceful shutdown: that waits for streams, and subscriptions never end by themselves.
            tokio::select! {
                result = serving => if let Err(error) = result {
                    tracing::error!(%error, "the Yellowstone server ended");
                },
                _ = stopped => {}
            }
        });
        Ok(Self {
            address,
            _stop: stop,
            _task: task,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}
