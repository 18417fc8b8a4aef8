//! Trains a deep sigmoid network and the same with ReLU in memory, without a file, and compares the gradient
//! norms of their first and last layers.

use std::error::Error;

use gradfade::prelude::*;
use gradfade::record::GRAD_NORM;
use gradfade::train;

fn main() -> Result<(), Box<dyn Error>> {
    let run = |activation| {
        let config = TrainConfig::default()
            .with_data(DataSpec::Spiral)
            .with_activation(activation)
            .with_hidden_layers(8)
            .with_width(16)
            .with_epochs(5);
        train::in_memory(&activation.to_string(), &config)
    };

    let mut ratios = Vec::new();
    for activation in [Activation::Sigmoid, Activation::Relu] {
        let record = run(activation)?;
        // Weights and biases take turns; the first and the last weight matrix.
        let last = record.header.tensors.len() - 2;
        let first_step = record.value(GRAD_NORM, 0, 0) / record.value(GRAD_NORM, 0, last);
        println!("{activation}: |gradient| of layer 1 over that of the output layer: {first_step:.1e}");
        ratios.push(first_step);
    }
    assert!(ratios[0] < 1e-4, "with sigmoid next to nothing arrives");
    assert!(ratios[1] > 1e-2, "with ReLU the gradient arrives");
    Ok(())
}
