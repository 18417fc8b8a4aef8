//! `--save-weights`, read back by the safetensors library.

use safetensors::SafeTensors;
use safetensors::tensor::Dtype;

use gradfade::activation::Activation;
use gradfade::nn::{Initialisation, Network};

use super::{room, train};

#[test]
fn saved_weights_have_pytorchs_names_and_shapes() {
    let dir = room();
    train(dir.path(), "run", &["--steps", "3", "--save-weights"]);
    for file in ["weights-init.safetensors", "weights-final.safetensors"] {
        let bytes = std::fs::read(dir.path().join("run").join(file)).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(tensors.len(), 6);
        for (name, shape) in [
            ("layers.1.weight", &[6, 2][..]),
            ("layers.1.bias", &[6]),
            ("layers.2.weight", &[5, 6]),
            ("layers.2.bias", &[5]),
            ("layers.3.weight", &[4, 5]),
            ("layers.3.bias", &[4]),
        ] {
            let tensor = tensors.tensor(name).unwrap();
            assert_eq!((tensor.shape(), tensor.dtype()), (shape, Dtype::F32), "{name}");
        }
    }
}

#[test]
fn the_first_file_holds_what_the_seed_gives_and_the_second_what_training_made_of_it() {
    let dir = room();
    for (precision, out) in [("f32", "a"), ("f64", "b")] {
        train(dir.path(), out, &["--steps", "5", "--seed", "7", "--precision", precision, "--save-weights"]);
        let read = |file: &str| std::fs::read(dir.path().join(out).join(file)).unwrap();
        let (first, last) = (read("weights-init.safetensors"), read("weights-final.safetensors"));
        let (first, last) =
            (SafeTensors::deserialize(&first).unwrap(), SafeTensors::deserialize(&last).unwrap());
        for l in 0..3 {
            for (t, kind) in ["weight", "bias"].into_iter().enumerate() {
                let name = format!("layers.{}.{kind}", l + 1);
                let (before, after) = (first.tensor(&name).unwrap(), last.tensor(&name).unwrap());
                let sizes = [2, 6, 5, 4];
                let (activation, initialisation) = (Activation::Sigmoid, Initialisation::GlorotUniform);
                let expected: Vec<u8> = if precision == "f32" {
                    let network = Network::<f32>::new(&sizes, activation, initialisation, 7);
                    network.tensor(2 * l + t).iter().flat_map(|x| x.to_le_bytes()).collect()
                } else {
                    let network = Network::<f64>::new(&sizes, activation, initialisation, 7);
                    network.tensor(2 * l + t).iter().flat_map(|x| x.to_le_bytes()).collect()
                };
                assert!(before.data() == expected, "{name} {precision}");
                assert!(before.data() != after.data(), "{name} did not move");
            }
        }
    }
}
