//! Bundles and results: directories as tar + gzip.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;

/// Most bytes that results may have, packed and unpacked: larger than what one job leaves, so that what a few kilobytes of archive can
/// grow to on the tenant's disk has an end. Whether a disk holds that much is the tenant's to know.
pub(crate) const MAX_UNPACKED_BYTES: u64 = 64 << 30;

/// Packs the files of `directory` into `archive`. The same files give the same bytes: order, times and owners are fixed.
pub(crate) fn pack(directory: &Path, archive: &Path) -> Result<()> {
    if !directory.is_dir() {
        return Err(Failure::Usage(format!("--bundle {} is not a directory", directory.display())).into());
    }
    let mut files = Vec::new();
    list(directory, directory, &mut files)?;
    files.sort();
    let file = File::create(archive).with_context(|| format!("cannot write {}", archive.display()))?;
    // Fast: bundles are sent once, and the tenant waits for it.
    let mut tar = tar::Builder::new(GzEncoder::new(BufWriter::new(file), Compression::fast()));
    tar.mode(tar::HeaderMode::Deterministic);
    tar.follow_symlinks(true);
    for name in files {
        tar.append_path_with_name(directory.join(&name), &name)
            .with_context(|| format!("cannot pack {}", directory.join(&name).display()))?;
    }
    tar.into_inner()?.finish()?.flush()?;
    Ok(())
}

fn list(root: &Path, directory: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))? {
        let path = entry?.path();
        let metadata = fs::metadata(&path).with_context(|| format!("cannot read {}", path.display()))?;
        if metadata.is_dir() {
            list(root, &path, files)?;
        } else if metadata.is_file() {
            files.push(path.strip_prefix(root)?.to_owned());
        }
    }
    Ok(())
}

/// SHA-256 of a file.
pub(crate) fn hash(path: &Path) -> Result<[u8; 32]> {
    let mut hasher = Sha256::new();
    let mut file = BufReader::new(File::open(path).with_context(|| format!("cannot read {}", path.display()))?);
    io::copy(&mut file, &mut hasher)?;
    Ok(hasher.finalize().into())
}

/// What was in an archive.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Unpacked {
    /// Files that were written.
    pub(crate) files: Vec<PathBuf>,
    /// What is neither a file nor a directory: links could point anywhere on the tenant's machine.
    pub(crate) left_out: Vec<PathBuf>,
}

/// Unpacks the regular files of an archive into `directory`. Nothing lands outside of it.
pub(crate) fn unpack(archive: &Path, directory: &Path) -> Result<Unpacked> {
    unpack_at_most(MAX_UNPACKED_BYTES, archive, directory)
}

fn unpack_at_most(most_bytes: u64, archive: &Path, directory: &Path) -> Result<Unpacked> {
    let file = File::open(archive).with_context(|| format!("cannot read {}", archive.display()))?;
    let limited = Limited {
        inner: GzDecoder::new(BufReader::new(file)),
        left_bytes: most_bytes,
    };
    fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))?;
    let mut unpacked = Unpacked::default();
    let mut tar = tar::Archive::new(limited);
    // The agent packs all files with one date; they are new here.
    tar.set_preserve_mtime(false);
    for entry in tar.entries()? {
        let mut entry = entry.context("the results are not a tar archive")?;
        let (kind, name) = (entry.header().entry_type(), entry.path()?.into_owned());
        if kind.is_dir() {
            continue;
        }
        if !kind.is_file() {
            unpacked.left_out.push(name);
            continue;
        }
        let written = entry
            .unpack_in(directory)
            .with_context(|| format!("cannot unpack {}", name.display()))?;
        if !written {
            bail!(
                "the results hold {}, which lies outside of the output directory; it was not unpacked",
                name.display()
            );
        }
        unpacked.files.push(name);
    }
    Ok(unpacked)
}

/// Reads up to a limit and fails beyond it, where `Read::take` would make up an end.
struct Limited<R> {
    inner: R,
    left_bytes: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let left = self.left_bytes.checked_sub(read as u64);
        self.left_bytes =
            left.ok_or_else(|| io::Error::other("the results unpack to more than is taken from a provider"))?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn written(directory: &Path) {
        fs::create_dir_all(directory.join("deep/er")).unwrap();
        fs::write(directory.join("run.sh"), "#!/bin/sh\n").unwrap();
        fs::set_permissions(directory.join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(directory.join("deep/er/data"), [7; 5_000]).unwrap();
    }

    #[test]
    fn a_directory_is_packed_and_unpacked_with_its_programs_executable() {
        let root = tempfile::tempdir().unwrap();
        let (from, to, archive) = (
            root.path().join("from"),
            root.path().join("to"),
            root.path().join("a.tar.gz"),
        );
        written(&from);
        pack(&from, &archive).unwrap();
        assert_eq!(
            unpack(&archive, &to).unwrap().files,
            [PathBuf::from("deep/er/data"), PathBuf::from("run.sh")]
        );
        assert_eq!(fs::read(to.join("deep/er/data")).unwrap(), [7; 5_000]);
        assert_eq!(
            fs::metadata(to.join("run.sh")).unwrap().permissions().mode() & 0o111,
            0o111
        );
    }

    #[test]
    fn the_same_files_give_the_same_hash() {
        let root = tempfile::tempdir().unwrap();
        let hashes = ["one", "two"].map(|name| {
            let (from, archive) = (root.path().join(name), root.path().join(format!("{name}.tar.gz")));
            written(&from);
            pack(&from, &archive).unwrap();
            hash(&archive).unwrap()
        });
        assert_eq!(hashes[0], hashes[1]);
    }

    #[test]
    fn a_bundle_that_is_no_directory_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let error = pack(&root.path().join("nowhere"), &root.path().join("a")).unwrap_err();
        assert!(error.to_string().contains("is not a directory"), "{error}");
    }

    #[test]
    fn results_that_grow_beyond_the_limit_are_broken_off_with_the_reason() {
        let root = tempfile::tempdir().unwrap();
        let (from, archive) = (root.path().join("from"), root.path().join("a.tar.gz"));
        written(&from);
        pack(&from, &archive).unwrap();
        assert!(unpack_at_most(20_000, &archive, &root.path().join("whole")).is_ok());
        let error = unpack_at_most(3_000, &archive, &root.path().join("cut")).unwrap_err();
        assert!(format!("{error:#}").contains("more than is taken"), "{error:#}");
    }

    fn hostile(root: &Path, make: impl FnOnce(&mut tar::Builder<GzEncoder<File>>)) -> PathBuf {
        let archive = root.join("hostile.tar.gz");
        let mut tar = tar::Builder::new(GzEncoder::new(File::create(&archive).unwrap(), Compression::fast()));
        make(&mut tar);
        tar.into_inner().unwrap().finish().unwrap();
        archive
    }

    #[test]
    fn results_cannot_leave_the_output_directory() {
        let root = tempfile::tempdir().unwrap();
        let archive = hostile(root.path(), |tar| {
            let mut header = tar::Header::new_gnu();
            header.set_size(1);
            header.set_mode(0o644);
            // `set_path` refuses this name, as a sender who means harm would not.
            header.as_gnu_mut().unwrap().name[..9].copy_from_slice(b"../escape");
            header.set_cksum();
            tar.append(&header, &b"x"[..]).unwrap();
        });
        assert!(unpack(&archive, &root.path().join("out")).is_err());
        assert!(!root.path().join("escape").exists());
    }

    #[test]
    fn links_in_results_are_left_out() {
        let root = tempfile::tempdir().unwrap();
        let archive = hostile(root.path(), |tar| {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_size(0);
            tar.append_link(&mut header, "picture.png", "/etc/passwd").unwrap();
        });
        let unpacked = unpack(&archive, &root.path().join("out")).unwrap();
        assert_eq!(
            unpacked,
            Unpacked {
                files: Vec::new(),
                left_out: vec!["picture.png".into()]
            }
        );
        assert!(!root.path().join("out/picture.png").exists());
    }
}
