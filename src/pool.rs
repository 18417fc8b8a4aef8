//! Independent jobs on several threads: jobs in, results in the order of the jobs.
//!
//! Workers take the jobs one after the other, so a caller that wants the longest first sorts them. A job that
//! panics has that as its result and costs no other job. Where the system refuses a thread the jobs run on
//! fewer; the calling thread is always one of the workers, and with one worker no thread is started.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobEnd<R> {
    Done(R),
    /// The job panicked, with this message.
    Panicked(String),
    /// It was never begun, because the jobs were stopped before.
    NotRun,
}

/// Ends the jobs early: those that were begun may ask for it, and no further one is begun.
#[derive(Debug, Default)]
pub struct Stop(AtomicBool);

impl Stop {
    pub fn new() -> Stop {
        Stop::default()
    }

    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How `threads` are shared out over `jobs`: the number of workers, and the threads of each. Where there are
/// fewer jobs than threads, each job takes several.
pub fn share(threads: usize, jobs: usize) -> (usize, usize) {
    let workers = threads.clamp(1, jobs.max(1));
    (workers, (threads / workers).max(1))
}

/// Runs `work(worker, job)` for every job on up to `workers` threads; workers count from 0. `done` is called
/// on the worker's thread when a job has ended, in whatever order they end.
pub fn run<J: Sync, R: Send>(
    jobs: &[J],
    workers: usize,
    stop: &Stop,
    work: impl Fn(usize, &J) -> R + Sync,
    done: impl Fn(usize, &J, &JobEnd<R>) + Sync,
) -> Vec<JobEnd<R>> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<JobEnd<R>>> = Mutex::new(jobs.iter().map(|_| JobEnd::NotRun).collect());
    let serve = |worker: usize| {
        while !stop.is_requested() {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(at) else { return };
            let ended = match catch_unwind(AssertUnwindSafe(|| work(worker, job))) {
                Ok(result) => JobEnd::Done(result),
                Err(panic) => JobEnd::Panicked(message(panic.as_ref())),
            };
            done(worker, job, &ended);
            results.lock().unwrap_or_else(PoisonError::into_inner)[at] = ended;
        }
    };
    std::thread::scope(|scope| {
        let serve = &serve;
        let start = |worker| {
            let named = std::thread::Builder::new().name(format!("job-{worker}"));
            named.spawn_scoped(scope, move || serve(worker)).is_ok()
        };
        // The first refusal ends the search for more: the system has no further thread.
        let _ = (1..workers.min(jobs.len())).all(start);
        serve(0);
    });
    results.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// What a panic said.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_jobs_for_any_number_of_workers() {
        let jobs: Vec<u64> = (0..50).collect();
        for workers in [1, 2, 7, 100] {
            let ended = Mutex::new(Vec::new());
            let results = run(
                &jobs,
                workers,
                &Stop::new(),
                |_, job| {
                    std::thread::sleep(std::time::Duration::from_micros((job * 7919) % 101));
                    job * job
                },
                |_, job, _| ended.lock().unwrap().push(*job),
            );
            assert_eq!(results, jobs.iter().map(|j| JobEnd::Done(j * j)).collect::<Vec<_>>());
            let mut ended = ended.into_inner().unwrap();
            ended.sort_unstable();
            assert_eq!(ended, jobs);
        }
        assert!(run(&[0; 0], 4, &Stop::new(), |_, _| (), |_, _, _| ()).is_empty());
    }

    #[test]
    fn a_panic_is_the_result_of_its_job_and_of_no_other() {
        let jobs = [1, 2, 3, 4];
        let work = |_: usize, job: &i32| if *job == 2 { panic!("job {job} is broken") } else { *job };
        let results = run(&jobs, 2, &Stop::new(), work, |_, _, _| ());
        assert_eq!(results[1], JobEnd::Panicked("job 2 is broken".into()));
        assert_eq!(
            [&results[0], &results[2], &results[3]],
            [&JobEnd::Done(1), &JobEnd::Done(3), &JobEnd::Done(4)]
        );
    }

    #[test]
    fn a_stop_begins_no_further_job() {
        let stop = Stop::new();
        let work = |_: usize, job: &i32| {
            if *job == 2 {
                stop.request();
            }
            *job
        };
        let results = run(&[1, 2, 3, 4], 1, &stop, work, |_, _, _| ());
        assert_eq!(results, [JobEnd::Done(1), JobEnd::Done(2), JobEnd::NotRun, JobEnd::NotRun]);
    }

    #[test]
    fn one_worker_is_the_calling_thread() {
        let caller = std::thread::current().id();
        let results = run(&[(), ()], 1, &Stop::new(), |_, ()| std::thread::current().id(), |_, (), _| ());
        assert_eq!(results, [JobEnd::Done(caller), JobEnd::Done(caller)]);
    }

    #[test]
    fn threads_are_shared_out() {
        assert_eq!([share(8, 3), share(4, 9), share(1, 0), share(0, 5)], [(3, 2), (4, 1), (1, 1), (1, 1)]);
    }
}
