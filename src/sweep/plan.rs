//! What a sweep runs: a grid over settings and the settings that all cells share; becomes numbered cells.
//!
//! A plan is a TOML file:
//!
//! ```toml
//! name = "depth"
//!
//! [grid]                              # what varies: any setting of a run
//! activation = ["sigmoid", "relu"]
//! dropout = [0, 0.2]
//! hidden_layers = "1..10"             # or a list
//! seed = [1, 2, 3]
//!
//! [train]                             # every setting of `gradfade train`, for all cells
//! epochs = 3
//! ```
//!
//! The names are those of [`TrainConfig`] and of its data options ([`crate::config::SETTINGS`]); `none`
//! leaves out a setting that can be left out. Cells are numbered from 1 in the order of that table, the seed
//! changing fastest. A cell depends on its own settings alone, never on the other cells.
//!
//! A plan can be *grown* to one with more values or more axes ([`SweepPlan::grown`]). The cells that were
//! there keep their numbers, and those that are new follow; `[[earlier]]` in the plan of the folder remembers
//! what varied before.

use serde::{Deserialize, Serialize};

use super::{Earlier, Grid, PlannedCell, SweepError};
use crate::config::{Setting, TrainConfig};
use crate::field::Field;

/// More cells would be a slip of the keyboard.
pub const MOST_CELLS: usize = 1_000_000;

/// | field | default | meaning |
/// |---|---|---|
/// | `name` | `sweep` | what figures and job scripts call it |
/// | `depths` | spread | depths of `heatmap-grid` |
/// | `grid` | nothing varies | [`Grid`] |
/// | `train` | those of [`TrainConfig`] | settings of every cell |
/// | `earlier` | none | what varied before the plan was grown, the first plan first |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SweepPlan {
    pub name: String,
    pub depths: Option<Vec<usize>>,
    pub grid: Grid,
    pub train: TrainConfig,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Earlier>,
}

impl Default for SweepPlan {
    fn default() -> SweepPlan {
        let train = TrainConfig::default();
        SweepPlan { name: "sweep".into(), depths: None, grid: Grid::default(), train, earlier: Vec::new() }
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
            let key = e
                .span()
                .and_then(|span| text.get(span))
                .map(str::trim)
                .filter(|k| !k.is_empty() && !k.contains('\n'));
            let at = match (line, key) {
                (Some(line), Some(key)) => format!("line {line}, `{key}`: "),
                (Some(line), None) => format!("line {line}: "),
                _ => String::new(),
            };
            SweepError::Plan {
                place: place.into(),
                what: format!("{at}{}{}", e.message(), meant(e.message())),
            }
        })?;
        // Which settings stand in both tables is lost in the types, where every setting has a value.
        let table: toml::Table = toml::from_str(text).unwrap_or_default();
        let of = |name: &str| table.get(name).and_then(toml::Value::as_table);
        let train = of("train");
        let options = train.and_then(|train| train.get("data_options")).and_then(toml::Value::as_table);
        // The seed of the data is that of the run. Plans of version 0.1 have it among the options, as 0, in
        // every case.
        let options = options.into_iter().flat_map(|t| t.keys()).filter(|name| *name != "seed");
        let fixed: Vec<&str> =
            train.into_iter().flat_map(|t| t.keys()).chain(options).map(String::as_str).collect();
        let is_fixed = |axis: &&super::Axis| fixed.iter().any(|name| Setting::find(name) == Ok(axis.setting));
        if let Some(axis) = plan.grid.axes().iter().find(is_fixed) {
            let what =
                format!("`{}` stands in [grid] and in [train]; give it in one of them", axis.setting.name);
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
            if let Some(train) = table.get_mut("train").and_then(toml::Value::as_table_mut) {
                for axis in self.grid.axes() {
                    train.remove(axis.setting.name);
                    if let Some(options) = train.get_mut("data_options").and_then(toml::Value::as_table_mut) {
                        options.remove(axis.setting.name);
                    }
                }
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
            Some((setting, number)) => {
                Err(format!("`{setting}` is {number}; a plan holds numbers up to {}", i64::MAX))
            }
        }
    }

    /// What makes no sense whatever the data is.
    ///
    /// # Errors
    /// One line that names the setting.
    pub fn check(&self) -> Result<(), String> {
        let count = self.count();
        if count > MOST_CELLS as u128 {
            return Err(format!("the grid has {count} cells, more than {MOST_CELLS}"));
        }
        self.grid.check()?;
        let names_layers = self.train.widths.is_some() || self.grid.varies("widths");
        if names_layers && (self.grid.varies("width") || self.grid.varies("hidden_layers")) {
            return Err(
                "`widths` names every layer, so width and depth cannot vary; leave one of them out".into()
            );
        }
        let names_network = self.train.network.is_some() || self.grid.varies("network");
        if names_network && (names_layers || self.grid.varies("width") || self.grid.varies("hidden_layers")) {
            return Err(
                "`network` names every layer, so widths and depth cannot vary; leave one of them out".into(),
            );
        }
        if self.train.threads != 1 {
            return Err(format!(
                "`threads` is no setting of a plan, since it changes no result; give {}",
                Field::Threads
            ));
        }
        self.fits_toml()?;
        if self.name.is_empty() || self.name.len() > 100 || self.name.chars().any(crate::escape::is_command) {
            return Err("`name` must have 1 to 100 visible characters".into());
        }
        self.check_earlier()?;
        for cell in self.each_cell() {
            cell.config.check().map_err(|e| format!("cell {} ({}): {e}", cell.number, cell.label(self)))?;
            let c = &cell.config;
            c.data_options.check(&c.data).map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    /// What was there before is part of what is there now, or numbers would have no cell.
    fn check_earlier(&self) -> Result<(), String> {
        for earlier in &self.earlier {
            earlier.grid.check()?;
            let names = |grid: &Grid| grid.axes().iter().map(|axis| axis.setting.name).collect::<Vec<_>>();
            let includes = |axis: &super::Axis| {
                let now = self.grid.axis(axis.setting.name).map_or(&[][..], super::Axis::values);
                axis.values().iter().all(|value| now.contains(value))
            };
            if names(&earlier.grid) != names(&self.grid) || !earlier.grid.axes().iter().all(includes) {
                return Err(
                    "`earlier` is no part of the grid; take it out, or start in another folder".into()
                );
            }
        }
        Ok(())
    }

    /// Number of cells.
    pub fn count(&self) -> u128 {
        self.grid.count()
    }

    /// Every cell, in the order of their numbers: those of the earlier plans first.
    pub fn cells(&self) -> Vec<PlannedCell> {
        self.each_cell().collect()
    }

    /// As [`SweepPlan::cells`], one at a time: a plan may have a million.
    pub fn each_cell(&self) -> impl Iterator<Item = PlannedCell> + '_ {
        let grids = self.earlier.iter().map(|earlier| &earlier.grid).chain([&self.grid]);
        let mut seen = std::collections::HashSet::new();
        // Without earlier plans every cell is a new one.
        let mut is_new =
            move |config: &TrainConfig| self.earlier.is_empty() || seen.insert(self.grid.key(config));
        let configs = grids.flat_map(|grid| grid.configs(&self.train)).filter(move |config| is_new(config));
        (1..).zip(configs).map(|(number, config)| PlannedCell { number, config })
    }
}

/// "Did you mean" for a parser's "unknown field `x`, expected one of `a`, `b`".
fn meant(message: &str) -> String {
    let mut words = message.split('`').skip(1).step_by(2);
    let unknown = if message.starts_with("unknown ") { words.next() } else { None };
    unknown.map(|name| crate::names::did_you_mean(name, words)).unwrap_or_default()
}

/// The first whole number beyond what TOML can hold, with the name of its setting.
fn too_large(at: &str, value: &serde_json::Value) -> Option<(String, u64)> {
    use serde_json::Value;
    match value {
        Value::Object(fields) => fields.iter().find_map(|(key, value)| too_large(key, value)),
        Value::Array(all) => all.iter().find_map(|value| too_large(at, value)),
        Value::Number(number) => {
            number.as_u64().filter(|n| i64::try_from(*n).is_err()).map(|n| (at.to_string(), n))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::BatchSize;

    #[test]
    fn cells_are_numbered_in_the_order_of_the_grid() {
        let text = "[grid]\nactivation = [\"sigmoid\", \"relu\"]\nhidden_layers = \"1..3\"\nseed = [7, 9]\n[train]\nbatch_size = 50\n";
        let plan = SweepPlan::parse(text, "p").unwrap();
        let cells = plan.cells();
        assert_eq!(cells.len(), 12);
        let of = |i: usize| {
            (cells[i].config.activation.to_string(), cells[i].config.hidden_layers, cells[i].config.seed)
        };
        assert_eq!(of(0), ("sigmoid".into(), 1, 7));
        assert_eq!(of(1), ("sigmoid".into(), 1, 9));
        assert_eq!(of(2), ("sigmoid".into(), 2, 7));
        assert_eq!(of(6), ("relu".into(), 1, 7));
        assert!(
            cells.iter().all(|c| c.config.batch_size == BatchSize::Samples(50)
                && c.config.data_options.seed == c.config.seed)
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
        let spelled =
            text.replace("[train]", "[train]\nloss = \"cross-entropy\"\ndata_options = { noise = 0.2 }");
        assert_eq!(SweepPlan::parse(&spelled, "p").unwrap().fingerprint(), plan.fingerprint());
        let noisy = text.replace("[train]", "[train]\ndata_options = { noise = 0.3 }");
        assert_ne!(SweepPlan::parse(&noisy, "p").unwrap().fingerprint(), plan.fingerprint());
        let mut other = plan.clone();
        other.train.steps = Some(6);
        assert_ne!(other.fingerprint(), plan.fingerprint());
        assert_eq!(plan.difference(&other).unwrap(), "steps is 5 there and 6 here");
        assert_eq!(plan.difference(&renamed), None);
        let mut fixed = plan.clone();
        fixed.grid.remove("batch_size");
        fixed.train.batch_size = BatchSize::Samples(32);
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
        let axis = error("name = \"x\"\n[grid]\nseed = [1, 2]\ndropot = [0.1]\n");
        assert!(axis.contains("line 4") && axis.contains("did you mean 'dropout'?"), "{axis}");
        let value = error("[grid]\nseed = [1, 2]\ndropout = [0, \"x\"]\n");
        assert!(value.contains("line 3") && value.contains("`dropout`: 'x' is no number"), "{value}");
        assert!(error("[grid]\nlearning_rate = [nan]\n").contains("no finite number"));
        assert!(error("[grid]\nthreads = [1, 2]\n").contains("changes no result"));
        assert!(
            error("[grid]\nnoise = [0.1]\n[train.data_options]\nnoise = 0.2\n")
                .contains("in [grid] and in [train]")
        );
        assert!(error("[grid]\nactivation = []\n").contains("`activation` is an empty list"));
        assert!(error("[grid]\nseed = [1, 2, 1]\n").contains("`seed` holds 1 twice"));
        assert!(
            error("[grid]\nactivation = [\"relu\"]\n[train]\nactivation = \"relu\"\n")
                .contains("in [grid] and in [train]")
        );
        assert!(
            error("[grid]\nwidth = [3]\n[train]\nwidths = [3, 4]\n").contains("`widths` names every layer")
        );
        assert!(error("[grid]\nhidden_layers = \"5..1\"\n").contains("'5..1' is empty"));
        assert!(
            error("[grid]\nhidden_layers = \"1..100000\"\nseed = \"1..100000\"\n")
                .contains("cells, more than")
        );
        assert!(error("[train]\nlearning_rate = -1.0\n").contains("learning_rate -1"));
        assert!(error("[train]\nthreads = 2\n").contains("give threads"));
        assert!(error("name = \n").contains("line 1"));
    }
}
