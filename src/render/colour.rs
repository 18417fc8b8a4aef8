//! Colours: the two colour maps for heatmaps, and what contrast is.
//!
//! Both maps are perceptually uniform: lightness rises steadily with the value, so the order survives a
//! grey printer and every form of colour blindness.

mod cividis;
mod viridis;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::RenderError;
use crate::figure::chart::ColourScale;

/// An opaque sRGB colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

impl Rgb {
    /// From `0xRRGGBB`.
    pub const fn hex(value: u32) -> Rgb {
        Rgb((value >> 16) as u8, (value >> 8) as u8, value as u8)
    }

    /// Relative luminance, 0 (black) to 1 (white): WCAG 2.1, "relative luminance".
    pub fn luminance(self) -> f64 {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// Contrast ratio, 1 to 21: WCAG 2.1, success criterion 1.4.3. Text wants 4.5, lines want 3.
    pub fn contrast(self, other: Rgb) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }
}

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// How a heatmap's values become colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColourMap {
    #[default]
    Viridis,
    Cividis,
}

impl ColourMap {
    pub const ALL: [ColourMap; 2] = [ColourMap::Viridis, ColourMap::Cividis];

    /// The colour at `t`, 0 (low, dark) to 1 (high, light), interpolated between the 256 published colours.
    /// Values outside are clamped to the ends; NaN gives the low end (a NaN cell never comes here, it has
    /// its own pattern).
    pub fn at(self, t: f64) -> Rgb {
        let table = match self {
            ColourMap::Viridis => &viridis::VIRIDIS,
            ColourMap::Cividis => &cividis::CIVIDIS,
        };
        let position = if t.is_nan() { 0.0 } else { t.clamp(0.0, 1.0) } * 255.0;
        let below = position.floor() as usize;
        let (a, b) = (Rgb::hex(table[below]), Rgb::hex(table[(below + 1).min(255)]));
        let share = position - below as f64;
        let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share).round() as u8;
        Rgb(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
    }
}

/// The colours of one scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    Map(ColourMap),
    /// Of numbers with a sign: blue below zero, grey at zero, which lies in the middle, yellow above. The
    /// lightness rises from end to end, so that signs survive a grey printer, and blue and yellow are told
    /// apart by all forms of colour blindness but the rarest.
    Signed,
}

/// The ends and the middle of [`Colours::Signed`].
const SIGNED: [Rgb; 3] = [Rgb::hex(0x13_43_a8), Rgb::hex(0x9c_9c_a0), Rgb::hex(0xff_d8_2e)];

impl Colours {
    /// Those of a scale in a figure that is drawn with this map.
    pub fn of(scale: &ColourScale, map: ColourMap) -> Colours {
        if scale.signed { Colours::Signed } else { Colours::Map(map) }
    }

    /// The colour at `t`, 0 (low) to 1 (high), as [`ColourMap::at`].
    pub fn at(self, t: f64) -> Rgb {
        if let Colours::Map(map) = self {
            return map.at(t);
        }
        let t = if t.is_nan() { 0.0 } else { t.clamp(0.0, 1.0) };
        let (a, b, share) = match t {
            t if t < 0.5 => (SIGNED[0], SIGNED[1], 2.0 * t),
            t => (SIGNED[1], SIGNED[2], 2.0 * t - 1.0),
        };
        let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share).round() as u8;
        Rgb(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
    }
}

impl fmt::Display for ColourMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ColourMap::Viridis => "viridis",
            ColourMap::Cividis => "cividis",
        })
    }
}

impl FromStr for ColourMap {
    type Err = RenderError;
    fn from_str(s: &str) -> Result<Self, RenderError> {
        super::by_name("colour map", &Self::ALL, s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_maps_go_through_their_published_anchors() {
        // Published with matplotlib: viridis(0), viridis(0.5), viridis(1), cividis(0), cividis(1).
        assert_eq!(ColourMap::Viridis.at(0.0), Rgb::hex(0x44_01_54));
        assert_eq!(ColourMap::Viridis.at(128.0 / 255.0), Rgb::hex(0x21_91_8c));
        assert_eq!(ColourMap::Viridis.at(1.0), Rgb::hex(0xfd_e7_25));
        assert_eq!(ColourMap::Cividis.at(0.0), Rgb::hex(0x00_22_4e));
        assert_eq!(ColourMap::Cividis.at(1.0), Rgb::hex(0xfe_e8_38));
        assert_eq!(ColourMap::Viridis.at(f64::NAN), ColourMap::Viridis.at(-3.0));
        assert_eq!(ColourMap::Viridis.at(f64::INFINITY), ColourMap::Viridis.at(1.0));
    }

    #[test]
    fn lightness_rises_steadily() {
        for map in ColourMap::ALL {
            let l: Vec<f64> = (0..256).map(|i| map.at(f64::from(i) / 255.0).luminance()).collect();
            // Eight-bit rounding moves single entries; over four entries it must rise.
            assert!(l.windows(5).all(|w| w[4] > w[0]), "{map}");
            assert!(l[255] / l[0] > 20.0, "{map} spans a wide range of lightness");
        }
    }

    #[test]
    fn colours_of_signs_have_zero_in_the_middle_and_rise_in_lightness() {
        let at = |t: f64| Colours::Signed.at(t);
        let l: Vec<f64> = (0..=240).map(|i| at(f64::from(i) / 240.0).luminance()).collect();
        assert!(l.windows(5).all(|w| w[4] > w[0]));
        assert_eq!(at(0.5), SIGNED[1]);
        // Blue has more blue than red, yellow less: the ends and what lies near them cannot be mixed up.
        for i in 1..=10 {
            let (low, high) = (at(0.5 - 0.05 * f64::from(i)), at(0.5 + 0.05 * f64::from(i)));
            assert!(low.2 > low.0 && high.2 < high.0, "{low} {high}");
        }
        assert!(SIGNED[0].contrast(SIGNED[1]) > 3.0 && SIGNED[2].contrast(SIGNED[1]) > 1.8);
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        assert!((Rgb::hex(0).contrast(Rgb::hex(0xff_ff_ff)) - 21.0).abs() < 1e-12);
        // #777777 on white is the textbook near miss: 4.48.
        assert!((Rgb::hex(0x77_77_77).contrast(Rgb::hex(0xff_ff_ff)) - 4.48).abs() < 0.005);
    }
}
