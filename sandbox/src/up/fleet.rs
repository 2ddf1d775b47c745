//! All processes together: which end unexpectedly, which come back, and the order in which they stop.

use std::{process::ExitStatus, time::Duration};

use anyhow::Result;
use futures::future::{join_all, select_all};
use tokio::time::{Instant, sleep_until};

use super::process::{Process, Recipe};

/// A process that ran this long before it ended is started again at once.
const HEALTHY_AFTER: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// The network's processes in the order of their start.
#[derive(Debug)]
pub(crate) struct Fleet {
    members: Vec<Member>,
    restart: bool,
}

#[derive(Debug)]
struct Member {
    process: Process,
    started: Instant,
    /// How long to wait before the next start, if this one ends early.
    pause: Duration,
    condition: Condition,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    Running,
    Due(Instant),
    Down,
}

impl Fleet {
    /// No processes yet. With `restart`, those that end are started again.
    pub(crate) fn new(restart: bool) -> Self {
        Self {
            members: vec![],
            restart,
        }
    }

    /// Starts one more.
    pub(crate) fn start(&mut self, recipe: Recipe) -> Result<()> {
        let process = Process::start(recipe, false)?;
        let (started, condition) = (Instant::now(), Condition::Running);
        self.members.push(Member {
            process,
            started,
            pause: FIRST_PAUSE,
            condition,
        });
        Ok(())
    }

    /// The running processes: name and number.
    pub(crate) fn running(&self) -> impl Iterator<Item = (&str, u32)> {
        self.members
            .iter()
            .filter(|member| member.condition == Condition::Running)
            .map(|member| (member.process.name(), member.process.pid()))
    }

    /// Waits until the next process ends, and says which; forever, while none runs.
    pub(crate) async fn first_end(&self) -> String {
        let (index, status) = self.next_end().await;
        self.members[index].process.obituary(status)
    }

    /// Waits for the next change, an end or a restart, and carries it out. Returns what to tell the user.
    pub(crate) async fn next_change(&mut self) -> String {
        let due = self
            .members
            .iter()
            .enumerate()
            .filter_map(|(index, member)| match member.condition {
                Condition::Due(at) => Some((at, index)),
                Condition::Running | Condition::Down => None,
            });
        let due = due.min();
        tokio::select! {
            (index, status) = self.next_end() => self.members[index].end(status, self.restart),
            index = at(due) => self.members[index].start_again(),
        }
    }

    /// Stops everything in reverse order; processes of one `kind` (the name up to its number) together.
    pub(crate) async fn stop(&mut self, mut tell: impl FnMut(&str)) {
        while let Some(last) = self.members.last() {
            let kind = kind(last.process.name()).to_owned();
            let first = self
                .members
                .iter()
                .rposition(|member| self::kind(member.process.name()) != kind);
            let together = self.members.split_off(first.map_or(0, |before| before + 1));
            tell(&kind);
            join_all(together.iter().map(|member| member.process.stop())).await;
        }
    }

    async fn next_end(&self) -> (usize, ExitStatus) {
        let ends: Vec<_> = self
            .members
            .iter()
            .enumerate()
            .filter(|(_, member)| member.condition == Condition::Running)
            .map(|(index, member)| Box::pin(async move { (index, member.process.ended().await) }))
            .collect();
        if ends.is_empty() {
            std::future::pending().await
        } else {
            select_all(ends).await.0
        }
    }
}

impl Member {
    fn end(&mut self, status: ExitStatus, restart: bool) -> String {
        let obituary = self.process.obituary(status);
        if !restart {
            self.condition = Condition::Down;
            return obituary;
        }
        if self.started.elapsed() > HEALTHY_AFTER {
            self.pause = FIRST_PAUSE;
        }
        self.condition = Condition::Due(Instant::now() + self.pause);
        let notice = format!(
            "{obituary}\n  starting {} again in {} ms",
            self.process.name(),
            self.pause.as_millis()
        );
        self.pause = self.pause.saturating_mul(2).min(LONGEST_PAUSE);
        notice
    }

    fn start_again(&mut self) -> String {
        match Process::start(self.process.recipe().clone(), true) {
            Ok(process) => {
                self.process = process;
                self.started = Instant::now();
                self.condition = Condition::Running;
                format!("{} runs again as process {}", self.process.name(), self.process.pid())
            }
            Err(error) => {
                self.condition = Condition::Due(Instant::now() + self.pause);
                self.pause = self.pause.saturating_mul(2).min(LONGEST_PAUSE);
                format!("{error:#}")
            }
        }
    }
}

/// `agent-2` is an `agent`.
fn kind(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-')
}

/// Waits until the given moment and returns what was to happen then; forever, without one.
async fn at(due: Option<(Instant, usize)>) -> usize {
    match due {
        Some((moment, index)) => {
            sleep_until(moment).await;
            index
        }
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn shell(dir: &Path, name: &str, script: &str) -> Recipe {
        Recipe {
            name: name.into(),
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
            environment: vec![],
            log: dir.join(format!("{name}.log")),
        }
    }

    #[tokio::test]
    async fn a_process_that_ends_is_reported_and_started_again() {
        let dir = tempfile::tempdir().unwrap();
        let mut fleet = Fleet::new(true);
        let mark = dir.path().join("again").display().to_string();
        let script = format!("test -e {mark} && exec sleep 60; touch {mark}; exit 3");
        fleet.start(shell(dir.path(), "indexer", &script)).unwrap();
        let ended = fleet.next_change().await;
        assert!(
            ended.contains("indexer exited with code 3") && ended.contains("starting indexer again"),
            "{ended}"
        );
        assert_eq!(fleet.running().count(), 0);
        let restarted = fleet.next_change().await;
        assert!(restarted.starts_with("indexer runs again as process"), "{restarted}");
        assert_eq!(fleet.running().count(), 1);
    }

    #[tokio::test]
    async fn without_restart_a_process_that_ends_stays_down() {
        let dir = tempfile::tempdir().unwrap();
        let mut fleet = Fleet::new(false);
        fleet.start(shell(dir.path(), "indexer", "exit 3")).unwrap();
        assert!(fleet.next_change().await.starts_with("indexer exited with code 3"));
        let nothing = tokio::time::timeout(Duration::from_millis(900), fleet.next_change()).await;
        assert!(nothing.is_err());
    }

    #[tokio::test]
    async fn processes_stop_in_reverse_order_and_those_of_a_kind_together() {
        let dir = tempfile::tempdir().unwrap();
        let mut fleet = Fleet::new(true);
        for name in ["indexer", "agent-1", "agent-2"] {
            fleet.start(shell(dir.path(), name, "exec sleep 60")).unwrap();
        }
        let mut order = vec![];
        fleet.stop(|kind| order.push(kind.to_owned())).await;
        assert_eq!(order, ["agent", "indexer"]);
        assert_eq!(fleet.running().count(), 0);
    }
}
