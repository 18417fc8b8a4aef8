//! The settings of a run by name: what a sweep varies, and how its values are written.

use serde::Deserialize;
use serde_json::{Value, json};

use super::TrainConfig;

/// How the values of a setting are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Whole numbers that are not negative; `1..4` is 1, 2, 3, 4.
    Whole,
    /// Numbers.
    Real,
    /// `yes` or `no`.
    Flag,
    /// Names, paths, and what has a notation of its own.
    Word,
    /// Sizes of layers, such as `300-100`.
    Sizes,
    /// Layers in their notation, which has commas: several values are separated by semicolons.
    Network,
}

/// A setting of [`TrainConfig`], or of the data options in it.
pub struct Setting {
    /// The name in plan files.
    pub name: &'static str,
    pub form: Form,
    set: fn(&mut TrainConfig, &Value) -> Result<(), String>,
    get: fn(&TrainConfig) -> Value,
}

macro_rules! settings {
    ($($name:literal $form:ident $($path:ident).+;)*) => {
        /// Every setting that can differ from run to run, in the order in which sweeps nest them: the last
        /// one changes fastest. `threads` is not among them because it changes no result.
        pub static SETTINGS: &[Setting] = &[$(Setting {
            name: $name,
            form: Form::$form,
            set: |config, value| {
                config.$($path).+ = Deserialize::deserialize(value).map_err(|e: serde_json::Error| e.to_string())?;
                Ok(())
            },
            get: |config| json!(config.$($path).+),
        }),*];
    };
}

settings! {
    "data" Word data;
    "train_size" Whole data_options.train_size;
    "test_size" Whole data_options.test_size;
    "standardize" Flag data_options.standardize;
    "test_share" Real data_options.test_share;
    "label_column" Word data_options.label_column;
    "header" Flag data_options.header;
    "test_file" Word data_options.test_file;
    "ignore_columns" Word data_options.ignore_columns;
    "one_hot" Word data_options.one_hot;
    "missing" Word data_options.missing;
    "image" Word data_options.image;
    "samples" Whole data_options.samples;
    "classes" Whole data_options.classes;
    "noise" Real data_options.noise;
    "activation" Word activation;
    "normalisation" Word normalisation;
    "residual" Flag residual;
    "dropout" Real dropout;
    "initialisation" Word initialisation;
    "bias_start" Real bias_start;
    "loss" Word loss;
    "optimizer" Word optimizer;
    "momentum" Real momentum;
    "learning_rate" Real learning_rate;
    "schedule" Word schedule;
    "warm_up" Whole warm_up;
    "weight_decay" Real weight_decay;
    "l1" Real l1;
    "l1_step" Word l1_step;
    "clip_norm" Real clip_norm;
    "clip_value" Real clip_value;
    "normalise_gradients" Flag normalise_gradients;
    "layerwise" Flag layerwise;
    "batch_size" Word batch_size;
    "epochs" Whole epochs;
    "steps" Whole steps;
    "precision" Word precision;
    "validation_size" Whole validation_size;
    "early_stopping" Whole early_stopping;
    "record" Word record;
    "snapshots" Word snapshots;
    "eval_every" Whole eval_every;
    "max_memory_mib" Whole max_memory_mib;
    "width" Whole width;
    "widths" Sizes widths;
    "network" Network network;
    "hidden_layers" Whole hidden_layers;
    "seed" Whole seed;
}

/// Other names, as the command line has them.
const ALIASES: [(&str, &str); 4] = [
    ("csv_header", "header"),
    ("init", "initialisation"),
    ("lr", "learning_rate"),
    ("max_memory", "max_memory_mib"),
];

/// A list without end would fill the memory.
const MOST_VALUES: u64 = 1_000_000;

impl PartialEq for Setting {
    fn eq(&self, other: &Setting) -> bool {
        self.name == other.name
    }
}

impl std::fmt::Debug for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Setting {
    /// The setting of that name; `learning-rate` is `learning_rate`.
    ///
    /// # Errors
    /// In words, with the nearest name.
    pub fn find(name: &str) -> Result<&'static Setting, String> {
        let plain = crate::names::our_spelling(&name.trim().replace('-', "_"));
        let plain = ALIASES.iter().find(|(alias, _)| *alias == plain).map_or(&*plain, |(_, name)| name);
        if plain == "threads" {
            return Err("`threads` changes no result, so it cannot vary".into());
        }
        SETTINGS.iter().find(|s| s.name == plain).ok_or_else(|| {
            let known: Vec<&str> = SETTINGS.iter().map(|s| s.name).collect();
            let hint = crate::names::did_you_mean(plain, known.iter().copied());
            format!("there is no setting `{name}`{hint}; known: {}", known.join(", "))
        })
    }

    /// Where the setting stands in [`SETTINGS`].
    pub fn place(&self) -> usize {
        SETTINGS.iter().position(|setting| setting == self).unwrap_or(SETTINGS.len())
    }

    /// Whether the setting may be left out, for which the word is `none`.
    pub fn is_optional(&self) -> bool {
        (self.set)(&mut TrainConfig::default(), &Value::Null).is_ok()
    }

    /// The value as this setting stores it: two ways to write the same are the same then.
    ///
    /// # Errors
    /// Why it is no value of this setting.
    pub fn stored(&self, value: &Value) -> Result<Value, String> {
        let mut config = TrainConfig::default();
        (self.set)(&mut config, value)?;
        Ok((self.get)(&config))
    }

    /// Sets a value.
    ///
    /// # Errors
    /// Why it is no value of this setting.
    pub fn set(&self, config: &mut TrainConfig, value: &Value) -> Result<(), String> {
        (self.set)(config, value)
    }

    /// The value in a configuration.
    pub fn get(&self, config: &TrainConfig) -> Value {
        (self.get)(config)
    }

    /// The values that a piece of text stands for, which are stored ones: one, or those of a range.
    ///
    /// # Errors
    /// Why it is no value of this setting.
    pub fn parse(&self, text: &str) -> Result<Vec<Value>, String> {
        let text = text.trim();
        if text == "none" && self.is_optional() {
            return Ok(vec![Value::Null]);
        }
        let value = match self.form {
            Form::Whole => return self.parse_whole(text),
            Form::Real => match text.parse::<f64>() {
                Ok(x) if x.is_finite() => json!(x),
                _ => return Err(format!("'{text}' is no number")),
            },
            Form::Flag => match text {
                "yes" | "true" => json!(true),
                "no" | "false" => json!(false),
                _ => return Err(format!("'{text}' is neither yes nor no")),
            },
            Form::Word | Form::Network => json!(text),
            Form::Sizes => {
                let sizes: Result<Vec<usize>, _> = text.split('-').map(str::parse).collect();
                json!(sizes.map_err(|_| format!("'{text}' is no list of sizes such as 300-100"))?)
            }
        };
        Ok(vec![self.stored(&value)?])
    }

    fn parse_whole(&self, text: &str) -> Result<Vec<Value>, String> {
        let bad = |_| format!("'{text}' is no whole number, nor a range such as 1..4");
        let number = |text: &str| text.trim().parse::<u64>().map_err(bad);
        let Some((first, last)) = text.split_once("..") else {
            return Ok(vec![self.stored(&json!(number(text)?))?]);
        };
        let (first, last) = (number(first)?, number(last.trim_start_matches('='))?);
        if first > last {
            return Err(format!("'{text}' is empty: a range goes from the smaller to the larger number"));
        }
        if last - first >= MOST_VALUES {
            return Err(format!("'{text}' holds more than {MOST_VALUES} numbers"));
        }
        (first..=last).map(|n| self.stored(&json!(n))).collect()
    }

    /// A stored value in words, as tables and labels show it.
    pub fn shown(&self, value: &Value) -> String {
        match value {
            Value::Null => "none".into(),
            Value::Bool(on) => if *on { "yes" } else { "no" }.into(),
            Value::String(text) => text.clone(),
            // 1e-5 is 0.00001, as in all tables.
            Value::Number(n) if self.form == Form::Real => {
                n.as_f64().map_or_else(|| n.to_string(), |x| x.to_string())
            }
            Value::Number(n) => n.to_string(),
            Value::Array(all) => all.iter().map(|v| self.shown(v)).collect::<Vec<_>>().join("-"),
            Value::Object(_) => value.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A setting that is added to the configuration must be one that a sweep can vary.
    #[test]
    fn every_setting_but_the_threads_has_a_field() {
        let all = json!(TrainConfig::default());
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<String>>();
        let expected: Vec<String> = names(&all)
            .into_iter()
            .chain(names(&all["data_options"]))
            .filter(|name| !["threads", "data_options"].contains(&name.as_str()))
            .collect();
        for name in &expected {
            assert!(SETTINGS.iter().any(|s| s.name == name), "{name}");
        }
        // What is none is left out where earlier versions did not have it.
        let left_out = [
            "network",
            "image",
            "ignore_columns",
            "one_hot",
            "missing",
            "bias_start",
            "clip_norm",
            "clip_value",
            "normalise_gradients",
            "layerwise",
        ];
        for setting in SETTINGS.iter().filter(|setting| !left_out.contains(&setting.name)) {
            assert!(expected.iter().any(|name| name == setting.name), "{}", setting.name);
        }
    }

    #[test]
    fn values_are_read_by_the_form_of_their_setting() {
        let parse = |name: &str, text: &str| Setting::find(name).unwrap().parse(text);
        assert_eq!(parse("dropout", "0.2").unwrap(), [json!(0.2)]);
        assert_eq!(parse("learning-rate", "1").unwrap(), [json!(1.0)]);
        assert_eq!(parse("hidden-layers", "2..4").unwrap(), [json!(2), json!(3), json!(4)]);
        assert_eq!(parse("residual", "yes").unwrap(), [json!(true)]);
        assert_eq!(parse("widths", "300-100").unwrap(), [json!([300, 100])]);
        assert_eq!(parse("early-stopping", "none").unwrap(), [Value::Null]);
        assert_eq!(parse("record", "10").unwrap(), [json!("every:10")]);
        assert_eq!(parse("lr", "none").unwrap(), [Value::Null]);
        for (name, text, words) in [
            ("dropout", "x", "'x' is no number"),
            ("dropout", "nan", "'nan' is no number"),
            ("steps", "-1", "'-1' is no whole number"),
            ("hidden_layers", "4..2", "'4..2' is empty"),
            ("residual", "maybe", "'maybe' is neither yes nor no"),
            ("activation", "sigmod", "did you mean 'sigmoid'?"),
            ("normalisation", "none", ""),
        ] {
            match parse(name, text) {
                Err(error) => assert!(error.contains(words), "{error}"),
                Ok(value) => assert!(words.is_empty(), "{name} {value:?}"),
            }
        }
        let unknown = Setting::find("dropot").unwrap_err();
        assert!(
            unknown.starts_with("there is no setting `dropot` (did you mean 'dropout'?); known: data, "),
            "{unknown}"
        );
        assert!(Setting::find("threads").unwrap_err().contains("changes no result"));
    }
}
