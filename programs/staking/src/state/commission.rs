//! The provider's part of what delegated stake earns: lowered at once, raised only after a notice.

use gantry_protocol::{
    limits::{MAX_COMMISSION_BPS, MIN_COMMISSION_NOTICE_S},
    Bps, UnixSeconds,
};

use super::Stake;
use crate::StakingError;

impl Stake {
    /// Sets the commission: at once where it falls, otherwise after the longer of the unbonding period and the shortest notice, so
    /// that delegators can leave first. A rise that was announced before is replaced; the new one never counts earlier than that did.
    pub fn set_commission(
        &mut self,
        bps: u16,
        now: UnixSeconds,
        unbonding_period_s: u32,
    ) -> core::result::Result<(), StakingError> {
        if bps > MAX_COMMISSION_BPS {
            return Err(StakingError::CommissionTooHigh);
        }
        self.apply_commission(now.0);
        if bps <= self.commission_bps {
            self.commission_bps = bps;
            self.next_commission_bps = bps;
            self.commission_from = 0;
        } else {
            let notice_s = unbonding_period_s.max(MIN_COMMISSION_NOTICE_S);
            self.next_commission_bps = bps;
            // Zero, the mark of no rise, lies before every moment.
            self.commission_from = now.after(notice_s).0.max(self.commission_from);
        }
        self.invariant()
    }

    /// Lets an announced rise count if its time has come.
    pub fn apply_commission(&mut self, now: i64) {
        if self.commission_from != 0 && self.commission_from <= now {
            self.commission_bps = self.next_commission_bps;
            self.commission_from = 0;
        }
    }

    /// The commission that counts, once [`Self::apply_commission`] has looked at the clock.
    #[must_use]
    pub fn commission(&self) -> Bps {
        // Never above the whole, by the invariant.
        Bps::new(self.commission_bps).unwrap_or_default()
    }

    /// The commission that counts at a moment, in basis points.
    #[must_use]
    pub const fn commission_at(&self, now: i64) -> u16 {
        if self.commission_from != 0 && self.commission_from <= now {
            self.next_commission_bps
        } else {
            self.commission_bps
        }
    }
}
