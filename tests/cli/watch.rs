//! `gradfade watch`.

use std::fs;

use super::{gradfade, refused, room, stdout, train};

#[test]
fn the_last_steps_are_drawn_once_where_there_is_no_terminal() {
    let dir = room();
    let dir = dir.path();
    train(dir, "run", &["--epochs", "5"]);
    let text = stdout(dir, &["watch", "run"]);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].contains("step 19 of 20 (complete), loss "), "{text}");
    // Three layers of weights, the output side first, a sign for each of 20 steps.
    assert!(lines[1].trim_start().starts_with("3 (output) "), "{text}");
    assert!(lines[3].trim_start().starts_with("1 "), "{text}");
    assert!(lines[1..4].iter().all(|l| l.split_whitespace().last().unwrap().len() == 20), "{text}");
    assert!(text.contains("steps 0 to 19"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text:?}");
    let signal = stdout(dir, &["watch", "run", "--once", "--gradient", "signal", "--lang", "zh"]);
    assert!(signal.contains("第 19 步，共 20 步"), "{signal}");
}

#[test]
fn a_run_that_goes_on_is_drawn_as_far_as_it_has_come() {
    let dir = room();
    let dir = dir.path();
    train(dir, "run", &["--epochs", "5"]);
    // As a writer leaves it that was killed between two commits: the steps lag behind.
    let meta = fs::read_to_string(dir.join("run/meta.json")).unwrap();
    assert!(meta.contains("\"complete\""));
    fs::write(dir.join("run/meta.json"), meta.replace("\"complete\"", "\"running\"")).unwrap();
    let path = dir.join("run/step.npy");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..128 + 8 * 12 + 3]).unwrap();
    let text = stdout(dir, &["watch", "run"]);
    assert!(text.contains("step 11 of 20 (not finished)"), "{text}");
    assert!(text.contains("steps 0 to 11"), "{text}");
}

#[test]
fn what_is_no_run_is_said_in_one_line() {
    let dir = room();
    let dir = dir.path();
    refused(dir, 1, &["watch", "nothing"], &["nothing: no such folder"]);
    fs::write(dir.join("notes.txt"), "words").unwrap();
    refused(dir, 1, &["watch", "notes.txt"], &["notes.txt: not a run folder"]);
    refused(dir, 2, &["watch", "run", "--interval", "0"], &["--interval"]);
    refused(dir, 2, &["watch", "run", "--gradient", "sgnal"], &["signal"]);
    let output = gradfade(dir).args(["watch"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}
