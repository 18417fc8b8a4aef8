//! Parameters as a `safetensors` file that PyTorch loads: `layers.N.weight` `[fan_out, fan_in]` and `layers.N.bias`
//! `[fan_out]`, N from 1 at the input.

use std::io;
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView};

use crate::nn::{Network, Scalar};

/// Writes a network beside its place and renames it there.
///
/// # Errors
/// Those of the file system.
pub fn save<T: Scalar>(network: &Network<T>, path: &Path) -> io::Result<()> {
    let dtype = if size_of::<T>() == 4 { Dtype::F32 } else { Dtype::F64 };
    let mut tensors = Vec::new();
    for t in 0..2 * network.layers() {
        let l = t / 2;
        let (name, shape) = match t % 2 {
            0 => ("weight", vec![network.fan_out(l), network.fan_in(l)]),
            _ => ("bias", vec![network.fan_out(l)]),
        };
        let mut bytes = Vec::with_capacity(size_of_val(network.tensor(t)));
        network.tensor(t).iter().for_each(|x| x.write_bytes(&mut bytes));
        tensors.push((format!("layers.{}.{name}", l + 1), shape, bytes));
    }
    let views = tensors.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(dtype, shape.clone(), bytes).expect("the shape is the tensor's own");
        (name.as_str(), view)
    });
    let bytes = safetensors::serialize(views.collect::<Vec<_>>(), None).map_err(io::Error::other)?;
    crate::files::write_whole(path, &bytes)
}
