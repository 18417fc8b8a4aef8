//! Where wall time comes from. Training itself never asks for the time; a recorded run says how long it took.

#[cfg(feature = "fs")]
mod system;

#[cfg(feature = "fs")]
pub use system::SystemClock;

/// A clock that never goes backwards.
pub trait Clock {
    /// Seconds since some fixed moment.
    fn seconds(&self) -> f64;
}

impl<F: Fn() -> f64> Clock for F {
    fn seconds(&self) -> f64 {
        self()
    }
}
