//! Measured figures against their committed ceilings.

use std::{collections::BTreeMap, fmt::Write as _};

/// Figures by name, such as `market.settle` (compute units) or `size.market` (bytes).
type Figures = BTreeMap<String, u64>;

/// A line for each figure: name, measured, ceiling, and the share of the ceiling that is used.
pub(super) fn table(measured: &Figures, ceilings: &Figures) -> String {
    let width = measured.keys().map(String::len).max().unwrap_or_default();
    let mut text = format!("{:width$}  {:>9}  {:>9}\n", "figure", "measured", "ceiling");
    for (name, value) in measured {
        let (ceiling, used) = match ceilings.get(name) {
            Some(ceiling) => (
                ceiling.to_string(),
                format!("{:3} %", value.saturating_mul(100) / ceiling.max(&1)),
            ),
            None => ("none".to_owned(), String::new()),
        };
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "{}",
            format!("{name:width$}  {value:>9}  {ceiling:>9}  {used}").trim_end()
        );
    }
    text
}

/// Every ceiling that is passed, every one whose figure is no longer measured, and every figure without one, as a sentence.
pub(super) fn passed(measured: &Figures, ceilings: &Figures) -> Vec<String> {
    let violation = |(name, ceiling): (&String, &u64)| match measured.get(name) {
        Some(value) if value > ceiling => Some(format!(
            "{name} takes {value}, {} more than its ceiling of {ceiling}",
            value.saturating_sub(*ceiling)
        )),
        Some(_) => None,
        None => Some(format!("{name} has a ceiling but is no longer measured")),
    };
    let unlimited = measured.keys().filter(|name| !ceilings.contains_key(*name));
    let unlimited = unlimited.map(|name| format!("{name} has no ceiling"));
    ceilings.iter().filter_map(violation).chain(unlimited).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(entries: &[(&str, u64)]) -> Figures {
        entries
            .iter()
            .map(|(name, value)| ((*name).to_owned(), *value))
            .collect()
    }

    #[test]
    fn a_figure_at_its_ceiling_is_in_order() {
        assert_eq!(
            passed(&figures(&[("market.settle", 900)]), &figures(&[("market.settle", 900)])),
            [""; 0]
        );
    }

    #[test]
    fn a_passed_ceiling_is_named_with_both_numbers() {
        assert_eq!(
            passed(&figures(&[("market.settle", 912)]), &figures(&[("market.settle", 900)])),
            ["market.settle takes 912, 12 more than its ceiling of 900"]
        );
    }

    #[test]
    fn a_ceiling_without_a_figure_is_named() {
        assert_eq!(
            passed(&Figures::new(), &figures(&[("market.settle", 900)])),
            ["market.settle has a ceiling but is no longer measured"]
        );
    }

    #[test]
    fn a_figure_without_a_ceiling_is_named() {
        assert_eq!(
            passed(&figures(&[("market.settle", 900)]), &Figures::new()),
            ["market.settle has no ceiling"]
        );
    }

    #[test]
    fn the_table_shows_figures_without_a_ceiling_too() {
        let text = table(&figures(&[("a", 450), ("size.b", 7)]), &figures(&[("a", 900)]));
        assert_eq!(
            text,
            "figure   measured    ceiling\na             450        900   50 %\nsize.b          7       none\n"
        );
    }
}
