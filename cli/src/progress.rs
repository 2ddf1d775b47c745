//! What is shown while something goes on: a moving line, what is said about it, and the workload's own output.
//!
//! Invariant: whoever shows something never waits for the terminal, except [`Progress::workload_output`] and the ends. A reader that
//! pauses (Ctrl-S, `| less`) would otherwise keep receipts from being signed.

use std::{
    io::{self, IsTerminal as _, Write},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// How often a waiting line moves.
const TICK: Duration = Duration::from_millis(100);
/// Most of the workload's output that is kept while its reader pauses; the rest stays with the agent, which has it on disk.
const MAX_UNREAD_BYTES: u32 = 256 << 10;
/// How long what was said is offered to a reader that pauses, once the user asked us to leave.
const FAREWELL: Duration = Duration::from_millis(300);

/// Where the workload's output goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Standard output.
    Out,
    /// Standard error, where standard output is for a result.
    Err,
}

/// What the writing thread is to do.
enum Order {
    /// Show the newest text of the moving line.
    Doing,
    Say(String),
    Output(Vec<u8>, Stream, OwnedSemaphorePermit),
    /// Take the moving line away and tell that everything before was written.
    Clear(Box<dyn FnOnce() + Send>),
}

/// A line that moves until it is dropped, and everything that is shown meanwhile.
#[derive(Debug)]
pub(crate) struct Progress {
    orders: Option<mpsc::Sender<Order>>,
    writer: Option<JoinHandle<()>>,
    /// The line's newest text, until the thread has taken it: only the newest one is worth showing.
    doing: Arc<Mutex<Option<String>>>,
    room: Arc<Semaphore>,
    has_no_reader: Arc<AtomicBool>,
    waits: AtomicBool,
    is_left: AtomicBool,
}

impl Progress {
    /// A line on standard error; none where nobody would see it move.
    #[must_use]
    pub(crate) fn on_terminal(is_shown: bool, text: String) -> Self {
        let bar = if is_shown && io::stderr().is_terminal() {
            let bar = ProgressBar::new_spinner().with_style(ProgressStyle::default_spinner());
            bar.set_message(text);
            bar.enable_steady_tick(TICK);
            bar
        } else {
            ProgressBar::hidden()
        };
        Self::start(bar, io::stdout(), io::stderr())
    }

    fn start(bar: ProgressBar, out: impl Write + Send + 'static, err: impl Write + Send + 'static) -> Self {
        let (orders, taken) = mpsc::channel();
        let (doing, has_no_reader) = (Arc::new(Mutex::new(None)), Arc::new(AtomicBool::new(false)));
        let screen = Screen {
            bar,
            out: Box::new(out),
            err: Box::new(err),
            doing: doing.clone(),
            has_no_reader: has_no_reader.clone(),
        };
        Self {
            orders: Some(orders),
            writer: Some(thread::spawn(move || screen.serve(&taken))),
            doing,
            room: Arc::new(Semaphore::new(MAX_UNREAD_BYTES as usize)),
            has_no_reader,
            waits: AtomicBool::new(false),
            is_left: AtomicBool::new(false),
        }
    }

    /// Says what goes on now.
    pub(crate) fn doing(&self, text: impl Into<String>) {
        let former = lock(&self.doing).replace(text.into());
        // One order is enough for all texts until the thread comes to it.
        if former.is_none() {
            self.order(Order::Doing);
        }
    }

    /// Says something that stays, on standard error.
    pub(crate) fn say(&self, text: impl Into<String>) {
        self.order(Order::Say(text.into()));
    }

    /// Passes the workload's output on, once the reader has room for it. Loses nothing, unless nobody reads any more.
    pub(crate) async fn workload_output(&self, bytes: &[u8], to: Stream) {
        for part in bytes.chunks(MAX_UNREAD_BYTES as usize) {
            let length = u32::try_from(part.len()).unwrap_or(MAX_UNREAD_BYTES);
            self.waits.store(true, Ordering::Relaxed);
            let room = self.room.clone().acquire_many_owned(length).await;
            self.waits.store(false, Ordering::Relaxed);
            // The semaphore is never closed.
            if let Ok(room) = room {
                self.order(Order::Output(part.to_owned(), to, room));
            }
        }
    }

    /// Whether output waits for a reader that pauses.
    pub(crate) fn waits(&self) -> bool {
        self.waits.load(Ordering::Relaxed)
    }

    /// Whether the workload's output has a reader: `gantry run … | head` loses it on the way.
    pub(crate) fn has_reader(&self) -> bool {
        !self.has_no_reader.load(Ordering::Relaxed)
    }

    /// Takes the line away before a result is printed, and waits until everything was shown.
    pub(crate) fn done(&self) {
        let (tell, told) = mpsc::channel();
        self.order(Order::Clear(Box::new(move || tell.send(()).unwrap_or_default())));
        let _ = if self.is_left.load(Ordering::Relaxed) {
            told.recv_timeout(FAREWELL).ok()
        } else {
            told.recv().ok()
        };
    }

    /// As [`Self::done`], but leaves the process free to do something else meanwhile.
    pub(crate) async fn all_shown(&self) {
        let (tell, told) = oneshot::channel();
        self.order(Order::Clear(Box::new(move || tell.send(()).unwrap_or_default())));
        // An error says that the thread is gone, and with it whatever there was to wait for.
        let _ = told.await;
    }

    /// Waits for no reader any more: the user asked to leave.
    pub(crate) fn leave(&self) {
        self.is_left.store(true, Ordering::Relaxed);
    }

    fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // Without the thread there is nothing to show it on.
            let _ = orders.send(order);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.done();
        drop(self.orders.take());
        if let Some(writer) = self.writer.take().filter(|_| !self.is_left.load(Ordering::Relaxed)) {
            let _ = writer.join();
        }
    }
}

/// What the thread writes to.
struct Screen {
    bar: ProgressBar,
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    doing: Arc<Mutex<Option<String>>>,
    has_no_reader: Arc<AtomicBool>,
}

impl Screen {
    fn serve(mut self, orders: &mpsc::Receiver<Order>) {
        while let Ok(order) = orders.recv() {
            match order {
                Order::Doing => {
                    let text = lock(&self.doing).take();
                    self.bar.set_message(text.unwrap_or_default());
                }
                Order::Say(text) => self.bar.suspend(|| {
                    // Nobody who reads is no reason to stop.
                    let _ = writeln!(self.err, "{text}");
                }),
                Order::Output(bytes, to, _room) => {
                    // From here on the output shows that it goes on; a moving line would overwrite lines that are not ended yet.
                    self.bar.finish_and_clear();
                    let stream = if to == Stream::Out {
                        &mut self.out
                    } else {
                        &mut self.err
                    };
                    // A reader that went away must not leave receipts unsigned.
                    if !self.has_no_reader.load(Ordering::Relaxed)
                        && stream.write_all(&bytes).and_then(|()| stream.flush()).is_err()
                    {
                        self.has_no_reader.store(true, Ordering::Relaxed);
                    }
                }
                Order::Clear(tell) => {
                    self.bar.finish_and_clear();
                    tell();
                }
            }
        }
    }
}

fn lock(doing: &Mutex<Option<String>>) -> std::sync::MutexGuard<'_, Option<String>> {
    doing.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;
    use tokio::time::timeout;

    const SHORT: Duration = Duration::from_millis(200);

    /// More than the pipe and our own buffer hold together.
    fn much() -> Vec<u8> {
        (0..1_000_000_u32).map(|number| (number % 251) as u8).collect()
    }

    #[tokio::test]
    async fn a_reader_that_pauses_holds_up_nothing_but_the_output_and_loses_none_of_it() {
        let (mut reader, out) = io::pipe().unwrap();
        let progress = Progress::start(ProgressBar::hidden(), out, io::sink());
        let sent = much();
        let mut output = Box::pin(progress.workload_output(&sent, Stream::Out));
        assert!(
            timeout(SHORT, &mut output).await.is_err(),
            "nobody reads, but all was written"
        );
        assert!(progress.waits());
        progress.doing("something else");
        progress.say("a remark");

        let length = sent.len();
        let read = thread::spawn(move || {
            let mut received = vec![0; length];
            reader.read_exact(&mut received).map(|()| received)
        });
        output.await;
        progress.all_shown().await;
        assert!(read.join().unwrap().unwrap() == sent, "other bytes than were written");
        assert!(progress.has_reader() && !progress.waits());
    }

    #[tokio::test]
    async fn a_reader_that_left_is_noticed_and_holds_up_nothing() {
        let (reader, out) = io::pipe().unwrap();
        drop(reader);
        let progress = Progress::start(ProgressBar::hidden(), out, io::sink());
        progress.workload_output(&much(), Stream::Out).await;
        progress.all_shown().await;
        assert!(!progress.has_reader());
    }

    #[tokio::test]
    async fn whoever_leaves_does_not_wait_for_a_reader_that_pauses() {
        let (_reader, out) = io::pipe().unwrap();
        let progress = Progress::start(ProgressBar::hidden(), out, io::sink());
        let sent = much();
        assert!(
            timeout(SHORT, progress.workload_output(&sent, Stream::Out))
                .await
                .is_err()
        );
        progress.leave();
        drop(progress);
    }

    #[tokio::test]
    async fn what_is_said_keeps_its_order_with_the_output() {
        let (mut reader, err) = io::pipe().unwrap();
        let progress = Progress::start(ProgressBar::hidden(), io::sink(), err);
        progress.say("before");
        progress.workload_output(b"output\n", Stream::Err).await;
        progress.say("behind");
        drop(progress);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "before\noutput\nbehind\n");
    }
}
