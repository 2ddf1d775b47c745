//! The migrations are embedded in the library; a new file among them must rebuild it.

fn main() {
    println!("cargo::rerun-if-changed=../migrations");
}
