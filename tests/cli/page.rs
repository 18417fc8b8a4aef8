//! `gradfade page`: where it writes, what it refuses, and a sweep as one page.

use super::{gradfade, refused, room, stdout, train, tree};

#[test]
fn a_page_is_one_file_that_is_not_replaced_unasked() {
    let dir = room();
    train(dir.path(), "a", &["--activation", "sigmoid", "--epochs", "2"]);
    train(dir.path(), "b", &["--activation", "relu", "--epochs", "2"]);
    let before = tree(dir.path()).len();
    assert_eq!(stdout(dir.path(), &["page", "a", "b", "--out", "p.html"]), "p.html\n");
    assert_eq!(tree(dir.path()).len(), before + 1, "one file and nothing beside it");
    let page = std::fs::read_to_string(dir.path().join("p.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains("Sigmoid") && page.contains("ReLU"));
    refused(dir.path(), 1, &["page", "a", "--out", "p.html"], &["p.html", "--force"]);
    stdout(dir.path(), &["page", "a", "b", "--out", "p.html", "--force"]);
    assert_eq!(std::fs::read_to_string(dir.path().join("p.html")).unwrap(), page, "the same bytes");
    // A fragment is no page, and another language has other words.
    stdout(dir.path(), &["page", "a", "--out", "f.html", "--fragment", "--lang", "zh"]);
    let fragment = std::fs::read_to_string(dir.path().join("f.html")).unwrap();
    assert!(!fragment.contains("<html") && fragment.contains("播放"));
}

#[test]
fn what_cannot_be_a_page_is_refused_in_one_line_and_leaves_nothing() {
    let dir = room();
    train(dir.path(), "a", &[]);
    for (args, says) in [
        (vec!["page", "nowhere"], "nowhere"),
        (vec!["page", "a", "nowhere"], "nowhere"),
        (vec!["page", "a", "--out", "a"], "--out"),
        (vec!["page", "a", "--out", "not/there.html"], "not/there.html"),
    ] {
        refused(dir.path(), 1, &args, &[says]);
    }
    for args in [vec!["page"], vec!["page", "a", "--lang", "xx"], vec!["page", "a", "--gradient", "steep"]] {
        refused(dir.path(), 2, &args, &["--help"]);
    }
}

#[test]
fn a_sweep_becomes_a_page_with_a_switch_of_depths() {
    let dir = room();
    let grid = ["--activations", "sigmoid,relu", "--hidden-layers", "1..2", "--width", "5", "--epochs", "1"];
    let data = ["--data", "gaussians", "--samples", "64", "--batch-size", "16", "--quiet", "--out", "s"];
    gradfade(dir.path()).arg("sweep").args(grid).args(data).assert().success();
    stdout(dir.path(), &["page", "s", "--out", "p.html"]);
    let page = std::fs::read_to_string(dir.path().join("p.html")).unwrap();
    assert!(page.contains("4 networks with 1 to 2 hidden layers"), "a title of all");
    assert!(page.contains("<option value=\"0\">1</option><option value=\"1\" selected>2</option>"));
    // One more run beside the sweep is one more network.
    train(dir.path(), "a", &[]);
    stdout(dir.path(), &["page", "s", "a", "--out", "q.html"]);
    assert!(std::fs::read_to_string(dir.path().join("q.html")).unwrap().contains("5 networks"));
}
