//! Renting from oneself, to look busy.
//!
//! One ledger, in base units of GNT: a tenant pays what a job costs; the provider gets its part; the fee is swept into the burn and the treasury.
//! For a washer tenant and provider are one purse, and it may own a part of the treasury. Score and fees are computed by the
//! protocol's own functions. An honest provider serves the same jobs for others, at a price that covers its costs at least: what it pays
//! away comes out of what its tenants paid.
//!
//! What must hold, whatever governance sets: a washer loses all its fees but what comes back through its part of the treasury, and no way to cut its
//! volume into jobs gives it more weight than it has paid fees. So no score is cheaper to fake than to earn.

use anyhow::Result;
use gantry_protocol::{
    Atoms, Bps, Metered, Rate, UnixSeconds, billing,
    fees::Sweep,
    reputation::{Closing, Facts, PRICE_ONE, Terms},
};

/// Of what a provider is paid, four fifths are costs.
const USUAL_COSTS: Bps = match Bps::new(8_000) {
    Some(costs) => costs,
    None => panic!("at most the whole"),
};
/// One GNT.
const GNT: u64 = 1_000_000_000;
/// Seconds of a day, in which each of the jobs of a cut runs.
const DAY_S: u32 = 86_400;

/// What governance has set, and what the washer owns of the treasury.
#[derive(Clone, Copy, Debug)]
struct Rules {
    fee: Bps,
    /// Burned part of fees; none in other mints than GNT.
    burn: Bps,
    /// The washer's part of the treasury.
    own_treasury: Bps,
}

/// How a volume is cut into jobs, all of a day's length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cut {
    /// Jobs on each day.
    jobs_a_day: u32,
    /// Days.
    days: u32,
}

/// The cut of the printed table: a job a day for a week.
const WEEK: Cut = Cut { jobs_a_day: 1, days: 7 };

/// What came of it, in base units of GNT.
#[derive(Clone, Copy, Debug, Default)]
struct Outcome {
    /// What tenants paid in all.
    volume: u64,
    /// Of that, to the provider.
    paid: u64,
    /// And to the network.
    fees: u64,
    /// Of the fees, destroyed.
    burned: u64,
    /// Of the fees, back to the washer through its part of the treasury.
    returned: u64,
    /// What is known of the provider afterwards.
    facts: Facts,
}

impl Outcome {
    /// What a washer is poorer by: tenant and provider are one purse.
    const fn lost(&self) -> u64 {
        self.fees - self.returned
    }

    fn score(&self) -> u16 {
        self.facts.score_at(self.facts.as_of)
    }
}

/// Rents for `volume` in all.
fn trade(rules: Rules, volume: u64, cut: Cut) -> Outcome {
    let jobs = cut.jobs_a_day * cut.days;
    let each = volume / u64::from(jobs);
    // The rate at which a day costs that much.
    let rate = u128::from(each) * 1_000_000 / u128::from(DAY_S);
    let terms = Terms {
        rate: Rate(u64::try_from(rate).expect("a rate of 64 bits")),
        fee: rules.fee,
        reference_price: PRICE_ONE,
    };
    let day = Metered::of_seconds(DAY_S);
    let owed = billing::owed(terms.rate, day).expect("an escrow of 64 bits");
    let (paid, fee) = billing::split(owed, rules.fee);
    let swept = Sweep::of(fee, rules.burn);
    let deed = Closing {
        terms,
        lasted: day,
        metered: day,
        co_signed: day,
        grace: Metered(0),
        is_final: true,
        ran_its_time: true,
    }
    .of_provider();
    let mut outcome = Outcome::default();
    for number in 0..jobs {
        let now = UnixSeconds(i64::from(DAY_S) * i64::from(number / cut.jobs_a_day));
        outcome.volume += owed.0;
        outcome.paid += paid.0;
        outcome.fees += fee.0;
        outcome.burned += swept.burned.0;
        outcome.returned += rules.own_treasury.of(swept.to_treasury).0;
        outcome.facts = outcome.facts.with(&deed, now);
    }
    outcome
}

/// What an honest provider with the same jobs is richer by: what is left of its pay after its costs, a part of it. Never less than nothing, for
/// nobody has to let below its costs.
fn honest_gain(outcome: &Outcome, costs: Bps) -> u64 {
    outcome.paid - costs.of(Atoms(outcome.paid)).0
}

fn bps(points: u16) -> Bps {
    Bps::new(points).expect("at most the whole")
}

pub(super) fn run() -> Result<()> {
    println!(
        "Renting from oneself for a week, a job a day, beside an honest provider with the same jobs; amounts in GNT."
    );
    println!(
        "Treasury: the part of it that the washer owns. Lost: what the washer is poorer by. Honest: what it is richer by, with"
    );
    println!("costs of four fifths of its pay, for the same score. In other mints than GNT nothing is burned.\n");
    println!(
        "{:>6} {:>6} {:>9} {:>12} {:>12} {:>12} {:>7} {:>14} {:>14}",
        "fee", "burn", "treasury", "fake rent", "fees", "lost", "score", "lost per point", "honest"
    );
    for fee in [100, 250, 500, 2_000] {
        for burn in [0, 5_000, 10_000] {
            for own_treasury in [0, 5_000, 10_000] {
                for thousands in [1, 10, 100] {
                    let rules = Rules {
                        fee: bps(fee),
                        burn: bps(burn),
                        own_treasury: bps(own_treasury),
                    };
                    print_row(rules, &trade(rules, thousands * 1_000 * GNT, WEEK));
                }
            }
        }
    }
    println!(
        "\nIn every row the washer loses what an honest provider with the same score does not. It loses nothing only where it owns the"
    );
    println!(
        "whole treasury and nothing is burned: a score is as honest as the treasury is independent (docs/FEES.md)."
    );
    Ok(())
}

fn print_row(rules: Rules, outcome: &Outcome) {
    let percent = |part: Bps| format!("{}.{:02}%", part.get() / 100, part.get() % 100);
    let gained = outcome
        .score()
        .saturating_sub(Facts::default().score_at(UnixSeconds(0)));
    println!(
        "{:>6} {:>6} {:>9} {:>12} {:>12} {:>12} {:>7} {:>14} {:>14}",
        percent(rules.fee),
        percent(rules.burn),
        percent(rules.own_treasury),
        gnt(outcome.volume),
        gnt(outcome.fees),
        gnt(outcome.lost()),
        outcome.score(),
        gnt(outcome.lost() / u64::from(gained.max(1))),
        format!("+{}", gnt(honest_gain(outcome, USUAL_COSTS))),
    );
}

/// To a thousandth.
fn gnt(amount: u64) -> String {
    let thousandths = (amount + GNT / 2_000) / (GNT / 1_000);
    format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUTS: [Cut; 5] = [
        Cut { jobs_a_day: 1, days: 1 },
        WEEK,
        Cut {
            jobs_a_day: 1,
            days: 120,
        },
        Cut {
            jobs_a_day: 10,
            days: 30,
        },
        // So small that a fee is rounded.
        Cut {
            jobs_a_day: 200,
            days: 3,
        },
    ];

    /// Every combination of what governance may set, what a washer may own, volumes from dust to fortunes, and cuts.
    fn grid() -> impl Iterator<Item = (Rules, u64, Cut)> {
        let parts = [0u16, 1, 2_500, 5_000, 9_999, 10_000];
        let fees = [0u16, 1, 100, 250, 500, 1_000, 2_000];
        let volumes = [50_000, 3_333_333, GNT, 777 * GNT, 10_000 * GNT, 1_000_000 * GNT];
        let rules = fees.into_iter().flat_map(move |fee| {
            parts.into_iter().flat_map(move |burn| {
                parts.into_iter().map(move |own_treasury| Rules {
                    fee: bps(fee),
                    burn: bps(burn),
                    own_treasury: bps(own_treasury),
                })
            })
        });
        rules.flat_map(move |rules| {
            volumes
                .into_iter()
                .flat_map(move |volume| CUTS.into_iter().map(move |cut| (rules, volume, cut)))
        })
    }

    #[test]
    fn a_washer_loses_every_burned_fee_and_what_the_treasury_does_not_return() {
        for (rules, volume, cut) in grid() {
            let outcome = trade(rules, volume, cut);
            assert_eq!(outcome.paid + outcome.fees, outcome.volume, "{rules:?}");
            assert!(outcome.lost() >= outcome.burned, "{rules:?}, {volume} in {cut:?}");
            let to_treasury = u128::from(outcome.fees - outcome.burned);
            let others = u128::from(10_000 - rules.own_treasury.get());
            let lost_to_others = u128::from(outcome.lost() - outcome.burned);
            assert!(
                lost_to_others * 10_000 >= to_treasury * others,
                "{rules:?}, {volume} in {cut:?}"
            );
        }
    }

    #[test]
    fn no_cut_gives_more_weight_than_fees_were_paid() {
        for (rules, volume, cut) in grid() {
            let outcome = trade(rules, volume, cut);
            assert!(outcome.facts.fees <= outcome.fees, "{rules:?}, {volume} in {cut:?}");
            assert!(outcome.facts.kept <= outcome.fees, "{rules:?}, {volume} in {cut:?}");
        }
    }

    /// An honest provider earns by the jobs that give its score. A washer has at most the score that its losses alone would buy from a network
    /// that took them as fees, and loses more than the honest one, which loses nothing.
    #[test]
    fn no_score_is_cheaper_to_fake_than_to_earn() {
        for (rules, volume, cut) in grid().filter(|(rules, ..)| rules.own_treasury.get() == 0) {
            let outcome = trade(rules, volume, cut);
            let bought = Facts {
                fees: outcome.lost(),
                ..Facts::default()
            };
            let price = bought.score_at(UnixSeconds(0));
            assert!(outcome.score() <= price, "{rules:?}, {volume} in {cut:?}");
            for costs in [0, 5_000, 9_500, 10_000] {
                let honest = i128::from(honest_gain(&outcome, bps(costs)));
                let washer = -i128::from(outcome.lost());
                assert!(washer < honest || outcome.fees == 0, "{rules:?}, {volume} in {cut:?}");
            }
        }
    }

    #[test]
    fn a_score_above_a_newcomers_costs_a_washer_something_unless_the_treasury_is_its_own_and_nothing_is_burned() {
        let newcomer = Facts::default().score_at(UnixSeconds(0));
        let mut gained = 0;
        for (rules, volume, cut) in grid() {
            let outcome = trade(rules, volume, cut);
            if outcome.score() <= newcomer {
                continue;
            }
            gained += 1;
            let owns_all = rules.own_treasury.get() == 10_000 && outcome.burned == 0;
            assert!(outcome.lost() > 0 || owns_all, "{rules:?}, {volume} in {cut:?}");
        }
        assert!(gained > 1_000, "only {gained} cases gain anything");
    }

    #[test]
    fn fake_rent_beside_real_rent_raises_the_score_no_more_than_as_much_real_rent() {
        for fee in [100, 500, 2_000] {
            let rules = Rules {
                fee: bps(fee),
                burn: bps(2_500),
                own_treasury: bps(0),
            };
            for real in [1_000 * GNT, 20_000 * GNT] {
                let (alone, doubled) = (trade(rules, real, WEEK), trade(rules, 2 * real, WEEK));
                let fake = trade(rules, real, WEEK);
                // The washer has paid for the second half; the other one was paid for it.
                assert!(doubled.score() > alone.score());
                assert!(doubled.fees.abs_diff(alone.fees + fake.fees) < 100);
                assert!(fake.lost() == fake.fees && honest_gain(&fake, bps(10_000)) == 0);
            }
        }
    }

    #[test]
    fn without_a_fee_nothing_is_known_of_anybody() {
        let rules = Rules {
            fee: bps(0),
            burn: bps(0),
            own_treasury: bps(0),
        };
        let outcome = trade(rules, 1_000_000 * GNT, WEEK);
        assert_eq!(outcome.score(), Facts::default().score_at(UnixSeconds(0)));
    }
}
