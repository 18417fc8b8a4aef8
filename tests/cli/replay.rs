//! Figures of a run's saved weights, against the same network written down once more.

use std::fs;
use std::path::Path;

use safetensors::SafeTensors;

use gradfade::data::{self, DataOptions, DataSpec};

use super::{gradfade, refused, room, stdout};

/// Five by five, two channels, max pooling 2 x 2, no layer between the pooling and the logits.
const NET: [&str; 4] = ["--network", "conv:2x5@tanh,pool:2", "--train-size", "40"];

fn train(dir: &Path, out: &str, more: &[&str]) {
    let fixed =
        ["train", "--test-size", "10", "--batch-size", "20", "--epochs", "2", "--quiet", "--out", out];
    stdout(dir, &[&fixed[..], more].concat());
}

fn saved(dir: &Path, more: &[&str]) {
    train(dir, "net", &[&NET[..], &["--save-weights"], more].concat());
}

/// The numbers of a tensor of a file in the run's folder.
fn tensor(dir: &Path, file: &str, name: &str) -> Vec<f64> {
    let bytes = fs::read(dir.join("net").join(file)).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let data = tensors.tensor(name).unwrap().data().to_vec();
    data.chunks(4).map(|b| f64::from(f32::from_le_bytes(b.try_into().unwrap()))).collect()
}

/// Panel, row, column and value of every row of a table that has this kind.
fn table(path: &Path) -> Vec<[String; 5]> {
    let rows = csv::Reader::from_path(path).unwrap().into_records().map(Result::unwrap);
    rows.map(|r| [0, 1, 2, 4, 5].map(|c| r[c].to_string())).collect()
}

/// The number in a text such as `channel 2: values` or `row 11`.
fn digits(text: &str) -> usize {
    text.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

/// The trained network on one digit: tanh of the convolution `[2, 28, 28]`, written with loops.
fn convolved(dir: &Path, sample: usize) -> (Vec<f64>, u32) {
    let options = DataOptions::default().with_train_size(40).with_test_size(10);
    let data = data::load(&DataSpec::MnistMini, &options).unwrap();
    let x: Vec<f64> = data.train.inputs.row(sample - 1).iter().map(|&x| x.into()).collect();
    let (weight, bias) = (
        tensor(dir, "weights-final.safetensors", "layers.1.weight"),
        tensor(dir, "weights-final.safetensors", "layers.1.bias"),
    );
    let mut y = Vec::new();
    for (channel, row, column) in
        (0..2).flat_map(|c| (0..28).flat_map(move |r| (0..28).map(move |k| (c, r, k))))
    {
        let mut sum = bias[channel];
        for (i, j) in (0..5).flat_map(|i| (0..5).map(move |j| (i, j))) {
            let (r, c) = (row as i64 + i - 2, column as i64 + j - 2);
            if (0..28).contains(&r) && (0..28).contains(&c) {
                sum += weight[channel * 25 + (5 * i + j) as usize] * x[(28 * r + c) as usize];
            }
        }
        y.push(f64::tanh(sum));
    }
    (y, data.train.labels[sample - 1])
}

/// The largest of every 2 x 2 window of `[2, 28, 28]`.
fn pooled(y: &[f64]) -> Vec<f64> {
    let window = |o: usize| (o / 196) * 784 + (o / 14 % 14) * 56 + o % 14 * 2;
    (0..392).map(|o| [0, 1, 28, 29].map(|d| y[window(o) + d]).into_iter().fold(f64::MIN, f64::max)).collect()
}

fn loss(dir: &Path, pooled: &[f64], label: u32) -> f64 {
    let weight = tensor(dir, "weights-final.safetensors", "layers.3.weight");
    let bias = tensor(dir, "weights-final.safetensors", "layers.3.bias");
    let logit = |(row, b): (&[f64], &f64)| b + row.iter().zip(pooled).map(|(w, x)| w * x).sum::<f64>();
    let logits: Vec<f64> = weight.chunks(392).zip(&bias).map(logit).collect();
    logits.iter().map(|h| h.exp()).sum::<f64>().ln() - logits[label as usize]
}

/// What was found of the rows of a table.
#[derive(Default)]
struct Found {
    numbers: usize,
    rings: usize,
    zeros: usize,
    ties: usize,
}

/// The network's numbers on the way forward, and what the loss makes of the pooled ones.
struct Loops<'a> {
    dir: &'a Path,
    y: Vec<f64>,
    pooled: Vec<f64>,
    label: u32,
}

impl Loops<'_> {
    /// Central difference of the loss along a change of the pooled values.
    fn slope(&self, moved: &dyn Fn(f64) -> Vec<f64>) -> f64 {
        (loss(self.dir, &moved(1e-5), self.label) - loss(self.dir, &moved(-1e-5), self.label)) / 2e-5
    }

    fn with_pooled(&self, at: usize, h: f64) -> Vec<f64> {
        let mut pooled = self.pooled.clone();
        pooled[at] += h;
        pooled
    }

    /// The gradient in front of the pooling, and whether its window has a single winner by far. Where two are
    /// equal there is no derivative: the first one moves its window, and no other does.
    fn gradient_before(&self, channel: usize, row: usize, column: usize) -> (f64, bool) {
        let (at, y) = (channel * 784 + row * 28 + column, &self.y);
        let corner = channel * 784 + row / 2 * 56 + column / 2 * 2;
        let places = [0, 1, 28, 29].map(|d| corner + d);
        let winner = places.into_iter().fold(corner, |best, i| if y[i] > y[best] { i } else { best });
        if places.iter().any(|&i| i != winner && y[winner] - y[i] < 1e-4) {
            let window = channel * 196 + row / 2 * 14 + column / 2;
            let share = if at == winner { 1.0 } else { 0.0 };
            return (self.slope(&|h| self.with_pooled(window, share * h)), false);
        }
        let moved = |h: f64| {
            let mut moved = y.clone();
            moved[at] += h;
            pooled(&moved)
        };
        (self.slope(&moved), true)
    }

    fn check(&self, found: &mut Found, [panel, row, column, value, kind]: &[String; 5]) {
        let (number, title) = panel.split_once(": ").unwrap();
        let (row, column) = (digits(row) - 1, digits(column) - 1);
        // Not every title names its channel; both channels are drawn, in order.
        let number: usize = number.parse().unwrap();
        let channel = if number <= 2 { 0 } else { (number - 3) / 4 };
        let (at, behind) = (channel * 784 + row * 28 + column, channel * 196 + row * 14 + column);
        let value = value.parse::<f64>().unwrap_or(f64::NAN);
        match title {
            _ if kind == "mark" => {
                let largest = self.pooled[channel * 196 + row / 2 * 14 + column / 2];
                assert_eq!(self.y[at], largest, "{panel} {row} {column}");
                found.rings += 1;
            }
            t if t.ends_with("values") => assert!((value - self.y[at]).abs() < 1e-12),
            "after pooling" => assert!((value - self.pooled[behind]).abs() < 1e-12),
            "gradient arriving" => {
                let slope = self.slope(&|h| self.with_pooled(behind, h));
                assert!((value - slope).abs() < 1e-8, "{panel} {row} {column}: {value} {slope}");
                found.numbers += 1;
            }
            t if t.ends_with("gradient") => {
                let (slope, decided) = self.gradient_before(channel, row, column);
                assert!((value - slope).abs() < 1e-8, "{panel} {row} {column}: {value} {slope}");
                assert_eq!(kind == "zero", value == 0.0);
                found.zeros += usize::from(kind == "zero");
                found.ties += usize::from(!decided);
                found.numbers += 1;
            }
            _ => {}
        }
    }
}

#[test]
fn every_number_of_the_routes_is_that_of_a_network_of_loops_and_central_differences() {
    let dir = room();
    let dir = dir.path();
    saved(dir, &[]);
    let asked = ["--figure", "pooling-routes", "--sample", "7", "--csv", "--format", "svg", "--out", "f"];
    stdout(dir, &[&["plot", "net"], &asked[..]].concat());
    let (y, label) = convolved(dir, 7);
    let loops = Loops { dir, pooled: pooled(&y), y, label };
    let mut found = Found::default();
    table(&dir.join("f/pooling-routes.csv")).iter().for_each(|row| loops.check(&mut found, row));
    // Two channels, five by five windows each: 100 places of which 25 win.
    assert_eq!((found.numbers, found.rings, found.zeros), (2 * (100 + 25), 2 * 25, 2 * 75));
    assert!(found.ties < 100, "most windows have a single winner: {}", found.ties);
    let svg = fs::read_to_string(dir.join("f/pooling-routes.svg")).unwrap();
    assert!(svg.contains("196 of 784 places in channel 1 and as many in channel 2"), "{svg}");
}

#[test]
fn the_first_layer_is_drawn_from_the_bytes_of_both_files() {
    let dir = room();
    let dir = dir.path();
    saved(dir, &[]);
    stdout(dir, &["plot", "net", "--figure", "first-layer", "--csv", "--format", "svg", "--out", "f"]);
    let rows = table(&dir.join("f/first-layer.csv"));
    let files = ["weights-init.safetensors", "weights-final.safetensors"];
    let [before, after] = files.map(|file| tensor(dir, file, "layers.1.weight"));
    let drawn: Vec<f64> = rows.iter().map(|r| r[3].parse().unwrap()).collect();
    assert_eq!(drawn, [before.clone(), after.clone()].concat());
    let distance: f64 = after.iter().zip(&before).map(|(a, b)| (a - b).powi(2)).sum();
    let share = 100.0 * (distance / before.iter().map(|b| b * b).sum::<f64>()).sqrt();
    let svg = fs::read_to_string(dir.join("f/first-layer.svg")).unwrap().replace('\u{a0}', " ");
    let said = svg.split_once("layer 1 moved by ").unwrap().1.split_once(" %").unwrap().0;
    assert!((said.parse::<f64>().unwrap() / share - 1.0).abs() < 0.06, "{said} {share}");
}

#[test]
fn what_cannot_be_looked_into_is_refused_in_one_line_with_the_way_out() {
    let dir = room();
    let dir = dir.path();
    let routes = |more: &[&'static str]| -> Vec<&'static str> {
        [&["plot", "net", "--figure", "pooling-routes", "--out", "f"], more].concat()
    };
    train(dir, "net", &NET);
    refused(dir, 1, &routes(&[]), &["run `", "trained without --save-weights", "train it again"]);
    refused(dir, 1, &routes(&["--lang", "zh"]), &["trained without --save-weights"]);
    saved(dir, &["--force"]);
    refused(dir, 2, &routes(&["--sample", "0"]), &["--sample 0", "has 40 samples, counted from 1"]);
    refused(dir, 2, &routes(&["--sample", "41"]), &["--sample 41", "has 40 samples"]);
    refused(dir, 2, &routes(&["--sample", "x"]), &["--sample"]);
    refused(dir, 1, &routes(&["--pooling", "2"]), &["no max pooling or maxout of that number", "it has one"]);
    let path = dir.join("net/weights-final.safetensors");
    let bytes = fs::read(&path).unwrap();
    for length in [0, 7, 100, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&path, &bytes[..length]).unwrap();
        refused(dir, 1, &routes(&[]), &["weights-final.safetensors", "not a whole safetensors file"]);
    }
    // Another run's weights, of the same network and of another one.
    fs::copy(dir.join("net/weights-init.safetensors"), &path).unwrap();
    refused(dir, 1, &routes(&[]), &["are not those that it recorded", "layers.1.weight", "train it again"]);
    let other = ["--network", "conv:3x5,pool:2", "--train-size", "40", "--save-weights"];
    train(dir, "other", &other);
    fs::copy(dir.join("other/weights-final.safetensors"), &path).unwrap();
    refused(
        dir,
        1,
        &routes(&[]),
        &["weights-final.safetensors", "`layers.1.weight` has the shape [3, 1, 5, 5]"],
    );
    fs::write(&path, &bytes).unwrap();
    stdout(dir, &routes(&[]));
}

#[test]
fn networks_without_a_maximum_have_no_routes_and_tables_no_images() {
    let dir = room();
    let dir = dir.path();
    train(dir, "net", &["--network", "conv:2x5,avg:2", "--train-size", "40", "--save-weights"]);
    let routes = ["plot", "net", "--figure", "pooling-routes", "--out", "f"];
    refused(dir, 1, &routes, &["holds no max pooling and no maxout", "average pooling", "pool:2"]);
    super::train(dir, "table", &["--save-weights", "--epochs", "2"]);
    let first = ["plot", "table", "--figure", "first-layer", "--out", "f"];
    refused(dir, 1, &first, &["no weights that look at an image", "`image`"]);
    // Without a name both are left out.
    let output = gradfade(dir).args(["plot", "table", "--out", "all", "--format", "svg"]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && stderr.lines().count() == 1, "{stderr}");
    for left_out in ["pooling-routes", "first-layer", "left out for want of: "] {
        assert!(stderr.contains(left_out), "{stderr}");
    }
    let both = ["plot", "net", "table", "--figure", "first-layer", "--out", "f"];
    refused(dir, 2, &both, &["--figure", "draws one run with saved weights", "several runs were given"]);
}

#[test]
fn a_data_set_that_has_changed_is_noticed() {
    let dir = room();
    let dir = dir.path();
    let rows = |last: &str| -> String {
        let row = |i: usize| {
            let pixels: Vec<String> = (0..16).map(|p| ((i * 7 + p * 3) % 10).to_string()).collect();
            format!("{},{}\n", pixels.join(","), ["a", "b"][i % 2])
        };
        (0..39).map(row).chain([format!("{last}\n")]).collect()
    };
    let old = rows("1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,a");
    fs::write(dir.join("t.csv"), &old).unwrap();
    let asked =
        ["--data", "csv:t.csv", "--image", "1x4x4", "--csv-header", "no", "--network", "conv:2x3,pool:2"];
    stdout(
        dir,
        &[
            &["train", "--save-weights", "--steps", "5", "--batch-size", "8", "--quiet", "--out", "net"],
            &asked[..],
        ]
        .concat(),
    );
    let plot = ["plot", "net", "--figure", "pooling-routes,first-layer", "--out", "f", "--force"];
    stdout(dir, &plot);
    fs::write(dir.join("t.csv"), rows("1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,60,a")).unwrap();
    refused(
        dir,
        1,
        &plot,
        &["its data set is not the one that it was trained on", "input", "train it again"],
    );
    fs::remove_file(dir.join("t.csv")).unwrap();
    refused(dir, 1, &plot, &["its data set cannot be read again", "t.csv"]);
}
