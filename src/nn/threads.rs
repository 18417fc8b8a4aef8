//! Running independent pieces of a step on several threads.
//!
//! A step is cut into pieces whose number and shape depend only on the network and the batch; threads take pieces, and
//! results are joined in the order of the pieces. So the same seed gives the same bits for any number of threads.
//!
//! A step at small sizes takes less time than it takes to wake a thread, so idle threads look out for the next job for a
//! moment before they sleep; and nothing here allocates after [`Threads::new`].

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long an idle thread looks out before it sleeps: longer than the serial parts of a step, short enough not to starve others.
const LOOK_OUT: Duration = Duration::from_micros(50);

/// How many threads work on one step.
pub struct Threads {
    pool: Option<Pool>,
    count: usize,
}

impl Threads {
    /// `count` threads, the calling one included; 0 counts as 1. Fewer when the system refuses more.
    pub fn new(count: usize) -> Threads {
        let pool = (count > 1).then(|| Pool::new(count - 1)).filter(|pool| !pool.workers.is_empty());
        let count = 1 + pool.as_ref().map_or(0, |pool| pool.workers.len());
        Threads { pool, count }
    }

    pub fn count(&self) -> usize {
        self.count
    }

    /// Calls `piece(i, thread)` for every i in `0..n`; `thread < count()` names the worker, for its scratch memory. A piece must
    /// not call `each` again. A panic in a piece comes out here, when all threads have left the job.
    pub fn each(&self, n: usize, piece: impl Fn(usize, usize) + Sync) {
        match &self.pool {
            Some(pool) if n > 1 => pool.run(n, &piece),
            _ => (0..n).for_each(|i| piece(i, 0)),
        }
    }
}

type Piece<'a> = dyn Fn(usize, usize) + Sync + 'a;

struct Pool {
    desk: Arc<Desk>,
    workers: Vec<JoinHandle<()>>,
    /// Held during a job: one at a time.
    turn: Mutex<()>,
}

/// Where jobs are put up.
struct Desk {
    state: Mutex<State>,
    /// Wakes workers for a job, and the caller when the last worker has left it.
    bell: Condvar,
    /// Counts jobs, so that a worker can look for a new one without the lock.
    calls: AtomicU64,
    /// The next piece that nobody has taken.
    next: AtomicUsize,
    /// Workers inside the job.
    inside: AtomicUsize,
}

struct State {
    job: Option<Job>,
    panic: Option<Box<dyn Any + Send>>,
    ending: bool,
}

/// The pieces of a job. The caller takes it down and waits for all who are inside before `piece` ends.
#[derive(Clone, Copy)]
struct Job {
    piece: *const Piece<'static>,
    pieces: usize,
}

// SAFETY: `piece` is Sync, and alive as long as a worker can be inside the job.
unsafe impl Send for Job {}

impl Desk {
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
            look_out(|| self.calls.load(Ordering::Acquire) != seen);
            let mut state = self.lock();
            while self.calls.load(Ordering::Acquire) == seen && !state.ending {
                state = self.bell.wait(state).unwrap_or_else(PoisonError::into_inner);
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
                // Under the lock, or the caller could miss the bell between its look and its sleep.
                let _state = self.lock();
                self.bell.notify_all();
            }
        }
    }
}

/// Waits a moment for `done`.
fn look_out(done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() && start.elapsed() < LOOK_OUT {
        (0..32).for_each(|_| std::hint::spin_loop());
    }
}

impl Pool {
    fn new(count: usize) -> Pool {
        let desk = Arc::new(Desk {
            state: Mutex::new(State { job: None, panic: None, ending: false }),
            bell: Condvar::new(),
            calls: AtomicU64::new(0),
            next: AtomicUsize::new(0),
            inside: AtomicUsize::new(0),
        });
        let start = |thread| {
            desk.inside.fetch_add(1, Ordering::Relaxed);
            let desk = Arc::clone(&desk);
            std::thread::Builder::new().name(format!("step-{thread}")).spawn(move || desk.serve(thread)).ok()
        };
        let workers: Vec<_> = (1..=count).map_while(start).collect();
        // A thread allocates while it starts: all are to be at the desk before the first job.
        desk.inside.fetch_sub(usize::from(workers.len() < count), Ordering::Relaxed);
        while desk.inside.load(Ordering::Acquire) > 0 {
            std::thread::yield_now();
        }
        Pool { desk, workers, turn: Mutex::new(()) }
    }

    fn run(&self, pieces: usize, piece: &Piece<'_>) {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let desk = &*self.desk;
        // SAFETY: only the lifetime changes; `TakeDown` waits for every worker that has seen the job before `piece` ends.
        let job =
            Job { piece: unsafe { std::mem::transmute::<*const Piece<'_>, *const Piece<'static>>(piece) }, pieces };
        {
            let mut state = desk.lock();
            state.job = Some(job);
            desk.next.store(0, Ordering::Relaxed);
            desk.calls.fetch_add(1, Ordering::Release);
            desk.bell.notify_all();
        }
        let down = TakeDown(desk);
        desk.work(piece, pieces, 0);
        drop(down);
        let panic = desk.lock().panic.take();
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }
}

/// Takes the job down and waits until all workers have left it, also when the caller's own piece panics.
struct TakeDown<'a>(&'a Desk);

impl Drop for TakeDown<'_> {
    fn drop(&mut self) {
        let desk = self.0;
        if std::thread::panicking() {
            desk.next.store(usize::MAX / 2, Ordering::Relaxed);
        }
        desk.lock().job = None;
        look_out(|| desk.inside.load(Ordering::Acquire) == 0);
        let mut state = desk.lock();
        while desk.inside.load(Ordering::Acquire) != 0 {
            state = desk.bell.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.desk.lock().ending = true;
        self.desk.calls.fetch_add(1, Ordering::Release);
        self.desk.bell.notify_all();
        for worker in self.workers.drain(..) {
            // A worker does not panic: pieces that do are caught.
            let _ = worker.join();
        }
    }
}

/// A buffer of which several pieces are written at once.
pub(super) struct Shared<T> {
    data: *mut T,
    len: usize,
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Shared<T> {}

// SAFETY: a `Shared` is only a pointer; who makes slices of it (an unsafe call) answers for their being disjoint.
unsafe impl<T: Send> Send for Shared<T> {}
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T> Shared<T> {
    pub fn new(slice: &mut [T]) -> Shared<T> {
        Shared { data: slice.as_mut_ptr(), len: slice.len() }
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Elements `from .. from + len`.
    ///
    /// # Safety
    /// The buffer is alive, and no other slice that overlaps this one is alive.
    pub unsafe fn slice<'a>(self, from: usize, len: usize) -> &'a mut [T] {
        assert!(from + len <= self.len);
        // SAFETY: in bounds by the assertion; exclusive by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.data.add(from), len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_is_called_once_job_after_job() {
        for count in [1, 2, 3, 5] {
            let threads = Threads::new(count);
            for n in [0, 1, 2, 7, 100] {
                for _ in 0..200 {
                    let calls: Vec<AtomicUsize> = (0..n).map(|_| AtomicUsize::new(0)).collect();
                    threads.each(n, |i, thread| {
                        assert!(thread < threads.count());
                        calls[i].fetch_add(1, Ordering::Relaxed);
                    });
                    assert!(calls.iter().all(|c| c.load(Ordering::Relaxed) == 1), "{count} threads, {n} pieces");
                }
            }
        }
    }

    #[test]
    fn a_panic_comes_out_and_the_threads_live_on() {
        let threads = Threads::new(3);
        for bad in 0..8 {
            let result = catch_unwind(AssertUnwindSafe(|| threads.each(8, |i, _| assert_ne!(i, bad))));
            assert!(result.is_err());
            let sum = AtomicUsize::new(0);
            threads.each(8, |i, _| {
                sum.fetch_add(i, Ordering::Relaxed);
            });
            assert_eq!(sum.into_inner(), 28);
        }
    }

    #[test]
    fn sleeping_threads_wake_up() {
        let threads = Threads::new(2);
        for _ in 0..5 {
            std::thread::sleep(4 * LOOK_OUT);
            // Each piece waits for the other: one thread alone would not end.
            let arrived = AtomicUsize::new(0);
            threads.each(2, |_, _| {
                arrived.fetch_add(1, Ordering::Relaxed);
                while arrived.load(Ordering::Relaxed) < 2 {
                    std::thread::yield_now();
                }
            });
        }
    }
}
