//! What is happening, said while it happens.

use std::{
    io::{self, Write},
    time::Instant,
};

/// Prints steps with the time since the beginning.
#[derive(Debug)]
pub(crate) struct Steps {
    began: Instant,
}

impl Steps {
    /// Now is the beginning.
    pub(crate) fn begin() -> Self {
        Self { began: Instant::now() }
    }

    /// Prints one step.
    pub(crate) fn say(&self, step: &str) {
        self.write(io::stdout(), step);
    }

    /// Prints what the user should not miss.
    pub(crate) fn warn(&self, notice: &str) {
        self.write(io::stderr(), notice);
    }

    fn write(&self, mut out: impl Write, what: &str) {
        // Nobody may be reading any more; the network runs on.
        let _ = writeln!(out, "[{:6.2} s] {what}", self.began.elapsed().as_secs_f64());
    }
}

/// Prints a text of several lines as it is.
pub(crate) fn show(text: &str) {
    // As above.
    let _ = writeln!(io::stdout(), "{text}");
}
