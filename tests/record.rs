//! The run folder from outside: what is written is what is read, bit for bit, whatever happens to the files.

use std::fs;
use std::path::Path;

use gradfade::escape::{shortened, word};
use gradfade::record::*;
use gradfade::stats::bins::BINS;
use gradfade::stats::{MISSING, UNDERFLOW};
use proptest::prelude::*;

/// A network of `layers` layers; layers with an even number have no bias.
fn header(layers: usize, sketch_buckets: Option<usize>) -> Header {
    let mut tensors = Vec::new();
    for layer in 1..=layers {
        tensors.push(TensorInfo::new("", layer, "weight", &[2, 3]));
        if layer % 2 == 1 {
            tensors.push(TensorInfo::new("", layer, "bias", &[2]));
        }
    }
    let layer = |n| LayerInfo::dense(format!("layers.{n}"), 3, 2).with_activation("sigmoid");
    let mut header = Header::builder("sigmoid", (1..=layers).map(layer).collect(), tensors)
        .source(Source { tool: "test".into(), version: "0".into() })
        .labels([("activation".to_string(), "sigmoid".to_string())].into())
        .facts(Facts::default().with_classes(10).with_majority_share(Some(0.1 + 0.2)))
        .seed(u64::MAX)
        .planned_steps(100)
        .config(serde_json::json!({ "learning_rate": 0.1, "tiny": 5e-324 }))
        .build()
        .unwrap();
    header.sketch_buckets = sketch_buckets;
    header
}

fn histograms() -> impl Iterator<Item = MetricId> {
    MetricId::all().filter(|m| m.kind == ValueKind::Histogram)
}

/// A record whose values tell where they belong: `rows` steps, every third with a snapshot and every fifth
/// evaluated.
fn numbered(layers: usize, rows: u64) -> Record {
    let mut sink = MemorySink::new(header(layers, Some(2)));
    let tensors = sink.record.header.tensors.len();
    for step in 0..rows {
        push_numbered(&mut sink, step, layers, tensors).unwrap();
        if step % 3 == 0 {
            let (d, a, s) = (vec![step as f64; tensors], vec![0.5; layers], vec![step as f32; 2 * tensors]);
            let counts: Vec<f32> = (0..layers * BINS).map(|i| (i as u64 + step) as f32).collect();
            let mut row = Row::of_snapshot(step).with_sketch(&s);
            for m in Table::Snapshot.metrics().filter(|m| m.element == Element::F64) {
                row.set(m, if m.per == Per::Layer { &a } else { &d });
            }
            histograms().for_each(|m| _ = row.set_singles(m, &counts));
            sink.row(&row).unwrap();
        }
        if step % 5 == 0 {
            let mut row = Row::of_evaluation(step).with(EVAL_EPOCH, step as f64 / 5.0);
            for m in [TRAIN_LOSS, TRAIN_ACCURACY, VALIDATION_LOSS, VALIDATION_ACCURACY] {
                row.set(m, 0.25);
            }
            sink.row(&row).unwrap();
        }
    }
    sink.record
}

fn push_numbered(
    sink: &mut impl RecordSink,
    step: u64,
    layers: usize,
    tensors: usize,
) -> Result<(), RecordError> {
    let x = step as f64 + 0.25;
    let (t, l) = (vec![x; tensors], vec![-x; layers]);
    let mut row = Row::of_step(step);
    for m in Table::Step.metrics() {
        match m.per {
            Per::Run => row.set(m, x),
            Per::Layer => row.set(m, &l),
            Per::Tensor => row.set(m, &t),
        };
    }
    sink.row(row.set(LEARNING_RATE, 0.1))
}

/// Everything a record holds, with numbers as bits: NaN payloads and the sign of zero count.
fn bits(record: &Record) -> (Header, Vec<Vec<u64>>) {
    let of = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<u64>>();
    let mut all = Vec::new();
    for table in Table::ALL {
        let rows = record.table(table);
        all.push(rows.step().to_vec());
        all.extend(table.metrics().map(|m| of(&rows[m])));
        all.extend(table.metrics().map(|m| rows.singles(m).iter().map(|v| u64::from(v.to_bits())).collect()));
    }
    (record.header.clone(), all)
}

/// The record with the words that a reader makes harmless; its numbers are as they were.
fn as_read(record: &Record) -> Record {
    let mut same = record.clone();
    same.header.run = shortened(&word(&record.header.run), 200).into_owned();
    if let Status::Diverged { what, .. } = &mut same.header.status {
        *what = word(what).into_owned();
    }
    same
}

/// The plain NaN of another program's record that no divergence explains, the first of each array, from the
/// definition: the losses themselves and what comes from the first lost loss on are no gaps.
fn gaps(record: &Record, dir: &Path) -> Vec<Warning> {
    let is_nan = |x: f64| x.is_nan() && x.to_bits() != MISSING.to_bits();
    let told = match record.header.status {
        Status::Diverged { step, .. } => step,
        _ => u64::MAX,
    };
    let losses = record.steps.step().iter().zip(&record.steps[LOSS]);
    let is_lost = |loss: f64| loss.is_infinite() || is_nan(loss);
    let end = losses.filter(|(_, loss)| is_lost(**loss)).map(|(&step, _)| step).fold(told, u64::min);
    let mut all = Vec::new();
    for table in Table::ALL {
        let rows = record.table(table);
        for metric in table.metrics().filter(|m| m.element == Element::F64 && *m != LOSS) {
            let values = &rows[metric];
            let nans: Vec<usize> = (0..values.len()).filter(|&i| is_nan(values[i])).collect();
            let Some(&first) = nans.first() else { continue };
            let width = values.len() / rows.len();
            let (step, index) = (rows.step()[first / width], first % width);
            let tensor = &record.header.tensors.get(index);
            let place = match metric.per {
                Per::Run => metric.id.to_string(),
                Per::Layer => format!("layer {} ({})", index + 1, record.header.layers[index].name),
                Per::Tensor => format!("layer {} ({})", tensor.unwrap().layer, tensor.unwrap().name),
            };
            let path = dir.join(format!("{}.npy", metric.id));
            all.extend((step < end).then_some(Warning::NotANumber { path, place, step, count: nans.len() }));
        }
    }
    all
}

fn assert_is_prefix(prefix: &Record, whole: &Record) {
    for table in Table::ALL {
        let (short, long) = (prefix.table(table), whole.table(table));
        assert!(long.step().starts_with(short.step()));
        for m in table.metrics() {
            let as_bits = |rows: &Rows| rows[m].iter().map(|x| x.to_bits()).collect::<Vec<u64>>();
            assert!(as_bits(long).starts_with(&as_bits(short)), "{m:?}");
            assert!(long.singles(m).starts_with(short.singles(m)), "{m:?}");
        }
    }
}

/// Any bit pattern, the special ones often.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<u64>().prop_map(f64::from_bits),
        prop::sample::select(vec![
            MISSING,
            UNDERFLOW,
            0.0,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
            5e-324,
            1.0
        ]),
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
            let mut header = header(layers, buckets);
            (header.status, header.run, header.elapsed_secs) = (status, run, elapsed_secs);
            let tensors = header.tensors.len();
            let steps = |n| prop::collection::vec(1u64..1000, n);
            let wide: usize =
                MetricId::all().map(|m| if m.per == Per::Run { 1 } else { tensors.max(layers) }).sum();
            let values = prop::collection::vec(number(), (rows + snapshots + evals) * wide);
            let sketch = prop::collection::vec(any::<u32>(), snapshots * tensors * buckets.unwrap_or(0));
            // Some histograms are not measured at every snapshot, some at none.
            let counts = prop::collection::vec(prop::option::of(0u32..1 << 24), snapshots * 3);
            (steps(rows), steps(snapshots), steps(evals), values, sketch, counts).prop_map(
                move |(s, k, e, values, sketch, counts)| {
                    let mut record = Record::new(header.clone());
                    let sketch: Vec<f32> = sketch.into_iter().map(f32::from_bits).collect();
                    let mut sketches = sketch.chunks(tensors * buckets.unwrap_or(1));
                    let mut values = &values[..];
                    let block = |n: &Option<u32>| n.map(|n| vec![n as f32; layers * BINS]);
                    let blocks: Vec<_> = counts.iter().map(block).collect();
                    let mut blocks = blocks.iter();
                    for (table, increments) in Table::ALL.into_iter().zip([&s, &k, &e]) {
                        let mut step = 0;
                        for d in increments {
                            let mut row = Row::new(table, step);
                            for m in table.metrics().filter(|m| m.element == Element::F64) {
                                let n = match m.per {
                                    Per::Run => 1,
                                    Per::Layer => layers,
                                    Per::Tensor => tensors,
                                };
                                let (these, rest) = values.split_at(n);
                                values = rest;
                                // Some metrics are not measured at every step.
                                if these[0].to_bits() % 5 != 0 {
                                    row.set(m, these);
                                }
                            }
                            for m in histograms().filter(|m| m.table == table) {
                                if let Some(Some(block)) = blocks.next() {
                                    row.set_singles(m, block);
                                }
                            }
                            let with_sketch = table == Table::Snapshot && buckets.is_some();
                            let row =
                                if with_sketch { row.with_sketch(sketches.next().unwrap()) } else { row };
                            record.push(&row).unwrap();
                            step += d;
                        }
                    }
                    record
                },
            )
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_record_comes_back_from_its_folder_bit_for_bit(mut record in any_record()) {
        let dir = tempfile::tempdir().unwrap();
        record.write(dir.path(), false).unwrap();
        let (read, warnings) = Record::read(dir.path()).unwrap();
        prop_assert_eq!(warnings, gaps(&record, dir.path()));
        prop_assert_eq!(bits(&read), bits(&as_read(&record)));

        // Of our own records nothing is said: what they hold was measured.
        record.header.source.tool = "gradfade".into();
        record.write(dir.path(), true).unwrap();
        let (read, warnings) = Record::read(dir.path()).unwrap();
        prop_assert_eq!(warnings, vec![]);
        prop_assert_eq!(bits(&read), bits(&as_read(&record)));
    }

    #[test]
    fn a_folder_with_one_file_cut_anywhere_reads_as_a_prefix_or_is_a_clear_error(which in 0usize..33, cut in 0.0..1.0f64) {
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
        writer.row(&whole.steps.row(i)).unwrap();
    }
    writer.commit().unwrap();
    writer.row(&whole.steps.row(4)).unwrap();
    let (read, warnings) = Record::read(&path).unwrap();
    assert_eq!((read.len(), &read.header.status, warnings), (4, &Status::Running, vec![]));
    // An evaluation commits by itself, and with it everything before it.
    writer.row(&whole.evals.row(1)).unwrap();
    assert_eq!(Record::read(&path).unwrap().0.len(), 5);
    writer.row(&whole.steps.row(5)).unwrap();
    let ended = Ended { elapsed_secs: Some(1.5), ..Ended::new(Status::Interrupted { step: 6 }) };
    writer.finish(&ended).unwrap();
    assert!(writer.row(&whole.steps.row(6)).unwrap_err().to_string().contains("after the run was finished"));
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
    assert!(
        matches!(error, RecordError::Exists { .. }) && error.to_string().contains("replace it with force")
    );

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
        assert_eq!(line, "run `sigmoid`: step row 4: 1 values of group_rate, but the header has 2 tensors");
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
        read_error(&run).ends_with(
            "run: not a run folder (it has no meta.json); give the folder that a training run wrote"
        )
    );

    let record = numbered(2, 5);
    record.write(&run, true).unwrap();
    let meta = run.join("meta.json");
    let good = fs::read_to_string(&meta).unwrap();
    for (from, to, expected) in [
        (
            "\"schema\": 2",
            "\"schema\": 7",
            "meta.json: written in format 7, this program reads up to 2; use a newer gradfade",
        ),
        ("\"schema\": 2", "\"schema\": 0", "meta.json: format 0 is not known, expected 2"),
        ("\"run\": ", "\"run\" ", "meta.json: line 7, column 9: expected `:`"),
        (
            "\"layer\": 2",
            "\"layer\": 9",
            "meta.json: tensor 2 belongs to layer 9, but there are layers 1 to 2",
        ),
        (
            "\"layers.2.weight\"",
            "\"layers.1.weight\"",
            "meta.json: two tensors are called `layers.1.weight`; give each its own name",
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
        assert!(
            line.contains(expected) && line.ends_with("train it again with force, or copy it anew"),
            "{line}"
        );
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

/// A log of losses and of the norm of the whole gradient knows no layers.
#[test]
fn a_record_without_layers_is_written_read_and_exported() {
    let dir = tempfile::tempdir().unwrap();
    let mut record = Record::new(header(0, None));
    record.push(&Row::of_step(7).with(LOSS, 0.5).with(TOTAL_GRAD_NORM, 2.0)).unwrap();
    record.push(&Row::of_step(9).with(TOTAL_GRAD_NORM, UNDERFLOW)).unwrap();
    record.push(&Row::of_evaluation(9).with(VALIDATION_LOSS, 0.25)).unwrap();
    record.write(dir.path(), false).unwrap();
    let (read, warnings) = Record::read(dir.path()).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(bits(&read), bits(&record));
    let mut csv = Vec::new();
    export_csv(&read, &mut csv).unwrap();
    let lines =
        "7,,,loss,0.5\n7,,,total_grad_norm,2.0\n9,,,total_grad_norm,underflow\n9,,,validation_loss,0.25\n";
    assert_eq!(String::from_utf8(csv).unwrap(), format!("step,layer,tensor,metric,value\n{lines}"));
}

#[test]
fn an_array_that_is_not_there_reads_as_missing_values() {
    let dir = tempfile::tempdir().unwrap();
    numbered(2, 5).write(dir.path(), false).unwrap();
    for name in ["driven_norm.npy", "activation_std.npy", "train_loss.npy", "sketch.npy"] {
        fs::remove_file(dir.path().join(name)).unwrap();
    }
    assert!(!dir.path().join("test_loss.npy").exists(), "what was not measured has no file");
    let (read, warnings) = Record::read(dir.path()).unwrap();
    assert_eq!(warnings, []);
    let missing = |value: f64| value.to_bits() == MISSING.to_bits();
    assert!(missing(read.value(DRIVEN_NORM, 4, 2)) && !read.has(DRIVEN_NORM));
    assert!(missing(read.value(ACTIVATION_STD, 1, 1)) && !read.has(ACTIVATION_STD));
    assert!(read.evals.iter().all(|e| missing(e.value(TEST_LOSS)) && missing(e.value(TRAIN_LOSS))));
    assert_eq!((read.header.sketch_buckets, read.distance_to_final(0, 0)), (None, None));

    for name in ["snapshot_step.npy", "eval_step.npy"] {
        fs::remove_file(dir.path().join(name)).unwrap();
    }
    let (read, warnings) = Record::read(dir.path()).unwrap();
    assert_eq!((read.len(), read.snapshots.len(), read.evals.len()), (5, 0, 0));
    assert_eq!(warnings, []);
}

#[test]
fn export_is_one_value_a_line_and_words_for_what_is_no_number() {
    let mut record = Record::new(header(2, None));
    let t = [1e-300, UNDERFLOW, 0.0];
    let gone = [MISSING; 3];
    let l = [f64::NAN, 2.5];
    let mut row = Row::of_step(0).with(EPOCH, 0.0).with(LEARNING_RATE, 0.1).with(LOSS, f64::INFINITY);
    row.set(BATCH_ACCURACY, MISSING).set(GRAD_NORM, &t).set(DRIVEN_NORM, &gone).set(SIGNAL_RMS, &l);
    record.push(&row).unwrap();
    let mean = [-0.0, -0.5];
    for step in [0, 1] {
        let mut row = Row::of_snapshot(step).with(DISTANCE_FROM_INIT, &[0.0, 1.0, MISSING]);
        row.set(ZERO_SHARE, &[0.25, MISSING, MISSING]);
        if step == 0 {
            row.set(ACTIVATION_MEAN, &mean);
        }
        record.push(&row).unwrap();
    }
    let mut row =
        Row::of_evaluation(1).with(EVAL_EPOCH, 1.0).with(TRAIN_LOSS, 0.5).with(TRAIN_ACCURACY, 0.75);
    row.set(TEST_LOSS, MISSING).set(VALIDATION_LOSS, 0.625);
    record.push(&row).unwrap();
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
    let older: String =
        meta.lines().filter(|l| !l.contains("early_stop")).map(|l| format!("{l}\n")).collect();
    fs::write(run.join("meta.json"), older).unwrap();
    let (read, warnings) = Record::read(&run).unwrap();
    assert_eq!(warnings, []);
    assert!(!read.has(ZERO_SHARE) && !read.has(VALIDATION_LOSS));
    assert_eq!(read.snapshots[DISTANCE_FROM_INIT], record.snapshots[DISTANCE_FROM_INIT]);
    assert_eq!(read.header, record.header);
}
