//! The notation of a network's hidden layers: pieces from the input side on, separated by commas.
//!
//! | piece | layers |
//! |---|---|
//! | `dense:64` | fully connected, 64 units; maps are flattened |
//! | `conv:16x3` | convolution, 16 channels, kernel 3 x 3; `s2` behind it: stride 2, `p0`: no padding. Without `p`, an odd kernel is padded so that stride 1 keeps the size |
//! | `pool:2` | max pooling over 2 x 2, with a stride of the window's size; `pool:3s2`: stride 2 |
//! | `avg:2` | average pooling, likewise |
//! | `gap` | global average pooling: the mean of each channel |
//! | `res(..)` | a group of pieces with a skip around it: the identity, or a 1 x 1 convolution where the shapes differ |
//! | `3*conv:16x3` | three of them; groups too: `9*res(conv:8x3,conv:8x3)` |
//!
//! `@tanh` behind a convolution or a dense layer is its own activation, in place of the network's. The output
//! layer is not written: it is dense, with a unit for each class.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::activation::Activation;
use crate::names::NameError;

/// Hidden layers as they are written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Architecture {
    /// From the input side on.
    pub pieces: Vec<Piece>,
}

/// One piece of an [`Architecture`].
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    Dense {
        units: usize,
        /// `None`: the network's.
        activation: Option<Activation>,
    },
    Convolution {
        channels: usize,
        /// The kernel is as wide as it is high.
        kernel: usize,
        stride: usize,
        /// Rows and columns of zeros on every side; `None`: half the kernel, rounded down.
        padding: Option<usize>,
        activation: Option<Activation>,
    },
    MaxPooling(Window),
    AveragePooling(Window),
    GlobalPooling,
    Residual(Vec<Piece>),
}

/// The square window of a pooling layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub size: usize,
    pub stride: usize,
}

/// More pieces than this are a slip of the keyboard.
const MOST_PIECES: usize = 10_000;
/// A kernel or a window is not larger than any image.
const MOST_SIZE: usize = 1024;
const MOST_UNITS: usize = 1_000_000;
const MOST_CHANNELS: usize = 65_536;

impl Piece {
    pub fn dense(units: usize) -> Piece {
        Piece::Dense { units, activation: None }
    }

    /// Its layers with weights; a 1 x 1 convolution on a skip does not count.
    pub fn depth(&self) -> usize {
        match self {
            Piece::Dense { .. } | Piece::Convolution { .. } => 1,
            Piece::MaxPooling(_) | Piece::AveragePooling(_) | Piece::GlobalPooling => 0,
            Piece::Residual(pieces) => pieces.iter().map(Piece::depth).sum(),
        }
    }
}

impl Architecture {
    /// Dense layers of these sizes.
    pub fn dense(sizes: &[usize]) -> Architecture {
        Architecture { pieces: sizes.iter().map(|&units| Piece::dense(units)).collect() }
    }

    /// Hidden layers with weights.
    pub fn depth(&self) -> usize {
        self.pieces.iter().map(Piece::depth).sum()
    }

    /// Whether a group has a skip.
    pub fn has_skips(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Residual(_)))
    }

    /// Whether there is a convolution, in a group or outside.
    pub fn has_convolutions(&self) -> bool {
        self.flat().iter().any(|piece| matches!(piece, Piece::Convolution { .. }))
    }

    /// The notation without how often a piece is repeated: networks of one family differ in depth.
    pub fn family(&self) -> String {
        fn once(pieces: &[Piece]) -> Vec<Piece> {
            let mut out: Vec<Piece> = Vec::new();
            for piece in pieces {
                let piece = match piece {
                    Piece::Residual(inner) => Piece::Residual(once(inner)),
                    plain => plain.clone(),
                };
                if out.last() != Some(&piece) {
                    out.push(piece);
                }
            }
            out
        }
        Architecture { pieces: once(&self.pieces) }.to_string()
    }

    /// Makes every layer so many times as wide.
    pub fn widen(&mut self, factor: usize) {
        fn all(pieces: &mut [Piece], factor: usize) {
            for piece in pieces {
                match piece {
                    Piece::Dense { units: width, .. } | Piece::Convolution { channels: width, .. } => {
                        *width = width.saturating_mul(factor);
                    }
                    Piece::Residual(inner) => all(inner, factor),
                    Piece::MaxPooling(_) | Piece::AveragePooling(_) | Piece::GlobalPooling => {}
                }
            }
        }
        all(&mut self.pieces, factor);
    }

    /// Number of weights at least: those of dense layers behind each other, and of convolutions of one map.
    /// For a look at the memory before anything is made.
    pub(crate) fn least_weights(&self, inputs: usize) -> f64 {
        let (mut before, mut weights) = (Some(inputs as f64), 0.0);
        for piece in self.flat() {
            match piece {
                Piece::Dense { units, .. } => {
                    weights += before.unwrap_or(1.0) * *units as f64;
                    before = Some(*units as f64);
                }
                Piece::Convolution { channels, kernel, .. } => {
                    weights += *channels as f64 * (kernel * kernel) as f64;
                    before = None;
                }
                _ => before = None,
            }
        }
        weights
    }

    /// Every piece that is no group, in order.
    pub fn flat(&self) -> Vec<&Piece> {
        fn walk<'a>(pieces: &'a [Piece], out: &mut Vec<&'a Piece>) {
            for piece in pieces {
                match piece {
                    Piece::Residual(inner) => walk(inner, out),
                    plain => out.push(plain),
                }
            }
        }
        let mut out = Vec::new();
        walk(&self.pieces, &mut out);
        out
    }

    /// Sizes of the hidden layers, if all are dense and no group is among them.
    pub fn dense_sizes(&self) -> Option<Vec<usize>> {
        let size = |piece: &Piece| match piece {
            Piece::Dense { units, activation: None } => Some(*units),
            _ => None,
        };
        self.pieces.iter().map(size).collect()
    }
}

// ---- writing ----------------------------------------------------------------------------------------------------

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let window = |f: &mut fmt::Formatter<'_>, name: &str, window: &Window| {
            write!(f, "{name}:{}", window.size)?;
            if window.stride == window.size { Ok(()) } else { write!(f, "s{}", window.stride) }
        };
        match self {
            Piece::Dense { units, activation } => {
                write!(f, "dense:{units}")?;
                activation.map_or(Ok(()), |activation| write!(f, "@{activation}"))
            }
            Piece::Convolution { channels, kernel, stride, padding, activation } => {
                write!(f, "conv:{channels}x{kernel}")?;
                if *stride != 1 {
                    write!(f, "s{stride}")?;
                }
                if let Some(padding) = padding {
                    write!(f, "p{padding}")?;
                }
                activation.map_or(Ok(()), |activation| write!(f, "@{activation}"))
            }
            Piece::MaxPooling(of) => window(f, "pool", of),
            Piece::AveragePooling(of) => window(f, "avg", of),
            Piece::GlobalPooling => f.write_str("gap"),
            Piece::Residual(pieces) => {
                f.write_str("res(")?;
                write_pieces(f, pieces)?;
                f.write_str(")")
            }
        }
    }
}

fn write_pieces(f: &mut fmt::Formatter<'_>, pieces: &[Piece]) -> fmt::Result {
    let mut rest = pieces;
    while let Some(piece) = rest.first() {
        let equal = rest.iter().take_while(|other| *other == piece).count();
        if rest.len() < pieces.len() {
            f.write_str(",")?;
        }
        if equal > 1 {
            write!(f, "{equal}*")?;
        }
        write!(f, "{piece}")?;
        rest = &rest[equal..];
    }
    Ok(())
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_pieces(f, &self.pieces)
    }
}

impl From<Architecture> for String {
    fn from(architecture: Architecture) -> String {
        architecture.to_string()
    }
}

// ---- reading ----------------------------------------------------------------------------------------------------

impl TryFrom<String> for Architecture {
    type Error = NameError;

    fn try_from(text: String) -> Result<Architecture, NameError> {
        text.parse()
    }
}

impl FromStr for Architecture {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Architecture, NameError> {
        let mut reader = Reader { rest: text.trim(), pieces: 0 };
        let pieces = reader.pieces()?;
        match reader.rest {
            "" => Ok(Architecture { pieces }),
            rest => Err(NameError::Value(format!("'{rest}': a bracket is closed that was not opened"))),
        }
    }
}

const KNOWN: [&str; 6] = ["dense", "conv", "pool", "avg", "gap", "res"];

struct Reader<'a> {
    rest: &'a str,
    /// Pieces so far.
    pieces: usize,
}

impl<'a> Reader<'a> {
    /// Pieces up to the end or a closing bracket.
    fn pieces(&mut self) -> Result<Vec<Piece>, NameError> {
        let mut pieces = Vec::new();
        loop {
            let (count, piece) = self.repeated()?;
            self.pieces = self.pieces.saturating_add(count.saturating_mul(piece.depth().max(1)));
            if self.pieces > MOST_PIECES {
                return Err(NameError::Value(format!("more than {MOST_PIECES} layers")));
            }
            pieces.extend(std::iter::repeat_n(piece, count));
            match self.rest.strip_prefix(',') {
                Some(rest) => self.rest = rest.trim_start(),
                None => return Ok(pieces),
            }
        }
    }

    /// A piece, and how many of it.
    fn repeated(&mut self) -> Result<(usize, Piece), NameError> {
        let digits = self.rest.len() - self.rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let Some(behind) = self.rest[digits..].strip_prefix('*').filter(|_| digits > 0) else {
            return Ok((1, self.piece()?));
        };
        let count =
            number(&self.rest[..digits], &format!("{}*", &self.rest[..digits]), "a count", MOST_PIECES)?;
        self.rest = behind;
        Ok((count, self.piece()?))
    }

    fn piece(&mut self) -> Result<Piece, NameError> {
        if let Some(inner) = self.rest.strip_prefix("res(") {
            self.rest = inner.trim_start();
            let pieces = self.pieces()?;
            self.rest = self.rest.strip_prefix(')').ok_or_else(|| {
                NameError::Value(
                    "'res(' is never closed; close it with ')', and quote the whole for the shell".into(),
                )
            })?;
            if pieces.iter().all(|piece| piece.depth() == 0) {
                return Err(NameError::Value("'res(..)': a group needs a layer with weights".into()));
            }
            return Ok(Piece::Residual(pieces));
        }
        let end = self.rest.find([',', ')']).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        word(text.trim())
    }
}

/// One piece that is no group.
fn word(text: &str) -> Result<Piece, NameError> {
    let wrong = |problem: &str| NameError::Value(format!("'{text}': {problem}"));
    let (body, own) = match text.split_once('@') {
        Some((body, name)) => (body, Some(name.parse::<Activation>().map_err(|e| wrong(&e.to_string()))?)),
        None => (text, None),
    };
    let (name, sizes) = body.split_once(':').map_or((body, None), |(name, sizes)| (name, Some(sizes)));
    let sizes_of = |example: &str| sizes.ok_or_else(|| wrong(&format!("it has no size; write {example}")));
    let piece = match name {
        "res" => return Err(wrong("a group stands in brackets; write res(conv:16x3,conv:16x3)")),
        "dense" => {
            let units = number(sizes_of("dense:64")?, text, "a number of units", MOST_UNITS)?;
            return Ok(Piece::Dense { units, activation: own });
        }
        "conv" => {
            let (sizes, padding) = suffix(sizes_of("conv:16x3")?, 'p', text)?;
            let (sizes, stride) = suffix(sizes, 's', text)?;
            let Some((channels, kernel)) = sizes.split_once('x') else {
                return Err(wrong("it needs channels and kernel; write conv:16x3"));
            };
            if stride == Some(0) {
                return Err(wrong("the stride is at least 1"));
            }
            if matches!(own, Some(Activation::Maxout(_))) {
                return Err(wrong("maxout is of dense layers; give a convolution another activation"));
            }
            return Ok(Piece::Convolution {
                channels: number(channels, text, "a number of channels", MOST_CHANNELS)?,
                kernel: number(kernel, text, "a size of the kernel", MOST_SIZE)?,
                stride: stride.unwrap_or(1),
                padding,
                activation: own,
            });
        }
        "pool" => Piece::MaxPooling(window(sizes_of("pool:2")?, text)?),
        "avg" => Piece::AveragePooling(window(sizes_of("avg:2")?, text)?),
        "gap" if sizes.is_none() => Piece::GlobalPooling,
        "gap" => return Err(wrong("it takes the mean of the whole map; write gap")),
        "" => {
            return Err(NameError::Value(
                "a piece is missing; write them with commas between, as conv:16x3,pool:2".into(),
            ));
        }
        _ => return Err(NameError::unknown("piece", name, KNOWN)),
    };
    if own.is_some() { Err(wrong("a pooling layer has no activation")) } else { Ok(piece) }
}

fn window(sizes: &str, text: &str) -> Result<Window, NameError> {
    let (size, stride) = suffix(sizes, 's', text)?;
    let size = number(size, text, "a size of the window", MOST_SIZE)?;
    match stride {
        Some(0) => Err(NameError::Value(format!("'{text}': the stride is at least 1"))),
        stride => Ok(Window { size, stride: stride.unwrap_or(size) }),
    }
}

/// Cuts off a letter and the number behind it.
fn suffix<'a>(sizes: &'a str, letter: char, text: &str) -> Result<(&'a str, Option<usize>), NameError> {
    let Some((front, digits)) = sizes.split_once(letter) else { return Ok((sizes, None)) };
    match digits.parse::<usize>() {
        Ok(n) if n <= MOST_SIZE => Ok((front, Some(n))),
        _ => Err(NameError::Value(format!("'{text}': behind '{letter}' stands a number up to {MOST_SIZE}"))),
    }
}

fn number(digits: &str, text: &str, what: &str, most: usize) -> Result<usize, NameError> {
    match digits.trim().parse::<usize>() {
        Ok(n) if (1..=most).contains(&n) => Ok(n),
        _ => Err(NameError::Value(format!("'{text}': '{}' is not {what} from 1 to {most}", digits.trim()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Architecture {
        text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    #[test]
    fn the_notation_is_read_and_written() {
        for text in [
            "conv:16x3,pool:2,conv:32x3,pool:2,dense:64",
            "conv:8x5s2p0@tanh,avg:3s2,gap,dense:10@maxout:3",
            "9*res(2*conv:8x3),gap",
            "2*res(2*conv:8x3,pool:2),dense:4@leaky-relu",
            "20*dense:100",
        ] {
            assert_eq!(read(text).to_string(), text);
            let json = serde_json::to_string(&read(text)).unwrap();
            assert_eq!(serde_json::from_str::<Architecture>(&json).unwrap(), read(text));
        }
        assert_eq!(read("dense:64, dense:64,dense:64").to_string(), "3*dense:64");
        assert_eq!(read("res( conv:8x3 , conv:8x3 )").to_string(), "res(2*conv:8x3)");
        assert_eq!(read("2*res(conv:8x3,conv:8x3),pool:2,dense:5").depth(), 5);
        assert_eq!(read("3*dense:64").dense_sizes(), Some(vec![64; 3]));
        assert_eq!(read("dense:64@tanh").dense_sizes(), None);
        assert_eq!(read("3*conv:8x3,2*res(2*conv:8x3),gap").family(), "conv:8x3,res(conv:8x3),gap");
        let same = Piece::Convolution { channels: 16, kernel: 3, stride: 1, padding: None, activation: None };
        assert_eq!(read("conv:16x3").pieces, [same]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_piece_and_the_way_out() {
        for (text, words) in [
            ("conv:16", "'conv:16': it needs channels and kernel; write conv:16x3"),
            ("conv", "'conv': it has no size; write conv:16x3"),
            ("res", "'res': a group stands in brackets; write res(conv:16x3,conv:16x3)"),
            ("dense:0", "'dense:0': '0' is not a number of units from 1 to 1000000"),
            ("dense:x", "'x' is not a number of units"),
            ("conv:16x3s0", "the stride is at least 1"),
            ("conv:16x3p", "behind 'p' stands a number"),
            ("pool:2@relu", "a pooling layer has no activation"),
            ("pol:2", "unknown piece 'pol' (did you mean 'pool'?)"),
            ("dense:4@rellu", "'dense:4@rellu': unknown activation 'rellu' (did you mean 'relu'?)"),
            ("conv:4x3@maxout:2", "maxout is of dense layers"),
            ("res(conv:8x3", "'res(' is never closed"),
            ("res(pool:2)", "a group needs a layer with weights"),
            ("conv:8x3),gap", "a bracket is closed that was not opened"),
            ("conv:8x3,,gap", "a piece is missing; write them with commas between, as conv:16x3,pool:2"),
            ("", "a piece is missing"),
            ("gap:2", "it takes the mean of the whole map"),
            ("100000*dense:3", "'100000' is not a count from 1 to 10000"),
            ("1000*res(20*dense:3)", "more than 10000 layers"),
        ] {
            let error = text.parse::<Architecture>().unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_what_is_read_is_written_the_same(text in "[a-z0-9:@*(),x ]{0,40}") {
            if let Ok(architecture) = text.parse::<Architecture>() {
                prop_assert_eq!(&read(&architecture.to_string()), &architecture);
            }
        }
    }
}
