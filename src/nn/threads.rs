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

#[cfg(feature = "threads")]
mod pool;

use std::marker::PhantomData;

/// How many threads work on one step.
pub struct Threads {
    #[cfg(feature = "threads")]
    pool: Option<pool::Pool>,
    count: usize,
}

impl Threads {
    /// One thread: others need the feature `threads`.
    #[cfg(not(feature = "threads"))]
    pub fn new(_count: usize) -> Threads {
        Threads { count: 1 }
    }

    /// `count` threads, the calling one included; 0 counts as 1. Fewer when the system refuses more.
    #[cfg(feature = "threads")]
    pub fn new(count: usize) -> Threads {
        let pool = (count > 1).then(|| pool::Pool::new(count - 1)).filter(|pool| !pool.workers.is_empty());
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
        #[cfg(feature = "threads")]
        if let Some(pool) = self.pool.as_ref().filter(|_| n > 1) {
            pool.run(n, &piece);
            return;
        }
        (0..n).for_each(|i| piece(i, 0));
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

#[cfg(all(test, feature = "threads"))]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::pool::SPIN;
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
                    assert!(
                        calls.iter().all(|c| c.load(Ordering::Relaxed) == 1),
                        "{count} threads, {n} pieces"
                    );
                }
            }
        }
    }

    #[test]
    fn one_thread_is_the_calling_one() {
        let threads = Threads::new(1);
        assert!(threads.pool.is_none() && threads.count() == 1);
        let caller = std::thread::current().id();
        threads.for_each(each(&mut [0; 3]), &mut [()], |_, _, ()| {
            assert_eq!(std::thread::current().id(), caller)
        });
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
