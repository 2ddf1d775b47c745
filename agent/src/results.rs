//! Results: what a workload left in its output directory, packed for its tenant.
//!
//! The workload wrote these files, so none of them is trusted: links are packed as links and never followed, and what is neither
//! file, directory nor link is left out.

use flate2::{Compression, write::GzEncoder};
use nix::libc::O_NOFOLLOW;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};
use tar::{Builder, EntryType, Header};

/// Why results were not packed.
#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
    /// There is more than the node sends.
    #[error(
        "the job left {size_bytes} bytes in its output directory, more than the {most_bytes} that this node sends; files with holes \
         count with their whole length"
    )]
    TooLarge {
        /// What there is.
        size_bytes: u64,
        /// What would be sent.
        most_bytes: u64,
    },
    /// This machine's disk failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Packs `directory` into `archive`, which appears only once it is complete and on disk.
///
/// # Errors
/// [`ResultsError::TooLarge`], before anything is written; [`ResultsError::Io`] when a file cannot be read or written.
pub fn pack(directory: &Path, archive: &Path, most_bytes: u64) -> Result<(), ResultsError> {
    let size_bytes = size(directory)?;
    if size_bytes > most_bytes {
        return Err(ResultsError::TooLarge { size_bytes, most_bytes });
    }
    let part = archive.with_extension("part");
    let encoder = GzEncoder::new(File::create(&part)?, Compression::fast());
    let mut builder = Builder::new(encoder);
    add(&mut builder, directory, Path::new(""))?;
    let mut file = builder.into_inner()?.finish()?;
    file.flush()?;
    file.sync_all()?;
    Ok(fs::rename(part, archive)?)
}

/// Sum of the lengths of all files.
fn size(directory: &Path) -> io::Result<u64> {
    let mut bytes = 0_u64;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes = bytes.saturating_add(if metadata.is_dir() {
            size(&entry.path())?
        } else if metadata.is_file() {
            metadata.len()
        } else {
            0
        });
    }
    Ok(bytes)
}

fn add(builder: &mut Builder<impl Write>, directory: &Path, below: &Path) -> io::Result<()> {
    let mut names: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(directory.join(below))? {
        names.push(below.join(entry?.file_name()));
    }
    // The same files give the same archive.
    names.sort();
    for name in names {
        let path = directory.join(&name);
        let metadata = fs::symlink_metadata(&path)?;
        let mut header = Header::new_gnu();
        header.set_metadata_in_mode(&metadata, tar::HeaderMode::Deterministic);
        if metadata.is_dir() {
            builder.append_data(&mut header, &name, io::empty())?;
            add(builder, directory, &name)?;
        } else if metadata.is_symlink() {
            header.set_entry_type(EntryType::Symlink);
            header.set_size(0);
            builder.append_link(&mut header, &name, fs::read_link(&path)?)?;
        } else if metadata.is_file() {
            let file = OpenOptions::new().read(true).custom_flags(O_NOFOLLOW).open(&path)?;
            let size = metadata.len();
            header.set_size(size);
            builder.append_data(&mut header, &name, file.take(size))?;
        }
    }
    Ok(())
}
