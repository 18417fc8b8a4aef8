//! The safetensors format: eight bytes with the length of a header, the header as JSON (name, number type, shape
//! and place of every tensor), and then the numbers, without holes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the header says of a tensor.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    /// From the end of the header.
    data_offsets: [usize; 2],
}

/// A tensor in a file.
#[derive(Debug, PartialEq)]
pub struct Tensor<'a> {
    pub dtype: String,
    pub shape: Vec<usize>,
    pub data: &'a [u8],
}

/// The name of the part of a header that is no tensor.
const METADATA: &str = "__metadata__";
/// A longer header is refused by other readers, too.
const LONGEST_HEADER: usize = 100_000_000;

/// The file of tensors of one number type: name, shape, and numbers in little-endian order.
pub fn write(dtype: &str, mut tensors: Vec<(String, Vec<usize>, Vec<u8>)>) -> Vec<u8> {
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    let mut from = 0;
    let entries = tensors.iter().map(|(name, shape, bytes)| {
        let data_offsets = [from, from + bytes.len()];
        from = data_offsets[1];
        let entry = Entry { dtype: dtype.to_string(), shape: shape.clone(), data_offsets };
        (name.as_str(), entry)
    });
    // A map of texts and numbers is always JSON.
    let mut header = serde_json::to_string(&entries.collect::<BTreeMap<_, _>>()).unwrap_or_default();
    // The numbers begin at a multiple of their size.
    while header.len() % 8 != 0 {
        header.push(' ');
    }
    let mut out = (header.len() as u64).to_le_bytes().to_vec();
    out.extend(header.as_bytes());
    tensors.iter().for_each(|(_, _, bytes)| out.extend(bytes));
    out
}

/// The tensors of a file.
///
/// # Errors
/// A file that is cut, or whose header does not describe the rest of it exactly.
pub fn read(bytes: &[u8]) -> Result<BTreeMap<String, Tensor<'_>>, String> {
    let (length, rest) = bytes.split_first_chunk().ok_or("it has no header")?;
    let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
    if length > LONGEST_HEADER || length > rest.len() {
        return Err(format!("its header should have {length} bytes"));
    }
    let (header, numbers) = rest.split_at(length);
    let mut parts: BTreeMap<String, serde_json::Value> =
        serde_json::from_slice(header).map_err(|e| format!("its header: {e}"))?;
    parts.remove(METADATA);
    let mut places = Vec::new();
    let mut tensors = BTreeMap::new();
    for (name, part) in parts {
        let entry: Entry = serde_json::from_value(part).map_err(|e| format!("`{name}`: {e}"))?;
        let [from, to] = entry.data_offsets;
        let data = numbers.get(from..to).ok_or_else(|| format!("`{name}` is cut off"))?;
        let size = match entry.dtype.as_str() {
            "F32" => Some(4),
            "F64" => Some(8),
            _ => None,
        };
        let count = entry.shape.iter().try_fold(1_usize, |product, side| product.checked_mul(*side));
        let expected = count.zip(size).and_then(|(count, size)| count.checked_mul(size));
        if size.is_some() && expected != Some(data.len()) {
            return Err(format!("`{name}` of shape {:?} has {} bytes", entry.shape, data.len()));
        }
        places.push(entry.data_offsets);
        tensors.insert(name, Tensor { dtype: entry.dtype, shape: entry.shape, data });
    }
    places.sort_unstable();
    let end = places.iter().try_fold(0, |end, [from, to]| (*from == end).then_some(*to));
    if end != Some(numbers.len()) {
        return Err("its tensors do not follow each other to the end".to_string());
    }
    Ok(tensors)
}

#[cfg(test)]
mod tests {
    use safetensors::SafeTensors;
    use safetensors::tensor::{Dtype, TensorView};

    use super::*;

    fn tensors() -> Vec<(String, Vec<usize>, Vec<u8>)> {
        let numbers = |n: usize| (0..n).flat_map(|i| (0.5 * i as f32).to_le_bytes()).collect();
        vec![
            ("layers.2.weight".into(), vec![2, 3], numbers(6)),
            ("layers.10.bias".into(), vec![1], numbers(1)),
            ("layers.1.weight".into(), vec![0, 4], numbers(0)),
        ]
    }

    #[test]
    fn the_bytes_are_those_of_the_library() {
        for n in 1..=3 {
            let all = &tensors()[..n];
            let views =
                all.iter().map(|t| (t.0.as_str(), TensorView::new(Dtype::F32, t.1.clone(), &t.2).unwrap()));
            let theirs = safetensors::serialize(views.collect::<Vec<_>>(), None).unwrap();
            let ours = write("F32", all.to_vec());
            assert_eq!(String::from_utf8_lossy(&ours), String::from_utf8_lossy(&theirs));
            assert_eq!(ours, theirs);
            let (mine, library) = (read(&theirs).unwrap(), SafeTensors::deserialize(&ours).unwrap());
            for (name, shape, bytes) in all {
                assert_eq!((&mine[name].shape, mine[name].data), (shape, &bytes[..]));
                assert_eq!(library.tensor(name).unwrap().data(), bytes);
            }
        }
    }

    #[test]
    fn a_file_cut_anywhere_or_with_a_wrong_header_is_refused() {
        let whole = write("F32", tensors());
        for cut in 0..whole.len() {
            assert!(read(&whole[..cut]).is_err(), "{cut}");
        }
        assert!(read(&[&whole[..], b"more"].concat()).is_err());
        let with = |header: &str| {
            let mut out = (header.len() as u64).to_le_bytes().to_vec();
            out.extend(header.as_bytes());
            out.extend([0; 8]);
            out
        };
        let of = |shape: &str, offsets: &str| {
            with(&format!("{{\"a\":{{\"dtype\":\"F32\",\"shape\":{shape},\"data_offsets\":{offsets}}}}}"))
        };
        assert!(read(&of("[2]", "[0,8]")).is_ok());
        for (shape, offsets) in [
            ("[3]", "[0,8]"),
            ("[2]", "[0,4]"),
            ("[1]", "[4,8]"),
            ("[2]", "[8,0]"),
            ("[9223372036854775807,4]", "[0,8]"),
            ("[2]", "[0,18446744073709551615]"),
        ] {
            assert!(read(&of(shape, offsets)).is_err(), "{shape} {offsets}");
        }
        assert!(read(&with("[]")).is_err());
        assert!(read(&u64::MAX.to_le_bytes()).is_err());
    }
}
