//! When the next block is due.

use std::{
    io,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use crossbeam_channel::Sender;
use surfpool_types::SimnetCommand;

/// Asks for a block at every multiple of the slot time since its start. Stops when dropped.
///
/// The chain's clock advances by exactly one slot time with each block. A clock that slept for one slot time between
/// blocks would lose what each block costs, and after an hour on a busy machine the chain would be behind the world:
/// receipts, which cannot claim more time than the chain saw pass, would be cut. So blocks follow a fixed schedule, and
/// a late one is followed by the next at its proper time.
#[derive(Debug)]
pub(super) struct BlockClock {
    _stop: mpsc::Sender<()>,
}

impl BlockClock {
    pub(super) fn start(slot: Duration, commands: Sender<SimnetCommand>) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel::<()>();
        thread::Builder::new().name("block-clock".into()).spawn(move || {
            let mut due = Instant::now() + slot;
            while let Err(RecvTimeoutError::Timeout) =
                stopped.recv_timeout(due.saturating_duration_since(Instant::now()))
            {
                if commands.send(SimnetCommand::SlotForward(None)).is_err() {
                    break;
                }
                due += slot;
            }
        })?;
        Ok(Self { _stop: stop })
    }
}
