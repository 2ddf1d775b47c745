//! `gantry node`: nodes and what they cost, on the chain.

use anyhow::Result;
use gantry_sdk::{
    Pubkey, Signer, address,
    client::{ClientError, Confirmed},
    instruction::market,
    market::{
        NodeSpecification,
        state::{Balance, Node, PriceRange},
    },
    protocol::{
        Rate,
        class::{self, Name},
    },
};
use serde_json::{Value, json};

use super::{device, provider};
use crate::{
    amount,
    arguments::{NodeCommand, NodePriceArguments, NodeRegisterArguments, NodeUpdateArguments},
    context::Context,
    failure::Failure,
    mint::{Mint, Mints},
    output::{list, number},
    period,
    table::Table,
    transact,
};

/// Carries it out.
pub(crate) async fn run(context: &Context, command: NodeCommand) -> Result<()> {
    match command {
        NodeCommand::Ls { owner } => ls(context, owner).await,
        NodeCommand::Show { node } => show(context, node, None).await,
        NodeCommand::Register(arguments) => register(context, &arguments).await,
        NodeCommand::Update(arguments) => update(context, &arguments).await,
        NodeCommand::Price(arguments) => price(context, &arguments).await,
    }
}

async fn ls(context: &Context, owner: Option<Pubkey>) -> Result<()> {
    let owner = context.owner(owner)?;
    let view = View::load(context).await?;
    let mut nodes = context
        .client
        .all::<Node>(&[(0, address::provider(&owner).as_ref())])
        .await?;
    nodes.sort_by_key(|(_, node)| node.id);
    let mut table = Table::new(&[
        "NODE",
        "#ID",
        "CLASS",
        "REGION",
        "#GPUS FREE",
        "STATE",
        "PRICES PER GPU-HOUR",
    ]);
    for (address, node) in &nodes {
        let prices = offers(node).map(|(mint, rate)| format!("{} {}", view.mints.show_hourly(&mint, rate), mint));
        table.row([
            address.to_string(),
            node.id.to_string(),
            class::unpack(&node.class).to_owned(),
            class::unpack(&node.region).to_owned(),
            format!("{}/{}", node.gpus_free, node.gpus),
            view.state(node),
            prices.collect::<Vec<_>>().join(", "),
        ]);
    }
    let text = if nodes.is_empty() {
        format!("{owner} has no nodes.")
    } else {
        table.render()
    };
    let nodes: Vec<Value> = nodes
        .iter()
        .map(|(address, node)| view.object(*address, node))
        .collect();
    context
        .output
        .show(&json!({ "owner": owner.to_string(), "nodes": nodes }), &text)?;
    Ok(())
}

async fn register(context: &Context, arguments: &NodeRegisterArguments) -> Result<()> {
    let wallet = context.wallet()?;
    let owner = wallet.pubkey();
    let named = |name: &str| class::pack(name).ok_or_else(|| Failure::Usage(format!("{name:?} is not a name")));
    let specification = NodeSpecification {
        class: named(&arguments.class)?,
        region: named(&arguments.region)?,
        memory_mib: arguments.memory_mib,
        min_duration_s: arguments.min_duration,
        max_duration_s: arguments.max_duration,
        simulated: arguments.simulated,
    };
    let id = provider::get(context, owner).await?.nodes;
    let instruction = market::node_register(owner, id, specification);
    let confirmed = transact::send(context, "register the node", &wallet, &[instruction]).await?;
    show(context, address::node(&address::provider(&owner), id), Some(confirmed)).await
}

async fn update(context: &Context, arguments: &NodeUpdateArguments) -> Result<()> {
    let wallet = context.wallet()?;
    let (known, change) = (get(context, arguments.node).await?, &arguments.change);
    let instruction = market::node_update(
        wallet.pubkey(),
        arguments.node,
        change.min_duration.unwrap_or(known.min_duration_s),
        change.max_duration.unwrap_or(known.max_duration_s),
        change.active.unwrap_or(known.active == 1),
    );
    let confirmed = transact::send(context, "update the node", &wallet, &[instruction]).await?;
    show(context, arguments.node, Some(confirmed)).await
}

async fn price(context: &Context, arguments: &NodePriceArguments) -> Result<()> {
    let wallet = context.wallet()?;
    let owner = wallet.pubkey();
    let mint = Mint::find(&context.client, &arguments.mint).await?;
    let rate = amount::parse_hourly(&arguments.price, mint.decimals)?;
    let is_zero = arguments.price.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    let class = get(context, arguments.node).await?.class;
    if !is_zero {
        require_in_range(context, rate, &class, &mint).await?;
    }
    let mut instructions = vec![];
    // Settlements pay into this balance, so the program asks for it before the price.
    if context
        .client
        .find::<Balance>(&address::balance(&owner, &arguments.mint))
        .await?
        .is_none()
    {
        instructions.push(market::balance_open(owner, owner, arguments.mint));
    }
    instructions.push(market::node_price_set(
        owner,
        arguments.node,
        &class,
        arguments.mint,
        rate.0,
    ));
    let confirmed = transact::send(context, "set the price", &wallet, &instructions).await?;
    show(context, arguments.node, Some(confirmed)).await
}

/// Refuses what the program would, with the range in tokens.
async fn require_in_range(context: &Context, rate: Rate, class: &Name, mint: &Mint) -> Result<()> {
    let (hourly, name) = (|rate| mint.show_hourly(rate), class::unpack(class));
    let address = address::price_range(class, &mint.address);
    let Some(range) = context.client.find::<PriceRange>(&address).await? else {
        return Err(Failure::Refused(format!(
            "governance has set no price range for the class {name} in {}, so nodes of it are not rented in it; `gantry market \
             classes` lists the ranges that there are",
            mint.name
        ))
        .into());
    };
    if rate.0 > range.ceiling {
        let (price, ceiling) = (hourly(rate.0), hourly(range.ceiling));
        return Err(Failure::Refused(format!(
            "the price {price} is above the ceiling of {ceiling} per GPU-hour for the class {name}; choose a lower one"
        ))
        .into());
    }
    let floor = range.floor.max(1);
    if rate.0 < floor {
        return Err(Failure::Refused(format!(
            "the price is below the floor of {} per GPU-hour for the class {name}; choose a higher one, or 0 to withdraw the offer",
            hourly(floor)
        ))
        .into());
    }
    Ok(())
}

async fn get(context: &Context, node: Pubkey) -> Result<Node> {
    let found = match context.client.find(&node).await {
        Err(ClientError::Decode { .. }) => None,
        found => found?,
    };
    Ok(found
        .ok_or_else(|| Failure::Refused(format!("there is no node at {node}; list yours with `gantry node ls`")))?)
}

async fn show(context: &Context, address: Pubkey, sent: Option<Confirmed>) -> Result<()> {
    let node = get(context, address).await?;
    let view = View::load(context).await?;
    let signature = sent.map(|confirmed| confirmed.signature.to_string());
    let mut entries = vec![
        ("Node", address.to_string()),
        ("Provider's wallet", node.owner.to_string()),
        ("Number", node.id.to_string()),
        ("Class", class::unpack(&node.class).to_owned()),
        ("Region", class::unpack(&node.region).to_owned()),
        (
            "GPUs free",
            format!("{} of {}, {} MiB each", node.gpus_free, node.gpus, node.memory_mib),
        ),
        (
            "Durations",
            format!(
                "{} to {}",
                period::show_s(node.min_duration_s),
                period::show_s(node.max_duration_s)
            ),
        ),
        ("State", view.state(&node)),
    ];
    for (mint, rate) in offers(&node) {
        entries.push((
            "Price",
            format!(
                "{} per GPU-hour (rate {rate}) in {mint}",
                view.mints.show_hourly(&mint, rate)
            ),
        ));
    }
    let devices = device::of_node(context, &address).await?;
    for (_, device) in &devices {
        entries.push(("GPU", hex::encode(device.identity)));
    }
    if let Some(signature) = &signature {
        entries.push(("Transaction", signature.clone()));
    }
    let mut object = view.object(address, &node);
    object["devices"] = devices
        .iter()
        .map(|(address, device)| device::object(*address, device))
        .collect();
    object["signature"] = signature.into();
    context.output.show(&object, &list(&entries))?;
    Ok(())
}

fn offers(node: &Node) -> impl Iterator<Item = (Pubkey, u64)> {
    node.prices
        .iter()
        .filter(|price| price.rate > 0)
        .map(|price| (price.mint, price.rate))
}

/// What is needed to judge a node.
struct View {
    mints: Mints,
    now: i64,
    heartbeat_max_age_s: u32,
}

impl View {
    async fn load(context: &Context) -> Result<Self> {
        Ok(Self {
            mints: Mints::load(&context.client).await?,
            now: context.client.chain_time().await?,
            heartbeat_max_age_s: context.client.config().await?.heartbeat_max_age_s,
        })
    }

    /// Whether it takes jobs now, by the same rule as the program.
    fn is_healthy(&self, node: &Node) -> bool {
        node.active == 1 && self.now.saturating_sub(node.heartbeat_at) <= i64::from(self.heartbeat_max_age_s)
    }

    fn state(&self, node: &Node) -> String {
        let state = match (node.active, self.is_healthy(node), node.heartbeat_at) {
            (0, ..) => "inactive",
            (_, true, _) => "healthy",
            (_, false, 0) => "never seen",
            (_, false, _) => "silent",
        };
        if node.simulated == 1 {
            format!("{state}, simulated")
        } else {
            state.to_owned()
        }
    }

    fn object(&self, address: Pubkey, node: &Node) -> Value {
        let prices = offers(node).map(|(mint, rate)| {
            json!({ "mint": mint.to_string(), "rate": number(rate), "tokens_per_gpu_hour": self.mints.show_hourly(&mint, rate) })
        });
        json!({
            "node": address.to_string(),
            "provider": node.provider.to_string(),
            "owner": node.owner.to_string(),
            "id": node.id,
            "class": class::unpack(&node.class),
            "region": class::unpack(&node.region),
            "gpus": node.gpus,
            "gpus_free": node.gpus_free,
            "memory_mib": node.memory_mib,
            "min_duration_s": node.min_duration_s,
            "max_duration_s": node.max_duration_s,
            "active": node.active == 1,
            "healthy": self.is_healthy(node),
            "simulated": node.simulated == 1,
            "heartbeat_at": node.heartbeat_at,
            "prices": prices.collect::<Vec<_>>(),
        })
    }
}
