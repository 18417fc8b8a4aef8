//! What a sweep varies: axes, each of them a setting with its values.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::{Form, Setting, TrainConfig};

/// A setting and the values that it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    pub setting: &'static Setting,
    /// As the setting stores them.
    values: Vec<Value>,
}

impl Axis {
    /// From values in any spelling that a plan file may have.
    ///
    /// # Errors
    /// The value that is none of this setting.
    pub fn new(setting: &'static Setting, values: impl IntoIterator<Item = Value>) -> Result<Axis, String> {
        let mut all = Vec::new();
        for value in values {
            match value {
                // A range, a word for yes and no, a list of sizes.
                Value::String(text) if setting.form != Form::Word || text == "none" => {
                    all.extend(setting.parse(&text)?)
                }
                value => all.push(setting.stored(&value)?),
            }
        }
        Ok(Axis { setting, values: all })
    }

    /// From the values of a typed option, or any others that serialise as the setting does.
    ///
    /// # Errors
    /// As [`Axis::new`], and an unknown name.
    pub fn of<V: Serialize>(name: &str, values: &[V]) -> Result<Axis, String> {
        let all: Result<Vec<Value>, _> = values.iter().map(serde_json::to_value).collect();
        Axis::new(Setting::find(name)?, all.map_err(|e| e.to_string())?)
    }

    /// From text: `dropout=0,0.2`, `hidden-layers=1..4,8`, `widths=300-100,50-50`,
    /// `network=conv:8x3,gap;dense:9`.
    ///
    /// # Errors
    /// One line that names the setting and the value.
    pub fn parse(text: &str) -> Result<Axis, String> {
        let Some((name, values)) = text.split_once('=') else {
            return Err(format!("'{text}' is not NAME=VALUE,.. such as dropout=0,0.2"));
        };
        let setting = Setting::find(name)?;
        let in_words = |what: String| format!("{}: {what}", name.trim());
        let separator = if setting.form == Form::Network { ';' } else { ',' };
        let parsed = values.split(separator).map(|value| setting.parse(value).map_err(in_words));
        let values = parsed.collect::<Result<Vec<_>, _>>()?.concat();
        Ok(Axis { setting, values })
    }

    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// # Errors
    /// An empty list, or a value that stands in it twice.
    fn check(&self) -> Result<(), String> {
        let name = self.setting.name;
        if self.values.is_empty() {
            return Err(format!("grid: `{name}` is an empty list; name at least one value or leave it out"));
        }
        let mut seen = std::collections::HashSet::new();
        let twice = self.values.iter().map(|v| self.setting.shown(v)).find(|v| !seen.insert(v.clone()));
        twice.map_or(Ok(()), |v| Err(format!("grid: `{name}` holds {v} twice")))
    }
}

/// The axes of a sweep, in the order of [`crate::config::SETTINGS`]: the seed changes fastest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grid {
    axes: Vec<Axis>,
}

impl Grid {
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    pub fn axis(&self, name: &str) -> Option<&Axis> {
        self.axes.iter().find(|axis| axis.setting.name == name)
    }

    pub fn varies(&self, name: &str) -> bool {
        self.axis(name).is_some()
    }

    /// Puts an axis in the place of the one of its setting.
    pub fn set(&mut self, axis: Axis) {
        self.remove(axis.setting.name);
        let at = self.axes.partition_point(|there| there.setting.place() < axis.setting.place());
        self.axes.insert(at, axis);
    }

    pub fn remove(&mut self, name: &str) {
        self.axes.retain(|axis| axis.setting.name != name);
    }

    /// # Errors
    /// The first axis without values, or with one of them twice.
    pub fn check(&self) -> Result<(), String> {
        self.axes.iter().try_for_each(Axis::check)
    }

    /// Number of cells.
    pub fn count(&self) -> u128 {
        self.axes.iter().map(|axis| axis.values.len() as u128).product()
    }

    /// What tells a cell from the others of the grid.
    pub(super) fn key(&self, config: &TrainConfig) -> String {
        let values = self.axes.iter().map(|axis| axis.setting.get(config).to_string());
        values.collect::<Vec<_>>().join(" ")
    }

    /// The settings of every cell, those of `train` where the grid says nothing; each is made when it is
    /// asked for.
    pub fn configs<'a>(&'a self, train: &TrainConfig) -> impl Iterator<Item = TrainConfig> + 'a {
        let mut configs: Box<dyn Iterator<Item = TrainConfig> + 'a> =
            Box::new(std::iter::once(train.clone()));
        for axis in &self.axes {
            let vary = move |config: TrainConfig| {
                axis.values.iter().map(move |value| {
                    let mut config = config.clone();
                    // A stored value is one that the setting takes.
                    let set = axis.setting.set(&mut config, value);
                    debug_assert!(set.is_ok(), "{set:?}");
                    config
                })
            };
            configs = Box::new(configs.flat_map(vary));
        }
        configs.map(|mut config| {
            config.data_options.seed = config.seed;
            config
        })
    }
}

impl Serialize for Grid {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.axes.len()))?;
        for axis in &self.axes {
            // TOML has no value for "none".
            let plain = |value: &Value| if value.is_null() { Value::from("none") } else { value.clone() };
            map.serialize_entry(axis.setting.name, &axis.values.iter().map(plain).collect::<Vec<_>>())?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Grid {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Grid, D::Error> {
        from.deserialize_map(Axes)
    }
}

struct Axes;

impl<'de> Visitor<'de> for Axes {
    type Value = Grid;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a table of settings, each with its values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Grid, A::Error> {
        let mut grid = Grid::default();
        while let Some(setting) = map.next_key_seed(Name)? {
            let axis = map.next_value_seed(Values(setting))?;
            if grid.varies(setting.name) {
                return Err(A::Error::custom(format!("`{}` is given twice", setting.name)));
            }
            grid.set(axis);
        }
        Ok(grid)
    }
}

/// Errors come from the key or the value itself, so that a reader of TOML knows its line.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = &'static Setting;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<&'static Setting, D::Error> {
        Setting::find(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

struct Values(&'static Setting);

impl<'de> DeserializeSeed<'de> for Values {
    type Value = Axis;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Axis, D::Error> {
        let in_words = |what: String| D::Error::custom(format!("`{}`: {what}", self.0.name));
        let values = match Value::deserialize(from)? {
            Value::Array(all) => all,
            // `hidden_layers = "1..4,8"`
            Value::String(text) if self.0.form == Form::Whole => text.split(',').map(Value::from).collect(),
            one => vec![one],
        };
        if values.iter().any(Value::is_null) {
            return Err(in_words("it holds what is no finite number".into()));
        }
        Axis::new(self.0, values).map_err(in_words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_a_grid_larger_than_memory_are_made_one_by_one() {
        let mut grid = Grid::default();
        for axis in ["hidden_layers=1..5000", "width=1..5000", "seed=1..5000"] {
            grid.set(Axis::parse(axis).unwrap());
        }
        assert_eq!(grid.count(), 5000_u128.pow(3));
        let third = grid.configs(&TrainConfig::default()).nth(2).unwrap();
        assert_eq!((third.hidden_layers, third.width, third.seed), (1, 1, 3));
        assert_eq!(third.data_options.seed, 3);
    }
}
