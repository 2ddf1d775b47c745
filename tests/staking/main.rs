//! The staking program's instructions, on its bytecode.
