//! Records with known numbers, written down directly: no network trains here.

use std::collections::BTreeMap;

use crate::record::*;
use crate::stats::MISSING;
use crate::stats::bins::{BINS, Bins};

/// Buckets of the sketch in these records.
pub const BUCKETS: usize = 4;

/// What a synthetic run is made of. Values are functions of the layer (from 1) and the step.
pub struct Synthetic {
    pub run: &'static str,
    /// Weight layers, the output layer included.
    pub layers: usize,
    pub steps: Vec<u64>,
    pub snapshots: Vec<u64>,
    pub grad: fn(usize, u64) -> f64,
    pub signal: fn(usize, u64) -> f64,
    pub driven: fn(usize, u64) -> f64,
    pub decay: fn(usize, u64) -> f64,
    /// Weight norm; biases have norm 0 at the start.
    pub weight_norm: f64,
    /// Distance from the initial value.
    pub distance: fn(usize, u64) -> f64,
    pub loss: fn(u64) -> f64,
    /// (step, training accuracy)
    pub accuracy: Vec<(u64, f64)>,
    pub status: Status,
    pub labels: Vec<(&'static str, &'static str)>,
    pub sketch: bool,
    /// What a layer's function was given, at a step; activations are its sigmoid, and signals a thousandth of
    /// the layer's number.
    pub given: fn(usize, u64) -> Vec<f64>,
    /// A max pooling layer stands behind this layer.
    pub pooling_after: Option<usize>,
}

impl Default for Synthetic {
    /// A vanishing run of 8 hidden layers: norms fall by 10^-0.6 a layer toward the input.
    fn default() -> Synthetic {
        Synthetic {
            run: "sigmoid",
            layers: 9,
            steps: (0..20).collect(),
            snapshots: vec![0, 10, 20],
            grad: |l, _| vanishing(l),
            signal: |l, _| vanishing(l),
            driven: |l, _| 0.01 * vanishing(l),
            decay: |_, _| 0.0,
            weight_norm: 5.0,
            // Layer 1 ends at 0.02 % of its norm, the output layer at 140 %.
            distance: |l, s| if l == 9 { 7.0 } else { 1e-3 * l as f64 } * s as f64 / 20.0,
            loss: |_| 2.302,
            accuracy: vec![(0, 0.098), (20, 0.112)],
            status: Status::Complete,
            labels: vec![
                ("activation", "sigmoid"),
                ("initialisation", "glorot-uniform"),
                ("loss", "cross-entropy"),
                ("optimizer", "sgd"),
                ("learning_rate", "0.1"),
                ("weight_decay", "0"),
                ("batch_size", "100"),
                ("data", "mnist-mini"),
                ("train_size", "10000"),
                ("precision", "f32"),
            ],
            sketch: true,
            given: |l, s| {
                (0..60).map(|i| f64::from(i - 20) * 0.02 * (3.0 + l as f64 + 0.5 * s as f64)).collect()
            },
            pooling_after: None,
        }
    }
}

/// Signal at the output of the pooling layer of such a record, at every step, and its routed share.
pub const POOLING: (f64, f64) = (1e-7, 0.25);

fn vanishing(layer: usize) -> f64 {
    10f64.powf(-0.6 * (9 - layer.min(9)) as f64)
}

/// A run that trains: all layers within a factor 1.7.
pub fn healthy() -> Synthetic {
    let even = |l: usize, _| 0.5 * 1.07f64.powi(l as i32);
    Synthetic {
        run: "relu",
        grad: even,
        signal: even,
        driven: |l, _| 0.005 * 1.07f64.powi(l as i32),
        distance: |l, s| (1.0 + 0.1 * l as f64) * s as f64 / 20.0,
        loss: |s| 2.3 * (-(s as f64) / 8.0).exp(),
        accuracy: vec![(0, 0.11), (20, 0.968)],
        labels: [("activation", "relu"), ("initialisation", "he-normal")]
            .into_iter()
            .chain(Synthetic::default().labels.into_iter().skip(2))
            .collect(),
        ..Synthetic::default()
    }
}

impl Synthetic {
    pub fn record(&self) -> Record {
        let labels: BTreeMap<String, String> =
            self.labels.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        let width = |l: usize| if l == self.layers { 10 } else { 100 };
        let fan_in = |l: usize| if l == 1 { 784 } else { 100 };
        let layers = 1..=self.layers;
        let layer = |l: usize| {
            let activation = if l == self.layers { "identity" } else { self.run };
            LayerInfo::dense(format!("layers.{l}"), fan_in(l), width(l)).with_activation(activation)
        };
        let place = |l: usize| l + usize::from(self.pooling_after.is_some_and(|after| l > after));
        let tensors = layers.clone().flat_map(|l| {
            let weight = TensorInfo::new("", place(l), "weight", &[width(l), fan_in(l)]);
            [weight, TensorInfo::new("", place(l), "bias", &[width(l)])]
        });
        let mut all: Vec<LayerInfo> = layers.clone().map(layer).collect();
        if let Some(after) = self.pooling_after {
            all.insert(after, LayerInfo::new("max pool 2x2", "max pooling"));
        }
        let of_layers = |mut values: Vec<f64>, pooling: f64| {
            self.pooling_after.into_iter().for_each(|after| values.insert(after, pooling));
            values
        };
        let mut header = Header::builder(self.run, all, tensors.collect())
            .source(Source { tool: "test".into(), version: "0".into() })
            .facts(facts_of_labels(&labels, Some(10)))
            .labels(labels)
            .seed(1)
            .steps_per_epoch(100)
            .planned_steps(2000)
            .status(self.status.clone())
            .build()
            .unwrap();
        header.sketch_buckets = self.sketch.then_some(BUCKETS);
        let mut record = Record::new(header);
        // Biases: a tenth of the weight's value; their norm starts at 0.
        let both =
            |f: &dyn Fn(usize) -> f64| layers.clone().flat_map(|l| [f(l), 0.1 * f(l)]).collect::<Vec<f64>>();
        for (row, &s) in self.steps.iter().enumerate() {
            let driven = both(&|l| (self.driven)(l, s));
            let (gradient, decay) = (both(&|l| (self.grad)(l, s)), both(&|l| (self.decay)(l, s)));
            let mut parameters = both(&|_| self.weight_norm);
            if row == 0 {
                parameters.iter_mut().skip(1).step_by(2).for_each(|b| *b = 0.0);
            }
            let signal: Vec<f64> = layers.clone().map(|l| (self.signal)(l, s)).collect();
            let own = of_layers(signal.clone(), MISSING);
            let signal = of_layers(signal, POOLING.0);
            let mut row = Row::of_step(s).with(EPOCH, s as f64 / 100.0).with(LEARNING_RATE, 0.1);
            row.set(LOSS, (self.loss)(s)).set(GRAD_NORM, &gradient).set(PARAM_NORM, &parameters);
            row.set(UPDATE_NORM, &driven).set(DRIVEN_NORM, &driven).set(DECAY_NORM, &decay);
            record.push(row.set(SIGNAL_RMS, &signal).set(GRAD_RMS, &own)).unwrap();
        }
        for (k, &s) in self.snapshots.iter().enumerate() {
            let last = k + 1 == self.snapshots.len();
            let measured = |x: f64| of_layers(vec![if last { MISSING } else { x }; self.layers], MISSING);
            let routed = of_layers(vec![MISSING; self.layers], if last { MISSING } else { POOLING.1 });
            let [mean, std, saturated] = [0.5, 0.1, 0.25].map(measured);
            let [dead, slope] = [0.0, 0.04].map(measured);
            let distance = both(&|l| (self.distance)(l, s));
            let zeros = vec![0.0; distance.len()];
            // One bucket holds everything: the sketched distance is then the exact one.
            let sketch: Vec<f32> = distance.iter().flat_map(|&d| [d as f32, 0.0, 0.0, 0.0]).collect();
            let mut row = Row::of_snapshot(s).with(DISTANCE_FROM_INIT, &distance).with(ZERO_SHARE, &zeros);
            row.set(ACTIVATION_MEAN, &mean).set(ACTIVATION_STD, &std).set(SATURATED_SHARE, &saturated);
            row.set(DEAD_SHARE, &dead).set(MEAN_SQUARED_SLOPE, &slope);
            if self.pooling_after.is_some() {
                row.set(ROUTED_SHARE, &routed);
            }
            let counts = if last { [const { Vec::new() }; 3] } else { self.counts(s) };
            for (metric, counts) in HISTOGRAMS.into_iter().zip(&counts).filter(|(_, c)| !c.is_empty()) {
                row.set_singles(metric, counts);
            }
            record.push(&if self.sketch { row.with_sketch(&sketch) } else { row }).unwrap();
        }
        for &(step, accuracy) in &self.accuracy {
            let loss = (self.loss)(step);
            let mut row =
                Row::of_evaluation(step).with(EVAL_EPOCH, step as f64 / 100.0).with(TRAIN_LOSS, loss);
            row.set(TRAIN_ACCURACY, accuracy).set(TEST_LOSS, loss * 1.1).set(TEST_ACCURACY, accuracy * 0.9);
            record.push(&row).unwrap();
        }
        record
    }
}

pub const HISTOGRAMS: [MetricId; 3] = [PRE_ACTIVATION_HISTOGRAM, ACTIVATION_HISTOGRAM, SIGNAL_HISTOGRAM];

impl Synthetic {
    /// The histograms of a snapshot, `[L * BINS]` each.
    fn counts(&self, step: u64) -> [Vec<f32>; 3] {
        let layers = self.layers + usize::from(self.pooling_after.is_some());
        let mut all = [const { Vec::new() }; 3].map(|_: Vec<f32>| vec![f32::NAN; layers * BINS]);
        for layer in 1..=self.layers {
            let given = (self.given)(layer, step);
            let place = layer - 1 + usize::from(self.pooling_after.is_some_and(|after| layer > after));
            let mut count = |which: usize, bins: &Bins, values: &dyn Fn(f64) -> f64| {
                let counts = &mut all[which][place * BINS..][..BINS];
                counts.fill(0.0);
                given.iter().for_each(|&h| counts[bins.of(values(h), 0)] += 1.0);
            };
            count(0, Bins::values(), &|h| h);
            count(1, Bins::values(), &|h| {
                if self.run == "relu" { h.max(0.0) } else { 1.0 / (1.0 + (-h).exp()) }
            });
            count(2, Bins::signals(), &|h| 1e-3 * layer as f64 * h);
        }
        all
    }
}

/// Records of networks that have different things of what can be advised, with the keys of what must not be
/// advised to them.
pub fn equipped() -> Vec<(Record, Vec<&'static str>)> {
    let of = |base: Synthetic, changed: &[(&str, &str)]| {
        let mut record = base.record();
        record.header.config = Some(serde_json::Value::Null);
        for (key, value) in changed {
            record.header.labels.insert((*key).into(), (*value).into());
        }
        record.header.facts = facts_of_labels(&record.header.labels, Some(10));
        record
    };
    let taken = ["less-decay", "less-dropout"];
    let squares = of(Synthetic::default(), &[("loss", "quadratic")]);
    let mut all = vec![
        (of(Synthetic::default(), &[("initialisation", "normal:0.1")]), taken.to_vec()),
        (of(Synthetic::default(), &[]), [&["better-initialisation"][..], &taken].concat()),
        (
            of(healthy(), &[("optimizer", "adam"), ("weight_decay", "0.001")]),
            vec!["adaptive-rate", "momentum", "better-initialisation", "weight-decay", "less-dropout"],
        ),
        (
            of(
                Synthetic::default(),
                &[
                    ("optimizer", "momentum"),
                    ("normalisation", "batch"),
                    ("residual", "yes"),
                    ("precision", "f64"),
                    ("early_stopping", "5"),
                    ("l1", "0.0001"),
                    ("dropout", "0.5"),
                ],
            ),
            vec![
                "momentum",
                "better-initialisation",
                "normalisation",
                "residual",
                // For plain layers alone.
                "layer-wise-training",
                "more-precision",
                "early-stopping",
                "weight-decay",
                "dropout",
            ],
        ),
    ];
    // Theirs is cross-entropy.
    all.iter_mut().for_each(|(_, had)| had.push("fitting-loss"));
    all.push((squares, [&["better-initialisation"][..], &taken].concat()));
    all
}

/// What the saved parameters of [`healthy`] show: a max pooling 2 x 2 of three channels with `side` rows and
/// columns, and a maxout layer with two pieces of three units. Gradients are made by the rule of the maximum.
pub fn replayed(side: usize) -> replay::Replay {
    let value = |i: usize| ((i * 37) % 101) as f64 / 100.0;
    let half = side / 2;
    let before: Vec<f64> = (0..3 * side * side).map(value).collect();
    let windows = (0..3).flat_map(|c| (0..half * half).map(move |w| (c, w / half, w % half)));
    let winner = |(c, row, column): (usize, usize, usize)| {
        let places = [0, 1, side, side + 1].map(|d| (c * side + 2 * row) * side + 2 * column + d);
        // The first of equal ones.
        places.into_iter().fold(places[0], |best, i| if before[i] > before[best] { i } else { best })
    };
    let winners: Vec<usize> = windows.map(winner).collect();
    // Channel 2 gets the smallest gradient, and one window of channel 1 none.
    let arriving = |w: usize| match w / (half * half) {
        _ if w == 1 => 0.0,
        0 => 0.02 * (w as f64 + 1.0),
        1 => 0.001,
        _ => -0.01 * (w as f64 + 1.0),
    };
    let gradient_after: Vec<f64> = (0..winners.len()).map(arriving).collect();
    let mut gradient_before = vec![0.0; before.len()];
    winners.iter().zip(&gradient_after).for_each(|(&i, &g)| gradient_before[i] += g);
    let pooling = replay::Choice {
        layer: 2,
        input: vec![3, side, side],
        output: vec![3, half, half],
        window: Some([2, 2]),
        after: winners.iter().map(|&i| before[i]).collect(),
        before,
        gradient_before,
        gradient_after,
        winners,
    };
    let weights = |k: usize| (0..12).map(|i| (i as f64 - 5.5) * 0.1 + (i * k) as f64 * 0.05).collect();
    replay::Replay {
        record: healthy().record(),
        sample: replay::Sample {
            number: 7,
            of: 100,
            class: "5".into(),
            shape: vec![1, side, side],
            values: (0..side * side).map(|i| (i % 7) as f64 / 6.0).collect(),
            loss: 0.25,
        },
        choices: vec![pooling, maxout()],
        first: replay::FirstLayer {
            shape: vec![3, 1, 2, 2],
            input: vec![1, side, side],
            pieces: 1,
            before: weights(0),
            after: weights(1),
        },
    }
}

fn maxout() -> replay::Choice {
    replay::Choice {
        layer: 3,
        input: vec![2, 3],
        output: vec![3],
        window: None,
        before: vec![0.5, -1.0, 2.0, 0.25, -0.5, 3.0],
        after: vec![0.5, -0.5, 3.0],
        gradient_before: vec![0.1, 0.0, 0.0, 0.0, -0.2, 0.3],
        gradient_after: vec![0.1, -0.2, 0.3],
        winners: vec![0, 4, 5],
    }
}
