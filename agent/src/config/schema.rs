//! Which keys there are, what they default to, and what they may be.

use gantry_protocol::{
    Rate,
    class::{self, Name},
    limits::{MAX_ENDPOINT_BYTES, MAX_GPUS_PER_NODE, MAX_JOB_DURATION_S, MAX_PRICES},
};
use gantry_sdk::Pubkey;
use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::Path,
    time::Duration,
};
use toml::Table;
use url::{Host, Url};

use super::{
    Config, Limits, SimulatedGpu,
    reader::{Reader, whole},
};

/// Receipts on the same machine: fast enough that a demonstration shows several.
const LOCAL_RECEIPT_INTERVAL_MS: u64 = 2_000;
/// Receipts over a network: a grace window of a minute holds six.
const RECEIPT_INTERVAL_MS: u64 = 10_000;
/// Settlements while a job runs: a fee is worth paying for a minute of GPU time.
const SETTLE_INTERVAL_S: u64 = 60;
/// A tenant has a day to fetch what its job left.
const KEEP_ENDED_S: u64 = 86_400;

/// Room for the receipt log, the system's own logs, and results that are being packed.
const DISK_RESERVE_MIB: u64 = 2_048;

/// Reads everything, or returns every mistake.
pub(super) fn read(table: &Table, here: &Path) -> Result<Config, Vec<String>> {
    let empty = Table::new();
    let mut file = Reader::new(table);
    let rpc_url = url(
        &mut file,
        "rpc_url",
        "the chain's JSON-RPC endpoint",
        &["http", "https"],
    );
    let ws_url = url(&mut file, "ws_url", "the chain's websocket endpoint", &["ws", "wss"]);
    let data_dir = file
        .required("data_dir", "the directory for keys, receipts and jobs")
        .map(|path| here.join(path));
    let wallet = file
        .required("wallet", "the path of the provider's wallet in Solana's JSON format")
        .map(|path| here.join(path));
    let attestation_key = file.text("attestation_key").map(|path| here.join(path));
    let listen = listen(&mut file);
    let endpoint = endpoint(&mut file);
    let region = file
        .required("region", "where the GPUs are, such as \"eu-central\"")
        .and_then(|text| name(&file, "region", text));
    let class = file.text("class").and_then(|text| name(&file, "class", text));
    let min_duration_s = file.number("min_duration_s", 1, MAX_JOB_DURATION_S);
    let max_duration_s = file.number("max_duration_s", 1, MAX_JOB_DURATION_S);
    let receipt_interval_ms = file.number("receipt_interval_ms", 100, 60_000);
    let settle_interval_s = file.number("settle_interval_s", 1, 86_400);
    let keep_ended_s = file.number("keep_ended_s", 1, 31_536_000);
    let keep_workloads = file.flag("keep_workloads");
    let allow_weak_limits = file.flag("allow_weak_limits");
    let disk_reserve_mib = file.number("disk_reserve_mib", 0, 1 << 30);
    let stake = file.number("stake", 1, u64::MAX);
    let prices = prices(&mut file, &empty);
    let limits = limits(&mut file, &empty);
    let simulated_gpu = simulated_gpu(&mut file, &empty);
    let (least, most) = (min_duration_s.unwrap_or(1), max_duration_s.unwrap_or(86_400));
    if least > most {
        file.mistake(
            "min_duration_s",
            format!("is {least}, which is above max_duration_s, {most}"),
        );
    }
    file.refuse_unknown();

    let mistakes = file.mistakes();
    let (Some(rpc_url), Some(ws_url), Some(data_dir), Some(wallet)) = (rpc_url, ws_url, data_dir, wallet) else {
        return Err(mistakes);
    };
    let (Some(listen), Some(endpoint), Some(region)) = (listen, endpoint, region) else {
        return Err(mistakes);
    };
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let interval = if is_local(&rpc_url) {
        LOCAL_RECEIPT_INTERVAL_MS
    } else {
        RECEIPT_INTERVAL_MS
    };
    Ok(Config {
        rpc_url: rpc_url.into(),
        ws_url: ws_url.into(),
        attestation_key: attestation_key.unwrap_or_else(|| data_dir.join("attestation.json")),
        data_dir,
        wallet,
        listen,
        endpoint,
        region,
        class,
        prices,
        min_duration_s: least,
        max_duration_s: most,
        receipt_interval: Duration::from_millis(receipt_interval_ms.unwrap_or(interval)),
        settle_interval: Duration::from_secs(settle_interval_s.unwrap_or(SETTLE_INTERVAL_S)),
        keep_ended: Duration::from_secs(keep_ended_s.unwrap_or(KEEP_ENDED_S)),
        keep_workloads: keep_workloads.unwrap_or(true),
        allow_weak_limits: allow_weak_limits.unwrap_or(false),
        disk_reserve_mib: disk_reserve_mib.unwrap_or(DISK_RESERVE_MIB),
        stake,
        limits,
        simulated_gpu,
    })
}

fn url(file: &mut Reader<'_>, key: &'static str, meaning: &str, schemes: &[&str]) -> Option<Url> {
    let text = file.required(key, meaning)?;
    match Url::parse(text) {
        Ok(url) if schemes.contains(&url.scheme()) && url.host().is_some() => Some(url),
        _ => {
            file.mistake(
                key,
                format!(
                    "must be a URL that begins with {}://, not {text:?}",
                    schemes.join(":// or ")
                ),
            );
            None
        }
    }
}

/// Whether an endpoint is on this very machine.
fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

fn listen(file: &mut Reader<'_>) -> Option<SocketAddr> {
    let text = file.required("listen", "the address for tenants, such as \"0.0.0.0:8443\"")?;
    let address = text.parse().ok();
    if address.is_none() {
        file.mistake(
            "listen",
            format!("must be an IP address and a port, such as \"0.0.0.0:8443\", not {text:?}"),
        );
    }
    address
}

fn endpoint(file: &mut Reader<'_>) -> Option<String> {
    let text = file.required("endpoint", "the https URL under which tenants reach this agent")?;
    let reachable = Url::parse(text).is_ok_and(|url| url.scheme() == "https" && url.host().is_some());
    if !reachable || text.len() > MAX_ENDPOINT_BYTES || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        let says = format!("must be an https URL of at most {MAX_ENDPOINT_BYTES} ASCII characters, not {text:?}");
        file.mistake("endpoint", says);
        return None;
    }
    // Paths are appended to it.
    Some(text.trim_end_matches('/').to_owned())
}

fn name(file: &Reader<'_>, key: &str, text: &str) -> Option<Name> {
    let packed = class::pack(text);
    if packed.is_none() {
        file.mistake(
            key,
            format!("must be 1 to 16 characters out of a-z, 0-9 and '-', not {text:?}"),
        );
    }
    packed
}

fn prices<'a>(file: &mut Reader<'a>, empty: &'a Table) -> BTreeMap<Pubkey, Rate> {
    let (mut section, _) = file.section("prices", empty);
    let mut prices = BTreeMap::new();
    for (mint, rate) in section.entries() {
        match (mint.parse(), whole::<u64>(rate)) {
            (Ok(mint), Some(rate)) if rate > 0 => {
                prices.insert(mint, Rate(rate));
            }
            (Err(_), _) => section.mistake(mint, "is not the address of a mint"),
            _ => section.mistake(
                mint,
                format!("must be a rate above zero, in micro-atoms per second and GPU, not {rate}"),
            ),
        }
    }
    if section.entries().count() == 0 {
        file.mistake(
            "prices",
            "must name at least one mint and its rate in micro-atoms per second and GPU",
        );
    }
    if prices.len() > MAX_PRICES {
        file.mistake("prices", format!("a node can be priced in at most {MAX_PRICES} mints"));
    }
    prices
}

fn limits<'a>(file: &mut Reader<'a>, empty: &'a Table) -> Limits {
    let (mut section, _) = file.section("limits", empty);
    let standard = Limits::default();
    let limits = Limits {
        cpus: section.number("cpus", 1, 1_024).unwrap_or(standard.cpus),
        memory_mib: section
            .number("memory_mib", 16, 16 << 20)
            .unwrap_or(standard.memory_mib),
        processes: section.number("processes", 4, 100_000).unwrap_or(standard.processes),
        bundle_bytes: section
            .number("bundle_bytes", 1, 1 << 40)
            .unwrap_or(standard.bundle_bytes),
        bundle_files: section
            .number("bundle_files", 1, 10_000_000)
            .unwrap_or(standard.bundle_files),
        out_bytes: section.number("out_bytes", 1, 1 << 44).unwrap_or(standard.out_bytes),
        log_bytes: section.number("log_bytes", 1, 1 << 34).unwrap_or(standard.log_bytes),
    };
    section.refuse_unknown();
    limits
}

fn simulated_gpu<'a>(file: &mut Reader<'a>, empty: &'a Table) -> Option<SimulatedGpu> {
    let (mut section, there) = file.section("simulate_gpu", empty);
    let standard = SimulatedGpu::default();
    let simulated = SimulatedGpu {
        count: section.number("count", 1, MAX_GPUS_PER_NODE).unwrap_or(standard.count),
        memory_mib: section.number("memory_mib", 1, 1 << 24).unwrap_or(standard.memory_mib),
    };
    section.refuse_unknown();
    there.then_some(simulated)
}
