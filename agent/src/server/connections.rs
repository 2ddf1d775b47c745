//! Connections of strangers: there is room for so many, and each must say something soon.

use axum_server::accept::Accept;
use futures::{FutureExt, future::BoxFuture};
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Sleep, sleep},
};

/// Most connections at a time: far more than tenants need, far fewer than the agent may have open files.
pub(super) const MAX_CONNECTIONS: usize = 512;

/// Lets connections in while there is room. Before anything was sent nobody is known to be a tenant, and what serves HTTP waits for
/// the first byte without a limit of its own.
#[derive(Clone, Debug)]
pub(super) struct Gate<A> {
    inner: A,
    places: Arc<Semaphore>,
    patience: Duration,
}

impl<A> Gate<A> {
    /// Before `inner`, for so many at a time, each of which must send its first byte within `patience` after the handshake.
    pub(super) fn new(inner: A, places: usize, patience: Duration) -> Self {
        let places = Arc::new(Semaphore::new(places));
        Self {
            inner,
            places,
            patience,
        }
    }
}

impl<A, S> Accept<TcpStream, S> for Gate<A>
where
    A: Accept<TcpStream, S>,
    A::Future: Send + 'static,
    A::Stream: Send + 'static,
    A::Service: Send + 'static,
{
    type Stream = Guest<A::Stream>;
    type Service = A::Service;
    type Future = BoxFuture<'static, io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            tracing::debug!("a connection was turned away: there are too many");
            return futures::future::ready(Err(io::Error::other("too many connections"))).boxed();
        };
        let (accepted, patience) = (self.inner.accept(stream, service), self.patience);
        async move {
            let (stream, service) = accepted.await?;
            let silence = Some(Box::pin(sleep(patience)));
            let guest = Guest {
                stream,
                silence,
                _place: place,
            };
            Ok((guest, service))
        }
        .boxed()
    }
}

/// A connection that was let in.
#[derive(Debug)]
pub(super) struct Guest<S> {
    stream: S,
    /// Until when it may be silent; none once it has said something.
    silence: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
}

impl<S: AsyncRead + Unpin> AsyncRead for Guest<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_ready() {
            self.silence = None;
        } else if let Some(silence) = &mut self.silence
            && silence.poll_unpin(context).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guest<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum_server::accept::DefaultAcceptor;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    const PATIENCE: Duration = Duration::from_millis(100);

    async fn connect(listener: &TcpListener) -> (TcpStream, TcpStream) {
        let address = listener.local_addr().expect("an address");
        let (near, far) = tokio::join!(TcpStream::connect(address), listener.accept());
        (near.expect("connected"), far.expect("accepted").0)
    }

    #[tokio::test]
    async fn a_connection_that_says_nothing_is_closed_and_its_place_is_free_again() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let gate = Gate::new(DefaultAcceptor, 1, PATIENCE);
        let (_near, far) = connect(&listener).await;
        let (mut guest, ()) = gate.accept(far, ()).await.expect("let in");
        let (_other, far) = connect(&listener).await;
        let refused = gate.accept(far, ()).await.expect_err("full").to_string();
        assert_eq!(refused, "too many connections");
        let silent = guest.read_u8().await.expect_err("silent");
        assert_eq!(silent.kind(), io::ErrorKind::TimedOut);
        drop(guest);
        let (_other, far) = connect(&listener).await;
        gate.accept(far, ()).await.expect("there is room again");
    }

    #[tokio::test]
    async fn a_connection_that_has_spoken_may_wait() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let (mut near, far) = connect(&listener).await;
        let (mut guest, ()) = Gate::new(DefaultAcceptor, 1, PATIENCE)
            .accept(far, ())
            .await
            .expect("let in");
        near.write_u8(1).await.expect("sent");
        assert_eq!(guest.read_u8().await.expect("read"), 1);
        let later = async {
            sleep(PATIENCE * 3).await;
            near.write_u8(2).await
        };
        let (read, _) = tokio::join!(guest.read_u8(), later);
        assert_eq!(read.expect("read"), 2);
    }
}
