//! Plain tables: aligned columns, no lines.

/// Rows under a header. Columns of numbers are aligned to the right.
#[derive(Debug, Default)]
pub(crate) struct Table {
    header: Vec<&'static str>,
    numeric: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns; a name that begins with `#` marks a column of numbers.
    pub(crate) fn new(columns: &[&'static str]) -> Self {
        Self {
            header: columns.iter().map(|name| name.trim_start_matches('#')).collect(),
            numeric: columns.iter().map(|name| name.starts_with('#')).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; it must have as many cells as there are columns.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let row: Vec<String> = cells.into_iter().collect();
        debug_assert_eq!(row.len(), self.header.len());
        self.rows.push(row);
    }

    /// The table's text, without a final line break.
    pub(crate) fn render(&self) -> String {
        let header: Vec<String> = self.header.iter().map(|name| (*name).to_owned()).collect();
        let lines: Vec<&Vec<String>> = std::iter::once(&header).chain(&self.rows).collect();
        let widths: Vec<usize> = (0..header.len())
            .map(|column| {
                lines
                    .iter()
                    .filter_map(|line| line.get(column))
                    .map(|cell| cell.chars().count())
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let text = lines.iter().map(|line| {
            let cells = line
                .iter()
                .zip(&widths)
                .zip(&self.numeric)
                .map(|((cell, width), numeric)| {
                    if *numeric {
                        format!("{cell:>width$}")
                    } else {
                        format!("{cell:<width$}")
                    }
                });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        });
        text.collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_align_to_the_left_and_numbers_to_the_right() {
        let mut table = Table::new(&["name", "#price"]);
        table.row(["a".to_owned(), "9.50".to_owned()]);
        table.row(["long-é".to_owned(), "12.00".to_owned()]);
        assert_eq!(table.render(), "name    price\na        9.50\nlong-é  12.00");
    }
}
