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

/// Packs `directory` into `archive`, which appears only once it is complete.
///
/// # Errors
/// When a file cannot be read or written, or the sum of all files exceeds `most_bytes`.
pub fn pack(directory: &Path, archive: &Path, most_bytes: u64) -> io::Result<()> {
    let part = archive.with_extension("part");
    let encoder = GzEncoder::new(File::create(&part)?, Compression::fast());
    let mut builder = Builder::new(encoder);
    let mut left = most_bytes;
    add(&mut builder, directory, Path::new(""), &mut left)?;
    let mut file = builder.into_inner()?.finish()?;
    file.flush()?;
    fs::rename(part, archive)
}

fn add(builder: &mut Builder<impl Write>, directory: &Path, below: &Path, left: &mut u64) -> io::Result<()> {
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
            add(builder, directory, &name, left)?;
        } else if metadata.is_symlink() {
            header.set_entry_type(EntryType::Symlink);
            header.set_size(0);
            builder.append_link(&mut header, &name, fs::read_link(&path)?)?;
        } else if metadata.is_file() {
            let file = OpenOptions::new().read(true).custom_flags(O_NOFOLLOW).open(&path)?;
            let size = metadata.len();
            *left = left
                .checked_sub(size)
                .ok_or_else(|| io::Error::other("the job left more in its output directory than this node sends"))?;
            header.set_size(size);
            builder.append_data(&mut header, &name, file.take(size))?;
        }
    }
    Ok(())
}
