//! Ctrl-C and a termination signal: the first one asks the run to stop at the next step, the second one ends the program.

use std::sync::atomic::{AtomicBool, Ordering};

static STOP: AtomicBool = AtomicBool::new(false);

/// Exit code of a run that the user stopped.
pub const EXIT_CODE: u8 = 130;

/// From now on Ctrl-C is a request. Fails where a handler is already in place, which leaves the default one.
pub fn listen() {
    let _ = ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(EXIT_CODE));
        }
    });
}

pub fn requested() -> bool {
    STOP.load(Ordering::Relaxed)
}
