//! `cells.csv` and `cells.parquet`: one row a cell of a sweep.

use std::collections::BTreeSet;

use crate::analysis::{Summary, ratio};
use crate::record::cell::Cell;
use crate::record::{
    DISTANCE_FROM_INIT, GRAD_NORM, PARAM_NORM, Record, Role, Status, TEST_ACCURACY, TEST_LOSS,
    TRAIN_ACCURACY, TRAIN_LOSS,
};
use crate::stats::{MISSING, is_missing};

const SETTINGS: [&str; 9] = [
    "data",
    "activation",
    "initialisation",
    "optimizer",
    "learning_rate",
    "batch_size",
    "width",
    "hidden_layers",
    "seed",
];

/// The values of one column, one a cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    Text(Vec<String>),
    Whole(Vec<Option<i64>>),
    /// As stored: see [`crate::stats`].
    Real(Vec<f64>),
}

/// A named column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub name: String,
    pub values: Values,
}

/// The table, sorted by number. Columns, of which only the last, `seconds`, may differ between two runs of
/// the same plan:
///
/// | column | what |
/// |---|---|
/// | `cell`, then the nine settings | from 1, in the order of the plan |
/// | more settings, by name | what else the plan varies: numbers where all values are numbers or `none`, which is missing |
/// | `status`, `reason` | `complete`, `diverged` or `failed`, and why |
/// | `steps` | updates made |
/// | `train_accuracy` .. `test_loss` | of the last evaluation |
/// | `first_last_gradient_ratio_start`, `.._end` | weight gradient norm of layer 1 over that of the last hidden layer, at the first and the last recorded step; with two hidden layers or more |
/// | `movement_layer_1` .. | distance of each layer's weights from their start, over their norm at the start |
/// | `seconds` | wall time |
pub fn columns(cells: &[Cell]) -> Vec<Column> {
    let mut cells: Vec<&Cell> = cells.iter().collect();
    cells.sort_by_key(|cell| cell.number);
    let layers = |cell: &Cell| cell.result.as_ref().map_or(0, |record| record.header.layers.len());
    let most = cells.iter().map(|cell| layers(cell)).max().unwrap_or(0);
    let facts: Vec<Facts> = cells.iter().map(|cell| Facts::of(cell, most)).collect();
    let text = |f: &dyn Fn(&Cell) -> String| Values::Text(cells.iter().map(|cell| f(cell)).collect());
    let whole = |f: &dyn Fn(&Cell) -> Option<i64>| Values::Whole(cells.iter().map(|cell| f(cell)).collect());
    let real = |f: &dyn Fn(&Facts) -> f64| Values::Real(facts.iter().map(f).collect());
    let mut table = vec![("cell".to_string(), whole(&|c| i64::try_from(c.number).ok()))];
    for key in SETTINGS {
        let values = match key {
            "learning_rate" => {
                Values::Real(cells.iter().map(|c| c.setting(key).parse().unwrap_or(MISSING)).collect())
            }
            "hidden_layers" | "seed" => whole(&|c| c.setting(key).parse().ok()),
            _ => text(&|c| c.setting(key).to_string()),
        };
        table.push((key.to_string(), values));
    }
    let names: BTreeSet<&String> = cells.iter().flat_map(|cell| cell.settings.keys()).collect();
    for name in names.into_iter().filter(|name| !SETTINGS.contains(&name.as_str())) {
        table.push((name.clone(), varied(&cells.iter().map(|cell| cell.setting(name)).collect::<Vec<_>>())));
    }
    table.push(("status".into(), text(&|c| status(c).0.to_string())));
    table.push(("reason".into(), text(&|c| status(c).1)));
    let last = |c: &Cell| c.result.as_ref().ok().and_then(|r| r.steps.step().last().copied());
    table.push(("steps".into(), whole(&|c| i64::try_from(last(c)? + 1).ok())));
    for (i, name) in ["train_accuracy", "test_accuracy", "train_loss", "test_loss"].into_iter().enumerate() {
        table.push((name.into(), real(&|f| f.evaluated[i])));
    }
    table.push(("first_last_gradient_ratio_start".into(), real(&|f| f.ratios[0])));
    table.push(("first_last_gradient_ratio_end".into(), real(&|f| f.ratios[1])));
    for layer in 0..most {
        table.push((format!("movement_layer_{}", layer + 1), real(&|f| f.movement[layer])));
    }
    table.push((
        "seconds".into(),
        Values::Real(cells.iter().map(|c| (c.seconds * 1e3).round() / 1e3).collect()),
    ));
    table.into_iter().map(|(name, values)| Column { name, values }).collect()
}

/// A column of a setting that not every sweep varies.
fn varied(all: &[&str]) -> Values {
    let absent = |text: &str| text.is_empty() || text == "none";
    let whole = all.iter().map(|text| text.parse().ok());
    if all.iter().all(|text| absent(text) || text.parse::<i64>().is_ok())
        && !all.iter().all(|text| absent(text))
    {
        return Values::Whole(whole.collect());
    }
    let real = all.iter().map(|text| text.parse().ok());
    if all.iter().all(|text| absent(text) || text.parse::<f64>().is_ok())
        && !all.iter().all(|text| absent(text))
    {
        return Values::Real(real.map(|x: Option<f64>| x.unwrap_or(MISSING)).collect());
    }
    Values::Text(all.iter().map(|text| (*text).to_string()).collect())
}

/// The table as RFC 4180 text. Missing is empty; what is no number is `nan`, `inf` or `-inf`.
pub fn cells_csv(cells: &[Cell]) -> String {
    let columns = columns(cells);
    let mut table = csv::Writer::from_writer(Vec::new());
    // Writing to memory does not fail, and all rows have the same length.
    let _ = table.write_record(columns.iter().map(|c| c.name.as_str()));
    for row in 0..cells.len() {
        let _ = table.write_record(columns.iter().map(|column| match &column.values {
            Values::Text(all) => all[row].clone(),
            Values::Whole(all) => all[row].map_or_else(String::new, |n| n.to_string()),
            Values::Real(all) => number(all[row]),
        }));
    }
    table.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// The table as a Parquet file, uncompressed: strings, 64-bit integers and doubles; missing is null, NaN and
/// infinity are themselves.
///
/// # Errors
/// Those of the Parquet writer.
#[cfg(feature = "parquet")]
pub fn cells_parquet(cells: &[Cell]) -> Result<Vec<u8>, parquet::errors::ParquetError> {
    use std::sync::Arc;

    use parquet::basic::{LogicalType, Repetition, Type as Physical};
    use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::types::Type;

    let columns = columns(cells);
    let field = |column: &Column| {
        let physical = match column.values {
            Values::Text(_) => Physical::BYTE_ARRAY,
            Values::Whole(_) => Physical::INT64,
            Values::Real(_) => Physical::DOUBLE,
        };
        let builder =
            Type::primitive_type_builder(&column.name, physical).with_repetition(Repetition::OPTIONAL);
        let text = matches!(column.values, Values::Text(_)).then_some(LogicalType::String);
        builder.with_logical_type(text).build().map(Arc::new)
    };
    let fields = columns.iter().map(field).collect::<Result<Vec<_>, _>>()?;
    let schema = Type::group_type_builder("cells").with_fields(fields).build()?;
    let made_by = format!("gradfade {}", env!("CARGO_PKG_VERSION"));
    let properties = WriterProperties::builder().set_created_by(made_by).build();
    let mut file = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?;
    let mut group = file.next_row_group()?;
    for column in &columns {
        // The columns of the schema are those of the table, in its order.
        let Some(mut writer) = group.next_column()? else { break };
        match &column.values {
            Values::Text(all) => {
                let (values, levels) = present(all.iter().map(|s| Some(ByteArray::from(s.as_str()))));
                writer.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None)?;
            }
            Values::Whole(all) => {
                let (values, levels) = present(all.iter().copied());
                writer.typed::<Int64Type>().write_batch(&values, Some(&levels), None)?;
            }
            Values::Real(all) => {
                let (values, levels) = present(all.iter().map(|x| (!is_missing(*x)).then_some(*x)));
                writer.typed::<DoubleType>().write_batch(&values, Some(&levels), None)?;
            }
        }
        writer.close()?;
    }
    group.close()?;
    file.into_inner()
}

/// The values that are there, and for each row 1 where one is and 0 where none is.
#[cfg(feature = "parquet")]
fn present<T>(all: impl Iterator<Item = Option<T>>) -> (Vec<T>, Vec<i16>) {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    for value in all {
        levels.push(i16::from(value.is_some()));
        values.extend(value);
    }
    (values, levels)
}

fn status(cell: &Cell) -> (&'static str, String) {
    match &cell.result {
        Err(why) => ("failed", why.clone()),
        Ok(record) => match &record.header.status {
            Status::Complete => ("complete", String::new()),
            Status::Diverged { step, what } => ("diverged", format!("step {step}: {what}")),
            Status::Running | Status::Interrupted { .. } => ("interrupted", String::new()),
        },
    }
}

/// What is computed from a cell's digest.
struct Facts {
    /// Training and test accuracy, training and test loss, of the last evaluation.
    evaluated: [f64; 4],
    /// Gradient ratio at the start and at the end.
    ratios: [f64; 2],
    /// Columns for as many layers as the deepest cell has.
    movement: Vec<f64>,
}

impl Facts {
    fn of(cell: &Cell, most: usize) -> Facts {
        let record = cell.result.as_ref().ok();
        let last = record.and_then(Record::final_eval);
        let evaluated = last.map_or([MISSING; 4], |e| {
            [e.value(TRAIN_ACCURACY), e.value(TEST_ACCURACY), e.value(TRAIN_LOSS), e.value(TEST_LOSS)]
        });
        let summary = record.and_then(|r| Summary::new(r).ok());
        let rows = record.map_or(0, Record::len);
        let gradient = |row: usize| {
            let summary = summary.as_ref().filter(|s| s.hidden() > 1 && row < rows)?;
            let norm = |layer| summary.tensor_value(GRAD_NORM, Role::Weight, row, layer);
            Some(ratio(norm(0), norm(summary.hidden() - 1)))
        };
        let ratios = [gradient(0), rows.checked_sub(1).and_then(gradient)].map(|r| r.unwrap_or(MISSING));
        let moved = |layer: usize| {
            summary.as_ref().filter(|s| layer < s.layers()).map_or(MISSING, |s| moved(s, layer))
        };
        Facts { evaluated, ratios, movement: (0..most).map(moved).collect() }
    }
}

/// Distance of a layer's weights from their start at the last snapshot, over their norm at the start.
fn moved(summary: &Summary, layer: usize) -> f64 {
    let record = summary.record();
    let Some(last) = record.snapshots.len().checked_sub(1) else { return MISSING };
    if record.is_empty() {
        return MISSING;
    }
    let distance = summary.tensor_value(DISTANCE_FROM_INIT, Role::Weight, last, layer);
    ratio(distance, summary.tensor_value(PARAM_NORM, Role::Weight, 0, layer))
}

/// The shortest text that reads back as the same number.
fn number(x: f64) -> String {
    match x {
        x if is_missing(x) => String::new(),
        x if x.is_nan() => "nan".into(),
        f64::INFINITY => "inf".into(),
        f64::NEG_INFINITY => "-inf".into(),
        x if x != 0.0 && !(1e-4..1e15).contains(&x.abs()) => format!("{x:e}"),
        x => x.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_back_as_they_were() {
        for x in [0.1, 1e-9, -2.5e20, 123456.0, 5e-324, 1.0 / 3.0] {
            assert_eq!(number(x).parse::<f64>().unwrap(), x);
        }
        assert_eq!(
            [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, MISSING].map(number),
            ["nan", "inf", "-inf", ""]
        );
    }
}

#[cfg(all(test, feature = "parquet"))]
mod parquet_tests {
    use std::collections::BTreeMap;

    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;

    use super::*;

    /// A number, or why it is none, as text of the CSV.
    fn told(field: &Field) -> String {
        match field {
            Field::Null => String::new(),
            Field::Str(text) => text.clone(),
            Field::Long(n) => n.to_string(),
            Field::Double(x) => number(*x),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn parquet_and_csv_hold_the_same_table() {
        let settings = BTreeMap::from([
            ("activation".to_string(), "sigmoid".to_string()),
            ("learning_rate".to_string(), "0.1".to_string()),
            ("seed".to_string(), "7".to_string()),
        ]);
        let failed = |number, why: &str| Cell {
            number,
            settings: settings.clone(),
            result: Err(why.to_string()),
            seconds: 0.5,
        };
        let cells = [failed(2, "no, \"none\""), failed(1, "")];
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cells.parquet");
        std::fs::write(&path, cells_parquet(&cells).unwrap()).unwrap();
        let reader = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
        let rows: Vec<Vec<(String, String)>> = reader
            .get_row_iter(None)
            .unwrap()
            .map(|row| {
                row.unwrap().get_column_iter().map(|(name, field)| (name.clone(), told(field))).collect()
            })
            .collect();
        let text = cells_csv(&cells);
        let mut csv = csv::Reader::from_reader(text.as_bytes());
        let head: Vec<String> = csv.headers().unwrap().iter().map(String::from).collect();
        let expected: Vec<Vec<(String, String)>> = csv
            .records()
            .map(|row| head.iter().cloned().zip(row.unwrap().iter().map(String::from)).collect())
            .collect();
        assert_eq!(rows, expected);
        assert_eq!(rows[0][0], ("cell".to_string(), "1".to_string()));
        assert_eq!(cells_parquet(&cells).unwrap(), cells_parquet(&cells).unwrap());
    }
}
