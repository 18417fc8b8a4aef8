//! The embedded part of MNIST: the first 10,000 training and the first 2,000 test images.
//!
//! `assets/mnist-mini.zlib` is made by `scripts/build_mnist_mini.py`, which describes its layout: background,
//! rim and middle of the strokes are stored apart, each where its neighbours are alike, and then deflated.
//! Nothing is decoded before it is needed. Licence and attribution: `assets/mnist-mini.LICENSE.md` (CC BY-SA
//! 3.0, also in [`LICENSE`]).

use std::io::Read;

use flate2::read::ZlibDecoder;

use super::{DataError, Dataset, cut};
use crate::field::Field;

/// Training images in the asset.
pub const TRAIN: usize = 10_000;
/// Test images in the asset.
pub const TEST: usize = 2_000;
/// Licence and attribution of the embedded images.
pub const LICENSE: &str = include_str!("../../assets/mnist-mini.LICENSE.md");

const SIDE: usize = 28;
const PIXELS: usize = SIDE * SIDE;
/// Four classes of one column, rows 4r..4r+3, share a byte.
const PACKED: usize = PIXELS / 4;
const COUNT: usize = TRAIN + TEST;
const CONTEXTS: usize = 81;
/// A frame of background around the image spares the tests at its border.
const FRAME: usize = SIDE + 2;

static ASSET: &[u8] = include_bytes!("../../assets/mnist-mini.zlib");

/// Training images, test images and features.
pub(super) fn extent(
    train_size: Option<usize>,
    test_size: Option<usize>,
) -> Result<(usize, usize, usize), DataError> {
    let spec = "mnist-mini";
    let train = cut(Field::TrainSize, train_size, TRAIN, "training images", spec)?;
    let test = cut(Field::TestSize, test_size, TEST, "test images", spec)?;
    Ok((train, test, PIXELS))
}

/// The first images of the embedded set, pixels in [0, 1].
pub(super) fn load(train_size: Option<usize>, test_size: Option<usize>) -> Result<Dataset, DataError> {
    let (train, test, _) = extent(train_size, test_size)?;
    let (pixels, labels) = decode(ASSET)?;
    let part = |from: usize, n: usize| {
        let bytes = &pixels[from * PIXELS..(from + n) * PIXELS];
        super::image_split(bytes, PIXELS, labels[from..from + n].iter().map(|&l| u32::from(l)).collect())
    };
    Ok(Dataset {
        label_name: None,
        notes: Vec::new(),
        name: "mnist-mini".to_string(),
        train: part(0, train),
        test: Some(part(TRAIN, test)),
        features: PIXELS,
        classes: 10,
        feature_names: Vec::new(),
        class_names: (0..10).map(|digit| digit.to_string()).collect(),
        image: Some((SIDE, SIDE, 1)),
    })
}

/// Pixels `[COUNT, 28, 28]` and labels `[COUNT]` of the asset. A damaged asset is an error, not a panic.
fn decode(asset: &[u8]) -> Result<(Vec<u8>, Vec<u8>), DataError> {
    let damaged = |what: &str| DataError::Embedded(what.to_string());
    let mut stream = Vec::with_capacity(4 << 20);
    ZlibDecoder::new(asset)
        .read_to_end(&mut stream)
        .map_err(|error| DataError::Embedded(error.to_string()))?;

    let (labels, rest) = stream.split_at_checked(COUNT).ok_or_else(|| damaged("labels"))?;
    let (counts, rest) = rest.split_at_checked(4 * CONTEXTS).ok_or_else(|| damaged("counts"))?;
    let (classes, rest) = rest.split_at_checked(COUNT * PACKED).ok_or_else(|| damaged("classes"))?;
    // One reading head for each context's rim values; what is behind them are the bright pixels.
    let mut rims: Vec<std::slice::Iter<'_, u8>> = Vec::with_capacity(CONTEXTS);
    let mut rest = rest;
    for count in counts.chunks_exact(4) {
        let count = u32::from_le_bytes([count[0], count[1], count[2], count[3]]) as usize;
        let (rim, tail) = rest.split_at_checked(count).ok_or_else(|| damaged("rim"))?;
        rims.push(rim.iter());
        rest = tail;
    }
    let mut brights = rest.iter().flat_map(|&byte| [byte & 3, byte >> 2 & 3, byte >> 4 & 3, byte >> 6]);

    let mut pixels = vec![0u8; COUNT * PIXELS];
    let mut frame = [0u8; FRAME * FRAME];
    for (packed, image) in classes.chunks_exact(PACKED).zip(pixels.chunks_exact_mut(PIXELS)) {
        for (i, &byte) in packed.iter().enumerate() {
            let corner = (i / SIDE * 4 + 1) * FRAME + i % SIDE + 1;
            for k in 0..4 {
                frame[corner + k * FRAME] = byte >> (2 * k) & 3;
            }
        }
        for (r, row) in image.chunks_exact_mut(SIDE).enumerate() {
            for (c, pixel) in row.iter_mut().enumerate() {
                let at = (r + 1) * FRAME + c + 1;
                *pixel = match frame[at] {
                    0 => 0,
                    1 => {
                        let [left, right, up, down] =
                            [frame[at - 1], frame[at + 1], frame[at - FRAME], frame[at + FRAME]]
                                .map(usize::from);
                        let rim = rims.get_mut(27 * left + 9 * right + 3 * up + down);
                        *rim.and_then(Iterator::next).ok_or_else(|| damaged("rim"))?
                    }
                    2 => 252 + brights.next().ok_or_else(|| damaged("bright"))?,
                    _ => return Err(damaged("class")),
                };
            }
        }
    }
    Ok((pixels, labels.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    // All expected numbers were computed from the original IDX files by Python (sums and counts over bytes),
    // none of them by this decoder.

    #[test]
    fn the_decoded_bytes_are_those_of_the_original_files() {
        let (pixels, labels) = decode(ASSET).unwrap();
        let sum = |p: &[u8]| p.iter().map(|&x| u64::from(x)).sum::<u64>();
        assert_eq!(sum(&pixels[..TRAIN * PIXELS]), 262_146_600);
        assert_eq!(sum(&pixels[TRAIN * PIXELS..]), 48_335_026);
        // CRC-32 (Python's zlib.crc32) of the originals' bytes behind their headers: every pixel and label,
        // in order.
        let crc = |bytes: &[u8]| {
            let mut crc = flate2::Crc::new();
            crc.update(bytes);
            crc.sum()
        };
        assert_eq!(crc(&pixels[..TRAIN * PIXELS]), 0xc9c8_27de);
        assert_eq!(crc(&pixels[TRAIN * PIXELS..]), 0x238c_1138);
        assert_eq!(crc(&labels[..TRAIN]), 0xb6d3_27fb);
        assert_eq!(crc(&labels[TRAIN..]), 0x52c4_0e8d);
        let counts = |l: &[u8]| (0..10).map(|d| l.iter().filter(|&&x| x == d).count()).collect::<Vec<_>>();
        assert_eq!(counts(&labels[..TRAIN]), [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]);
        assert_eq!(counts(&labels[TRAIN..]), [175, 234, 219, 207, 217, 179, 178, 205, 192, 194]);
    }

    #[test]
    fn the_dataset_has_the_known_first_labels_and_mean() {
        let data = load(None, None).unwrap();
        let test = data.test.as_ref().unwrap();
        assert_eq!(data.train.labels[..10], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
        assert_eq!(test.labels[..10], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
        assert_eq!(data.train.inputs.dim(), (10_000, 784));
        assert_eq!(test.inputs.dim(), (2_000, 784));
        let mean = |s: &super::super::Split| {
            s.inputs.iter().map(|&x| f64::from(x)).sum::<f64>() / s.inputs.len() as f64
        };
        assert!((mean(&data.train) - 0.131_125_750_3).abs() < 1e-8);
        assert!((mean(test) - 0.120_885_919_4).abs() < 1e-8);
        assert!(data.train.inputs.iter().all(|x| (0.0..=1.0).contains(x)));
    }

    #[test]
    fn the_asset_is_small_and_a_damaged_one_is_an_error() {
        assert!(ASSET.len() < 2_000_000);
        assert!(LICENSE.contains("CC BY-SA 3.0"));
        for cut in [0, 1, 100, ASSET.len() / 2, ASSET.len() - 1] {
            assert!(matches!(decode(&ASSET[..cut]), Err(DataError::Embedded(_))), "{cut}");
        }
        let mut flipped = ASSET.to_vec();
        flipped[1_000_000] ^= 16;
        assert!(matches!(decode(&flipped), Err(DataError::Embedded(_))));
    }
}
