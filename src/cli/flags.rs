//! The one place where a field of the library becomes an option of the command line.

use std::fmt;

use crate::field::Field;

/// How messages write a field: `train_size` as `--train-size`.
pub(super) fn write(field: Field, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(&flag(field))
}

/// The option that sets a field.
pub(super) fn flag(field: Field) -> String {
    let name = match field {
        Field::Header => "csv-header",
        Field::MaxMemory => "max-memory",
        other => other.name(),
    };
    format!("--{}", name.replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TrainConfig;

    fn options(command: &clap::Command, all: &mut Vec<String>) {
        all.extend(command.get_arguments().filter_map(|a| a.get_long()).map(|long| format!("--{long}")));
        command.get_subcommands().for_each(|sub| options(sub, all));
    }

    #[test]
    fn every_field_has_an_option() {
        let mut all = Vec::new();
        options(&super::super::command(), &mut all);
        for &field in Field::ALL {
            assert!(all.contains(&flag(field)), "{field:?}: no command has {}", flag(field));
        }
    }

    #[test]
    fn every_setting_of_a_run_is_a_field() {
        let settings = serde_json::to_value(TrainConfig::default()).unwrap();
        let top = settings.as_object().unwrap().keys().filter(|key| *key != "data_options");
        for key in top.chain(settings["data_options"].as_object().unwrap().keys()) {
            assert!(Field::ALL.iter().any(|f| f.name() == key), "{key} is no field");
        }
    }
}
