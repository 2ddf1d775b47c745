//! What people and machines read.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use serde_json::Value;

use crate::{
    failure::Unprinted,
    progress::{Progress, Stream},
};

/// Where results go: text, or one line of JSON.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    /// Text, or JSON.
    #[must_use]
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether machines read it.
    #[must_use]
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// Prints a result: the object for machines, the text for people.
    pub(crate) fn show(self, object: &Value, text: &str) -> Result<(), Unprinted> {
        let mut out = io::stdout().lock();
        if self.json {
            writeln!(out, "{object}")?;
        } else {
            writeln!(out, "{}", text.trim_end())?;
        }
        Ok(out.flush()?)
    }

    /// A line that shows that something goes on: only for people, only on a terminal, gone when dropped.
    #[must_use]
    pub(crate) fn progress(self, text: impl Into<String>) -> Progress {
        Progress::on_terminal(!self.json, text.into())
    }

    /// Where a workload's output goes: to standard error where a result for machines is expected on standard output.
    #[must_use]
    pub(crate) fn workload_stream(self) -> Stream {
        if self.json { Stream::Err } else { Stream::Out }
    }
}

/// A 64-bit number in JSON: as text, since many readers keep only 53 bits of a number.
#[must_use]
pub(crate) fn number(value: u64) -> Value {
    Value::String(value.to_string())
}

/// Named values below each other.
#[must_use]
pub(crate) fn list(entries: &[(&str, String)]) -> String {
    let width = entries.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    entries.iter().fold(String::new(), |mut text, (name, value)| {
        let _ = writeln!(text, "{name:<width$}  {value}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_aligns_its_values() {
        assert_eq!(
            list(&[("a", "1".to_owned()), ("long", "2".to_owned())]),
            "a     1\nlong  2\n"
        );
    }
}
