//! Going on elsewhere.

use gantry_sdk::market::MarketError;

use super::{
    State, Verdict, arithmetic,
    refusal::{EXISTS, READ_MISSING, TWICE, WRITTEN_MISSING, WRONG_ADDRESS, require},
    state::Phase,
};
use crate::action::{JobFailover, JobOpen};

/// docs/PROTOCOL.md: an hour.
pub const FAILOVER_WINDOW_S: i64 = 3_600;

impl State {
    /// `job_failover`: by the session key of a job that ended unfinished or had an exit announced, once, within an hour: as an opening on another node, but no dearer
    /// than the former, no longer than what is left of it, and for no more than it gave back.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn job_failover(&mut self, over: &JobFailover) -> Verdict {
        let id = (over.former.0, over.nonce);
        require(over.node != over.former_node, TWICE)?;
        let former = self.jobs.get(&over.former).ok_or(WRITTEN_MISSING)?.clone();
        require(self.nodes.contains_key(&over.former_node), READ_MISSING)?;
        require(self.mints.contains_key(&over.token), READ_MISSING)?;
        require(self.classes.contains_key(&over.class), READ_MISSING)?;
        require(self.ranges.contains_key(&over.range), READ_MISSING)?;
        require(self.providers.contains_key(&over.provider), READ_MISSING)?;
        require(self.nodes.contains_key(&over.node), WRITTEN_MISSING)?;
        require(self.balances.contains_key(&over.balance), WRITTEN_MISSING)?;
        require(self.tenants.contains_key(&over.account), READ_MISSING)?;
        self.stake_of(over.stake)?;
        require(!self.jobs.contains_key(&id), EXISTS)?;
        require(over.signer == former.session, MarketError::NotSessionKey)?;
        require(over.former_node == former.node, WRONG_ADDRESS)?;
        require(over.provider == over.node.0, WRONG_ADDRESS)?;

        let has_ended = matches!(former.phase, Phase::Closed | Phase::Cancelled);
        let is_unfinished = !former.is_final || former.exits_at != 0;
        let [_, _, _, refund] = self.bill(&over.former);
        require(has_ended && is_unfinished && refund > 0, MarketError::NothingToFailOver)?;
        require(former.successor.is_none(), MarketError::AlreadyFailedOver)?;
        let is_in_time = self.now <= former.ended_at + FAILOVER_WINDOW_S;
        require(is_in_time, MarketError::FailoverTooLate)?;
        let class = |id| self.nodes.get(id).map(|node| node.class);
        let is_alike = class(&over.node) == class(&over.former_node);
        require(is_alike, MarketError::FailoverDiffers)?;
        self.balance_of(over.balance, over.former.0, former.token)?;

        let mut after = self.clone();
        after.job_open(&JobOpen {
            tenant: over.former.0,
            nonce: over.nonce,
            token: over.token,
            class: over.class,
            range: over.range,
            account: over.account,
            provider: over.provider,
            node: over.node,
            balance: over.balance,
            stake: over.stake,
            session: former.session,
            bundle: former.bundle,
            max_rate: over.max_rate,
            max_s: over.max_s,
            gpus: former.gpus,
        })?;
        let opened = &after.jobs[&id];
        require(opened.rate <= former.rate, MarketError::RateAboveLimit)?;
        let used_ms = arithmetic::longest_ms(opened.max_s) + former.metered_ms;
        let is_left = used_ms <= arithmetic::longest_ms(former.max_s) && opened.escrow <= refund;
        require(is_left, MarketError::FailoverTooLong)?;
        if let Some(former) = after.jobs.get_mut(&over.former) {
            former.successor = Some(id);
        }
        *self = after;
        Ok(())
    }
}
