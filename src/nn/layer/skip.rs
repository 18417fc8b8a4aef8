//! The skip (residual connection, He et al. 2016): `y = x + s`, s being the values some layers below. The
//! signal goes both ways: `dx = ds = dy`.
//!
//! The signal on the skip has a power of two of its own: it can be many decades larger than the signal that
//! comes through the layers between, and each must keep its digits until they are added.

use super::{Backward, Forward, Layer, Memory};
use crate::nn::scalar::Scalar;
use crate::nn::signal::{rescale, row_squares};

/// Adds the values from `span` layers below its input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Skip {
    pub width: usize,
    pub span: usize,
}

impl<T: Scalar> Layer<T> for Skip {
    fn kind(&self) -> &'static str {
        "skip"
    }

    fn shape(&self, input: &[usize]) -> Result<Vec<usize>, String> {
        let given: usize = input.iter().product();
        if given == self.width {
            Ok(input.to_vec())
        } else {
            Err(format!("takes {} inputs, not {given}", self.width))
        }
    }

    fn memory(&self) -> Memory {
        Memory { numbers: 1, ..Memory::default() }
    }

    fn skips(&self) -> Option<usize> {
        Some(self.span)
    }

    fn forward(&self, pass: Forward<'_, T>) {
        for ((y, &x), &s) in pass.y.iter_mut().zip(pass.x).zip(pass.skipped) {
            *y = x + s;
        }
    }

    fn backward(&self, pass: Backward<'_, T>) {
        if let Some((signal, exponent)) = pass.skipped {
            signal.copy_from_slice(pass.dy);
            row_squares(signal, self.width, pass.numbers);
            *exponent = *pass.exponent + rescale(signal, pass.numbers);
        }
        if let Some(dx) = pass.dx {
            dx.copy_from_slice(pass.dy);
        }
    }
}
