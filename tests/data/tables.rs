//! Tables as people have them: texts, gaps, decimal commas, other encodings, comments, numbers as names.

use gradfade::data::{Columns, DataOptions, Dataset, Encoding, Missing, TableChange, load};

use crate::csv::{table, whole, wrong};
use crate::{complaint, labels_and_values, write};

fn plain() -> DataOptions {
    DataOptions::default()
}

fn ignore(columns: &str) -> DataOptions {
    plain().with_ignore_columns(columns.parse::<Columns>().unwrap())
}

fn one_hot(columns: &str) -> DataOptions {
    plain().with_one_hot(columns.parse::<Columns>().unwrap())
}

fn changes(data: &Dataset) -> Vec<TableChange> {
    data.notes.iter().map(|note| note.change.clone()).collect()
}

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|text| text.to_string()).collect()
}

/// The table with this second file as its test set.
fn with_test(train: &str, test: &str, options: DataOptions) -> Result<Dataset, String> {
    let (folder, spec) = table(train);
    write(folder.path(), "other.csv", test.as_bytes());
    load(&spec, &options.with_test_file(folder.path().join("other.csv"))).map_err(|e| e.to_string())
}

#[test]
fn ignored_columns_are_no_inputs() {
    let text = "id,a,b,kind\nr1,1,10,x\nr2,2,20,z\nr3,3,30,x\n";
    let expected = (vec![0, 1, 0], vec![1.0, 2.0, 3.0]);
    for columns in ["id,b", "1, 3", "ID,b", "3,id,1"] {
        let data = whole(text, ignore(columns));
        assert_eq!(labels_and_values(&data), expected, "{columns}");
        assert_eq!(data.feature_names, ["a"]);
        assert_eq!(changes(&data), [TableChange::Ignored { columns: texts(&["id", "b"]) }]);
    }
    for (columns, words) in [
        ("idd", &["ignore_columns idd", "did you mean 'id'?", "id, a, b, kind"][..]),
        ("5", &["ignore_columns 5", "columns 1 to 4"]),
        ("kind", &["ignore_columns kind", "this is the label column", "label_column"]),
        ("id,a,b", &["no inputs", "ignore fewer columns (ignore_columns)"]),
    ] {
        let (_folder, spec) = table(text);
        let said = complaint(&spec, &ignore(columns));
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
    }
    let twice = wrong("a,a,kind\n1,2,x\n3,4,y\n", ignore("a"));
    assert!(
        twice.contains("both named 'a'") && twice.contains("by its number with ignore_columns"),
        "{twice}"
    );
    assert!("a,,b".parse::<Columns>().unwrap_err().to_string().contains("separated by commas"));
    // The test file has the same columns, ignored ones too.
    let data = with_test(text, "id,a,b,kind\nr9,4,40,z\n", ignore("id,b")).unwrap();
    assert_eq!(data.test.unwrap().inputs.row(0).to_vec(), [4.0]);
    assert!(with_test(text, "a,kind\n4,z\n", ignore("id,b")).unwrap_err().contains("2 columns, not 4"));
}

#[test]
fn texts_become_one_input_for_each_category() {
    let text = "size,colour,kind\n1,red,x\n2,green,z\n3,red,x\n4,blue,z\n";
    let data = whole(text, plain());
    assert_eq!(data.feature_names, ["size", "colour=blue", "colour=green", "colour=red"]);
    #[rustfmt::skip]
    let expected = [
        1.0, 0.0, 0.0, 1.0,
        2.0, 0.0, 1.0, 0.0,
        3.0, 0.0, 0.0, 1.0,
        4.0, 1.0, 0.0, 0.0,
    ];
    assert_eq!(labels_and_values(&data), (vec![0, 1, 0, 1], expected.to_vec()));
    let categories = texts(&["blue", "green", "red"]);
    assert_eq!(changes(&data), [TableChange::OneHot { column: "colour".into(), categories, asked: false }]);
    // A test file has the columns of the training file, and no categories of its own.
    let data = with_test(text, "size,colour,kind\n5,green,x\n", plain()).unwrap();
    assert_eq!(data.test.unwrap().inputs.row(0).to_vec(), [5.0, 0.0, 1.0, 0.0]);
    let said = with_test(text, "size,colour,kind\n5,red,x\n\n6,pink,x\n", plain()).unwrap_err();
    assert!(said.contains("other.csv, line 4: 'pink' in column 'colour' does not occur in"), "{said}");
    let said = with_test(text, "size,colour,kind\nbig,red,x\n", plain()).unwrap_err();
    assert!(said.contains("line 2, column 1: 'big' is not a number"), "{said}");
}

#[test]
fn numbers_are_categories_when_they_are_named() {
    let text = "region,size,kind\n10,1,x\n9,2,z\n9.0,3,x\n";
    let data = whole(text, one_hot("region"));
    assert_eq!(data.feature_names, ["region=9", "region=10", "size"]);
    // `whole` sorts by the first column, which is region=9.
    assert_eq!(data.train.inputs.row(0).to_vec(), [0.0, 1.0, 1.0]);
    assert!(matches!(&changes(&data)[..], [TableChange::OneHot { asked: true, .. }]));
    let (_folder, spec) = table(text);
    let both = complaint(&spec, &one_hot("1").with_ignore_columns(Columns(texts(&["region"]))));
    assert!(both.contains("one_hot region") && both.contains("ignore_columns"), "{both}");
}

#[test]
fn names_of_rows_are_no_categories_and_a_text_among_numbers_is_a_mistake() {
    let ids: String = (0..60).map(|i| format!("person{i},{i},{}\n", i % 2)).collect();
    let said = wrong(&format!("who,age,kind\n{ids}"), plain());
    assert!(said.contains("column 'who' has more than 50 different texts"), "{said}");
    assert!(said.contains("ignore_columns who") && said.contains("one_hot who"), "{said}");
    let few: String = ids.lines().take(15).map(|line| format!("{line}\n")).collect();
    let said = wrong(&format!("who,age,kind\n{few}"), plain());
    assert!(said.contains("'who' has 15 different texts in 15 rows"), "{said}");
    assert_eq!(whole(&format!("who,age,kind\n{few}"), one_hot("who")).features, 16);
    assert_eq!(whole(&format!("who,age,kind\n{ids}"), ignore("who")).features, 1);

    let said = wrong("a,b,kind\n1,2,x\n2,oops,z\n3,4,x\n", plain());
    assert!(said.contains("line 3, column 2: 'oops' is not a number"), "{said}");
    for option in ["ignore_columns b", "one_hot b", "label_column b"] {
        assert!(said.contains(option), "{said}");
    }
    assert_eq!(whole("a,b,kind\n1,2,x\n2,oops,z\n3,4,x\n", one_hot("b")).features, 4);
}

#[test]
fn missing_values_are_refused_dropped_or_filled() {
    let text = |gap: &str| format!("a,b,kind\n1,10,x\n2,{gap},z\n3,40,x\n4,40,z\n");
    for gap in ["", "NA", "n/a", "NaN", "null", "NULL", "?", " ? "] {
        let said = wrong(&text(gap), plain());
        let place = "line 3, column 2: the number is missing";
        assert!(
            said.contains(place) && said.contains("missing drop") && said.contains("missing mean"),
            "{said}"
        );
        let data = whole(&text(gap), plain().with_missing(Missing::Drop));
        assert_eq!(labels_and_values(&data).1, [1.0, 10.0, 3.0, 40.0, 4.0, 40.0]);
        assert_eq!(changes(&data), [TableChange::Dropped { rows: 1, of: 4 }]);
        let data = whole(&text(gap), plain().with_missing(Missing::Mean));
        assert_eq!(labels_and_values(&data).1, [1.0, 10.0, 2.0, 30.0, 3.0, 40.0, 4.0, 40.0]);
        assert_eq!(changes(&data), [TableChange::Filled { values: 1, columns: texts(&["b"]) }]);
    }
    // What is ignored may have gaps.
    assert_eq!(whole(&text(""), ignore("b")).features, 1);

    let label = "a,b,kind\n1,10,x\n2,20,\n3,30,z\n";
    let said = wrong(label, plain());
    assert!(said.contains("line 3, column 3: the label is missing; missing drop"), "{said}");
    let said = wrong(label, plain().with_missing(Missing::Mean));
    assert!(said.contains("no mean of classes") && said.contains("missing drop"), "{said}");
    assert_eq!(whole(label, plain().with_missing(Missing::Drop)).train.labels, [0, 1]);

    let texts_missing = "a,colour,kind\n1,red,x\n2,?,z\n3,blue,x\n";
    assert!(wrong(texts_missing, plain()).contains("line 3, column 2: the text is missing ('?')"));
    let data = whole(texts_missing, plain().with_missing(Missing::Mean));
    assert_eq!(data.train.inputs.row(1).to_vec(), [2.0, 0.0, 0.0]);
    assert_eq!(changes(&data)[1], TableChange::NoCategory { values: 1, columns: texts(&["colour"]) });

    let empty = "a,b,kind\n1,,x\n2,,z\n";
    for options in [plain(), plain().with_missing(Missing::Mean), plain().with_missing(Missing::Drop)] {
        let said = wrong(empty, options);
        assert!(said.contains("column 'b' is empty") && said.contains("ignore_columns b"), "{said}");
    }
    let said = wrong("a,b,\n1,2,\n2,3,\n", plain());
    assert!(said.contains("column number 3 is empty; choose another label column"), "{said}");
    let said = wrong("a,b,kind\n1,,x\n,2,z\n", plain().with_missing(Missing::Drop));
    assert!(said.contains("all 2 rows have a missing value") && said.contains("ignore_columns"), "{said}");
    let said = with_test(
        "a,b,kind\n1,?,x\n2,NA,z\n3,4,x\n",
        "a,b,kind\n1,2,x\n",
        plain().with_missing(Missing::Mean).with_train_size(2),
    )
    .unwrap_err();
    assert!(said.contains("column 'b' has no number in the training rows"), "{said}");
}

#[test]
fn the_mean_is_that_of_the_training_samples() {
    let mean = || plain().with_missing(Missing::Mean);
    let train = "a,b,kind\n1,10,x\n2,,z\n3,20,x\n";
    let data = with_test(train, "a,b,kind\n,1000,x\n7,NA,z\n", mean()).unwrap();
    assert_eq!(data.train.inputs.column(1).to_vec(), [10.0, 15.0, 20.0]);
    let test = data.test.as_ref().unwrap();
    assert_eq!(test.inputs.iter().copied().collect::<Vec<f32>>(), [2.0, 1000.0, 7.0, 15.0]);
    assert_eq!(changes(&data), [TableChange::Filled { values: 3, columns: texts(&["a", "b"]) }]);
    // Of those that are left.
    let data = with_test(train, "a,b,kind\n7,NA,z\n", mean().with_train_size(2)).unwrap();
    assert_eq!(data.test.unwrap().inputs.row(0).to_vec(), [7.0, 10.0]);
    // And when the rows are split by the seed: the values of the test rows have no part in it.
    let rows: String = (0..40)
        .map(|i| format!("{},{},{}\n", i, if i == 7 { "?".into() } else { (i * i).to_string() }, i % 2))
        .collect();
    let (_folder, spec) = table(&format!("a,b,kind\n{rows}"));
    let data = load(&spec, &mean()).unwrap();
    let known: Vec<f64> = data
        .train
        .inputs
        .rows()
        .into_iter()
        .filter(|row| row[0] != 7.0)
        .map(|row| f64::from(row[1]))
        .collect();
    let expected = (known.iter().sum::<f64>() / known.len() as f64) as f32;
    let parts = [&data.train, data.test.as_ref().unwrap()];
    let filled = parts.iter().flat_map(|part| part.inputs.rows()).find(|row| row[0] == 7.0).unwrap();
    assert_eq!(filled[1], expected);
}

#[test]
fn decimal_commas_are_read_where_nothing_speaks_against_it() {
    let data = whole("a;b;kind\n1,5;3;x\n2,5;4;z\n", plain());
    assert_eq!(labels_and_values(&data).1, [1.5, 3.0, 2.5, 4.0]);
    assert_eq!(changes(&data), [TableChange::DecimalComma { columns: texts(&["a"]) }]);
    let data = whole("1,5\t-,5\tx\n2,5\t4\tz\n", plain());
    assert_eq!(labels_and_values(&data).1, [1.5, -0.5, 2.5, 4.0]);
    let said = wrong("a;b;kind\n1,5;3;x\n2,5;4.5;z\n", plain());
    assert!(said.contains("line 2, column 1: '1,5' has a comma and '4.5' (line 3) a point"), "{said}");
    let said = wrong("a,b,kind\n\"1,5\",3,x\n\"2,5\",4,z\n", plain());
    assert!(
        said.contains("line 2, column 1: '1,5' is not a number: write it with a decimal point"),
        "{said}"
    );
    // A list is a text, whatever other columns hold.
    let data = whole("a;b;kind\n1,5;p,q;x\n2,5;r,s;z\n", plain());
    assert_eq!(data.feature_names, ["a", "b=p,q", "b=r,s"]);
    // Labels are numbers too.
    assert_eq!(whole("1;10,5\n2;9,5\n3;10,50\n4;9,5\n", plain()).class_names, ["9.5", "10.5"]);
}

#[test]
fn numbers_with_something_around_them_are_no_categories() {
    for (a, b) in [("$1.50", "$2"), ("10 %", "20 %"), ("1.234,5", "2.000,5"), ("1'000'000", "2'000'000")] {
        let said = wrong(&format!("p;kind\n{a};x\n{b};z\n"), plain());
        assert!(said.contains(&format!("line 2, column 1: '{a}' is a number with something")), "{said}");
        assert_eq!(whole(&format!("p;kind\n{a};x\n{b};z\n"), one_hot("p")).features, 2);
    }
    assert_eq!(whole("age,kind\n20-29,x\n30-39,z\n", plain()).features, 2);
}

#[test]
fn what_spreadsheets_and_people_add_is_taken_off() {
    let data = whole("sep=;\na;b;kind\n1;2,5;x\n3;4,5;z\n", plain());
    assert_eq!(labels_and_values(&data).1, [1.0, 2.5, 3.0, 4.5]);
    assert!(wrong("sep=;\na;b\n1;2\n1;x;3\n", plain()).contains("line 4: 3 columns"));
    let data = whole("a, colour, kind\n1, \"red\", \"x\"\n2, \"blue\", \"z\"\n", plain());
    assert_eq!(data.feature_names, ["a", "colour=blue", "colour=red"]);
    assert_eq!(data.class_names, ["x", "z"]);
}

#[test]
fn encodings_give_the_same_table() {
    let text = "größe,höhe,art\n1,10,süß\n2,20,öde\n3,30,süß\n";
    let expected = whole(text, plain());
    assert_eq!(expected.class_names, ["süß", "öde"]);
    let utf16 = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(unit).collect()
    };
    for (bytes, encoding) in [
        (text.as_bytes().to_vec(), None),
        ([b"\xef\xbb\xbf", text.as_bytes()].concat(), None),
        (text.chars().map(|c| c as u8).collect(), Some(Encoding::Windows1252)),
        (utf16(u16::to_le_bytes), Some(Encoding::Utf16)),
        (utf16(u16::to_be_bytes), Some(Encoding::Utf16)),
    ] {
        let (folder, spec) = table("");
        write(folder.path(), "t.csv", &bytes);
        let data = load(&spec, &plain().with_test_share(0.0)).unwrap();
        assert_eq!(data.class_names, expected.class_names);
        assert_eq!(data.feature_names, ["größe", "höhe"]);
        assert_eq!(data.train.inputs.sum(), 66.0);
        assert_eq!(changes(&data), encoding.map(TableChange::Encoding).into_iter().collect::<Vec<_>>());
    }
}

/// Every error that names a line, in every way in which lines can end and begin.
#[test]
fn lines_are_right_with_every_end_of_line_comment_blank_line_and_mark() {
    // Lines as an editor counts them; the last row is wrong.
    let plain_rows = ["a,b,kind", "1,2,x", "3,4,z"];
    let with_comments = ["# made by hand", "", "a,b,kind", "1,2,x", "", "#, 5", "3,4,z", "  ", "# end"];
    let faults = [
        ("5,oops,x", "column 2: 'oops' is not a number"),
        ("5,6", "2 columns, but the first row has 3"),
        ("5,,x", "column 2: the number is missing"),
        ("5,6,", "column 3: the label is missing"),
        ("5,1e99,x", "column 2: '1e99' is not a finite"),
        ("5,\"6,x", "the quote"),
        ("5,\"6\nx\",x", "column 2: this field in quotes goes on over several lines"),
    ];
    let mut tried = 0;
    for rows in [&plain_rows[..], &with_comments[..]] {
        for end in ["\n", "\r\n", "\r"] {
            for mark in ["", "\u{feff}"] {
                for (row, words) in faults {
                    for last in ["", end] {
                        let row = row.replace('\n', end);
                        let text = format!("{mark}{}{end}{row}{last}", rows.join(end));
                        let said = wrong(&text, plain());
                        let place = format!("line {}", rows.len() + 1);
                        assert!(said.contains(&place) && said.contains(words), "{text:?}: {said}");
                        tried += 1;
                    }
                }
                let sound = format!("{mark}{}{end}5,6,x", rows.join(end));
                let data = whole(&sound, plain());
                assert_eq!(labels_and_values(&data).1, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "{sound:?}");
                // A class of the test file.
                let said = with_test(&sound, &format!("{mark}{}{end}5,6,q", rows.join(end)), plain());
                let said = said.unwrap_err();
                assert!(said.contains(&format!("other.csv, line {}: class 'q'", rows.len() + 1)), "{said}");
            }
        }
    }
    assert_eq!(tried, 2 * 3 * 2 * 7 * 2);
}

#[test]
fn comments_are_counted() {
    let data = whole("# a\n#b\n1,2,x\n#c\n3,4,z\n", plain());
    assert_eq!(changes(&data), [TableChange::Comments { lines: 3 }]);
    // In quotes it is a text.
    let data = whole("a,colour,kind\n1,\"#f00\",x\n2,#0f0,z\n", plain());
    assert_eq!(data.feature_names, ["a", "colour=#0f0", "colour=#f00"]);
    assert!(wrong("#1,2,x\n#3,4,z\n", plain()).contains("the 2 lines that begin with # are comments"));
}

#[test]
fn many_numbers_in_the_label_column_are_asked_about() {
    let rows = |classes: usize| -> String {
        (0..200).map(|i| format!("{},{},{}\n", i, (i * 7) % 11, (i * 13) % classes)).collect()
    };
    assert_eq!(whole(&rows(20), plain()).classes, 20);
    let said = wrong(&rows(21), plain());
    for words in ["has 21 different values", "gradfade classifies", "bin it", "label_column", "classes 21"] {
        assert!(said.contains(words), "{said}");
    }
    assert_eq!(whole(&rows(21), plain().with_classes(21)).classes, 21);
    let said = complaint(&table(&rows(21)).1, &plain().with_classes(1));
    assert!(said.contains("classes 1"), "{said}");
    for classes in [3, 21] {
        let (_folder, spec) = table(&rows(classes));
        let said = complaint(&spec, &plain().with_classes(20));
        assert!(said.contains(&format!("classes 20: the label column (number 3) has {classes}")), "{said}");
    }
    // Texts are classes.
    let texts: String = (0..200).map(|i| format!("{i},{},c{}\n", i % 7, i % 26)).collect();
    assert_eq!(whole(&texts, plain()).classes, 26);
    // A regression target.
    let rows: String = (0..50).map(|i| format!("{i},{}\n", f64::from(i).sqrt())).collect();
    let said = wrong(&rows, plain());
    assert!(said.contains("gradfade classifies; a numeric target needs classes (bin it)"), "{said}");
}

#[test]
fn a_first_row_of_numbers_that_looks_like_names_is_asked_about() {
    let body = "0.5,0.25,1\n0.75,0.5,0\n0.1,0.9,1\n0.3,0.2,0\n0.2,0.6,1\n";
    let wide = |first: &str| {
        let rows: Vec<String> = (0..20)
            .map(|i| {
                (0..9).map(|j| ((i * 31 + j * 17) % 23).to_string()).collect::<Vec<_>>().join(",")
                    + [",x", ",z"][i % 2]
            })
            .collect();
        format!("{first},kind2\n{}\n", rows.join("\n"))
    };
    for (text, shown) in [
        (format!("2019,2020,2021\n{body}"), "(2019, 2020, 2021)"),
        (format!("0,1,2\n{body}"), "(0, 1, 2)"),
        (format!("10,20,30\n{body}"), "(10, 20, 30)"),
        (format!("2020,1990,2005\n{body}"), "(2020, 1990, 2005)"),
        (wide("1.5,2.5,3,7,8,20,21,22,23"), "(1.5, 2.5, 3, 7, ...)"),
        (
            "4,9,2,label2\n0.5,0.25,1.5,a\n0.7,0.5,0.5,b\n0.1,0.9,1.5,a\n0.3,0.2,0.1,b\n0.2,0.6,1.1,a\n"
                .into(),
            "(4, 9, 2, label2)",
        ),
        // Neither do these texts come again nor do numbers stand below them.
        ("red,5,cat\nblue,6,dog\ngreen,7,fox\n".into(), "(red, 5, cat)"),
    ] {
        let said = wrong(&text, plain());
        assert!(said.contains(&format!("the first row {shown}")), "{said}");
        assert!(said.contains("header yes or header no"), "{said}");
        let rows = text.lines().count();
        let with = |header| load_len(&text, plain().with_header(header));
        assert_eq!((with(true), with(false)), (rows - 1, rows), "{text}");
    }
}

#[test]
fn a_column_of_a_year_goes_by_its_name() {
    let text = "2019,2020,2021\n0.5,0.25,1\n0.75,0.5,0\n0.1,0.9,1\n0.3,0.2,0\n0.2,0.6,1\n";
    let (_folder, spec) = table(text);
    let named = |options: DataOptions| load(&spec, &options.with_header(true)).unwrap();
    let ignored = named(plain().with_ignore_columns("2019".parse::<Columns>().unwrap()));
    assert_eq!(ignored.feature_names, ["2020"]);
    let labelled = named(
        plain().with_ignore_columns("2".parse::<Columns>().unwrap()).with_label_column("2021".to_string()),
    );
    assert_eq!((labelled.feature_names, labelled.classes), (vec!["2019".to_string()], 2));
    let said = wrong(text, plain().with_header(true).with_ignore_columns("2022".parse::<Columns>().unwrap()));
    assert!(said.contains("columns 1 to 3"), "{said}");
}

/// Rows of a table that is all training data.
fn load_len(text: &str, options: DataOptions) -> usize {
    let (_folder, spec) = table(text);
    load(&spec, &options.with_test_share(0.0)).unwrap().train.len()
}

#[test]
fn headerless_tables_are_not_asked_about() {
    let pixels: String = (0..30)
        .map(|i| {
            format!(
                "{},{}\n",
                i % 10,
                (0..64)
                    .map(|j| if j > 9 && j < 50 { (i * j * 7) % 256 } else { 0 }.to_string())
                    .collect::<Vec<_>>()
                    .join(",")
            )
        })
        .collect();
    let label_first = plain().with_label_column("1".to_string());
    for (text, options, rows) in [
        // Iris, wine (class first), digits (class first), breast cancer of Wisconsin, adult, car.
        (
            "5.1,3.5,1.4,0.2,Iris-setosa\n4.9,3.0,1.4,0.2,Iris-setosa\n7.0,3.2,4.7,1.4,Iris-versicolor\n",
            plain(),
            3,
        ),
        ("1,14.23,1.71,2.43\n1,13.2,1.78,2.14\n2,12.37,.94,1.36\n", label_first.clone(), 3),
        (pixels.as_str(), label_first, 30),
        (
            "1000025,5,1,1,1,2,1,3,1,1,2\n1002945,5,4,4,5,7,10,3,2,1,2\n1017122,8,10,10,8,7,10,9,7,1,4\n",
            plain(),
            3,
        ),
        (
            "39, State-gov, 77516, Bachelors, <=50K\n50, Private, 83311, Bachelors, <=50K\n38, Private, 215646, HS-grad, >50K\n",
            plain(),
            3,
        ),
        (
            "vhigh,vhigh,2,2,small,low,unacc\nvhigh,vhigh,2,2,small,med,unacc\nlow,vhigh,4,4,big,high,acc\n",
            plain(),
            3,
        ),
        // Every row ascends: then the first is like the others.
        ("1,2,3\n2,4,6\n1,5,9\n3,4,5\n", plain(), 4),
    ] {
        assert_eq!(load_len(text, options), rows, "{text}");
    }
}
