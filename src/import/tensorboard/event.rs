//! What an event says: the messages `Event`, `Summary`, `HistogramProto` and `TensorProto` of TensorFlow.

use std::borrow::Cow;

use super::wire::{Fields, Wire, doubles, floats, integers};

/// One record of an event file.
#[derive(Debug, Default)]
pub struct Event<'a> {
    pub wall: f64,
    pub step: i64,
    pub version: Option<Cow<'a, str>>,
    pub values: Vec<Value<'a>>,
}

/// A value of a summary.
#[derive(Debug, Default)]
pub struct Value<'a> {
    pub tag: Cow<'a, str>,
    pub held: Held,
    /// The plugin that it is for; written with the first value of a name alone.
    pub plugin: Option<Cow<'a, str>>,
}

#[derive(Debug, Default, PartialEq)]
pub enum Held {
    /// Images, sounds, texts, graphs.
    #[default]
    Other,
    Scalar(f64),
    Histogram(Histogram),
    Tensor(Tensor),
}

/// Numbers of a tensor and how they are spread.
#[derive(Debug, Default, PartialEq)]
pub struct Histogram {
    pub min: f64,
    pub max: f64,
    pub count: f64,
    pub sum_squares: f64,
    /// Upper ends of the buckets, and how many numbers lie in each.
    pub limits: Vec<f64>,
    pub counts: Vec<f64>,
}

/// A tensor of numbers.
#[derive(Debug, Default, PartialEq)]
pub struct Tensor {
    pub shape: Vec<i64>,
    pub numbers: Vec<f64>,
}

/// The event in a record; none where the bytes are none.
pub fn event(bytes: &[u8]) -> Option<Event<'_>> {
    let mut event = Event::default();
    let mut fields = Fields::of(bytes);
    for (number, value) in fields.by_ref() {
        match number {
            1 => event.wall = value.double()?,
            2 => event.step = value.integer()?,
            3 => event.version = value.text(),
            5 => {
                for (_, one) in Fields::of(value.bytes()?).filter(|(number, _)| *number == 1) {
                    event.values.push(summary_value(one.bytes()?));
                }
            }
            _ => {}
        }
    }
    (!fields.is_broken).then_some(event)
}

fn summary_value(bytes: &[u8]) -> Value<'_> {
    let mut value = Value::default();
    for (number, field) in Fields::of(bytes) {
        match number {
            1 => value.tag = field.text().unwrap_or_default(),
            2 => value.held = field.float().map_or(Held::Other, Held::Scalar),
            5 => value.held = field.bytes().map_or(Held::Other, |b| Held::Histogram(histogram(b))),
            8 => value.held = field.bytes().map_or(Held::Other, |b| Held::Tensor(tensor(b))),
            9 => value.plugin = field.bytes().and_then(plugin),
            _ => {}
        }
    }
    value
}

fn plugin(metadata: &[u8]) -> Option<Cow<'_, str>> {
    let data = Fields::of(metadata).find(|(number, _)| *number == 1)?.1.bytes()?;
    Fields::of(data).find(|(number, _)| *number == 1)?.1.text()
}

fn histogram(bytes: &[u8]) -> Histogram {
    let mut histogram = Histogram::default();
    for (number, field) in Fields::of(bytes) {
        match number {
            1 => histogram.min = field.double().unwrap_or_default(),
            2 => histogram.max = field.double().unwrap_or_default(),
            3 => histogram.count = field.double().unwrap_or_default(),
            5 => histogram.sum_squares = field.double().unwrap_or_default(),
            6 => doubles(field, &mut histogram.limits),
            7 => doubles(field, &mut histogram.counts),
            _ => {}
        }
    }
    histogram
}

/// Number types of TensorFlow.
mod dtype {
    pub const FLOAT: i64 = 1;
    pub const DOUBLE: i64 = 2;
    pub const INT32: i64 = 3;
    pub const INT64: i64 = 9;
    pub const BFLOAT16: i64 = 14;
    pub const HALF: i64 = 19;
}

fn tensor(bytes: &[u8]) -> Tensor {
    let mut tensor = Tensor::default();
    let mut kind = 0;
    let mut content: &[u8] = &[];
    let mut halves = Vec::new();
    for (number, field) in Fields::of(bytes) {
        match number {
            1 => kind = field.integer().unwrap_or_default(),
            2 => tensor.shape = field.bytes().map(shape).unwrap_or_default(),
            4 => content = field.bytes().unwrap_or_default(),
            5 => floats(field, &mut tensor.numbers),
            6 => doubles(field, &mut tensor.numbers),
            7 | 10 => {
                let mut whole = Vec::new();
                integers(field, &mut whole);
                tensor.numbers.extend(whole.into_iter().map(|x| x as f64));
            }
            13 => integers(field, &mut halves),
            _ => {}
        }
    }
    let of_bits = |bits: u16| if kind == dtype::BFLOAT16 { bfloat(bits) } else { half(bits) };
    tensor.numbers.extend(halves.into_iter().map(|bits| of_bits(bits as u16)));
    let packed = Wire::Bytes(content);
    match kind {
        dtype::FLOAT => floats(packed, &mut tensor.numbers),
        dtype::DOUBLE => doubles(packed, &mut tensor.numbers),
        dtype::INT32 => {
            tensor
                .numbers
                .extend(content.as_chunks::<4>().0.iter().map(|&b| f64::from(i32::from_le_bytes(b))));
        }
        dtype::INT64 => {
            tensor.numbers.extend(content.as_chunks::<8>().0.iter().map(|&b| i64::from_le_bytes(b) as f64));
        }
        dtype::HALF | dtype::BFLOAT16 => {
            tensor.numbers.extend(content.as_chunks::<2>().0.iter().map(|&b| of_bits(u16::from_le_bytes(b))));
        }
        _ => {}
    }
    tensor
}

fn shape(bytes: &[u8]) -> Vec<i64> {
    let size = |dim: &[u8]| {
        Fields::of(dim)
            .find(|(number, _)| *number == 1)
            .and_then(|(_, size)| size.integer())
            .unwrap_or_default()
    };
    Fields::of(bytes)
        .filter(|(number, _)| *number == 2)
        .filter_map(|(_, dim)| dim.bytes().map(size))
        .collect()
}

fn bfloat(bits: u16) -> f64 {
    f64::from(f32::from_bits(u32::from(bits) << 16))
}

/// IEEE 754 binary16.
pub fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let size = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    };
    sign * size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_those_of_the_standard() {
        for (bits, value) in
            [(0x3c00, 1.0), (0xc000, -2.0), (0x7bff, 65504.0), (0x0001, 5.960_464_477_539_063e-8)]
        {
            assert_eq!(half(bits), value);
        }
        assert!(half(0x7c00).is_infinite() && half(0x7e00).is_nan());
        assert_eq!(bfloat(0x3f80), 1.0);
    }
}
