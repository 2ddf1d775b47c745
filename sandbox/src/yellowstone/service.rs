//! The Yellowstone service itself.

use std::{pin::Pin, sync::Arc};

use futures::Stream;
use tonic::{Request, Response, Status, Streaming};
use yellowstone_grpc_proto::prelude::{
    GetBlockHeightRequest, GetBlockHeightResponse, GetLatestBlockhashRequest, GetLatestBlockhashResponse,
    GetSlotRequest, GetSlotResponse, GetVersionRequest, GetVersionResponse, IsBlockhashValidRequest,
    IsBlockhashValidResponse, PingRequest, PongResponse, SubscribeDeshredRequest, SubscribeGossipRequest,
    SubscribeReplayInfoRequest, SubscribeReplayInfoResponse, SubscribeRequest, SubscribeUpdateDeshred,
    SubscribeUpdateGossip, geyser_server::Geyser,
};

use super::{
    blockhashes::VALID_BLOCKS,
    hub::{Head, Hub},
    subscription::{self, Updates},
    update::Commitment,
};

/// Answers Yellowstone's calls from a hub.
#[derive(Clone, Debug)]
pub struct Service(Arc<Hub>);

impl Service {
    /// A service over `hub`.
    #[must_use]
    pub fn new(hub: Arc<Hub>) -> Self {
        Self(hub)
    }

    fn head(&self, commitment: Option<i32>) -> Result<Head, Status> {
        let level = Commitment::requested(commitment).ok_or_else(|| {
            Status::invalid_argument("commitment must be 0 (processed), 1 (confirmed) or 2 (finalized)")
        })?;
        self.0
            .head(level)
            .ok_or_else(|| Status::unavailable("no block has reached this commitment yet; try again shortly"))
    }
}

type Never<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;
type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl Geyser for Service {
    type SubscribeStream = Updates;
    type SubscribeDeshredStream = Never<SubscribeUpdateDeshred>;
    type SubscribeGossipStream = Never<SubscribeUpdateGossip>;

    async fn subscribe(&self, request: Request<Streaming<SubscribeRequest>>) -> Answer<Updates> {
        Ok(Response::new(subscription::serve(self.0.clone(), request.into_inner())))
    }

    async fn subscribe_deshred(
        &self,
        _: Request<Streaming<SubscribeDeshredRequest>>,
    ) -> Answer<Self::SubscribeDeshredStream> {
        Err(Status::unimplemented(
            "a network of one machine has no shreds; use `subscribe`",
        ))
    }

    async fn subscribe_gossip(&self, _: Request<SubscribeGossipRequest>) -> Answer<Self::SubscribeGossipStream> {
        Err(Status::unimplemented("a network of one machine has no gossip"))
    }

    async fn subscribe_replay_info(
        &self,
        _: Request<SubscribeReplayInfoRequest>,
    ) -> Answer<SubscribeReplayInfoResponse> {
        Ok(Response::new(SubscribeReplayInfoResponse {
            first_available: self.0.first_available(),
        }))
    }

    async fn ping(&self, request: Request<PingRequest>) -> Answer<PongResponse> {
        Ok(Response::new(PongResponse {
            count: request.into_inner().count,
        }))
    }

    async fn get_latest_blockhash(
        &self,
        request: Request<GetLatestBlockhashRequest>,
    ) -> Answer<GetLatestBlockhashResponse> {
        let Head {
            slot,
            block_height,
            blockhash,
        } = self.head(request.into_inner().commitment)?;
        let last_valid_block_height = block_height.saturating_add(VALID_BLOCKS);
        Ok(Response::new(GetLatestBlockhashResponse {
            slot,
            blockhash,
            last_valid_block_height,
        }))
    }

    async fn get_block_height(&self, request: Request<GetBlockHeightRequest>) -> Answer<GetBlockHeightResponse> {
        let block_height = self.head(request.into_inner().commitment)?.block_height;
        Ok(Response::new(GetBlockHeightResponse { block_height }))
    }

    async fn get_slot(&self, request: Request<GetSlotRequest>) -> Answer<GetSlotResponse> {
        Ok(Response::new(GetSlotResponse {
            slot: self.head(request.into_inner().commitment)?.slot,
        }))
    }

    async fn is_blockhash_valid(&self, request: Request<IsBlockhashValidRequest>) -> Answer<IsBlockhashValidResponse> {
        let request = request.into_inner();
        let slot = self.head(request.commitment)?.slot;
        Ok(Response::new(IsBlockhashValidResponse {
            slot,
            valid: self.0.is_blockhash_valid(&request.blockhash),
        }))
    }

    async fn get_version(&self, _: Request<GetVersionRequest>) -> Answer<GetVersionResponse> {
        let version = serde_json::json!({ "package": "gantry-sandbox", "version": env!("CARGO_PKG_VERSION") });
        Ok(Response::new(GetVersionResponse {
            version: version.to_string(),
        }))
    }
}
