//! Seeds of the program-derived addresses.
//!
//! The accounts of the instructions spell `CONFIG` and `SIGNER` out as literals: only from literals does Anchor compute an address when it
//! compiles. Otherwise each instruction hashes the seeds again, at a few hundred compute units.

use anchor_lang::prelude::Address;

/// The staking pool, `["pool"]` of the staking program. Both programs have fixed addresses, so it is a constant; deriving it would cost
/// every sweep a thousand compute units.
pub const STAKING_POOL: Address = anchor_lang::address!("4Mfq5TNKm86jzWHT7CJ1LxYJ7dT5iYUoKhqB5f1tYxcA");

/// The configuration: `["config"]`.
pub const CONFIG: &[u8] = b"config";
/// Signs for the vaults, and towards the staking program: `["signer"]`. Holds no data.
pub const SIGNER: &[u8] = b"signer";
/// A registered mint: `["mint", mint]`.
pub const MINT: &[u8] = b"mint";
/// A mint's vault: `["vault", mint]`.
pub const VAULT: &[u8] = b"vault";
/// A provider: `["provider", owner]`.
pub const PROVIDER: &[u8] = b"provider";
/// A node: `["node", provider, id as u16 little-endian]`.
pub const NODE: &[u8] = b"node";
/// A balance: `["balance", owner, mint]`.
pub const BALANCE: &[u8] = b"balance";
/// A job: `["job", tenant, nonce as u64 little-endian]`.
pub const JOB: &[u8] = b"job";
/// A job's waiting claim: `["claim", job]`.
pub const CLAIM: &[u8] = b"claim";
/// A fee shard: `["fees", mint, number as u8]`.
pub const FEES: &[u8] = b"fees";
/// A tenant: `["tenant", wallet]`.
pub const TENANT: &[u8] = b"tenant";
/// A proven fault: `["fault", job, kind as u8]`.
pub const FAULT: &[u8] = b"fault";
/// A class of GPUs: `["class", name, padded to 16 bytes]`.
pub const CLASS: &[u8] = b"class";
/// What a class may cost in a mint: `["price-range", class's name, mint]`.
pub const PRICE_RANGE: &[u8] = b"price-range";
/// A GPU: `["device", identity]`.
pub const DEVICE: &[u8] = b"device";
