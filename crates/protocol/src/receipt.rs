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
        ReceiptView::of(bytes).map(ReceiptView::to_receipt)
    }

    /// Whether this is the job's last receipt.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        self.flags & FLAG_FINAL != 0
    }
}

/// A receipt read where its bytes lie: what programs use, for whom each copied byte costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiptView<'a>(&'a [u8; RECEIPT_BYTES]);

impl<'a> ReceiptView<'a> {
    /// Accepts exactly what [`Receipt::to_bytes`] can produce.
    ///
    /// # Errors
    /// [`Malformed`] when the domain tag or the flags are not version 1's.
    #[inline(always)]
    pub fn of(bytes: &'a [u8; RECEIPT_BYTES]) -> Result<Self, Malformed> {
        if bytes[..16] != DOMAIN {
            return Err(Malformed::Domain);
        }
        let view = Self(bytes);
        if view.flags() & !FLAG_FINAL != 0 {
            return Err(Malformed::Flags);
        }
        Ok(view)
    }

    /// [`Receipt::genesis_hash`].
    #[must_use]
    #[inline(always)]
    pub fn genesis_hash(self) -> &'a [u8; 32] {
        field(self.0, 16)
    }

    /// [`Receipt::job`].
    #[must_use]
    #[inline(always)]
    pub fn job(self) -> &'a [u8; 32] {
        field(self.0, 48)
    }

    /// [`Receipt::sequence`].
    #[must_use]
    #[inline(always)]
    pub fn sequence(self) -> u64 {
        u64::from_le_bytes(*field(self.0, 80))
    }

    /// [`Receipt::metered_ms`].
    #[must_use]
    #[inline(always)]
    pub fn metered_ms(self) -> u64 {
        u64::from_le_bytes(*field(self.0, 88))
    }

    /// [`Receipt::time_ms`].
    #[must_use]
    #[inline(always)]
    pub fn time_ms(self) -> i64 {
        i64::from_le_bytes(*field(self.0, 96))
    }

    /// [`Receipt::flags`].
    #[must_use]
    #[inline(always)]
    pub fn flags(self) -> u64 {
        u64::from_le_bytes(*field(self.0, 104))
    }

    /// [`Receipt::is_final`].
    #[must_use]
    #[inline(always)]
    pub fn is_final(self) -> bool {
        self.flags() & FLAG_FINAL != 0
    }

    /// [`Receipt::samples_root`].
    #[must_use]
    #[inline(always)]
    pub fn samples_root(self) -> &'a [u8; 32] {
        field(self.0, 112)
    }

    /// A copy of every field.
    #[must_use]
    pub fn to_receipt(self) -> Receipt {
        Receipt {
            genesis_hash: *self.genesis_hash(),
            job: *self.job(),
            sequence: self.sequence(),
            metered_ms: self.metered_ms(),
            time_ms: self.time_ms(),
            flags: self.flags(),
            samples_root: *self.samples_root(),
        }
    }
}

/// The `N` bytes at a constant offset.
#[inline(always)]
#[allow(clippy::expect_used)] // Constant offsets inside the receipt, which the golden vectors pin.
fn field<const N: usize>(bytes: &[u8; RECEIPT_BYTES], at: usize) -> &[u8; N] {
    bytes[at..].first_chunk().expect("a field lies inside the receipt")
}
