//! Names of options: how a fixed list of names becomes `Display` and `FromStr`, and what is said about a wrong one.

/// A name that is not one of the known ones, or a value that is out of range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("unknown {what} '{given}'{hint}; known: {known}")]
    Unknown { what: &'static str, given: String, hint: String, known: String },
    #[error("{0}")]
    Value(String),
}

impl NameError {
    /// The error for `given`, with the nearest of the `known` names as a hint.
    pub(crate) fn unknown(what: &'static str, given: &str, known: impl IntoIterator<Item = &'static str>) -> NameError {
        let known: Vec<&str> = known.into_iter().collect();
        let hint = crate::stats::nearest(given, known.iter().copied()).map(|n| format!(" (did you mean '{n}'?)"));
        NameError::Unknown { what, given: given.into(), hint: hint.unwrap_or_default(), known: known.join(", ") }
    }
}

/// `Display` and `FromStr` of a plain enum from its table of names.
macro_rules! named {
    ($type:ty, $what:literal, $table:expr) => {
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let (_, name) = $table.iter().find(|(v, _)| v == self).expect("every variant is in the table");
                f.pad(name)
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::names::NameError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match $table.iter().find(|(_, name)| *name == text) {
                    Some((value, _)) => Ok(*value),
                    None => Err($crate::names::NameError::unknown($what, text, $table.iter().map(|(_, n)| *n))),
                }
            }
        }
    };
}
pub(crate) use named;
