//! Masked rows, and the numbers that stand beside a heatmap.

use super::*;

/// A map with a mask over its lowest rows, and one number a row beside it.
pub fn masked(rows: usize) -> Figure {
    let mut f = sheet("masked", "title", 2, &[1.0], (800, 420));
    f.column_weights = vec![1.0, 0.25];
    let x = axis("step", AxisKind::Linear, 0.0, 100.0);
    let mut map = layers("", rows, 100, 0.7, x);
    map.masks = vec![Mask { first: 0, last: rows / 2, words: "nothing moved here".to_string() }];
    let beside = Rows {
        x: Axis { percent: true, ..axis("way", AxisKind::Log10, 1e-4, 1.0) },
        rows: map.rows.clone(),
        values: (0..rows)
            .map(|r| (r > 0).then(|| 10f64.powf(-4.0 * (rows - r) as f64 / rows as f64)))
            .collect(),
        words: (0..rows).map(|r| format!("w{r}")).collect(),
        mark: Some(Mark { at: 0.01, below: "below".to_string(), above: "above".to_string() }),
    };
    f.panels = vec![placed(0, 0, Panel::Heatmap(map)), placed(1, 0, Panel::Rows(beside))];
    f
}

#[test]
fn a_mask_hides_its_rows_and_no_others() {
    for theme in Theme::ALL {
        let (f, style) = (masked(10), Style { theme, scale: 1.0, ..Style::default() });
        let picture = Picture::of(&png(&f, &style).unwrap());
        let plot = plot_of(&f, 0);
        // Left of the words, in the middle of each row.
        let seen = |row: usize| {
            picture.at(plot.x + 0.1 * plot.w, plot.bottom() - (row as f64 + 0.5) * plot.h / 10.0)
        };
        assert!((0..=5).all(|row| seen(row) == theme.palette().mask), "{theme}");
        assert!((6..10).all(|row| seen(row) != theme.palette().mask), "{theme}");
    }
}

#[test]
fn numbers_stand_at_the_height_of_their_rows() {
    let f = masked(10);
    let (map, beside) = (plot_of(&f, 0), plot_of(&f, 1));
    assert_eq!((map.y, map.h), (beside.y, beside.h));
    let drawn = svg(&f, &Style::default()).unwrap();
    for said in ["nothing moved here", "below", "above", "w0", "w9"] {
        assert!(drawn.contains(&format!(">{said}</text>")), "{said}");
    }
    // Rows too low for words have a stem each, and none for what has no number.
    let drawn = svg(&masked(60), &Style::default()).unwrap();
    assert!(!drawn.contains(">w0</text>"));
    assert_eq!(drawn.matches("<circle").count(), 59);
    let mut wrong = masked(10);
    if let Panel::Rows(r) = &mut wrong.panels[1].panel {
        r.values.pop();
    }
    assert!(svg(&wrong, &Style::default()).unwrap_err().to_string().contains("each row beside it"));
    let mut wrong = masked(10);
    if let Panel::Heatmap(m) = &mut wrong.panels[0].panel {
        m.masks[0].last = 10;
    }
    assert!(svg(&wrong, &Style::default()).unwrap_err().to_string().contains("masks rows"));
}

/// Two rows of dots, one of them without a ring, and words at both sides.
pub fn dotted() -> Figure {
    use crate::figure::flow::Tone;
    let mut f = sheet("dotted", "title", 1, &[1.0], (800, 360));
    let row = |label: &str, values, tone| DotRow {
        label: label.into(),
        values,
        words: format!("what {label} did"),
        tone,
    };
    let dots = Dots {
        x: Axis { percent: true, ..axis("accuracy", AxisKind::Linear, 0.0, 1.0) },
        rows: vec![
            row("before", [Some(0.25), Some(0.5)], Tone::Open),
            row("after", [Some(1.0), None], Tone::Taken),
            row("control", [None, None], Tone::Greyed),
        ],
        series: ["training".into(), "test".into()],
        reference: "as it was".into(),
        mark: Some((0.1, "chance".into())),
        beside: Dots::BESIDE,
    };
    f.panels = vec![placed(0, 0, Panel::Dots(dots))];
    f
}

#[test]
fn dots_stand_at_their_numbers_and_grey_rows_are_grey() {
    for theme in Theme::ALL {
        let (f, style) = (dotted(), Style { theme, scale: 1.0, ..Style::default() });
        let drawn = svg(&f, &style).unwrap();
        for said in
            ["before", "what after did", "control", "training", "test", "as it was", "chance", "accuracy"]
        {
            assert!(drawn.contains(&format!(">{said}</text>")), "{said}");
        }
        let picture = Picture::of(&png(&f, &style).unwrap());
        let (plot, palette) = (plot_of(&f, 0), theme.palette());
        let at =
            |share: f64, row: f64| picture.at(plot.x + share * plot.w, plot.y + (row + 0.5) * plot.h / 3.0);
        assert_eq!(at(0.25, 0.0), palette.series[0], "{theme}: the full dot");
        assert_eq!(at(0.5, 0.0), palette.background, "{theme}: the ring is empty");
        assert_eq!(
            picture.at(plot.x + 0.5 * plot.w - 4.0, plot.y + plot.h / 6.0),
            palette.series[1],
            "{theme}: its line"
        );
        // On the frame, and over it.
        assert_eq!(at(1.0, 1.0), palette.series[0], "{theme}");
        assert_eq!(at(0.75, 1.3), palette.background, "{theme}");
        assert_eq!(at(0.75, 2.0), palette.mask, "{theme}: grey");
    }
    let mut empty = dotted();
    if let Panel::Dots(d) = &mut empty.panels[0].panel {
        d.rows.clear();
    }
    assert!(svg(&empty, &Style::default()).unwrap_err().to_string().contains("no rows"));
}

/// Heights of the lines of text that begin, or end, at the same place, from the top.
fn columns_of_lines(svg: &str) -> std::collections::BTreeMap<i64, Vec<f64>> {
    let mut columns = std::collections::BTreeMap::<i64, Vec<f64>>::new();
    for text in svg.split("<text ").skip(1) {
        let number = |key: &str| -> Option<f64> {
            let (_, rest) = text.split_once(&format!("{key}=\""))?;
            rest.split('"').next()?.parse().ok()
        };
        if let (Some(x), Some(y)) = (number("x"), number("y")) {
            // In tenths of a pixel.
            columns.entry(x as i64).or_default().push(y / 10.0);
        }
    }
    columns.values_mut().for_each(|lines| lines.sort_by(f64::total_cmp));
    columns
}

#[test]
fn rows_with_long_words_are_as_high_as_their_words() {
    let mut f = dotted();
    f.height = None;
    let Panel::Dots(d) = &mut f.panels[0].panel else { panic!("dots") };
    let long = "not cured: vanishing gradient, the optimiser hides a vanishing gradient, and 1 more; it keeps a network \
                from memorising samples, and this one has not learned yet";
    for label in ["first", "second", "a label that is so long that it takes two lines of its own", "last"] {
        let row = DotRow { label: label.into(), words: long.into(), ..d.rows[2].clone() };
        d.rows.push(row);
    }
    let drawn = svg(&f, &Style::default()).unwrap();
    let columns = columns_of_lines(&drawn);
    let words = columns.values().max_by_key(|lines| lines.len()).unwrap();
    assert!(words.len() >= 3 + 4 * 2, "{words:?}");
    for (x, lines) in &columns {
        for pair in lines.windows(2) {
            assert!(pair[1] - pair[0] >= 13.0, "two lines at {x}: {lines:?}");
        }
    }
    // A sheet that is too low for its words is refused, and not drawn with words over each other.
    f.height = Some(220);
    assert!(svg(&f, &Style::default()).unwrap_err().to_string().contains("220"));
}
