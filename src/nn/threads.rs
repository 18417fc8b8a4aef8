//! Running independent pieces of a step on several threads.
//!
//! A step is cut into pieces whose number and shape depend only on the network and the batch; threads take
//! pieces, and results are joined in the order of the pieces. So the same seed gives the same bits for any
//! number of threads.
//!
//! [`Threads::for_each`] is safe: it hands each worker pieces of memory that no other worker has ([`Cut`]).
//! With one thread nothing is spawned and no clock is read: the pieces are called one after another.
//!
//! A step at small sizes takes less time than it takes to wake a thread, so idle threads look out for the
//! next job for a moment before they sleep; and nothing here allocates after [`Threads::new`].

use std::any::Any;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long an idle thread looks out before it sleeps: longer than the serial parts of a step, short enough
/// not to starve others.
const SPIN: Duration = Duration::from_micros(50);

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

    /// Calls `work(i, piece, own)` for every piece i of `pieces`; `own` is an element of `workers`, which
    /// needs one for each thread, that no other thread uses meanwhile. `work` must not call `for_each` again.
    /// A panic in it comes out here, when all threads have left the job.
    pub(crate) fn for_each<C: Cut, W: Send>(
        &self,
        pieces: C,
        workers: &mut [W],
        work: impl Fn(usize, C::Piece, &mut W) + Sync,
    ) {
        assert!(workers.len() >= self.count, "each thread has its own");
        let workers = each(workers);
        self.run(pieces.count(), |i, thread| {
            // SAFETY: `run` calls each i once, and `thread` is one thread, which does one piece at a time;
            // both borrows are exclusive until it returns.
            let (piece, own) = unsafe { (pieces.piece(i), workers.piece(thread)) };
            work(i, piece, own);
        });
    }

    /// Calls `piece(i, thread)` once for every i in `0..n`; `thread < count()` names the thread.
    fn run(&self, n: usize, piece: impl Fn(usize, usize) + Sync) {
        match &self.pool {
            Some(pool) if n > 1 => pool.run(n, &piece),
            _ => (0..n).for_each(|i| piece(i, 0)),
        }
    }
}

type Piece<'a> = dyn Fn(usize, usize) + Sync + 'a;

struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
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
    fn new(count: usize) -> Pool {
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
            std::thread::Builder::new().name(format!("step-{thread}")).spawn(move || shared.serve(thread)).ok()
        };
        let workers: Vec<_> = (1..=count).map_while(start).collect();
        // A thread allocates while it starts: all must have started before the first job.
        shared.inside.fetch_sub(usize::from(workers.len() < count), Ordering::Relaxed);
        while shared.inside.load(Ordering::Acquire) > 0 {
            std::thread::yield_now();
        }
        Pool { shared, workers, one_job: Mutex::new(()) }
    }

    fn run(&self, pieces: usize, piece: &Piece<'_>) {
        let _one_job = self.one_job.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = &*self.shared;
        // SAFETY: only the lifetime changes; `Withdraw` waits for every worker that has seen the job before
        // `piece` ends.
        let job =
            Job { piece: unsafe { std::mem::transmute::<*const Piece<'_>, *const Piece<'static>>(piece) }, pieces };
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

/// Memory that is cut into pieces, each of which one worker may write.
///
/// # Safety
/// Pieces of different numbers share no memory, and a piece stays valid for as long as its type says.
pub(crate) unsafe trait Cut: Sync {
    type Piece;

    /// Number of pieces.
    fn count(&self) -> usize;

    /// Piece `i < count()`.
    ///
    /// # Safety
    /// No piece is alive twice.
    unsafe fn piece(&self, i: usize) -> Self::Piece;
}

/// The elements of a slice, `size` of them at a time.
pub(crate) struct Chunks<'a, P> {
    data: *mut P,
    count: usize,
    size: usize,
    slice: PhantomData<&'a mut [P]>,
}

/// Cuts `slice` into chunks of `size` elements; those that do not fill one are left out.
pub(crate) fn chunks<P>(slice: &mut [P], size: usize) -> Chunks<'_, P> {
    let count = slice.len().checked_div(size).unwrap_or(0);
    Chunks { data: slice.as_mut_ptr(), count, size, slice: PhantomData }
}

// SAFETY: a `Chunks` is an exclusive borrow of its elements, which may go to other threads.
unsafe impl<P: Send> Sync for Chunks<'_, P> {}

// SAFETY: chunks of different numbers do not overlap, and the slice is borrowed for 'a.
unsafe impl<'a, P: Send + 'a> Cut for Chunks<'a, P> {
    type Piece = &'a mut [P];

    fn count(&self) -> usize {
        self.count
    }

    unsafe fn piece(&self, i: usize) -> &'a mut [P] {
        assert!(i < self.count);
        // SAFETY: inside the slice by the assertion; exclusive by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.data.add(i * self.size), self.size) }
    }
}

/// The elements of a slice, one by one.
pub(crate) struct Each<'a, P>(Chunks<'a, P>);

/// Cuts `slice` into its elements.
pub(crate) fn each<P>(slice: &mut [P]) -> Each<'_, P> {
    Each(chunks(slice, 1))
}

// SAFETY: as `Chunks`.
unsafe impl<'a, P: Send + 'a> Cut for Each<'a, P> {
    type Piece = &'a mut P;

    fn count(&self) -> usize {
        self.0.count
    }

    unsafe fn piece(&self, i: usize) -> &'a mut P {
        // SAFETY: the caller's promise.
        unsafe { &mut self.0.piece(i)[0] }
    }
}

// SAFETY: each of the two gives pieces that share no memory, and both are borrowed exclusively.
unsafe impl<A: Cut, B: Cut> Cut for (A, B) {
    type Piece = (A::Piece, B::Piece);

    fn count(&self) -> usize {
        assert_eq!(self.0.count(), self.1.count(), "both are cut into as many pieces");
        self.0.count()
    }

    unsafe fn piece(&self, i: usize) -> Self::Piece {
        // SAFETY: the caller's promise.
        unsafe { (self.0.piece(i), self.1.piece(i)) }
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
                    threads.run(n, |i, thread| {
                        assert!(thread < threads.count());
                        calls[i].fetch_add(1, Ordering::Relaxed);
                    });
                    assert!(calls.iter().all(|c| c.load(Ordering::Relaxed) == 1), "{count} threads, {n} pieces");
                }
            }
        }
    }

    #[test]
    fn one_thread_is_the_calling_one() {
        let threads = Threads::new(1);
        assert!(threads.pool.is_none() && threads.count() == 1);
        let caller = std::thread::current().id();
        threads.for_each(each(&mut [0; 3]), &mut [()], |_, _, ()| assert_eq!(std::thread::current().id(), caller));
    }

    #[test]
    fn every_piece_is_written_by_one_worker() {
        let threads = Threads::new(3);
        let (mut rows, mut sums) = (vec![0u64; 7 * 4 + 3], vec![0u64; 7]);
        let mut own = [0u64; 3];
        for _ in 0..100 {
            threads.for_each((chunks(&mut rows, 4), each(&mut sums)), &mut own, |i, (row, sum), calls| {
                row.iter_mut().for_each(|x| *x += i as u64);
                *sum += row.iter().sum::<u64>();
                *calls += 1;
            });
        }
        assert_eq!(own.iter().sum::<u64>(), 700);
        for (i, &sum) in sums.iter().enumerate() {
            assert!(rows[4 * i..4 * i + 4].iter().all(|&x| x == 100 * i as u64));
            assert_eq!(sum, 4 * i as u64 * 5050);
        }
        assert_eq!(rows[28..], [0; 3], "what fills no chunk is left alone");
    }

    #[test]
    #[should_panic(expected = "each thread has its own")]
    fn workers_without_memory_of_their_own_are_refused() {
        Threads::new(2).for_each(each(&mut [1, 2]), &mut [(); 1], |_, _, _| ());
    }

    #[test]
    fn a_panic_comes_out_and_the_threads_live_on() {
        let threads = Threads::new(3);
        for bad in 0..8 {
            let result = catch_unwind(AssertUnwindSafe(|| threads.run(8, |i, _| assert_ne!(i, bad))));
            assert!(result.is_err());
            let sum = AtomicUsize::new(0);
            threads.run(8, |i, _| {
                sum.fetch_add(i, Ordering::Relaxed);
            });
            assert_eq!(sum.into_inner(), 28);
        }
    }

    #[test]
    fn sleeping_threads_wake_up() {
        let threads = Threads::new(2);
        for _ in 0..5 {
            std::thread::sleep(4 * SPIN);
            // Each piece waits for the other: one thread alone would not end.
            let arrived = AtomicUsize::new(0);
            threads.run(2, |_, _| {
                arrived.fetch_add(1, Ordering::Relaxed);
                while arrived.load(Ordering::Relaxed) < 2 {
                    std::thread::yield_now();
                }
            });
        }
    }
}
