//! `gradfade plot`: figures from run folders.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use super::open::{self, read_runs};
use super::{CommandResult, Failure, output, sweep};
use crate::activation::Activation;
use crate::analysis::histogram::Counted;
use crate::figure::chart::Figure;
use crate::figure::distribution_time::OneLayer;
use crate::figure::functions::Functions;
use crate::figure::routes::RoutedLayer;
use crate::figure::sweep::by::By;
use crate::figure::updates::Norms;
use crate::figure::{
    self, Drawn, Draws, FIGURES, FigureError, FigureSpec, GradientMetric, Hidden, Input, Options, Size,
    StepAxis,
};
use crate::import::Pattern;
use crate::names::{NameError, did_you_mean};
use crate::record::Record;
use crate::record::trial::Trials;
use crate::render::{self, ColourMap, Format, RenderError, Style, Theme};
use crate::replay;
use crate::source::Kind;
use crate::text::{Lang, columns};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  gradfade plot --list
  gradfade plot runs/sigmoid --figure gradient-heatmap --out figures
  gradfade plot runs/sigmoid runs/relu --figure comparison --theme dark
  gradfade plot sweeps/lecture --figure accuracy-by-depth
  gradfade plot runs/sigmoid-remedies --figure remedy
  gradfade plot runs/sigmoid --figure gradient-heatmap --format pdf --lang zh
  gradfade plot runs/sigmoid --figure layer-profile --csv --x-log
  gradfade plot sweeps/rates --figure accuracy-by --by learning-rate
  gradfade plot --figure activation-curves --activations all
  gradfade plot runs/saved --figure pooling-routes,first-layer --sample 5
  gradfade plot runs/deep --figure gradient-heatmap --layers 'conv|fc'")]
pub struct Args {
    /// Run folders, or the folder of one sweep, or of remedies; none for a figure that needs none
    #[arg(value_name = "RUN", required_unless_present_any = ["list", "figure"])]
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
    /// What distributions and distribution-over-time draw: activation, pre-activation or signal
    #[arg(long, value_name = "NAME", default_value = "activation", value_parser = counted)]
    distribution: Counted,
    /// distribution-over-time: which layer with weights, counted from the input [default: the one that is
    /// most at the ends of its function, or most often zero]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    layer: Option<u32>,
    /// Draw only layers whose name or tensor matches this regular expression, such as 'conv|fc'; they are
    /// numbered among themselves
    #[arg(long, value_name = "REGEX", value_parser = pattern)]
    layers: Option<Pattern>,
    /// pooling-routes: the sample of the training set, counted from 1 [default: 1]
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// pooling-routes: which max pooling or maxout layer, counted from the input [default: 1]
    #[arg(long, value_name = "N")]
    pooling: Option<usize>,
    /// activation-curves: which activation functions, or all [default: those of the run; without one
    /// sigmoid,relu]
    #[arg(long, value_name = "NAME,..", value_delimiter = ',', value_parser = functions)]
    activations: Vec<Functions>,
    /// accuracy-by: one setting that the sweep varies, or two for a map, such as learning-rate,dropout
    #[arg(long, value_name = "SETTING,..", value_delimiter = ',', num_args = 1)]
    by: Vec<String>,
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
    /// What the figures are laid out for, with text of at least 7 pt (slides: 18 of 720 lines): screen, column
    /// (8 cm), text (12 cm), page (17 cm), slide (1280 x 720 pixels), beamer (14 x 7 cm), square (720 x 720 pixels)
    #[arg(long, value_name = "SIZE", default_value = "screen")]
    size: Size,
    /// Leave out the title and the line under it, where the text beside the figure says them
    #[arg(long)]
    no_title: bool,
    /// Leave out the settings under the figure
    #[arg(long)]
    no_footer: bool,
    /// Draw no background
    #[arg(long)]
    transparent: bool,
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

    /// The options of every figure that is drawn.
    pub fn options(&self) -> Options {
        let hidden = Hidden { title: self.no_title, footer: self.no_footer };
        Options::new(self.lang).with(self.size).with(hidden)
    }

    pub fn style(&self) -> Style {
        Style {
            theme: self.theme,
            colour_map: self.colour_map,
            scale: self.scale,
            transparent: self.transparent,
        }
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
    let data = crate::files::read(path, LONGEST_FONT)
        .with_context(|| format!("--font {}: cannot read it", path.display()))?;
    crate::font::use_font(data).with_context(|| format!("--font {}", path.display()))
}

/// Says which characters no font has: they are drawn as boxes, or not at all. And which ones only a viewer of SVG
/// sets as they are written.
pub(super) fn warn_of_missing_characters(figures: &[Figure]) {
    let said: String = figures.iter().flat_map(figure::words).collect();
    let list = |chars: Vec<char>| chars.iter().map(char::to_string).collect::<Vec<_>>().join(" ");
    let missing = crate::font::missing_glyphs(&said);
    let mut unshaped = crate::font::unshaped_letters(&said);
    unshaped.retain(|c| !missing.contains(c));
    if !missing.is_empty() {
        let list = list(missing);
        output::say(format!(
            "gradfade: warning: no font for {list}; give one that has them with --font FILE"
        ));
    }
    if !unshaped.is_empty() {
        let list = list(unshaped);
        output::say(format!(
            "gradfade: warning: PNG and PDF show {list} one by one from left to right; use SVG, where the viewer joins and orders them"
        ));
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

fn counted(text: &str) -> Result<Counted, String> {
    Counted::ALL.into_iter().find(|c| c.name() == text).ok_or_else(|| {
        let names = Counted::ALL.map(Counted::name);
        format!("unknown quantity{}; known: {}", did_you_mean(text, names), names.join(", "))
    })
}

pub fn run(args: Args) -> CommandResult {
    if args.list {
        let mut list = String::new();
        for spec in FIGURES {
            let lang = args.look.lang;
            let from = lang.figure_draws(spec.draws().name());
            let blanks = " ".repeat(8usize.saturating_sub(columns(from)));
            list +=
                &format!("{:22} {from}{blanks} {}\n", spec.name, lang.figure_shows(spec.name, spec.summary));
        }
        output::print(list)?;
        return Ok(ExitCode::SUCCESS);
    }
    args.look.prepare()?;
    let options = args.options();
    // Everything is built before anything is written.
    let mut figures = match open::kind(&args.runs)? {
        Kind::Sweep => sweep::plot(&args.runs[0], &args.figure, &options, |specs| args.may_write(specs))?,
        Kind::Remedies => of_remedies(&args.runs[0], &args.figure, &options, |specs| args.may_write(specs))?,
        _ => of_runs(&args, &options)?,
    };
    args.fitting(&mut figures)?;
    output::writable_folder(&args.out)?;
    save_all(&figures, &args.look, &args.format, &args.out, args.csv)?;
    Ok(ExitCode::SUCCESS)
}

impl Args {
    fn options(&self) -> Options {
        self.look
            .options()
            .with(if self.x_log { StepAxis::Log } else { StepAxis::Linear })
            .with(if self.bias { Drawn::Biases } else { Drawn::Weights })
            .with(self.gradient)
            .with(if self.absolute { Norms::Absolute } else { Norms::Relative })
            .with(RoutedLayer(self.pooling.unwrap_or(1)))
            .with(By(self.by.iter().map(|name| name.trim().replace('-', "_")).collect()))
            .with(Functions(self.activations.iter().flat_map(|f| f.0.clone()).collect()))
            .with(self.distribution)
            .with(OneLayer(self.layer.map(|n| n as usize)))
    }

    /// Leaves out what a sheet of a chosen size does not hold, unless it was named.
    fn fitting(&self, figures: &mut Vec<Figure>) -> anyhow::Result<()> {
        let asked = !self.figure.is_empty();
        for at in (0..figures.len()).rev() {
            match render::fits(&figures[at]) {
                Err(error @ RenderError::DoesNotFit { .. }) if !asked => {
                    output::say(format!("gradfade: {error}; left out"));
                    figures.remove(at);
                }
                other => other?,
            }
        }
        Ok(())
    }

    /// Fails when a file of these figures is there already and may not be replaced.
    fn may_write(&self, figures: &[&FigureSpec]) -> anyhow::Result<()> {
        let mut files = Vec::new();
        for name in figures.iter().map(|spec| spec.name) {
            files.extend(without_repeats(&self.format).iter().map(|f| self.out.join(format!("{name}.{f}"))));
            if self.csv {
                files.push(self.out.join(format!("{name}.csv")));
            }
        }
        output::may_write(&files, self.force)
    }
}

fn of_runs(args: &Args, options: &Options) -> Result<Vec<Figure>, Failure> {
    let mut figures = chosen(&args.figure, runs_of(args.runs.len()))?;
    let asked = !args.figure.is_empty();
    if let ([run], false) = (&args.runs[..], asked)
        && replay::has_weights(run)
    {
        figures.extend(FigureSpec::all_of(Draws::Weights));
    }
    let mut runs = read_runs(&args.runs)?;
    if let Some(pattern) = &args.layers {
        for run in &mut runs {
            *run = only_layers(run, pattern)?;
        }
        figures.retain(|spec| spec.draws() != Draws::Weights || asked);
    }
    args.may_write(&figures)?;
    let mut built = build_of_runs(&figures, &args.runs, &runs, args.sample.unwrap_or(1), asked, options)?;
    if let Some(pattern) = &args.layers {
        let note = options.lang.chosen_layers_note(pattern.as_str());
        built.iter_mut().for_each(|figure| {
            figure.subtitle = options.lang.sentences(&[note.clone(), std::mem::take(&mut figure.subtitle)]);
        });
    }
    Ok(built)
}

/// `--activations`: one of them, or all.
fn functions(text: &str) -> Result<Functions, String> {
    if text == "all" {
        return Ok(Functions(Activation::ALL.iter().map(|(activation, _)| *activation).collect()));
    }
    text.parse().map(|activation| Functions(vec![activation])).map_err(|error: NameError| error.to_string())
}

/// `--layers`
fn pattern(text: &str) -> Result<Pattern, String> {
    Pattern::new(text)
}

/// The layers whose own name, or that of one of their tensors, matches.
fn only_layers(run: &Record, pattern: &Pattern) -> Result<Record, Failure> {
    let header = &run.header;
    let is_in = |l: usize| {
        let mut tensors = header.tensors.iter().filter(|t| t.layer == l + 1);
        pattern.is_in(&header.layers[l].name) || tensors.any(|t| pattern.is_in(&t.name))
    };
    if (0..header.layers.len()).any(is_in) {
        return Ok(run.only_layers(is_in));
    }
    let names = header.layers.iter().map(|layer| layer.name.as_str()).take(5).collect::<Vec<_>>().join(", ");
    let more = if header.layers.len() > 5 { ", ..." } else { "" };
    let error = anyhow::anyhow!(
        "--layers {}: no layer of run `{}` matches; its layers: {names}{more}",
        pattern.as_str(),
        header.run
    );
    Err(Failure::usage(error))
}

/// Builds figures of runs, and those of a run's saved parameters, in which they follow a sample of the
/// training set; `asked` if they were named on the command line.
pub(super) fn build_of_runs(
    figures: &[&FigureSpec],
    paths: &[PathBuf],
    runs: &[Record],
    sample: usize,
    asked: bool,
    options: &Options,
) -> Result<Vec<Figure>, Failure> {
    let weights = |spec: &&&FigureSpec| spec.draws() == Draws::Weights;
    let replayed = match (figures.iter().any(|spec| weights(&spec)), paths, runs) {
        (true, [path], [run]) => match replay::replay(path, run.clone(), sample) {
            Ok(replayed) => Some(replayed),
            Err(error) if error.is_usage() => return Err(Failure::usage(error)),
            Err(error) if asked => return Err(error.into()),
            Err(error) => {
                output::say(format!("gradfade: {error}; its figures are left out"));
                None
            }
        },
        _ => None,
    };
    let inputs = figures.iter().filter_map(|&spec| match &replayed {
        Some(replayed) if weights(&&spec) => Some((spec, Input::Weights(replayed))),
        None if weights(&&spec) => None,
        _ => Some((spec, Input::Runs(runs))),
    });
    build_all(inputs, asked, options)
}

/// What so many run folders are to a figure.
pub(super) fn runs_of(count: usize) -> Draws {
    match count {
        0 => Draws::Nothing,
        1 => Draws::Run,
        _ => Draws::Runs,
    }
}

/// Builds figures; `asked` if they were named on the command line.
fn build_all<'a>(
    figures: impl IntoIterator<Item = (&'a FigureSpec, Input<'a>)>,
    asked: bool,
    options: &Options,
) -> Result<Vec<Figure>, Failure> {
    let (mut built, mut left_out) = (Vec::new(), Vec::new());
    for (spec, input) in figures {
        match spec.build(input, options) {
            Ok(figure) => built.push(figure),
            Err(error) if !asked && error.lacks_nothing() => {}
            // It is no failure if a record holds nothing for a figure that was not named on the command line.
            Err(error @ FigureError::Nothing { .. }) if !asked => left_out.push(error),
            Err(error) => return Err(error.into()),
        }
    }
    say_left_out(&left_out);
    Ok(built)
}

/// One line, however much a record lacks: what it does not hold, each with the figures that draw it.
fn say_left_out(errors: &[FigureError]) {
    let mut lacking: Vec<(&str, Vec<&str>)> = Vec::new();
    for error in errors {
        let FigureError::Nothing { figure, what, .. } = error else { continue };
        match lacking.iter_mut().find(|(other, _)| other == what) {
            Some((_, figures)) => figures.push(figure),
            None => lacking.push((what, vec![figure])),
        }
    }
    match errors {
        [] => {}
        [one] => output::say(format!("gradfade: {one}; left out")),
        [FigureError::Nothing { run, .. }, ..] => {
            let each = lacking.iter().map(|(what, figures)| format!("{what} ({})", figures.join(", ")));
            output::say(format!(
                "gradfade: run `{run}` does not hold all that figures draw; left out for want of: {}",
                each.collect::<Vec<_>>().join("; ")
            ));
        }
        _ => {}
    }
}

/// The figures of remedies.
pub(super) fn of_remedies(
    dir: &Path,
    asked: &[String],
    options: &Options,
    may_write: impl FnOnce(&[&FigureSpec]) -> anyhow::Result<()>,
) -> Result<Vec<Figure>, Failure> {
    let specs = chosen(asked, Draws::Trials)?;
    may_write(&specs)?;
    let trials = Trials::read(dir)?;
    build_all(specs.into_iter().map(|spec| (spec, Input::Trials(&trials))), true, options)
}

/// Saves figures in a folder that is there, and says nothing of it.
pub(super) fn save_quietly(
    figures: &[Figure],
    look: &Look,
    formats: &[Format],
    folder: &Path,
) -> anyhow::Result<()> {
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

/// The figures asked for, or all that are drawn from this.
pub(super) fn chosen(asked: &[String], given: Draws) -> Result<Vec<&'static FigureSpec>, Failure> {
    if asked.is_empty() {
        return Ok(FigureSpec::all_of(given).collect());
    }
    let mut figures = Vec::new();
    for name in without_repeats(asked) {
        let spec = FigureSpec::find(&name).map_err(|error| {
            let known = || FigureSpec::all_of(given).map(|spec| spec.name);
            let hint = match error {
                FigureError::Unknown { .. } => did_you_mean(&name, known()),
                _ => String::new(),
            };
            let list = FigureSpec::all_of(given).map(|s| s.name).collect::<Vec<_>>().join(", ");
            Failure::usage(anyhow::anyhow!("--figure: unknown figure '{name}'{hint}; known: {list}"))
        })?;
        spec.accepts(given).map_err(|error| Failure::usage(anyhow::anyhow!("--figure: {error}")))?;
        figures.push(spec);
    }
    Ok(figures)
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
