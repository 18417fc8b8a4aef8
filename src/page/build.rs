//! From records to [`Data`]: the numbers and words are those of the figures.

use super::code::{Codes, Held};
use super::columns::{self, Increasing};
use super::data::{Clock, Curve, Data, Grid, Group, Metric, Run, Strip, Words};
use super::{PageError, PageOptions};
use crate::analysis::Summary;
use crate::analysis::trajectory::sketch_error;
use crate::figure::chart::{AxisKind, ColourScale, Figure, Heatmap, Panel, Stroke};
use crate::figure::{self, FigureError, FigureSpec, GradientMetric, Options};
use crate::record::{GRAD_RMS, Record};
use crate::render::{ColourMap, special_tile};
use crate::stats::Measured;
use crate::text::{Lang, Quantity, Shown, brief_layer_name};

/// The static figure compares so many runs of a depth, the first ones.
const SIDE_BY_SIDE: usize = 4;

/// Findings of more runs than this are no title.
const IN_A_TITLE: usize = 2;

/// Decades of a colour scale, as in the figures.
const MAX_DECADES: f64 = 45.0;

/// The metrics in [`SHOWN`] that have a column for each recorded step.
pub const STEP_METRICS: usize = 3;

/// What can be switched to, in the order of the buttons, and the figure that each is taken from.
const SHOWN: [(Shown, FigureSpec); 5] = [
    (Shown::Gradient, figure::gradient::GRADIENT),
    (Shown::Signal, figure::gradient::SIGNAL),
    (Shown::Update, figure::updates::SPEC),
    (Shown::Movement, figure::movement::SPEC),
    (Shown::Convergence, figure::convergence::SPEC),
];

/// The five special kinds in the order of the codes.
const KINDS: [Measured; 5] = Measured::SPECIAL;

/// A figure of one run, opened.
struct Drawn {
    finding: String,
    heatmap: Heatmap,
    scale: ColourScale,
}

/// Data of runs that are sorted by depth, and the figures that stand for the page where no script runs (of
/// the first group).
pub fn build(runs: &[Record], options: &PageOptions) -> Result<(Data, Option<Figure>), PageError> {
    let lang = options.lang;
    let summaries =
        runs.iter().map(Summary::new).collect::<Result<Vec<_>, _>>().map_err(FigureError::from)?;
    let gradient = options.gradient.unwrap_or_else(|| default_gradient(&summaries));
    let figure_options = Options::new(lang).with(Some(gradient));
    let names = names(lang, &summaries);

    let mut drawn: Vec<Vec<Option<Drawn>>> = Vec::new();
    let mut strips = Vec::new();
    for (record, summary) in runs.iter().zip(&summaries) {
        let (mut row, mut curves) = (Vec::new(), Vec::new());
        for (_, spec) in SHOWN {
            let figure = match spec.build(std::slice::from_ref(record), &figure_options) {
                Ok(figure) => Some(figure),
                Err(FigureError::Nothing { .. }) => None,
                Err(error) => return Err(error.into()),
            };
            if let (Some(figure), true) = (&figure, curves.is_empty()) {
                curves = self::strips(figure);
            }
            row.push(figure.and_then(|f| opened(lang, summary, f)));
        }
        if row.iter().all(Option::is_none) {
            return Err(PageError::Nothing { run: record.header.run.clone() });
        }
        drawn.push(row);
        strips.push(curves);
    }
    // A button for what no run holds would show nothing.
    let shown: Vec<usize> = (0..SHOWN.len()).filter(|&m| drawn.iter().any(|row| row[m].is_some())).collect();
    let metrics = shown.iter().map(|&m| metric(lang, SHOWN[m].0, gradient, m, &drawn, &summaries)).collect();

    let step_rows: usize = summaries.iter().map(|s| STEP_METRICS * s.layers()).sum();
    let most = columns::most(step_rows);
    let mut data_runs: Vec<Run> = summaries
        .iter()
        .zip(&drawn)
        .zip(strips)
        .zip(&names)
        .map(|(((summary, drawn), strips), name)| run(lang, summary, name, &shown, drawn, strips, most))
        .collect();
    let (groups, figures): (Vec<Group>, Vec<Option<Figure>>) =
        groups(lang, runs, &summaries, &names, &figure_options)?.into_iter().unzip();
    for group in &groups {
        share_axes(&mut data_runs[group.from..group.to]);
    }
    // The deepest networks are what a page of vanishing gradients is about.
    let start = groups.len() - 1;
    let figure = figures.into_iter().nth(start).flatten();
    let data = Data {
        words: words(lang),
        colours: colours(options.colour_map),
        tiles: (0..KINDS.len()).map(tile).collect(),
        metrics,
        groups,
        start,
        runs: data_runs,
    };
    Ok((data, figure))
}

/// One sample's gradient where every run holds it at most steps, as in `comparison`: an average over the batch can hide
/// what depth does.
fn default_gradient(summaries: &[Summary]) -> GradientMetric {
    match summaries.iter().all(|s| s.layer_grid(GRAD_RMS).mostly_measured()) {
        true => GradientMetric::PerSample,
        false => GradientMetric::BatchMean,
    }
}

/// Names of the runs, told apart among those of one depth.
fn names(lang: Lang, summaries: &[Summary]) -> Vec<String> {
    let key = |s: &Summary| (s.hidden(), figure::run_name(lang, s));
    let mut names: Vec<String> = summaries.iter().map(|s| key(s).1).collect();
    for i in 0..summaries.len() {
        let alike: Vec<usize> =
            (0..summaries.len()).filter(|&j| key(&summaries[j]) == key(&summaries[i])).collect();
        if alike.len() > 1 && alike[0] == i {
            let group: Vec<Summary> = alike.iter().map(|&j| summaries[j].clone()).collect();
            for (j, name) in alike.iter().zip(figure::run_names(lang, &group)) {
                names[*j] = name;
            }
        }
    }
    names
}

/// The heatmap of a figure, its scale, and its title without the run's name.
fn opened(lang: Lang, summary: &Summary, figure: Figure) -> Option<Drawn> {
    let heatmap = figure.panels.iter().find_map(|p| match &p.panel {
        Panel::Heatmap(h) => Some(h.without_bare_rows()),
        Panel::Lines(_)
        | Panel::Rows(_)
        | Panel::Flow(_)
        | Panel::Dots(_)
        | Panel::Maps(_)
        | Panel::Ridges(_) => None,
    })?;
    let scale = figure.scales.get(heatmap.scale)?.clone();
    let name = figure::run_name(lang, summary);
    let rest = |head: &str| {
        let with_mark = lang.title(head, &["\0".to_string()]);
        let prefix = with_mark.split('\0').next()?;
        figure.title.strip_prefix(prefix).map(str::to_string)
    };
    let finding =
        rest(&figure::head(lang, &name, summary)).or_else(|| rest(&name)).unwrap_or(figure.title.clone());
    Some(Drawn { finding, heatmap, scale })
}

fn quantity(shown: Shown, gradient: GradientMetric) -> Quantity {
    match shown {
        Shown::Gradient => gradient.quantity(),
        Shown::Signal => Quantity::Signal,
        Shown::Update => Quantity::DrivenRelative,
        Shown::Movement => Quantity::Movement,
        Shown::Convergence => Quantity::Remaining,
    }
}

fn metric(
    lang: Lang,
    shown: Shown,
    gradient: GradientMetric,
    index: usize,
    drawn: &[Vec<Option<Drawn>>],
    summaries: &[Summary],
) -> Metric {
    let all = || drawn.iter().filter_map(|row| row[index].as_ref());
    let scales = || all().map(|d| &d.scale);
    let high = scales().map(|s| s.high).fold(f64::NEG_INFINITY, f64::max);
    let low = scales().map(|s| s.low).fold(f64::INFINITY, f64::min);
    let (logarithmic, percent) = scales().next().map_or((true, false), |s| (s.logarithmic, s.percent));
    let low = if logarithmic { low.max(high - MAX_DECADES) } else { low };
    let mut special: Vec<(usize, String)> = Vec::new();
    for words in scales().flat_map(special_words) {
        if !special.contains(&words) {
            special.push(words);
        }
    }
    special.sort_by_key(|s| s.0);
    let cells =
        || all().flat_map(|d| d.heatmap.cells.iter().flatten().filter_map(|c| d.scale.values().place(*c)));
    let share =
        |is: &dyn Fn(f64) -> bool| cells().filter(|x| is(*x)).count() as f64 / cells().count().max(1) as f64;
    let mut explain = vec![match shown {
        Shown::Update => lang.explain_update(true, false),
        Shown::Convergence => lang.explain_convergence(crate::analysis::STILL_RANDOM),
        _ => lang.explain(quantity(shown, gradient), false),
    }];
    if shown == Shown::Convergence {
        let mut buckets: Vec<usize> = summaries.iter().filter_map(|s| s.header().sketch_buckets).collect();
        buckets.sort_unstable();
        explain.extend(buckets.first().map(|b| lang.sketch_note(sketch_error(*b))));
    }
    if logarithmic {
        explain.push(lang.clamped_note(share(&|x| x < low), share(&|x| x > high)));
    }
    Metric {
        name: lang.shown(shown),
        label: scales().next().map_or_else(String::new, |s| s.label.clone()),
        explain: lang.sentences(&explain),
        low,
        high,
        logarithmic,
        percent,
        special,
    }
}

fn special_words(scale: &ColourScale) -> Vec<(usize, String)> {
    let kind = |cell: &Measured| KINDS.iter().position(|k| k == cell);
    scale.special.iter().filter_map(|(cell, words)| Some((kind(cell)?, words.clone()))).collect()
}

fn run(
    lang: Lang,
    summary: &Summary,
    name: &str,
    shown: &[usize],
    drawn: &[Option<Drawn>],
    strips: Vec<Strip>,
    most: usize,
) -> Run {
    let record = summary.record();
    let held: Vec<Option<Vec<Vec<Held>>>> = drawn
        .iter()
        .map(|d| {
            let d = d.as_ref()?;
            let held = |row: &Vec<Measured>| row.iter().map(|c| Held::of(*c)).collect();
            Some(d.heatmap.cells.iter().map(held).collect())
        })
        .collect();
    let mut clocks: Vec<Clock> = Vec::new();
    let mut grids: Vec<Option<Grid>> = Vec::new();
    for &m in shown {
        let (Some(d), Some(values)) = (&drawn[m], &held[m]) else {
            grids.push(None);
            continue;
        };
        let (heatmap, columns) = (&d.heatmap, d.heatmap.edges.len() - 1);
        // Heatmaps on the same moments are thinned alike, so that they share a clock.
        let together: Vec<&Vec<Vec<Held>>> = (drawn.iter().zip(&held))
            .filter(|(other, _)| other.as_ref().is_some_and(|o| o.heatmap.edges == heatmap.edges))
            .filter_map(|(_, values)| values.as_ref())
            .collect();
        let alarm = |c: usize| together.iter().any(|grid| grid.iter().any(|row| row[c].is_alarm()));
        let kept = columns::thin(columns, most, alarm);
        let moments = moments(SHOWN[m].0, record, columns);
        let edges = kept.iter().map(|k| heatmap.edges[k.rows.start]).chain(heatmap.edges.last().copied());
        let clock = Clock {
            edges: Increasing::of(&edges.collect::<Vec<_>>()),
            at: Increasing::of(&kept.iter().map(|k| moments[k.shown]).collect::<Vec<_>>()),
        };
        let index = clocks.iter().position(|c| *c == clock).unwrap_or_else(|| {
            clocks.push(clock);
            clocks.len() - 1
        });
        let flat: Vec<Held> = values.iter().flat_map(|row| kept.iter().map(|k| row[k.shown])).collect();
        grids.push(Some(Grid {
            clock: index,
            finding: d.finding.clone(),
            values: Codes::of(&flat),
            held: flat,
            special: special_words(&d.scale),
            masks: heatmap.masks.iter().map(|v| (v.first, v.last, v.words.clone())).collect(),
        }));
    }
    let layers = summary.layers();
    Run {
        name: name.to_string(),
        rows: figure::layer_rows(summary, layers, lang),
        names: layer_names(summary),
        step_label: lang.step_axis(record.header.steps_per_epoch),
        end: summary.end(),
        clocks,
        grids,
        strips,
    }
}

/// Own names of a run's layers; empty where no layer has one.
fn layer_names(summary: &Summary) -> Vec<String> {
    let names: Vec<Option<&str>> = (0..summary.layers()).map(|l| summary.layer(l).own_name()).collect();
    match names.iter().any(Option::is_some) {
        true => names.into_iter().map(|name| name.map(brief_layer_name).unwrap_or_default()).collect(),
        false => Vec::new(),
    }
}

/// The steps that the values of a heatmap's columns belong to.
fn moments(shown: Shown, record: &Record, columns: usize) -> Vec<f64> {
    let steps = match shown {
        Shown::Gradient | Shown::Signal | Shown::Update => record.steps.step(),
        Shown::Movement | Shown::Convergence => record.snapshots.step(),
    };
    // A snapshot at step 0 has no column where nothing can have moved yet.
    steps[steps.len().saturating_sub(columns)..].iter().map(|s| *s as f64).collect()
}

fn strips(figure: &Figure) -> Vec<Strip> {
    let lines = figure.panels.iter().filter_map(|p| match &p.panel {
        Panel::Lines(l) => Some(l),
        Panel::Heatmap(_)
        | Panel::Rows(_)
        | Panel::Flow(_)
        | Panel::Dots(_)
        | Panel::Maps(_)
        | Panel::Ridges(_) => None,
    });
    lines
        .map(|l| Strip {
            label: l.y.label.clone(),
            low: l.y.low,
            high: l.y.high,
            logarithmic: l.y.kind == AxisKind::Log10,
            percent: l.y.percent,
            series: l
                .series
                .iter()
                .map(|s| Curve {
                    label: s.label.clone(),
                    style: match s.style {
                        Stroke::Solid => "solid",
                        Stroke::Dashed => "dashed",
                        Stroke::Dotted => "dotted",
                        Stroke::Faint => "faint",
                    },
                    colour: s.colour,
                    x: Increasing::of(&s.points.iter().map(|p| p.0).collect::<Vec<_>>()),
                    y: s.points.iter().map(|p| p.1.map(four_digits)).collect(),
                })
                .collect(),
            marks: l.marks.clone(),
        })
        .collect()
}

/// Curves of one quantity get one axis in all runs that stand side by side: two that look alike are alike.
fn share_axes(runs: &mut [Run]) {
    let mut labels: Vec<String> = Vec::new();
    for strip in runs.iter().flat_map(|r| &r.strips) {
        if !labels.contains(&strip.label) {
            labels.push(strip.label.clone());
        }
    }
    for label in labels {
        let mut strips: Vec<&mut Strip> =
            runs.iter_mut().flat_map(|r| &mut r.strips).filter(|s| s.label == label).collect();
        let values = || strips.iter().flat_map(|s| &s.series).flat_map(|c| c.y.iter().flatten().copied());
        let positive = values().all(|y| y > 0.0) && strips.iter().all(|s| s.marks.iter().all(|m| m.0 > 0.0));
        let logarithmic = positive && strips.iter().any(|s| s.logarithmic);
        let ends = |s: &&mut Strip| (s.logarithmic == logarithmic).then_some((s.low, s.high));
        // An axis of the other kind may have ends that are none here (zero), so its values count instead.
        let (low, high) = strips.iter().filter_map(ends).fold(
            values().fold((f64::INFINITY, f64::NEG_INFINITY), |e, y| (e.0.min(y), e.1.max(y))),
            |e, (low, high)| (e.0.min(low), e.1.max(high)),
        );
        for strip in &mut strips {
            (strip.low, strip.high, strip.logarithmic) = (low, high, logarithmic);
        }
    }
}

/// A curve's value, short.
fn four_digits(x: f64) -> f64 {
    format!("{x:.3e}").parse().unwrap_or(x)
}

/// The depths, each with its title, caption and static figure.
fn groups(
    lang: Lang,
    runs: &[Record],
    summaries: &[Summary],
    names: &[String],
    options: &Options,
) -> Result<Vec<(Group, Option<Figure>)>, PageError> {
    let mut out: Vec<(Group, Option<Figure>)> = Vec::new();
    let mut from = 0;
    while from < summaries.len() {
        let hidden = summaries[from].hidden();
        let to = from + summaries[from..].iter().take_while(|s| s.hidden() == hidden).count();
        let few = &runs[from..to.min(from + SIDE_BY_SIDE)];
        let spec = if few.len() == 1 { figure::gradient::GRADIENT } else { figure::comparison::SPEC };
        let figure = match spec.build(few, options) {
            Ok(figure) => Some(figure),
            Err(FigureError::Nothing { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let title = match &figure {
            _ if to - from > IN_A_TITLE => lang.runs_of_depth(to - from, hidden),
            Some(figure) => figure.title.clone(),
            None => lang.list(&names[from..to]),
        };
        let caption = figure::caption_of_many(lang, &summaries[from..to]);
        out.push((Group { hidden, from, to, title, caption }, figure));
        from = to;
    }
    Ok(out)
}

fn words(lang: Lang) -> Words {
    Words {
        cell: lang.place_cell(),
        value: lang.place_value(),
        remark: lang.place_remark(),
        step: lang.place_step(),
        play: lang.play(),
        pause: lang.pause(),
        not_reached: lang.not_reached(),
        not_recorded: lang.not_in_this_run(),
        layer_axis: lang.layer_axis(),
        input_side: lang.input_side(),
        output_side: lang.output_side(),
    }
}

fn colours(map: ColourMap) -> String {
    (0..256).map(|i| map.at(f64::from(i) / 255.0).to_string().trim_start_matches('#').to_string()).collect()
}

fn tile(kind: usize) -> Vec<String> {
    special_tile(kind)
        .iter()
        .map(|row| row.iter().map(|ink| if *ink { '1' } else { '0' }).collect())
        .collect()
}
