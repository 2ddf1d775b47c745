//! Events, logged from the stack.

use anchor_lang::{bytemuck::Pod, sol_log_data, Discriminator};

/// The bytes of an event in the log: what Anchor's clients read.
#[repr(C)]
struct Logged<E> {
    discriminator: [u8; 8],
    event: E,
}

/// Logs an event. Anchor's `emit!` logs the same bytes, but zeroes and fills a vector on the heap first, which costs more than the
/// rest of a settlement's bookkeeping.
#[inline(always)]
pub fn emit<E: Discriminator + Pod>(event: E) {
    const {
        assert!(
            E::DISCRIMINATOR.len() == 8 && align_of::<E>() <= 8,
            "an event begins with eight bytes of discriminator"
        );
    }
    let mut discriminator = [0; 8];
    discriminator.copy_from_slice(E::DISCRIMINATOR);
    let logged = Logged { discriminator, event };
    // SAFETY: `Pod` has no padding, and neither has what puts eight bytes before it, by the assertion above.
    let bytes = unsafe { core::slice::from_raw_parts(core::ptr::from_ref(&logged).cast(), size_of::<Logged<E>>()) };
    sol_log_data(&[bytes]);
}
