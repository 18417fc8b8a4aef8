//! Tables of people: what `train` says of them, how a run is repeated, and what is refused.

use std::path::Path;

use super::{gradfade, json, refused, room, stdout};

/// 150 rows: an identifier, a number with gaps, a text, a class.
fn people(dir: &Path) {
    let row = |i: usize| {
        let age = if i % 50 == 7 { "?".to_string() } else { (20 + i * 7 % 40).to_string() };
        format!("p{i},{age},{},{}\n", ["rome", "oslo", "paris"][i % 3], i % 2)
    };
    let rows: String = (0..150).map(row).collect();
    std::fs::write(dir.join("people.csv"), format!("# a survey\nid,age,city,label\n{rows}")).unwrap();
}

const OPTIONS: [&str; 8] =
    ["--data", "people.csv", "--ignore-columns", "id", "--missing", "mean", "--widths", "4"];

/// Standard error of a run that must succeed.
fn said(dir: &Path, args: &[&str]) -> String {
    let output = gradfade(dir).arg("train").args(OPTIONS).args(args).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn train_says_what_it_did_to_a_table_before_it_starts() {
    let dir = room();
    people(dir.path());
    let loud = said(dir.path(), &["--out", "loud"]);
    for line in [
        "people: 150 rows; 4 inputs: age, city=oslo, city=paris, city=rome; label: label, 2 classes: 0, 1",
        "people.csv: 1 line begins with # and is skipped as a comment",
        "people.csv: ignored: id",
        "people.csv: column city has 3 texts: one-hot as city=oslo, city=paris, city=rome",
        "people.csv: 3 missing values are the means of their columns over the training rows, in age",
        "a small table: batches of 10 of 120 samples and 17 epochs make 204 updates (--batch-size, --epochs or \
         --steps to choose)",
    ] {
        assert!(loud.lines().any(|l| l == line), "{line}\n{loud}");
    }
    assert_eq!(said(dir.path(), &["--quiet", "--out", "quiet"]), "");
    let drop: Vec<&str> = OPTIONS.map(|option| if option == "mean" { "drop" } else { option }).to_vec();
    let output = gradfade(dir.path()).arg("train").args(drop).output().unwrap();
    let dropped = String::from_utf8(output.stderr).unwrap();
    assert!(dropped.contains("3 of 150 rows have a missing value and are dropped"), "{dropped}");
}

#[test]
fn batches_that_were_chosen_are_recorded_and_given_ones_are_obeyed() {
    let dir = room();
    people(dir.path());
    said(dir.path(), &["--quiet", "--out", "chosen"]);
    said(dir.path(), &["--quiet", "--batch-size", "10", "--epochs", "17", "--out", "given"]);
    let read = |run: &str, file: &str| std::fs::read(dir.path().join(run).join(file)).unwrap();
    let config = |run: &str| json(dir.path(), &["summary", run, "--json"])["header"]["config"].clone();
    assert_eq!(config("chosen"), config("given"));
    assert_eq!((&config("chosen")["batch_size"], &config("chosen")["epochs"]), (&"10".into(), &17.into()));
    assert_eq!(config("chosen")["data_options"]["ignore_columns"], "id");
    assert!(read("chosen", "grad_norm.npy") == read("given", "grad_norm.npy"));

    // The batch of 100 leaves one update in each epoch; nothing is said of it, since it was asked for.
    for (args, steps) in [(["--batch-size", "100"], 5), (["--epochs", "2"], 2), (["--steps", "7"], 7)] {
        let loud = said(dir.path(), &[&args[..], &["--force", "--out", "obeyed"]].concat());
        assert!(!loud.contains("a small table"), "{loud}");
        assert_eq!(
            json(dir.path(), &["summary", "obeyed", "--json"])["header"]["config"]["batch_size"],
            "100"
        );
        assert!(loud.contains(&format!("batch 100, {steps} steps")), "{loud}");
    }
}

#[test]
fn a_run_is_repeated_and_varied_with_the_same_columns() {
    let dir = room();
    people(dir.path());
    said(dir.path(), &["--quiet", "--steps", "20", "--out", "run"]);
    let near = stdout(dir.path(), &["baselines", "--run", "run", "--quiet", "--json"]);
    assert!(near.contains("nearest"), "{near}");
    let remedy = ["remedy", "run", "--only", "relu", "--quiet", "--out", "remedies"];
    gradfade(dir.path()).args(remedy).assert().success();
    let grid = ["sweep", "--data", "people.csv", "--ignore-columns", "1", "--axis", "missing=drop,mean"];
    let small = ["--hidden-layers", "1", "--widths", "3", "--batch-sizes", "10", "--steps", "3"];
    gradfade(dir.path())
        .args([&grid[..], &small[..], &["--no-figures", "--quiet", "--out", "s"]].concat())
        .assert()
        .success();
    let cells = std::fs::read_to_string(dir.path().join("s/cells.csv")).unwrap();
    assert_eq!(cells.lines().count(), 3, "{cells}");
}

#[test]
fn what_cannot_be_a_table_is_refused_in_one_line_with_the_way_out() {
    let dir = room();
    people(dir.path());
    let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
    let scores: String = (0..90).map(|i| format!("{},{}\n", i % 8, i % 45)).collect();
    write("scores.csv", format!("a,score\n{scores}").as_bytes());
    write("years.csv", b"2019,2020,2021\n1,5,0\n2,5,1\n3,4,0\n");
    write("comma.csv", b"a;b;label\n1,5;2.5;x\n2,5;3.5;z\n");
    write("sheet.csv", b"PK\x03\x04rest");
    write("typo.csv", b"a,label\n1,x\n2,z\n3;4,x\n5,z\n");
    let people = "people.csv";
    for (code, data, args, words) in [
        (1, people, &["--missing", "drop"][..], &["column 'id'", "--ignore-columns id", "--one-hot id"][..]),
        (
            1,
            people,
            &["--ignore-columns", "id"],
            &["line 10, column 2", "('?')", "--missing drop", "--missing mean"],
        ),
        (2, people, &["--ignore-columns", "idd"], &["--ignore-columns idd", "did you mean 'id'?"]),
        (2, people, &["--ignore-columns", "7"], &["--ignore-columns 7", "columns 1 to 4"]),
        (2, people, &["--ignore-columns", "label"], &["this is the label column", "--label-column"]),
        (2, people, &["--one-hot", "town"], &["--one-hot town", "no such column", "id, age, city, label"]),
        (2, people, &["--one-hot", "id", "--ignore-columns", "1"], &["--one-hot id", "--ignore-columns"]),
        (1, people, &["--ignore-columns", "1,2,3"], &["no inputs", "ignore fewer columns"]),
        (2, people, &["--missing", "median"], &["'median'", "drop, mean"]),
        (2, people, &["--ignore-columns", "id,"], &["'id,'", "separated by commas"]),
        (
            2,
            people,
            &["--ignore-columns", "id", "--missing", "drop", "--classes", "3"],
            &["--classes 3", "has 2"],
        ),
        (
            1,
            "scores.csv",
            &[],
            &["45 different values", "needs classes (bin it)", "--classes 45", "--label-column"],
        ),
        (1, "years.csv", &[], &["(2019, 2020, 2021)", "--csv-header yes", "--csv-header no"]),
        (1, "comma.csv", &[], &["line 2, column 1", "'1,5'", "decimal point"]),
        (1, "sheet.csv", &[], &["spreadsheet", "export the sheet as CSV"]),
        (1, "typo.csv", &[], &["line 4, column 1", "'3;4' is not a number", "--ignore-columns a"]),
        (2, "spiral", &["--missing", "drop"], &["--missing does not apply", "spiral"]),
    ] {
        let args = [&["train", "--data", data, "--out", "run"], args].concat();
        refused(dir.path(), code, &args, words);
    }
}
