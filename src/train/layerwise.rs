//! Layer-wise training: the parameters that the last stage begins with.
//!
//! Greedy supervised layer-wise training (Bengio, Lamblin, Popovici, Larochelle 2007, appendix; Hettinger et
//! al. 2017, arXiv 1706.02480) adds one hidden layer a stage. In stage k of L the network has the first k
//! hidden layers and an output layer:
//!
//! ```text
//! stage k:   x -> h_1 -> .. -> h_k -> output_k
//! ```
//!
//! Layers h_1 to h_(k-1) begin as stage k - 1 left them and are trained on; h_k and the output layer are
//! drawn, h_k as the whole network would draw it. In both papers the lower layers are frozen while one is
//! added. Here they are not: the last stage is the whole network with every layer in training, which is what
//! a record describes, and the earlier stages are that of fewer layers.
//!
//! Every stage has its share of the updates ([`TrainPlan::stage_steps`]), the order of samples of a run of
//! its own, its own state of the optimiser and the whole schedule of the learning rate. Early stopping
//! watches the last stage alone.

use super::{Event, Trainer, Watch, initial_network};
use crate::config::TrainPlan;
use crate::data::Dataset;
use crate::nn::{Network, Scalar};

/// What a trainer begins with.
pub(super) struct Start<T> {
    pub network: Network<T>,
    /// Whether the watch ended the stages before all were trained.
    pub stopped: bool,
}

/// The drawn parameters, or those that the earlier stages of layer-wise training leave.
pub(super) fn start<T: Scalar>(plan: &TrainPlan, data: &Dataset, watch: &dyn Watch) -> Start<T> {
    let mut network = initial_network::<T>(plan);
    let mut stopped = false;
    if plan.stage_steps == 0 {
        return Start { network, stopped };
    }
    let mut below: Option<Network<T>> = None;
    for layers in 1..plan.config.depth() {
        let stage = plan.stage(layers);
        let mut grown = initial_network::<T>(&stage);
        if let Some(below) = &below {
            keep(below, &mut grown, layers - 1);
        }
        let first = (layers as u64 - 1) * plan.stage_steps;
        let trained = train_stage(&stage, data, grown, watch, (first, plan.earlier_steps() + plan.steps));
        below = Some(trained.network);
        stopped = trained.stopped;
        if stopped {
            break;
        }
    }
    if let Some(below) = &below {
        keep(below, &mut network, below.layers() - 1);
    }
    Start { network, stopped }
}

/// Takes the first `layers` layers over.
fn keep<T: Scalar>(from: &Network<T>, to: &mut Network<T>, layers: usize) {
    let kept = from.tensors().iter().take_while(|tensor| tensor.layer < layers).count();
    for t in 0..kept {
        to.tensor_mut(t).copy_from_slice(from.tensor(t));
    }
}

/// Trains one stage. `place` is the number of updates before it and of all stages together.
fn train_stage<T: Scalar>(
    stage: &TrainPlan,
    data: &Dataset,
    network: Network<T>,
    watch: &dyn Watch,
    place: (u64, u64),
) -> Start<T> {
    let mut trainer = Trainer::from(stage, data, network);
    trainer.skip_evaluation();
    let mut stopped = false;
    while trainer.done() < stage.steps && !stopped {
        let Event::Step { mut progress, .. } = trainer.step() else { continue };
        // Nothing comes back from there; the last stage says that it diverged.
        let is_lost = !progress.loss.is_finite();
        (progress.done, progress.total) = (progress.done + place.0, place.1);
        progress.first_last_ratio = None;
        watch.progress(&progress);
        stopped = watch.should_stop();
        if is_lost {
            break;
        }
    }
    Start { network: trainer.network().clone(), stopped }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TrainConfig;
    use crate::data::{DataSpec, load};
    use crate::nn::{Engine, Part};
    use crate::train::Unwatched;

    fn bits(values: &[f32]) -> Vec<u32> {
        values.iter().map(|x| x.to_bits()).collect()
    }

    /// The stages by hand: full batches, so that the order of samples is the data's own.
    #[test]
    fn the_last_stage_begins_where_the_stages_by_hand_end() {
        let config = TrainConfig::default()
            .with_data(DataSpec::Gaussians)
            .with_widths(vec![5, 7, 4])
            .with_batch_size(crate::config::BatchSize::Full)
            .with_steps(20)
            .with_layerwise(true);
        let data = load(&config.data, &config.data_options).unwrap();
        let plan = config.plan(&data).unwrap();
        // 20 updates in three stages: 6, 6, and 8 for the last.
        assert_eq!((plan.stage_steps, plan.steps, plan.earlier_steps()), (6, 8, 12));
        let (inputs, labels) = (data.train.inputs.as_slice().unwrap(), &data.train.labels);
        let order: Vec<u32> = (0..labels.len() as u32).collect();
        let drawn = |widths: &[usize]| {
            let plain = config.clone().with_widths(widths.to_vec()).with_layerwise(false);
            initial_network::<f32>(&plain.plan(&data).unwrap())
        };
        let train = |network: Network<f32>, steps: usize| {
            let mut engine = Engine::new(network, config.loss, plan.optimizer, order.len(), 1);
            engine.load(inputs, labels, &order);
            for _ in 0..steps {
                engine.step(plan.learning_rate, false, false);
            }
            engine.network().clone()
        };
        let take = |to: &mut Network<f32>, from: &Network<f32>, layer: usize| {
            for part in [Part::Weight, Part::Bias] {
                let (t, f) = (to.index(layer, part).unwrap(), from.index(layer, part).unwrap());
                to.tensor_mut(t).copy_from_slice(from.tensor(f));
            }
        };
        let first = train(drawn(&[5]), 6);
        let mut second = drawn(&[5, 7]);
        take(&mut second, &first, 0);
        let second = train(second, 6);
        let mut last = drawn(&[5, 7, 4]);
        take(&mut last, &second, 0);
        take(&mut last, &second, 1);

        let begun = start::<f32>(&plan, &data, &Unwatched);
        assert!(!begun.stopped);
        assert_eq!(bits(&begun.network.parameters), bits(&last.parameters));
        // The new layer is the one that the whole network draws, the others have moved.
        let drawn = drawn(&[5, 7, 4]);
        assert_eq!(last.weight(2), drawn.weight(2));
        assert_ne!(last.weight(0), drawn.weight(0));
        // The trainer goes on from there, and its run is the last stage.
        let mut trainer = Trainer::<f32>::new(&plan, &data);
        while !matches!(trainer.step(), Event::Ended(_)) {}
        let trained = trainer.finish(0.0);
        assert_eq!(trained.steps, 8);
        assert_eq!(bits(&trained.initial.parameters), bits(&last.parameters));
        assert_eq!(bits(&trained.network.parameters), bits(&train(last, 8).parameters));
    }

    #[test]
    fn without_stages_the_start_is_what_was_drawn() {
        let config = TrainConfig::default().with_data(DataSpec::Xor).with_hidden_layers(2).with_width(4);
        let data = load(&config.data, &config.data_options).unwrap();
        let plan = config.plan(&data).unwrap();
        let begun = start::<f32>(&plan, &data, &Unwatched);
        assert_eq!(bits(&begun.network.parameters), bits(&initial_network::<f32>(&plan).parameters));
    }
}
