//! Who acts on the chain, and what they ask for.

use gantry_protocol::{
    class::{self, Name},
    device,
};
use gantry_sdk::{Instruction, Keypair, Pubkey, Signer, address, instruction::market as instruction};
use market::{JobTerms, MarketParameters, NodeSpecification, ProviderProfile};
use staking::PoolParameters;

use crate::key;

/// Genesis hash of the tests' cluster.
pub const GENESIS_HASH: [u8; 32] = [0x6e; 32];
/// What a provider bonds: 1,000 GNT.
pub const BOND: u64 = 1_000_000_000_000;
/// What a tenant deposits: 1,000 USDC.
pub const DEPOSIT: u64 = 1_000_000_000;
/// The node's rate per GPU: 2.50 USDC an hour, in micro-atoms per second.
pub const RATE: u64 = 694_444_444;
/// The class of every node.
pub const CLASS: Name = *b"h100-sxm\0\0\0\0\0\0\0\0";
/// Lowest rate of the class in every mint.
pub const RATE_FLOOR: u64 = 1_000_000;
/// Value of a million base units of USDC in base units of GNT: a USDC is worth 2 GNT.
pub const REFERENCE_PRICE: u64 = 2_000_000_000;
/// Highest rate of the class in every mint.
pub const RATE_CEILING: u64 = 10_000_000_000;
/// GPUs of the node.
pub const GPUS: u16 = 8;
/// Longest metered time of an ordinary job: ten minutes.
pub const DURATION_S: u32 = 600;
/// Seconds to start a job within.
pub const START_DEADLINE_S: u32 = 60;
/// Seconds after stop or expiry in which receipts may still be settled.
pub const GRACE_WINDOW_S: u32 = 30;
/// Seconds after which a node without a heartbeat takes no new job.
pub const HEARTBEAT_MAX_AGE_S: u32 = 60;
/// One day.
pub const UNBONDING_PERIOD_S: u32 = 86_400;
/// Stake that a job reserves per GPU: 10 GNT.
pub const STAKE_PER_GPU: u64 = 10_000_000_000;
/// 5 %.
pub const FEE_BPS: u16 = 500;
/// The part of fees in the network token that is burned: 30 %.
pub const FEE_BURN_BPS: u16 = 3_000;
/// The wallet that gets the rest; nobody in the tests signs for it.
pub const TREASURY: Pubkey = Pubkey::new_from_array([0x7e; 32]);

/// A provider with its two keys.
#[derive(Debug)]
pub struct Provider {
    /// Owns stake, nodes and earnings.
    pub wallet: Keypair,
    /// Signs starts, heartbeats and receipts.
    pub attestation: Keypair,
}

impl Provider {
    /// Another provider with new keys.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "every one is another")]
    pub fn new() -> Self {
        Self {
            wallet: key::fresh(),
            attestation: key::fresh(),
        }
    }

    /// Its wallet's address.
    #[must_use]
    pub fn owner(&self) -> Pubkey {
        self.wallet.pubkey()
    }

    /// Its account in the market.
    #[must_use]
    pub fn account(&self) -> Pubkey {
        address::provider(&self.owner())
    }

    /// Its node with this number.
    #[must_use]
    pub fn node(&self, id: u16) -> Pubkey {
        address::node(&self.account(), id)
    }

    /// What tells GPU `number` of its node `id` from every other.
    #[must_use]
    pub fn identity(&self, id: u16, number: u16) -> [u8; 32] {
        device::simulated(self.owner().as_array(), id, number)
    }

    /// Registers these GPUs for its node `id`.
    #[must_use]
    pub fn devices(&self, id: u16, numbers: std::ops::Range<u16>) -> Vec<Instruction> {
        numbers
            .map(|number| instruction::device_register(self.owner(), self.node(id), self.identity(id, number)))
            .collect()
    }

    /// What it says of itself.
    #[must_use]
    pub fn profile(&self) -> ProviderProfile {
        profile(self.attestation.pubkey(), "https://agent.example:7443")
    }
}

/// A tenant with its two keys.
#[derive(Debug)]
pub struct Tenant {
    /// Pays and is refunded.
    pub wallet: Keypair,
    /// Co-signs receipts and may stop the job.
    pub session: Keypair,
}

impl Tenant {
    /// Another tenant with new keys.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "every one is another")]
    pub fn new() -> Self {
        Self {
            wallet: key::fresh(),
            session: key::fresh(),
        }
    }

    /// Its wallet's address.
    #[must_use]
    pub fn owner(&self) -> Pubkey {
        self.wallet.pubkey()
    }

    /// What it asks for: `gpus` GPUs for ten minutes at any price.
    #[must_use]
    pub fn terms(&self, gpus: u16) -> JobTerms {
        JobTerms {
            session_key: self.session.pubkey(),
            bundle_hash: [7; 32],
            max_rate: u64::MAX,
            max_duration_s: DURATION_S,
            gpus,
        }
    }
}

/// A provider's profile with this key and endpoint.
///
/// # Panics
/// When the endpoint is longer than a profile can hold.
#[must_use]
pub fn profile(attestation_key: Pubkey, endpoint: &str) -> ProviderProfile {
    let mut bytes = [0; gantry_protocol::limits::MAX_ENDPOINT_BYTES];
    bytes[..endpoint.len()].copy_from_slice(endpoint.as_bytes());
    ProviderProfile {
        attestation_key,
        tls_key_hash: [0x71; 32],
        endpoint: bytes,
        endpoint_bytes: u16::try_from(endpoint.len()).expect("short"),
    }
}

/// A node of the usual class.
///
/// # Panics
/// Never: the names are valid.
#[must_use]
pub fn specification() -> NodeSpecification {
    NodeSpecification {
        class: CLASS,
        region: class::pack("eu-central").expect("a region"),
        memory_mib: 81_559,
        min_duration_s: 1,
        max_duration_s: 86_400,
        simulated: false,
    }
}

/// The market's parameters under this authority.
#[must_use]
pub const fn market_parameters(authority: Pubkey) -> MarketParameters {
    MarketParameters {
        authority,
        treasury: TREASURY,
        stake_per_gpu: STAKE_PER_GPU,
        start_deadline_s: START_DEADLINE_S,
        grace_window_s: GRACE_WINDOW_S,
        heartbeat_max_age_s: HEARTBEAT_MAX_AGE_S,
        fee_bps: FEE_BPS,
        fee_burn_bps: FEE_BURN_BPS,
        paused: false,
    }
}

/// The staking pool's parameters under this authority.
#[must_use]
pub fn pool_parameters(authority: Pubkey) -> PoolParameters {
    PoolParameters {
        authority,
        market_signer: address::market_signer(),
        unbonding_period_s: UNBONDING_PERIOD_S,
    }
}
