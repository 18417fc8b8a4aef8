//! `gradfade notes`: figures in lecture notes.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::anyhow;

use super::open::{self, read_runs};
use super::plot::{build_of_runs, chosen, of_remedies, runs_of, warn_of_missing_characters};
use super::{CommandResult, Failure, output, sweep};
use crate::analysis::AnalysisError;
use crate::diagnosis::{Thresholds, diagnose};
use crate::figure::chart::Figure;
use crate::figure::{Draws, FigureError, FigureSpec, Options};
use crate::notes::plan::Wanted;
use crate::notes::{self, FORMATS, Kind, Shown, State};
use crate::record::Record;
use crate::render::Theme;
use crate::source;
use crate::text::Lang;

/// Exit code of `--check` for notes that a call without it would change.
const STALE: u8 = 5;

#[derive(clap::Args)]
#[command(after_help = "The figure is inserted in a block between two comments with its name:

  <!-- gradfade begin NAME -->   Markdown, mdBook, Quarto, HTML, reveal.js
  <!-- gradfade end NAME -->
  % gradfade begin NAME          LaTeX
  // gradfade begin NAME         Typst

NAME is the name of the run's folder or the value of --name. Write an empty pair
of these comments where you want the figure; in a notebook they are the text of
one Markdown cell. Without them it is appended at the end (LaTeX: before
\\end{document}, HTML: before </body>, reveal.js: a slide after the last).

Pictures are written into the folder `gradfade` beside the notes. No byte
outside the block changes, and a second call changes nothing. After NAME
gradfade writes two checksums, of the block and of the run: a block or picture
that its author edited, or that shows another run, is kept unless --force is
given. Pictures that no block shows any more are kept, since other notes may
use them.

A folder with a book.toml is an mdBook: the block is written into the chapter
that already has it, or else into the last chapter of SUMMARY.md. In other
folders it is written into the file that already has it, or else into the
index.qmd of a Quarto project, or else into the only notes.

With --check nothing is written, and the exit code is 5 if a block or a picture
is stale or missing.

Examples:
  gradfade notes runs/sigmoid --into lecture.md
  gradfade notes runs/sigmoid --into book/src/vanishing.md
  gradfade notes runs/sigmoid --into a.md --figure layer-profile
  gradfade notes runs/sigmoid runs/relu --into lecture.tex --lang zh
  gradfade notes sweeps/depth --into slides.html --name depths
  gradfade notes runs/sigmoid --into lecture.ipynb --check")]
pub struct Args {
    /// Run folders, or the folder of one sweep, or of remedies; none for a figure that needs none
    #[arg(value_name = "RUN|SWEEP", required_unless_present = "figure")]
    runs: Vec<PathBuf>,
    /// The notes: a file or a folder
    #[arg(long, value_name = "DIR|FILE")]
    into: PathBuf,
    /// Format of the notes: auto, mdbook, markdown, quarto, notebook, latex, typst, html or reveal
    #[arg(long, value_name = "KIND", default_value = "auto", value_parser = kind)]
    to: To,
    /// Names of the figures [default: gradient-heatmap; of several runs comparison; of a sweep the first that
    /// it holds]
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    figure: Vec<String>,
    /// Name of the block: letters, digits, - and _ [default: the run's folder; without one, the figure]
    #[arg(long, value_name = "NAME", value_parser = name)]
    name: Option<String>,
    /// Language of all text: en or zh (Chinese)
    #[arg(long, value_name = "LANG", default_value = "en", value_parser = super::plot::language)]
    lang: Lang,
    /// light or dark [default: both if the notes can switch themes, else the one that suits them]
    #[arg(long, value_name = "NAME")]
    theme: Option<Theme>,
    /// A TrueType or OpenType font for characters that the built-in one lacks (Latin, Greek, Chinese)
    #[arg(long, value_name = "FILE")]
    font: Option<PathBuf>,
    /// Write nothing; fail if something is stale
    #[arg(long)]
    check: bool,
    /// Replace a block or a picture that its author edited or that shows another run
    #[arg(long)]
    force: bool,
}

/// `--to`
#[derive(Clone, Copy)]
struct To(Option<Kind>);

fn kind(text: &str) -> Result<To, String> {
    if text == "auto" {
        return Ok(To(None));
    }
    let found = FORMATS.iter().find(|s| s.name.eq_ignore_ascii_case(text));
    found.map(|s| To(Some(s.kind))).ok_or_else(|| {
        let known: Vec<&str> = ["auto"].into_iter().chain(FORMATS.iter().map(|s| s.name)).collect();
        format!("there are: {}", known.join(", "))
    })
}

fn name(text: &str) -> Result<String, String> {
    if notes::is_name(text) {
        return Ok(text.to_string());
    }
    Err("give up to 60 letters (a to z), digits, - and _, the first a letter or digit".into())
}

pub fn run(args: Args) -> CommandResult {
    super::plot::use_font(args.font.as_deref())?;
    let block = args.name.clone().unwrap_or_else(|| default_name(&args.runs, &args.figure));
    let target = notes::find(&args.into, args.to.0, &block)?;
    let figures = figures(&args.runs, &args.figure, args.lang)?;
    warn_of_missing_characters(&figures);
    let wanted = Wanted {
        name: &block,
        runs: &args.runs,
        figures: &figures,
        style: crate::render::Style::default(),
        shown: args.theme.map(Shown::Only),
        force: args.force,
    };
    let _lock = notes::lock(&target);
    let plan = match notes::plan(&target, &wanted) {
        Err(error) if args.check && error.is_stale() => {
            output::say(format!("gradfade: {error}"));
            return Ok(ExitCode::from(STALE));
        }
        other => other?,
    };
    let file = target.file.display();
    if args.check {
        if plan.edits.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        let what = if plan.state == State::New { "is missing" } else { "is stale" };
        output::say(format!(
            "gradfade: {file}: the block `{block}` {what}; the same command without --check writes it"
        ));
        return Ok(ExitCode::from(STALE));
    }
    plan.write()?;
    for hint in &plan.hints {
        output::say(format!("gradfade: {file}: {hint}"));
    }
    if plan.state == State::Kept {
        output::say(format!(
            "gradfade: {file}: the block `{block}` stays as its author edited it; --force replaces it"
        ));
    }
    for edit in &plan.edits {
        output::print(format!("{}\n", edit.path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The folders' names, of letters that a marker can carry; without a folder the name of the first figure.
fn default_name(runs: &[PathBuf], figures: &[String]) -> String {
    let word = |run: &PathBuf| {
        let whole = run.canonicalize().unwrap_or_else(|_| run.clone());
        whole.file_name().unwrap_or_default().to_string_lossy().into_owned()
    };
    let joined = match (runs, figures) {
        ([], [first, ..]) => first.clone(),
        _ => runs.iter().map(word).collect::<Vec<_>>().join("-"),
    };
    let letters = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' };
    let name: String = joined.chars().map(letters).collect();
    let name: String = name.trim_matches(['-', '_']).chars().take(60).collect();
    if notes::is_name(&name) { name } else { "figure".into() }
}

/// The figures asked for, or the one that suits what was given.
pub(super) fn figures(runs: &[PathBuf], asked: &[String], lang: Lang) -> Result<Vec<Figure>, Failure> {
    let options = Options::new(lang);
    if runs.is_empty() && asked.is_empty() {
        // Notes of mdBook: the command line asks for one of the two itself.
        return Err(Failure::usage(anyhow!(
            "missing field `run`: name a run folder, or a figure that needs none"
        )));
    }
    match open::kind(runs)? {
        source::Kind::Sweep => of_sweep(&runs[0], asked, &options),
        source::Kind::Remedies => of_remedies(&runs[0], asked, &options, |_| Ok(())),
        _ => {
            let mut specs = chosen(asked, runs_of(runs.len()))?;
            if asked.is_empty() {
                // The first figure of the registry is the one that a reader meets first.
                specs.truncate(1);
            }
            let paths = runs;
            let runs = read_runs(paths)?;
            // A block follows the first sample.
            let mut figures = build_of_runs(&specs, paths, &runs, 1, true, &options)?;
            // Once in a block.
            if let Some(first) = figures.first_mut() {
                let said = diagnoses(&runs, lang)?;
                first.reading = lang.sentences(&[vec![first.reading.clone()], said].concat());
            }
            Ok(figures)
        }
    }
}

/// What is wrong with each run, in a sentence.
fn diagnoses(runs: &[Record], lang: Lang) -> Result<Vec<String>, AnalysisError> {
    let sentence = |run: &Record| {
        let name = (runs.len() > 1).then_some(run.header.run.as_str());
        let diagnosis = diagnose(run, &Thresholds::default())?;
        Ok(lang.notes_diagnosis(name, &diagnosis.concluded(lang)))
    };
    runs.iter().map(sentence).collect()
}

fn of_sweep(dir: &Path, asked: &[String], options: &Options) -> Result<Vec<Figure>, Failure> {
    if !asked.is_empty() {
        return sweep::plot(dir, asked, options, |_| Ok(()));
    }
    let mut last = None;
    for spec in FigureSpec::all_of(Draws::Sweep) {
        match sweep::plot(dir, &[spec.name.to_string()], options, |_| Ok(())) {
            Err(f) if matches!(f.error.downcast_ref(), Some(FigureError::NothingInSweep { .. })) => {
                last = Some(f)
            }
            other => return other,
        }
    }
    Err(last.unwrap_or_else(|| anyhow!("{}: nothing to draw", dir.display()).into()))
}
