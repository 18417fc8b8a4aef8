//! The threads that wait for pieces of work: the part of [`super::Threads`] that needs an operating system.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long an idle thread looks out before it sleeps: longer than the serial parts of a step, short enough
/// not to starve others.
pub(super) const SPIN: Duration = Duration::from_micros(50);

type Piece<'a> = dyn Fn(usize, usize) + Sync + 'a;

pub(super) struct Pool {
    shared: Arc<Shared>,
    pub(super) workers: Vec<JoinHandle<()>>,
    /// Held during a job: jobs run one at a time.
    one_job: Mutex<()>,
}

/// State shared by the caller and the workers.
struct Shared {
    state: Mutex<State>,
    /// Wakes workers for a job, and the caller when the last worker has left it.
    wake: Condvar,
    /// Counts jobs, so that a worker can look for a new one without the lock.
    calls: AtomicU64,
    /// The next piece of work that no thread has taken.
    next: AtomicUsize,
    /// Workers inside the job.
    inside: AtomicUsize,
}

struct State {
    job: Option<Job>,
    panic: Option<Box<dyn Any + Send>>,
    ending: bool,
}

/// The pieces of a job. The caller withdraws it and waits for all workers inside before `piece` ends.
#[derive(Clone, Copy)]
struct Job {
    piece: *const Piece<'static>,
    pieces: usize,
}

// SAFETY: `piece` is Sync, and alive as long as a worker can be inside the job.
unsafe impl Send for Job {}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic never happens with the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes pieces until none is left.
    fn work(&self, piece: &Piece<'_>, pieces: usize, thread: usize) {
        loop {
            let i = self.next.fetch_add(1, Ordering::Relaxed);
            if i >= pieces {
                return;
            }
            piece(i, thread);
        }
    }

    fn serve(&self, thread: usize) {
        let mut seen = 0;
        self.inside.fetch_sub(1, Ordering::Release);
        loop {
            spin_until(|| self.calls.load(Ordering::Acquire) != seen);
            let mut state = self.lock();
            while self.calls.load(Ordering::Acquire) == seen && !state.ending {
                state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.ending {
                return;
            }
            seen = self.calls.load(Ordering::Acquire);
            // A late worker finds nothing left to do.
            let Some(job) = state.job else { continue };
            self.inside.fetch_add(1, Ordering::Relaxed);
            drop(state);
            // SAFETY: the caller waits for `inside` to become 0 before `piece` ends.
            let piece = unsafe { &*job.piece };
            let result = catch_unwind(AssertUnwindSafe(|| self.work(piece, job.pieces, thread)));
            if let Err(panic) = result {
                self.lock().panic.get_or_insert(panic);
                self.next.store(job.pieces, Ordering::Relaxed);
            }
            if self.inside.fetch_sub(1, Ordering::Release) == 1 {
                // Under the lock, or the caller could miss the notification between its check and its sleep.
                let _state = self.lock();
                self.wake.notify_all();
            }
        }
    }
}

/// Spins for a moment until `done`.
fn spin_until(done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() && start.elapsed() < SPIN {
        (0..32).for_each(|_| std::hint::spin_loop());
    }
}

impl Pool {
    pub(super) fn new(count: usize) -> Pool {
        let shared = Arc::new(Shared {
            state: Mutex::new(State { job: None, panic: None, ending: false }),
            wake: Condvar::new(),
            calls: AtomicU64::new(0),
            next: AtomicUsize::new(0),
            inside: AtomicUsize::new(0),
        });
        let start = |thread| {
            shared.inside.fetch_add(1, Ordering::Relaxed);
            let shared = Arc::clone(&shared);
            std::thread::Builder::new()
                .name(format!("step-{thread}"))
                .spawn(move || shared.serve(thread))
                .ok()
        };
        let workers: Vec<_> = (1..=count).map_while(start).collect();
        // A thread allocates while it starts: all must have started before the first job.
        shared.inside.fetch_sub(usize::from(workers.len() < count), Ordering::Relaxed);
        while shared.inside.load(Ordering::Acquire) > 0 {
            std::thread::yield_now();
        }
        Pool { shared, workers, one_job: Mutex::new(()) }
    }

    pub(super) fn run(&self, pieces: usize, piece: &Piece<'_>) {
        let _one_job = self.one_job.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = &*self.shared;
        // SAFETY: only the lifetime changes; `Withdraw` waits for every worker that has seen the job before
        // `piece` ends.
        let job = Job {
            piece: unsafe { std::mem::transmute::<*const Piece<'_>, *const Piece<'static>>(piece) },
            pieces,
        };
        {
            let mut state = shared.lock();
            state.job = Some(job);
            shared.next.store(0, Ordering::Relaxed);
            shared.calls.fetch_add(1, Ordering::Release);
            shared.wake.notify_all();
        }
        let down = Withdraw(shared);
        shared.work(piece, pieces, 0);
        drop(down);
        let panic = shared.lock().panic.take();
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }
}

/// Takes the job down and waits until all workers have left it, also when the caller's own piece panics.
struct Withdraw<'a>(&'a Shared);

impl Drop for Withdraw<'_> {
    fn drop(&mut self) {
        let shared = self.0;
        if std::thread::panicking() {
            shared.next.store(usize::MAX / 2, Ordering::Relaxed);
        }
        shared.lock().job = None;
        spin_until(|| shared.inside.load(Ordering::Acquire) == 0);
        let mut state = shared.lock();
        while shared.inside.load(Ordering::Acquire) != 0 {
            state = shared.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.lock().ending = true;
        self.shared.calls.fetch_add(1, Ordering::Release);
        self.shared.wake.notify_all();
        for worker in self.workers.drain(..) {
            // A worker does not panic: pieces that do are caught.
            let _ = worker.join();
        }
    }
}
