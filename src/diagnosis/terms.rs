//! The terms of a diagnosis: what verdicts, evidence and advice can name, each with the stable key that JSON,
//! thresholds and folders of remedies know it by. Words for people are in [`crate::text`], which does not
//! compile while one of these has none.

mod ailment;
mod measure;
mod missing;
mod remedy;
mod treatment;

pub use ailment::Ailment;
pub use measure::{Measure, Unit};
pub use missing::Missing;
pub use remedy::{Branch, Remedy};
pub use treatment::{Treatment, Unfit};

/// An enum of terms, each with its stable key.
macro_rules! terms {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $key:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$of])* $variant,)* }

        impl $name {
            pub const ALL: &[$name] = &[$($name::$variant,)*];

            /// The stable name in JSON and on the command line; not for readers of a report.
            pub const fn key(self) -> &'static str {
                match self { $($name::$variant => $key,)* }
            }

            /// The term with this key.
            pub fn from_key(key: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|term| term.key() == key)
            }
        }
    };
}
pub(super) use terms;
