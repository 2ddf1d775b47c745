//! Bundles come from strangers.

use flate2::{Compression, write::GzEncoder};
use gantry_agent::bundle::{BundleError, BundleLimits, unpack};
use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tar::{Builder, EntryType, Header};
use tempfile::TempDir;

const LIMITS: BundleLimits = BundleLimits {
    bytes: 10_000,
    files: 10,
};

/// An archive whose headers are written as an attacker would, without the library's checks.
#[derive(Default)]
struct Archive(Vec<u8>);

impl Archive {
    fn entry(mut self, kind: EntryType, name: &str, link: &str, data: &[u8], mode: u32) -> Self {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(data.len() as u64);
        header.set_mode(mode);
        let gnu = header.as_gnu_mut().expect("a GNU header");
        gnu.name[..name.len()].copy_from_slice(name.as_bytes());
        gnu.linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_cksum();
        let mut builder = Builder::new(Vec::new());
        builder.append(&header, data).expect("appended");
        let bytes = builder.into_inner().expect("bytes");
        // Without the two empty blocks at the end, so that more can follow.
        self.0.extend_from_slice(&bytes[..bytes.len() - 1_024]);
        self
    }

    fn file(self, name: &str, data: &[u8]) -> Self {
        self.entry(EntryType::Regular, name, "", data, 0o644)
    }

    fn link(self, name: &str, target: &str) -> Self {
        self.entry(EntryType::Symlink, name, target, b"", 0o777)
    }

    fn unpack(&self) -> (TempDir, PathBuf, Result<(), BundleError>) {
        let around = tempfile::tempdir().expect("a directory");
        let directory = around.path().join("work");
        fs::create_dir(&directory).expect("created");
        let mut bytes = self.0.clone();
        bytes.extend_from_slice(&[0; 1_024]);
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        io::Write::write_all(&mut encoder, &bytes).expect("packed");
        let result = unpack(&encoder.finish().expect("packed")[..], &directory, LIMITS);
        (around, directory, result)
    }

    /// Unpacks, expects a refusal, and that nothing but the directory itself appeared around it.
    fn refusal(&self) -> BundleError {
        let (around, _, result) = self.unpack();
        let names: Vec<_> = fs::read_dir(around.path())
            .expect("read")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        assert_eq!(names, ["work"], "something landed outside");
        result.expect_err("refused")
    }
}

#[test]
fn an_ordinary_bundle_is_unpacked_with_its_directories_links_and_executables() {
    let archive = Archive::default()
        .entry(EntryType::Directory, "./", "", b"", 0o755)
        .file("./src/main.sh", b"echo")
        .entry(EntryType::Regular, "run", "", b"#!/bin/sh\n", 0o4755)
        .link("src/up", "../run");
    let (_around, directory, result) = archive.unpack();
    result.expect("unpacked");
    assert_eq!(fs::read(directory.join("src/main.sh")).expect("read"), b"echo");
    assert_eq!(
        fs::read_link(directory.join("src/up")).expect("a link"),
        Path::new("../run")
    );
    let mode = fs::metadata(directory.join("run"))
        .expect("metadata")
        .permissions()
        .mode()
        & 0o7777;
    assert_eq!(mode, 0o755, "set-user-id is not taken over");
}

#[test]
fn an_absolute_path_is_refused() {
    assert!(matches!(
        Archive::default().file("/tmp/evil", b"x").refusal(),
        BundleError::Outside(_)
    ));
}

#[test]
fn a_path_that_climbs_is_refused() {
    for name in ["../evil", "a/../../evil", "..", "a/.."] {
        assert!(
            matches!(Archive::default().file(name, b"x").refusal(), BundleError::Outside(_)),
            "{name}"
        );
    }
}

#[test]
fn a_link_out_of_the_directory_is_refused() {
    for (name, target) in [
        ("l", "/etc/passwd"),
        ("l", ".."),
        ("d/l", "../../x"),
        ("l", ""),
        ("l", "a/../.."),
    ] {
        let refused = Archive::default().link(name, target).refusal();
        assert!(
            matches!(refused, BundleError::LinkOutside { .. }),
            "{name} -> {target}: {refused}"
        );
    }
}

#[test]
fn a_link_that_climbs_behind_another_link_is_refused() {
    // `here` is the directory itself, so `here/..` would be the one above it.
    let refused = Archive::default().link("here", ".").link("out", "here/..").refusal();
    assert!(matches!(refused, BundleError::LinkOutside { .. }), "{refused}");
}

#[test]
fn nothing_is_written_through_a_link() {
    for link in [".", "d"] {
        let archive = Archive::default()
            .entry(EntryType::Directory, "d", "", b"", 0o755)
            .link("l", link)
            .file("l/file", b"x");
        assert!(matches!(archive.refusal(), BundleError::Twice(_)), "{link}");
    }
    let archive = Archive::default().file("a", b"old").link("l", "a").file("l", b"new");
    assert!(matches!(archive.refusal(), BundleError::Twice(_)));
}

#[test]
fn hard_links_devices_and_pipes_are_refused() {
    for kind in [EntryType::Link, EntryType::Char, EntryType::Block, EntryType::Fifo] {
        let archive = Archive::default().file("a", b"x").entry(kind, "b", "a", b"", 0o644);
        assert!(matches!(archive.refusal(), BundleError::Kind(_)), "{kind:?}");
    }
}

#[test]
fn more_files_than_allowed_are_refused() {
    let archive = (0..11).fold(Archive::default(), |archive, number| {
        archive.file(&number.to_string(), b"")
    });
    assert!(matches!(archive.refusal(), BundleError::TooManyFiles(10)));
}

#[test]
fn directories_that_files_imply_count_as_well() {
    let archive = Archive::default().file("a/b/c/d/e/f/g/h/i/j/k", b"");
    assert!(matches!(archive.refusal(), BundleError::TooManyFiles(10)));
    let archive = Archive::default().file("a/b/c/d/e/f/g/h/i", b"").file("a/b/c", b"");
    assert!(
        matches!(archive.refusal(), BundleError::Twice(_)),
        "eight directories and a file fit"
    );
}

#[test]
fn names_and_extended_headers_that_swell_are_not_read_into_memory() {
    // A megabyte that compresses to nothing: below the limit of all bytes that are read, far above what a name needs.
    let huge = vec![b'a'; 1 << 20];
    for kind in [EntryType::GNULongName, EntryType::GNULongLink, EntryType::XHeader] {
        let archive = Archive::default().entry(kind, "x", "", &huge, 0o644).file("a", b"x");
        let refused = archive.refusal();
        assert!(
            matches!(&refused, BundleError::Malformed(cause) if cause.to_string().contains("headers of an entry")),
            "{kind:?}: {refused}"
        );
    }
}

#[test]
fn a_long_name_that_is_a_name_is_taken() {
    let name = format!("{}/{}", "d".repeat(120), "n".repeat(120));
    let archive = Archive::default()
        .entry(EntryType::GNULongName, "././@LongLink", "", name.as_bytes(), 0o644)
        .file("short", b"content");
    let (_around, directory, result) = archive.unpack();
    result.expect("unpacked");
    assert_eq!(fs::read(directory.join(name)).expect("read"), b"content");
}

#[test]
fn what_a_directory_or_a_link_brings_along_is_no_way_around_the_limits() {
    let noise = vec![b'a'; 6_000];
    let archive = Archive::default()
        .entry(EntryType::Directory, "d", "", &noise, 0o755)
        .file("d/a", b"x");
    let (_around, directory, result) = archive.unpack();
    result.expect("unpacked");
    assert_eq!(fs::read(directory.join("d/a")).expect("read"), b"x");
    let archive = Archive::default()
        .entry(EntryType::Directory, "d", "", &noise, 0o755)
        .entry(EntryType::Symlink, "l", "d", &noise, 0o777);
    assert!(matches!(archive.refusal(), BundleError::TooManyBytes(10_000)));
}

#[test]
fn more_bytes_than_allowed_are_refused() {
    let archive = Archive::default().file("a", &[0; 6_000]).file("b", &[0; 6_000]);
    assert!(matches!(archive.refusal(), BundleError::TooManyBytes(10_000)));
}

#[test]
fn an_archive_that_swells_is_cut_off_while_it_is_read() {
    // A single header that claims little, followed by gigabytes of zeros that compress to nothing.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![0; 1 << 20];
    for _ in 0..64 {
        io::Write::write_all(&mut encoder, &zeros).expect("packed");
    }
    let bomb = encoder.finish().expect("packed");
    let directory = tempfile::tempdir().expect("a directory");
    // Zeros end an archive, so it is empty; what matters is that reading stopped.
    unpack(&bomb[..], directory.path(), LIMITS).expect("an empty archive");
}

#[test]
fn something_else_than_an_archive_is_named_as_such() {
    let directory = tempfile::tempdir().expect("a directory");
    let refused = unpack(&b"hello"[..], directory.path(), LIMITS).expect_err("refused");
    assert!(refused.to_string().contains("gzipped tar archive"), "{refused}");
}
