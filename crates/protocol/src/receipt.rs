//! A receipt: how long a job has used its GPUs, signed by the provider and by the tenant.
//!
//! | bytes | field |
//! | --- | --- |
//! | 0–15 | domain tag and version, [`DOMAIN`] |
//! | 16–47 | genesis hash of the cluster |
//! | 48–79 | address of the job |
//! | 80–87 | sequence, little-endian, from 1 |
//! | 88–95 | metered milliseconds since the job started, cumulative |
//! | 96–103 | Unix time in milliseconds at which the provider made it, signed |
//! | 104–111 | flags: bit 0 *final*; all others zero |
//! | 112–143 | Merkle root of all samples so far ([`crate::merkle`]) |

/// Bytes of an encoded receipt.
pub const RECEIPT_BYTES: usize = 144;

/// Domain tag and version: no other message that a Gantry key signs begins with it.
pub const DOMAIN: [u8; 16] = *b"gantry:receipt\0\x01";

/// Set on the last receipt of a job: both sides agree that nothing more will be metered, so the job may close at once.
pub const FLAG_FINAL: u64 = 1;

/// Usage of one job, cumulative. The latest receipt replaces all before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Genesis hash of the cluster, so that a receipt of a test network is worth nothing on the main one.
    pub genesis_hash: [u8; 32],
    /// Address of the job account.
    pub job: [u8; 32],
    /// Counts the receipts of this job, from 1.
    pub sequence: u64,
    /// Metered milliseconds since the job started.
    pub metered_ms: u64,
    /// When the provider made it: Unix time in milliseconds. Informative; money depends on `metered_ms` alone.
    pub time_ms: i64,
    /// [`FLAG_FINAL`] or zero.
    pub flags: u64,
    /// Merkle root of all samples so far.
    pub samples_root: [u8; 32],
}

/// Why bytes are not a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// Not [`RECEIPT_BYTES`] long.
    Length,
    /// Another domain tag or version.
    Domain,
    /// A flag that this version does not know.
    Flags,
}

impl core::fmt::Display for Malformed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Length => "a receipt is 144 bytes long; these are not",
            Self::Domain => "the bytes do not begin with the receipt's domain tag and version 1",
            Self::Flags => "the receipt has flags that version 1 does not know",
        })
    }
}

impl core::error::Error for Malformed {}

impl Receipt {
    /// The bytes that both keys sign.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; RECEIPT_BYTES] {
        let mut bytes = [0; RECEIPT_BYTES];
        bytes[..16].copy_from_slice(&DOMAIN);
        bytes[16..48].copy_from_slice(&self.genesis_hash);
        bytes[48..80].copy_from_slice(&self.job);
        bytes[80..88].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[88..96].copy_from_slice(&self.metered_ms.to_le_bytes());
        bytes[96..104].copy_from_slice(&self.time_ms.to_le_bytes());
        bytes[104..112].copy_from_slice(&self.flags.to_le_bytes());
        bytes[112..].copy_from_slice(&self.samples_root);
        bytes
    }

    /// Reads the bytes of a receipt; accepts exactly what [`Self::to_bytes`] can produce.
    ///
    /// # Errors
    /// [`Malformed`] when the length, the domain tag or the flags are not version 1's.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let bytes: &[u8; RECEIPT_BYTES] = bytes.try_into().map_err(|_| Malformed::Length)?;
        if bytes[..16] != DOMAIN {
            return Err(Malformed::Domain);
        }
        let flags = u64::from_le_bytes(word(bytes, 104));
        if flags & !FLAG_FINAL != 0 {
            return Err(Malformed::Flags);
        }
        Ok(Self {
            genesis_hash: hash(bytes, 16),
            job: hash(bytes, 48),
            sequence: u64::from_le_bytes(word(bytes, 80)),
            metered_ms: u64::from_le_bytes(word(bytes, 88)),
            time_ms: i64::from_le_bytes(word(bytes, 96)),
            flags,
            samples_root: hash(bytes, 112),
        })
    }

    /// Whether this is the job's last receipt.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        self.flags & FLAG_FINAL != 0
    }
}

/// Eight bytes at a constant offset.
#[inline(always)]
#[allow(clippy::arithmetic_side_effects)] // Constant offsets inside the receipt.
fn word(bytes: &[u8; RECEIPT_BYTES], at: usize) -> [u8; 8] {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    word
}

/// Thirty-two bytes at a constant offset.
#[inline(always)]
#[allow(clippy::arithmetic_side_effects)] // Constant offsets inside the receipt.
fn hash(bytes: &[u8; RECEIPT_BYTES], at: usize) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(&bytes[at..at + 32]);
    hash
}
