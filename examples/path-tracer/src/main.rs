//! A small path tracer: the workload of Gantry's demonstration.
//!
//! It renders one scene of spheres, boxes and rods with soft light, depth of field and matt, coated, metal and glass surfaces.
//! The picture depends on the arguments alone, not on the machine's number of cores.

mod camera;
mod denoise;
mod light;
mod material;
mod pattern;
mod picture;
mod render;
mod sampling;
mod scene;
mod shape;
mod trace;
mod tree;
mod vector;
mod yard;

use std::{
    env,
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
    sync::atomic::{AtomicU32, Ordering},
    time::Instant,
};

use clap::Parser;

/// Brightness of the picture as a whole.
const EXPOSURE: f32 = 1.35;

/// Percent between two lines of progress.
const PROGRESS_STEP: u32 = 5;

/// Renders a picture and says how far it is.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Width in pixels.
    #[arg(long, default_value_t = 960, value_parser = clap::value_parser!(u32).range(1..=16_384))]
    width: u32,
    /// Height in pixels.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..=16_384))]
    height: u32,
    /// Paths of light per pixel; multiples of eight give the smoothest picture.
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    samples: u32,
    /// Chooses the random paths: the same seed gives the same picture.
    #[arg(long, default_value_t = 1)]
    seed: u32,
    /// Where to write the picture [default: picture.png in $GANTRY_OUT, or here].
    #[arg(long)]
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("path-tracer: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let started = Instant::now();
    let out = arguments.out.clone().unwrap_or_else(|| {
        env::var_os("GANTRY_OUT")
            .map_or_else(PathBuf::new, PathBuf::from)
            .join("picture.png")
    });
    let effort = render::Effort {
        width: arguments.width,
        height: arguments.height,
        samples: arguments.samples,
        seed: arguments.seed,
    };
    say(&format!(
        "path-tracer: {} × {} pixels, {} paths each, seed {}, {} threads",
        effort.width,
        effort.height,
        effort.samples,
        effort.seed,
        rayon::current_num_threads()
    ));
    let scene = yard::scene();
    let told = AtomicU32::new(0);
    let picture = render::render(&scene, &yard::view(), effort, |rows| {
        let percent = rows * 100 / effort.height / PROGRESS_STEP * PROGRESS_STEP;
        if told.fetch_max(percent, Ordering::Relaxed) < percent {
            say(&format!("{percent:>3} %  {:>5.1} s", started.elapsed().as_secs_f32()));
        }
    });
    picture.write(&out, EXPOSURE).map_err(|error| {
        format!(
            "cannot write {}: {error}; choose another place with --out",
            out.display()
        )
    })?;
    say(&format!(
        "wrote {} after {:.1} s",
        out.display(),
        started.elapsed().as_secs_f32()
    ));
    Ok(())
}

/// A line that is seen at once, also through a pipe. A reader that went away is no reason to stop rendering.
fn say(line: &str) {
    let mut stdout = io::stdout().lock();
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}
