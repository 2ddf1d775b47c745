//! Status, start, finish, results.

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{
        StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use gantry_sdk::wire::{JobStatus, StartRequest};
use tokio::{fs::File, task::spawn_blocking};
use tokio_util::io::ReaderStream;

use super::{Problem, ServerState, signed::Signed};
use crate::{
    job::Stage,
    results::{self, ResultsError},
};
use std::fs;

/// `GET /v1/jobs/{job}`.
pub(super) async fn status(request: Signed) -> Json<JobStatus> {
    Json(request.job.status())
}

/// `POST …/start`.
pub(super) async fn start(request: Signed) -> Result<Json<JobStatus>, Problem> {
    let wanted: StartRequest = serde_json::from_slice(&request.body).map_err(|error| {
        let detail = format!("the body is not a start request: {error}");
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    })?;
    request.job.start(wanted).await?;
    Ok(Json(request.job.status()))
}

/// `POST …/finish`.
pub(super) async fn finish(request: Signed) -> Result<Json<JobStatus>, Problem> {
    request.job.finish().await?;
    Ok(Json(request.job.status()))
}

/// `GET …/results`.
pub(super) async fn results(State(state): State<ServerState>, request: Signed) -> Result<Response, Problem> {
    let job = request.job;
    if !matches!(job.view().stage, Stage::Ended | Stage::Closed) {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "the workload has not ended; finish the job or wait for its end",
        ));
    }
    let archive = job.directory().results();
    {
        // The directory no longer changes, so it is packed once.
        let _one_at_a_time = job.upload.lock().await;
        if !archive.exists() {
            let (out, archive, most) = (
                job.directory().out(),
                archive.clone(),
                state.services.settings.limits.out_bytes,
            );
            let packed = spawn_blocking(move || {
                results::pack(&out, &archive, most)?;
                // Everything is in the archive, so it need not lie on the disk twice.
                Ok(fs::remove_dir_all(&out)?)
            });
            packed.await.map_err(Problem::internal)?.map_err(|error| match error {
                ResultsError::TooLarge { .. } => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
                ResultsError::Io(error) => Problem::internal(error),
            })?;
        }
    }
    let file = File::open(&archive).await.map_err(Problem::internal)?;
    let length = file.metadata().await.map_err(Problem::internal)?.len();
    let headers = [
        (CONTENT_TYPE, "application/gzip".to_owned()),
        (CONTENT_LENGTH, length.to_string()),
    ];
    Ok((headers, Body::from_stream(ReaderStream::new(file))).into_response())
}
