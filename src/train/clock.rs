//! Where wall time comes from. Training itself never asks for the time; a recorded run says how long it took.

use std::time::Instant;

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

/// The operating system's monotonic clock, from the moment at which this value is made.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock(Instant);

impl SystemClock {
    pub fn start() -> SystemClock {
        SystemClock(Instant::now())
    }
}

impl Clock for SystemClock {
    fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}
