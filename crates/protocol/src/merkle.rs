//! The Merkle tree of a job's samples.
//!
//! The form is RFC 6962's (Certificate Transparency, section 2.1) with SHA-256: a leaf is `H(0x00 ‖ data)`, an inner node
//! `H(0x01 ‖ left ‖ right)`, and the left part of `n` leaves is the largest power of two below `n`. It has no duplicated leaves,
//! and a leaf can never pass for an inner node. The root of no samples is `H("")`.
//!
//! [`Frontier`] grows by one leaf in constant memory, so an agent hashes each sample once however long a job runs.

use solana_sha256_hasher::hashv;

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// Most levels of a tree: 2³² samples are 136 years at one a second.
pub const MAX_DEPTH: usize = 32;

/// Bytes of an encoded [`Sample`].
pub const SAMPLE_BYTES: usize = 40;

/// What the agent measured of one GPU at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Metered milliseconds of the job at this moment.
    pub metered_ms: u64,
    /// Which of the job's GPUs, from 0.
    pub gpu: u16,
    /// Share of time in which a kernel ran, in percent.
    pub utilisation_percent: u16,
    /// Temperature in degrees Celsius.
    pub temperature_c: u16,
    /// Bit 0: the GPU is simulated. All others zero.
    pub flags: u16,
    /// Power in milliwatts.
    pub power_mw: u32,
    /// Streaming-multiprocessor clock in megahertz.
    pub clock_mhz: u32,
    /// GPU memory in use, in bytes.
    pub memory_used_bytes: u64,
    /// GPU memory in all, in bytes.
    pub memory_total_bytes: u64,
}

/// [`Sample::flags`]: no GPU was measured, the numbers are made up by the simulated GPU.
pub const SAMPLE_SIMULATED: u16 = 1;

impl Sample {
    /// The leaf's data: all fields in order, little-endian.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; SAMPLE_BYTES] {
        let mut bytes = [0; SAMPLE_BYTES];
        bytes[..8].copy_from_slice(&self.metered_ms.to_le_bytes());
        bytes[8..10].copy_from_slice(&self.gpu.to_le_bytes());
        bytes[10..12].copy_from_slice(&self.utilisation_percent.to_le_bytes());
        bytes[12..14].copy_from_slice(&self.temperature_c.to_le_bytes());
        bytes[14..16].copy_from_slice(&self.flags.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.power_mw.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.clock_mhz.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.memory_used_bytes.to_le_bytes());
        bytes[32..].copy_from_slice(&self.memory_total_bytes.to_le_bytes());
        bytes
    }

    /// Reads the leaf's data; every forty bytes are a sample.
    #[must_use]
    pub const fn from_bytes(bytes: &[u8; SAMPLE_BYTES]) -> Self {
        let [
            m0,
            m1,
            m2,
            m3,
            m4,
            m5,
            m6,
            m7,
            g0,
            g1,
            l0,
            l1,
            t0,
            t1,
            f0,
            f1,
            p0,
            p1,
            p2,
            p3,
            c0,
            c1,
            c2,
            c3,
            u0,
            u1,
            u2,
            u3,
            u4,
            u5,
            u6,
            u7,
            a0,
            a1,
            a2,
            a3,
            a4,
            a5,
            a6,
            a7,
        ] = *bytes;
        Self {
            metered_ms: u64::from_le_bytes([m0, m1, m2, m3, m4, m5, m6, m7]),
            gpu: u16::from_le_bytes([g0, g1]),
            utilisation_percent: u16::from_le_bytes([l0, l1]),
            temperature_c: u16::from_le_bytes([t0, t1]),
            flags: u16::from_le_bytes([f0, f1]),
            power_mw: u32::from_le_bytes([p0, p1, p2, p3]),
            clock_mhz: u32::from_le_bytes([c0, c1, c2, c3]),
            memory_used_bytes: u64::from_le_bytes([u0, u1, u2, u3, u4, u5, u6, u7]),
            memory_total_bytes: u64::from_le_bytes([a0, a1, a2, a3, a4, a5, a6, a7]),
        }
    }
}

/// The hash of a leaf.
#[must_use]
pub fn leaf(data: &[u8]) -> Hash {
    hashv(&[&[0], data]).to_bytes()
}

/// The hash of an inner node.
#[must_use]
pub fn node(left: &Hash, right: &Hash) -> Hash {
    hashv(&[&[1], left, right]).to_bytes()
}

/// The root of no leaves.
#[must_use]
pub fn empty_root() -> Hash {
    hashv(&[]).to_bytes()
}

/// The complete subtrees of a growing tree, one per set bit of its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    subtrees: [Hash; MAX_DEPTH],
}

impl Default for Frontier {
    fn default() -> Self {
        Self {
            size: 0,
            subtrees: [[0; 32]; MAX_DEPTH],
        }
    }
}

impl Frontier {
    /// Number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The complete subtrees, smallest first: with [`Self::size`] all that is needed to go on later.
    pub fn subtrees(&self) -> impl Iterator<Item = &Hash> {
        self.subtrees
            .iter()
            .enumerate()
            .filter(|(level, _)| (self.size >> level) & 1 == 1)
            .map(|(_, subtree)| subtree)
    }

    /// The frontier whose [`Self::size`] and [`Self::subtrees`] these are, or `None` when there are too few or too many subtrees.
    #[must_use]
    pub fn from_subtrees(size: u64, complete: &[Hash]) -> Option<Self> {
        let mut frontier = Self {
            size,
            ..Self::default()
        };
        if size >> MAX_DEPTH != 0 {
            return None;
        }
        let mut complete = complete.iter();
        for (level, subtree) in frontier.subtrees.iter_mut().enumerate() {
            if (size >> level) & 1 == 1 {
                *subtree = *complete.next()?;
            }
        }
        complete.next().is_none().then_some(frontier)
    }

    /// Adds a leaf; `false` when the tree is full and nothing was added.
    #[must_use]
    pub fn push(&mut self, leaf: Hash) -> bool {
        let mut carried = leaf;
        for level in 0..MAX_DEPTH {
            let Some(subtree) = self.subtrees.get_mut(level) else {
                return false;
            };
            if (self.size >> level) & 1 == 0 {
                *subtree = carried;
                self.size = self.size.saturating_add(1);
                return true;
            }
            carried = node(subtree, &carried);
        }
        false
    }

    /// The root over all leaves so far.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut root: Option<Hash> = None;
        for (level, subtree) in self.subtrees.iter().enumerate() {
            if (self.size >> level) & 1 == 1 {
                root = Some(match root {
                    None => *subtree,
                    Some(right) => node(subtree, &right),
                });
            }
        }
        root.unwrap_or_else(empty_root)
    }
}

/// Whether `leaf` is leaf number `index` of the tree of `size` leaves with this `root` (RFC 9162, section 2.1.3.2).
#[must_use]
pub fn verify(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> bool {
    let Some(mut last) = size.checked_sub(1) else {
        return false;
    };
    if index > last {
        return false;
    }
    let mut position = index;
    let mut hash = *leaf;
    for sibling in path {
        if last == 0 {
            return false;
        }
        if position & 1 == 1 || position == last {
            hash = node(sibling, &hash);
            while position & 1 == 0 && position != 0 {
                position >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(&hash, sibling);
        }
        position >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}
