//! Which data: the argument of `--data`, as a type.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::DataError;
use crate::names::nearest;

/// Where data comes from. Written and read as one string, on the command line and in `meta.json`:
///
/// | string | source |
/// |---|---|
/// | `mnist-mini` | 10,000 + 2,000 images of MNIST, embedded in the program ([`super::builtin`]) |
/// | `idx:DIR` | MNIST, Fashion-MNIST, EMNIST, KMNIST files ([`super::idx`]) |
/// | `cifar10:DIR` | the binary version of CIFAR-10 ([`super::cifar`]) |
/// | `csv:FILE`, or a path that ends in .csv, .tsv, .data or .txt | a table with one label column ([`super::csv`]) |
/// | `spiral`, `xor`, `gaussians` | made from a seed ([`super::synthetic`]) |
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum DataSpec {
    #[default]
    MnistMini,
    Idx(PathBuf),
    Cifar10(PathBuf),
    Csv(PathBuf),
    Spiral,
    Xor,
    Gaussians,
}

/// The strings above, for error messages.
pub(super) const FORMS: &str = "mnist-mini, idx:DIR, cifar10:DIR, csv:FILE, spiral, xor or gaussians";

/// Endings of files that are read as tables.
const TABLES: [&str; 4] = ["csv", "tsv", "data", "txt"];

/// Names without a path, and names that need one.
const PLAIN: [(&str, DataSpec); 4] = [
    ("mnist-mini", DataSpec::MnistMini),
    ("spiral", DataSpec::Spiral),
    ("xor", DataSpec::Xor),
    ("gaussians", DataSpec::Gaussians),
];
/// Makes a source from its path.
type WithPath = fn(PathBuf) -> DataSpec;
const WITH_PATH: [(&str, WithPath); 3] =
    [("idx", DataSpec::Idx), ("cifar10", DataSpec::Cifar10), ("csv", DataSpec::Csv)];

impl DataSpec {
    /// The name before the colon.
    pub fn kind(&self) -> &'static str {
        match self {
            DataSpec::MnistMini => "mnist-mini",
            DataSpec::Idx(_) => "idx",
            DataSpec::Cifar10(_) => "cifar10",
            DataSpec::Csv(_) => "csv",
            DataSpec::Spiral => "spiral",
            DataSpec::Xor => "xor",
            DataSpec::Gaussians => "gaussians",
        }
    }
}

impl fmt::Display for DataSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DataSpec::Idx(path) | DataSpec::Cifar10(path) | DataSpec::Csv(path) => {
                write!(f, "{}:{}", self.kind(), path.display())
            }
            _ => f.write_str(self.kind()),
        }
    }
}

impl FromStr for DataSpec {
    type Err = DataError;

    fn from_str(text: &str) -> Result<DataSpec, DataError> {
        let (name, path) = match text.split_once(':') {
            Some((name, path)) => (name, Some(path)),
            None => (text, None),
        };
        if let Some((kind, spec)) = PLAIN.iter().find(|(kind, _)| *kind == name) {
            return match path {
                None => Ok(spec.clone()),
                Some(path) => Err(DataError::NeedlessPath { kind, path: path.to_string() }),
            };
        }
        // A table says so by its ending; whatever is before a colon there is a part of the path.
        let ending = Path::new(text).extension().map(|e| e.to_ascii_lowercase());
        if !WITH_PATH.iter().any(|(kind, _)| *kind == name)
            && ending.is_some_and(|e| TABLES.iter().any(|t| e == *t))
        {
            return Ok(DataSpec::Csv(PathBuf::from(text)));
        }
        if let Some((kind, build)) = WITH_PATH.iter().find(|(kind, _)| *kind == name) {
            return match path {
                Some(path) if !path.is_empty() => Ok(build(PathBuf::from(path))),
                _ => Err(DataError::NoPath { kind }),
            };
        }
        let names = PLAIN.iter().map(|(kind, _)| *kind).chain(WITH_PATH.iter().map(|(kind, _)| *kind));
        let nearest = nearest(name, names).map(|kind| match path {
            Some(path) if WITH_PATH.iter().any(|(k, _)| *k == kind) => format!("{kind}:{path}"),
            _ => kind.to_string(),
        });
        Err(DataError::UnknownSource { name: text.to_string(), nearest })
    }
}

impl TryFrom<String> for DataSpec {
    type Error = DataError;

    fn try_from(text: String) -> Result<DataSpec, DataError> {
        text.parse()
    }
}

impl From<DataSpec> for String {
    fn from(spec: DataSpec) -> String {
        spec.to_string()
    }
}
