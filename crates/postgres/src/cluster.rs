//! A cluster from first start to last stop.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{Read, Write},
    net::TcpListener,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::{
    account::Account,
    error::{Error, Trying},
    installation::Installation,
    leftover,
    place::{DistantSocketDir, Place, temporary_root},
    postmaster::Postmaster,
};

/// The cluster's only role.
const ROLE: &str = "gantry";
/// Recovery after a crash happens before the server is ready.
const START_PATIENCE: Duration = Duration::from_secs(60);
/// Between choosing a free port and the server's taking it, someone else may.
const START_ATTEMPTS: u32 = 5;
const LOG_TAIL_LINES: usize = 12;

/// Whether the cluster's contents must survive a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Durability {
    Durable,
    Throwaway,
}

/// A running Postgres of our own. Stops when dropped, and when this process is killed.
#[derive(Debug)]
pub struct Cluster {
    // Fields drop in this order: the server ends before its lock is released and its files go.
    postmaster: Postmaster,
    _socket_dir: Option<DistantSocketDir>,
    _lock: File,
    _temporary: Option<TempDir>,
    installation: Installation,
    place: Place,
    port: u16,
    password: String,
}

impl Cluster {
    /// Starts the cluster in `data_dir`, creating it the first time; what it holds survives crashes and power cuts.
    ///
    /// Run by root, where the server's account cannot reach `data_dir`, the files lie under `/var/tmp` instead
    /// ([`Cluster::directory`] says where).
    ///
    /// # Errors
    /// When Postgres is missing, when another living process owns the directory, or when the server does not start.
    pub fn start(data_dir: &Path) -> Result<Self, Error> {
        let account = Account::for_server()?;
        Self::open(Place::prepare(data_dir, account)?, account, Durability::Durable, None)
    }

    /// Starts an empty cluster that vanishes when dropped and saves time by never waiting for the disk. For tests.
    ///
    /// # Errors
    /// As [`Cluster::start`].
    pub fn temporary() -> Result<Self, Error> {
        let account = Account::for_server()?;
        let dir = tempfile::Builder::new()
            .prefix("gantry-pg-")
            .tempdir_in(temporary_root(account))
            .trying(|| "create a temporary directory for Postgres".into())?;
        Self::open(
            Place::prepare(dir.path(), account)?,
            account,
            Durability::Throwaway,
            Some(dir),
        )
    }

    fn open(place: Place, account: Account, durability: Durability, temporary: Option<TempDir>) -> Result<Self, Error> {
        let lock = take_lock(&place)?;
        let socket_dir = place.distant_socket_dir();
        let installation = Installation::for_data(&place.data())?;
        leftover::clear(&place.data())?;
        if !place.data().join("PG_VERSION").is_file() {
            initialise(&place, &installation, account, durability)?;
        }
        let password =
            fs::read_to_string(place.password()).trying(|| format!("read {}", place.password().display()))?;
        let (postmaster, port) = start_server(&place, &installation, account, durability)?;
        Ok(Self {
            postmaster,
            _socket_dir: socket_dir,
            _lock: lock,
            _temporary: temporary,
            installation,
            place,
            port,
            password,
        })
    }

    /// The address of a database of this cluster, for a client on this machine. Contains the password.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{ROLE}:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    /// Creates an empty database.
    ///
    /// # Errors
    /// When the name is unusual or taken.
    pub fn create_database(&self, name: &str) -> Result<(), Error> {
        let usual = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !usual || name.is_empty() || name.len() > 63 {
            return Err(Error::DatabaseName { name: name.to_owned() });
        }
        self.psql("postgres", &format!("CREATE DATABASE \"{name}\"")).map(drop)
    }

    /// Runs SQL through `psql` and returns the rows it prints: columns separated by `|`, no headings.
    ///
    /// # Errors
    /// With Postgres's own message when the SQL is refused.
    pub fn psql(&self, database: &str, sql: &str) -> Result<String, Error> {
        let mut command = self.installation.command("psql");
        command
            .args([
                "--no-psqlrc",
                "--quiet",
                "--no-align",
                "--tuples-only",
                "--set=ON_ERROR_STOP=1",
            ])
            .arg("--host")
            .arg(self.place.socket_dir())
            .args([
                "--port",
                &self.port.to_string(),
                "--username",
                ROLE,
                "--dbname",
                database,
                "--command",
                sql,
            ]);
        run("psql", command).map(|rows| rows.trim_end().to_owned())
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.postmaster.pid()
    }

    /// Where the cluster's files lie.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.place.root()
    }

    /// The server's log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.place.log()
    }
}

/// Takes the cluster's lock, or says who has it.
fn take_lock(place: &Place) -> Result<File, Error> {
    let path = place.lock();
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .trying(|| format!("open {}", path.display()))?;
    if file.try_lock().is_err() {
        let mut owner = String::new();
        // Only a better message hangs on it.
        drop(file.read_to_string(&mut owner));
        return Err(Error::InUse {
            data_dir: place.root().to_owned(),
            owner: owner.trim().to_owned(),
        });
    }
    file.set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .trying(|| format!("write {}", path.display()))?;
    Ok(file)
}

/// Runs `initdb` into a directory on the side and moves the result into place.
fn initialise(
    place: &Place,
    installation: &Installation,
    account: Account,
    durability: Durability,
) -> Result<(), Error> {
    let unfinished = place.unfinished_data();
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).trying(|| format!("remove {}", unfinished.display()))?;
    }
    write_password(place, account)?;
    let mut command = installation.command("initdb");
    command
        .arg("--pgdata")
        .arg(&unfinished)
        .arg("--pwfile")
        .arg(place.password())
        .args(["--username", ROLE, "--auth-local=trust", "--auth-host=scram-sha-256"])
        .args(["--encoding=UTF8", "--locale=C", "--no-instructions"])
        .current_dir(place.root());
    if durability == Durability::Throwaway {
        command.arg("--no-sync");
    }
    account.apply(&mut command);
    run("initdb", command)?;
    fs::rename(&unfinished, place.data()).trying(|| format!("move {} into place", unfinished.display()))
}

/// Any program of this machine can reach the port, so the role has a password that only the owner can read.
fn write_password(place: &Place, account: Account) -> Result<(), Error> {
    let path = place.password();
    let mut random = [0u8; 16];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut random))
        .trying(|| "read random bytes".into())?;
    let password: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    fs::write(&path, &password)
        .and_then(|()| fs::set_permissions(&path, Permissions::from_mode(0o600)))
        .trying(|| format!("write {}", path.display()))?;
    account.give(&path)
}

fn start_server(
    place: &Place,
    installation: &Installation,
    account: Account,
    durability: Durability,
) -> Result<(Postmaster, u16), Error> {
    let mut attempt = 1;
    loop {
        let port = free_port()?;
        let postmaster = Postmaster::spawn(
            server_command(place, installation, account, durability, port)?,
            stop_signal(durability),
        )?;
        let Err(reason) = postmaster.wait_until_ready(&place.data(), START_PATIENCE) else {
            return Ok((postmaster, port));
        };
        drop(postmaster);
        let tail = log_tail(&place.log());
        let worth_another = tail.contains("could not bind") || tail.contains("shared memory block");
        if !worth_another || attempt == START_ATTEMPTS {
            return Err(Error::NotStarted {
                reason,
                log: place.log(),
                tail,
            });
        }
        attempt += 1;
    }
}

fn stop_signal(durability: Durability) -> Signal {
    match durability {
        Durability::Durable => Signal::SIGINT,
        Durability::Throwaway => Signal::SIGQUIT,
    }
}

fn server_command(
    place: &Place,
    installation: &Installation,
    account: Account,
    durability: Durability,
    port: u16,
) -> Result<Command, Error> {
    let open_log = || OpenOptions::new().create(true).append(true).open(place.log());
    let log = open_log()
        .and_then(|out| Ok((out.try_clone()?, out)))
        .trying(|| format!("open {}", place.log().display()))?;
    let mut command = installation.command("postgres");
    command
        .arg("-D")
        .arg(place.data())
        .arg("-k")
        .arg(place.socket_dir())
        .args(["-h", "127.0.0.1", "-p", &port.to_string()])
        .args([
            "-c",
            "shared_buffers=64MB",
            "-c",
            "max_connections=100",
            "-c",
            "timezone=UTC",
        ])
        .args(["-c", "max_wal_senders=0", "-c", "wal_level=minimal"])
        .stdin(Stdio::null())
        .stdout(log.0)
        .stderr(log.1)
        .current_dir(place.root());
    if durability == Durability::Throwaway {
        command.args([
            "-c",
            "fsync=off",
            "-c",
            "synchronous_commit=off",
            "-c",
            "full_page_writes=off",
        ]);
    }
    account.apply(&mut command);
    Ok(command)
}

fn free_port() -> Result<u16, Error> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .trying(|| "find a free port on 127.0.0.1".into())
}

fn log_tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n")
}

/// Runs a program to its end; what it wrote to standard error becomes the error.
fn run(program: &'static str, mut command: Command) -> Result<String, Error> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .trying(|| format!("run `{program}`"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(Error::Program { program, message })
    }
}
