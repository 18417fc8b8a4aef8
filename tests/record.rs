//! The run folder from outside: what is written is what is read, bit for bit, whatever happens to the files.

use std::fs;
use std::path::Path;

use gradfade::record::{
    EvalRow, Header, LayerInfo, MemorySink, Record, RecordError, RecordSink, RunWriter, SnapshotRow, Source, Status,
    StepRow, TensorInfo, TensorKind, Warning, export_csv, header::SCHEMA,
};
use gradfade::stats::{MISSING, UNDERFLOW};
use proptest::prelude::*;

/// A network of `layers` layers; layers with an even number have no bias.
fn header(layers: usize, sketch_buckets: Option<usize>) -> Header {
    let mut tensors = Vec::new();
    for layer in 1..=layers {
        tensors.push(TensorInfo { layer, kind: TensorKind::Weight, shape: vec![2, 3] });
        if layer % 2 == 1 {
            tensors.push(TensorInfo { layer, kind: TensorKind::Bias, shape: vec![2] });
        }
    }
    Header {
        schema: SCHEMA,
        source: Source { tool: "test".into(), version: "0".into() },
        run: "sigmoid".into(),
        labels: [("activation".to_string(), "sigmoid".to_string())].into(),
        seed: Some(u64::MAX),
        layers: (1..=layers)
            .map(|n| LayerInfo { name: format!("layers.{n}"), fan_in: 3, fan_out: 2, activation: "sigmoid".into() })
            .collect(),
        tensors,
        classes: Some(10),
        steps_per_epoch: None,
        planned_steps: Some(100),
        sketch_buckets,
        config: Some(serde_json::json!({ "learning_rate": 0.1, "tiny": 5e-324 })),
        status: Status::Running,
        early_stop: None,
        elapsed_secs: None,
    }
}

/// A record whose values tell where they belong: `rows` steps, every third with a snapshot and every fifth evaluated.
fn numbered(layers: usize, rows: u64) -> Record {
    let mut sink = MemorySink::new(header(layers, Some(2)));
    let tensors = sink.record.header.tensors.len();
    for step in 0..rows {
        push_numbered(&mut sink, step, layers, tensors).unwrap();
        if step % 3 == 0 {
            let (d, a, s) = (vec![step as f64; tensors], vec![0.5; layers], vec![step as f32; 2 * tensors]);
            let row = SnapshotRow { step, distance_from_init: &d, zero_share: &d, activations: [&a; 5], sketch: &s };
            sink.snapshot(&row).unwrap();
        }
        if step % 5 == 0 {
            let (epoch, v) = (step as f64 / 5.0, 0.25);
            let row = EvalRow {
                step,
                epoch,
                train_loss: v,
                train_accuracy: v,
                test_loss: MISSING,
                test_accuracy: MISSING,
                validation_loss: v,
                validation_accuracy: v,
            };
            sink.eval(&row).unwrap();
        }
    }
    sink.record
}

fn push_numbered(sink: &mut impl RecordSink, step: u64, layers: usize, tensors: usize) -> Result<(), RecordError> {
    let x = step as f64 + 0.25;
    let (t, l) = (vec![x; tensors], vec![-x; layers]);
    let (tensors, layers) = ([&t[..]; 5], [&l[..]; 2]);
    sink.step(&StepRow { step, epoch: x, learning_rate: 0.1, loss: x, batch_accuracy: x, tensors, layers })
}

/// Everything a record holds, with numbers as bits: NaN payloads and the sign of zero count.
fn bits(record: &Record) -> (Header, Vec<Vec<u64>>) {
    let of = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<u64>>();
    let (s, k) = (&record.steps, &record.snapshots);
    let mut all = vec![s.step.clone(), of(&s.epoch), of(&s.learning_rate), of(&s.loss), of(&s.batch_accuracy)];
    all.extend(s.tensors.iter().map(|c| of(c)));
    all.extend(s.layers.iter().map(|c| of(c)));
    all.extend([k.step.clone(), of(&k.distance_from_init)]);
    all.extend(k.activations.iter().map(|c| of(c)));
    all.push(k.sketch.iter().map(|v| u64::from(v.to_bits())).collect());
    for e in &record.evals {
        all.push(vec![e.step]);
        all.push(of(&[e.epoch, e.train_loss, e.train_accuracy, e.test_loss, e.test_accuracy]));
        all.push(of(&[e.validation_loss, e.validation_accuracy]));
    }
    (record.header.clone(), all)
}

fn assert_is_prefix(prefix: &Record, whole: &Record) {
    let (s, k, e) = (prefix.len(), prefix.snapshots.step.len(), prefix.evals.len());
    for (short, long) in prefix.steps.tensors.iter().zip(&whole.steps.tensors) {
        assert!(long.starts_with(short));
    }
    for (short, long) in prefix.steps.layers.iter().zip(&whole.steps.layers) {
        assert!(long.starts_with(short));
    }
    assert_eq!(prefix.steps.step, whole.steps.step[..s]);
    assert_eq!(prefix.steps.loss, whole.steps.loss[..s]);
    assert_eq!(prefix.snapshots.step, whole.snapshots.step[..k]);
    assert!(whole.snapshots.sketch.starts_with(&prefix.snapshots.sketch));
    let steps = |r: &Record| r.evals.iter().map(|e| e.step).collect::<Vec<_>>();
    assert_eq!(steps(prefix), steps(whole)[..e]);
}

/// Any bit pattern, the special ones often.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<u64>().prop_map(f64::from_bits),
        prop::sample::select(vec![MISSING, UNDERFLOW, 0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 5e-324, 1.0]),
    ]
}

fn any_record() -> impl Strategy<Value = Record> {
    let status = prop_oneof![
        Just(Status::Running),
        Just(Status::Complete),
        any::<u64>().prop_map(|step| Status::Interrupted { step }),
        (any::<u64>(), ".*").prop_map(|(step, what)| Status::Diverged { step, what }),
    ];
    let shape = (1usize..4, prop::option::of(1usize..4), 0usize..6, 0usize..4, 0usize..4);
    (shape, status, ".*", prop::option::of(0.0..1e6f64)).prop_flat_map(
        |((layers, buckets, rows, snapshots, evals), status, run, elapsed_secs)| {
            let header = Header { status, run, elapsed_secs, ..header(layers, buckets) };
            let tensors = header.tensors.len();
            let steps = |n| prop::collection::vec(1u64..1000, n);
            let wide = 4 + 5 * tensors + 2 * layers;
            let step_values = prop::collection::vec(number(), rows * wide);
            let snapshot_values = prop::collection::vec(number(), snapshots * (2 * tensors + 5 * layers));
            let sketch = prop::collection::vec(any::<u32>(), snapshots * tensors * buckets.unwrap_or(0));
            let eval_values = prop::collection::vec(number(), evals * 7);
            (steps(rows), steps(snapshots), steps(evals), step_values, snapshot_values, sketch, eval_values).prop_map(
                move |(s, k, e, sv, kv, sketch, ev)| {
                    let mut record = Record::new(header.clone());
                    // Increments add up to increasing steps.
                    let add = |steps: Vec<u64>| steps.into_iter().scan(0, |at, d| Some(std::mem::replace(at, *at + d)));
                    let mut values = sv.into_iter();
                    let mut take = |n: usize| values.by_ref().take(n).collect::<Vec<f64>>();
                    record.steps.step = add(s).collect();
                    record.steps.epoch = take(rows);
                    record.steps.learning_rate = take(rows);
                    record.steps.loss = take(rows);
                    record.steps.batch_accuracy = take(rows);
                    record.steps.tensors = std::array::from_fn(|_| take(rows * tensors));
                    record.steps.layers = std::array::from_fn(|_| take(rows * layers));
                    let mut values = kv.into_iter();
                    let mut take = |n: usize| values.by_ref().take(n).collect::<Vec<f64>>();
                    record.snapshots.step = add(k).collect();
                    record.snapshots.distance_from_init = take(snapshots * tensors);
                    record.snapshots.zero_share = take(snapshots * tensors);
                    record.snapshots.activations = std::array::from_fn(|_| take(snapshots * layers));
                    record.snapshots.sketch = sketch.into_iter().map(f32::from_bits).collect();
                    record.evals = add(e)
                        .zip(ev.chunks(7))
                        .map(|(step, v)| EvalRow {
                            step,
                            epoch: v[0],
                            train_loss: v[1],
                            train_accuracy: v[2],
                            test_loss: v[3],
                            test_accuracy: v[4],
                            validation_loss: v[5],
                            validation_accuracy: v[6],
                        })
                        .collect();
                    record
                },
            )
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_record_comes_back_from_its_folder_bit_for_bit(record in any_record()) {
        let dir = tempfile::tempdir().unwrap();
        record.write(dir.path(), false).unwrap();
        let (read, warnings) = Record::read(dir.path()).unwrap();
        prop_assert_eq!(warnings, vec![]);
        prop_assert_eq!(bits(&read), bits(&record));
    }

    #[test]
    fn a_folder_with_one_file_cut_anywhere_reads_as_a_prefix_or_is_a_clear_error(which in 0usize..30, cut in 0.0..1.0f64) {
        let dir = tempfile::tempdir().unwrap();
        let record = numbered(3, 20);
        record.write(dir.path(), false).unwrap();
        let mut files: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        let file = &files[which % files.len()];
        let whole = fs::read(file).unwrap();
        fs::write(file, &whole[..(whole.len() as f64 * cut) as usize]).unwrap();
        match Record::read(dir.path()) {
            Ok((read, warnings)) => {
                assert_is_prefix(&read, &record);
                prop_assert!(!warnings.is_empty());
            }
            Err(error) => {
                let line = error.to_string();
                prop_assert!(line.contains(file.file_name().unwrap().to_str().unwrap()), "{}", line);
                prop_assert!(!line.contains('\n'));
            }
        }
    }
}

#[test]
fn rows_are_readable_after_each_commit_and_the_status_tells_that_the_run_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/run");
    let whole = numbered(3, 7);
    let mut writer = RunWriter::create(&path, &header(3, Some(2)), false).unwrap();
    let (empty, _) = Record::read(&path).unwrap();
    assert!(empty.is_empty());
    for i in 0..4 {
        writer.step(&whole.step_row(i)).unwrap();
    }
    writer.commit().unwrap();
    writer.step(&whole.step_row(4)).unwrap();
    let (read, warnings) = Record::read(&path).unwrap();
    assert_eq!((read.len(), &read.header.status, warnings), (4, &Status::Running, vec![]));
    // An evaluation commits by itself, and with it everything before it.
    writer.eval(&whole.evals[1]).unwrap();
    assert_eq!(Record::read(&path).unwrap().0.len(), 5);
    writer.step(&whole.step_row(5)).unwrap();
    writer.finish(Status::Interrupted { step: 6 }, 1.5).unwrap();
    let (read, _) = Record::read(&path).unwrap();
    assert_eq!((read.len(), read.header.elapsed_secs), (6, Some(1.5)));
    assert_eq!(read.header.status, Status::Interrupted { step: 6 });
    assert!(!path.join("meta.json.part").exists());
}

#[test]
fn rows_are_committed_by_themselves_by_number_and_by_time_and_when_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let rows = || Record::read(dir.path()).unwrap().0.len();
    let mut writer = RunWriter::create(dir.path(), &header(1, None), false).unwrap();
    for step in 0..1025 {
        push_numbered(&mut writer, step, 1, 2).unwrap();
    }
    assert_eq!(rows(), 1024);
    // Slow steps: after the pace has been seen to drop, the clock commits.
    std::thread::sleep(std::time::Duration::from_millis(600));
    for step in 1025..1025 + 70 {
        push_numbered(&mut writer, step, 1, 2).unwrap();
    }
    let by_time = rows();
    assert!(by_time > 1024, "{by_time}");
    drop(writer);
    assert_eq!(rows(), 1095);
}

#[test]
fn an_existing_folder_is_not_overwritten_unless_it_is_a_run_and_that_is_wanted() {
    let dir = tempfile::tempdir().unwrap();
    let record = numbered(2, 5);
    record.write(dir.path(), false).unwrap();
    let error = record.write(dir.path(), false).unwrap_err();
    assert!(matches!(error, RecordError::Exists { .. }) && error.to_string().contains("replace it with force"));

    for name in ["notes.txt", "weights-final.safetensors"] {
        fs::write(dir.path().join(name), "x").unwrap();
    }
    let other = numbered(1, 3);
    other.write(dir.path(), true).unwrap();
    assert_eq!(bits(&Record::read(dir.path()).unwrap().0), bits(&other));
    assert!(dir.path().join("notes.txt").exists(), "a file that is not ours stays");
    assert!(!dir.path().join("weights-final.safetensors").exists(), "weights of another run go");

    for foreign in [None, Some("{\"schema\": \"http://json-schema.org\"}"), Some("not JSON")] {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("loss.npy"), "precious").unwrap();
        if let Some(meta) = foreign {
            fs::write(dir.path().join("meta.json"), meta).unwrap();
        }
        let error = other.write(dir.path(), true).unwrap_err();
        assert!(matches!(error, RecordError::NotOurs { .. }), "{error}");
        assert_eq!(fs::read(dir.path().join("loss.npy")).unwrap(), b"precious");
    }
}

#[test]
fn a_row_that_does_not_fit_is_refused_by_every_sink_and_not_taken() {
    let dir = tempfile::tempdir().unwrap();
    let mut folder = RunWriter::create(dir.path(), &header(1, None), false).unwrap();
    let mut memory = MemorySink::new(header(1, None));
    for sink in [&mut folder as &mut dyn RecordSink, &mut memory] {
        let mut sink = sink;
        push_numbered(&mut sink, 3, 1, 2).unwrap();
        let line = push_numbered(&mut sink, 3, 1, 2).unwrap_err().to_string();
        assert_eq!(line, "run `sigmoid`: step table: step 3 comes after step 3; steps must increase");
        let line = push_numbered(&mut sink, 4, 1, 1).unwrap_err().to_string();
        assert_eq!(line, "run `sigmoid`: step row 4: 1 values of grad_norm, but the header has 2 tensors");
        assert!(push_numbered(&mut sink, u64::MAX, 1, 2).is_err());
        push_numbered(&mut sink, 4, 1, 2).unwrap();
    }
    drop(folder);
    assert_eq!(Record::read(dir.path()).unwrap().0.steps, memory.record.steps);
}

fn read_error(dir: &Path) -> String {
    let line = Record::read(dir).unwrap_err().to_string();
    assert!(!line.contains('\n'), "{line}");
    line
}

#[test]
fn what_is_not_a_run_is_refused_in_one_line_that_names_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("run");
    assert!(read_error(&run).contains("run: no such folder; give one that"));
    fs::create_dir(&run).unwrap();
    assert!(
        read_error(&run)
            .ends_with("run: not a run folder (it has no meta.json); give the folder that a training run wrote")
    );

    let record = numbered(2, 5);
    record.write(&run, true).unwrap();
    let meta = run.join("meta.json");
    let good = fs::read_to_string(&meta).unwrap();
    for (from, to, expected) in [
        (
            "\"schema\": 1",
            "\"schema\": 7",
            "meta.json: written in format 7, this program reads up to 1; use a newer gradfade",
        ),
        ("\"schema\": 1", "\"schema\": 0", "meta.json: format 0 is not known, expected 1"),
        ("\"run\": ", "\"run\" ", "meta.json: line 7, column 9: expected `:`"),
        ("\"layer\": 2", "\"layer\": 9", "meta.json: tensor 2 belongs to layer 9, but there are layers 1 to 2"),
        (
            "\"layer\": 2",
            "\"layer\": 1",
            "meta.json: the weight of layer 1 is out of order; weight, bias, gain, shift, layer by layer",
        ),
        (
            "\"sketch_buckets\": 2",
            "\"sketch_buckets\": 3",
            "sketch.npy: rows of shape [3, 2], but meta.json describes rows of shape [3, 3]",
        ),
        (
            "\"sketch_buckets\": 2",
            "\"sketch_buckets\": 18446744073709551615",
            "meta.json: a sketch of 18446744073709551615 buckets",
        ),
    ] {
        assert!(good.contains(from), "{from} in {good}");
        fs::write(&meta, good.replace(from, to)).unwrap();
        let line = read_error(&run);
        assert!(line.contains(expected), "{line}\n{expected}");
        assert!(expected.contains("newer") || line.contains("train it again with force"), "{line}");
    }
    fs::write(&meta, &good).unwrap();

    let refused = |expected: &str| {
        let line = read_error(&run);
        assert!(line.contains(expected) && line.ends_with("train it again with force, or copy it anew"), "{line}");
    };
    fs::copy(run.join("epoch.npy"), run.join("step.npy")).unwrap();
    refused("step.npy: numbers of type '<f8', expected '<i8' (numpy.int64)");
    fs::copy(run.join("snapshot_step.npy"), run.join("step.npy")).unwrap();
    let mut steps = fs::read(run.join("step.npy")).unwrap();
    steps[128..136].copy_from_slice(&9i64.to_le_bytes());
    fs::write(run.join("step.npy"), &steps).unwrap();
    refused("run: step table: step 3 comes after step 9; steps must increase");
    steps[128..136].copy_from_slice(&(-9i64).to_le_bytes());
    fs::write(run.join("step.npy"), &steps).unwrap();
    refused("step.npy: negative step -9");
    fs::remove_file(run.join("step.npy")).unwrap();
    refused("step.npy: missing; without its step table a run cannot be read");
}

#[test]
fn an_array_that_is_not_there_reads_as_missing_values() {
    let dir = tempfile::tempdir().unwrap();
    numbered(2, 5).write(dir.path(), false).unwrap();
    for name in ["driven_norm.npy", "activation_std.npy", "test_loss.npy", "sketch.npy"] {
        fs::remove_file(dir.path().join(name)).unwrap();
    }
    let (read, warnings) = Record::read(dir.path()).unwrap();
    assert_eq!(warnings.len(), 4);
    assert!(warnings.iter().all(|w| matches!(w, Warning::Absent { .. })));
    let missing = |values: &[f64]| values.iter().all(|v| v.to_bits() == MISSING.to_bits());
    assert!(missing(&read.steps.tensors[2]) && read.steps.tensors[2].len() == 5 * 3);
    assert!(missing(&read.snapshots.activations[1]) && read.snapshots.activations[1].len() == 2 * 2);
    assert!(read.evals.iter().all(|e| missing(&[e.test_loss])));
    assert_eq!((read.header.sketch_buckets, read.distance_to_final(0, 0)), (None, None));

    for name in ["snapshot_step.npy", "eval_step.npy"] {
        fs::remove_file(dir.path().join(name)).unwrap();
    }
    let (read, _) = Record::read(dir.path()).unwrap();
    assert_eq!((read.len(), read.snapshots.step.len(), read.evals.len()), (5, 0, 0));
}

#[test]
fn export_is_one_value_a_line_and_words_for_what_is_no_number() {
    let mut record = Record::new(header(2, None));
    let t = [1e-300, UNDERFLOW, 0.0];
    let gone = [MISSING; 3];
    let l = [f64::NAN, 2.5];
    record
        .step(&StepRow {
            step: 0,
            epoch: 0.0,
            learning_rate: 0.1,
            loss: f64::INFINITY,
            batch_accuracy: MISSING,
            tensors: [&t, &gone, &gone, &gone, &gone],
            layers: [&l, &gone[..2]],
        })
        .unwrap();
    let none = [MISSING; 2];
    let mean = [-0.0, -0.5];
    for step in [0, 1] {
        let activations = if step == 0 { [&mean[..], &none, &none, &none, &none] } else { [&none[..]; 5] };
        record
            .snapshot(&SnapshotRow {
                step,
                distance_from_init: &[0.0, 1.0, MISSING],
                zero_share: &[0.25, MISSING, MISSING],
                activations,
                sketch: &[],
            })
            .unwrap();
    }
    let row = EvalRow {
        step: 1,
        epoch: 1.0,
        train_loss: 0.5,
        train_accuracy: 0.75,
        test_loss: MISSING,
        test_accuracy: MISSING,
        validation_loss: 0.625,
        validation_accuracy: MISSING,
    };
    record.eval(&row).unwrap();
    let mut text = Vec::new();
    export_csv(&record, &mut text).unwrap();
    let expected = "step,layer,tensor,metric,value
0,,,epoch,0
0,,,learning_rate,0.1
0,,,loss,inf
0,1,weight,grad_norm,1e-300
0,1,bias,grad_norm,underflow
0,2,weight,grad_norm,0
0,1,,signal_rms,nan
0,2,,signal_rms,2.5
0,1,weight,distance_from_init,0
0,1,bias,distance_from_init,1.0
0,1,weight,zero_share,0.25
0,1,,activation_mean,0
0,2,,activation_mean,-0.5
1,1,weight,distance_from_init,0
1,1,bias,distance_from_init,1.0
1,1,weight,zero_share,0.25
1,,,eval_epoch,1.0
1,,,train_loss,0.5
1,,,train_accuracy,0.75
1,,,validation_loss,0.625
";
    assert_eq!(String::from_utf8(text).unwrap(), expected);
}

/// Arrays that came after the first runs were recorded.
#[test]
fn an_older_run_without_zeros_and_validation_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("run");
    let record = numbered(2, 20);
    record.write(&run, false).unwrap();
    for stem in ["zero_share", "validation_loss", "validation_accuracy"] {
        fs::remove_file(run.join(format!("{stem}.npy"))).unwrap();
    }
    let meta = fs::read_to_string(run.join("meta.json")).unwrap();
    let older: String = meta.lines().filter(|l| !l.contains("early_stop")).map(|l| format!("{l}\n")).collect();
    fs::write(run.join("meta.json"), older).unwrap();
    let (read, warnings) = Record::read(&run).unwrap();
    assert_eq!(warnings, []);
    assert!(
        read.snapshots
            .zero_share
            .iter()
            .chain(read.evals.iter().map(|e| &e.validation_loss))
            .all(|&x| gradfade::stats::is_missing(x))
    );
    assert_eq!(read.snapshots.zero_share.len(), record.snapshots.zero_share.len());
    assert_eq!(read.snapshots.distance_from_init, record.snapshots.distance_from_init);
    assert_eq!(read.header, record.header);
}
