//! How much may leave a mint's vault at once: room that withdrawals use up and that time gives back.
//!
//! Room comes back evenly, the cap in [`WITHDRAW_WINDOW_S`] seconds, and is never more than the cap. It is counted in base units and in
//! parts of one, as many as the window has seconds, so that nothing is rounded away: however often somebody looks, as much has come back
//! as if nobody had. Whatever hour one takes, at most twice the cap leaves in it: what there was room for, and what came back.

use crate::{
    limits::WITHDRAW_WINDOW_S,
    units::{Atoms, UnixSeconds},
    wide,
};

/// A cap of this is none: everything may leave at once. (A cap of zero is one: nothing may.)
pub const UNCAPPED: u64 = u64::MAX;

/// The window in the type of the sums below.
const WINDOW_S: u64 = WITHDRAW_WINDOW_S as u64;

/// The room of one mint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outflow {
    /// Base units that come back in a window, and the most that there is room for; or [`UNCAPPED`].
    pub cap: u64,
    /// Base units that could leave at [`Self::at`].
    pub room: u64,
    /// Parts of another base unit, below the window's seconds.
    pub rest: u16,
    /// When the room was counted.
    pub at: UnixSeconds,
}

impl Outflow {
    /// No cap.
    #[must_use]
    pub const fn uncapped(now: UnixSeconds) -> Self {
        Self {
            cap: UNCAPPED,
            room: UNCAPPED,
            rest: 0,
            at: now,
        }
    }

    /// Whether there is a cap.
    #[must_use]
    pub const fn is_capped(&self) -> bool {
        self.cap != UNCAPPED
    }

    /// Counts what has come back since the room was counted last. A clock that steps back gives nothing, and takes nothing.
    pub fn refill(&mut self, now: UnixSeconds) {
        let elapsed_s = now.since(self.at);
        if elapsed_s == 0 {
            return;
        }
        self.at = now;
        // As many parts have come back as the cap times the seconds. The quotient is below the cap while the seconds are below the window.
        let back = if elapsed_s < WINDOW_S {
            wide::div(wide::mul(self.cap, elapsed_s), WINDOW_S)
        } else {
            None
        };
        let Some((whole, parts)) = back else {
            return self.fill();
        };
        // Two numbers below the window: at most one more base unit.
        let parts = parts.saturating_add(u64::from(self.rest));
        let (carried, parts) = match parts.checked_sub(WINDOW_S) {
            Some(rest) => (1, rest),
            None => (0, parts),
        };
        let room = self.room.saturating_add(whole).saturating_add(carried);
        if room >= self.cap {
            return self.fill();
        }
        self.room = room;
        self.rest = u16::try_from(parts).unwrap_or(0);
    }

    /// Lets `amount` leave; `false` when there is not that much room, and nothing but the count is changed then.
    #[must_use]
    pub fn take(&mut self, amount: Atoms, now: UnixSeconds) -> bool {
        if !self.is_capped() {
            return true;
        }
        self.refill(now);
        match self.room.checked_sub(amount.0) {
            Some(room) => {
                self.room = room;
                true
            }
            None => false,
        }
    }

    /// Sets another cap. What there is room for stays, as far as the new cap reaches: neither lowering a cap and raising it again nor
    /// setting the same one anew makes room. The first cap begins with as much room as it allows.
    pub fn set_cap(&mut self, cap: u64, now: UnixSeconds) {
        self.refill(now);
        self.cap = cap;
        if !self.is_capped() || self.room >= cap {
            self.fill();
        }
    }

    const fn fill(&mut self) {
        self.room = self.cap;
        self.rest = 0;
    }
}
