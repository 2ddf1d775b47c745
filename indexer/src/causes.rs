//! Errors of libraries, which often say the interesting part only in their cause.

use std::error::Error;

/// The error and its causes in one line, without those that only repeat.
pub(crate) fn causes(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        if !line.contains(&words) {
            line.push_str(": ");
            line.push_str(&words);
        }
        next = cause.source();
    }
    line
}
