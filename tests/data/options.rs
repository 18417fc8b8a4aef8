use gradfade::data::{Columns, DataError, DataOptions, DataSpec, Missing, Split, load, memory_estimate};
use proptest::prelude::*;

use crate::complaint;

#[test]
fn spec_strings_round_trip() {
    for text in [
        "mnist-mini",
        "idx:a/b c",
        "cifar10:.",
        "csv:../iris.csv",
        "csv:a:b.csv",
        "spiral",
        "xor",
        "gaussians",
    ] {
        let spec: DataSpec = text.parse().unwrap();
        assert_eq!(spec.to_string(), text);
        let json = serde_json::to_string(&spec).unwrap();
        assert_eq!(json, format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<DataSpec>(&json).unwrap(), spec);
    }
    assert!(serde_json::from_str::<DataSpec>("\"mnits\"").is_err());
}

proptest! {
    #[test]
    fn any_path_survives_the_spec(path in "[^\\x00]{1,30}") {
        for kind in ["idx", "cifar10", "csv"] {
            let text = format!("{kind}:{path}");
            prop_assert_eq!(text.parse::<DataSpec>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn any_text_is_a_spec_or_a_clear_error(text in ".{0,20}") {
        match text.parse::<DataSpec>() {
            Ok(spec) => prop_assert_eq!(spec.to_string(), text),
            Err(error) => prop_assert!(error.to_string().starts_with("data")),
        }
    }
}

#[test]
fn an_unknown_source_names_the_nearest() {
    let nearest = |text: &str| match text.parse::<DataSpec>() {
        Err(DataError::UnknownSource { nearest, .. }) => nearest,
        other => panic!("{other:?}"),
    };
    assert_eq!(nearest("mnist-mnii").as_deref(), Some("mnist-mini"));
    assert_eq!(nearest("mnist").as_deref(), Some("mnist-mini"));
    assert_eq!(nearest("cifra10:x").as_deref(), Some("cifar10:x"));
    assert_eq!(nearest("spirals").as_deref(), Some("spiral"));
    assert_eq!(nearest("imagenet"), None);
    let text = "gausians".parse::<DataSpec>().unwrap_err().to_string();
    assert!(text.contains("did you mean 'gaussians'?") && text.contains("csv:FILE"), "{text}");
    assert!("idx".parse::<DataSpec>().unwrap_err().to_string().contains("idx:PATH"));
    assert!("idx:".parse::<DataSpec>().is_err());
    assert!("xor:5".parse::<DataSpec>().unwrap_err().to_string().contains("takes no path"));
}

#[test]
fn options_are_plain_data_with_defaults() {
    let options: DataOptions = serde_json::from_str("{}").unwrap();
    assert_eq!(options, DataOptions::default());
    assert!(serde_json::from_str::<DataOptions>(r#"{"train-sise": 3}"#).is_err());
    let changed = options.with_train_size(5).with_header(true).with_noise(0.1);
    let json = serde_json::to_string(&changed).unwrap();
    assert_eq!(serde_json::from_str::<DataOptions>(&json).unwrap(), changed);
}

#[test]
fn options_that_are_not_given_leave_no_trace_in_a_record_and_those_that_are_come_back() {
    let json = serde_json::to_string(&DataOptions::default()).unwrap();
    for name in ["ignore_columns", "one_hot", "missing", "image"] {
        assert!(!json.contains(name), "{json}");
    }
    let options = DataOptions::default()
        .with_ignore_columns("id, 3".parse::<Columns>().unwrap())
        .with_one_hot(Columns(vec!["region".into()]))
        .with_missing(Missing::Mean);
    let json = serde_json::to_string(&options).unwrap();
    assert!(json.contains(r#""ignore_columns":"id,3","one_hot":"region","missing":"mean""#), "{json}");
    assert_eq!(serde_json::from_str::<DataOptions>(&json).unwrap(), options);
}

#[test]
fn sizes_keep_the_first_samples_or_name_the_flag() {
    let all = load(&DataSpec::MnistMini, &DataOptions::default()).unwrap();
    let options = DataOptions::default().with_train_size(3).with_test_size(2);
    let few = load(&DataSpec::MnistMini, &options).unwrap();
    assert_eq!(few.train.labels, [5, 0, 4]);
    assert_eq!(few.train.inputs, all.train.inputs.slice(ndarray::s![..3, ..]));
    assert_eq!(few.test.unwrap().labels, [7, 2]);

    let with =
        |train_size, test_size| DataOptions::default().with_train_size(train_size).with_test_size(test_size);
    let text = complaint(&DataSpec::MnistMini, &with(Some(10_001), None));
    assert!(text.contains("train_size 10001") && text.contains("10000 training images"), "{text}");
    let text = complaint(&DataSpec::MnistMini, &with(None, Some(2_001)));
    assert!(text.contains("test_size 2001") && text.contains("2000"), "{text}");
    assert!(complaint(&DataSpec::Spiral, &with(Some(0), None)).contains("train_size 0"));
    assert!(complaint(&DataSpec::MnistMini, &with(None, Some(0))).contains("test_size 0"));
}

#[test]
fn the_estimate_is_what_the_dataset_takes() {
    for (spec, options) in [
        (DataSpec::MnistMini, DataOptions::default().with_train_size(100).with_test_size(7)),
        (DataSpec::Spiral, DataOptions::default()),
    ] {
        let data = load(&spec, &options).unwrap();
        let bytes = |part: &Split| 4 * (part.inputs.len() + part.labels.len()) as u64;
        let taken = bytes(&data.train) + data.test.as_ref().map_or(0, bytes);
        assert_eq!(memory_estimate(&spec, &options).unwrap(), taken);
    }
}

#[test]
fn more_than_fits_is_refused_before_it_is_made() {
    let options = DataOptions::default().with_samples(usize::MAX / 8);
    let text = complaint(&DataSpec::Gaussians, &options);
    assert!(text.contains("GiB") && text.contains("limit"), "{text}");
}

#[test]
fn standardized_images_share_one_mean_and_deviation_from_training() {
    let options = DataOptions::default().with_train_size(500).with_standardize(true);
    let raw = load(&DataSpec::MnistMini, &options.clone().with_standardize(false)).unwrap();
    let data = load(&DataSpec::MnistMini, &options).unwrap();
    let n = data.train.inputs.len() as f64;
    let mean = data.train.inputs.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
    let square = data.train.inputs.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / n;
    assert!(mean.abs() < 1e-6 && (square - 1.0).abs() < 1e-6, "{mean} {square}");
    // The test part is moved by the same two numbers: a straight line through two training values predicts
    // it.
    let (a, b) = (raw.train.inputs[[0, 0]], raw.train.inputs.iter().copied().fold(0.0, f32::max));
    assert_eq!((a, b), (0.0, 1.0));
    let zero = data.train.inputs[[0, 0]];
    let one = data.train.inputs.iter().copied().fold(f32::MIN, f32::max);
    let (raw_test, test) = (raw.test.unwrap(), data.test.unwrap());
    for (&x, &y) in raw_test.inputs.iter().zip(&test.inputs) {
        assert!((y - (zero + x * (one - zero))).abs() < 1e-5);
    }
}

#[test]
fn flags_that_do_not_apply_are_named() {
    let column = DataOptions::default().with_label_column(Some("y".into()));
    assert!(
        complaint(&DataSpec::MnistMini, &column).contains("label_column does not apply to data mnist-mini")
    );
    let header = DataOptions::default().with_header(true);
    assert!(complaint(&DataSpec::Xor, &header).contains("header does not apply"));
    let file = DataOptions::default().with_test_file(Some("x.csv".into()));
    assert!(complaint(&DataSpec::Spiral, &file).contains("test_file does not apply"));
    let classes = |n| DataOptions::default().with_classes(n);
    assert!(complaint(&DataSpec::MnistMini, &classes(10)).contains("classes does not apply"));
    assert!(complaint(&DataSpec::Xor, &classes(3)).contains("classes 3"));
    assert!(complaint(&DataSpec::Spiral, &classes(1)).contains("classes 1"));
    let gaps = DataOptions::default().with_missing(Missing::Drop);
    assert!(complaint(&DataSpec::Spiral, &gaps).contains("missing does not apply to data spiral"));
    let ignored = DataOptions::default().with_ignore_columns(Columns(vec!["1".into()]));
    assert!(complaint(&DataSpec::MnistMini, &ignored).contains("ignore_columns does not apply"));
    for noise in [-0.1, f64::NAN, f64::INFINITY] {
        assert!(complaint(&DataSpec::Spiral, &DataOptions::default().with_noise(noise)).contains("noise "));
    }
    for test_share in [-0.1, 1.0, f64::NAN] {
        let options = DataOptions::default().with_test_share(test_share);
        assert!(complaint(&DataSpec::Csv("x.csv".into()), &options).contains("test_share "));
    }
}
