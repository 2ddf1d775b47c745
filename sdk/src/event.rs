//! Events of the programs, read from transaction logs with Borsh.

use anchor_lang::Discriminator;
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use borsh::BorshDeserialize;
use market::events::{
    BalanceDeposited, BalanceOpened, BalanceWithdrawn, BidDropped, BidPlaced, BidRefunded, BidWithdrawn, ClaimOpened,
    ClaimRefuted, ClaimSettled, ClassConfigured, DeviceMoved, DeviceRegistered, DeviceRetired, FaultProven,
    FeeShardOpened, FeesSwept, JobCancelled, JobClosed, JobExitAnnounced, JobExtended, JobFailedOver, JobOpened,
    JobRekeyed, JobSettled, JobStarted, JobStopped, MarketConfigured, MintConfigured, MintReferenceSet,
    NodeHeartbeaten, NodePriced, NodeRegistered, NodeUpdated, OrderAccepted, OrderCancelled, OrderOpened,
    PriceRangeConfigured, ProviderConfigured, ProviderRecorded, SessionRotated, TenantOpened, TenantRecorded,
    WithdrawalCancelled, WithdrawalPaid, WithdrawalRequested,
};
use solana_pubkey::Pubkey;
use staking::events::{
    CommissionSet, DelegationDeposited, DelegationOpened, DelegationUnbonded, DelegationUnbondingCancelled,
    DelegationWithdrawn, PoolConfigured, RewardAdded, StakeDeposited, StakeOpened, StakeReleased, StakeReserved,
    StakeSlashed, UnbondingCancelled, UnbondingRequested, UnbondingWithdrawn,
};

use crate::address::PRECOMPILES;

/// Why a logged payload is not an event of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Another program's event.
    #[error("program {0} is neither market nor staking")]
    ForeignProgram(Pubkey),
    /// No event of this program begins like this.
    #[error("no event of program {program} has the discriminator {discriminator}")]
    UnknownDiscriminator {
        /// The program that logged it.
        program: Pubkey,
        /// The first bytes in hexadecimal.
        discriminator: String,
    },
    /// The fields do not fill the payload exactly.
    #[error("event {name} does not decode: {reason}")]
    Malformed {
        /// The event's type.
        name: &'static str,
        /// What Borsh says.
        reason: String,
    },
    /// The log line is not Base64.
    #[error("the logged data is not Base64: {0}")]
    NotBase64(String),
}

macro_rules! events {
    ($($program:path: $($name:ident),+;)+) => {
        /// Any event of the programs.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(missing_docs, clippy::large_enum_variant)]
        pub enum Event { $($($name($name),)+)+ }

        impl Event {
            /// The event's type.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $($(Self::$name(_) => stringify!($name),)+)+ }
            }
        }

        /// Reads any event that `program` logged.
        ///
        /// # Errors
        /// [`DecodeError`] when the program is not ours or the payload is none of its events.
        pub fn decode(program: &Pubkey, payload: &[u8]) -> Result<Event, DecodeError> {
            if ![$($program),+].contains(program) {
                return Err(DecodeError::ForeignProgram(*program));
            }
            $($(if *program == $program && payload.starts_with($name::DISCRIMINATOR) {
                return $name::try_from_slice(&payload[$name::DISCRIMINATOR.len()..])
                    .map(Event::$name)
                    .map_err(|error| DecodeError::Malformed { name: stringify!($name), reason: error.to_string() });
            })+)+
            let discriminator = hex_prefix(payload);
            Err(DecodeError::UnknownDiscriminator { program: *program, discriminator })
        }
    };
}

events! {
    staking::ID: PoolConfigured, StakeOpened, StakeDeposited, UnbondingRequested, UnbondingWithdrawn, StakeReserved,
        StakeReleased, UnbondingCancelled, StakeSlashed, DelegationOpened, DelegationDeposited, DelegationUnbonded,
        DelegationUnbondingCancelled, DelegationWithdrawn, CommissionSet, RewardAdded;
    market::ID: MarketConfigured, MintConfigured, ProviderConfigured, NodeRegistered, NodeUpdated, NodePriced,
        NodeHeartbeaten, BalanceOpened, BalanceDeposited, BalanceWithdrawn, JobOpened, JobStarted, JobSettled, JobStopped,
        JobClosed, JobCancelled, JobRekeyed, FaultProven, ClaimOpened, ClaimSettled, ClaimRefuted, JobExtended, FeeShardOpened,
        FeesSwept, SessionRotated, JobExitAnnounced, MintReferenceSet, TenantOpened, ProviderRecorded, TenantRecorded,
        ClassConfigured, PriceRangeConfigured, DeviceRegistered, DeviceMoved, DeviceRetired, WithdrawalRequested,
        WithdrawalCancelled, WithdrawalPaid, OrderOpened, BidPlaced, BidWithdrawn, BidDropped, OrderAccepted,
        OrderCancelled, BidRefunded, JobFailedOver;
}

fn hex_prefix(payload: &[u8]) -> String {
    hex::encode(&payload[..payload.len().min(8)])
}

/// One `Program data:` line of ours in a transaction's logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedEvent {
    /// The program that logged it.
    pub program: Pubkey,
    /// Position of the top-level instruction that it belongs to, precompiles not counted: they log nothing.
    pub instruction: usize,
    /// The raw payload, kept also when it does not decode.
    pub payload: Vec<u8>,
    /// What it says.
    pub event: Result<Event, DecodeError>,
}

/// Reads the events of our programs from a transaction's logs, in order.
///
/// The runtime writes `Program X invoke [depth]`, then what X logs, then `Program X success` or `failed`; a program cannot write
/// lines of that form itself, since its own are prefixed with `Program log:` or `Program data:`. Truncated logs lose events.
pub fn from_logs<'a>(logs: impl IntoIterator<Item = &'a str>) -> Vec<LoggedEvent> {
    let mut stack: Vec<Pubkey> = Vec::new();
    let mut top_level = 0usize;
    let mut found = Vec::new();
    for line in logs {
        if let Some(data) = line.strip_prefix("Program data: ") {
            let Some(program) = stack
                .last()
                .filter(|program| [market::ID, staking::ID].contains(program))
            else {
                continue;
            };
            // Anchor logs one slice per event; the runtime joins several with spaces.
            let (payload, event) = match BASE64.decode(data.replace(' ', "")) {
                Ok(payload) => {
                    let event = decode(program, &payload);
                    (payload, event)
                }
                Err(error) => (data.as_bytes().to_vec(), Err(DecodeError::NotBase64(error.to_string()))),
            };
            found.push(LoggedEvent {
                program: *program,
                instruction: top_level.saturating_sub(1),
                payload,
                event,
            });
        } else if let Some(program) = invoked(line) {
            if stack.is_empty() && !PRECOMPILES.contains(&program) {
                top_level += 1;
            }
            stack.push(program);
        } else if let Some(program) = returned(line)
            && stack.last() == Some(&program)
        {
            stack.pop();
        }
    }
    found
}

/// The program of a line `Program X invoke [depth]`.
fn invoked(line: &str) -> Option<Pubkey> {
    let (program, depth) = line.strip_prefix("Program ")?.split_once(" invoke [")?;
    depth.strip_suffix(']')?.parse::<u8>().ok()?;
    program.parse().ok()
}

/// The program of a line `Program X success` or `Program X failed: …`.
fn returned(line: &str) -> Option<Pubkey> {
    let (program, outcome) = line.strip_prefix("Program ")?.split_once(' ')?;
    (outcome == "success" || outcome.starts_with("failed")).then(|| program.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(at: i64) -> (JobStarted, String) {
        let event = JobStarted {
            job: Pubkey::new_from_array([3; 32]),
            at,
        };
        let payload = [JobStarted::DISCRIMINATOR, &borsh::to_vec(&event).expect("fixed-size")].concat();
        (event, format!("Program data: {}", BASE64.encode(payload)))
    }

    #[test]
    fn an_event_is_attributed_to_the_program_that_runs_when_it_is_logged() {
        let (event, line) = started(5);
        let market_id = market::ID;
        let staking_id = staking::ID;
        let logs = [
            "Program Ed25519SigVerify111111111111111111111111111 invoke [1]".to_owned(),
            "Program Ed25519SigVerify111111111111111111111111111 success".to_owned(),
            format!("Program {market_id} invoke [1]"),
            format!("Program {staking_id} invoke [2]"),
            format!("Program {staking_id} success"),
            line,
            format!("Program {market_id} success"),
        ];
        let found = from_logs(logs.iter().map(String::as_str));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].program, found[0].instruction), (market_id, 0));
        assert_eq!(found[0].event, Ok(Event::JobStarted(event)));
    }

    #[test]
    fn an_event_that_another_program_logs_is_ignored() {
        let (_, line) = started(5);
        let logs = ["Program 11111111111111111111111111111111 invoke [1]", &line];
        assert_eq!(from_logs(logs), Vec::new());
    }

    #[test]
    fn a_payload_with_trailing_bytes_is_refused() {
        let (event, _) = started(5);
        let mut payload = [JobStarted::DISCRIMINATOR, &borsh::to_vec(&event).expect("fixed-size")].concat();
        payload.push(0);
        assert!(matches!(
            decode(&market::ID, &payload),
            Err(DecodeError::Malformed { name: "JobStarted", .. })
        ));
    }
}
