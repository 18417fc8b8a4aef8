//! `gradfade watch`: the last steps of a run that goes on, as a heatmap in the terminal.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use console::Term;

use super::{CommandResult, Failure, interrupt, output, plot};
use crate::figure::GradientMetric;
use crate::record::{Record, RecordError, Status};
use crate::render::ColourMap;
use crate::report::live::{self, Shape};
use crate::source::{self, Kind};
use crate::text::Lang;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  gradfade watch runs/mine
  gradfade watch runs/mine --gradient signal --interval 5
  gradfade watch runs/mine --once

Colours need a terminal; elsewhere, and with NO_COLOR set, signs from . to @
stand for them.")]
pub struct Args {
    /// Run folder; one that is not there yet is waited for
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Seconds between two looks at the folder
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, value_parser = seconds)]
    interval: f64,
    /// Draw once and end; so it is too where stdout is no terminal
    #[arg(long)]
    once: bool,
    /// batch-mean, per-parameter, per-sample or signal [default: per-sample where it is recorded at most steps]
    #[arg(long, value_name = "NAME", value_parser = plot::gradient)]
    gradient: Option<GradientMetric>,
    /// viridis or cividis
    #[arg(long, value_name = "NAME", default_value = "viridis")]
    colour_map: ColourMap,
    /// Language of the text: en or zh (Chinese)
    #[arg(long, value_name = "LANG", default_value = "en", value_parser = plot::language)]
    lang: Lang,
}

/// Steps are looked at again as soon as this; a folder on a slow disk is not asked without a pause.
const LEAST_PAUSE: f64 = 0.1;

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(x) if (LEAST_PAUSE..=3600.0).contains(&x) => Ok(x),
        _ => Err(format!("give seconds from {LEAST_PAUSE} to 3600")),
    }
}

pub fn run(args: Args) -> CommandResult {
    let term = Term::stdout();
    let live = term.is_term() && !args.once;
    match source::kind(&args.run) {
        Some(Kind::Run) => {}
        None if live && !args.run.exists() => {}
        // Says what it is instead.
        _ => source::open_run(&args.run).map(|_| ())?,
    }
    interrupt::listen();
    if live { follow(&args, &term) } else { once(&args, &term) }
}

/// A record of its own kind has an end to read; one of another program is read whole.
fn read(path: &Path, steps: usize) -> anyhow::Result<Record> {
    if path.join("meta.json").exists() {
        return Ok(Record::read_end(path, steps)?);
    }
    Ok(source::open_run(path)?.record)
}

fn frame(args: &Args, term: &Term) -> anyhow::Result<(Vec<String>, Status)> {
    let (lines, columns) = term.size();
    let colours = term.is_term() && console::colors_enabled();
    let shape =
        Shape { columns: columns.into(), lines: lines.into(), colours: colours.then_some(args.colour_map) };
    let record = read(&args.run, shape.steps())?;
    let lines = live::frame(&record, args.gradient, args.lang, shape);
    Ok((lines.iter().flat_map(|l| l.lines()).map(String::from).collect(), record.header.status))
}

fn once(args: &Args, term: &Term) -> CommandResult {
    let (lines, _) = frame(args, term)?;
    let text = lines.join("\n") + "\n";
    // Colours are commands to the terminal; the words of the record were made harmless when it was read.
    if term.is_term() {
        output::print_for_programs(text)?
    } else {
        output::print(text)?
    }
    Ok(ExitCode::SUCCESS)
}

/// Draws until the run has ended or Ctrl-C.
fn follow(args: &Args, term: &Term) -> CommandResult {
    let mut drawn = 0;
    let mut waited = false;
    loop {
        let began = Instant::now();
        match frame(args, term) {
            Ok((lines, status)) => {
                let (height, _) = term.size();
                let lines = &lines[..lines.len().min(usize::from(height).saturating_sub(1))];
                term.clear_last_lines(drawn)?;
                for line in lines {
                    term.write_line(line)?;
                }
                drawn = lines.len();
                if status != Status::Running {
                    return Ok(ExitCode::SUCCESS);
                }
            }
            // The folder, its header or its first step are not there yet.
            Err(error) if is_early(&error) => {
                if !waited {
                    output::say(args.lang.live_waiting(&args.run.display().to_string()));
                    waited = true;
                }
            }
            Err(error) => return Err(error.into()),
        }
        // A record that takes long to read is read less often.
        let pause = Duration::from_secs_f64(args.interval).max(4 * began.elapsed());
        let until = Instant::now() + pause;
        while Instant::now() < until {
            if interrupt::requested() {
                return Err(Failure {
                    code: interrupt::EXIT_CODE,
                    error: anyhow!("{}", args.lang.live_left()),
                });
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn is_early(error: &anyhow::Error) -> bool {
    matches!(
        error.downcast_ref::<RecordError>(),
        Some(RecordError::NoFolder { .. } | RecordError::NotARun { .. } | RecordError::NoSteps { .. })
    )
}
