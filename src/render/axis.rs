//! Numeric axes: from a value to a place, and which values are ticked and how they are written.
//!
//! Logarithms are taken here, so a log axis is a linear one over the decades; ticks are whole decades
//! wherever two fit.

use crate::figure::chart::{Axis, AxisKind};
use crate::text::numbers::{power_of_ten, thousands};

/// Behind a percentage, as the sentences of a figure write it.
const PERCENT: &str = "\u{a0}%";

/// A tick: where, in the axis' own linear coordinate (decades on a log axis), and its words; minor ticks
/// have none.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    pub at: f64,
    pub label: String,
}

/// The axis' own linear coordinate of a value.
pub fn linear(kind: AxisKind, value: f64) -> f64 {
    match kind {
        AxisKind::Linear | AxisKind::Whole => value,
        AxisKind::Log10 if value > 0.0 => value.log10(),
        AxisKind::Log1p if value >= 0.0 => value.ln_1p() / std::f64::consts::LN_10,
        // Nothing at or below zero has a place on a log axis: it lies beyond the lower end.
        AxisKind::Log10 | AxisKind::Log1p => f64::NEG_INFINITY,
    }
}

/// The ends of an axis in its linear coordinate: finite, increasing, whatever was asked for.
pub fn ends(axis: &Axis) -> (f64, f64) {
    let (mut low, mut high) = (linear(axis.kind, axis.low), linear(axis.kind, axis.high));
    if !high.is_finite() {
        high = if low.is_finite() { low + 1.0 } else { 1.0 };
    }
    if !low.is_finite() {
        low = high - 1.0;
    }
    if low > high {
        std::mem::swap(&mut low, &mut high);
    }
    if high - low < 1e-12 * high.abs().max(1e-290) {
        let half = if low == 0.0 { 0.5 } else { 0.5 * low.abs() };
        (low, high) = (low - half, high + half);
    }
    (low, high)
}

/// Places values of an axis between two pixels.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    kind: AxisKind,
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// `from` and `to` are the pixels of the axis' low and high end.
    pub fn new(axis: &Axis, from: f64, to: f64) -> Scale {
        let (low, high) = ends(axis);
        Scale { kind: axis.kind, low, high, from, to }
    }

    /// The pixel of a value; may lie outside the axis, and is not finite for a value that has no place on it.
    pub fn place(&self, value: f64) -> f64 {
        self.place_linear(linear(self.kind, value))
    }

    pub fn place_linear(&self, at: f64) -> f64 {
        self.from + (at - self.low) / (self.high - self.low) * (self.to - self.from)
    }
}

/// The labelled ticks of an axis that is `length` pixels long. `room` says how many pixels a label takes
/// along the axis, the gap to the next one included; labels never overlap.
pub fn ticks(axis: &Axis, length: f64, room: impl Fn(&str) -> f64) -> Vec<Tick> {
    let (low, high) = ends(axis);
    let fits = |ticks: &[Tick]| {
        let place = |t: &Tick| (t.at - low) / (high - low) * length;
        ticks.windows(2).all(|w| place(&w[1]) - place(&w[0]) >= 0.5 * (room(&w[0].label) + room(&w[1].label)))
    };
    match axis.kind {
        AxisKind::Linear => linear_ticks(low, high, axis.percent, fits),
        AxisKind::Whole => whole_ticks(low, high, fits),
        AxisKind::Log10 => decade_ticks(low, high, axis.percent, fits),
        AxisKind::Log1p => log1p_ticks(high, fits),
    }
}

/// Unlabelled ticks at 2 to 9 times the decades of a log axis, where they are at least 3 pixels apart.
pub fn minor_ticks(axis: &Axis, length: f64) -> Vec<f64> {
    let (low, high) = ends(axis);
    let per_decade = length / (high - low);
    let log = matches!(axis.kind, AxisKind::Log10 | AxisKind::Log1p);
    if !log || per_decade * (10f64 / 9.0).log10() < 2.0 {
        return Vec::new();
    }
    let mut out = Vec::new();
    for decade in low.floor() as i32..=high.ceil() as i32 {
        for m in 2..10 {
            let value = f64::from(m) * 10f64.powi(decade);
            let at = linear(axis.kind, value);
            if at > low && at < high && (axis.kind == AxisKind::Log10 || value >= 1.0) {
                out.push(at);
            }
        }
    }
    out
}

/// The labelled ticks of a colour bar over `low..high`, log10 of the quantity or plain values, `length`
/// pixels long.
pub fn bar_ticks(low: f64, high: f64, logarithmic: bool, percent: bool, length: f64, line: f64) -> Vec<Tick> {
    let fits = |ticks: &[Tick]| ticks.windows(2).all(|w| (w[1].at - w[0].at) / (high - low) * length >= line);
    if low >= high {
        return vec![Tick {
            at: low,
            label: if logarithmic { power_of_ten(low.round() as i32) } else { plain(low) },
        }];
    }
    if logarithmic { decade_ticks(low, high, percent, fits) } else { linear_ticks(low, high, percent, fits) }
}

/// 1-2-5 steps, from fine to coarse.
fn steps(from: f64) -> impl Iterator<Item = (f64, i32)> {
    let first = from.log10().floor() as i32;
    (first..first + 40).flat_map(|e| [1.0, 2.0, 5.0].map(move |m| (m * 10f64.powi(e), e)))
}

fn multiples(low: f64, high: f64, step: f64) -> impl Iterator<Item = f64> {
    let slack = 1e-9 * (high - low);
    let (first, last) = (((low - slack) / step).ceil() as i64, ((high + slack) / step).floor() as i64);
    (first..=last.min(first + 400)).map(move |i| i as f64 * step)
}

fn linear_ticks(low: f64, high: f64, percent: bool, fits: impl Fn(&[Tick]) -> bool) -> Vec<Tick> {
    let mut best = Vec::new();
    for (step, exponent) in steps((high - low) / 40.0) {
        let ticks: Vec<Tick> = multiples(low, high, step)
            .map(|v| {
                let label = match percent {
                    true => format!("{}{PERCENT}", fixed(v * 100.0, -exponent - 2)),
                    false => stepped(v, step, exponent),
                };
                Tick { at: v, label }
            })
            .collect();
        if ticks.len() <= 11 && fits(&ticks) {
            return ticks;
        }
        if step > high - low {
            break;
        }
        best = ticks;
    }
    best.truncate(1);
    best
}

fn whole_ticks(low: f64, high: f64, fits: impl Fn(&[Tick]) -> bool) -> Vec<Tick> {
    let tick = |v: f64| Tick { at: v, label: fixed(v, 0) };
    let first = (low - 1e-9).ceil();
    for (step, _) in steps(1.0) {
        let mut ticks: Vec<Tick> = multiples(low, high, step).map(tick).collect();
        if ticks.len() > 300 {
            continue;
        }
        // The first category is named even where the step would pass it by: layer 1 is the one in question.
        if ticks.first().is_some_and(|t| t.at > first) {
            let mut with_first = vec![tick(first)];
            with_first.extend(ticks.iter().cloned());
            if fits(&with_first) {
                return with_first;
            }
            // "1, 5, 10" is worth more than "5, 10" only if it fits; else the first multiple gives way.
            with_first.remove(1);
            if ticks.len() > 2 && fits(&with_first) {
                return with_first;
            }
        }
        if fits(&ticks) || step > high - low {
            ticks.truncate(if fits(&ticks) { ticks.len() } else { 1 });
            return ticks;
        }
    }
    Vec::new()
}

fn decade_ticks(low: f64, high: f64, percent: bool, fits: impl Fn(&[Tick]) -> bool) -> Vec<Tick> {
    let (first, last) = ((low - 1e-9).ceil() as i32, (high + 1e-9).floor() as i32);
    // Small whole numbers are read faster than powers; a mixture is not.
    let words = first >= 0 && last <= 5;
    let label = |e: i32| {
        if percent {
            // As in the sentences: plain down to 0.001 %.
            let share = if e + 2 < -3 { power_of_ten(e + 2) } else { plain(10f64.powi(e + 2)) };
            format!("{share}{PERCENT}")
        } else if words {
            fixed(10f64.powi(e), 0)
        } else {
            power_of_ten(e)
        }
    };
    if last > first {
        for step in [1, 2, 5, 10, 20, 50, 100, 200] {
            let ticks: Vec<Tick> = (first..=last)
                .filter(|e| e.rem_euclid(step) == 0)
                .map(|e| Tick { at: f64::from(e), label: label(e) })
                .collect();
            if fits(&ticks) && ticks.len() >= 2 {
                return ticks;
            }
        }
        return vec![Tick { at: f64::from(first), label: label(first) }];
    }
    // Fewer than two whole decades: 1, 2, 5 times the power of ten, or the plain values between.
    let mut ticks = Vec::new();
    for e in low.floor() as i32..=high.ceil() as i32 {
        for m in [1.0f64, 2.0, 5.0] {
            let at = m.log10() + f64::from(e);
            if at >= low - 1e-9 && at <= high + 1e-9 {
                let value = m * 10f64.powi(e);
                let label = if percent { format!("{}{PERCENT}", plain(value * 100.0)) } else { plain(value) };
                ticks.push(Tick { at, label });
            }
        }
    }
    if ticks.len() >= 2 && fits(&ticks) {
        return ticks;
    }
    let (a, b) = (10f64.powf(low), 10f64.powf(high));
    let fits_log = |ticks: &[Tick]| {
        fits(
            &ticks
                .iter()
                .map(|t| Tick { at: t.at.max(f64::MIN_POSITIVE).log10(), label: t.label.clone() })
                .collect::<Vec<_>>(),
        )
    };
    let fine = linear_ticks(a, b, percent, fits_log);
    fine.into_iter().filter(|t| t.at > 0.0).map(|t| Tick { at: t.at.log10(), ..t }).collect()
}

fn log1p_ticks(high: f64, fits: impl Fn(&[Tick]) -> bool) -> Vec<Tick> {
    let last = (10f64.powf(high) - 1.0 + 1e-9).max(1.0).log10().floor() as i32;
    let zero = Tick { at: 0.0, label: "0".to_string() };
    let tick = |value: f64, label: String| Tick { at: linear(AxisKind::Log1p, value), label };
    if last < 2 {
        let fine = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0].map(|v| tick(v, fixed(v, 0)));
        let ticks: Vec<Tick> =
            std::iter::once(zero.clone()).chain(fine).filter(|t| t.at <= high + 1e-9).collect();
        if fits(&ticks) {
            return ticks;
        }
    }
    for step in [1, 2, 3, 5, 10] {
        let decades = (0..=last).filter(|e| e % step == 0);
        let label = |e: i32| if last <= 6 { fixed(10f64.powi(e), 0) } else { power_of_ten(e) };
        let ticks: Vec<Tick> =
            std::iter::once(zero.clone()).chain(decades.map(|e| tick(10f64.powi(e), label(e)))).collect();
        if fits(&ticks) {
            return ticks;
        }
        // 0 and 1 are close together: the 1 gives way first.
        let without: Vec<Tick> =
            ticks.iter().enumerate().filter(|(i, _)| *i != 1).map(|(_, t)| t.clone()).collect();
        if fits(&without) {
            return without;
        }
    }
    vec![zero]
}

/// A number with `decimals` places, thousands marked, and a real minus sign.
pub fn fixed(value: f64, decimals: i32) -> String {
    let text = format!("{:.*}", decimals.clamp(0, 12) as usize, value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::new();
    if value < 0.0 && text.bytes().any(|b| b.is_ascii_digit() && b != b'0') {
        out.push('−');
    }
    out += &thousands(whole);
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// A number as short as it can be said exactly enough for a tick (three significant digits).
fn plain(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return fixed(0.0, 0);
    }
    let exponent = value.abs().log10().floor() as i32;
    if !(-4..=6).contains(&exponent) {
        return scientific(value, exponent);
    }
    let text = fixed(value, (2 - exponent).max(0));
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

fn scientific(value: f64, exponent: i32) -> String {
    let mantissa = fixed(value / 10f64.powi(exponent), 2);
    let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
    match mantissa {
        "1" => power_of_ten(exponent),
        _ => format!("{mantissa}\u{a0}×\u{a0}{}", power_of_ten(exponent)),
    }
}

/// A tick of a linear axis whose step is `step`, of order `exponent`.
fn stepped(value: f64, step: f64, exponent: i32) -> String {
    if !(-5..=5).contains(&exponent) {
        let units = (value / step).round();
        return if units == 0.0 {
            "0".to_string()
        } else {
            scientific(value, value.abs().log10().floor() as i32)
        };
    }
    fixed(value, -exponent)
}

#[cfg(test)]
mod tests;
