//! Bundles: archives from strangers, unpacked so that nothing can land outside their directory.

use flate2::read::MultiGzDecoder;
use std::{
    cell::Cell,
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Read},
    os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink},
    path::{Component, Path, PathBuf},
};
use tar::{Archive, Entry, EntryType};

/// Bounds of an unpacked bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BundleLimits {
    /// Sum of all files in bytes.
    pub bytes: u64,
    /// Number of entries, and of directories that they imply.
    pub files: u64,
}

/// Most bytes of headers before one entry, long names and extended attributes included. They are held in memory, and a real one is a
/// few paths long.
const HEADER_BYTES: u64 = 64 << 10;

/// Why a bundle was not unpacked.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Not a gzipped tar archive, or cut off.
    #[error("the bundle is not a gzipped tar archive: {0}")]
    Malformed(io::Error),
    /// A path that leaves the directory.
    #[error("the bundle holds {0:?}, which leads out of its directory; paths must be relative and without `..`")]
    Outside(PathBuf),
    /// A link that leads out of the directory.
    #[error("the bundle holds a link {link:?} to {target:?}, which leads out of its directory")]
    LinkOutside {
        /// The link.
        link: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// A device, a pipe or the like.
    #[error("the bundle holds {0:?}, which is neither file, directory nor symbolic link")]
    Kind(PathBuf),
    /// The same path twice, or a path through something that is not a directory.
    #[error("the bundle holds {0:?} twice, or below something that is not a directory")]
    Twice(PathBuf),
    /// Too many bytes.
    #[error("the bundle unpacks to more than the {0} bytes that this node takes")]
    TooManyBytes(u64),
    /// Too many entries, or directories that they imply.
    #[error("the bundle holds more than the {0} files and directories that this node takes")]
    TooManyFiles(u64),
    /// This machine's disk failed.
    #[error("the bundle could not be written to {path}: {source}")]
    Disk {
        /// Where.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
}

/// A reader that gives only so much until it is allowed more.
struct Rationed<'a, R> {
    source: R,
    left: &'a Cell<u64>,
}

impl<R: Read> Read for Rationed<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left == 0 && !buffer.is_empty() {
            return Err(io::Error::other(format!(
                "the headers of an entry are longer than {HEADER_BYTES} bytes"
            )));
        }
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.source.read(&mut buffer[..most])?;
        self.left.set(left - count as u64);
        Ok(count)
    }
}

/// Unpacks a gzipped tar archive into an existing, empty directory.
///
/// # Errors
/// [`BundleError`]; the directory then holds whatever was unpacked before.
pub fn unpack(archive: impl Read, directory: &Path, limits: BundleLimits) -> Result<(), BundleError> {
    // Bounds what is decompressed, whatever the archive says about itself: headers and padding take 1 KiB an entry.
    let most = limits
        .bytes
        .saturating_add(limits.files.saturating_mul(1_024))
        .saturating_add(1 << 20);
    // The library reads long names and extended headers into memory, as long as they say they are. So it is rationed while it looks
    // for the next entry, and given free rein only for the entry's content, which is counted.
    let ration = Cell::new(HEADER_BYTES);
    let mut archive = Archive::new(Rationed {
        source: MultiGzDecoder::new(archive).take(most),
        left: &ration,
    });
    let mut left = limits;
    let mut entries = archive.entries().map_err(BundleError::Malformed)?;
    loop {
        ration.set(HEADER_BYTES);
        let Some(entry) = entries.next() else { return Ok(()) };
        let mut entry = entry.map_err(BundleError::Malformed)?;
        ration.set(u64::MAX);
        count(&mut left, 1, limits)?;
        left.bytes = left
            .bytes
            .checked_sub(entry.size())
            .ok_or(BundleError::TooManyBytes(limits.bytes))?;
        let directories = unpack_entry(&mut entry, directory)?;
        count(&mut left, directories, limits)?;
        // What an entry without content brings along all the same; looking for the next one would read it as if it were headers.
        io::copy(&mut entry, &mut io::sink()).map_err(BundleError::Malformed)?;
    }
}

fn count(left: &mut BundleLimits, files: u64, limits: BundleLimits) -> Result<(), BundleError> {
    left.files = left
        .files
        .checked_sub(files)
        .ok_or(BundleError::TooManyFiles(limits.files))?;
    Ok(())
}

/// Unpacks one entry; returns how many directories above it had to be made.
fn unpack_entry(entry: &mut Entry<'_, impl Read>, directory: &Path) -> Result<u64, BundleError> {
    let name = entry.path().map_err(BundleError::Malformed)?.into_owned();
    let inside = inside(&name).ok_or_else(|| BundleError::Outside(name.clone()))?;
    let kind = entry.header().entry_type();
    if matches!(kind, EntryType::XGlobalHeader) {
        return Ok(0);
    }
    let path = directory.join(&inside);
    if inside.as_os_str().is_empty() {
        return if kind.is_dir() {
            Ok(0)
        } else {
            Err(BundleError::Kind(name))
        };
    }
    let made = make_parents(directory, &inside).map_err(|error| refusal(error, &name, &path))?;
    match kind {
        EntryType::Directory => {
            make_directory(&path).map_err(|error| refusal(error, &name, &path))?;
        }
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
            // Of the mode only "executable" is taken over: set-user-id and the like mean nothing good here.
            let executable = entry.header().mode().unwrap_or(0) & 0o111 != 0;
            let mode = if executable { 0o755 } else { 0o644 };
            // A new file through directories that are no links: nothing that exists is written to.
            let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&path);
            let mut file = file.map_err(|error| refusal(error, &name, &path))?;
            copy(entry, &mut file, &path)?;
            file.set_permissions(Permissions::from_mode(mode))
                .map_err(disk(&path))?;
        }
        EntryType::Symlink => {
            let target = entry
                .link_name()
                .map_err(BundleError::Malformed)?
                .map(|target| target.into_owned())
                .unwrap_or_default();
            if !stays_inside(&inside, &target) {
                return Err(BundleError::LinkOutside { link: name, target });
            }
            symlink(&target, &path).map_err(|error| refusal(error, &name, &path))?;
        }
        _ => return Err(BundleError::Kind(name)),
    }
    Ok(made)
}

fn copy(entry: &mut impl Read, file: &mut File, path: &Path) -> Result<(), BundleError> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = entry.read(&mut buffer).map_err(BundleError::Malformed)?;
        if count == 0 {
            return Ok(());
        }
        io::Write::write_all(file, &buffer[..count]).map_err(disk(path))?;
    }
}

fn disk(path: &Path) -> impl Fn(io::Error) -> BundleError + '_ {
    move |source| BundleError::Disk {
        path: path.to_owned(),
        source,
    }
}

fn refusal(error: io::Error, name: &Path, path: &Path) -> BundleError {
    match error.kind() {
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => BundleError::Twice(name.to_owned()),
        _ => disk(path)(error),
    }
}

/// The path without `.`, or `None` when it is absolute or climbs.
fn inside(name: &Path) -> Option<PathBuf> {
    let mut inside = PathBuf::new();
    for component in name.components() {
        match component {
            Component::Normal(part) => inside.push(part),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(inside)
}

/// Whether a link's target lies in the directory. `..` is taken only at its beginning, where it climbs real directories: behind a
/// name that is itself a link it would climb from wherever that link leads.
fn stays_inside(link: &Path, target: &Path) -> bool {
    let mut above = link.components().count().saturating_sub(1);
    let mut descended = false;
    for component in target.components() {
        match component {
            Component::Normal(_) => descended = true,
            Component::CurDir => {}
            Component::ParentDir if above > 0 && !descended => above -= 1,
            _ => return false,
        }
    }
    !target.as_os_str().is_empty()
}

/// Makes the directories above an entry, and says how many. None of them may be a link: an archive could have put it there to lead the
/// way out.
fn make_parents(directory: &Path, inside: &Path) -> io::Result<u64> {
    let (mut path, mut made) = (directory.to_owned(), 0);
    for component in inside.parent().into_iter().flat_map(Path::components) {
        path.push(component);
        made += u64::from(make_directory(&path)?);
    }
    Ok(made)
}

/// Makes a directory; `false` when it is there already.
fn make_directory(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => Ok(false),
        Ok(_) => Err(io::ErrorKind::NotADirectory.into()),
        Err(_) => fs::create_dir(path).map(|()| true),
    }
}
