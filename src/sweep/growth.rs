//! Which plans are the same, and which go on from another: fingerprints, differences, growth.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Axis, Grid, SweepPlan};
use crate::config::{DEFAULT_EPOCHS, SETTINGS, Setting, TrainConfig};

/// What a plan varied before it was grown. Its cells keep their numbers, and what they say about their plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Earlier {
    /// The fingerprint of the plan at that time, which stands in its cells.
    pub fingerprint: String,
    /// With every axis that the grown plan has.
    pub grid: Grid,
}

impl SweepPlan {
    /// Stands for everything that a cell's result and number depend on: the grid and the settings, not the
    /// name or how it is drawn. Settings at their default are left out, so that cells stay good when the
    /// program learns a new setting; a plan file names every setting, so a default that changes is a
    /// difference. A checksum of the JSON: it must tell plans apart that people make, not resist an attacker.
    pub fn fingerprint(&self) -> String {
        let mut train = json!(self.train);
        without_defaults(&mut train, &json!(TrainConfig::default()));
        let mut grid = json!(self.grid);
        for name in super::cells::ALWAYS {
            if grid.get(name).is_none() {
                grid[name] = Value::Null;
            }
        }
        let whole =
            if self.earlier.is_empty() { json!([grid, train]) } else { json!([grid, train, self.earlier]) };
        let mut text = String::new();
        write_sorted(&whole, &mut text);
        crate::files::checksum(text.bytes())
    }

    /// The first setting in which `other` differs, in words: `width is 5, 6 there and 7 here`. How a plan was
    /// grown is no difference.
    pub fn difference(&self, other: &SweepPlan) -> Option<String> {
        // What varies takes the place of the value that all cells would share.
        let settings = |plan: &SweepPlan| {
            let mut all = json!(plan.train);
            for (key, values) in json!(plan.grid).as_object().into_iter().flatten() {
                all[key] = values.clone();
            }
            all
        };
        first_difference("", &settings(self), &settings(other))
    }

    /// `other`, as what this plan becomes by more values of its settings: every cell of this plan is one of
    /// `other`'s, and keeps its number. `None` where `other` lacks one of them.
    pub fn grown(&self, other: &SweepPlan) -> Option<SweepPlan> {
        let includes = |setting: &&'static Setting| {
            let more = values(other, setting);
            values(self, setting).iter().all(|value| more.contains(value))
        };
        if !SETTINGS.iter().all(|setting| includes(&setting)) {
            return None;
        }
        let mut earlier = self.earlier.clone();
        earlier.push(Earlier { fingerprint: self.fingerprint(), grid: self.grid.clone() });
        // A setting that varies now had one value before.
        for before in &mut earlier {
            for axis in other.grid.axes().iter().filter(|axis| !self.grid.varies(axis.setting.name)) {
                before.grid.set(Axis::new(axis.setting, values(self, axis.setting)).ok()?);
            }
        }
        Some(SweepPlan { earlier, ..other.clone() })
    }

    /// Whether an earlier plan had this fingerprint and a cell of that number.
    pub fn had(&self, fingerprint: &str, number: usize) -> bool {
        let earlier = self.earlier.iter().find(|earlier| earlier.fingerprint == fingerprint);
        earlier.is_some_and(|earlier| number as u128 <= earlier.grid.count())
    }
}

/// The values that a setting takes in a plan.
fn values(plan: &SweepPlan, setting: &Setting) -> Vec<Value> {
    match plan.grid.axis(setting.name) {
        Some(axis) => axis.values().to_vec(),
        // What the default means.
        None if setting.name == "epochs" && plan.train.epochs.is_none() && plan.train.steps.is_none() => {
            if plan.grid.varies("steps") {
                vec![Value::Null]
            } else {
                vec![json!(DEFAULT_EPOCHS)]
            }
        }
        None => vec![setting.get(&plan.train)],
    }
}

fn without_defaults(value: &mut Value, default: &Value) {
    let (Some(fields), Some(defaults)) = (value.as_object_mut(), default.as_object()) else { return };
    fields.retain(|key, setting| match defaults.get(key) {
        Some(default) if *setting == *default => false,
        Some(default) => {
            without_defaults(setting, default);
            true
        }
        None => true,
    });
}

/// JSON whose objects are sorted by their keys, whatever order they are kept in.
fn write_sorted(value: &Value, into: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut keys: Vec<&String> = fields.keys().collect();
            keys.sort_unstable();
            for (i, key) in keys.into_iter().enumerate() {
                into.push(if i == 0 { '{' } else { ',' });
                into.push_str(&Value::from(key.as_str()).to_string());
                into.push(':');
                write_sorted(&fields[key], into);
            }
            into.push_str(if fields.is_empty() { "{}" } else { "}" });
        }
        Value::Array(all) => {
            into.push('[');
            for (i, value) in all.iter().enumerate() {
                if i > 0 {
                    into.push(',');
                }
                write_sorted(value, into);
            }
            into.push(']');
        }
        other => into.push_str(&other.to_string()),
    }
}

fn first_difference(at: &str, a: &Value, b: &Value) -> Option<String> {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => a.keys().chain(b.keys()).find_map(|key| {
            let inner = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
            first_difference(&inner, a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null))
        }),
        _ if a == b => None,
        _ => Some(format!("{at} is {} there and {} here", shown(a), shown(b))),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "the default".into(),
        Value::String(text) => text.clone(),
        Value::Array(all) if all.len() > 12 => {
            format!("{}, ..., {}", shown(&all[0]), shown(&all[all.len() - 1]))
        }
        Value::Array(all) => all.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(text: &str) -> SweepPlan {
        SweepPlan::parse(text, "test").unwrap()
    }

    /// The fingerprints stand in the cells of sweeps that people have. These were taken before a sweep could
    /// vary any setting.
    #[test]
    fn fingerprints_of_earlier_versions_stay() {
        let presets: Vec<String> =
            super::super::PRESETS.iter().take(4).map(|p| p.plan().unwrap().fingerprint()).collect();
        assert_eq!(presets, ["3db7058a882dacf6", "70f8fcc9d3e55f79", "21a540fb669a0949", "61932bc2b2c3dde3"]);
        let small = "[grid]\nactivation = [\"sigmoid\", \"relu\"]\nhidden_layers = \"1..2\"\nseed = [1, 2]\n\
                     [train]\ndata = \"gaussians\"\nwidth = 5\nbatch_size = 16\nepochs = 2\ndata_options.samples = 64\n";
        assert_eq!(plan(small).fingerprint(), "bb345018cf43230c");
    }

    #[test]
    fn a_plan_grows_by_values_and_by_axes_and_its_cells_keep_their_numbers() {
        let small = plan("[grid]\nactivation = [\"sigmoid\"]\nseed = [1, 2]\n[train]\nsteps = 3\n");
        let more = "[grid]\nactivation = [\"relu\", \"sigmoid\"]\nseed = [1, 2, 3]\ndropout = [0, 0.5]\n[train]\nsteps = 3\n";
        let grown = small.grown(&plan(more)).unwrap();
        let cells = grown.cells();
        assert_eq!(cells.len(), 12);
        let first: Vec<TrainConfig> = cells[..2].iter().map(|c| c.config.clone()).collect();
        assert_eq!(first, small.cells().into_iter().map(|c| c.config).collect::<Vec<_>>());
        assert!(cells.iter().enumerate().all(|(i, cell)| cell.number == i + 1));
        let mut all: Vec<String> = cells.iter().map(|c| json!(c.config).to_string()).collect();
        all.sort();
        let mut fresh: Vec<String> = plan(more).cells().iter().map(|c| json!(c.config).to_string()).collect();
        fresh.sort();
        assert_eq!(all, fresh);
        // The cells of both plans are known, each by its number.
        assert!(grown.had(&small.fingerprint(), 2) && !grown.had(&small.fingerprint(), 3));
        // The same grid with other numbers is another plan.
        assert_ne!(grown.fingerprint(), plan(more).fingerprint());
        // It survives its file, is the same plan as the one that it was grown to, and grows again.
        assert_eq!(plan(&grown.to_toml().unwrap()), grown);
        assert_eq!(grown.difference(&plan(more)), None);
        let again = grown.grown(&plan(&more.replace("1, 2, 3", "1, 2, 3, 4"))).unwrap();
        assert_eq!(again.cells()[..12], cells);
        assert!(again.had(&small.fingerprint(), 1) && again.had(&grown.fingerprint(), 12));
    }

    #[test]
    fn a_plan_that_lacks_a_cell_is_no_growth() {
        let small = plan("[grid]\nseed = [1, 2]\n[train]\nsteps = 3\n");
        for other in [
            "[grid]\nseed = [1, 3]\n[train]\nsteps = 3\n",
            "[grid]\nseed = [1, 2, 3]\n[train]\nsteps = 4\n",
            "[grid]\nseed = [1, 2, 3]\ndropout = [0.1, 0.2]\n[train]\nsteps = 3\n",
        ] {
            assert_eq!(small.grown(&plan(other)), None, "{other}");
        }
        // Five epochs are what a plan without a budget has.
        let plain = plan("[grid]\nseed = [1, 2]\n");
        let grown = plain.grown(&plan("[grid]\nseed = [1, 2]\nepochs = [5, 10]\n")).unwrap();
        assert_eq!(grown.cells()[1].config.epochs, Some(5));
    }
}
