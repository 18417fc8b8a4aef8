//! Sweeps as their users meet them: cells, shards, restarts, figures, job scripts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{gradfade, refused, room, stdout, tree};

/// Eight cells that take no time: sigmoid and ReLU, 1 and 2 hidden layers, two seeds.
const GRID: [&str; 15] = [
    "--activations",
    "sigmoid,relu",
    "--hidden-layers",
    "1..2",
    "--seeds",
    "2",
    "--data",
    "gaussians",
    "--samples",
    "64",
    "--widths",
    "5",
    "--batch-sizes",
    "16",
    "--epochs=2",
];

/// Runs a sweep command that must succeed; its stderr.
fn sweep(dir: &Path, first: &[&str], out: &str, more: &[&str]) -> String {
    let output =
        gradfade(dir).arg("sweep").args(first).args(GRID).args(["--out", out]).args(more).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{first:?} {more:?}: {stderr}");
    stderr
}

fn read(path: PathBuf) -> String {
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// `cells.csv` without its last column, the wall time.
fn table(sweep: &Path) -> String {
    let text = read(sweep.join("cells.csv"));
    text.lines().map(|l| l.rsplit_once(',').unwrap().0.to_string() + "\n").collect()
}

/// Every file of all cells, without wall times.
fn cells(sweep: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let cells = sweep.join("cells");
    let mut all = BTreeMap::new();
    for (path, bytes) in tree(&cells) {
        let timed = path.ends_with("cell.json") || path.ends_with("meta.json");
        let bytes = if timed {
            let mut json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            let object = json.as_object_mut().unwrap();
            object.remove("seconds");
            object.remove("elapsed_secs");
            // The size of meta.json depends on the digits of its wall time.
            object.remove("files");
            json.to_string().into_bytes()
        } else {
            bytes
        };
        all.insert(path.strip_prefix(&cells).unwrap().to_path_buf(), bytes);
    }
    all
}

#[test]
fn one_command_runs_every_cell_joins_them_and_draws_them() {
    let dir = room();
    let told = sweep(dir.path(), &[], "s", &["--csv"]);
    assert!(told.starts_with("s: 8 cells, "), "{told}");
    assert_eq!(told.matches("training accuracy").count(), 8, "a line for each cell: {told}");
    let place = dir.path().join("s");
    let csv = read(place.join("cells.csv"));
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let head = rows.headers().unwrap().clone();
    let column =
        |name: &str| head.iter().position(|h| h == name).unwrap_or_else(|| panic!("no column {name}"));
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 8);
    for (i, row) in rows.iter().enumerate() {
        let get = |name: &str| row[column(name)].to_string();
        assert_eq!(get("cell"), (i + 1).to_string());
        assert_eq!(get("activation"), if i < 4 { "sigmoid" } else { "relu" });
        assert_eq!(get("hidden_layers"), if i % 4 < 2 { "1" } else { "2" });
        assert_eq!(get("seed"), (i % 2 + 1).to_string());
        assert_eq!((get("status"), get("steps")), ("complete".into(), "8".into()));
        // The row agrees with the cell's own run folder.
        let run = format!("s/cells/{:06}", i + 1);
        let summary: serde_json::Value =
            serde_json::from_str(&stdout(dir.path(), &["summary", &run, "--json"])).unwrap();
        let last = summary["evaluations"].as_array().unwrap().last().unwrap();
        assert_eq!(get("train_accuracy").parse::<f64>().unwrap(), last["train_accuracy"].as_f64().unwrap());
        assert_eq!(get("test_loss").parse::<f64>().unwrap(), last["test_loss"].as_f64().unwrap());
        let moved = summary["layers"][0]["moved"].as_f64().unwrap();
        assert!((get("movement_layer_1").parse::<f64>().unwrap() / moved - 1.0).abs() < 1e-12);
        let layers = summary["layers"].as_array().unwrap();
        let norm = |l: usize, end: &str| layers[l][format!("grad_norm_{end}")].as_f64().unwrap();
        match layers.len() {
            3 => {
                let ratio = get("first_last_gradient_ratio_end").parse::<f64>().unwrap();
                assert!((ratio / (norm(0, "last") / norm(1, "last")) - 1.0).abs() < 1e-12);
            }
            _ => assert_eq!(get("first_last_gradient_ratio_start"), ""),
        }
    }
    for figure in
        ["accuracy-by-depth", "gradient-by-depth", "movement-by-depth", "heatmap-grid", "error-by-updates"]
    {
        for kind in ["svg", "png", "csv"] {
            assert!(place.join(format!("figures/{figure}.{kind}")).is_file(), "{figure}.{kind}");
        }
    }
    let asked = ["sweep", "merge", "--out", "s", "--no-figures", "--parquet"];
    if cfg!(feature = "parquet") {
        assert_eq!(stdout(dir.path(), &asked), "s/cells.csv\ns/cells.parquet\n");
        assert_eq!(std::fs::read(place.join("cells.parquet")).unwrap()[..4], *b"PAR1");
    } else {
        refused(dir.path(), 2, &asked, &["--parquet: this program was built without", "--features parquet"]);
        assert!(!place.join("cells.parquet").exists());
    }
}

#[test]
fn threads_order_and_shards_change_no_byte() {
    let dir = room();
    sweep(dir.path(), &[], "one", &["--threads", "1", "--quiet"]);
    sweep(dir.path(), &[], "many", &["--threads", "5", "--quiet"]);
    for k in ["3/3", "1/3", "2/3"] {
        sweep(dir.path(), &["run"], "shards", &["--shard", k, "--quiet"]);
    }
    sweep(dir.path(), &["run"], "picked", &["--cells", "5..8", "--quiet"]);
    sweep(dir.path(), &["run"], "picked", &["--cells", "4,1..3", "--quiet"]);
    let (one, tables) = (dir.path().join("one"), ["many", "shards", "picked"].map(|s| dir.path().join(s)));
    for other in &tables {
        stdout(dir.path(), &["sweep", "merge", "--out", other.to_str().unwrap(), "--format", "svg"]);
        assert_eq!(table(other), table(&one), "{}", other.display());
        assert!(cells(other) == cells(&one), "{}", other.display());
        for figure in ["accuracy-by-depth", "heatmap-grid"] {
            let svg = format!("figures/{figure}.svg");
            assert_eq!(read(other.join(&svg)), read(one.join(&svg)));
        }
    }
}

#[test]
fn starting_again_runs_only_what_is_missing_and_what_cannot_be_trusted() {
    let dir = room();
    sweep(dir.path(), &[], "s", &["--quiet"]);
    let place = dir.path().join("s");
    let (before, csv) = (cells(&place), table(&place));
    std::fs::remove_dir_all(place.join("cells/000002")).unwrap();
    let torn = place.join("cells/000005/grad_norm.npy");
    let bytes = std::fs::read(&torn).unwrap();
    std::fs::write(&torn, &bytes[..bytes.len() - 8]).unwrap();
    std::fs::write(place.join("cells/000007/cell.json"), "{").unwrap();
    // What a killed program left behind.
    std::fs::create_dir(place.join("cells/.000002-abc.part")).unwrap();
    let made = |cell: &str| std::fs::metadata(place.join("cells").join(cell)).unwrap().modified().unwrap();
    let kept = made("000001");
    let told = sweep(dir.path(), &[], "s", &[]);
    assert!(told.contains("cell 5 cannot be trusted (grad_norm.npy holds"), "{told}");
    assert!(told.contains("cell 7 cannot be trusted (cell.json"), "{told}");
    assert!(told.contains("8 cells, 5 of them finished before"), "{told}");
    assert_eq!(made("000001"), kept);
    assert_eq!(table(&place), csv);
    assert!(cells(&place) == before);
    let told = sweep(dir.path(), &[], "s", &[]);
    assert!(told.contains("8 of them finished before") && !told.contains("training accuracy"), "{told}");
}

#[test]
fn a_merge_of_a_part_says_what_is_missing() {
    let dir = room();
    sweep(dir.path(), &["run"], "s", &["--cells", "1..6", "--quiet"]);
    let output =
        gradfade(dir.path()).args(["sweep", "merge", "--out", "s", "--no-figures"]).output().unwrap();
    // The table is there, but a script must not take it for the whole.
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(told, "gradfade: 2 of 8 cells are missing (7, 8); `gradfade sweep --out s` runs them\n");
    assert_eq!(read(dir.path().join("s/cells.csv")).lines().count(), 7);
    // The folder knows its plan.
    stdout(dir.path(), &["sweep", "--out", "s", "--quiet", "--no-figures"]);
    assert_eq!(read(dir.path().join("s/cells.csv")).lines().count(), 9);
}

#[test]
fn a_cell_that_diverges_or_fails_is_a_row_and_not_the_end() {
    let dir = room();
    let more = [
        "--batch-sizes",
        "16,1000",
        "--learning-rates",
        "0.1,1e30",
        "--activations",
        "relu",
        "--hidden-layers",
        "2",
    ];
    let output = gradfade(dir.path()).arg("sweep").args(&GRID[4..]).args(more).args(["--out", "s"]).output();
    let output = output.unwrap();
    // --batch-sizes was given twice, which is a slip.
    assert_eq!(output.status.code(), Some(2));
    let args =
        ["--data", "gaussians", "--samples", "64", "--widths", "5", "--steps", "20", "--out", "s", "--quiet"];
    stdout(dir.path(), &[&["sweep"], &more[..], &args[..]].concat());
    let csv = read(dir.path().join("s/cells.csv"));
    let rows: Vec<&str> = csv.lines().skip(1).collect();
    assert_eq!(rows.len(), 4);
    assert!(rows[0].contains(",complete,,20,"), "{}", rows[0]);
    assert!(
        rows[1].contains(",failed,--batch-size 1000: the training set has only 64 samples"),
        "{}",
        rows[1]
    );
    assert!(rows[2].contains(",diverged,step "), "{}", rows[2]);
    assert!(rows[3].contains(",failed,"), "{}", rows[3]);
    // A finished failure is not run again.
    let again = gradfade(dir.path()).args(["sweep", "--out", "s"]).output().unwrap();
    assert!(String::from_utf8_lossy(&again.stderr).contains("4 of them finished before"));
}

#[test]
fn summaries_keep_no_steps_and_say_the_same() {
    let dir = room();
    sweep(dir.path(), &[], "whole", &["--quiet"]);
    sweep(dir.path(), &[], "brief", &["--quiet", "--record", "summary"]);
    let (whole, brief) = (dir.path().join("whole"), dir.path().join("brief"));
    assert_eq!(table(&whole), table(&brief));
    let files = |dir: &Path| std::fs::read_dir(dir.join("cells/000003")).unwrap().count();
    assert_eq!(files(&brief), 1);
    assert!(files(&whole) > 10);
    for figure in ["accuracy-by-depth", "gradient-by-depth", "movement-by-depth", "error-by-updates"] {
        let svg = format!("figures/{figure}.svg");
        assert_eq!(read(whole.join(&svg)), read(brief.join(&svg)), "{figure}");
    }
    // The grid of heatmaps needs every step.
    assert!(!brief.join("figures/heatmap-grid.svg").exists());
    let words = ["heatmap-grid", "whole record", "--record every:10"];
    refused(dir.path(), 1, &["plot", "brief", "--figure", "heatmap-grid", "--out", "f"], &words);
}

#[test]
fn a_sweep_is_drawn_by_plot_as_well() {
    let dir = room();
    sweep(dir.path(), &[], "s", &["--quiet", "--no-figures"]);
    assert!(!dir.path().join("s/figures").exists());
    let args =
        ["plot", "s", "--figure", "accuracy-by-depth", "--format", "svg", "--theme", "dark", "--out", "f"];
    assert_eq!(stdout(dir.path(), &args), "f/accuracy-by-depth.svg\n");
    refused(dir.path(), 1, &args, &["f/accuracy-by-depth.svg: exists", "--force"]);
    refused(
        dir.path(),
        2,
        &["plot", "s", "--figure", "acuracy-by-depth"],
        &["did you mean 'accuracy-by-depth'?"],
    );
    refused(dir.path(), 2, &["plot", "s", "s"], &["a sweep is drawn alone"]);
    let of_a_run = ["plot", "s", "--figure", "gradient-heatmap"];
    refused(
        dir.path(),
        2,
        &of_a_run,
        &["--figure", "draws one run, but a sweep was given; name a run folder"],
    );
    assert!(stdout(dir.path(), &["plot", "--list"]).contains("gradient-by-depth      sweep"));
}

#[test]
fn plans_are_listed_printed_edited_and_given_back() {
    let dir = room();
    let list = stdout(dir.path(), &["sweep", "plan"]);
    for preset in ["lecture", "20-vs-56", "initialisation", "activations", "conv-depth", "20-vs-56-conv"] {
        assert!(list.contains(&format!("\n  {preset} ")), "{list}");
        let toml = stdout(dir.path(), &["sweep", "plan", "--preset", preset, "--toml"]);
        assert!(toml.starts_with("# "), "a preset keeps its comments: {toml}");
        std::fs::write(dir.path().join("mine.toml"), &toml).unwrap();
        if preset == "20-vs-56-conv" {
            // A list measures how fast its networks train, and these are deep.
            let again = stdout(dir.path(), &["sweep", "plan", "--plan", "mine.toml", "--toml"]);
            assert_eq!(again.matches("conv:4x3s2,").count(), 4, "{again}");
            continue;
        }
        assert_eq!(
            stdout(dir.path(), &["sweep", "plan", "--plan", "mine.toml"]).lines().count(),
            stdout(dir.path(), &["sweep", "plan", "--preset", preset]).lines().count()
        );
    }
    // Flags are laid over a plan, and the result is a plan again.
    let args = ["sweep", "plan", "--preset", "lecture", "--hidden-layers", "2,4", "--epochs", "1", "--toml"];
    let toml = stdout(dir.path(), &args);
    assert!(toml.contains("hidden_layers = [2, 4]") && toml.contains("epochs = 1"), "{toml}");
    std::fs::write(dir.path().join("mine.toml"), &toml).unwrap();
    let listed = stdout(dir.path(), &["sweep", "plan", "--plan", "mine.toml"]);
    assert_eq!(listed.lines().count(), 2 * 2 * 3 + 2);
    assert!(
        listed.contains("sigmoid, 2 hidden layers, seed 1") && listed.contains("12 cells; about "),
        "{listed}"
    );
}

#[test]
fn an_option_may_be_idle_in_some_cells_but_not_in_all() {
    let dir = room();
    let made =
        ["--data", "gaussians", "--samples", "64", "--width", "5", "--batch-size", "16", "--steps", "2"];
    let some: [&[&str]; 4] = [
        &["--hidden-layers", "0..2", "--residual", "--dropout", "0.1"],
        &["--optimizers", "sgd,momentum", "--momentum", "0.5"],
        &["--preset", "lecture", "--noise", "0.1"],
        &["--learning-rates", "0.1,0.2", "--l1", "0.01", "--l1-step", "proximal"],
    ];
    for more in some {
        stdout(dir.path(), &[&["sweep", "plan", "--toml"], &made[..], more].concat());
    }
    let none: [(&[&str], &str); 5] = [
        (&["--optimizers", "sgd,adam", "--momentum", "0.5"], "--momentum: has no effect"),
        (&["--hidden-layers", "0", "--residual"], "--residual: has no effect"),
        (&["--optimizers", "sgd,adam", "--axis", "momentum=0.5,0.9"], "--momentum: has no effect"),
        (&["--preset", "lecture", "--l1-step", "proximal"], "--l1-step: has no effect"),
        (&["--data", "mnist-mini", "--noise", "0.1"], "--noise does not apply to --data mnist-mini"),
    ];
    for (more, words) in none {
        refused(dir.path(), 2, &[&["sweep", "plan"], more].concat(), &[words]);
    }
    // A plan names every setting, also those that nothing uses.
    std::fs::write(dir.path().join("p.toml"), "[train]\nmomentum = 0.5\n[train.data_options]\nnoise = 0.1\n")
        .unwrap();
    stdout(dir.path(), &["sweep", "plan", "--plan", "p.toml", "--toml"]);
}

#[test]
fn a_plan_of_which_nothing_was_run_may_be_changed() {
    let dir = room();
    let plan = |text: &str| std::fs::write(dir.path().join("p.toml"), text).unwrap();
    let head = "[train]\ndata = \"gaussians\"\nwidth = 5\nbatch_size = 16\n";
    let tail = "[train.data_options]\nsamples = 64\n[grid]\nseed = [1, 2]\n";
    plan(&format!("{head}steps = 2\n{tail}"));
    let script = ["sweep", "script", "slurm", "--plan", "p.toml", "--out", "s"];
    stdout(dir.path(), &script);
    plan(&format!("{head}steps = 3\n{tail}"));
    // Looking at the new plan leaves the old one where it is.
    let before = tree(dir.path());
    stdout(dir.path(), &["sweep", "plan", "--plan", "p.toml", "--out", "s"]);
    assert!(tree(dir.path()) == before);
    stdout(dir.path(), &script);
    assert!(read(dir.path().join("s/plan.toml")).contains("steps = 3"));
    // With one cell there is something to lose.
    stdout(dir.path(), &["sweep", "run", "--out", "s", "--cells", "1", "--quiet"]);
    plan(&format!("{head}steps = 2\n{tail}"));
    refused(
        dir.path(),
        1,
        &script,
        &["s: holds the sweep of another plan: steps is 3 there and 2 here", "--out"],
    );
    refused(
        dir.path(),
        1,
        &["sweep", "plan", "--plan", "p.toml", "--out", "s"],
        &["steps is 3 there and 2 here"],
    );
    let flag = ["sweep", "--plan", "p.toml", "--seeds", "1", "--steps", "3", "--out", "s"];
    refused(
        dir.path(),
        1,
        &flag,
        &["seed is 1, 2 there and 1 here", "without --preset, --plan and settings"],
    );
}

#[test]
fn bad_plans_are_refused_with_line_and_key() {
    let dir = room();
    let plan = |text: &str, words: &[&str]| {
        std::fs::write(dir.path().join("p.toml"), text).unwrap();
        refused(
            dir.path(),
            1,
            &["sweep", "--plan", "p.toml", "--out", "s"],
            &[&["p.toml: "], words].concat(),
        );
    };
    plan("[train]\nepoch = 3\n", &["line 2", "`epoch`", "unknown field"]);
    plan("[train]\n\nwidth = \"wide\"\n", &["line 3", "wide"]);
    plan("[grid]\nactivation = [\"sigmod\"]\n", &["line 2", "sigmod", "did you mean 'sigmoid'?"]);
    plan("[grid]\nhidden_layers = []\n", &["`hidden_layers` is an empty list"]);
    plan("[grid]\nwidth = [5]\n[train]\nwidth = 6\n", &["`width` stands in [grid] and in [train]"]);
    plan("[grid\n", &["line 1"]);
    refused(dir.path(), 1, &["sweep", "--plan", "none.toml"], &["none.toml: cannot read the plan"]);
    refused(dir.path(), 2, &["sweep", "--preset", "lectur"], &["did you mean 'lecture'?"]);
    refused(dir.path(), 2, &["sweep"], &["nothing to sweep", "--preset"]);
}

#[test]
fn impossible_grids_cells_and_shards_are_refused() {
    let dir = room();
    let sweep = |more: &[&str], words: &[&str]| {
        refused(dir.path(), 2, &[&["sweep", "run", "--out", "s"], more].concat(), words);
    };
    sweep(&["--hidden-layers", "5..1"], &["--hidden-layers", "'5..1' is empty"]);
    sweep(&["--activations", "relu,relu"], &["`activation` holds relu twice"]);
    sweep(&["--seeds", "0"], &["--seeds", "at least one seed"]);
    sweep(&["--learning-rates", "0.1,-1"], &["--learning-rate -1", "cell 2"]);
    sweep(&["--preset", "lecture", "--shard", "0/4"], &["--shard"]);
    sweep(&["--preset", "lecture", "--shard", "5/4"], &["--shard", "5/4"]);
    sweep(&["--preset", "lecture", "--shard", "1/4", "--cells", "1"], &["--shard", "--cells"]);
    sweep(&["--preset", "lecture", "--plan", "x.toml"], &["--preset", "--plan"]);
    sweep(&["--hidden-layers", "1..5", "--seeds", "1000000"], &["5000000 cells, more than 1000000"]);
    sweep(&["--hidden-layers", "1..2", "--threads", "0"], &["--threads"]);
    let data = ["sweep", "--data", "idx:none", "--hidden-layers", "1..2", "--out", "s"];
    let output = gradfade(dir.path()).args(data).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("none"));
}

#[test]
fn a_folder_of_another_plan_or_of_something_else_is_left_alone() {
    let dir = room();
    sweep(dir.path(), &[], "s", &["--quiet", "--no-figures"]);
    let other = [&["sweep"], &GRID[..14], &["--epochs=3", "--out", "s"]].concat();
    refused(dir.path(), 1, &other, &["another plan: epochs is 2 there and 3 here", "--out"]);
    std::fs::create_dir(dir.path().join("notes")).unwrap();
    std::fs::write(dir.path().join("notes/a.txt"), "mine").unwrap();
    let notes = [&["sweep"], &GRID[..], &["--out", "notes"]].concat();
    refused(dir.path(), 1, &notes, &["notes: is not empty and holds no sweep"]);
    refused(dir.path(), 1, &["sweep", "merge", "--out", "notes"], &["notes: holds no sweep (no plan.toml)"]);
    // A cell that was copied from another sweep.
    let foreign =
        [&["sweep"], &GRID[..14], &["--epochs=3", "--out", "t", "--quiet", "--no-figures"]].concat();
    stdout(dir.path(), &foreign);
    let cell = |sweep: &str| dir.path().join(sweep).join("cells/000003");
    std::fs::remove_dir_all(cell("s")).unwrap();
    std::fs::rename(cell("t"), cell("s")).unwrap();
    refused(dir.path(), 1, &["sweep", "merge", "--out", "s"], &["000003: belongs to another plan"]);
}

/// A small sweep over settings that have no option of their own.
const AXES: [&str; 12] = [
    "--axis",
    "dropout=0,0.5",
    "--axis",
    "normalisation=none,batch",
    "--hidden-layers=1,2",
    "--data=gaussians",
    "--widths=5",
    "--batch-sizes=16",
    "--samples=64",
    "--steps=4",
    "--quiet",
    "--no-figures",
];

#[test]
fn any_setting_can_be_an_axis() {
    let dir = room();
    stdout(dir.path(), &[&["sweep"], &AXES[..], &["--out", "s"]].concat());
    let csv = read(dir.path().join("s/cells.csv"));
    let mut table = csv::Reader::from_reader(csv.as_bytes());
    let head: Vec<String> = table.headers().unwrap().iter().map(String::from).collect();
    let settings = ["seed", "dropout", "normalisation", "status"];
    assert_eq!(head[9..13], settings, "the nine settings, and then those that this sweep varies");
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    let of = |row: &csv::StringRecord| {
        ["normalisation", "dropout", "hidden_layers"]
            .map(|name| row[head.iter().position(|h| h == name).unwrap()].to_string())
    };
    let all: Vec<[String; 3]> = rows.iter().map(of).collect();
    let expected = ["none", "batch"].into_iter().flat_map(|n| {
        ["0", "0.5"].into_iter().flat_map(move |d| ["1", "2"].map(|h| [n, d, h].map(String::from)))
    });
    assert_eq!(all, expected.collect::<Vec<_>>(), "{csv}");
    // The cells are those networks: the runs say so themselves.
    let config = |cell: usize| -> serde_json::Value {
        let meta = read(dir.path().join(format!("s/cells/{cell:06}/meta.json")));
        serde_json::from_str::<serde_json::Value>(&meta).unwrap()["config"].clone()
    };
    assert_eq!((&config(4)["dropout"], &config(4)["normalisation"]), (&0.5.into(), &"none".into()));
    assert_eq!((&config(5)["dropout"], &config(5)["normalisation"]), (&0.0.into(), &"batch".into()));
    // Figures by depth have the other axes as their groups, and name them.
    let figure = ["plot", "s", "--figure", "accuracy-by-depth", "--format", "svg", "--out", "f"];
    stdout(dir.path(), &figure);
    let svg = read(dir.path().join("f/accuracy-by-depth.svg"));
    for words in ["batch normalisation", "no normalisation", "dropout 0.5"] {
        assert!(svg.contains(words), "{words}");
    }
    // The same as a plan file, and as the plan that the folder keeps.
    let toml = stdout(dir.path(), &["sweep", "plan", "--out", "s", "--toml"]);
    assert!(toml.contains("dropout = [0.0, 0.5]"), "{toml}");
    std::fs::write(dir.path().join("p.toml"), toml).unwrap();
    let again = gradfade(dir.path())
        .args(["sweep", "--plan", "p.toml", "--out", "s", "--no-figures"])
        .output()
        .unwrap();
    assert!(
        String::from_utf8_lossy(&again.stderr).contains("8 cells, 8 of them finished before"),
        "{again:?}"
    );
}

#[test]
fn an_axis_that_is_not_depth_leaves_no_figure_out_silently() {
    let dir = room();
    let args = ["--axis", "momentum=0.5,0.9", "--optimizers=momentum", "--data=gaussians", "--widths=5"];
    let more =
        ["--hidden-layers=2", "--samples=64", "--batch-sizes=16", "--steps=4", "--format=svg", "--out", "s"];
    let output = gradfade(dir.path()).arg("sweep").args(args).args(more).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    assert!(
        told.contains("not drawn: ") && told.contains("no second depth, so `accuracy-by-depth`"),
        "{told}"
    );
    assert!(read(dir.path().join("s/figures/error-by-updates.svg")).contains("momentum 0.5"));
}

#[test]
fn a_wrong_axis_is_refused_by_its_name_and_value() {
    let dir = room();
    let axis = |axis: &str, words: &[&str]| {
        refused(dir.path(), 2, &["sweep", "--axis", axis, "--out", "s"], words);
    };
    axis("dropot=0,0.1", &["--axis there is no setting `dropot`", "did you mean 'dropout'?"]);
    axis("dropout=0,x", &["--axis dropout: 'x' is no number"]);
    axis("dropout", &["--axis 'dropout' is not NAME=VALUE,.."]);
    axis("dropout=0,0", &["`dropout` holds 0 twice"]);
    axis("dropout=0.1,1", &["cell 2", "dropout 1", "--dropout 1: must be less than 1"]);
    axis("activation=relu,sigmod", &["--axis activation: ", "did you mean 'sigmoid'?"]);
    axis("threads=1,2", &["`threads` changes no result"]);
    axis("steps=9223372036854775808,1", &["`steps` is 9223372036854775808"]);
    let twice = ["sweep", "--axis", "seed=1,2", "--seeds", "2", "--out", "s"];
    refused(dir.path(), 2, &twice, &["--axis seed: the values of this setting are given twice"]);
    let fixed = ["sweep", "--axis", "dropout=0,0.1", "--dropout", "0.2", "--out", "s"];
    refused(dir.path(), 2, &fixed, &["--axis dropout: one value for all cells is given as well"]);
    // What would never fit into a memory or a data set is refused before anything is written.
    refused(
        dir.path(),
        2,
        &["sweep", "--batch-sizes", "4294967296", "--out", "s"],
        &["--batch-size 4294967296"],
    );
    refused(
        dir.path(),
        2,
        &["sweep", "--max-memory", "0", "--hidden-layers", "1,2", "--out", "s"],
        &["--max-memory 0"],
    );
    assert!(!dir.path().join("s").exists());
}

#[test]
fn a_finished_sweep_grows_by_values_seeds_and_axes() {
    let dir = room();
    let made = ["--data=gaussians", "--widths=5", "--batch-sizes=16", "--samples=64", "--steps=4"];
    let run = |grid: &[&str], out: &str| -> String {
        let args = [&["sweep"], grid, &made[..], &["--no-figures", "--out", out]].concat();
        let output = gradfade(dir.path()).args(&args).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{told}");
        told
    };
    run(&["--hidden-layers=1,2", "--seeds=2"], "s");
    let place = dir.path().join("s");
    let modified = |cell: usize| {
        std::fs::metadata(place.join(format!("cells/{cell:06}/cell.json"))).unwrap().modified().unwrap()
    };
    let kept: Vec<_> = (1..=4).map(modified).collect();
    let grown = ["--hidden-layers=1..3", "--seeds=3", "--axis", "dropout=0,0.5"];
    let told = run(&grown, "s");
    assert!(told.contains("s: 18 cells, 4 of them finished before"), "{told}");
    assert_eq!((1..=4).map(modified).collect::<Vec<_>>(), kept);
    // The same cells with the same results as in a sweep that was that large at once, in another order.
    run(&grown, "fresh");
    let rows = |out: &str| {
        let text = table(&dir.path().join(out));
        let mut rows: Vec<String> = text.lines().map(|l| l.split_once(',').unwrap().1.to_string()).collect();
        rows.sort();
        rows
    };
    assert_eq!(rows("s"), rows("fresh"));
    // Again it is the same sweep, also for who gives no plan; and what lacks a cell is another one.
    assert!(run(&grown, "s").contains("18 of them finished before"));
    let merged = stdout(dir.path(), &["sweep", "merge", "--out", "s", "--no-figures"]);
    assert_eq!(merged, "s/cells.csv\n");
    let fewer = [&["sweep", "--hidden-layers=1,2", "--seeds=2"], &made[..], &["--out", "s"]].concat();
    refused(dir.path(), 1, &fewer, &["another plan: ", "there and "]);
    let other = [&["sweep"], &grown[..], &made[..4], &["--steps=5", "--out", "s"]].concat();
    refused(dir.path(), 1, &other, &["steps is 4 there and 5 here"]);
}

#[test]
fn data_that_is_missing_for_one_cell_is_asked_for_again() {
    let dir = room();
    let rows: String = (0..40).map(|i| format!("{}.5,{}\n", i % 7, i % 2)).collect();
    let write = |name: &str| std::fs::write(dir.path().join(name), format!("x,label\n{rows}")).unwrap();
    write("t.csv");
    write("a.csv");
    let args =
        ["sweep", "--data=csv:t.csv", "--axis", "test_file=a.csv,b.csv", "--hidden-layers=1", "--widths=3"];
    let args =
        [&args[..], &["--batch-sizes=4", "--steps=3", "--out", "s", "--quiet", "--no-figures"]].concat();
    let output = gradfade(dir.path()).args(&args).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("cell 2 is not finished: ") && told.contains("b.csv"), "{told}");
    assert!(told.contains("1 of 2 cells are missing (2)"), "{told}");
    write("b.csv");
    stdout(dir.path(), &args);
    assert_eq!(read(dir.path().join("s/cells.csv")).lines().count(), 3);
}

/// Starts sweep commands together and waits for all of them; each must succeed.
fn together(dir: &Path, commands: &[Vec<&str>]) {
    let start = |args: &Vec<&str>| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_gradfade"));
        command.arg("sweep").args(args).current_dir(dir);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<std::process::Child> = commands.iter().map(start).collect();
    for (child, args) in children.into_iter().zip(commands) {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn programs_that_start_together_on_a_new_folder_all_succeed() {
    let dir = room();
    sweep(dir.path(), &[], "alone", &["--quiet", "--no-figures"]);
    let shards = ["1/4", "2/4", "3/4", "4/4"];
    let shard = |k| [&["run"], &GRID[..], &["--out", "shards", "--quiet", "--shard", k]].concat();
    together(dir.path(), &shards.map(shard));
    stdout(dir.path(), &["sweep", "merge", "--out", "shards", "--no-figures"]);
    // The same sweep twice: each may find a cell made by the other, and none removes what the other is
    // making.
    let whole = || [&GRID[..], &["--out", "twice", "--quiet", "--no-figures", "--threads", "2"]].concat();
    together(dir.path(), &[whole(), whole()]);
    for other in ["shards", "twice"] {
        let place = dir.path().join(other);
        assert_eq!(table(&place), table(&dir.path().join("alone")), "{other}");
        let left: Vec<PathBuf> = tree(&place).into_keys().collect();
        assert!(!left.iter().any(|p| p.to_string_lossy().contains(".part")), "{left:?}");
    }
}

#[test]
fn a_program_killed_at_its_first_write_leaves_a_folder_that_can_be_used() {
    let dir = room();
    std::fs::create_dir(dir.path().join("s")).unwrap();
    std::fs::write(dir.path().join("s/.gradfade-Xk3v1a.part"), "name = \"sw").unwrap();
    std::fs::write(dir.path().join("s/.gradfade-work-1-2.lock"), "").unwrap();
    sweep(dir.path(), &[], "s", &["--quiet", "--no-figures"]);
    assert_eq!(read(dir.path().join("s/cells.csv")).lines().count(), 9);
}

#[test]
fn looking_at_a_sweep_writes_nothing() {
    let dir = room();
    let plan = stdout(dir.path(), &[&["sweep", "plan", "--toml"], &GRID[..]].concat());
    std::fs::create_dir(dir.path().join("s")).unwrap();
    std::fs::write(dir.path().join("s/plan.toml"), plan).unwrap();
    let before = tree(dir.path());
    assert!(stdout(dir.path(), &["sweep", "plan", "--out", "s"]).contains("8 cells"));
    for command in ["plot", "page", "summary", "diagnose"] {
        let output = gradfade(dir.path()).args([command, "s"]).output().unwrap();
        assert!(tree(dir.path()) == before, "{command}");
        assert_eq!((output.status.code(), output.stdout), (Some(1), Vec::new()), "{command}");
    }
    // What a killed program left is removed by who runs or merges the sweep, not by who looks at it.
    sweep(dir.path(), &[], "s", &["--quiet", "--no-figures"]);
    let left = dir.path().join("s/cells/.000001-Xk3v1a.part");
    std::fs::create_dir(&left).unwrap();
    let before = tree(&dir.path().join("s"));
    stdout(
        dir.path(),
        &["plot", "s", "--figure", "accuracy-by-depth", "--format", "svg", "--out", "figures"],
    );
    stdout(dir.path(), &["page", "s", "--out", "page.html"]);
    assert!(tree(&dir.path().join("s")) == before, "something was written or removed");
    stdout(dir.path(), &["sweep", "merge", "--out", "s", "--no-figures"]);
    assert!(!left.exists());
}

/// A command that may have so many KiB of memory.
#[cfg(target_os = "linux")]
fn with_memory(dir: &Path, kib: u32, args: &[&str]) -> std::process::Output {
    let mut command = std::process::Command::new("bash");
    let line = format!("ulimit -v {kib} && exec \"$@\"");
    command
        .args(["-c", &line, "bash", env!("CARGO_BIN_EXE_gradfade")])
        .args(args)
        .current_dir(dir)
        .output()
        .unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn memory_that_the_system_refuses_is_asked_for_again() {
    let dir = room();
    let args = [
        "sweep",
        "--data=gaussians",
        "--samples=64",
        "--hidden-layers=3",
        "--widths=5,9000",
        "--batch-sizes=16",
    ];
    let args = [&args[..], &["--steps=2", "--out", "s", "--quiet", "--no-figures", "--threads=1"]].concat();
    let output = with_memory(dir.path(), 2 << 20, &args);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("cell 2 is not finished: ") && told.contains("which the system refuses"), "{told}");
    let cells = dir.path().join("s/cells");
    assert!(cells.join("000001/cell.json").exists() && !cells.join("000002").exists());
}

#[test]
fn a_sweep_of_which_nothing_can_be_trained_fails_and_says_why() {
    let dir = room();
    for (more, words) in [
        (
            ["--batch-sizes", "5000", "--max-memory", "64"],
            "--batch-size 5000: the training set has only 64 samples",
        ),
        (["--batch-sizes", "16", "--validation-size", "64"], "some must be left to train on"),
    ] {
        let out = format!("s{}", more[1]);
        let made = [
            "--data",
            "gaussians",
            "--samples",
            "64",
            "--widths",
            "5",
            "--hidden-layers",
            "1,2",
            "--epochs",
            "1",
        ];
        let line = ["none of the 2 cells can be trained; cell 1: ", words];
        for verb in [&["sweep"][..], &["sweep", "merge"]] {
            let rest: &[&str] = if verb.len() == 1 { &made } else { &[] };
            let grid = if verb.len() == 1 { &more[..] } else { &[] };
            let args = [verb, rest, grid, &["--out", &out, "--no-figures"]].concat();
            let args: Vec<&str> = if verb.len() == 1 { [&args[..], &["--quiet"]].concat() } else { args };
            refused_after_output(dir.path(), &args, &line);
        }
        // The reason is in the table as well.
        assert!(read(dir.path().join(&out).join("cells.csv")).contains(",failed,"));
    }
}

/// A command that writes its results and then fails with one line.
fn refused_after_output(dir: &Path, args: &[&str], words: &[&str]) {
    let output = gradfade(dir).args(args).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{args:?}: {stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(words.iter().all(|w| stderr.contains(w)), "{args:?}: {stderr}");
}

#[test]
fn a_setting_that_a_plan_cannot_hold_is_refused_by_name() {
    let dir = room();
    let huge = (1_u64 << 63).to_string();
    let twice = format!("1,{huge}");
    for (option, setting) in [
        ("--max-memory", "max_memory_mib"),
        ("--steps", "steps"),
        ("--eval-every", "eval_every"),
        ("--seeds", "seed"),
    ] {
        let value = if option == "--seeds" { &twice } else { &huge };
        let args = ["sweep", "--hidden-layers", "1,2", option, value, "--out", "s"];
        refused(dir.path(), 2, &args, &[&format!("`{setting}` is {huge}"), "up to 9223372036854775807"]);
    }
    assert!(!dir.path().join("s").exists());
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_the_finished_cells() {
    let dir = room();
    let mut args: Vec<&str> = GRID.to_vec();
    // The deep cells are endless and come first; the shallow ones of a second worker end at once.
    args[3] = "1,40";
    args.truncate(14);
    args.extend(["--steps", "400", "--record", "every:1"]);
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_gradfade"))
        .arg("sweep")
        .args(&args)
        .args(["--out", "s", "--threads", "1", "--no-figures"])
        .current_dir(dir.path())
        .stderr(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let finished = |n: usize| {
        let cells = std::fs::read_dir(dir.path().join("s/cells"));
        cells.is_ok_and(|c| {
            c.filter(|e| {
                e.as_ref().is_ok_and(|e| {
                    e.path().join("cell.json").exists() && !e.file_name().to_string_lossy().starts_with('.')
                })
            })
            .count()
                >= n
        })
    };
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !finished(1) && child.try_wait().unwrap().is_none() {
        assert!(std::time::Instant::now() < patience, "no cell was finished");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    // All eight cells may have been faster than the signal; then there is nothing to interrupt.
    if output.status.code() == Some(130) {
        assert!(!finished(8));
        let told = String::from_utf8_lossy(&output.stderr).to_string();
        assert!(told.contains("cells are missing"), "{told}");
    } else {
        assert!(output.status.success());
    }
    let again = [&["sweep"], &args[..], &["--out", "s", "--no-figures"]].concat();
    stdout(dir.path(), &again);
    assert!(finished(8));
    assert!(!tree(&dir.path().join("s/cells")).keys().any(|p| p.to_string_lossy().ends_with(".part")));
}

/// Programs of that name which write down how they were called, in front of the path.
#[cfg(unix)]
fn stubs(dir: &Path, programs: &[(&str, &str)]) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let bin = dir.join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    for (name, body) in programs {
        let path = bin.join(name);
        std::fs::write(&path, format!("#!/usr/bin/env bash\n{body}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    format!("{}:{}", bin.display(), std::env::var("PATH").unwrap())
}

#[cfg(unix)]
#[test]
fn a_slurm_script_stays_below_the_largest_array_and_merges_after_it() {
    let dir = room();
    let args = [
        &["sweep", "script", "slurm"],
        &GRID[..],
        &["--out", "a b", "--cells-per-task", "1", "--threads", "2"],
    ];
    let script = stdout(dir.path(), &args.concat());
    std::fs::write(dir.path().join("job.sh"), &script).unwrap();
    // A cluster of one node that runs every task at once, whose arrays may have 4 members at most.
    let sbatch = r#"
echo "$@" >> "$LOG"
script=$(mktemp); cat > "$script"
for argument in "$@"; do case $argument in --array=1-*) last=${argument#--array=1-};; esac; done
export SLURM_CPUS_PER_TASK=2
if [ -n "${last:-}" ]; then
  for ((i = 1; i <= last; i++)); do SLURM_ARRAY_TASK_ID=$i bash "$script" || exit 1; done
  echo "17;cluster"
else
  bash "$script" > /dev/null; echo 18
fi"#;
    let scontrol = "echo 'MaxArraySize            = 5'";
    let path = stubs(dir.path(), &[("sbatch", sbatch), ("scontrol", scontrol)]);
    let log = dir.path().join("log");
    let output = std::process::Command::new("bash")
        .args(["job.sh", "--partition=short"])
        .current_dir(dir.path())
        .env("PATH", path)
        .env("LOG", &log)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("array 17 with 4 tasks, merge job 18"));
    let log = read(log);
    let calls: Vec<&str> = log.lines().collect();
    assert!(calls[0].contains("--array=1-4 ") && calls[0].ends_with("--partition=short"), "{}", calls[0]);
    assert!(calls[0].contains("--cpus-per-task=2"));
    assert!(
        calls[1].contains("--dependency=afterany:17 ") && calls[1].ends_with("--partition=short"),
        "{}",
        calls[1]
    );
    let local = room();
    sweep(local.path(), &[], "s", &["--quiet", "--no-figures"]);
    assert_eq!(table(&dir.path().join("a b")), table(&local.path().join("s")));
}

#[test]
fn job_scripts_are_for_engines_that_are_known() {
    let dir = room();
    refused(dir.path(), 2, &["sweep", "script", "pbs", "--preset", "lecture"], &["pbs", "slurm", "parallel"]);
    refused(dir.path(), 2, &["sweep", "script", "slurm"], &["nothing to sweep"]);
    let zero = ["sweep", "script", "slurm", "--preset", "lecture", "--cells-per-task", "0"];
    refused(dir.path(), 2, &zero, &["--cells-per-task"]);
}
