//! Where this machine keeps Postgres's programs.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::error::Error;

/// Debian keeps one folder per major version here and puts only `psql` on the `PATH`.
const DEBIAN_ROOT: &str = "/usr/lib/postgresql";

/// A folder with `initdb`, `postgres` and `psql` of one version.
#[derive(Clone, Debug)]
pub(crate) struct Installation {
    bin: PathBuf,
}

impl Installation {
    /// The installation that can open `data`: the version that wrote it, or the newest when nothing has been written yet.
    pub(crate) fn for_data(data: &Path) -> Result<Self, Error> {
        let found = installations();
        let Ok(written_by) = fs::read_to_string(data.join("PG_VERSION")) else {
            return found.into_iter().next().ok_or(Error::NotInstalled);
        };
        let version = written_by.trim().to_owned();
        if found.is_empty() {
            return Err(Error::NotInstalled);
        }
        found
            .into_iter()
            .find(|candidate| candidate.major_version().as_deref() == Some(&version))
            .ok_or_else(|| Error::OtherVersion {
                data_dir: data.to_owned(),
                version,
            })
    }

    /// One of the installation's programs, without the environment that would point it at another server.
    pub(crate) fn command(&self, program: &str) -> Command {
        let own = self.bin.join(program);
        let mut command = Command::new(if own.is_file() { own } else { PathBuf::from(program) });
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        // Messages are shown to people and searched by this crate: one language.
        command.env("LC_ALL", "C");
        command
    }

    fn major_version(&self) -> Option<String> {
        let output = self.command("postgres").arg("--version").output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
        let number = text
            .split_whitespace()
            .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
        Some(number.split(|c: char| !c.is_ascii_digit()).next()?.to_owned())
    }
}

/// Every folder that holds both programs, newest Debian version first, then those of the `PATH`.
fn installations() -> Vec<Installation> {
    let mut debian: Vec<(u32, PathBuf)> = fs::read_dir(DEBIAN_ROOT)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    debian.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    let on_path = env::var_os("PATH")
        .map(|path| env::split_paths(&path).collect::<Vec<_>>())
        .unwrap_or_default();
    debian
        .into_iter()
        .map(|(_, bin)| bin)
        .chain(on_path)
        .filter(|bin| bin.join("initdb").is_file() && bin.join("postgres").is_file())
        .map(|bin| Installation { bin })
        .collect()
}
