//! Ticks are those a person would choose, and none overlap.

use super::*;

fn axis(kind: AxisKind, low: f64, high: f64) -> Axis {
    Axis { label: String::new(), kind, low, high, percent: false, show_labels: true }
}

fn labels(axis: &Axis, length: f64) -> Vec<String> {
    ticks(axis, length, |s| s.chars().count() as f64 * 7.0 + 10.0).into_iter().map(|t| t.label).collect()
}

#[test]
fn ticks_are_those_a_person_would_choose() {
    assert_eq!(
        labels(&axis(AxisKind::Linear, 0.0, 1000.0), 600.0),
        ["0", "100", "200", "300", "400", "500", "600", "700", "800", "900", "1,000"]
    );
    assert_eq!(
        labels(&axis(AxisKind::Linear, 0.0, 10_000.0), 300.0),
        ["0", "2,000", "4,000", "6,000", "8,000", "10,000"]
    );
    assert_eq!(labels(&axis(AxisKind::Linear, -0.25, 0.25), 300.0), ["−0.2", "−0.1", "0.0", "0.1", "0.2"]);
    assert_eq!(labels(&axis(AxisKind::Log10, 1e-4, 1.0), 300.0), ["10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "10⁰"]);
    assert_eq!(labels(&axis(AxisKind::Log10, 1.0, 1000.0), 300.0), ["1", "10", "100", "1,000"]);
    assert_eq!(
        labels(&axis(AxisKind::Log10, 1e-40, 1.0), 200.0),
        ["10⁻⁴⁰", "10⁻³⁰", "10⁻²⁰", "10⁻¹⁰", "10⁰"]
    );
    assert_eq!(labels(&axis(AxisKind::Log10, 0.02, 0.08), 300.0), ["0.02", "0.05"]);
    assert_eq!(labels(&axis(AxisKind::Log1p, 0.0, 999.0), 400.0), ["0", "1", "10", "100"]);
    assert_eq!(labels(&axis(AxisKind::Log1p, 0.0, 10_000.0), 150.0), ["0", "100", "10,000"]);
    assert_eq!(labels(&axis(AxisKind::Whole, 1.0, 8.0), 300.0), ["1", "2", "3", "4", "5", "6", "7", "8"]);
    assert_eq!(
        labels(&axis(AxisKind::Whole, 1.0, 56.0), 300.0),
        ["1", "5", "10", "15", "20", "25", "30", "35", "40", "45", "50", "55"]
    );
    let share = Axis { percent: true, ..axis(AxisKind::Linear, 0.0, 1.0) };
    assert_eq!(
        labels(&share, 300.0),
        ["0\u{a0}%", "20\u{a0}%", "40\u{a0}%", "60\u{a0}%", "80\u{a0}%", "100\u{a0}%"]
    );
    let tiny = Axis { percent: true, ..axis(AxisKind::Linear, 0.0, 0.004) };
    assert_eq!(labels(&tiny, 200.0), ["0.0\u{a0}%", "0.1\u{a0}%", "0.2\u{a0}%", "0.3\u{a0}%", "0.4\u{a0}%"]);
}

#[test]
fn labels_never_overlap_and_no_axis_is_too_odd() {
    for kind in [AxisKind::Linear, AxisKind::Log10, AxisKind::Log1p, AxisKind::Whole] {
        for (low, high) in [
            (0.0, 1.0),
            (1.0, 1.0),
            (0.0, 0.0),
            (1e-300, 1e300),
            (5.0, -5.0),
            (f64::NAN, 2.0),
            (1e-9, 2e-9),
            (0.5, 12345.5),
            (1.0, f64::INFINITY),
            (-1e9, 1e9),
            (1e15, 1e15 + 1.0),
        ] {
            for length in [5.0, 40.0, 200.0, 900.0] {
                let a = axis(kind, low, high);
                let room = |s: &str| s.chars().count() as f64 * 6.0 + 6.0;
                let t = ticks(&a, length, room);
                let (from, to) = ends(&a);
                assert!(from.is_finite() && to > from, "{a:?}");
                for w in t.windows(2) {
                    let gap = (w[1].at - w[0].at) / (to - from) * length;
                    assert!(
                        gap >= 0.5 * (room(&w[0].label) + room(&w[1].label)) - 1e-9,
                        "{a:?} {length} {t:?}"
                    );
                }
                assert!(minor_ticks(&a, length).len() < 3000);
            }
        }
    }
}

#[test]
fn numbers_are_written_for_people() {
    assert_eq!(fixed(1234567.0, 0), "1,234,567");
    assert_eq!(fixed(-1234.5, 1), "−1,234.5");
    assert_eq!(fixed(-0.0001, 2), "0.00");
    assert_eq!(power_of_ten(-45), "10⁻⁴⁵");
    assert_eq!(plain(0.05), "0.05");
    assert_eq!(plain(2.5e-9), "2.5\u{a0}×\u{a0}10⁻⁹");
    let decades = bar_ticks(-8.0, 0.0, true, true, 400.0, 20.0);
    let said: Vec<&str> = decades.iter().map(|t| t.label.as_str()).collect();
    assert_eq!(said[..4], ["10⁻⁶\u{a0}%", "10⁻⁵\u{a0}%", "10⁻⁴\u{a0}%", "0.001\u{a0}%"]);
}
