//! A runtime whose news of a workload's end come late.

use futures::{FutureExt, future::BoxFuture};
use gantry_agent::runtime::{Found, Runtime, RuntimeError, Workload, directory::JobDirectory, spec::WorkloadSpec};
use gantry_sdk::wire::Exit;
use std::time::Duration;
use tokio::time::sleep;

/// Tells of every end this much later.
pub(crate) struct Tardy<R> {
    pub(crate) inner: R,
    pub(crate) by: Duration,
}

struct TardyWorkload {
    inner: Box<dyn Workload>,
    by: Duration,
}

impl<R: Runtime> Runtime for Tardy<R> {
    fn launch<'a>(
        &'a self,
        directory: &'a JobDirectory,
        spec: &'a WorkloadSpec,
    ) -> BoxFuture<'a, Result<Box<dyn Workload>, RuntimeError>> {
        async move {
            let inner = self.inner.launch(directory, spec).await?;
            Ok(Box::new(TardyWorkload { inner, by: self.by }) as Box<dyn Workload>)
        }
        .boxed()
    }

    fn find<'a>(&'a self, directory: &'a JobDirectory) -> BoxFuture<'a, Result<Found, RuntimeError>> {
        self.inner.find(directory)
    }
}

impl Workload for TardyWorkload {
    fn ended(&self) -> BoxFuture<'_, Exit> {
        async move {
            let exit = self.inner.ended().await;
            // However often it is asked, and however often the waiting is given up in between.
            sleep(self.by.saturating_sub(self.inner.ended_ago())).await;
            exit
        }
        .boxed()
    }

    fn ended_ago(&self) -> Duration {
        self.inner.ended_ago()
    }

    fn end(&self) {
        self.inner.end();
    }
}
