//! A run that is killed, or whose disk is full, from outside the process: the system's own kill and the
//! system's own refusal to write. Both tests start this test binary again as the process that writes.
#![cfg(unix)]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use gradfade::record::*;
use gradfade::stats::bins::BINS;
use gradfade::stats::is_missing;

const LAYERS: usize = 5;
const TENSORS: usize = 5;
const BUCKETS: usize = 8;
const FOLDER: &str = "GRADFADE_TEST_RUN";

fn header() -> Header {
    let layer = |n| LayerInfo::dense(format!("layers.{n}"), 3, 2).with_activation("relu");
    let tensor = |layer| TensorInfo::new("", layer, "weight", &[2, 3]);
    let numbers = 1..=LAYERS;
    let header =
        Header::builder("endless", numbers.clone().map(layer).collect(), numbers.map(tensor).collect());
    header.sketch_buckets(BUCKETS).build().unwrap()
}

/// The value that stands in column `column` of step `step`.
fn value(step: u64, column: usize) -> f64 {
    (step as f64).mul_add(16.0, column as f64)
}

/// The process that is killed or refused: appends for ever, or says why it could not.
#[test]
fn writes_until_stopped_when_it_is_told_where() {
    let Some(dir) = std::env::var_os(FOLDER) else { return };
    let error = write_for_ever(Path::new(&dir)).unwrap_err();
    // Not through `panic!`, so that the line is exactly this.
    eprintln!("refused: {error}");
    std::process::exit(7);
}

/// Metrics of tensors and layers of the step table, in the order of their columns.
fn wide() -> impl Iterator<Item = MetricId> {
    Table::Step.metrics().filter(|m| m.per != Per::Run)
}

fn write_for_ever(dir: &Path) -> Result<(), RecordError> {
    let mut writer = RunWriter::create(dir, &header(), true)?;
    for step in 0.. {
        let columns: Vec<_> = wide().enumerate().map(|(c, _)| [value(step, c); TENSORS]).collect();
        let x = value(step, 9);
        let mut row = Row::of_step(step);
        Table::Step.metrics().filter(|m| m.per == Per::Run).for_each(|m| _ = row.set(m, x));
        wide().zip(&columns).for_each(|(m, column)| _ = row.set(m, column));
        writer.row(&row)?;
        if step % 10 == 0 {
            let sketch = [step as f32; TENSORS * BUCKETS];
            let mut row = Row::of_snapshot(step).with_sketch(&sketch);
            let counts = [step as f32; LAYERS * BINS];
            let measured = Table::Snapshot.metrics().filter(|m| m.element == Element::F64);
            measured.for_each(|m| _ = row.set(m, &columns[usize::from(m.per == Per::Layer) * 5]));
            // What is measured for the first time after a while, in the middle of a run.
            if step < 2000 {
                row.set(ACTIVATION_STD, Values::Absent);
            } else {
                row.set_singles(SIGNAL_HISTOGRAM, &counts);
            }
            row.set_singles(ACTIVATION_HISTOGRAM, &counts);
            writer.row(&row)?;
        }
        if step % 500 == 0 {
            let mut row = Row::of_evaluation(step);
            Table::Evaluation.metrics().for_each(|m| _ = row.set(m, x));
            writer.row(&row)?;
        }
    }
    Ok(())
}

/// Everything that can be read is what was written.
fn assert_true(record: &Record) {
    let steps = &record.steps;
    for (i, &step) in steps.step().iter().enumerate() {
        assert_eq!(step, i as u64);
        assert_eq!(steps[LOSS][i], value(step, 9));
        for (c, metric) in wide().enumerate() {
            assert_eq!(steps[metric][i * TENSORS..][..TENSORS], [value(step, c); TENSORS]);
        }
    }
    let k = &record.snapshots;
    for (i, &step) in k.step().iter().enumerate() {
        assert_eq!(step, 10 * i as u64);
        assert_eq!(k[DISTANCE_FROM_INIT][i * TENSORS..][..TENSORS], [value(step, 0); TENSORS]);
        assert_eq!(
            k.singles(SKETCH)[i * TENSORS * BUCKETS..][..TENSORS * BUCKETS],
            [step as f32; TENSORS * BUCKETS]
        );
        let counts = |metric| &k.singles(metric)[i * LAYERS * BINS..][..LAYERS * BINS];
        assert_eq!(counts(ACTIVATION_HISTOGRAM), [step as f32; LAYERS * BINS]);
        if k.has(SIGNAL_HISTOGRAM) {
            let late = if step < 2000 { f32::NAN } else { step as f32 };
            assert!(counts(SIGNAL_HISTOGRAM).iter().all(|n| n.to_bits() == late.to_bits()), "{step}");
        }
        let late = k.value(ACTIVATION_STD, i, 0);
        assert!(if step < 2000 { is_missing(late) } else { late == value(step, 5) }, "{step}: {late}");
    }
    for (i, row) in record.evals.iter().enumerate() {
        assert_eq!((row.step(), row.value(TEST_LOSS)), (500 * i as u64, value(row.step(), 9)));
    }
}

fn this_test_in_a_shell(before: &str, dir: &Path) -> Command {
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(format!("{before} exec \"$0\" --exact writes_until_stopped_when_it_is_told_where --nocapture"));
    command.arg(std::env::current_exe().unwrap()).env(FOLDER, dir);
    command
}

/// Ends the child also when an assertion fails.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_run_killed_at_any_moment_keeps_its_committed_rows() {
    let mut longest = 0;
    for attempt in 0..12u64 {
        let dir = tempfile::tempdir().unwrap();
        let child = Killed(this_test_in_a_shell("", dir.path()).stdout(Stdio::null()).spawn().unwrap());
        let start = Instant::now();
        while !dir.path().join("meta.json").exists() {
            assert!(start.elapsed() < Duration::from_secs(60), "the writing process did not start");
            std::thread::sleep(Duration::from_millis(1));
        }
        // Spread over commits by numbers that share no factor with their length.
        std::thread::sleep(Duration::from_micros(137 + 7919 * attempt));
        // Also while it is being written.
        if let Ok((live, _)) = Record::read(dir.path()) {
            assert_true(&live);
        }
        drop(child);
        let (record, _) = Record::read(dir.path()).unwrap();
        assert_true(&record);
        assert_eq!(record.header.status, Status::Running);
        longest = longest.max(record.len());
    }
    assert!(longest >= 1024, "no attempt got as far as a commit: {longest} rows");
}

/// The header comes last, so a kill while the folder is being made leaves no run, and never one that cannot
/// be read; its place is free again.
#[test]
fn a_run_killed_while_it_is_created_is_none_or_whole_and_its_place_can_be_taken() {
    let mut unborn = 0;
    for attempt in 0..24u32 {
        let dir = tempfile::tempdir().unwrap();
        let child = Killed(this_test_in_a_shell("", dir.path()).stdout(Stdio::null()).spawn().unwrap());
        let start = Instant::now();
        while std::fs::read_dir(dir.path()).unwrap().count() <= attempt as usize {
            assert!(start.elapsed() < Duration::from_secs(60), "the writing process did not start");
        }
        drop(child);
        match Record::read(dir.path()) {
            Ok((record, _)) => assert_true(&record),
            Err(RecordError::NotARun { .. }) => {
                unborn += 1;
                RunWriter::create(dir.path(), &header(), false).unwrap();
            }
            Err(e) => panic!("after {attempt} files: {e}"),
        }
    }
    assert!(unborn > 0, "no attempt was killed early enough");
}

/// A limit on the size of files makes the system write what fits and then refuse, as a full disk does.
#[test]
fn a_disk_that_refuses_is_reported_by_file_and_the_committed_rows_stay_readable() {
    for blocks in [40, 97, 200] {
        let dir = tempfile::tempdir().unwrap();
        let limit = format!("trap '' XFSZ; ulimit -f {blocks} &&");
        let output = this_test_in_a_shell(&limit, dir.path()).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        let line =
            stderr.lines().find(|line| line.starts_with("refused: ")).unwrap_or_else(|| panic!("{stderr}"));
        assert_eq!(output.status.code(), Some(7), "{stderr}");
        assert!(line.contains(".npy: cannot write it: "), "{line}");
        let (record, _) = Record::read(dir.path()).unwrap();
        assert!(record.len() > 100, "{} rows", record.len());
        assert_true(&record);
    }
}

/// Waits until the folder has a header.
fn until_it_runs(dir: &Path) {
    let start = Instant::now();
    while !dir.join("meta.json").exists() {
        assert!(start.elapsed() < Duration::from_secs(60), "the writing process did not start");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_folder_that_is_being_written_is_refused_and_free_again_after_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let first = Killed(this_test_in_a_shell("", dir.path()).stdout(Stdio::null()).spawn().unwrap());
    until_it_runs(dir.path());
    // Another process, with and without the wish to replace it, and this one.
    let second = this_test_in_a_shell("", dir.path()).output().unwrap();
    let stderr = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(7), "{stderr}");
    assert!(stderr.contains("another program is writing there"), "{stderr}");
    for overwrite in [false, true] {
        let error = RunWriter::create(dir.path(), &header(), overwrite).unwrap_err();
        assert!(matches!(error, RecordError::Busy { .. }), "{error}");
    }
    assert!(matches!(RunWriter::check_place(dir.path(), true), Err(RecordError::Busy { .. })));
    drop(first);
    // The rows of the first are whole, and its place can be taken.
    assert_true(&Record::read(dir.path()).unwrap().0);
    drop(RunWriter::create(dir.path(), &header(), true).unwrap());
    let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| name != ".gradfade.lock"), "{left:?}");
}

#[test]
fn of_several_that_start_at_once_on_a_new_folder_one_wins() {
    for attempt in 0..4 {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("run");
        let mut all: Vec<_> = (0..4)
            .map(|_| {
                let mut command = this_test_in_a_shell("", &run);
                Killed(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap())
            })
            .collect();
        // All but the winner end by themselves.
        let start = Instant::now();
        let ended = |all: &mut Vec<Killed>| {
            all.iter_mut().filter_map(|c| c.0.try_wait().unwrap()).collect::<Vec<_>>()
        };
        while ended(&mut all).len() < 3 {
            assert!(start.elapsed() < Duration::from_secs(60), "attempt {attempt}: {:?}", ended(&mut all));
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(ended(&mut all).iter().all(|status| status.code() == Some(7)));
        until_it_runs(&run);
        drop(all);
        assert_true(&Record::read(&run).unwrap().0);
    }
}

#[test]
fn a_header_is_never_written_through_a_symbolic_link() {
    let dir = tempfile::tempdir().unwrap();
    let (victim, run) = (dir.path().join("victim.txt"), dir.path().join("run"));
    std::fs::write(&victim, "precious").unwrap();
    std::fs::create_dir(&run).unwrap();
    std::os::unix::fs::symlink(&victim, run.join("meta.json.part")).unwrap();
    drop(RunWriter::create(&run, &header(), false).unwrap());
    assert_eq!(std::fs::read(&victim).unwrap(), b"precious");
    assert_eq!(Record::read(&run).unwrap().0.len(), 0);
}
