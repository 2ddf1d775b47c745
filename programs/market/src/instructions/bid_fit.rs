//! What placing and dropping a bid have in common: whether a node can fulfil it.

use gantry_protocol::{Rate, UnixSeconds};

use crate::{
    errors::MarketError,
    state::{Config, Node, Order, PriceRange, Provider},
};

/// A node with all that decides whether an order's job could open on it.
pub(super) struct Candidate<'a> {
    pub config: &'a Config,
    pub price_range: &'a PriceRange,
    pub provider: &'a Provider,
    pub node: &'a Node,
    pub stake: &'a staking::state::Stake,
}

impl Candidate<'_> {
    /// Refuses a range or a stake that is not the order's or the node's: nothing follows from those.
    pub(super) fn require_concerned(&self, order: &Order) -> core::result::Result<(), MarketError> {
        self.price_range.require_of(&order.class, &order.mint)?;
        if self.stake.owner != self.node.owner {
            return Err(MarketError::WrongStake);
        }
        Ok(())
    }

    /// Refuses when the order's job could not open on this node at `rate` now. What the provider answers for comes first, so that nothing
    /// else hides it.
    #[inline(never)]
    pub(super) fn require_able(
        &self,
        order: &Order,
        rate: Rate,
        now: UnixSeconds,
    ) -> core::result::Result<(), MarketError> {
        order.require_fits(self.node)?;
        self.node
            .require_ready(order.max_duration_s, now, self.config.heartbeat_max_age_s)?;
        self.provider
            .require_covered(self.stake.backing(), self.config.stake_per_gpu)?;
        self.config.require_at_arms_length(&order.tenant, &self.node.owner)?;
        order.require_score(self.provider, now)?;
        self.price_range.require_holds(rate)?;
        if order.gpus > self.node.gpus_free {
            return Err(MarketError::CapacityExceeded);
        }
        let needed = self.config.stake_per_gpu.checked_mul(u64::from(order.gpus));
        if needed.is_none_or(|needed| needed > self.stake.free()) {
            return Err(MarketError::StakeNotFree);
        }
        Ok(())
    }
}

/// Whether a provider answers for not being able to fulfil its bid. Not for what others can bring about at no cost, such as rented GPUs or
/// a narrower price range: whoever can ruin a bid must not gain by it.
pub(super) const fn is_own_doing(reason: MarketError) -> bool {
    matches!(
        reason,
        MarketError::NodeDoesNotFit
            | MarketError::NodeInactive
            | MarketError::NodeSilent
            | MarketError::DurationOutOfRange
            | MarketError::StakeBelowOffer
    )
}
