use std::path::PathBuf;

use gradfade::data::{DataOptions, DataSpec, Dataset, load};
use proptest::prelude::*;
use tempfile::{TempDir, tempdir};

use crate::{complaint, labels_and_values, write};

/// A file `t.csv` of this text in a folder that lives as long as the first value.
pub fn table(text: &str) -> (TempDir, DataSpec) {
    let folder = tempdir().unwrap();
    write(folder.path(), "t.csv", text.as_bytes());
    let spec = DataSpec::Csv(folder.path().join("t.csv"));
    (folder, spec)
}

/// Everything is training data, rows sorted back into the order of the first column.
pub fn whole(text: &str, options: DataOptions) -> Dataset {
    let (_folder, spec) = table(text);
    let mut data = load(&spec, &options.with_test_share(0.0)).unwrap();
    assert!(data.test.is_none());
    let mut order: Vec<usize> = (0..data.train.len()).collect();
    order.sort_by(|&a, &b| data.train.inputs[[a, 0]].total_cmp(&data.train.inputs[[b, 0]]));
    data.train.labels = order.iter().map(|&i| data.train.labels[i]).collect();
    data.train.inputs = data.train.inputs.select(ndarray::Axis(0), &order);
    data
}

pub fn wrong(text: &str, options: DataOptions) -> String {
    let (_folder, spec) = table(text);
    let text = complaint(&spec, &options);
    assert!(text.contains("t.csv"), "{text}");
    text
}

fn column(column: &str) -> DataOptions {
    DataOptions::default().with_label_column(Some(column.to_string()))
}

#[test]
fn a_label_column_whose_name_occurs_twice_is_chosen_by_its_number() {
    for (header, options) in [("label,a,label", DataOptions::default()), ("a,kind,kind", column("kind"))] {
        let text = format!("{header}\n1,2,1\n2,3,2\n3,4,1\n");
        let problem = wrong(&text, options);
        assert!(problem.contains("are both named") && problem.contains("label_column"), "{problem}");
    }
    let by_number = whole("label,a,label\n1,2,1\n2,3,2\n3,4,1\n", column("3"));
    assert_eq!(by_number.train.labels, [0, 1, 0]);
}

#[test]
fn headers_are_told_from_rows() {
    let expected = (vec![0, 1, 0], vec![1.0, 10.0, 2.0, 20.0, 3.0, 30.0]);
    for text in [
        "a,b,c\n1,10,x\n2,20,z\n3,30,x\n",
        "1,10,x\n2,20,z\n3,30,x",
        "1;10;x\r\n2;20;z\r\n3;30;x\r\n",
        "1\t10\tx\n\n2\t20\tz\n3\t30\tx\n",
        "\u{feff}a, b,\"the, class\"\n1, 10, x\n2, 20, z\n3, 30, x\n",
        "label,a,b\nx,1,10\nz,2,20\nx,3,30\n",
        "a,TARGET,b\n1,x,10\n2,z,20\n3,x,30\n",
        "0,1,label\n1,10,x\n2,20,z\n3,30,x\n",
        // Without a header a class may be called y.
        "1,10,n\n2,20,y\n3,30,n\n",
    ] {
        let data = whole(text, DataOptions::default());
        assert_eq!(labels_and_values(&data), expected, "{text}");
        assert_eq!((data.features, data.classes, data.name.as_str(), data.image), (2, 2, "t", None));
    }
    assert_eq!(whole("1,10,x\n2,20,z\n", DataOptions::default()).class_names, ["x", "z"]);
    // The guess can be overruled.
    let numbers = "1,5,3\n1,10,0\n2,20,1\n";
    assert_eq!(whole(numbers, DataOptions::default()).train.len(), 3);
    assert_eq!(whole(numbers, DataOptions::default().with_header(true)).train.len(), 2);
    let text = wrong("a,b,c\n1,10,x\n", DataOptions::default().with_header(false));
    assert!(text.contains("line 1, column 1"), "{text}");
}

#[test]
fn the_label_column_goes_by_name_or_by_number_from_one() {
    let text = "a,kind,b\n1,x,10\n2,z,20\n";
    for options in [column("kind"), column("KIND"), column("2")] {
        let data = whole(text, options);
        assert_eq!(labels_and_values(&data), (vec![0, 1], vec![1.0, 10.0, 2.0, 20.0]));
    }
    assert_eq!(whole("7,1,2\n8,3,4\n", column("1")).class_names, ["7", "8"]);
    let text = wrong(text, column("knid"));
    assert!(text.contains("label_column knid") && text.contains("did you mean 'kind'?"), "{text}");
    for number in ["0", "4", "-1"] {
        assert!(wrong("1,2,0\n3,4,1\n", column(number)).contains("columns 1 to 3"));
    }
    let text = wrong("1,2,0\n3,4,1\n", column("kind").with_header(false));
    assert!(text.contains("no header"), "{text}");
}

#[test]
fn a_measurement_is_no_label() {
    let rows: Vec<String> = (0..30).map(|i| format!("{i},{}", f64::from(i) / 7.0)).collect();
    let text = wrong(&rows.join("\n"), DataOptions::default());
    assert!(text.contains("has 30 different values") && text.contains("with label_column"), "{text}");
    // Whole numbers are names of classes, however many; so are decimals that come again.
    assert_eq!(whole("1,2\n3,4\n5,6\n", DataOptions::default()).classes, 3);
    assert_eq!(whole("1,0.5\n2,0.5\n3,1\n4,1\n", DataOptions::default()).classes, 2);
}

#[test]
fn classes_sort_as_numbers_or_as_text() {
    let data = whole("1,10\n2,9\n3,-1\n4,9.0\n5,10\n", DataOptions::default());
    assert_eq!(data.class_names, ["-1", "9", "10"]);
    assert_eq!(data.train.labels, [2, 1, 0, 1, 2]);
    let data = whole("1,10\n2,9\n3,b\n4,a\n", DataOptions::default());
    assert_eq!(data.class_names, ["10", "9", "a", "b"]);
}

#[test]
fn the_split_is_a_partition_and_follows_the_seed() {
    let rows: String = (0..50).map(|i| format!("{i},{}\n", i % 3)).collect();
    let (_folder, spec) = table(&rows);
    let with = |seed, test_share| {
        load(&spec, &DataOptions::default().with_seed(seed).with_test_share(test_share)).unwrap()
    };
    let data = with(1, 0.2);
    let test = data.test.clone().unwrap();
    assert_eq!((data.train.len(), test.len()), (40, 10));
    let mut all: Vec<(u32, u32)> = [&data.train, &test]
        .iter()
        .flat_map(|part| part.inputs.iter().map(|&x| x as u32).zip(part.labels.clone()))
        .collect();
    all.sort();
    assert_eq!(all, (0..50).map(|i| (i, i % 3)).collect::<Vec<_>>());
    assert_eq!(data, with(1, 0.2));
    assert_ne!(data.train, with(2, 0.2).train);
    // Not in the file's order: the first N of a sorted file would be one class.
    assert!(data.train.inputs.iter().zip(data.train.inputs.iter().skip(1)).any(|(a, b)| a > b));
    assert_eq!(with(1, 0.001).test.unwrap().len(), 1);
    assert_eq!(with(1, 0.999).train.len(), 1);

    let few = DataOptions::default().with_train_size(5).with_test_size(2).with_seed(1);
    let few = load(&spec, &few).unwrap();
    assert_eq!(few.train.labels, data.train.labels[..5]);
    assert_eq!(few.test.unwrap().labels, test.labels[..2]);
    let text = complaint(&spec, &DataOptions::default().with_train_size(41));
    assert!(text.contains("train_size 41") && text.contains("only 40"), "{text}");
    let text = complaint(&spec, &DataOptions::default().with_test_size(1).with_test_share(0.0));
    assert!(text.contains("test_size 1") && text.contains("no test set"), "{text}");
}

#[test]
fn a_second_file_is_the_test_set() {
    let (folder, spec) = table("a,b,label\n1,10,x\n2,20,z\n3,30,x\n");
    let other = |text: &str| {
        write(folder.path(), "other.csv", text.as_bytes());
        DataOptions::default().with_test_file(Some(folder.path().join("other.csv")))
    };
    let data = load(&spec, &other("a,b,label\n5,50,z\n")).unwrap();
    assert_eq!(labels_and_values(&data), (vec![0, 1, 0], vec![1.0, 10.0, 2.0, 20.0, 3.0, 30.0]));
    let test = data.test.unwrap();
    assert_eq!((test.labels[..].to_vec(), test.inputs.row(0).to_vec()), (vec![1], vec![5.0, 50.0]));

    let text = complaint(&spec, &other("a,b,label\n5,50,x\n\n6,60,q\n"));
    assert!(text.contains("other.csv, line 4: class 'q'") && text.contains("t.csv"), "{text}");
    assert!(complaint(&spec, &other("a,label\n5,x\n")).contains("2 columns, not 3"));
    assert!(complaint(&spec, &other("b,a,label\n5,50,x\n")).contains("column 1 is named 'b', not 'a'"));
    assert!(complaint(&spec, &other("a,b,label\n")).contains("no data rows"));
    let missing = DataOptions::default().with_test_file(Some(PathBuf::from("nowhere.csv")));
    assert!(complaint(&spec, &missing).contains("nowhere.csv"));
}

#[test]
fn what_is_wrong_is_named_with_line_and_column() {
    let plain = DataOptions::default;
    assert!(wrong("", plain()).contains("no data rows"));
    assert!(wrong("\n\n", plain()).contains("no data rows"));
    assert!(wrong("a,b,label\n", plain()).contains("no data rows"));
    assert!(wrong("1\n2\n", plain()).contains("only a label column"));
    let text = wrong("1,2,x\n3,4,y\n5,z\n", plain());
    assert!(text.contains("line 3: 2 columns, but the first row has 3"), "{text}");
    assert!(wrong("1,2,x\n\n\n3,4,5,y\n", plain()).contains("line 4: 4 columns"));
    assert!(wrong("1,2,x\r\n\r\n3,4,5,y\r\n", plain()).contains("line 3: 4 columns"));
    assert!(wrong("\n\"1\n\",2,x\n\n3,4,5,y\n", plain()).contains("line 5: 4 columns"));
    assert!(wrong("1,2,x\n3,four,y\n", plain()).contains("line 2, column 2: 'four' is not a number"));
    assert!(wrong("a,b,c\n1,2,x\n3,,y\n", plain()).contains("line 3, column 2: the number is missing"));
    assert!(wrong("1,2,x\n3,4,\n", plain()).contains("line 2, column 3: the label is missing"));
    for value in ["inf", "-infinity", "1e39"] {
        let text = wrong(&format!("1,2,x\n3,{value},y\n"), plain());
        assert!(text.contains("line 2, column 2") && text.contains("finite"), "{text}");
    }
    assert!(wrong("1,2,x\n3,4,x\n", plain()).contains("has 1 value, at least 2"));
    let many: String = (0..1001).map(|i| format!("{i},{i}.5\n")).collect();
    assert!(wrong(&many, plain()).contains("(number 2) has 1001 different values"));
    let folder = tempdir().unwrap();
    let in_folder = |name: &str| DataSpec::Csv(folder.path().join(name));
    assert!(complaint(&in_folder("no.csv"), &plain()).contains("no.csv"));
    assert!(complaint(&DataSpec::Csv(folder.path().to_path_buf()), &plain()).contains("not a regular file"));
}

#[test]
fn a_quote_that_swallows_rows_is_refused() {
    let never_closed = |text: &str, line: usize| {
        let said = wrong(text, DataOptions::default());
        assert!(
            said.contains(&format!("t.csv, line {line}: the quote")) && said.contains("never closed"),
            "{said}"
        );
    };
    never_closed("x,label\n1,a\n2,\"b\n", 3);
    never_closed("x,label\n1,a\n2,\"b", 3);
    never_closed("x,label\r1,a\r2,\"b\r", 3);
    never_closed("1,a\n2,b\n3,\"c \"\" d", 3);
    let goes_on = |text: &str, place: &str| {
        let said = wrong(text, DataOptions::default());
        assert!(
            said.contains(place) && said.contains("over several lines") && said.contains("close its quote"),
            "{said}"
        );
    };
    never_closed("x,label\n1,a\n2,\"b\n3,a\n4,b\n", 3);
    goes_on("x,label\n1,a\n2,\"b\n3,a\n4,b\"\n5,a\n", "line 3, column 2");
    goes_on("x,label\r\n1,a\r\n2,\"b\r\n3,a\r\n4,b\"\r\n", "line 3, column 2");
    goes_on("x,label\r1,a\r2,\"b\r3,a\r4,b\"\r", "line 3, column 2");
    goes_on("x,y,label\n1,\"2\n\",a\n", "line 2, column 2");
    goes_on("x,\"label\n1,a\n2\",b\n", "line 1, column 2");
    let mut rows: Vec<String> = (0..1000).map(|i| format!("{i},{}", i % 2)).collect();
    rows[499] = "499,\"1".into();
    never_closed(&rows.join("\n"), 500);
    rows[699] = "699,1\"".into();
    goes_on(&rows.join("\n"), "line 500, column 2");

    // A quote inside a field that does not begin with one is a letter, and a name may be broken as
    // spreadsheets do.
    assert_eq!(
        whole("1,5\" pipe\n2,6\" pipe\n", DataOptions::default()).class_names,
        ["5\" pipe", "6\" pipe"]
    );
    assert_eq!(whole("1,\"a, \"\"b\"\"\"\n2,\"c\"\n", DataOptions::default()).class_names, ["a, \"b\"", "c"]);
    assert_eq!(whole("\"petal\nlength\",label\n1,a\n2,b\n", DataOptions::default()).train.len(), 2);
}

#[test]
fn lines_are_counted_whatever_ends_them() {
    for (text, line) in [
        ("1,a\r2,b\rx,c\r", 3),
        ("1,a\r\n2,b\rx,c\n", 3),
        ("1,a\n2,b\r\r\nx,c\r\n", 4),
        ("1,a\r\r\r2,b\n\nx,c", 6),
        ("\n\r\n1,a\n2,b\nx,c\n", 5),
    ] {
        let said = wrong(text, DataOptions::default());
        assert!(said.contains(&format!("line {line}, column 1: 'x' is not a number")), "{text:?}: {said}");
    }
}

#[test]
fn tables_are_standardized_by_feature_with_the_training_numbers() {
    let (folder, spec) = table("1,7,100,a\n2,7,100,b\n3,7,100,a\n4,7,500,b\n");
    write(folder.path(), "other.csv", b"6,9,100,a\n");
    let test_file = Some(folder.path().join("other.csv"));
    let data = load(&spec, &DataOptions::default().with_standardize(true).with_test_file(test_file)).unwrap();
    // By hand: 1 2 3 4 has mean 2.5 and deviation sqrt(1.25); 100 100 100 500 has 200 and sqrt(30000); 7 is
    // constant.
    let expected = [
        [-1.341_640_7, 0.0, -0.577_350_27],
        [-0.447_213_6, 0.0, -0.577_350_27],
        [0.447_213_6, 0.0, -0.577_350_27],
        [1.341_640_7, 0.0, 1.732_050_8],
    ];
    for (row, expected) in data.train.inputs.rows().into_iter().zip(expected) {
        assert!(row.iter().zip(expected).all(|(&a, b): (&f32, f32)| (a - b).abs() < 1e-6), "{row}");
    }
    let test = data.test.unwrap();
    let expected = [3.130_495_2, 0.0, -0.577_350_27];
    assert!(test.inputs.iter().zip(expected).all(|(&a, b): (&f32, f32)| (a - b).abs() < 1e-6), "{test:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_text_is_a_table_or_a_clear_error(text in "[0-9a,;\"\n\r \t.-]{0,60}") {
        let (_folder, spec) = table(&text);
        match load(&spec, &DataOptions::default()) {
            Ok(data) => prop_assert!(data.train.inputs.iter().all(|x| x.is_finite()) && data.classes >= 2),
            Err(error) => prop_assert!(error.to_string().contains("t.csv"), "{}", error),
        }
    }
}

#[test]
fn columns_of_the_inputs_keep_their_names_and_without_a_header_their_place_in_the_file() {
    let named = whole("age,label,\"income, yearly\"\n1,x,10\n2,z,20\n3,x,30\n", DataOptions::default());
    assert_eq!(named.feature_names, ["age", "income, yearly"]);
    let label = DataOptions::default().with_label_column(Some("1".into()));
    assert_eq!(whole("x,1,10\nz,2,20\nx,3,30\n", label).feature_names, ["column 2", "column 3"]);
}
