//! What happens to cells that fail, and to folders that several programs use.

use std::path::Path;
use std::sync::Mutex;

use super::*;
use crate::data::Loaded;

/// Two seeds on a table, which is read again for every seed.
fn plan(table: &Path) -> SweepPlan {
    let text = format!(
        "[grid]\nseed = [1, 2]\n[train]\ndata = \"csv:{}\"\nhidden_layers = 1\nwidth = 3\nbatch_size = 4\nsteps = 3\n",
        table.display()
    );
    SweepPlan::parse(&text, "test").unwrap()
}

fn write_table(path: &Path) {
    let rows: String = (0..40).map(|i| format!("{}.5,{}\n", i % 7, i % 2)).collect();
    std::fs::write(path, format!("x,label\n{rows}")).unwrap();
}

/// Takes the table away as soon as a cell with this number is begun.
struct Thief<'a>(usize, &'a Path, Mutex<Vec<String>>);

impl Observer for Thief<'_> {
    fn started(&self, _: usize, cell: &PlannedCell) {
        if cell.number == self.0 {
            std::fs::remove_file(self.1).unwrap();
        }
    }

    fn broken(&self, _: usize, cell: &PlannedCell, why: &str) {
        self.2.lock().unwrap().push(format!("{}: {why}", cell.number));
    }
}

#[test]
fn a_cell_whose_data_cannot_be_read_is_not_kept_and_runs_again() {
    let dir = tempfile::tempdir().unwrap();
    let table = dir.path().join("t.csv");
    write_table(&table);
    let store = Store::create(&dir.path().join("s"), &plan(&table)).unwrap();
    let cells = store.plan().cells();
    let thief = Thief(2, &table, Mutex::default());
    let ran = run(&store, &cells, 1, &Loaded::default(), &thief).unwrap();
    assert_eq!((ran.trained, ran.impossible, ran.stopped), (1, 0, false));
    assert_eq!(ran.broken.len(), 1);
    assert!(ran.broken[0].0 == 2 && ran.broken[0].1.contains("t.csv"), "{ran:?}");
    assert_eq!(thief.2.into_inner().unwrap(), [format!("2: {}", ran.broken[0].1)]);
    assert!(matches!(store.state(1).unwrap(), CellState::Finished(_)));
    assert_eq!(store.state(2).unwrap(), CellState::Missing);
    write_table(&table);
    let again = run(&store, &cells[1..], 1, &Loaded::default(), &Thief(0, &table, Mutex::default())).unwrap();
    assert_eq!(again, Ran { trained: 1, ..Ran::default() });
    assert!(matches!(store.state(2).unwrap(), CellState::Finished(_)));
    // A panic that an earlier version kept as the end of a cell is no end.
    let file = store.cell_dir(2).join("cell.json");
    let mut json: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    json["failure"] = "internal error: the training panicked".into();
    json["digest"] = serde_json::Value::Null;
    std::fs::write(&file, json.to_string()).unwrap();
    assert!(matches!(store.state(2).unwrap(), CellState::Broken(_)));
}

#[test]
fn what_another_program_is_making_is_not_tidied_away() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("s");
    let plan = plan(&dir.path().join("t.csv"));
    let mine = Store::create(&place, &plan).unwrap();
    let other = Store::create(&place, &plan).unwrap();
    let made = other.start(1).unwrap();
    mine.tidy().unwrap();
    assert!(made.path().exists());
    // A store that is only read holds no lock and removes nothing either.
    Store::open(&place).unwrap().tidy().unwrap();
    assert!(made.path().exists());
    drop(other);
    mine.tidy().unwrap();
    assert!(!made.path().exists());
}

#[test]
fn a_plan_is_not_replaced_while_a_program_is_about_to_run_it() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("s");
    let first = plan(&dir.path().join("t.csv"));
    let mut second = first.clone();
    second.train.steps = Some(4);
    let working = Store::create(&place, &first).unwrap();
    assert!(matches!(Store::create(&place, &second), Err(SweepError::OtherPlan { .. })));
    drop(working);
    assert_eq!(Store::create(&place, &second).unwrap().plan(), &second);
}
