//! What the figures say: the finding (title) and the settings (caption).

use super::size::Size;
use crate::analysis::Summary;
use crate::analysis::curves::Ending;
use crate::font;
use crate::record::Status;
use crate::text::Lang;

/// The usual width of a sheet in CSS pixels. A title there has at most so many lines.
const SHEET: f64 = 960.0;
const TITLE_LINES: usize = 2;

/// How many lines a title takes on a sheet of the usual size that is so wide.
pub fn title_lines_on(title: &str, width: f64) -> usize {
    font::title_lines(title, Size::Screen.title(), width - 2.0 * Size::Screen.margin()).len()
}

/// `head: finding; outcome`, without the number of layers where that would grow too long.
pub fn title(lang: Lang, summary: &Summary, clauses: Vec<String>) -> String {
    title_of(lang, summary, false, clauses)
}

/// The same of a figure of one kind of tensor; biases are named, weights are what a reader expects.
pub fn title_of(lang: Lang, summary: &Summary, bias: bool, mut clauses: Vec<String>) -> String {
    // That a run diverged comes before everything else: nothing that follows is of a training that worked.
    let place = if diverged(summary) { 0 } else { clauses.len() };
    clauses.insert(place, outcome(lang, summary));
    clauses.retain(|clause| !clause.is_empty());
    let name = match bias {
        true => lang.biases_of(&name(lang, summary)),
        false => name(lang, summary),
    };
    let full = lang.title(&head(lang, &name, summary), &clauses);
    if title_lines_on(&full, SHEET) <= TITLE_LINES { full } else { lang.title(&name, &clauses) }
}

/// `sigmoid, 8 hidden layers`; the name alone where the record holds nothing by layer, which is no network
/// without hidden layers.
pub fn head(lang: Lang, name: &str, summary: &Summary) -> String {
    if summary.layers() == 0 || summary.header().is_part {
        name.to_string()
    } else {
        lang.head(name, summary.hidden())
    }
}

/// What a figure calls a run: its name, or only the activation where the name was made from settings
/// (`sigmoid-8x100-sgd-seed1`), which the caption gives in words.
pub fn name(lang: Lang, summary: &Summary) -> String {
    let header = summary.header();
    let activation = header.label("activation");
    let seed = header.seed.map(|s| format!("-seed{s}")).unwrap_or_default();
    let made = !activation.is_empty()
        && !seed.is_empty()
        && header.run.ends_with(&seed)
        && header.run.strip_prefix(activation).is_some_and(|rest| rest.starts_with('-'));
    lang.run_name(if made { activation } else { &header.run })
}

pub fn diverged(summary: &Summary) -> bool {
    matches!(summary.header().status, Status::Diverged { .. })
}

/// The step whose parameters early stopping kept: a run's accuracy is theirs.
pub fn kept(summary: &Summary) -> Option<u64> {
    summary.header().early_stop.as_ref().map(|stop| stop.best_step)
}

/// How the training ended, as a clause; empty if it was not measured.
pub fn outcome(lang: Lang, summary: &Summary) -> String {
    if let Status::Diverged { step, .. } = summary.header().status {
        return lang.diverged(step);
    }
    match summary.ending() {
        // Those of a step that need not be the last one: nothing stays and nothing falls.
        Ending::AtChance { accuracy } | Ending::FellBack { accuracy, .. } if kept(summary).is_some() => {
            lang.accuracy_reached(accuracy, kept(summary))
        }
        Ending::AtChance { accuracy } => lang.accuracy_stays(accuracy),
        Ending::FellBack { accuracy, best } => lang.accuracy_fell(best, accuracy),
        Ending::Reached { accuracy } => lang.accuracy_reached(accuracy, kept(summary)),
        Ending::NotEvaluated => String::new(),
    }
}

/// How the training ended, in as few words.
pub fn brief_outcome(lang: Lang, summary: &Summary) -> String {
    if let Status::Diverged { step, .. } = summary.header().status {
        return lang.brief_diverged(step);
    }
    match summary.ending() {
        Ending::AtChance { accuracy } | Ending::FellBack { accuracy, .. } | Ending::Reached { accuracy } => {
            lang.brief_accuracy(accuracy)
        }
        Ending::NotEvaluated => String::new(),
    }
}

// ---- captions -----------------------------------------------------------------------------------------------------------

/// Settings in the order in which a reader asks for them; a value that says "none" is left out.
const SETTINGS: [&str; 25] = [
    "activation",
    "normalisation",
    "residual",
    "dropout",
    "initialisation",
    "bias_start",
    "loss",
    "optimizer",
    "learning_rate",
    "schedule",
    "warm_up",
    "weight_decay",
    "l1",
    "l1_step",
    "clip_norm",
    "clip_value",
    "normalise_gradients",
    "layerwise",
    "early_stopping",
    "batch_size",
    "data",
    "train_size",
    "validation_size",
    "seed",
    "precision",
];

/// A run's settings as (key, words), the architecture second and the way it ended last.
pub fn settings(lang: Lang, summary: &Summary) -> Vec<(&'static str, String)> {
    let header = summary.header();
    let seed = header.seed.map(|s| s.to_string()).unwrap_or_default();
    let mut all = Vec::new();
    for key in SETTINGS {
        let value = match header.label(key) {
            "" if key == "seed" => &seed,
            value => value,
        };
        let off = matches!(key, "weight_decay" | "l1") && value.parse() == Ok(0.0);
        if !(value.is_empty() || off || (key == "schedule" && value == "constant")) {
            all.push((key, lang.setting(key, value)));
        }
        let shape = architecture(lang, summary);
        if key == "activation" && !shape.is_empty() {
            all.push(("architecture", lang.setting("architecture", &shape)));
        }
    }
    match &header.status {
        Status::Complete => {}
        Status::Running => all.push(("status", lang.still_running())),
        Status::Interrupted { step } => all.push(("status", lang.interrupted(*step))),
        Status::Diverged { step, what } => all.push(("status", lang.diverged_because(*step, what))),
    }
    all
}

/// `784-8x100-10`: widths from the input to the output, those of equal hidden layers counted; empty where they are
/// not known.
fn architecture(lang: Lang, summary: &Summary) -> String {
    let layers = (0..summary.layers()).map(|l| summary.layer(l));
    let fans: Vec<(usize, usize)> = layers.filter_map(|layer| layer.fan_in.zip(layer.fan_out)).collect();
    let Some(&(inputs, _)) = fans.first() else { return String::new() };
    let first = summary.layer(0);
    // Widths say what a network is whose layers are all dense, also where its inputs are images.
    let is_dense = summary.header().layers.iter().all(|layer| layer.kind == "dense");
    if first.input_shape.len() > 1 && !is_dense {
        let input = first.input_shape.iter().map(usize::to_string).collect::<Vec<_>>().join("×");
        return match (summary.header().label("network"), fans.last()) {
            ("", Some((_, outputs))) => lang.network_of(&input, &hidden_kinds(summary), *outputs),
            (notation, _) => format!("{input}: {notation}"),
        };
    }
    let mut widths: Vec<(usize, usize)> = vec![(1, inputs)];
    for (i, &(_, outputs)) in fans.iter().enumerate() {
        match widths.last_mut() {
            // Neither the input nor the output is counted with the hidden layers, however wide it is.
            Some(same) if i > 0 && i + 1 < fans.len() && same.1 == outputs => same.0 += 1,
            _ => widths.push((1, outputs)),
        }
    }
    let parts = widths.iter().map(|&(n, w)| if n == 1 { w.to_string() } else { format!("{n}×{w}") });
    parts.collect::<Vec<_>>().join("–")
}

/// Kinds of the hidden layers with weights, in the order in which they first come, and how many there are.
fn hidden_kinds<'a>(summary: &Summary<'a>) -> Vec<(&'a str, usize)> {
    let mut kinds: Vec<(&'a str, usize)> = Vec::new();
    for kind in (0..summary.hidden()).map(|l| summary.layer(l).kind.as_str()) {
        match kinds.iter_mut().find(|known| known.0 == kind) {
            Some(known) => known.1 += 1,
            None => kinds.push((kind, 1)),
        }
    }
    kinds
}

pub fn caption(lang: Lang, summary: &Summary) -> String {
    lang.caption(&settings(lang, summary).into_iter().map(|s| s.1).collect::<Vec<_>>())
}

/// Names of runs that stand side by side: the run's name, and where two are called alike what tells them
/// apart.
pub fn names(lang: Lang, runs: &[Summary]) -> Vec<String> {
    named(lang, runs).into_iter().map(|n| n.0).collect()
}

/// Those names, and the settings that are told in each.
fn named(lang: Lang, runs: &[Summary]) -> Vec<(String, Vec<String>)> {
    let name = |r: &Summary| name(lang, r);
    let all: Vec<_> = runs.iter().map(|r| settings(lang, r)).collect();
    let one = |i: usize| {
        let mut alike: Vec<usize> =
            (0..runs.len()).filter(|&j| j != i && name(&runs[j]) == name(&runs[i])).collect();
        if alike.is_empty() {
            return (name(&runs[i]), Vec::new());
        }
        // Settings that some of those have otherwise, until no other run is called the same.
        let mut marks = Vec::new();
        for (key, words) in all[i].iter().filter(|s| s.0 != "status") {
            let before = alike.len();
            alike.retain(|&j| all[j].contains(&(*key, words.clone())));
            if alike.len() < before {
                marks.push(words.clone());
            }
        }
        if !alike.is_empty() {
            marks.push((i + 1).to_string());
        }
        (lang.told_apart(&name(&runs[i]), &lang.list(&marks)), marks)
    };
    (0..runs.len()).map(one).collect()
}

/// What of each run's settings is not in all others.
fn own_settings(lang: Lang, runs: &[Summary]) -> Vec<Vec<(&'static str, String)>> {
    let all: Vec<_> = runs.iter().map(|r| settings(lang, r)).collect();
    let shared = |s: &(&'static str, String)| all.iter().all(|other| other.contains(s));
    all.iter().map(|settings| settings.iter().filter(|s| !shared(s)).cloned().collect()).collect()
}

/// Settings that all runs share, once; then what is each run's own.
pub fn caption_of_many(lang: Lang, runs: &[Summary]) -> String {
    let own = own_settings(lang, runs);
    let Some(first) = runs.first() else { return String::new() };
    let shared = settings(lang, first).into_iter().filter(|s| !own[0].contains(s));
    let mut parts: Vec<String> = shared.map(|s| s.1).collect();
    for ((run, (name, marks)), own) in runs.iter().zip(named(lang, runs)).zip(&own) {
        // A run called `relu` need not say that its activation is relu, nor one called `relu (learning rate
        // 0.1)` its rate.
        let told = |s: &(&str, String)| {
            marks.contains(&s.1) || s.0 == "activation" && lang.run_name(&s.1) == self::name(lang, run)
        };
        let own: Vec<String> = own.iter().filter(|s| !told(s)).map(|s| s.1.clone()).collect();
        if !own.is_empty() {
            parts.push(lang.caption_of_run(&name, &own));
        }
    }
    lang.caption(&parts)
}
