//! What tells a GPU from every other one in the network.
//!
//! The identity is a hash, so that the chain does not list serial numbers; whoever holds the GPU can recompute it. A byte behind the
//! domain says where the rest comes from, so that no made-up GPU has the identity of a real one.

use solana_sha256_hasher::hashv;

use crate::merkle::Hash;

/// Begins every identity's preimage: the name, a zero, the version.
const DOMAIN: &[u8; 15] = b"gantry:device\0\x01";

/// Where an identity comes from.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A GPU that does not exist: provider's wallet, number of the node, number of the GPU in it.
    Simulated = 0,
    /// The UUID that NVIDIA burned into the GPU.
    Nvidia = 1,
}

/// What the driver's name of a GPU begins with.
const NVIDIA_PREFIX: &str = "GPU-";
/// Lengths of a UUID's groups, in hexadecimal digits.
const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

/// The identity of an NVIDIA GPU with this UUID: `H(domain ‖ 1 ‖ UUID)`.
#[must_use]
pub fn nvidia(uuid: &[u8; 16]) -> Hash {
    hashv(&[DOMAIN, &[Source::Nvidia as u8], uuid]).to_bytes()
}

/// The identity of a GPU that does not exist: `H(domain ‖ 0 ‖ provider's wallet ‖ node u16 ‖ GPU u16)`.
#[must_use]
pub fn simulated(provider: &[u8; 32], node: u16, gpu: u16) -> Hash {
    let (node, gpu) = (node.to_le_bytes(), gpu.to_le_bytes());
    hashv(&[DOMAIN, &[Source::Simulated as u8], provider, &node, &gpu]).to_bytes()
}

/// Reads a UUID as NVIDIA's tools write it, such as `GPU-5c1b2a3d-0011-2233-4455-66778899aabb`; capital digits are the same. `None` for
/// anything else: a part of a GPU (`MIG-…`) is no GPU.
#[must_use]
pub fn nvidia_uuid(text: &str) -> Option<[u8; 16]> {
    let mut groups = text.strip_prefix(NVIDIA_PREFIX)?.split('-');
    let mut uuid = [0; 16];
    let mut bytes = uuid.iter_mut();
    for length in GROUPS {
        let group = groups.next().filter(|group| group.len() == length)?;
        for pair in group.as_bytes().chunks_exact(2) {
            *bytes.next()? = digit(pair[0])?.checked_shl(4)? | digit(pair[1])?;
        }
    }
    groups.next().is_none().then_some(uuid)
}

const fn digit(letter: u8) -> Option<u8> {
    match letter {
        b'0'..=b'9' => letter.checked_sub(b'0'),
        b'a'..=b'f' => letter.checked_sub(b'a' - 10),
        b'A'..=b'F' => letter.checked_sub(b'A' - 10),
        _ => None,
    }
}
