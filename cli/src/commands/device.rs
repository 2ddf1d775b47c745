//! `gantry device`: GPUs, each of which the network knows once.

use anyhow::Result;
use gantry_sdk::{
    Pubkey, Signer, address,
    client::{ClientError, Confirmed},
    instruction::market,
    market::state::{Device, Node},
    protocol::device,
};
use serde_json::{Value, json};

use crate::{
    arguments::{DeviceCommand, DeviceRegisterArguments},
    context::Context,
    failure::Failure,
    output::list,
    table::Table,
    transact,
};

/// Carries it out.
pub(crate) async fn run(context: &Context, command: DeviceCommand) -> Result<()> {
    match command {
        DeviceCommand::Ls { owner } => ls(context, owner).await,
        DeviceCommand::Show { device } => show(context, device, None).await,
        DeviceCommand::Register(arguments) => register(context, &arguments).await,
        DeviceCommand::Move { device, to } => shift(context, device, to).await,
        DeviceCommand::Retire { device } => retire(context, device).await,
    }
}

async fn ls(context: &Context, owner: Option<Pubkey>) -> Result<()> {
    let owner = context.owner(owner)?;
    let provider = address::provider(&owner);
    let mut devices = context
        .client
        .all::<Device>(&[(std::mem::offset_of!(Device, provider), provider.as_ref())])
        .await?;
    devices.sort_by_key(|(address, device)| (device.node, *address));
    let mut table = Table::new(&["DEVICE", "NODE", "IDENTITY"]);
    for (address, device) in &devices {
        table.row([
            address.to_string(),
            device.node.to_string(),
            hex::encode(device.identity),
        ]);
    }
    let text = if devices.is_empty() {
        format!("{owner} has registered no GPUs.")
    } else {
        table.render()
    };
    let devices: Vec<Value> = devices
        .iter()
        .map(|(address, device)| object(*address, device))
        .collect();
    context
        .output
        .show(&json!({ "owner": owner.to_string(), "devices": devices }), &text)?;
    Ok(())
}

async fn register(context: &Context, arguments: &DeviceRegisterArguments) -> Result<()> {
    let wallet = context.wallet()?;
    let (owner, node) = (wallet.pubkey(), node(context, arguments.node).await?);
    let identity = match (&arguments.gpu.uuid, arguments.gpu.simulated) {
        (Some(uuid), _) => device::nvidia(uuid),
        (None, number) => device::simulated(&node.owner.to_bytes(), node.id, number.unwrap_or(0)),
    };
    let device = address::device(&identity);
    if let Some(known) = context.client.find::<Device>(&device).await? {
        return Err(Failure::Refused(format!(
            "the GPU is registered already: node {} of the provider with the account {} has it as device {device}. Whoever had it \
             before has to retire it; where it was never theirs, the market's authority can",
            known.node, known.provider
        ))
        .into());
    }
    let instruction = market::device_register(owner, arguments.node, identity);
    let confirmed = transact::send(context, "register the GPU", &wallet, &[instruction]).await?;
    show(context, device, Some(confirmed)).await
}

async fn shift(context: &Context, address: Pubkey, to: Pubkey) -> Result<()> {
    let wallet = context.wallet()?;
    let known = get(context, address).await?;
    require_free(context, &known).await?;
    let instruction = market::device_move(wallet.pubkey(), &known.identity, known.node, to);
    let confirmed = transact::send(context, "move the GPU", &wallet, &[instruction]).await?;
    show(context, address, Some(confirmed)).await
}

async fn retire(context: &Context, address: Pubkey) -> Result<()> {
    let wallet = context.wallet()?;
    let known = get(context, address).await?;
    let owner = require_free(context, &known).await?;
    let instruction = market::device_retire(wallet.pubkey(), owner, known.node, &known.identity);
    let confirmed = transact::send(context, "retire the GPU", &wallet, &[instruction]).await?;
    let signature = confirmed.signature.to_string();
    let mut retired = object(address, &known);
    retired["signature"] = signature.clone().into();
    let text = format!("Retired {address}; whoever owns the GPU now can register it.\nTransaction {signature}");
    context.output.show(&retired, &text)?;
    Ok(())
}

/// Refuses what the program would while jobs hold all GPUs of the node; otherwise says whose the node is.
async fn require_free(context: &Context, device: &Device) -> Result<Pubkey> {
    let node = node(context, device.node).await?;
    if node.gpus_free == 0 {
        return Err(Failure::Refused(format!(
            "jobs hold all {} GPUs of the node {}; try again when one of them has ended",
            node.gpus, device.node
        ))
        .into());
    }
    Ok(node.owner)
}

/// A node's GPUs, by address.
pub(crate) async fn of_node(context: &Context, node: &Pubkey) -> Result<Vec<(Pubkey, Device)>, ClientError> {
    let at = std::mem::offset_of!(Device, node);
    let mut devices = context.client.all::<Device>(&[(at, node.as_ref())]).await?;
    devices.sort_by_key(|(address, _)| *address);
    Ok(devices)
}

async fn node(context: &Context, address: Pubkey) -> Result<Node> {
    let found = match context.client.find(&address).await {
        Err(ClientError::Decode { .. }) => None,
        found => found?,
    };
    Ok(found.ok_or_else(|| {
        Failure::Refused(format!(
            "there is no node at {address}; list yours with `gantry node ls`"
        ))
    })?)
}

async fn get(context: &Context, address: Pubkey) -> Result<Device> {
    let found = match context.client.find(&address).await {
        Err(ClientError::Decode { .. }) => None,
        found => found?,
    };
    Ok(found.ok_or_else(|| {
        Failure::Refused(format!(
            "there is no registered GPU at {address}; list yours with `gantry device ls`"
        ))
    })?)
}

async fn show(context: &Context, address: Pubkey, sent: Option<Confirmed>) -> Result<()> {
    let device = get(context, address).await?;
    let signature = sent.map(|confirmed| confirmed.signature.to_string());
    let mut entries = vec![
        ("Device", address.to_string()),
        ("Node", device.node.to_string()),
        ("Provider", device.provider.to_string()),
        ("Identity", hex::encode(device.identity)),
        ("Registered", device.registered_at.to_string()),
    ];
    if let Some(signature) = &signature {
        entries.push(("Transaction", signature.clone()));
    }
    let mut object = object(address, &device);
    object["signature"] = signature.into();
    context.output.show(&object, &list(&entries))?;
    Ok(())
}

/// For machines.
pub(crate) fn object(address: Pubkey, device: &Device) -> Value {
    json!({
        "device": address.to_string(),
        "node": device.node.to_string(),
        "provider": device.provider.to_string(),
        "identity": hex::encode(device.identity),
        "registered_at": device.registered_at,
    })
}
