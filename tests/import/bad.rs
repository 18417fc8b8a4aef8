//! Files that are no logs, damaged logs, and logs with odd steps and numbers: one clear line, or a warning.

use std::path::PathBuf;

use gradfade::import::{ImportError, ImportOptions};
use gradfade::record::{LOSS, Status};

use super::{logs, numbers, read, text};

fn refused(name: &str, content: impl AsRef<[u8]>, words: &str) {
    let said = text(name, content).unwrap_err().to_string();
    assert!(said.contains(words) && !said.contains('\n'), "{name}: {said}");
}

#[test]
fn what_is_no_log_is_refused_with_what_it_is() {
    for (name, content, words) in [
        ("a.txt", &b"hello"[..], "not a log of a known format"),
        ("a.csv", b"", "empty"),
        ("a.csv.gz", b"\x1f\x8b\x08\0", "a gzip file; unpack it"),
        ("a.parquet", b"PAR1\0", "a Parquet file; export the table as CSV"),
        ("a.pkl", b"\x80\x04\x95", "a pickle of Python, which runs code"),
        ("run.wandb", b":W&B\0", "the binary log of wandb"),
        ("a.json", b"{\"name\": \"x\"}", "not a log of a known format"),
        ("a.npy", b"\x93NUMPY\x01\0", "cut short"),
        ("a.npz", b"PK\x03\x04", "a damaged archive"),
        ("a.csv", b"sepal,petal\n1,2\n", "with the columns `sepal`, `petal`; from table reads it, and map"),
        ("data.csv", b"step,x\n1,2\n", "there is only `x`"),
        ("l.jsonl", b"{\"step\": 1, \"loss\": 2}\n[1\n{}\n", "l.jsonl, line 2: not an object"),
        ("n.json", b"{\"loss\": [1, 2], }", "n.json, line 1: not JSON: trailing comma"),
        ("ragged.json", b"[[1,2],[3]]", "row 2 has 1 numbers, and those before it have 2"),
        ("ragged.txt", b"1 2\n3 4\n5\n", "ragged.txt, line 3: 1 numbers, and the lines before have 2"),
        ("cube.json", b"{\"grads\": [[[1]]], \"loss\": []}", "nothing that is a number"),
    ] {
        refused(name, content, words);
    }
    let missing = read(&[PathBuf::from("/nowhere/at/all")], &ImportOptions::default()).unwrap_err();
    assert!(missing.to_string().contains("no such file or folder"));
    let dir = tempfile::tempdir().unwrap();
    let empty = read(&[dir.path().to_path_buf()], &ImportOptions::default()).unwrap_err();
    assert!(
        empty
            .to_string()
            .contains("no log in this folder that is known by its name, nor files of one format; name the")
    );
}

#[test]
fn steps_may_begin_anywhere_be_unsorted_and_stand_twice() {
    let log = text("l.csv", "step,loss\n9,1\n7,2\n8,\n9,3\n,5\nx,6\n-1,7\n10,NaN\n11,-inf\n").unwrap();
    let loss = &numbers(&log.records[0])["loss"];
    assert_eq!(loss[..2], [(7, 2.0), (9, 3.0)]);
    assert!(loss[2].1.is_nan() && loss[3] == (11, f64::NEG_INFINITY));
    for words in [
        "more than one value at a step (1 times)",
        "not in order",
        "negative steps",
        "l.csv: 2 cells are no numbers",
    ] {
        assert!(log.warnings.iter().any(|w| w.contains(words)), "{words}: {:?}", log.warnings);
    }
    assert_eq!(log.records[0].header.status, Status::Diverged { step: 10, what: "the loss is NaN".into() });
    // A loss that came back has not diverged.
    let back = text("l.csv", "step,loss\n1,nan\n2,0.5\n").unwrap();
    assert_eq!(back.records[0].header.status, Status::Complete);
    assert!(back.records[0].value(LOSS, 0, 0).is_nan());
}

#[test]
fn tables_come_in_many_spellings() {
    let same = [
        "step,loss\n1,0.5\n2,0.25\n".as_bytes().to_vec(),
        b"\xef\xbb\xbfstep,loss\r\n1,0.5\r\n2,0.25\r\n".to_vec(),
        b"step;loss\n1;0,5\n2;0,25\n".to_vec(),
        b"step\tloss\n1\t0.5\n2\t0.25\n".to_vec(),
        b"# a comment\n\"Step\",\"Loss\"\n\"1\",\"0.5\"\n\"2.0\",\"2.5e-1\"\n".to_vec(),
        [0xff, 0xfe]
            .into_iter()
            .chain("step,loss\n1,0.5\n2,0.25\n".encode_utf16().flat_map(u16::to_le_bytes))
            .collect(),
        b"step,caf\xe9,loss\n1,x,0.5\n2,y,0.25\n".to_vec(),
        b"loss,epoch,global_step\n0.5,0,1\n0.25,0,2\n".to_vec(),
        b"{\"step\": 1, \"loss\": 0.5}\n{\"step\": 2, \"loss\": \"0.25\"}\n".to_vec(),
        b"[{\"step\": 1, \"loss\": 0.5}, {\"step\": 2, \"loss\": 0.25}]".to_vec(),
        b"{\"loss\": [0.5, 0.25], \"step\": [1, 2]}".to_vec(),
    ];
    for content in same {
        let shown = String::from_utf8_lossy(&content).into_owned();
        let log = text("log.csv", &content).unwrap_or_else(|e| panic!("{shown}: {e}"));
        assert_eq!(numbers(&log.records[0])["loss"], [(1, 0.5), (2, 0.25)], "{shown}");
    }
}

#[test]
fn epochs_and_batches_together_count_steps() {
    let log = text("l.csv", "epoch,batch,loss\n0,1,4\n0,2,3\n1,1,2\n1,2,1\n").unwrap();
    assert_eq!(numbers(&log.records[0])["loss"], [(1, 4.0), (2, 3.0), (3, 2.0), (4, 1.0)]);
}

#[test]
fn norms_are_not_negative_and_accuracies_in_percent_are_shares() {
    let log = text("l.csv", "step,grad_norm,acc,loss\n1,-1,50,1\n2,1,75,1\n").unwrap();
    let found = numbers(&log.records[0]);
    assert_eq!(found["batch_accuracy"], [(1, 0.5), (2, 0.75)]);
    assert!(!found.contains_key("total_grad_norm"));
    assert!(log.warnings.iter().any(|w| w.contains("negative, so this is no norm")));
}

#[test]
fn more_names_than_a_network_has_are_refused_and_names_that_are_not_understood_are_counted() {
    let mut known = String::from("tag,step,value\n");
    let mut unknown = String::from("tag,step,value\nloss,0,1\n");
    for i in 0..50_001 {
        known += &format!("grad_norm/layer{i},0,1\n");
        unknown += &format!("what{i},0,1\n");
    }
    let said = text("l.csv", known).unwrap_err();
    assert!(matches!(said, ImportError::TooMany { .. }), "{said}");
    assert!(said.to_string().contains("more than 50000 names in one run; take fewer with select of import"));
    let log = text("l.csv", unknown).unwrap();
    assert_eq!(numbers(&log.records[0]).len(), 1);
    assert!(log.warnings[0].contains("`what3` and 49997 more"), "{:?}", log.warnings);
}

fn event_file() -> Vec<u8> {
    std::fs::read(logs().join("tensorboard_torch/events.out.tfevents.0")).unwrap()
}

#[test]
fn an_event_file_cut_at_any_byte_keeps_its_whole_events() {
    let whole = event_file();
    let full = numbers(&text("x.tfevents.1", &whole).unwrap().records[0]);
    let mut torn = 0;
    for cut in (0..whole.len()).rev().step_by(23) {
        match text("x.tfevents.1", &whole[..cut]) {
            Ok(log) => {
                for (key, points) in numbers(&log.records[0]) {
                    assert_eq!(points[..], full[&key][..points.len()], "{cut} {key}");
                }
                torn += usize::from(log.warnings.iter().any(|w| w.contains("x.tfevents.1: cut short; the")));
            }
            Err(error) => assert!(!error.to_string().contains('\n') && cut < 2_000, "{cut}: {error}"),
        }
    }
    assert!(torn > 300, "{torn}");
}

#[test]
fn an_event_with_a_wrong_checksum_is_left_out_and_one_of_a_wrong_length_ends_the_file() {
    let whole = event_file();
    let length = |at: usize| u64::from_le_bytes(whole[at..at + 8].try_into().unwrap()) as usize;
    let second = length(0) + 16;
    let mut damaged = whole.clone();
    damaged[second + 14] ^= 0x40;
    let log = text("x.tfevents.1", &damaged).unwrap();
    assert!(
        log.warnings.iter().any(|w| w.contains("1 events are damaged and were left out")),
        "{:?}",
        log.warnings
    );
    let mut lost = whole.clone();
    lost[second + length(second) + 16] ^= 1;
    let said = match text("x.tfevents.1", &lost) {
        Ok(log) => log.warnings.join(" "),
        Err(error) => error.to_string(),
    };
    assert!(said.contains("damaged after 2 events; what follows was not read"), "{said}");
    let mut first = whole;
    first[3] ^= 1;
    refused("x.tfevents.1", &first, "its first record contradicts its checksum: damaged, or no event file");
}

#[test]
fn an_event_file_may_lack_its_version_and_hold_one_event() {
    let whole = event_file();
    let length = |at: usize| u64::from_le_bytes(whole[at..at + 8].try_into().unwrap()) as usize + 16;
    let first = length(0);
    let log = text("x.tfevents.1", &whole[first..first + length(first)]).unwrap();
    assert_eq!(log.warnings, Vec::<String>::new());
    assert_eq!(numbers(&log.records[0])["loss"].len(), 1);
    // The name says nothing, the contents do.
    assert_eq!(text("log.bin", &whole).unwrap().formats, ["TensorBoard"]);
}

/// All files under the fixtures.
fn all(dir: &std::path::Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all(&path, files) } else { files.push(path) }
    }
}

#[test]
fn no_cut_and_no_changed_byte_of_any_log_is_more_than_an_error() {
    let mut files = Vec::new();
    all(&logs(), &mut files);
    files.sort();
    let mut state = 1u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut tried = 0;
    for file in files.iter().filter(|f| !f.ends_with("expected.json")) {
        let (whole, name) = (std::fs::read(file).unwrap(), file.file_name().unwrap().to_str().unwrap());
        for _ in 0..24 {
            let mut bytes = whole.clone();
            bytes.truncate(random(whole.len()) + 1);
            check(name, &bytes);
            let mut bytes = whole.clone();
            for _ in 0..=random(4) {
                let at = random(bytes.len());
                bytes[at] = random(256) as u8;
            }
            check(name, &bytes);
            tried += 2;
        }
    }
    assert!(tried > 1_000, "{tried}");
}

/// It may be read or refused; a record is whole and an error one line.
fn check(name: &str, bytes: &[u8]) {
    match text(name, bytes) {
        Ok(log) => log.records.iter().for_each(|record| record.check().unwrap()),
        Err(error) => assert!(!error.to_string().contains('\n'), "{name}: {error}"),
    }
}
