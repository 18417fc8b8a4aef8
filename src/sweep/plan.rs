//! What a sweep runs: a grid over settings and the settings that all cells share; becomes numbered cells.
//!
//! A plan is a TOML file:
//!
//! ```toml
//! name = "depth"
//!
//! [grid]                              # what varies; every key is optional
//! activation = ["sigmoid", "relu"]
//! hidden_layers = "1..10"             # or a list
//! seed = [1, 2, 3]
//!
//! [train]                             # every setting of `gradfade train`, for all cells
//! epochs = 3
//! ```
//!
//! Cells are numbered from 1 in the order of the grid's keys below, the seed changing fastest. A cell depends on its own
//! settings alone, never on the other cells.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use super::SweepError;
use crate::activation::Activation;
use crate::config::{BatchSize, TrainConfig, plain};
use crate::data::DataSpec;
use crate::field::Field;
use crate::nn::{Initialisation, OptimizerKind};

/// More cells would be a slip of the keyboard.
pub const MOST_CELLS: usize = 1_000_000;

/// | field | default | meaning |
/// |---|---|---|
/// | `name` | `sweep` | what figures and job scripts call it |
/// | `depths` | spread | depths of `heatmap-grid` |
/// | `grid` | nothing varies | [`Grid`] |
/// | `train` | those of [`TrainConfig`] | settings of every cell |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SweepPlan {
    pub name: String,
    pub depths: Option<Vec<usize>>,
    pub grid: Grid,
    pub train: TrainConfig,
}

impl Default for SweepPlan {
    fn default() -> SweepPlan {
        SweepPlan { name: "sweep".into(), depths: None, grid: Grid::default(), train: TrainConfig::default() }
    }
}

/// The values of each setting that varies; `None` where all cells share the one of `train`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Grid {
    pub data: Option<Vec<DataSpec>>,
    pub activation: Option<Vec<Activation>>,
    pub initialisation: Option<Vec<Initialisation>>,
    pub optimizer: Option<Vec<OptimizerKind>>,
    pub learning_rate: Option<Vec<f64>>,
    pub batch_size: Option<Vec<BatchSize>>,
    pub width: Option<Vec<usize>>,
    pub hidden_layers: Option<Numbers>,
    pub seed: Option<Numbers>,
}

/// Whole numbers: `"1..10"` (both ends included) or `[1, 2, 5]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<u64>", try_from = "ListOrRange")]
pub struct Numbers(pub Vec<u64>);

#[derive(Deserialize)]
#[serde(untagged, expecting = "give a list of whole numbers, or a range such as \"1..10\"")]
enum ListOrRange {
    List(Vec<u64>),
    One(u64),
    Range(String),
}

impl TryFrom<ListOrRange> for Numbers {
    type Error = String;

    fn try_from(value: ListOrRange) -> Result<Numbers, String> {
        match value {
            ListOrRange::List(list) => Ok(Numbers(list)),
            ListOrRange::One(number) => Ok(Numbers(vec![number])),
            ListOrRange::Range(text) => text.parse(),
        }
    }
}

impl From<Numbers> for Vec<u64> {
    fn from(numbers: Numbers) -> Vec<u64> {
        numbers.0
    }
}

impl std::str::FromStr for Numbers {
    type Err = String;

    /// `1..10`, `1,2,5`, or both mixed: `1..4,8`.
    fn from_str(text: &str) -> Result<Numbers, String> {
        let bad = || format!("'{text}' is not a list such as 1,2,5 or a range such as 1..10");
        let mut numbers = Vec::new();
        for part in text.split(',') {
            match part.split_once("..") {
                None => numbers.push(part.trim().parse().map_err(|_| bad())?),
                Some((first, last)) => {
                    let first: u64 = first.trim().parse().map_err(|_| bad())?;
                    let last: u64 = last.trim().trim_start_matches('=').parse().map_err(|_| bad())?;
                    if first > last {
                        return Err(format!("'{part}' is empty: a range goes from the smaller to the larger number"));
                    }
                    if last - first >= MOST_CELLS as u64 {
                        return Err(format!("'{part}' holds more than {MOST_CELLS} numbers"));
                    }
                    numbers.extend(first..=last);
                }
            }
        }
        Ok(Numbers(numbers))
    }
}

/// One network of a sweep, before it is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedCell {
    /// From 1.
    pub number: usize,
    pub config: TrainConfig,
}

impl PlannedCell {
    /// What [`crate::record::cell::Cell::settings`] holds.
    pub fn settings(&self) -> BTreeMap<String, String> {
        let c = &self.config;
        let widths = c.hidden_sizes();
        let width = match widths.as_slice() {
            [] => c.width.to_string(),
            [first, rest @ ..] if rest.iter().all(|w| w == first) => first.to_string(),
            many => many.iter().map(usize::to_string).collect::<Vec<_>>().join("-"),
        };
        let rate = c.learning_rate.unwrap_or(c.optimizer.default_learning_rate());
        [
            ("data", c.data.to_string()),
            ("activation", c.activation.to_string()),
            ("initialisation", c.initialisation().to_string()),
            ("optimizer", c.optimizer.to_string()),
            ("learning_rate", rate.to_string()),
            ("batch_size", c.batch_size.to_string()),
            ("width", width),
            ("hidden_layers", widths.len().to_string()),
            ("seed", c.seed.to_string()),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_string(), value))
        .collect()
    }

    /// A few words that tell this cell from the others of its plan.
    pub fn label(&self, plan: &SweepPlan) -> String {
        let (c, g) = (&self.config, &plan.grid);
        let depth = c.hidden_sizes().len();
        let mut words =
            vec![c.activation.to_string(), format!("{depth} hidden {}", if depth == 1 { "layer" } else { "layers" })];
        if g.width.is_some() {
            words.push(format!("width {}", c.width));
        }
        if g.data.is_some() {
            words.push(c.data.to_string());
        }
        if g.initialisation.is_some() {
            words.push(c.initialisation().to_string());
        }
        if g.optimizer.is_some() {
            words.push(c.optimizer.to_string());
        }
        if g.learning_rate.is_some() {
            words.push(format!("rate {}", plain(c.learning_rate.unwrap_or_default())));
        }
        if g.batch_size.is_some() {
            words.push(format!("batch {}", c.batch_size));
        }
        if g.seed.is_some() {
            words.push(format!("seed {}", c.seed));
        }
        words.join(", ")
    }
}

impl SweepPlan {
    /// Reads a plan.
    ///
    /// # Errors
    /// [`SweepError::Plan`] naming `place`, the line and the key.
    pub fn parse(text: &str, place: &str) -> Result<SweepPlan, SweepError> {
        let plan: SweepPlan = toml::from_str(text).map_err(|e| {
            let line = e.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            let key =
                e.span().and_then(|span| text.get(span)).map(str::trim).filter(|k| !k.is_empty() && !k.contains('\n'));
            let at = match (line, key) {
                (Some(line), Some(key)) => format!("line {line}, `{key}`: "),
                (Some(line), None) => format!("line {line}: "),
                _ => String::new(),
            };
            SweepError::Plan { place: place.into(), what: format!("{at}{}{}", e.message(), meant(e.message())) }
        })?;
        // Which settings stand in both tables is lost in the types, where every setting has a value.
        let table: toml::Table = toml::from_str(text).unwrap_or_default();
        if let (Some(toml::Value::Table(grid)), Some(toml::Value::Table(train))) =
            (table.get("grid"), table.get("train"))
            && let Some(key) = grid.keys().find(|key| train.contains_key(*key))
        {
            let what = format!("`{key}` stands in [grid] and in [train]; give it in one of them");
            return Err(SweepError::Plan { place: place.into(), what });
        }
        plan.check().map_err(|what| SweepError::Plan { place: place.into(), what })?;
        Ok(plan)
    }

    /// The plan as TOML, to be printed and edited.
    ///
    /// A setting that varies is left out of `[train]`, where it would stand a second time and say nothing.
    ///
    /// # Errors
    /// [`SweepError::Plan`] naming the setting that TOML cannot hold.
    pub fn to_toml(&self) -> Result<String, SweepError> {
        let wrong = |what: String| SweepError::Plan { place: format!("plan `{}`", self.name), what };
        self.fits_toml().map_err(wrong)?;
        let text = || -> Result<String, toml::ser::Error> {
            let mut table = toml::Table::try_from(self)?;
            let varied: Vec<String> =
                table.get("grid").and_then(toml::Value::as_table).into_iter().flat_map(|g| g.keys().cloned()).collect();
            if let Some(train) = table.get_mut("train").and_then(toml::Value::as_table_mut) {
                varied.iter().for_each(|key| drop(train.remove(key)));
            }
            toml::to_string(&table)
        };
        text().map_err(|e| wrong(format!("it cannot be written as TOML: {e}")))
    }

    /// The integers of TOML have 64 bits with a sign.
    fn fits_toml(&self) -> Result<(), String> {
        let grid = serde_json::json!(self.grid);
        let train = serde_json::json!(self.train);
        match too_large("", &grid).or_else(|| too_large("", &train)) {
            None => Ok(()),
            Some((setting, number)) => Err(format!("`{setting}` is {number}; a plan holds numbers up to {}", i64::MAX)),
        }
    }

    /// What makes no sense whatever the data is.
    ///
    /// # Errors
    /// One line that names the setting.
    pub fn check(&self) -> Result<(), String> {
        fn axis<T>(name: &str, values: Option<&[T]>, show: impl Fn(&T) -> String) -> Result<(), String> {
            let Some(values) = values else { return Ok(()) };
            if values.is_empty() {
                return Err(format!("grid: `{name}` is an empty list; name at least one value or leave it out"));
            }
            let mut seen = HashSet::new();
            let twice = values.iter().map(show).find(|v| !seen.insert(v.clone()));
            twice.map_or(Ok(()), |v| Err(format!("grid: `{name}` holds {v} twice")))
        }
        let count = self.count();
        if count > MOST_CELLS as u128 {
            return Err(format!("the grid has {count} cells, more than {MOST_CELLS}"));
        }
        let g = &self.grid;
        axis("data", g.data.as_deref(), ToString::to_string)?;
        axis("activation", g.activation.as_deref(), ToString::to_string)?;
        axis("initialisation", g.initialisation.as_deref(), ToString::to_string)?;
        axis("optimizer", g.optimizer.as_deref(), ToString::to_string)?;
        axis("learning_rate", g.learning_rate.as_deref(), ToString::to_string)?;
        axis("batch_size", g.batch_size.as_deref(), ToString::to_string)?;
        axis("width", g.width.as_deref(), ToString::to_string)?;
        axis("hidden_layers", g.hidden_layers.as_ref().map(|n| &n.0[..]), ToString::to_string)?;
        axis("seed", g.seed.as_ref().map(|n| &n.0[..]), ToString::to_string)?;
        if self.train.widths.is_some() && (g.width.is_some() || g.hidden_layers.is_some()) {
            return Err("`widths` names every layer, so width and depth cannot vary; leave one of them out".into());
        }
        if self.train.threads != 1 {
            return Err(format!(
                "`threads` is no setting of a plan, since it changes no result; give {}",
                Field::Threads
            ));
        }
        self.fits_toml()?;
        if self.name.is_empty() || self.name.len() > 100 || self.name.chars().any(char::is_control) {
            return Err("`name` must have 1 to 100 visible characters".into());
        }
        for cell in self.cells() {
            cell.config.check().map_err(|e| format!("cell {} ({}): {e}", cell.number, cell.label(self)))?;
            let c = &cell.config;
            c.data_options.check(&c.data).map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    /// Number of cells.
    pub fn count(&self) -> u128 {
        let g = &self.grid;
        let n = |len: Option<usize>| len.unwrap_or(1) as u128;
        n(g.data.as_ref().map(Vec::len))
            * n(g.activation.as_ref().map(Vec::len))
            * n(g.initialisation.as_ref().map(Vec::len))
            * n(g.optimizer.as_ref().map(Vec::len))
            * n(g.learning_rate.as_ref().map(Vec::len))
            * n(g.batch_size.as_ref().map(Vec::len))
            * n(g.width.as_ref().map(Vec::len))
            * n(g.hidden_layers.as_ref().map(|v| v.0.len()))
            * n(g.seed.as_ref().map(|v| v.0.len()))
    }

    /// Every cell, in the order of their numbers.
    pub fn cells(&self) -> Vec<PlannedCell> {
        let mut configs = vec![self.train.clone()];
        fn vary<T>(configs: &mut Vec<TrainConfig>, values: Option<&[T]>, set: impl Fn(&mut TrainConfig, &T)) {
            let Some(values) = values else { return };
            *configs = configs
                .iter()
                .flat_map(|config| {
                    values.iter().map(|value| {
                        let mut config = config.clone();
                        set(&mut config, value);
                        config
                    })
                })
                .collect();
        }
        let g = &self.grid;
        vary(&mut configs, g.data.as_deref(), |c, v| c.data = v.clone());
        vary(&mut configs, g.activation.as_deref(), |c, v| c.activation = *v);
        vary(&mut configs, g.initialisation.as_deref(), |c, v| c.initialisation = Some(*v));
        vary(&mut configs, g.optimizer.as_deref(), |c, v| c.optimizer = *v);
        vary(&mut configs, g.learning_rate.as_deref(), |c, v| c.learning_rate = Some(*v));
        vary(&mut configs, g.batch_size.as_deref(), |c, v| c.batch_size = *v);
        vary(&mut configs, g.width.as_deref(), |c, v| c.width = *v);
        // A depth beyond what a usize holds is refused by the check of the configuration.
        let depths = g.hidden_layers.as_ref().map(|n| &n.0[..]);
        vary(&mut configs, depths, |c, v| c.hidden_layers = usize::try_from(*v).unwrap_or(usize::MAX));
        vary(&mut configs, g.seed.as_ref().map(|n| &n.0[..]), |c, v| c.seed = *v);
        let number = |(i, mut config): (usize, TrainConfig)| {
            config.data_options.seed = config.seed;
            PlannedCell { number: i + 1, config }
        };
        configs.into_iter().enumerate().map(number).collect()
    }

    /// Stands for everything that a cell's result depends on: the grid and the settings, not the name or how it is drawn.
    /// Settings at their default are left out, so that cells stay good when the program learns a new setting; a plan file
    /// names every setting, so a default that changes is a difference. FNV-1a over the JSON: it must tell plans apart that
    /// people make, not to resist an attacker.
    pub fn fingerprint(&self) -> String {
        let mut train = serde_json::json!(self.train);
        without_defaults(&mut train, &serde_json::json!(TrainConfig::default()));
        let text = serde_json::json!([self.grid, train]).to_string();
        let hash =
            text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        format!("{hash:016x}")
    }

    /// The first setting in which `other` differs, in words: `width is 5, 6 there and 7 here`.
    pub fn difference(&self, other: &SweepPlan) -> Option<String> {
        // What varies takes the place of the value that all cells would share.
        let settings = |plan: &SweepPlan| {
            let mut all = serde_json::json!(plan.train);
            let grid = serde_json::json!(plan.grid);
            for (key, values) in grid.as_object().into_iter().flatten().filter(|(_, v)| !v.is_null()) {
                all[key] = values.clone();
            }
            all
        };
        first_difference("", &settings(self), &settings(other))
    }
}

/// "Did you mean" for a parser's "unknown field `x`, expected one of `a`, `b`".
fn meant(message: &str) -> String {
    let mut words = message.split('`').skip(1).step_by(2);
    let unknown = if message.starts_with("unknown ") { words.next() } else { None };
    let near = unknown.and_then(|name| crate::stats::nearest(name, words));
    near.map(|n| format!(" (did you mean '{n}'?)")).unwrap_or_default()
}

fn without_defaults(value: &mut serde_json::Value, default: &serde_json::Value) {
    let (Some(fields), Some(defaults)) = (value.as_object_mut(), default.as_object()) else { return };
    fields.retain(|key, field| match defaults.get(key) {
        Some(default) if *field == *default => false,
        Some(default) => {
            without_defaults(field, default);
            true
        }
        None => true,
    });
}

/// The first whole number beyond what TOML can hold, with the name of its setting.
fn too_large(at: &str, value: &serde_json::Value) -> Option<(String, u64)> {
    use serde_json::Value;
    match value {
        Value::Object(fields) => fields.iter().find_map(|(key, value)| too_large(key, value)),
        Value::Array(all) => all.iter().find_map(|value| too_large(at, value)),
        Value::Number(number) => number.as_u64().filter(|n| i64::try_from(*n).is_err()).map(|n| (at.to_string(), n)),
        _ => None,
    }
}

fn first_difference(at: &str, a: &serde_json::Value, b: &serde_json::Value) -> Option<String> {
    use serde_json::Value;
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => a.keys().chain(b.keys()).find_map(|key| {
            let inner = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
            first_difference(&inner, a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null))
        }),
        _ if a == b => None,
        _ => Some(format!("{at} is {} there and {} here", shown(a), shown(b))),
    }
}

fn shown(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Null => "the default".into(),
        Value::String(text) => text.clone(),
        Value::Array(all) if all.len() > 12 => format!("{}, ..., {}", shown(&all[0]), shown(&all[all.len() - 1])),
        Value::Array(all) => all.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_numbered_in_the_order_of_the_grid() {
        let text = "[grid]\nactivation = [\"sigmoid\", \"relu\"]\nhidden_layers = \"1..3\"\nseed = [7, 9]\n[train]\nbatch_size = 50\n";
        let plan = SweepPlan::parse(text, "p").unwrap();
        let cells = plan.cells();
        assert_eq!(cells.len(), 12);
        let of =
            |i: usize| (cells[i].config.activation.to_string(), cells[i].config.hidden_layers, cells[i].config.seed);
        assert_eq!(of(0), ("sigmoid".into(), 1, 7));
        assert_eq!(of(1), ("sigmoid".into(), 1, 9));
        assert_eq!(of(2), ("sigmoid".into(), 2, 7));
        assert_eq!(of(6), ("relu".into(), 1, 7));
        assert!(
            cells
                .iter()
                .all(|c| c.config.batch_size == BatchSize::Samples(50) && c.config.data_options.seed == c.config.seed)
        );
        assert_eq!(cells.iter().map(|c| c.number).collect::<Vec<_>>(), (1..=12).collect::<Vec<_>>());
    }

    #[test]
    fn a_plan_survives_toml_and_its_fingerprint_tells_what_matters() {
        let text = "name = \"x\"\n[grid]\nlearning_rate = [0.1, 0.5]\nbatch_size = [10, \"full\"]\ninitialisation = [\"normal:0.01\"]\n[train]\nsteps = 5\nrecord = \"summary\"\n";
        let plan = SweepPlan::parse(text, "p").unwrap();
        let again = SweepPlan::parse(&plan.to_toml().unwrap(), "again").unwrap();
        assert_eq!(again, plan);
        assert_eq!(again.fingerprint(), plan.fingerprint());
        let renamed = SweepPlan { name: "y".into(), ..plan.clone() };
        assert_eq!(renamed.fingerprint(), plan.fingerprint());
        let spelled = text.replace("[train]", "[train]\nloss = \"cross-entropy\"\ndata_options = { noise = 0.2 }");
        assert_eq!(SweepPlan::parse(&spelled, "p").unwrap().fingerprint(), plan.fingerprint());
        let noisy = text.replace("[train]", "[train]\ndata_options = { noise = 0.3 }");
        assert_ne!(SweepPlan::parse(&noisy, "p").unwrap().fingerprint(), plan.fingerprint());
        let mut other = plan.clone();
        other.train.steps = Some(6);
        assert_ne!(other.fingerprint(), plan.fingerprint());
        assert_eq!(plan.difference(&other).unwrap(), "steps is 5 there and 6 here");
        assert_eq!(plan.difference(&renamed), None);
        let mut fixed = plan.clone();
        (fixed.grid.batch_size, fixed.train.batch_size) = (None, BatchSize::Samples(32));
        assert_eq!(plan.difference(&fixed).unwrap(), "batch_size is 10, full there and 32 here");
    }

    #[test]
    fn a_bad_plan_is_refused_with_line_and_key() {
        let error = |text: &str| SweepPlan::parse(text, "p.toml").unwrap_err().to_string();
        let unknown = error("name = \"x\"\n[train]\nepoch = 3\n");
        assert!(unknown.starts_with("p.toml: line 3, `epoch`: unknown field"), "{unknown}");
        assert!(unknown.ends_with("(did you mean 'epochs'?)"), "{unknown}");
        let wrong = error("[train]\nepochs = \"many\"\n");
        assert!(wrong.contains("line 2") && wrong.contains("many"), "{wrong}");
        assert!(error("[grid]\nactivation = []\n").contains("`activation` is an empty list"));
        assert!(error("[grid]\nseed = [1, 2, 1]\n").contains("`seed` holds 1 twice"));
        assert!(
            error("[grid]\nactivation = [\"relu\"]\n[train]\nactivation = \"relu\"\n")
                .contains("in [grid] and in [train]")
        );
        assert!(error("[grid]\nwidth = [3]\n[train]\nwidths = [3, 4]\n").contains("`widths` names every layer"));
        assert!(error("[grid]\nhidden_layers = \"5..1\"\n").contains("'5..1' is empty"));
        assert!(error("[grid]\nhidden_layers = \"1..100000\"\nseed = \"1..100000\"\n").contains("cells, more than"));
        assert!(error("[train]\nlearning_rate = -1.0\n").contains("learning_rate -1"));
        assert!(error("[train]\nthreads = 2\n").contains("give threads"));
        assert!(error("name = \n").contains("line 1"));
    }
}
