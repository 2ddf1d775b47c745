//! What a private cluster promises, on the machine's own Postgres.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use gantry_postgres::{Cluster, Error};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

const HOLD_IN: &str = "GANTRY_TEST_HOLD_CLUSTER_IN";

#[test]
fn a_temporary_cluster_answers_and_leaves_nothing_behind() {
    let cluster = Cluster::temporary().unwrap();
    cluster.create_database("market").unwrap();
    assert_eq!(
        cluster.psql("market", "SELECT current_database(), 1 + 1").unwrap(),
        "market|2"
    );
    assert_eq!(cluster.psql("market", "SHOW fsync").unwrap(), "off");
    let (directory, pid) = (cluster.directory().to_owned(), cluster.pid());
    drop(cluster);
    assert!(!directory.exists());
    assert!(!alive(pid));
}

#[test]
fn the_url_carries_the_password_and_the_port_refuses_strangers() {
    let cluster = Cluster::temporary().unwrap();
    let asks = |url: &str| {
        let mut psql = Command::new("psql");
        psql.args([
            "--no-password",
            "--tuples-only",
            "--no-align",
            "--command",
            "SELECT 1",
            url,
        ])
        .output()
        .unwrap()
    };
    assert_eq!(asks(&cluster.url("postgres")).stdout, b"1\n");
    let stranger = asks(&format!("postgres://gantry@127.0.0.1:{}/postgres", cluster.port()));
    assert!(
        String::from_utf8_lossy(&stranger.stderr).contains("no password supplied"),
        "{stranger:?}"
    );
}

#[test]
fn what_was_written_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let first = Cluster::start(dir.path()).unwrap();
    assert_eq!(first.psql("postgres", "SHOW fsync").unwrap(), "on");
    first.psql("postgres", "CREATE TABLE kept AS SELECT 7 AS n").unwrap();
    drop(first);
    let second = Cluster::start(dir.path()).unwrap();
    assert_eq!(second.psql("postgres", "SELECT n FROM kept").unwrap(), "7");
    remove_with_its_files(second);
}

#[test]
fn a_socket_that_lies_elsewhere_goes_with_its_server() {
    let dir = tempfile::Builder::new()
        .prefix("gantry-long-")
        .tempdir_in("/var/tmp")
        .unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let cluster = Cluster::start(&dir.path().join("d".repeat(100))).unwrap();
    let sockets = || {
        let entries = fs::read_dir("/tmp").unwrap().map(|entry| entry.unwrap().path());
        let ours = format!(".s.PGSQL.{}", cluster.port());
        entries
            .filter(|path| path.to_string_lossy().starts_with("/tmp/gantry-pg-") && path.join(&ours).exists())
            .collect::<Vec<_>>()
    };
    let [socket_dir] = sockets().try_into().expect("one directory has the socket");
    assert_eq!(cluster.psql("postgres", "SELECT 1").unwrap(), "1");
    remove_with_its_files(cluster);
    assert!(!socket_dir.exists(), "{}", socket_dir.display());
}

#[test]
fn a_directory_that_the_servers_account_cannot_reach_is_no_obstacle() {
    let closed = closed_directory();
    let wanted = closed.path().join("inside");
    let cluster = Cluster::start(&wanted).unwrap();
    assert_eq!(cluster.psql("postgres", "SELECT 1").unwrap(), "1");
    remove_with_its_files(cluster);
}

#[test]
fn files_that_lie_elsewhere_are_removed_once_their_directory_is_gone() {
    let closed = closed_directory();
    let first = Cluster::start(&closed.path().join("inside")).unwrap();
    let files = first.directory().to_owned();
    // An ordinary user's files never lie elsewhere.
    assert_eq!(files.starts_with("/var/tmp"), nix::unistd::Uid::effective().is_root());
    drop(first);
    drop(closed);
    let other = closed_directory();
    remove_with_its_files(Cluster::start(&other.path().join("inside")).unwrap());
    assert!(!files.exists(), "{}", files.display());
}

#[test]
fn two_owners_of_one_directory_are_refused_with_the_first_ones_pid() {
    let dir = tempfile::tempdir().unwrap();
    let first = Cluster::start(dir.path()).unwrap();
    let refused = Cluster::start(dir.path()).unwrap_err();
    assert!(
        matches!(&refused, Error::InUse { owner, .. } if *owner == std::process::id().to_string()),
        "{refused}"
    );
    remove_with_its_files(first);
}

#[test]
fn when_the_owner_is_killed_the_server_ends_and_the_next_start_works() {
    let dir = tempfile::tempdir().unwrap();
    let (mut owner, server) = start_in_another_process(dir.path());
    owner.kill().unwrap();
    owner.wait().unwrap();
    wait_until(|| !alive(server), "the server should end with its owner");

    let again = Cluster::start(dir.path()).unwrap();
    assert_eq!(again.psql("postgres", "SELECT 1").unwrap(), "1");
    remove_with_its_files(again);
}

#[test]
fn a_server_killed_outright_leaves_a_pid_file_that_the_next_start_reclaims() {
    let dir = tempfile::tempdir().unwrap();
    let first = Cluster::start(dir.path()).unwrap();
    let (server, files) = (first.pid(), first.directory().to_owned());
    first.psql("postgres", "CREATE TABLE kept AS SELECT 7 AS n").unwrap();
    kill(Pid::from_raw(server.cast_signed()), Signal::SIGKILL).unwrap();
    drop(first);
    let pid_file = files.join("data/postmaster.pid");
    assert!(pid_file.exists());
    // The worst case: the recorded number now belongs to a living process that is no server.
    let rest: String = fs::read_to_string(&pid_file)
        .unwrap()
        .lines()
        .skip(1)
        .map(|line| format!("{line}\n"))
        .collect();
    let mut sleeper = Command::new("sleep").arg("60").spawn().unwrap();
    fs::write(&pid_file, format!("{}\n{rest}", sleeper.id())).unwrap();

    let second = Cluster::start(dir.path()).unwrap();
    assert_eq!(second.psql("postgres", "SELECT n FROM kept").unwrap(), "7");
    assert!(
        sleeper.try_wait().unwrap().is_none(),
        "a process that is no server must be left alone"
    );
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    remove_with_its_files(second);
}

#[test]
fn an_initdb_that_was_interrupted_is_begun_again() {
    let dir = tempfile::tempdir().unwrap();
    let first = Cluster::start(dir.path()).unwrap();
    let files = first.directory().to_owned();
    drop(first);
    fs::rename(files.join("data"), files.join("data.unfinished")).unwrap();
    let second = Cluster::start(dir.path()).unwrap();
    assert_eq!(second.psql("postgres", "SELECT 1").unwrap(), "1");
    remove_with_its_files(second);
}

#[test]
fn a_cluster_of_a_version_that_is_not_installed_says_which_one_to_install() {
    let dir = tempfile::tempdir().unwrap();
    let first = Cluster::start(dir.path()).unwrap();
    let files = first.directory().to_owned();
    drop(first);
    fs::write(files.join("data/PG_VERSION"), "9\n").unwrap();
    let refused = Cluster::start(dir.path()).unwrap_err().to_string();
    assert!(refused.contains("apt-get install postgresql-9"), "{refused}");
    fs::remove_dir_all(files).unwrap();
}

#[test]
fn sql_that_is_refused_comes_back_with_postgres_own_words() {
    let cluster = Cluster::temporary().unwrap();
    let refused = cluster
        .psql("postgres", "SELECT * FROM nowhere")
        .unwrap_err()
        .to_string();
    assert!(refused.contains("relation \"nowhere\" does not exist"), "{refused}");
    cluster.create_database("twice").unwrap();
    let refused = cluster.create_database("twice").unwrap_err().to_string();
    assert!(refused.contains("already exists"), "{refused}");
    assert!(matches!(
        cluster.create_database("x\"; DROP"),
        Err(Error::DatabaseName { .. })
    ));
}

#[test]
fn a_cluster_started_from_a_short_lived_thread_outlives_it() {
    let cluster = thread::spawn(|| Cluster::temporary().unwrap()).join().unwrap();
    thread::sleep(Duration::from_millis(200));
    assert_eq!(cluster.psql("postgres", "SELECT 1").unwrap(), "1");
}

/// Not a test: the body of the process that `start_in_another_process` runs and its caller kills.
#[test]
#[ignore = "run by other tests, in a process of its own"]
fn hold_a_cluster_until_killed() {
    let Some(dir) = env::var_os(HOLD_IN) else { return };
    let cluster = Cluster::start(Path::new(&dir)).unwrap();
    println!("\nserver {}", cluster.pid());
    thread::sleep(Duration::from_secs(60));
}

fn start_in_another_process(dir: &Path) -> (Child, u32) {
    let mut owner = Command::new(env::current_exe().unwrap())
        .args(["--exact", "hold_a_cluster_until_killed", "--ignored", "--nocapture"])
        .env(HOLD_IN, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(owner.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let server = lines
        .find_map(|line| line.strip_prefix("server ").map(|pid| pid.parse().unwrap()))
        .unwrap();
    (owner, server)
}

/// A directory that nobody but its owner may enter, such as `mktemp -d` makes.
fn closed_directory() -> tempfile::TempDir {
    let closed = tempfile::tempdir().unwrap();
    fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
    closed
}

fn alive(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}/cwd")).read_link().is_ok()
}

fn wait_until(done: impl Fn() -> bool, what: &str) {
    let deadline = Instant::now() + Duration::from_secs(15);
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Root's temporary directories are closed to the server, so the files may lie elsewhere.
fn remove_with_its_files(cluster: Cluster) {
    let files = cluster.directory().to_owned();
    drop(cluster);
    fs::remove_dir_all(files).unwrap();
}
