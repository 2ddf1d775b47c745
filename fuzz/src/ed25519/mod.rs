//! The layouts of the Ed25519 precompile's instructions that the market accepts, against everything else that an instruction can be.
//!
//! Purpose: the precompile verifies signatures that may lie anywhere in a transaction; the market reads keys and receipts from one place.
//! If ever the two looked at different bytes, somebody could be held to what it never signed. So each case here is looked at three times: by the market's
//! parser, by the runtime's own precompile, and by an oracle that knows neither.
//!
//! Invariant: the oracle reads the offsets field by field, as Solana's documentation describes them, and compares them with places that it adds up itself.
//! Invariant: what was honestly signed is known from how a case was made, not from verifying anything.

mod case;
mod material;
mod oracle;
mod systematic;

use std::time::{Duration, Instant};

use agave_feature_set::FeatureSet;
use gantry_sdk::protocol::ed25519::{self, pair, single};

pub use case::{Case, Layout};
pub use material::Material;
pub use systematic::{LOW_ORDER, systematic};

use crate::dice::Dice;

/// What a run saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Cases in all.
    pub cases: u64,
    /// Those that the precompile accepted: signatures that are valid somewhere in the transaction.
    pub verified: u64,
    /// Those that the market's parser accepted.
    pub canonical: u64,
    /// Those that both accepted: receipts that the market takes for signed.
    pub believed: u64,
    /// Time for all.
    pub time: Duration,
}

/// What is true of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The precompile accepts it.
    pub is_verified: bool,
    /// It is in the layout that the market expects.
    pub is_canonical: bool,
}

/// Whose bytes the market would believe to be signed: keys with what each signed.
type Claims = Vec<([u8; 32], Vec<u8>)>;

/// What the market's parser reads out of this data, where it accepts the layout.
fn parsed(layout: Layout, data: &[u8]) -> Option<Claims> {
    match layout {
        Layout::CoSigned => {
            let signed = ed25519::parse(data).ok()?;
            let message = signed.message.to_vec();
            Some(vec![
                (*signed.provider_key, message.clone()),
                (*signed.tenant_key, message),
            ])
        }
        Layout::Pair => {
            let signed = pair::parse(data).ok()?;
            Some(vec![
                (*signed.key, signed.first.to_vec()),
                (*signed.key, signed.second.to_vec()),
            ])
        }
        Layout::Single => {
            let signed = single::parse(data).ok()?;
            Some(vec![(*signed.key, signed.message.to_vec())])
        }
    }
}

impl Report {
    /// Looks at one case and says what is true of it.
    ///
    /// # Errors
    /// When the parser and the oracle disagree, or something would be believed that nobody signed, or not believed that was.
    pub fn look(&mut self, case: &Case, material: &Material, features: &FeatureSet) -> Result<Verdict, String> {
        self.cases += 1;
        let data = &case.instructions[case.number];
        let told = parsed(case.layout, data);
        let expected = oracle::read(case.layout, data);
        if told != expected {
            return Err(format!(
                "the parser and the oracle disagree:\n  parser: {told:?}\n  oracle: {expected:?}\n{case}"
            ));
        }
        let all: Vec<&[u8]> = case.instructions.iter().map(Vec::as_slice).collect();
        let verified = agave_precompiles::ed25519::verify(data, &all, features).is_ok();
        self.verified += u64::from(verified);
        let is_canonical = told.is_some();
        self.canonical += u64::from(is_canonical);
        let believed = told.filter(|_| verified);
        self.believed += u64::from(believed.is_some());
        if let Some(claims) = &believed {
            let unsigned = claims.iter().find(|(key, message)| !material.has_signed(key, message));
            if let Some((key, _)) = unsigned {
                return Err(format!("what {key:?} never signed would be believed:\n{case}"));
            }
        }
        if case.is_honest && believed.is_none() {
            return Err(format!("honest signatures would not be believed:\n{case}"));
        }
        Ok(Verdict {
            is_verified: verified,
            is_canonical,
        })
    }
}

/// Looks at every systematic case and at random ones, `cases` in all or as many as the systematic ones are.
///
/// # Errors
/// The first case that is not as it must be.
pub fn run(cases: u64, seed: u64, mut progress: impl FnMut(&Report)) -> Result<Report, String> {
    let (material, features) = (Material::new(), FeatureSet::all_enabled());
    let mut report = Report::default();
    let started = Instant::now();
    for case in systematic(&material) {
        report.look(&case, &material, &features)?;
    }
    report.time = started.elapsed();
    progress(&report);
    let mut dice = Dice::of(seed, 0);
    while report.cases < cases {
        let case = case::random(&mut dice, &material);
        report.look(&case, &material, &features)?;
    }
    report.time = started.elapsed();
    Ok(report)
}
