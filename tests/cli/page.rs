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
    let args = ["page", "a", "--out", "f.html", "--fragment", "--lang", "zh"];
    let said = String::from_utf8(gradfade(dir.path()).args(args).output().unwrap().stderr).unwrap();
    let fragment = std::fs::read_to_string(dir.path().join("f.html")).unwrap();
    let policy = said.trim().split_once("by: ").unwrap().1;
    assert!(
        policy.starts_with("script-src 'sha256-") && fragment.lines().next().unwrap().contains(policy),
        "{said}"
    );
    assert!(!fragment.contains("<html") && fragment.contains("播放"));
}

#[test]
fn what_cannot_be_a_page_is_refused_in_one_line_and_leaves_nothing() {
    let dir = room();
    train(dir.path(), "a", &[]);
    std::fs::create_dir(dir.path().join("empty")).unwrap();
    std::fs::write(dir.path().join("notes.md"), "no run").unwrap();
    for (args, says) in [
        (vec!["page", "empty"], "empty"),
        (vec!["page", "notes.md"], "notes.md"),
        (vec!["page", "a", "--thresholds", "none.toml"], "none.toml"),
        (vec!["page", "nowhere"], "nowhere"),
        (vec!["page", "a", "nowhere"], "nowhere"),
        (vec!["page", "a", "--out", "a"], "--out"),
        (vec!["page", "a", "--out", "notes.md/there.html"], "notes.md/there.html"),
    ] {
        refused(dir.path(), 1, &args, &[says]);
    }
    for args in [vec!["page"], vec!["page", "a", "--lang", "xx"], vec!["page", "a", "--gradient", "steep"]] {
        refused(dir.path(), 2, &args, &["--help"]);
    }
    for choice in ["--depths", "--seed"] {
        refused(dir.path(), 2, &["page", "a", choice, "1"], &[choice, "sweep"]);
    }
    std::fs::write(dir.path().join("mine.toml"), "no_such_threshold = 1\n").unwrap();
    refused(dir.path(), 1, &["page", "a", "--thresholds", "mine.toml"], &["mine.toml", "no_such_threshold"]);
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
    assert!(page.contains(
        "<option value=\"0\">1 (2 of 4 networks)</option><option value=\"1\" selected>2 (2 of 4 networks)</option>"
    ));
    // One more run beside the sweep is one more network.
    train(dir.path(), "a", &[]);
    stdout(dir.path(), &["page", "s", "a", "--out", "q.html"]);
    assert!(std::fs::read_to_string(dir.path().join("q.html")).unwrap().contains("5 networks"));
}

#[test]
fn two_runs_of_two_depths_are_switched_between() {
    let dir = room();
    train(dir.path(), "a", &[]);
    // One more layer than the others have.
    train(dir.path(), "b", &["--widths", "4"]);
    stdout(dir.path(), &["page", "b", "a", "--out", "p.html"]);
    let page = std::fs::read_to_string(dir.path().join("p.html")).unwrap();
    assert!(page.contains("2 networks with 2 to 3 hidden layers"), "a title of both");
    assert!(page.contains(
        "<option value=\"0\">2 (1 of 2 networks)</option><option value=\"1\" selected>3 (1 of 2 networks)</option>"
    ));
}

#[test]
fn of_a_sweep_one_seed_is_shown_and_the_depths_that_are_asked_for() {
    let dir = room();
    let grid = ["--activations", "sigmoid,relu", "--hidden-layers", "1..3", "--seeds", "4,5", "--width", "5"];
    let data = [
        "--data",
        "gaussians",
        "--samples",
        "64",
        "--batch-size",
        "16",
        "--epochs",
        "1",
        "--quiet",
        "--out",
        "s",
    ];
    gradfade(dir.path()).arg("sweep").args(grid).args(data).assert().success();
    let page = |more: &[&str]| {
        stdout(dir.path(), &[&["page", "s", "--force", "--out", "p.html"], more].concat());
        std::fs::read_to_string(dir.path().join("p.html")).unwrap()
    };
    let all = page(&[]);
    assert!(all.contains("6 networks with 1 to 3 hidden layers") && all.contains("one seed of 2, seed 4"));
    let two = page(&["--depths", "3,1", "--seed", "5"]);
    assert!(two.contains("4 networks with 1 to 3 hidden layers") && two.contains("seed 5"));
    assert!(two.contains("of 3 depths these are shown: 1, 3"));
    assert_ne!(all, page(&["--seed", "5"]), "another seed, other numbers");
    let refuse = |more: &[&str], words: &[&str]| {
        refused(dir.path(), 2, &[&["page", "s", "--out", "q.html"], more].concat(), words);
    };
    refuse(&["--seed", "6"], &["--seed 6", "4, 5"]);
    refuse(&["--depths", "2,7"], &["--depths 7", "1, 2, 3"]);
}

/// Every number that stands as a limit before `, KEY`, in the unit of the JSON.
fn limits(panel: &str, key: &str) -> Vec<f64> {
    let mut all = Vec::new();
    for after in panel.split("(counts ").skip(1) {
        let Some((text, rest)) = after.split_once(", ") else { continue };
        if rest.split([';', ')']).next() != Some(key) {
            continue;
        }
        let text = text.trim_start_matches("up to ").trim_start_matches("from ").trim_end_matches(" on");
        let text = text.replace('\u{a0}', " ");
        let share = [" %", " points"].iter().find_map(|sign| text.strip_suffix(sign));
        let (text, unit) = share.map_or((text.as_str(), 1.0), |t| (t, 0.01));
        let plain =
            |c| "⁻⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|s| s == c).map_or(c, |i| char::from(b"-0123456789"[i]));
        let power = if text.starts_with("10⁻") {
            text.replacen("10", "1e", 1)
        } else {
            text.replace(" × 10", "e")
        };
        all.push(
            power.chars().map(plain).filter(|c| *c != ',').collect::<String>().parse::<f64>().unwrap() * unit,
        );
    }
    all
}

#[test]
fn the_panel_of_verdicts_is_what_diagnose_says() {
    use gradfade::diagnosis::Ailment;
    use gradfade::text::Lang;
    let dir = room();
    train(dir.path(), "a", &["--activation", "sigmoid", "--widths", "6,6,6,6", "--epochs", "20"]);
    std::fs::write(dir.path().join("mine.toml"), "signal_ratio = 0.12345\nfailed_skill = 0.505\n").unwrap();
    for thresholds in [&[][..], &["--thresholds", "mine.toml"]] {
        let diagnose =
            gradfade(dir.path()).args([&["diagnose", "a", "--json"], thresholds].concat()).output().unwrap();
        let told: serde_json::Value = serde_json::from_slice(&diagnose.stdout).unwrap();
        stdout(dir.path(), &[&["page", "a", "--force", "--out", "p.html"], thresholds].concat());
        let page = std::fs::read_to_string(dir.path().join("p.html")).unwrap();
        let panel = page.split_once("-verdicts\">").unwrap().1.split_once("-caption\"").unwrap().0;
        let mut counts = [0; 4];
        let mut compared = 0;
        for verdict in told["runs"][0]["verdicts"].as_array().unwrap() {
            let text = |key: &str| verdict[key].as_str().unwrap_or_default().to_string();
            match (text("outcome").as_str(), text("severity").as_str(), text("branch").as_str()) {
                ("found", "fault", _) => counts[0] += 1,
                ("found", _, "done") => counts[0] += 1,
                ("found", ..) => counts[1] += 1,
                // That a network is not healthy is told by what is found.
                ("clear", _, "done") => continue,
                ("clear", ..) => counts[2] += 1,
                _ => counts[3] += 1,
            }
            let ailment = Ailment::from_key(&text("rule")).unwrap();
            let name = Lang::En.capitalised(&Lang::En.ailment(ailment));
            assert!(panel.contains(&name), "{name}");
            // Of a consequence the page has the number that shows it best.
            let most = if text("standing") == "consequence" { 1 } else { usize::MAX };
            let limited =
                verdict["evidence"].as_array().unwrap().iter().filter(|e| !e["threshold"].is_null());
            for evidence in limited.take(most) {
                let Some(key) = evidence["threshold"]["key"].as_str() else { continue };
                let exact = evidence["threshold"]["value"].as_f64().unwrap();
                // Two digits, where they tell the limit from the value.
                let (shown, near) = (limits(panel, key), |x: &f64| (x - exact).abs() <= 0.05 * exact);
                assert!(shown.iter().any(near), "{key}: none of {shown:?} is {exact}");
                compared += 1;
            }
        }
        let [found, noted, clear, unknown] = counts;
        assert!(
            panel.contains(&format!(">{found} found, {noted} noted, {clear} clear, {unknown} unknown<")),
            "{counts:?}"
        );
        assert!(compared >= 3 && found >= 1, "{compared} thresholds, {counts:?}");
    }
}
