//! The real Yellowstone client against our server.

use std::{collections::HashMap, net::TcpListener, sync::Arc, time::Duration};

use futures::{SinkExt, Stream, StreamExt};
use gantry_sandbox::yellowstone::{Event, Hub, ReplayLimits, Server};
use tonic::{Code, Status};
use yellowstone_grpc_client::{GeyserGrpcBuilder, GeyserGrpcClient};
use yellowstone_grpc_proto::prelude::{
    CommitmentLevel, SubscribeRequest, SubscribeRequestAccountsDataSlice, SubscribeRequestFilterAccounts,
    SubscribeRequestFilterBlocks, SubscribeRequestFilterBlocksMeta, SubscribeRequestFilterSlots,
    SubscribeRequestFilterTransactions, SubscribeRequestPing, SubscribeUpdate, SubscribeUpdateAccount,
    SubscribeUpdateAccountInfo, SubscribeUpdateBlockMeta, SubscribeUpdateTransaction, SubscribeUpdateTransactionInfo,
    subscribe_update::UpdateOneof,
};

const OWNER: [u8; 32] = [9; 32];

fn serve(limits: ReplayLimits) -> (Arc<Hub>, Server, GeyserGrpcBuilder) {
    let hub = Arc::new(Hub::new(limits));
    let server = Server::start(TcpListener::bind("127.0.0.1:0").unwrap(), hub.clone()).unwrap();
    let client = GeyserGrpcClient::build_from_shared(format!("http://{}", server.address())).unwrap();
    (hub, server, client)
}

fn owned_account(slot: u64, key: u8) -> Event {
    let info = SubscribeUpdateAccountInfo {
        pubkey: vec![key; 32],
        owner: OWNER.to_vec(),
        data: b"abcdef".to_vec(),
        ..Default::default()
    };
    Event::Account(SubscribeUpdateAccount {
        slot,
        account: Some(info),
        ..Default::default()
    })
}

fn transaction(slot: u64) -> Event {
    let info = SubscribeUpdateTransactionInfo {
        signature: vec![7; 64],
        ..Default::default()
    };
    Event::Transaction(Box::new(SubscribeUpdateTransaction {
        slot,
        transaction: Some(info),
        ..Default::default()
    }))
}

fn confirmed(slot: u64) -> Event {
    Event::Confirmed(SubscribeUpdateBlockMeta {
        slot,
        blockhash: format!("hash-{slot}"),
        ..Default::default()
    })
}

fn everything(commitment: CommitmentLevel) -> SubscribeRequest {
    let owned = SubscribeRequestFilterAccounts {
        owner: vec![bs58::encode(OWNER).into_string()],
        ..Default::default()
    };
    SubscribeRequest {
        accounts: HashMap::from([("ours".into(), owned)]),
        transactions: HashMap::from([("all".into(), SubscribeRequestFilterTransactions::default())]),
        slots: HashMap::from([("slots".into(), SubscribeRequestFilterSlots::default())]),
        blocks_meta: HashMap::from([("blocks".into(), SubscribeRequestFilterBlocksMeta::default())]),
        commitment: Some(commitment as i32),
        ..Default::default()
    }
}

fn say(update: &SubscribeUpdate) -> Option<String> {
    Some(match update.update_oneof.as_ref()? {
        UpdateOneof::Account(account) => {
            let info = account.account.as_ref()?;
            format!(
                "account {} of slot {}: {}",
                info.pubkey[0],
                account.slot,
                String::from_utf8_lossy(&info.data)
            )
        }
        UpdateOneof::Transaction(transaction) => format!("transaction of slot {}", transaction.slot),
        UpdateOneof::Slot(slot) => format!("slot {} is {}", slot.slot, slot.status),
        UpdateOneof::BlockMeta(meta) => format!("block {}", meta.slot),
        UpdateOneof::Pong(pong) => format!("pong {}", pong.id),
        _ => return None,
    })
}

async fn next(stream: &mut (impl Stream<Item = Result<SubscribeUpdate, Status>> + Unpin)) -> Result<String, Status> {
    loop {
        let update = tokio::time::timeout(Duration::from_secs(5), stream.next())
            .await
            .expect("an update")
            .expect("no end");
        if let Some(said) = say(&update?) {
            return Ok(said);
        }
    }
}

async fn take(stream: &mut (impl Stream<Item = Result<SubscribeUpdate, Status>> + Unpin), count: usize) -> Vec<String> {
    let mut said = vec![];
    for _ in 0..count {
        said.push(next(stream).await.unwrap());
    }
    said
}

/// A pong says that the server has taken in every request before its ping.
async fn subscribed(
    sink: &mut (impl futures::Sink<SubscribeRequest, Error: std::fmt::Debug> + Unpin),
    stream: &mut (impl Stream<Item = Result<SubscribeUpdate, Status>> + Unpin),
) {
    sink.send(SubscribeRequest {
        ping: Some(SubscribeRequestPing { id: 1 }),
        ..Default::default()
    })
    .await
    .unwrap();
    assert_eq!(next(stream).await.unwrap(), "pong 1");
}

#[tokio::test]
async fn the_real_client_gets_a_confirmed_slot_whole_and_in_order() {
    let (hub, _server, client) = serve(ReplayLimits::default());
    let mut client = client.connect().await.unwrap();
    let (mut sink, mut stream) = client
        .subscribe_with_request(Some(everything(CommitmentLevel::Confirmed)))
        .await
        .unwrap();
    subscribed(&mut sink, &mut stream).await;

    hub.feed(transaction(40));
    hub.feed(owned_account(40, 1));
    hub.feed(confirmed(40));
    assert_eq!(
        take(&mut stream, 5).await,
        [
            "slot 40 is 0",
            "account 1 of slot 40: abcdef",
            "transaction of slot 40",
            "block 40",
            "slot 40 is 1"
        ]
    );
}

#[tokio::test]
async fn filter_by_commitment_leaves_only_the_statuses_of_its_own_level() {
    let (hub, _server, client) = serve(ReplayLimits::default());
    let mut client = client.connect().await.unwrap();
    let slots = SubscribeRequestFilterSlots {
        filter_by_commitment: Some(true),
        ..Default::default()
    };
    let request = SubscribeRequest {
        slots: HashMap::from([("slots".into(), slots)]),
        commitment: Some(CommitmentLevel::Confirmed as i32),
        ..Default::default()
    };
    let (mut sink, mut stream) = client.subscribe_with_request(Some(request)).await.unwrap();
    subscribed(&mut sink, &mut stream).await;
    for event in [confirmed(40), Event::Rooted(40), confirmed(41)] {
        hub.feed(event);
    }
    assert_eq!(take(&mut stream, 2).await, ["slot 40 is 1", "slot 41 is 1"]);
}

#[tokio::test]
async fn a_new_request_replaces_the_old_one_and_data_slices_cut() {
    let (hub, _server, client) = serve(ReplayLimits::default());
    let mut client = client.connect().await.unwrap();
    let (mut sink, mut stream) = client
        .subscribe_with_request(Some(everything(CommitmentLevel::Processed)))
        .await
        .unwrap();
    let sliced = SubscribeRequest {
        accounts: everything(CommitmentLevel::Processed).accounts,
        accounts_data_slice: vec![SubscribeRequestAccountsDataSlice { offset: 1, length: 2 }],
        ..Default::default()
    };
    sink.send(sliced).await.unwrap();
    subscribed(&mut sink, &mut stream).await;
    hub.feed(transaction(40));
    hub.feed(owned_account(40, 1));
    assert_eq!(next(&mut stream).await.unwrap(), "account 1 of slot 40: bc");
}

#[tokio::test]
async fn a_client_that_was_away_catches_up_from_its_slot() {
    let (hub, _server, client) = serve(ReplayLimits::default());
    for slot in 40..43 {
        hub.feed(owned_account(slot, 1));
        hub.feed(confirmed(slot));
    }
    let request = SubscribeRequest {
        from_slot: Some(41),
        ..everything(CommitmentLevel::Confirmed)
    };
    let mut client = client.connect().await.unwrap();
    let (mut sink, mut stream) = client.subscribe_with_request(Some(request)).await.unwrap();
    let caught_up = take(&mut stream, 8).await;
    assert_eq!(caught_up[1], "account 1 of slot 41: abcdef");
    assert_eq!(caught_up[7], "slot 42 is 1");
    subscribed(&mut sink, &mut stream).await;
    hub.feed(confirmed(43));
    assert_eq!(next(&mut stream).await.unwrap(), "slot 43 is 0");
}

#[tokio::test]
async fn a_slot_too_old_ends_the_stream_with_out_of_range_and_the_first_available_slot() {
    let (hub, _server, client) = serve(ReplayLimits {
        slots: 2,
        bytes: usize::MAX,
    });
    for slot in 40..50 {
        hub.feed(confirmed(slot));
        hub.feed(Event::Rooted(slot));
    }
    let mut client = client.connect().await.unwrap();
    assert_eq!(client.subscribe_replay_info().await.unwrap().first_available, Some(48));
    let request = SubscribeRequest {
        from_slot: Some(41),
        ..everything(CommitmentLevel::Confirmed)
    };
    let (_sink, mut stream) = client.subscribe_with_request(Some(request)).await.unwrap();
    let refused = next(&mut stream).await.unwrap_err();
    assert_eq!(refused.code(), Code::OutOfRange);
    assert!(
        refused.message().contains("the first available slot is 48"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_client_that_does_not_read_loses_its_stream_and_not_our_memory() {
    let (hub, _server, client) = serve(ReplayLimits::default());
    let mut client = client.connect().await.unwrap();
    let (mut sink, mut stream) = client
        .subscribe_with_request(Some(everything(CommitmentLevel::Processed)))
        .await
        .unwrap();
    subscribed(&mut sink, &mut stream).await;
    for round in 0..100u64 {
        for _ in 0..1_000 {
            hub.feed(owned_account(round, 1));
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let mut received = 0;
    let end = loop {
        match next(&mut stream).await {
            Ok(_) => received += 1,
            Err(end) => break end,
        }
    };
    assert_eq!(end.code(), Code::DataLoss, "{end}");
    assert!(received < 100_000, "{received}");
}

#[tokio::test]
async fn what_the_network_cannot_stream_is_refused_instead_of_staying_silent() {
    let (_hub, _server, client) = serve(ReplayLimits::default());
    let request = SubscribeRequest {
        blocks: HashMap::from([("blocks".into(), SubscribeRequestFilterBlocks::default())]),
        ..Default::default()
    };
    let mut client = client.connect().await.unwrap();
    let (_sink, mut stream) = client.subscribe_with_request(Some(request)).await.unwrap();
    assert_eq!(next(&mut stream).await.unwrap_err().code(), Code::Unimplemented);

    let nonsense = SubscribeRequestFilterAccounts {
        owner: vec!["0".into()],
        ..Default::default()
    };
    let request = SubscribeRequest {
        accounts: HashMap::from([("mine".into(), nonsense)]),
        ..Default::default()
    };
    let (_sink, mut stream) = client.subscribe_with_request(Some(request)).await.unwrap();
    let refused = next(&mut stream).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(refused.message(), "filter \"mine\": \"0\" is not a public key");
}

#[tokio::test]
async fn the_unary_calls_answer_from_the_newest_block() {
    let (hub, _server, client) = serve(ReplayLimits::default());
    let mut client = client.connect().await.unwrap();
    assert!(client.get_slot(None).await.is_err());
    hub.feed(confirmed(40));
    hub.feed(confirmed(41));
    hub.feed(Event::Rooted(40));
    assert_eq!(client.get_slot(None).await.unwrap().slot, 41);
    assert_eq!(
        client.get_slot(Some(CommitmentLevel::Finalized)).await.unwrap().slot,
        40
    );
    assert_eq!(client.get_latest_blockhash(None).await.unwrap().blockhash, "hash-41");
    assert!(client.is_blockhash_valid("hash-40".into(), None).await.unwrap().valid);
    assert!(!client.is_blockhash_valid("hash-1".into(), None).await.unwrap().valid);
    assert_eq!(client.ping(3).await.unwrap().count, 3);
    assert!(client.get_version().await.unwrap().version.contains("gantry-sandbox"));
}
