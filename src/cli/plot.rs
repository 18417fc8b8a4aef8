//! `gradfade plot`: figures from run folders.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use super::open::{self, read_runs};
use super::{CommandResult, Failure, output, sweep};
use crate::figure::chart::Figure;
use crate::figure::sweep::SWEEP_FIGURES;
use crate::figure::{self, FIGURES, FigureError, GradientMetric, Options, Runs};
use crate::names::did_you_mean;
use crate::record::trial::Trials;
use crate::record::{Record, TensorKind};
use crate::render::{self, ColourMap, Format, Style, Theme};
use crate::source::Kind;
use crate::text::Lang;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  gradfade plot --list
  gradfade plot runs/sigmoid --figure gradient-heatmap --out figures
  gradfade plot runs/sigmoid runs/relu --figure comparison --theme dark
  gradfade plot sweeps/lecture --figure accuracy-by-depth
  gradfade plot runs/sigmoid-remedies --figure remedy
  gradfade plot runs/sigmoid --figure gradient-heatmap --format pdf --lang zh
  gradfade plot runs/sigmoid --figure layer-profile --csv --x-log")]
pub struct Args {
    /// Run folders, or the folder of one sweep, or of remedies
    #[arg(value_name = "RUN", required_unless_present = "list")]
    runs: Vec<PathBuf>,
    /// Names of the figures [default: all that can be drawn of these runs]
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    figure: Vec<String>,
    /// List the figures
    #[arg(long)]
    list: bool,
    /// svg, png, pdf
    #[arg(long, value_name = "FORMAT,..", value_delimiter = ',', default_value = "svg,png")]
    format: Vec<Format>,
    /// Folder of the pictures
    #[arg(long, value_name = "DIR", default_value = "figures")]
    out: PathBuf,
    /// Also write the plotted numbers as CSV
    #[arg(long)]
    csv: bool,
    #[command(flatten)]
    look: Look,
    /// Logarithmic step axis
    #[arg(long)]
    x_log: bool,
    /// Draw the bias vectors instead of the weight matrices
    #[arg(long)]
    bias: bool,
    /// What gradient-heatmap and comparison draw: batch-mean, per-parameter, per-sample or signal
    #[arg(long, value_name = "NAME", value_parser = gradient)]
    gradient: Option<GradientMetric>,
    /// update-heatmap: absolute norms instead of norms relative to the parameters
    #[arg(long)]
    absolute: bool,
    /// Replace pictures that are already there
    #[arg(long)]
    force: bool,
}

/// How pictures look, and which language they speak.
#[derive(clap::Args, Clone)]
pub struct Look {
    /// light or dark
    #[arg(long, value_name = "NAME", default_value = "light")]
    theme: Theme,
    /// viridis or cividis
    #[arg(long, value_name = "NAME", default_value = "viridis")]
    colour_map: ColourMap,
    /// PNG pixels per CSS pixel
    #[arg(long, value_name = "X", default_value_t = 2.0, value_parser = scale)]
    scale: f64,
    /// Language of all text: en or zh (Chinese)
    #[arg(long, value_name = "LANG", default_value = "en", value_parser = language)]
    pub lang: Lang,
    /// A TrueType or OpenType font for characters that the built-in one lacks (Latin, Greek, Chinese)
    #[arg(long, value_name = "FILE")]
    font: Option<PathBuf>,
}

impl Look {
    /// Puts the font to use. Asked before anything is computed.
    pub fn prepare(&self) -> anyhow::Result<()> {
        use_font(self.font.as_deref())
    }

    pub fn style(&self) -> Style {
        Style { theme: self.theme, colour_map: self.colour_map, scale: self.scale }
    }
}

/// `--lang`
pub(super) fn language(text: &str) -> Result<Lang, String> {
    Lang::ALL
        .into_iter()
        .find(|lang| lang.tag().eq_ignore_ascii_case(text))
        .ok_or_else(|| format!("there are: {}", Lang::ALL.map(Lang::tag).join(", ")))
}

/// In bytes; the largest fonts of Chinese have some 50 MiB.
const LONGEST_FONT: u64 = 256 << 20;

/// Puts `--font` to use. Asked before anything is computed.
pub(super) fn use_font(file: Option<&Path>) -> anyhow::Result<()> {
    let Some(path) = file else { return Ok(()) };
    let data =
        crate::files::read(path, LONGEST_FONT).with_context(|| format!("--font {}: cannot read it", path.display()))?;
    crate::font::use_font(data).with_context(|| format!("--font {}", path.display()))
}

/// Says which characters no font has: they are drawn as boxes, or not at all.
pub(super) fn warn_of_missing_characters(figures: &[Figure]) {
    let said: String = figures.iter().flat_map(figure::words).collect();
    let missing: Vec<String> = crate::font::missing_glyphs(&said).iter().map(char::to_string).collect();
    if !missing.is_empty() {
        let list = missing.join(" ");
        output::say(format!("gradfade: warning: no font for {list}; give one that has them with --font FILE"));
    }
}

fn scale(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(x) if (0.25..=16.0).contains(&x) => Ok(x),
        _ => Err("give a number from 0.25 to 16".into()),
    }
}

pub(super) fn gradient(text: &str) -> Result<GradientMetric, String> {
    GradientMetric::ALL.into_iter().find(|m| m.name() == text).ok_or_else(|| {
        let names = GradientMetric::ALL.map(GradientMetric::name);
        let hint = did_you_mean(text, names);
        format!("unknown gradient{hint}; known: {}", names.join(", "))
    })
}

pub fn run(args: Args) -> CommandResult {
    if args.list {
        let mut list = String::new();
        for spec in FIGURES {
            let runs = if spec.runs == Runs::Many { "2+ runs" } else { "1 run" };
            list += &format!("{:22} {:8} {}\n", spec.name, runs, spec.summary);
        }
        for spec in SWEEP_FIGURES {
            list += &format!("{:22} {:8} {}\n", spec.name, "sweep", spec.summary);
        }
        list += &format!("{:22} {:8} {}\n", figure::remedy::NAME, "remedies", figure::remedy::SUMMARY);
        output::print(list)?;
        return Ok(ExitCode::SUCCESS);
    }
    args.look.prepare()?;
    let options = Options {
        x_log: args.x_log,
        tensor: if args.bias { TensorKind::Bias } else { TensorKind::Weight },
        gradient: args.gradient,
        absolute_updates: args.absolute,
        lang: args.look.lang,
    };
    // Everything is built before anything is written.
    let figures = match open::kind(&args.runs)? {
        Kind::Sweep => sweep::plot(&args.runs[0], &args.figure, &options, |names| args.may_write(names))?,
        Kind::Remedies => {
            vec![of_remedies(&args.runs[0], &args.figure, &options, |names| args.may_write(names))?]
        }
        _ => of_runs(&args, &options)?,
    };
    output::writable_folder(&args.out)?;
    save_all(&figures, &args.look, &args.format, &args.out, args.csv)?;
    Ok(ExitCode::SUCCESS)
}

impl Args {
    /// Fails when a file of these figures is there already and may not be replaced.
    fn may_write(&self, names: &[String]) -> anyhow::Result<()> {
        let mut files = Vec::new();
        for name in names {
            files.extend(without_repeats(&self.format).iter().map(|f| self.out.join(format!("{name}.{f}"))));
            if self.csv {
                files.push(self.out.join(format!("{name}.csv")));
            }
        }
        output::may_write(&files, self.force)
    }
}

fn of_runs(args: &Args, options: &Options) -> Result<Vec<Figure>, Failure> {
    let names = names(&args.figure, args.runs.len())?;
    let runs = read_runs(&args.runs)?;
    args.may_write(&names)?;
    build_all(&names, &runs, !args.figure.is_empty(), options)
}

/// Figures of runs; `chosen` if they were named on the command line.
pub(super) fn build_all(
    names: &[String],
    runs: &[Record],
    chosen: bool,
    options: &Options,
) -> Result<Vec<Figure>, Failure> {
    let mut figures = Vec::new();
    for name in names {
        match figure::build(name, runs, options) {
            Ok(figure) => figures.push(figure),
            // It is no failure if a record holds nothing for a figure that was not named on the command line.
            Err(error @ FigureError::Nothing { .. }) if !chosen => output::say(format!("gradfade: {error}; left out")),
            Err(error @ FigureError::RunCount { .. }) => return Err(Failure::usage(error)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(figures)
}

/// The figure of remedies; `asked` may name no other.
pub(super) fn of_remedies(
    dir: &Path,
    asked: &[String],
    options: &Options,
    may_write: impl FnOnce(&[String]) -> anyhow::Result<()>,
) -> Result<Figure, Failure> {
    let name = figure::remedy::NAME;
    if let Some(other) = asked.iter().find(|f| *f != name) {
        let error = anyhow::anyhow!(
            "--figure: '{other}' is not drawn from a folder of remedies; known: {name}; the runs in it have the others"
        );
        return Err(Failure::usage(error));
    }
    may_write(&[name.to_string()])?;
    Ok(figure::remedy::build(&Trials::read(dir)?, options)?)
}

/// Saves figures in a folder that is there, and says nothing of it.
pub(super) fn save_quietly(figures: &[Figure], look: &Look, formats: &[Format], folder: &Path) -> anyhow::Result<()> {
    warn_of_missing_characters(figures);
    for figure in figures {
        render::save(figure, &look.style(), &without_repeats(formats), folder)?;
    }
    Ok(())
}

/// Saves figures in a folder that is there, and prints where.
pub(super) fn save_all(
    figures: &[Figure],
    look: &Look,
    formats: &[Format],
    folder: &Path,
    csv: bool,
) -> anyhow::Result<()> {
    let formats = without_repeats(formats);
    warn_of_missing_characters(figures);
    for figure in figures {
        for path in render::save(figure, &look.style(), &formats, folder)? {
            output::print(format!("{}\n", path.display()))?;
        }
        if csv {
            let path = folder.join(format!("{}.csv", figure.name));
            let mut table = Vec::new();
            figure::write_csv(figure, &mut table)?;
            output::write(&path, &table)?;
            output::print(format!("{}\n", path.display()))?;
        }
    }
    Ok(())
}

/// The figures asked for, or all that draw this number of runs.
pub(super) fn names(asked: &[String], runs: usize) -> Result<Vec<String>, Failure> {
    if asked.is_empty() {
        let fits = |of: Runs| (of == Runs::Many) == (runs > 1);
        return Ok(FIGURES.iter().filter(|s| fits(s.runs)).map(|s| s.name.to_string()).collect());
    }
    for name in asked {
        if !FIGURES.iter().any(|s| s.name == name) {
            let known: Vec<&str> = FIGURES.iter().map(|s| s.name).collect();
            let hint = did_you_mean(name, known.iter().copied());
            let list = known.join(", ");
            return Err(Failure::usage(anyhow::anyhow!("--figure: unknown figure '{name}'{hint}; known: {list}")));
        }
    }
    Ok(without_repeats(asked))
}

fn without_repeats<T: Clone + PartialEq>(all: &[T]) -> Vec<T> {
    let mut once = Vec::new();
    for item in all {
        if !once.contains(item) {
            once.push(item.clone());
        }
    }
    once
}
