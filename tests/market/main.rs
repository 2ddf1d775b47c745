//! The market program's instructions, on its bytecode.

mod life_of_a_job;
