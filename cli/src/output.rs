//! What people and machines read.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal, Write},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

/// How often a waiting line moves.
const TICK: Duration = Duration::from_millis(100);

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
    pub(crate) fn show(self, object: &Value, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.json {
            writeln!(out, "{object}")?;
        } else {
            writeln!(out, "{}", text.trim_end())?;
        }
        out.flush()
    }

    /// A line that shows that something goes on: only for people, only on a terminal, gone when dropped.
    #[must_use]
    pub(crate) fn progress(self, text: impl Into<String>) -> Progress {
        if self.json || !io::stderr().is_terminal() {
            return Progress(ProgressBar::hidden());
        }
        let bar = ProgressBar::new_spinner().with_style(ProgressStyle::default_spinner());
        bar.set_message(text.into());
        bar.enable_steady_tick(TICK);
        Progress(bar)
    }
}

/// A line that moves until it is dropped.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Says what goes on now.
    pub(crate) fn doing(&self, text: impl Into<String>) {
        self.0.set_message(text.into());
    }

    /// Says something that stays, on standard error.
    pub(crate) fn say(&self, text: impl AsRef<str>) {
        self.0.suspend(|| {
            // Nobody who reads is no reason to stop.
            let _ = writeln!(io::stderr(), "{}", text.as_ref());
        });
    }

    /// Passes the workload's output on: to standard error where a result for machines is expected on standard output.
    pub(crate) fn workload_output(&self, bytes: &[u8], to_stderr: bool) -> io::Result<()> {
        self.0.suspend(|| {
            if to_stderr {
                return io::stderr().write_all(bytes);
            }
            let mut out = io::stdout().lock();
            out.write_all(bytes)?;
            out.flush()
        })
    }

    /// Takes the line away before a result is printed.
    pub(crate) fn done(&self) {
        self.0.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.done();
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
