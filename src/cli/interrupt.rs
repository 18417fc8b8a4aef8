//! Ctrl-C and a termination signal: the first one asks the run to stop at the next step, the second one ends
//! the program.

use std::sync::atomic::{AtomicBool, Ordering};

static STOP: AtomicBool = AtomicBool::new(false);
static AT_ONCE: AtomicBool = AtomicBool::new(false);

/// Exit code of a run that the user stopped.
pub const EXIT_CODE: u8 = 130;

/// From now on Ctrl-C is a request. Fails where a handler is already in place, which leaves the default one.
pub fn listen() {
    let _ = ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::SeqCst) || AT_ONCE.load(Ordering::SeqCst) {
            std::process::exit(i32::from(EXIT_CODE));
        }
    });
}

/// Nothing is trained any more that could stop at its next step: from now on the first signal ends the
/// program.
pub fn end_at_once() {
    AT_ONCE.store(true, Ordering::SeqCst);
}

pub fn requested() -> bool {
    STOP.load(Ordering::Relaxed)
}
