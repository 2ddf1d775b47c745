//! What changes about a job under way.

use gantry_sdk::market::MarketError;

use super::{
    State, Verdict,
    refusal::{WRITTEN_MISSING, require},
    state::{EXIT_NOTICE_S, Job, Phase, YEAR_S},
};
use crate::{
    action::{JobExit, SessionRotate},
    cast::Key,
};

impl State {
    /// `session_rotate`: by the tenant's wallet, not again within a grace window.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn session_rotate(&mut self, rotate: &SessionRotate) -> Verdict {
        let now = self.now;
        let job = self.jobs.get_mut(&rotate.job).ok_or(WRITTEN_MISSING)?;
        require(rotate.signer == Key::Wallet(rotate.job.0), MarketError::NotTenant)?;
        require(job.is_live(), MarketError::WrongJobState)?;
        require(rotate.session != Key::Zero, MarketError::InvalidKey)?;
        require(rotate.session != job.session, MarketError::SameKey)?;
        let is_first = job.former_session.is_none();
        let may_again = now > job.session_rotated_at + i64::from(job.grace_s);
        require(is_first || may_again, MarketError::SessionJustRotated)?;
        job.former_session = Some(job.session);
        job.session = rotate.session;
        job.session_rotated_at = now;
        Ok(())
    }

    /// `job_exit`: by the provider, ten minutes ahead at least, and never nearer than before.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn job_exit(&mut self, exit: &JobExit) -> Verdict {
        let now = self.now;
        let job = self.jobs.get_mut(&exit.job).ok_or(WRITTEN_MISSING)?;
        let is_provider = exit.signer == Key::Wallet(job.provider) || exit.signer == job.attestation;
        require(is_provider, MarketError::NotProvider)?;
        let ends_at = match job.phase {
            Phase::Open => job.until_exit(now),
            Phase::Running if !job.is_final => job.until_exit(job.started_at + i64::from(job.max_s)),
            _ => return Err(MarketError::WrongJobState.into()),
        };
        require(now <= ends_at, MarketError::JobExpired)?;
        let is_in_reach = (now + EXIT_NOTICE_S..=now + YEAR_S).contains(&exit.exits_at);
        require(is_in_reach && exit.exits_at >= job.exits_at, MarketError::InvalidExit)?;
        job.exits_at = exit.exits_at;
        Ok(())
    }

    /// Whether a receipt counts as signed by the tenant: the former session key may for a grace window, and for time until its rotation.
    pub(super) fn require_tenant(&self, job: &Job, key: Key, metered_ms: u64) -> Verdict {
        if key == job.session {
            return Ok(());
        }
        let is_in_time = self.now <= job.session_rotated_at + i64::from(job.grace_s);
        require(job.former_session == Some(key) && is_in_time, MarketError::WrongSigner)?;
        let until_rotation_ms = i128::from((job.session_rotated_at - job.started_at).max(0)) * 1_000;
        let has_passed = i128::from(metered_ms) <= until_rotation_ms + 1_000;
        require(has_passed, MarketError::UsageExceedsElapsed)
    }
}
