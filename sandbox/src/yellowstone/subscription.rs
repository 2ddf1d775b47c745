//! One client's stream, from its first request until it leaves or falls too far behind.

use std::{pin::Pin, sync::Arc, time::Duration};

use futures::{Stream, StreamExt, stream};
use tokio::{
    sync::{
        broadcast::{Receiver, error::RecvError},
        mpsc, oneshot,
    },
    time::{Interval, MissedTickBehavior, interval},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};
use yellowstone_grpc_proto::prelude::{
    SubscribeRequest, SubscribeUpdate, SubscribeUpdatePing, SubscribeUpdatePong, subscribe_update::UpdateOneof,
};

use super::{
    filters::{Filters, stamped},
    hub::{Delivery, Hub, TooOld},
};

/// What the client has not read yet waits here, and then in the hub's shared buffer.
const OUTBOX_UPDATES: usize = 1_024;
/// The real service's interval; it keeps the proxies between open.
const PING_INTERVAL: Duration = Duration::from_secs(10);

/// What the client reads.
pub(super) type Updates = Pin<Box<dyn Stream<Item = Result<SubscribeUpdate, Status>> + Send>>;

/// Serves one client in a task of its own.
pub(super) fn serve(hub: Arc<Hub>, requests: Streaming<SubscribeRequest>) -> Updates {
    let (outbox, updates) = mpsc::channel(OUTBOX_UPDATES);
    let (end, ended) = oneshot::channel();
    tokio::spawn(async move {
        let mut ping = interval(PING_INTERVAL);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let subscription = Subscription {
            hub,
            requests,
            outbox,
            ping,
            filters: None,
            live: None,
        };
        if let Err(End::Refused(status)) = subscription.run().await {
            // Fails only when the client has gone.
            let _ = end.send(*status);
        }
    });
    // The reason for an end must reach the client even when its outbox is full, so it does not go through the outbox.
    let end = stream::once(ended).filter_map(|reason| async move { reason.ok().map(Err) });
    Box::pin(ReceiverStream::new(updates).map(Ok).chain(end))
}

struct Subscription {
    hub: Arc<Hub>,
    requests: Streaming<SubscribeRequest>,
    outbox: mpsc::Sender<SubscribeUpdate>,
    ping: Interval,
    filters: Option<Filters>,
    live: Option<Receiver<Delivery>>,
}

/// Why a stream is over.
enum End {
    /// The client closed it.
    Left,
    /// The client is told why.
    Refused(Box<Status>),
}

impl From<Status> for End {
    fn from(status: Status) -> Self {
        Self::Refused(Box::new(status))
    }
}

impl From<mpsc::error::SendError<SubscribeUpdate>> for End {
    fn from(_: mpsc::error::SendError<SubscribeUpdate>) -> Self {
        Self::Left
    }
}

impl Subscription {
    async fn run(mut self) -> Result<(), End> {
        loop {
            tokio::select! {
                request = self.requests.message() => match request {
                    Ok(Some(request)) => self.take(&request).await?,
                    // A client that only closed its half of the connection may go on reading.
                    Ok(None) => return self.deliver_until_gone().await,
                    Err(_) => return Err(End::Left),
                },
                delivery = next(&mut self.live) => self.deliver(delivery).await?,
                _ = self.ping.tick() => self.send(vec![], UpdateOneof::Ping(SubscribeUpdatePing {})).await?,
            }
        }
    }

    async fn deliver_until_gone(mut self) -> Result<(), End> {
        loop {
            tokio::select! {
                delivery = next(&mut self.live) => self.deliver(delivery).await?,
                () = self.outbox.closed() => return Err(End::Left),
            }
        }
    }

    /// A request replaces the one before it; one with a ping is only answered.
    async fn take(&mut self, request: &SubscribeRequest) -> Result<(), End> {
        if let Some(ping) = request.ping {
            return self
                .send(vec![], UpdateOneof::Pong(SubscribeUpdatePong { id: ping.id }))
                .await;
        }
        let filters = Filters::parse(request)?;
        let mut replay = vec![];
        if self.live.is_none() || request.from_slot.is_some() {
            let feed = self.hub.subscribe(filters.level(), request.from_slot).map_err(|TooOld { first_available }| {
                Status::out_of_range(format!(
                    "slot {} is no longer kept: the first available slot is {first_available}; fetch what lies before it over RPC",
                    request.from_slot.unwrap_or_default(),
                ))
            })?;
            self.live = Some(feed.live);
            replay = feed.replay;
        }
        for update in replay.iter().flat_map(|update| filters.apply(update)) {
            self.outbox.send(update).await?;
        }
        self.filters = Some(filters);
        Ok(())
    }

    async fn deliver(&mut self, delivery: Result<Delivery, RecvError>) -> Result<(), End> {
        let delivery = match delivery {
            Ok(delivery) => delivery,
            Err(RecvError::Lagged(missed)) => {
                return Err(Status::data_loss(format!(
                    "this client reads too slowly and has missed {missed} updates; reconnect with from_slot"
                ))
                .into());
            }
            Err(RecvError::Closed) => return Err(Status::unavailable("the local network is shutting down").into()),
        };
        let Some(filters) = self.filters.as_ref().filter(|filters| delivery.is_for(filters.level())) else {
            return Ok(());
        };
        for update in filters.apply(&delivery.update) {
            self.outbox.send(update).await?;
        }
        Ok(())
    }

    async fn send(&mut self, filters: Vec<String>, update: UpdateOneof) -> Result<(), End> {
        Ok(self.outbox.send(stamped(filters, update)).await?)
    }
}

/// The next delivery; never, before there is a subscription.
async fn next(live: &mut Option<Receiver<Delivery>>) -> Result<Delivery, RecvError> {
    match live {
        Some(live) => live.recv().await,
        None => std::future::pending().await,
    }
}
