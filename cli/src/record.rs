//! What is known of a provider or a tenant, for people and for programs.

use gantry_sdk::{
    market::state::Record,
    protocol::{
        UnixSeconds,
        reputation::{COUNT_ONE, Facts, MAX_SCORE},
    },
};
use serde_json::{Value, json};

use crate::{amount, output::number};

/// Decimals of the network token, in which records count fees.
const NETWORK_TOKEN_DECIMALS: u8 = 9;

/// A record as it stands at a moment: the score is computed here, by the protocol's own function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing(Facts);

impl Standing {
    /// Of a record at a moment of the chain.
    pub(crate) fn at(record: &Record, now: i64) -> Self {
        Self(record.facts().at(UnixSeconds(now)))
    }

    fn score(&self) -> u16 {
        self.0.score_at(self.0.as_of)
    }

    /// Entries of a list.
    pub(crate) fn entries(&self) -> Vec<(&'static str, String)> {
        let facts = &self.0;
        let tokens = |atoms| format!("{} GNT", amount::show(atoms, NETWORK_TOKEN_DECIMALS));
        vec![
            ("Score", format!("{} of {MAX_SCORE}", self.score())),
            ("Fees paid away", tokens(facts.fees)),
            (
                "Time kept",
                format!("{} of {}, in fees", tokens(facts.kept), tokens(facts.promised)),
            ),
            (
                "Jobs",
                format!(
                    "{} completed, {} failed",
                    counted(facts.completed),
                    counted(facts.failed)
                ),
            ),
            ("Faults", counted(facts.faults)),
        ]
    }

    /// The same for programs.
    pub(crate) fn object(&self) -> Value {
        let facts = &self.0;
        json!({
            "score": self.score(),
            "as_of": facts.as_of.0,
            "fees": number(facts.fees),
            "promised": number(facts.promised),
            "kept": number(facts.kept),
            "completed": number(facts.completed),
            "failed": number(facts.failed),
            "faults": number(facts.faults),
        })
    }
}

/// A decayed count, to a hundredth.
fn counted(parts: u64) -> String {
    let hundredths = u128::from(parts) * 100 / u128::from(COUNT_ONE);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_shown_as_it_is_worth_now() {
        let record = Record {
            as_of: 1_000,
            fees: 100_000_000_000,
            promised: 100_000_000_000,
            kept: 100_000_000_000,
            completed: 3 * COUNT_ONE,
            failed: COUNT_ONE,
            faults: 0,
        };
        let standing = Standing::at(&record, 1_000 + 2_592_000);
        assert_eq!(standing.score(), 5_500);
        let texts: Vec<_> = standing.entries().into_iter().map(|(_, text)| text).collect();
        assert_eq!(texts[0], "5500 of 10000");
        assert_eq!(texts[3], "1.50 completed, 0.50 failed");
        assert_eq!(standing.object()["fees"], "50000000000");
    }

    #[test]
    fn of_a_newcomer_there_is_a_score_too() {
        assert_eq!(Standing::at(&Record::default(), 5).score(), 1_000);
    }
}
