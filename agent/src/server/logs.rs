//! `GET …/logs?from=N`: the workload's output while it is written, and how it ended.

use axum::{
    body::{Body, Bytes},
    extract::{Query, rejection::QueryRejection},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use futures::stream;
use gantry_sdk::wire::{Exit, LogRecord};
use serde::Deserialize;
use std::{fs::OpenOptions, io, io::SeekFrom, sync::Arc};
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt},
    sync::{OwnedSemaphorePermit, watch},
};

use super::{Problem, follow::FileWatch, signed::Signed};
use crate::job::{JobHandle, MAX_LOG_STREAMS, Stage, View};

/// Most bytes of one record.
const CHUNK_BYTES: usize = 32 << 10;

/// Where to begin.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    from: u64,
}

/// Streams records until the workload has ended.
pub(super) async fn stream(
    wanted: Result<Query<Wanted>, QueryRejection>,
    request: Signed,
) -> Result<Response, Problem> {
    let Query(wanted) = wanted.map_err(|error| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.body_text()))?;
    let place = Arc::clone(&request.job.log_streams).try_acquire_owned().map_err(|_| {
        let detail = format!("{MAX_LOG_STREAMS} streams of this job's log are open; close one of them first");
        Problem::new(StatusCode::TOO_MANY_REQUESTS, detail)
    })?;
    let log = Log::open(&request.job, wanted.from, place)
        .await
        .map_err(Problem::internal)?;
    let records = stream::unfold(Some(log), |log| async move {
        let mut log = log?;
        match log.next().await {
            Ok(record) => {
                let last = matches!(record, LogRecord::End { .. });
                let line = line(&record);
                Some((line, (!last).then_some(log)))
            }
            Err(error) => Some((Err(error), None)),
        }
    });
    Ok(([(CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(records)).into_response())
}

fn line(record: &LogRecord) -> io::Result<Bytes> {
    let mut line = serde_json::to_vec(record)?;
    line.push(b'\n');
    Ok(line.into())
}

/// A log that is being read.
struct Log {
    file: File,
    offset: u64,
    growth: FileWatch,
    view: watch::Receiver<View>,
    /// One of the job's streams.
    _place: OwnedSemaphorePermit,
}

impl Log {
    async fn open(job: &JobHandle, from: u64, place: OwnedSemaphorePermit) -> io::Result<Self> {
        let path = job.directory().log();
        // Before the start it is empty; the supervisor then writes to this very file.
        OpenOptions::new().create(true).append(true).open(&path)?;
        let growth = FileWatch::new(&path);
        let mut file = File::open(&path).await?;
        let offset = file.seek(SeekFrom::Start(from)).await?;
        Ok(Self {
            file,
            offset,
            growth,
            view: job.watch(),
            _place: place,
        })
    }

    /// The next piece of output as soon as there is one, or how the workload ended once there is no more.
    async fn next(&mut self) -> io::Result<LogRecord> {
        loop {
            // Looked at before reading: what is written before the end is then read before the end is told.
            let ended = ended(&self.view.borrow_and_update());
            let mut buffer = vec![0; CHUNK_BYTES];
            let count = self.file.read(&mut buffer).await?;
            if count > 0 {
                let offset = self.offset;
                self.offset += count as u64;
                return Ok(LogRecord::Output {
                    offset,
                    data: BASE64.encode(&buffer[..count]),
                });
            }
            if let Some(exit) = ended {
                return Ok(LogRecord::End { exit });
            }
            tokio::select! {
                () = self.growth.changed() => {}
                changed = self.view.changed() => changed.map_err(io::Error::other)?,
            }
        }
    }
}

fn ended(view: &View) -> Option<Exit> {
    let over = matches!(view.stage, Stage::Ended | Stage::Closed);
    over.then(|| {
        view.exit.clone().unwrap_or(Exit {
            code: None,
            signal: None,
            reason: None,
        })
    })
}
