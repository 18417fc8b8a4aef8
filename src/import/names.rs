//! What the names in a log mean: the one table of names, which every format asks.
//!
//! Two kinds of names are understood. A *tensor's* name has a prefix or suffix of `PREFIXES` and
//! `SUFFIXES` around the name of a parameter. The name of a number *of the whole run* is cut into words, of
//! which some say the set (`train`, `val`, ...) and the others what it is (`loss`, `accuracy`, `lr`, ...);
//! one word that is in no list and the name is not understood, so that `dynamics_loss`, a part of a loss, is
//! not taken for the loss.

use crate::record::{GRAD_NORM, MetricId, PARAM_NORM, UPDATE_NORM};

/// The set that a loss or an accuracy is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Set {
    /// The training set or a batch of it, or not said.
    Train,
    Validation,
    Test,
}

/// What the name says of the time between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grain {
    Step,
    Epoch,
    Unsaid,
}

/// What a name in a log means.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Meaning {
    Loss(Set),
    Accuracy(Set),
    LearningRate,
    Epoch,
    /// Norm of the gradient of all parameters together.
    TotalGradNorm,
    /// A norm of one tensor, by the tensor's name.
    Norm(MetricId, String),
    /// A metric of the whole run as our own records call it.
    Metric(MetricId),
    /// A metric of a layer or tensor as our own table has it; layers count from 1.
    Exact {
        metric: MetricId,
        layer: usize,
        tensor: String,
    },
    /// Understood, and there is no place for it in a record: why.
    NoPlace(&'static str),
    /// Clocks and counters that stand beside the numbers in most logs.
    Clock,
}

/// A name that is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub meaning: Meaning,
    pub grain: Grain,
}

/// What is recorded under a name, as far as the format says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Number,
    /// The L2 norm of a tensor whose histogram was logged.
    NormOfHistogram,
}

const OTHER_NORM: &str = "norms other than the L2 norm";
const MOMENTS: &str = "norms of the optimiser's moments";
const WHOLE: &str = "norms of all parameters or updates together";

/// What stands before the name of a parameter. Longer ones come first where one begins like another.
const PREFIXES: &[(&str, Result<MetricId, &str>)] = &[
    // Composer's OptimizerMonitor.
    ("l2_norm/grad/", Ok(GRAD_NORM)),
    ("l2_norm/update/", Ok(UPDATE_NORM)),
    ("l2_norm/param/", Ok(PARAM_NORM)),
    ("l2_norm/moment/", Err(MOMENTS)),
    ("l2_norm/second_moment_sqrt/", Err(MOMENTS)),
    // Lightning: grad_norm(module, norm_type=2).
    ("grad_2.0_norm/", Ok(GRAD_NORM)),
    ("grad_2_norm/", Ok(GRAD_NORM)),
    // wandb.watch, and many scripts.
    ("gradients/", Ok(GRAD_NORM)),
    ("parameters/", Ok(PARAM_NORM)),
    // ignite's GradsScalarHandler, WeightsScalarHandler and their histograms.
    ("grads_norm/", Ok(GRAD_NORM)),
    ("weights_norm/", Ok(PARAM_NORM)),
    ("grads/", Ok(GRAD_NORM)),
    ("weights/", Ok(PARAM_NORM)),
    // Poutyne.
    ("gradient_stats/", Ok(GRAD_NORM)),
    // By hand.
    ("grad_norms/", Ok(GRAD_NORM)),
    ("grad_norm/", Ok(GRAD_NORM)),
    ("grad_norm_", Ok(GRAD_NORM)),
    ("gradient_norms/", Ok(GRAD_NORM)),
    ("gradient_norm/", Ok(GRAD_NORM)),
    ("gradnorm/", Ok(GRAD_NORM)),
    ("gradient/", Ok(GRAD_NORM)),
    ("grad/", Ok(GRAD_NORM)),
    ("update_norms/", Ok(UPDATE_NORM)),
    ("update_norm/", Ok(UPDATE_NORM)),
    ("updates/", Ok(UPDATE_NORM)),
    ("update/", Ok(UPDATE_NORM)),
    ("param_norms/", Ok(PARAM_NORM)),
    ("param_norm/", Ok(PARAM_NORM)),
    ("weight_norms/", Ok(PARAM_NORM)),
    ("weight_norm/", Ok(PARAM_NORM)),
    ("params/", Ok(PARAM_NORM)),
];

/// What stands behind the name of a parameter.
const SUFFIXES: &[(&str, MetricId)] = &[
    ("/grad_norm", GRAD_NORM),
    ("/gradient_norm", GRAD_NORM),
    ("/gradients", GRAD_NORM),
    ("/gradient", GRAD_NORM),
    ("/grads", GRAD_NORM),
    ("/grad", GRAD_NORM),
    (".grad_norm", GRAD_NORM),
    (".grad", GRAD_NORM),
    ("_grad_norm", GRAD_NORM),
    ("_gradient_norm", GRAD_NORM),
    ("_gradient", GRAD_NORM),
    ("_grad", GRAD_NORM),
    ("/update_norm", UPDATE_NORM),
    ("/update", UPDATE_NORM),
    (".update_norm", UPDATE_NORM),
    ("_update_norm", UPDATE_NORM),
    ("/param_norm", PARAM_NORM),
    ("/weight_norm", PARAM_NORM),
    (".param_norm", PARAM_NORM),
    ("_param_norm", PARAM_NORM),
];

/// Last words of a name that make it a statistic of a tensor which is no norm.
const NO_NORM: &[&str] = &[
    "mean", "max", "min", "std", "var", "median", "mean_abs", "max_abs", "min_abs", "abs_mean", "l1", "linf",
    "cosine", "sparsity", "ratio",
];

/// Names for all parameters together.
const ALL_TENSORS: &[&str] = &["global", "total", "all", "overall"];

/// Words of the norm of the gradient of all parameters together.
const TOTALS: &[&str] = &[
    "grad norm",
    "grads norm",
    "gradient norm",
    "gradients norm",
    "gradnorm",
    "gnorm",
    "total norm",
    "total grad norm",
    "total gradient norm",
    "global norm",
    "global grad norm",
    "global gradient norm",
    "grad norm total",
    "grad norm global",
    "grad 2 0 norm total",
    "grad 2 norm total",
    "l2 norm grad global",
    "grad norm before clip",
    "grad norm preclip",
    "grad norm l2",
];

/// The set that a word names.
const SETS: &[(&str, Set)] = &[
    ("train", Set::Train),
    ("training", Set::Train),
    ("tr", Set::Train),
    ("trn", Set::Train),
    ("val", Set::Validation),
    ("valid", Set::Validation),
    ("validation", Set::Validation),
    ("dev", Set::Validation),
    ("eval", Set::Validation),
    ("evaluation", Set::Validation),
    ("test", Set::Test),
    ("testing", Set::Test),
];

/// The set that a word names, such as the name of a folder of TensorBoard's.
pub fn set_of(word: &str) -> Option<Set> {
    let word = word.to_ascii_lowercase();
    SETS.iter().find(|(name, _)| *name == word).map(|&(_, set)| set)
}

/// Words that add nothing.
const FILLERS: &[&str] = &[
    "metrics", "metric", "scalars", "scalar", "model", "trainer", "total", "mean", "avg", "average",
    "running", "smoothed", "history", "values", "per",
];
const LOSS: &[&str] = &["loss", "losses", "cost", "objective"];
/// What kind of loss it is; with the word loss or alone.
const LOSS_KINDS: &[&str] = &["crossentropy", "cross", "entropy", "ce", "xent", "nll", "mse", "bce"];
const ACCURACY: &[&str] = &["accuracy", "acc"];
const ACCURACY_KINDS: &[&str] = &["sparse", "categorical", "binary", "top1", "top", "1"];
const OPTIMIZERS: &[&str] = &[
    "sgd",
    "decoupled",
    "adam",
    "adamw",
    "rmsprop",
    "adagrad",
    "nadam",
    "lion",
    "adafactor",
    "decoupledadamw",
    "decoupledsgdw",
    "optimizer",
    "group",
    "pg",
    "group0",
    "pg1",
    "0",
];
const CLOCKS: &[&str] = &[
    "runtime",
    "timestamp",
    "time",
    "walltime",
    "elapsed",
    "step",
    "globalstep",
    "iteration",
    "seconds",
    "speed",
];

/// What a name means; none where it is not understood.
pub fn meaning(tag: &str, kind: Kind) -> Option<Known> {
    let (stem, grain) = grain(tag.trim());
    let known = |meaning| Some(Known { meaning, grain });
    if kind == Kind::Number
        && let Some(meaning) = of_run(stem)
    {
        return known(meaning);
    }
    if let Some(meaning) = of_tensor(stem) {
        return known(meaning);
    }
    // A histogram under the bare name of a parameter is that of its values.
    let is_parameter = kind == Kind::NormOfHistogram && super::layers::has_role(stem);
    is_parameter.then(|| Known { meaning: Meaning::Norm(PARAM_NORM, stem.into()), grain })
}

/// A name without what it says of the time between two values.
fn grain(tag: &str) -> (&str, Grain) {
    let ends = [("_step", Grain::Step), ("_epoch", Grain::Epoch), ("_vs_iterations", Grain::Step)];
    for (end, grain) in ends {
        // `global_step` and `trainer/epoch` are no losses by the step.
        if let Some(stem) =
            tag.strip_suffix(end).filter(|stem| !matches!(*stem, "" | "global" | "trainer/global"))
        {
            return (stem, grain);
        }
    }
    // Keras' TensorBoard callback; after the set of a folder too.
    for (begin, grain) in [("epoch_", Grain::Epoch), ("batch_", Grain::Step)] {
        let (set, name) = tag.rsplit_once('/').unwrap_or(("", tag));
        if let Some(stem) = name.strip_prefix(begin).filter(|s| !matches!(*s, "" | "count" | "size")) {
            return if set.is_empty() { (stem, grain) } else { (tag, grain) };
        }
    }
    (tag, Grain::Unsaid)
}

/// The words of a name, small.
fn words(tag: &str) -> Vec<String> {
    let separated = tag.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
    separated.flat_map(humps).map(|w| w.to_lowercase()).collect()
}

/// `valLoss` and `GradNorm` as two words; `LR` and `AdamW` stay one.
fn humps(word: &str) -> Vec<&str> {
    let chars: Vec<(usize, char)> = word.char_indices().collect();
    let mut parts = Vec::new();
    let mut from = 0;
    for pair in chars.windows(3) {
        let [(_, before), (at, here), (_, after)] = [pair[0], pair[1], pair[2]];
        if before.is_lowercase() && here.is_uppercase() && after.is_lowercase() {
            parts.push(&word[from..at]);
            from = at;
        }
    }
    parts.push(&word[from..]);
    parts
}

/// A number of the whole run.
fn of_run(tag: &str) -> Option<Meaning> {
    let words = words(tag);
    // More words than any of these names has.
    if words.is_empty() || words.len() > 8 {
        return None;
    }
    let mut set = None;
    let mut rest: Vec<&str> = Vec::with_capacity(words.len());
    for word in &words {
        match set_of(word) {
            Some(found) if set.is_none() || set == Some(found) => set = Some(found),
            Some(_) => return None,
            // Keras: `train/epoch_loss`, whose grain is known by now.
            None if matches!(word.as_str(), "epoch" | "batch") && words.len() > 1 && rest.is_empty() => {}
            None => rest.push(word),
        }
    }
    let has = |list: &[&str]| rest.iter().any(|w| list.contains(w));
    let only = |lists: &[&[&str]]| rest.iter().all(|w| lists.iter().any(|list| list.contains(w)));
    let set = set.unwrap_or(Set::Train);
    if rest.is_empty() {
        return (words == ["epoch"] || words == ["epochs"] || words == ["train", "epoch"])
            .then_some(Meaning::Epoch);
    }
    if (has(LOSS) || has(LOSS_KINDS)) && only(&[LOSS, LOSS_KINDS, FILLERS]) {
        return Some(Meaning::Loss(set));
    }
    if has(ACCURACY) && only(&[ACCURACY, ACCURACY_KINDS, FILLERS]) {
        return Some(Meaning::Accuracy(set));
    }
    let joined = rest.join(" ");
    match joined.as_str() {
        "epoch" | "epochs" | "trainer epoch" => return Some(Meaning::Epoch),
        total if TOTALS.contains(&total) => return Some(Meaning::TotalGradNorm),
        "l2 norm update global" | "l2 norm param global" | "param norm" | "weight norm" | "update norm" => {
            return Some(Meaning::NoPlace(WHOLE));
        }
        _ => {}
    }
    let is_rate = rest.first() == Some(&"lr") || rest.get(..2) == Some(&["learning", "rate"]);
    let of_what = if rest.first() == Some(&"lr") { 1 } else { 2 };
    let by_optimizer = |word: &&str| OPTIMIZERS.contains(word) || (word.starts_with("pg") && word.len() < 5);
    if is_rate && rest[of_what..].iter().all(by_optimizer) {
        return Some(Meaning::LearningRate);
    }
    if joined == "optimizer lr" || joined == "optim lr" || joined == "optimizer learning rate" {
        return Some(Meaning::LearningRate);
    }
    let last = rest.last().copied().unwrap_or_default();
    (CLOCKS.contains(&last) || joined.ends_with("per second") || joined == "current learning steps")
        .then_some(Meaning::Clock)
}

/// A norm of one tensor.
fn of_tensor(tag: &str) -> Option<Meaning> {
    // A set before it: `train/grad_norm/fc1.weight`, `training/grads_norm/fc1/weight`.
    let tag = match tag.split_once('/') {
        Some((first, rest)) if set_of(first) == Some(Set::Train) => rest,
        _ => tag,
    };
    let lower = tag.to_ascii_lowercase();
    let (metric, parameter) = tensor_parts(tag, &lower)?;
    // `grad_norm_clipped` is no tensor, `grad_norm_layer0` is one; nor is `policy/update`.
    let is_loose = lower.starts_with("grad_norm_") || lower.ends_with("/update") || !lower.contains('/');
    let is_parameter = super::layers::has_role(parameter) || parameter.contains(|c: char| c.is_ascii_digit());
    if is_loose && !is_parameter {
        return None;
    }
    let last = parameter.rsplit(['/', '.']).next().unwrap_or_default().to_ascii_lowercase();
    if parameter.is_empty() || NO_NORM.contains(&last.as_str()) {
        return None;
    }
    if ALL_TENSORS.contains(&parameter.to_ascii_lowercase().as_str()) {
        return Some(if metric == Ok(GRAD_NORM) { Meaning::TotalGradNorm } else { Meaning::NoPlace(WHOLE) });
    }
    Some(match metric {
        Ok(metric) => Meaning::Norm(metric, parameter.to_string()),
        Err(why) => Meaning::NoPlace(why),
    })
}

/// The metric, or why there is none, and the name of the parameter.
fn tensor_parts<'a>(tag: &'a str, lower: &str) -> Option<(Result<MetricId, &'static str>, &'a str)> {
    if let Some((prefix, metric)) = PREFIXES.iter().find(|(prefix, _)| lower.starts_with(prefix)) {
        return Some((*metric, &tag[prefix.len()..]));
    }
    // `grad_inf_norm/x`, `grad_1.0_norm/x`.
    if let Some((order, parameter)) = lower.strip_prefix("grad_").and_then(|rest| rest.split_once("_norm/"))
        && order.len() <= 5
    {
        return Some((Err(OTHER_NORM), &tag[tag.len() - parameter.len()..]));
    }
    let (suffix, metric) = SUFFIXES.iter().find(|(suffix, _)| lower.ends_with(suffix))?;
    Some((Ok(*metric), &tag[..tag.len() - suffix.len()]))
}

#[cfg(test)]
mod tests;
