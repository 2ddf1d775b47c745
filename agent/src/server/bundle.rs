//! `PUT …/bundle`: the workload's files.

use axum::{body::Body, extract::State, http::StatusCode};
use futures::StreamExt;
use sha2::{Digest, Sha256};
use std::{fs, io, path::Path, time::Duration};
use tokio::{io::AsyncWriteExt, task::spawn_blocking, time::timeout};

use super::{AuthError, Problem, ServerState, signed::SignedStream};
use crate::{
    bundle::{self, BundleError, BundleLimits},
    job::Stage,
    runtime::directory::JobDirectory,
};

/// Longest pause within an upload.
const STALL: Duration = Duration::from_secs(30);

/// Receives, checks and unpacks the bundle.
pub(super) async fn store(State(state): State<ServerState>, request: SignedStream) -> Result<StatusCode, Problem> {
    let (job, settings) = (request.job, &state.services.settings);
    let account = job.account();
    if account.bundle_hash == [0; 32] {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "the job was opened without a bundle",
        ));
    }
    if request.body_hash != account.bundle_hash {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "this is not the bundle whose hash the job was opened with",
        ));
    }
    let _one_at_a_time = job.upload.lock().await;
    if job.view().stage != Stage::Waiting {
        // Sent again, because the answer was lost.
        return Ok(StatusCode::NO_CONTENT);
    }
    if !job.directory().bundle().exists() {
        settings.require_room()?;
        let part = job.directory().path().join("bundle.part");
        let received = receive(request.body, &part, settings.limits.bundle_bytes).await?;
        if received != account.bundle_hash {
            return Err(AuthError::BodyHash.into());
        }
        let (directory, limits) = (job.directory().clone(), settings.bundle_limits());
        let moved = spawn_blocking(move || move_in(&part, &directory, limits))
            .await
            .map_err(Problem::internal)?;
        moved.map_err(|error| match error {
            BundleError::Disk { .. } => Problem::internal(error),
            refused => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, refused.to_string()),
        })?;
        tracing::info!(job = %job.address(), "received the bundle");
    }
    job.bundle_stored().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Unpacks an archive beside the working directory, and puts both in their places once everything is there.
fn move_in(archive: &Path, job: &JobDirectory, limits: BundleLimits) -> Result<(), BundleError> {
    let fresh = job.path().join("work.part");
    unpack(archive, &fresh, limits)?;
    fs::remove_dir_all(job.work()).map_err(disk(&job.work()))?;
    fs::rename(&fresh, job.work()).map_err(disk(&fresh))?;
    fs::rename(archive, job.bundle()).map_err(disk(archive))
}

fn disk(path: &Path) -> impl FnOnce(io::Error) -> BundleError + '_ {
    move |source| BundleError::Disk {
        path: path.to_owned(),
        source,
    }
}

fn unpack(archive: &Path, fresh: &Path, limits: BundleLimits) -> Result<(), BundleError> {
    match fs::remove_dir_all(fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(disk(fresh)(error)),
        _ => fs::create_dir(fresh).map_err(disk(fresh))?,
    }
    let file = fs::File::open(archive).map_err(disk(archive))?;
    bundle::unpack(io::BufReader::new(file), fresh, limits)
}

/// Writes the body to a file and returns its hash.
async fn receive(body: Body, path: &Path, most_bytes: u64) -> Result<[u8; 32], Problem> {
    let mut file = tokio::fs::File::create(path).await.map_err(Problem::internal)?;
    let (mut stream, mut hash, mut left) = (body.into_data_stream(), Sha256::new(), most_bytes);
    loop {
        let stalled = |_| {
            Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "the upload stood still; send the bundle again",
            )
        };
        let Some(chunk) = timeout(STALL, stream.next()).await.map_err(stalled)? else {
            break;
        };
        let broken = |_| {
            Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "the upload broke off; send the bundle again",
            )
        };
        let chunk = chunk.map_err(broken)?;
        left = left.checked_sub(chunk.len() as u64).ok_or_else(|| {
            let detail = format!("the bundle is larger than the {most_bytes} bytes that this node takes");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
        })?;
        hash.update(&chunk);
        file.write_all(&chunk).await.map_err(Problem::internal)?;
    }
    file.flush().await.map_err(Problem::internal)?;
    Ok(hash.finalize().into())
}
