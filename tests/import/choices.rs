//! What a caller can choose: names, order, layers, what is taken, and what unnamed numbers are.

use gradfade::import::{ImportError, ImportOptions, Order, Pattern};
use gradfade::record::{GRAD_NORM, LOSS, MetricId, TOTAL_GRAD_NORM, UPDATE_NORM, VALIDATION_LOSS};

use super::{layers, logs, numbers, read, text};

fn options(change: impl FnOnce(&mut ImportOptions)) -> ImportOptions {
    let mut options = ImportOptions::default();
    change(&mut options);
    options
}

fn of(name: &str, change: impl FnOnce(&mut ImportOptions)) -> gradfade::import::Imported {
    read(&[logs().join(name)], &options(change)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
fn a_selection_is_of_names_and_of_runs() {
    let few = of("tensorboard_torch", |o| o.select = Some(Pattern::new("^Loss|^lr$").unwrap()));
    let found: Vec<String> = numbers(&few.records[0]).into_keys().collect();
    assert_eq!(found, ["learning_rate", "loss"]);
    let one = of("networks.json", |o| o.select = Some(Pattern::new("^residual/").unwrap()));
    assert_eq!((one.records.len(), one.records[0].header.run.as_str()), (1, "residual"));
    let none = read(
        &[logs().join("networks.json")],
        &options(|o| o.select = Some(Pattern::new("nothing").unwrap())),
    );
    assert!(none.unwrap_err().to_string().contains("nothing is left: select leaves out all"));
}

#[test]
fn layers_are_in_the_order_of_their_numbers_or_in_one_that_is_given() {
    let by_name = of("long_composer.csv", |_| {});
    assert_eq!(layers(&by_name.records[0])[8..], ["layers.8", "layers.9", "layers.10"]);
    let given = of("long_composer.csv", |o| {
        o.order = Order::Names(vec!["layers.7".into(), "layers.2.weight".into()]);
    });
    assert_eq!(layers(&given.records[0])[..3], ["layers.7", "layers.2", "layers.0"]);
    let by = of("long_composer.csv", |o| o.order = Order::by("10|[5-9]").unwrap());
    assert_eq!(layers(&by.records[0])[..3], ["layers.10", "layers.5", "layers.6"]);
    // The values go with their layers.
    let place = |r: &gradfade::record::Record, name: &str| {
        r.header.tensors.iter().position(|t| t.name == name).unwrap()
    };
    let value = |r: &gradfade::record::Record| r.value(GRAD_NORM, 1, place(r, "layers.7.weight"));
    assert_eq!(value(&by_name.records[0]), value(&given.records[0]));
}

#[test]
fn names_of_layers_are_given_for_arrays() {
    let names: Vec<String> = (0..11).map(|i| format!("block{i}.bias")).collect();
    let named = of("grads.npy", |o| {
        o.layers = names.clone();
        o.metric = Some(UPDATE_NORM);
        o.name = Some("mine".into());
    });
    let header = &named.records[0].header;
    assert_eq!((header.run.as_str(), header.tensors[10].name.as_str()), ("mine", "block10.bias"));
    assert_eq!((header.tensors[10].role_name(), header.layers[10].name.as_str()), ("bias", "block10"));
    assert!(named.records[0].has(UPDATE_NORM) && !named.records[0].has(GRAD_NORM));
    let short = read(&[logs().join("grads.npy")], &options(|o| o.layers = names[..3].to_vec()));
    let said = short.unwrap_err().to_string();
    assert!(said.contains("8 rows and 11 columns, but 3 names of layers (layers)"), "{said}");
    // As many names as rows: the layers are the rows.
    let turned = of("bare.json", |o| o.layers = names[..8].to_vec());
    assert_eq!((turned.records[0].len(), turned.records[0].header.layers.len()), (11, 8));
    let plain = of("bare.json", |_| {});
    assert_eq!(turned.records[0].value(GRAD_NORM, 4, 6), plain.records[0].value(GRAD_NORM, 6, 4));
}

#[test]
fn a_person_says_what_a_name_holds() {
    let table = "step,mae,val_mae,conv,fc\n1,0.5,0.25,3,4\n2,0.25,0.5,5,6\n";
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.csv");
    std::fs::write(&path, table).unwrap();
    let said = read(std::slice::from_ref(&path), &ImportOptions::default()).unwrap_err().to_string();
    assert!(
        said.contains("only `mae`, `val_mae`, `conv`, `fc`")
            && said.contains("map of import says what a name holds"),
        "{said}"
    );
    let mapped = options(|o| {
        o.maps = vec![(LOSS, "mae".into()), (VALIDATION_LOSS, "val_mae".into())];
        o.metric = MetricId::named("grad_norm");
    });
    let record = &read(&[path], &mapped).unwrap().records[0];
    assert_eq!(numbers(record)["loss"], [(1, 0.5), (2, 0.25)]);
    assert_eq!(numbers(record)["validation_loss"], [(1, 0.25), (2, 0.5)]);
    assert_eq!(numbers(record)["grad_norm/fc"], [(1, 4.0), (2, 6.0)]);
    assert_eq!(layers(record), ["conv", "fc"]);
}

#[test]
fn a_person_says_of_which_layers_norms_are() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.csv");
    std::fs::write(&path, "step,loss,gn_first,weights/fc.weight\n1,1,3,4\n2,1,5,6\n").unwrap();
    let mapped = options(|o| {
        o.maps = vec![(GRAD_NORM, "gn_first".into()), (GRAD_NORM, "weights/fc.weight".into())];
    });
    let log = read(std::slice::from_ref(&path), &mapped).unwrap();
    let record = &log.records[0];
    assert_eq!(numbers(record)["grad_norm/gn_first"], [(1, 3.0), (2, 5.0)]);
    assert_eq!(numbers(record)["grad_norm/fc.weight"], [(1, 4.0), (2, 6.0)]);
    assert_eq!((layers(record), log.warnings.as_slice()), (vec!["gn_first", "fc"], &[][..]));
    let array = dir.path().join("a.json");
    std::fs::write(&array, r#"{"loss": [1, 2], "weights": [[1, 2], [3, 4]]}"#).unwrap();
    let of = |metric| options(|o| o.maps = vec![(metric, "weights".into())]);
    let record = read(std::slice::from_ref(&array), &of(UPDATE_NORM)).unwrap().records.remove(0);
    assert_eq!(numbers(&record)["update_norm/layer 2"], [(0, 2.0), (1, 4.0)]);
    let said = read(&[array], &of(LOSS)).unwrap_err().to_string();
    assert!(said.contains("`weights` has 2 columns, and loss is one number a step"), "{said}");
}

#[test]
fn files_that_are_named_together_are_one_run() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        std::fs::write(dir.path().join(name), text).unwrap();
        dir.path().join(name)
    };
    let train = write("train.csv", "step,loss\n0,2\n1,1\n");
    let test = write("test.csv", "step,val_loss\n1,1.5\n");
    let norm = write("grad_norm.csv", "Wall time,Step,Value\n1.5,0,3\n1.6,1,4\n");
    let record = &read(&[train, test, norm], &ImportOptions::default()).unwrap().records[0];
    let found = numbers(record);
    assert_eq!((&found["loss"], &found["validation_loss"]), (&vec![(0, 2.0), (1, 1.0)], &vec![(1, 1.5)]));
    assert_eq!(found[TOTAL_GRAD_NORM.id], [(0, 3.0), (1, 4.0)]);
    assert_eq!(record.header.run, "train");
}

#[test]
fn several_folders_are_several_runs_and_sets_are_of_the_run_around_them() {
    let runs = logs().join("tensorboard_runs");
    let both = read(&[runs.join("relu"), runs.join("tanh")], &ImportOptions::default()).unwrap();
    let names: Vec<&str> = both.records.iter().map(|r| r.header.run.as_str()).collect();
    assert_eq!(names, ["relu", "tanh"]);
    let keras = logs().join("tensorboard_keras");
    let sets = read(&[keras.join("train"), keras.join("validation")], &ImportOptions::default()).unwrap();
    assert_eq!(sets.records.len(), 1);
    assert_eq!(sets.records[0].header.run, "tensorboard_keras");
    assert_eq!(numbers(&sets.records[0])["validation_loss"].len(), 2);
}

#[test]
fn a_folder_of_files_of_one_format_is_one_run() {
    let folder = read(&[logs().join("poutyne")], &ImportOptions::default()).unwrap();
    assert_eq!(
        (folder.records[0].header.run.as_str(), folder.formats.as_slice()),
        ("poutyne", &["Poutyne"][..])
    );
    assert_eq!(layers(&folder.records[0]), ["fc1", "fc2", "fc10"]);
    let several = read(&[logs()], &ImportOptions::default());
    assert!(several.is_ok_and(|all| all.formats == ["TensorBoard"]), "event files come first");
}

#[test]
fn two_names_of_one_thing_are_told() {
    let both = text("t.csv", "step,loss,train/loss,fc/weight/grad,grad_norm/fc.weight\n1,1,2,3,4\n").unwrap();
    let found = numbers(&both.records[0]);
    assert_eq!((&found["loss"], &found["grad_norm/fc.weight"]), (&vec![(1, 1.0)], &vec![(1, 3.0)]));
    assert!(
        both.warnings.iter().any(|w| w.contains("`loss` and `train/loss` are the same")),
        "{:?}",
        both.warnings
    );
    assert!(
        both.warnings.iter().any(|w| w.contains("`fc/weight/grad`, not `grad_norm/fc.weight`")),
        "{:?}",
        both.warnings
    );
}

#[test]
fn of_a_tensor_the_series_with_more_steps_is_taken_and_a_number_before_a_histogram() {
    let histogram =
        |name: &str| format!(r#""{name}": {{"_type": "histogram", "bins": [3, 4], "values": [1]}}"#);
    let mut log = String::new();
    for step in 0..6 {
        let mut row = format!(r#"{{"step": {step}, "loss": 1"#);
        for layer in 0..5 {
            row += &format!(r#", "grad_norm/fc{layer}.weight": 9"#);
            if step % 3 == 0 {
                row += &format!(", {}", histogram(&format!("grads/fc{layer}.weight")));
            }
        }
        // One name for both, at the same steps.
        row += r#", "grads/out.weight": 8}"#;
        log += &format!("{row}\n");
        log += &format!(r#"{{"step": {step}, {}}}"#, histogram("grads/out.weight"));
        log += "\n";
    }
    let both = text("l.jsonl", log).unwrap();
    let found = numbers(&both.records[0]);
    assert_eq!(found["grad_norm/fc3.weight"], (0..6).map(|step| (step, 9.0)).collect::<Vec<_>>());
    assert_eq!(found["grad_norm/out.weight"], (0..6).map(|step| (step, 8.0)).collect::<Vec<_>>());
    let lines: Vec<&String> = both.warnings.iter().filter(|w| w.contains("of one tensor")).collect();
    assert_eq!(lines.len(), 1, "{:?}", both.warnings);
    assert!(
        lines[0].contains("`grad_norm/fc0.weight`, not histogram `grads/fc0.weight`; ")
            && lines[0].ends_with("; and 3 more"),
        "{}",
        lines[0]
    );
    assert!(both.warnings.iter().all(|w| !w.contains("more than one value at a step")));
}

#[test]
fn an_unknown_format_names_the_known_ones() {
    let error = gradfade::import::read(
        &[logs().join("bare.json")],
        gradfade::import::IMPORTERS,
        &ImportOptions::default(),
        Some("tensorbored"),
    );
    let error = error.unwrap_err();
    assert!(
        matches!(&error, ImportError::NoFormat { known, .. } if known.contains("tensorboard")),
        "{error}"
    );
}
