//! How many winners of max pooling and maxout are others than a snapshot before.
//!
//! ```text
//! changed = (outputs whose largest input is another one than at the snapshot before) / (all outputs)
//! ```
//!
//! Both are taken over the same samples, which are run in evaluation: from one batch to the next the winners
//! differ although the parameters do not.

use super::loss::Loss;
use super::network::Network;
use super::scalar::Scalar;
use super::tape::Tape;

/// Samples that are watched.
pub const WATCHED_ROWS: usize = 64;

/// The watched samples and who won on them.
pub(crate) struct Watch<T: Scalar> {
    tape: Tape<T>,
    /// `[rows, inputs]`
    batch: Vec<T>,
    labels: Vec<u32>,
    /// Layers with winners: the index in the sequence, and the cache at the snapshot before.
    layers: Vec<(usize, Vec<T>)>,
    /// Whether there was a snapshot before.
    seen: bool,
}

impl<T: Scalar> Watch<T> {
    /// Watches at most [`WATCHED_ROWS`] of the samples `data [n, inputs]`; none where no layer has winners.
    pub fn new(network: &Network<T>, data: &[T], labels: &[u32]) -> Option<Watch<T>> {
        let sequence = &network.sequence;
        let watched = (0..sequence.layers.len()).filter(|&i| sequence.layers[i].has_winners());
        let layers: Vec<_> = watched.map(|i| (i, Vec::new())).collect();
        let rows = labels.len().min(WATCHED_ROWS);
        (rows > 0 && !layers.is_empty()).then(|| Watch {
            tape: Tape::for_evaluation(network, rows),
            batch: data[..rows * sequence.inputs()].to_vec(),
            labels: labels[..rows].to_vec(),
            layers,
            seen: false,
        })
    }

    /// Says of each recorded layer with winners which share of them changed since the last call; nothing the
    /// first time.
    pub fn look(&mut self, network: &Network<T>, packed: &[T], loss: Loss, mut say: impl FnMut(usize, f64)) {
        self.tape.evaluate(network, packed, loss, &self.batch, &self.labels);
        let sequence = &network.sequence;
        for (i, before) in &mut self.layers {
            let now = self.tape.kept(sequence, *i).cache;
            if self.seen {
                say(sequence.sites[*i].group, sequence.layers[*i].winners_changed(before, now));
            }
            before.clear();
            before.extend_from_slice(now);
        }
        self.seen = true;
    }
}

#[cfg(test)]
mod tests {
    use super::super::init::Initialisation;
    use super::super::layer::{AveragePooling, Convolution, Dense, Layer, MaxPooling, Maxout};
    use super::super::optimizer::{Optimizer, OptimizerKind};
    use super::super::{Engine, Part};
    use super::*;

    const SIDE: usize = 5;

    fn data(rows: usize, width: usize) -> (Vec<f64>, Vec<u32>) {
        let x = (0..rows * width).map(|i| (i as f64 * 1.7).sin() + (i as f64 * 0.31).cos()).collect();
        (x, (0..rows as u32).map(|i| i % 3).collect())
    }

    fn engine(inputs: &[usize], layers: Vec<Box<dyn Layer<f64>>>, rows: usize) -> Engine<f64> {
        let network = Network::of_layers(inputs, layers, Initialisation::HeUniform, 5).unwrap();
        let mut engine =
            Engine::new(network, Loss::CrossEntropy, Optimizer::new(OptimizerKind::Sgd), rows, 1);
        let (x, labels) = data(rows, inputs.iter().product());
        let order: Vec<u32> = (0..rows as u32).collect();
        engine.load(&x, &labels, &order);
        engine.watch(&x, &labels);
        engine
    }

    fn pooled(average: bool) -> Engine<f64> {
        let map = [2, SIDE, SIDE];
        let pool: Box<dyn Layer<f64>> = match average {
            true => Box::new(AveragePooling::new(map, 2, 2).unwrap()),
            false => Box::new(MaxPooling::new(map, 2, 2).unwrap()),
        };
        let convolution = Convolution::new([1, SIDE, SIDE], 2, 3, 1, 1, true).unwrap();
        engine(&[1, SIDE, SIDE], vec![Box::new(convolution), pool, Box::new(Dense::new(8, 3, true))], 7)
    }

    /// The winners of every window, from the definition: sample, channel and window by window.
    fn winners_by_hand(network: &Network<f64>, rows: usize) -> Vec<usize> {
        let (weight, bias) = (network.tensor(0), network.tensor(1));
        let (x, _) = data(rows, SIDE * SIDE);
        let mut winners = Vec::new();
        for x in x.chunks_exact(SIDE * SIDE) {
            for channel in 0..2 {
                let at = |row: usize, column: usize| {
                    let taps = (0..9).filter_map(|k| {
                        let (i, j) = ((row + k / 3).checked_sub(1)?, (column + k % 3).checked_sub(1)?);
                        (i < SIDE && j < SIDE).then(|| weight[channel * 9 + k] * x[i * SIDE + j])
                    });
                    bias[channel] + taps.sum::<f64>()
                };
                for window in 0..4 {
                    let places = [[0, 0], [0, 1], [1, 0], [1, 1]]
                        .map(|[i, j]| (window / 2 * 2 + i, window % 2 * 2 + j));
                    let value = |k: usize| at(places[k].0, places[k].1);
                    winners.push((1..4).fold(0, |best, k| if value(k) > value(best) { k } else { best }));
                }
            }
        }
        winners
    }

    #[test]
    fn the_share_of_winners_that_changed_is_that_of_a_count_by_hand() {
        let mut engine = pooled(false);
        let mut before = winners_by_hand(engine.network(), 7);
        engine.step(0.1, true, true);
        // Nothing was seen before the first snapshot, and no other layer has winners.
        assert!(engine.snapshot().winners_changed.iter().all(|share| share.is_nan()));
        let mut some_changed = false;
        for k in 0..4 {
            let now = winners_by_hand(engine.network(), 7);
            let share = match k {
                3 => engine.final_snapshot().winners_changed.clone(),
                _ => {
                    engine.step(0.1, true, true);
                    engine.snapshot().winners_changed.clone()
                }
            };
            let changed = before.iter().zip(&now).filter(|(a, b)| a != b).count() as f64 / now.len() as f64;
            assert_eq!(share[1], changed, "snapshot {k}");
            assert!(share[0].is_nan() && share[2].is_nan());
            some_changed |= changed > 0.0 && changed < 1.0;
            before = now;
        }
        assert!(some_changed);
    }

    #[test]
    fn a_unit_of_maxout_changes_its_winner_once() {
        let layers: Vec<Box<dyn Layer<f64>>> = vec![
            Box::new(Dense::new(4, 6, true)),
            Box::new(Maxout { pieces: 2, units: 3 }),
            Box::new(Dense::new(3, 3, true)),
        ];
        let mut engine = engine(&[4], layers, 9);
        let by_hand = |network: &Network<f64>| -> Vec<bool> {
            let (weight, bias) = (network.tensor(0), network.tensor(1));
            let (x, _) = data(9, 4);
            let piece = |x: &[f64], row: usize| {
                bias[row] + weight[row * 4..][..4].iter().zip(x).map(|(w, x)| w * x).sum::<f64>()
            };
            // Row k * 3 + unit is piece k of the unit.
            x.chunks_exact(4)
                .flat_map(|x| (0..3).map(move |unit| piece(x, 3 + unit) > piece(x, unit)))
                .collect()
        };
        let before = by_hand(engine.network());
        engine.step(3.0, false, true);
        let now = by_hand(engine.network());
        engine.step(0.0, false, true);
        let changed = before.iter().zip(&now).filter(|(a, b)| a != b).count();
        assert!(changed > 0);
        assert_eq!(engine.snapshot().winners_changed[0], changed as f64 / 27.0);
    }

    #[test]
    fn the_signal_before_pooling_is_that_of_the_winners_or_shared() {
        // Windows that do not meet: a winner takes the whole signal of its window, an average a quarter for
        // each of four places.
        for (average, factor) in [(false, 1.0), (true, 0.5)] {
            let mut engine = pooled(average);
            engine.step(0.0, true, false);
            let measured = engine.measured();
            assert!(engine.network().index(1, Part::Weight).is_none());
            let ratio = measured.signal_before_rms[1] / measured.signal_rms[1];
            assert!((ratio - factor).abs() < 1e-12, "{ratio}");
            assert!(measured.signal_before_rms[0].is_nan() && measured.signal_before_rms[2].is_nan());
        }
    }

    #[test]
    fn a_network_without_winners_is_not_watched() {
        let layers: Vec<Box<dyn Layer<f64>>> = vec![Box::new(Dense::new(4, 3, true))];
        let network = Network::of_layers(&[4], layers, Initialisation::HeUniform, 5).unwrap();
        let (x, labels) = data(9, 4);
        assert!(Watch::new(&network, &x, &labels).is_none());
    }
}
