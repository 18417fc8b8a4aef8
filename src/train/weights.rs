//! Parameters as a `safetensors` file that PyTorch loads: `layers.N.weight` `[fan_out, fan_in]` and
//! `layers.N.bias` `[fan_out]`, N from 1 at the input. Normalised layers also have `norms.N.weight` and
//! `norms.N.bias` (scale gamma and bias beta), after batch normalisation `norms.N.running_mean` and
//! `norms.N.running_var`: the names of PyTorch's modules. Row `k W + j` of a maxout weight is piece k of unit
//! j.

use std::io;
use std::path::{Path, PathBuf};

use super::safetensors;
use crate::field::Field;
use crate::nn::{Network, Scalar};

/// The largest file that is read.
const MOST_BYTES: u64 = 4 << 30;

/// Why saved parameters cannot be read into a network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    #[error("{}: cannot read it: {cause}", path.display())]
    Io { path: PathBuf, cause: io::Error },
    #[error("{}: not a whole safetensors file ({what}); train the run again with {}", path.display(), Field::SaveWeights)]
    Damaged { path: PathBuf, what: String },
    #[error("{}: {what}; these are not the parameters of this run's network", path.display())]
    Other { path: PathBuf, what: String },
}

/// Writes a network beside its place and renames it there.
///
/// # Errors
/// Those of the file system.
pub fn save<T: Scalar>(network: &Network<T>, path: &Path) -> io::Result<()> {
    let dtype = if size_of::<T>() == 4 { "F32" } else { "F64" };
    let bytes = |(name, shape, place): (String, Vec<usize>, Place)| {
        let values = match place {
            Place::Parameters(range) => &network.parameters[range],
            Place::Running(range) => &network.running[range],
        };
        let mut bytes = Vec::with_capacity(size_of_val(values));
        values.iter().for_each(|x| x.write_bytes(&mut bytes));
        (name, shape, bytes)
    };
    let tensors: Vec<_> = places(network).into_iter().map(bytes).collect();
    let bytes = safetensors::write(dtype, tensors);
    crate::files::write_whole(path, &bytes)
}

/// Reads a file that [`save`] wrote into a network of the same layers, whatever number type it was saved in.
///
/// # Errors
/// A file that cannot be read or is cut, and one that has other tensors than the network.
pub fn load<T: Scalar>(network: &mut Network<T>, path: &Path) -> Result<(), WeightsError> {
    let other = |what: String| WeightsError::Other { path: path.to_path_buf(), what };
    let bytes = crate::files::read(path, MOST_BYTES)
        .map_err(|cause| WeightsError::Io { path: path.to_path_buf(), cause })?;
    let file =
        safetensors::read(&bytes).map_err(|what| WeightsError::Damaged { path: path.to_path_buf(), what })?;
    let places = places(network);
    for (name, shape, place) in &places {
        let tensor = file.get(name).ok_or_else(|| other(format!("it has no tensor `{name}`")))?;
        if tensor.shape != *shape {
            return Err(other(format!("`{name}` has the shape {:?}, not {shape:?}", tensor.shape)));
        }
        let values: Vec<f64> = match tensor.dtype.as_str() {
            "F32" => singles(tensor.data).collect(),
            "F64" => doubles(tensor.data).collect(),
            dtype => return Err(other(format!("`{name}` holds numbers of type {dtype}, not F32 or F64"))),
        };
        let to = match place {
            Place::Parameters(range) => &mut network.parameters[range.clone()],
            Place::Running(range) => &mut network.running[range.clone()],
        };
        to.iter_mut().zip(values).for_each(|(to, value)| *to = T::from_f64(value));
    }
    let known = |name: &str| places.iter().any(|(n, _, _)| n == name);
    match file.keys().find(|name| !known(name)) {
        Some(name) => Err(other(format!("it has a tensor `{name}`, which the network has not"))),
        None => Ok(()),
    }
}

fn singles(bytes: &[u8]) -> impl Iterator<Item = f64> {
    bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b).into())
}

fn doubles(bytes: &[u8]) -> impl Iterator<Item = f64> {
    bytes.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b))
}

/// Where the numbers of a saved tensor stand in a network.
enum Place {
    Parameters(std::ops::Range<usize>),
    Running(std::ops::Range<usize>),
}

/// Name, shape and place of every tensor of a file.
fn places<T: Scalar>(network: &Network<T>) -> Vec<(String, Vec<usize>, Place)> {
    let tensors = network.tensors().iter().enumerate();
    let mut all: Vec<_> = tensors
        .map(|(t, of)| (of.name(), of.tensor.shape.clone(), Place::Parameters(network.range(t))))
        .collect();
    let mut from = 0;
    for l in 0..network.layers() {
        let (mean, _) = network.running(l);
        let width = mean.len();
        for name in ["running_mean", "running_var"].iter().filter(|_| width > 0) {
            let place = Place::Running(from..from + width);
            all.push((format!("norms.{}.{name}", l + 1), vec![width], place));
            from += width;
        }
    }
    all
}
