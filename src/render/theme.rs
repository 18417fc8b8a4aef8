//! The two themes: every colour of a figure that is not data, the categorical colours of curves, and the
//! tones of the five special kinds of cell.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::RenderError;
use super::colour::Rgb;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// For paper.
    #[default]
    Light,
    /// For a screen.
    Dark,
}

impl Theme {
    pub const ALL: [Theme; 2] = [Theme::Light, Theme::Dark];

    pub fn palette(self) -> &'static Palette {
        match self {
            Theme::Light => &LIGHT,
            Theme::Dark => &DARK,
        }
    }
}

impl fmt::Display for Theme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Theme::Light => "light",
            Theme::Dark => "dark",
        })
    }
}

impl FromStr for Theme {
    type Err = RenderError;
    fn from_str(s: &str) -> Result<Self, RenderError> {
        super::by_name("theme", &Self::ALL, s)
    }
}

/// The two tones of a special kind of cell: the ground, which also stands alone where a cell is too small
/// for a pattern, and the ink of the pattern; of a flat kind they are one.
#[derive(Clone, Copy, Debug)]
pub struct Tones {
    pub ground: Rgb,
    pub ink: Rgb,
}

#[derive(Debug)]
pub struct Palette {
    pub background: Rgb,
    pub text: Rgb,
    /// Quieter words: subtitle, caption, tick labels, notes.
    pub muted: Rgb,
    /// Axis lines, ticks and the frame of a heatmap.
    pub axis: Rgb,
    pub grid: Rgb,
    /// Ground of rows whose colours are not shown.
    pub mask: Rgb,
    /// Colours of curves, in order of use, cycled. Chosen by a search over hues near Okabe and Ito's set
    /// (2008) for the largest smallest distance under normal vision, protanopia and deuteranopia, with the
    /// contrast of text (4.5) on the ground, because a curve's label is written in its colour.
    pub series: [Rgb; 6],
    /// Ends of the ramp of an ordered quantity, from near the ground to far from it.
    pub ramp: [Rgb; 2],
    /// In the order zero, underflow, NaN, infinite, missing.
    pub special: [Tones; 5],
}

impl Palette {
    /// The colour at a place from 0 to 1 of the ramp.
    pub fn ramp_at(&self, place: f64) -> Rgb {
        let place = if place.is_nan() { 0.0 } else { place.clamp(0.0, 1.0) };
        let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * place).round() as u8;
        let [a, b] = self.ramp;
        Rgb(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
    }
}

const fn tones(ground: u32, ink: u32) -> Tones {
    Tones { ground: Rgb::hex(ground), ink: Rgb::hex(ink) }
}

static LIGHT: Palette = Palette {
    background: Rgb::hex(0xff_ff_ff),
    text: Rgb::hex(0x1c_1c_1e),
    muted: Rgb::hex(0x5a_5a_60),
    axis: Rgb::hex(0x8a_8a_90),
    grid: Rgb::hex(0xe8_e8_ea),
    mask: Rgb::hex(0xec_ec_ef),
    series: [
        Rgb::hex(0x10_71_e6),
        Rgb::hex(0xbc_53_05),
        Rgb::hex(0x00_84_5a),
        Rgb::hex(0xc9_2b_9b),
        Rgb::hex(0x3a_32_02),
        Rgb::hex(0x2d_2d_2d),
    ],
    ramp: [Rgb::hex(0x4a_97_d8), Rgb::hex(0x0a_1d_45)],
    special: [
        tones(0x00_00_00, 0x00_00_00),
        tones(0x8c_8c_8c, 0xa6_a6_a6),
        tones(0xe0_1f_9d, 0xff_ff_ff),
        tones(0xc4_12_12, 0xff_ff_ff),
        tones(0xe2_e2_e6, 0xe2_e2_e6),
    ],
};

static DARK: Palette = Palette {
    background: Rgb::hex(0x15_18_1d),
    text: Rgb::hex(0xec_ed_ef),
    muted: Rgb::hex(0xab_b1_ba),
    axis: Rgb::hex(0x7d_84_8e),
    grid: Rgb::hex(0x2c_31_39),
    mask: Rgb::hex(0x2b_30_38),
    series: [
        Rgb::hex(0x04_82_fe),
        Rgb::hex(0xf8_a2_73),
        Rgb::hex(0x73_ee_cb),
        Rgb::hex(0xe8_86_d8),
        Rgb::hex(0xc5_a6_0c),
        Rgb::hex(0x82_82_82),
    ],
    ramp: [Rgb::hex(0x3a_78_b4), Rgb::hex(0xe4_f2_ff)],
    special: [
        // Black would look like the page.
        tones(0x4a_50_59, 0x4a_50_59),
        tones(0x8c_8c_8c, 0xa6_a6_a6),
        tones(0xe0_1f_9d, 0xff_ff_ff),
        tones(0xc4_12_12, 0xff_ff_ff),
        tones(0x2a_2f_37, 0x2a_2f_37),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_lines_stand_out_from_the_ground() {
        for theme in Theme::ALL {
            let p = theme.palette();
            for colour in [p.text, p.muted] {
                assert!(colour.contrast(p.background) >= 4.5, "{theme}: {colour} as text");
            }
            // Labels of curves are text too, so the stricter limit holds for the categorical colours.
            for colour in p.series {
                assert!(colour.contrast(p.background) >= 4.5, "{theme}: {colour} as a curve and its label");
            }
            assert!(p.axis.contrast(p.background) >= 3.0, "{theme}: axis");
            for tones in &p.special[2..4] {
                assert!(
                    tones.ground.contrast(tones.ink) >= 3.0,
                    "{theme}: pattern {tones:?} on a grey printer"
                );
            }
            // Zero, lost and not recorded are three greys in this order, away from the page.
            let [zero, lost, missing] = [0, 1, 4].map(|k| p.special[k].ground.contrast(p.background));
            assert!(missing >= 1.25 && lost > 1.5 * missing, "{theme}: {zero} {lost} {missing}");
            assert!(p.special[0].ground.contrast(p.special[1].ground) >= 2.0, "{theme}: zero and lost");
        }
    }

    /// The colour as a viewer with the named colour blindness sees it, in CIE L*a*b*. Matrices: Machado,
    /// Oliveira and Fernandes (2009), severity 1.0, in linear RGB.
    fn seen(colour: Rgb, matrix: [[f64; 3]; 3]) -> [f64; 3] {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        let rgb = [linear(colour.0), linear(colour.1), linear(colour.2)];
        let v: Vec<f64> = matrix
            .iter()
            .map(|r| r.iter().zip(rgb).map(|(a, b)| a * b).sum::<f64>().clamp(0.0, 1.0))
            .collect();
        let x = (0.4124 * v[0] + 0.3576 * v[1] + 0.1805 * v[2]) / 0.9505;
        let y = 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2];
        let z = (0.0193 * v[0] + 0.1192 * v[1] + 0.9505 * v[2]) / 1.089;
        let f = |t: f64| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
        [116.0 * f(y) - 16.0, 500.0 * (f(x) - f(y)), 200.0 * (f(y) - f(z))]
    }

    #[test]
    fn curves_are_told_apart_by_colour_blind_readers() {
        let eyes = [
            ("normal", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
            (
                "protanopia",
                [
                    [0.152_286, 1.052_583, -0.204_868],
                    [0.114_503, 0.786_281, 0.099_216],
                    [-0.003_882, -0.048_116, 1.051_998],
                ],
            ),
            (
                "deuteranopia",
                [
                    [0.367_322, 0.860_646, -0.227_968],
                    [0.280_085, 0.672_501, 0.047_413],
                    [-0.011_820, 0.042_940, 0.968_881],
                ],
            ),
        ];
        for theme in Theme::ALL {
            let series = theme.palette().series;
            for (eye, matrix) in eyes {
                for (i, a) in series.iter().enumerate() {
                    for b in &series[..i] {
                        let (p, q) = (seen(*a, matrix), seen(*b, matrix));
                        let distance = p.iter().zip(q).map(|(p, q)| (p - q).powi(2)).sum::<f64>().sqrt();
                        assert!(distance > 20.0, "{theme}, {eye}: {a} and {b} are {distance:.1} apart");
                    }
                }
            }
        }
    }
}
