//! What is happening, said while it happens.

use std::time::Instant;

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
        println!("[{:6.2} s] {step}", self.began.elapsed().as_secs_f64());
    }

    /// Prints what the user should not miss.
    pub(crate) fn warn(&self, notice: &str) {
        eprintln!("[{:6.2} s] {notice}", self.began.elapsed().as_secs_f64());
    }
}
