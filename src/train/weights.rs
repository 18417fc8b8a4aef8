//! Parameters as a `safetensors` file that PyTorch loads: `layers.N.weight` `[fan_out, fan_in]` and
//! `layers.N.bias` `[fan_out]`, N from 1 at the input. Normalised layers also have `norms.N.weight` and
//! `norms.N.bias` (scale gamma and bias beta), after batch normalisation `norms.N.running_mean` and
//! `norms.N.running_var`: the names of PyTorch's modules. Row `k W + j` of a maxout weight is piece k of unit
//! j.

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
    let mut put = |name: String, shape: Vec<usize>, values: &[T]| {
        let mut bytes = Vec::with_capacity(size_of_val(values));
        values.iter().for_each(|x| x.write_bytes(&mut bytes));
        tensors.push((name, shape, bytes));
    };
    for (t, of) in network.tensors().iter().enumerate() {
        put(of.name(), of.tensor.shape.clone(), network.tensor(t));
    }
    for l in 0..network.layers() {
        let (mean, variance) = network.running(l);
        if !mean.is_empty() {
            put(format!("norms.{}.running_mean", l + 1), vec![mean.len()], mean);
            put(format!("norms.{}.running_var", l + 1), vec![variance.len()], variance);
        }
    }
    let views = tensors.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(dtype, shape.clone(), bytes).expect("the shape is the tensor's own");
        (name.as_str(), view)
    });
    let bytes = safetensors::serialize(views.collect::<Vec<_>>(), None).map_err(io::Error::other)?;
    crate::files::write_whole(path, &bytes)
}
