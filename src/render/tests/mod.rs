//! Figures drawn whole: what the SVG says, how large it is, and which pixels the PNG has.

mod beside;
mod maps;
mod overlays;
mod pdf;
mod specimens;

use proptest::prelude::*;

use super::*;
use crate::figure::chart::*;
use crate::font::{self, missing_glyphs};
use crate::stats::Measured;
use drawing::Shape;
use specimens::*;

struct Picture {
    width: usize,
    pixels: Vec<u8>,
    per_metre: u32,
}

impl Picture {
    fn of(png: &[u8]) -> Picture {
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(info.color_type, png::ColorType::Rgb);
        Picture { width: info.width as usize, pixels, per_metre: reader.info().pixel_dims.unwrap().xppu }
    }

    fn at(&self, x: f64, y: f64) -> Rgb {
        let i = 3 * (y as usize * self.width + x as usize);
        Rgb(self.pixels[i], self.pixels[i + 1], self.pixels[i + 2])
    }
}

/// Saves the gallery for a look: `GRADFADE_LOOK=folder cargo test --lib render::tests::gallery`.
#[test]
fn gallery_is_drawn_in_both_themes() {
    for theme in Theme::ALL {
        let style = Style { theme, ..Style::default() };
        for mut figure in gallery() {
            let drawn = svg(&figure, &style).unwrap();
            assert!(drawn.contains(&theme.palette().background.to_string().to_uppercase()));
            if let Ok(folder) = std::env::var("GRADFADE_LOOK") {
                figure.name = format!("{}-{theme}", figure.name);
                save(&figure, &style, &Format::ALL, Path::new(&folder)).unwrap();
                figure.name += "-1x";
                save(&figure, &Style { scale: 1.0, ..style }, &[Format::Png], Path::new(&folder)).unwrap();
            }
        }
    }
}

fn plot_of(figure: &Figure, panel: usize) -> Rect {
    layout::layout(figure).unwrap().panels[panel].plot
}

#[test]
fn the_svg_speaks_to_readers_who_cannot_see_it() {
    let f = vanishing();
    let drawn = svg(&f, &Style::default()).unwrap();
    let xml = roxmltree::Document::parse(&drawn).unwrap();
    let root = xml.root_element();
    assert_eq!(root.attribute("role"), Some("img"));
    assert_eq!((root.attribute("width"), root.attribute("height")), (Some("860"), Some("560")));
    let named: Vec<&str> = root.attribute("aria-labelledby").unwrap().split(' ').collect();
    let text_of = |id: &str| xml.descendants().find(|n| n.attribute("id") == Some(id)).and_then(|n| n.text());
    assert_eq!(text_of(named[0]), Some(f.title.as_str()));
    assert_eq!(text_of(named[1]), Some(f.description.as_str()));
    assert!(root.attribute("font-family").unwrap().starts_with("Gradfade Sans, "));
    let texts: Vec<&str> =
        xml.descendants().filter(|n| n.has_tag_name("text")).filter_map(|n| n.text()).collect();
    for said in [
        "10⁻³",
        "input side",
        "output side",
        "layer",
        "step",
        "1,000",
        "50\u{a0}%",
        "chance",
        "training",
        "gradient norm (log10 colours)",
    ] {
        assert!(texts.contains(&said), "{said} is missing from {texts:?}");
    }
}

/// Every text of a figure with the box of its ink in CSS pixels.
fn texts(figure: &Figure) -> Vec<(String, tiny_skia::Rect)> {
    let drawing = draw(figure, &Style::default()).unwrap();
    let to_css = tiny_skia::Transform::from_scale(drawing.step() as f32, drawing.step() as f32);
    let mut known = Default::default();
    let mut boxed = |shape: &Shape| {
        let Shape::Words { text, at, words } = shape else { return None };
        let ink = bitmap::letters(&mut known, text, *at, *words).unwrap().compute_tight_bounds().unwrap();
        Some((text.clone(), ink.transform(to_css).unwrap()))
    };
    drawing.shapes.iter().filter_map(&mut boxed).collect()
}

#[test]
fn every_character_drawn_is_in_the_font_and_no_text_leaves_the_sheet() {
    for f in gallery() {
        for (said, b) in texts(&f) {
            assert_eq!(missing_glyphs(&said), Vec::<char>::new(), "{said}");
            let (w, h) = (f.width as f32, height(&f) as f32);
            let inside = b.left() >= 4.0 && b.right() <= w - 4.0 && b.top() >= 4.0 && b.bottom() <= h - 4.0;
            assert!(inside, "{}: `{said}` at {b:?}", f.name);
        }
    }
}

#[test]
fn no_two_texts_overlap() {
    for f in gallery() {
        let boxes = texts(&f);
        for (i, (a, p)) in boxes.iter().enumerate() {
            for (b, q) in &boxes[..i] {
                let beside = p.right() <= q.left() || q.right() <= p.left();
                let apart = beside || p.bottom() <= q.top() || q.bottom() <= p.top();
                assert!(apart, "{}: `{a}` {p:?} and `{b}` {q:?}", f.name);
            }
        }
    }
}

#[test]
fn a_large_record_makes_a_small_file() {
    let drawn = svg(&large(), &Style::default()).unwrap();
    assert!(drawn.len() < 200_000, "{} bytes", drawn.len());
    // The worst cases: noise without any structure, speckled with special cells, and four such heatmaps in
    // one figure.
    let speckled = |map: &mut Heatmap| {
        for (r, row) in map.cells.iter_mut().enumerate() {
            for (c, cell) in row.iter_mut().enumerate() {
                let kinds = all_kinds();
                let (value, chance) = (noise(r, c), noise(c, r + 99));
                *cell = if chance < 0.01 {
                    kinds[(value * 5.0) as usize].0
                } else {
                    Measured::Finite(10f64.powf(-40.0 * value))
                };
            }
        }
    };
    let mut one = large();
    let Panel::Heatmap(map) = &mut one.panels[0].panel else { unreachable!("the first panel is a heatmap") };
    speckled(map);
    let map = map.clone();
    let drawn = svg(&one, &Style::default()).unwrap();
    assert!(drawn.len() < 200_000, "noise: {} bytes", drawn.len());
    let mut four = comparison();
    four.scales[1] = four.scales[0].clone();
    for p in &mut four.panels {
        if let Panel::Heatmap(m) = &mut p.panel {
            *m = map.clone();
        }
    }
    let drawn = svg(&four, &Style::default()).unwrap();
    assert!(drawn.len() < 200_000, "four times noise: {} bytes", drawn.len());
}

#[test]
fn the_same_figure_gives_the_same_bytes() {
    for f in [comparison(), kinds()] {
        let style = Style { colour_map: ColourMap::Cividis, ..Style::default() };
        let (a, b) = (svg(&f, &style).unwrap(), svg(&f.clone(), &style).unwrap());
        assert_eq!(a, b);
        assert_eq!(png(&f, &style).unwrap(), png(&f.clone(), &style).unwrap());
        assert_eq!(pdf(&f, &style).unwrap(), pdf(&f.clone(), &style).unwrap());
    }
}

#[test]
fn cells_have_the_colours_of_the_map_and_sharp_edges() {
    let mut f = sheet("cells", "Cells", 1, &[1.0], (500, 300));
    f.scales = vec![decades(-3.0, 0.0)];
    let mut map = layers("", 2, 3, 0.0, axis("step", AxisKind::Linear, 0.0, 3.0));
    // Bottom row first: the ends of the map, its middle, and values beyond the ends.
    map.cells = vec![
        [-3.0, -1.5, 0.0].map(|x| Measured::Finite(10f64.powf(x))).to_vec(),
        [-99.0, -1.0, 5.0].map(|x| Measured::Finite(10f64.powf(x))).to_vec(),
    ];
    f.panels = vec![placed(0, 0, Panel::Heatmap(map))];
    let plot = plot_of(&f, 0);
    for scale in [1.0, 2.0, 3.0] {
        let style = Style { scale, ..Style::default() };
        let picture = Picture::of(&png(&f, &style).unwrap());
        assert_eq!(picture.width, (500.0 * scale) as usize);
        assert_eq!(picture.per_metre, (96.0 * scale / 0.0254).round() as u32);
        let cell = |c: f64, r: f64| {
            picture.at(
                (plot.x + (c + 0.5) / 3.0 * plot.w) * scale,
                (plot.bottom() - (r + 0.5) / 2.0 * plot.h) * scale,
            )
        };
        let near = |a: Rgb, b: Rgb| a.0.abs_diff(b.0).max(a.1.abs_diff(b.1)).max(a.2.abs_diff(b.2)) <= 1;
        let viridis = |t: f64| ColourMap::Viridis.at(t);
        // The input side is at the bottom; the first and last of viridis are published.
        assert_eq!(cell(0.0, 0.0), Rgb::hex(0x44_01_54));
        assert_eq!(cell(2.0, 0.0), Rgb::hex(0xfd_e7_25));
        assert!(near(cell(1.0, 0.0), Rgb::hex(0x21_91_8c)), "{}", cell(1.0, 0.0));
        assert!(near(cell(1.0, 1.0), viridis((2.0f64 / 3.0 * 239.0).round() / 239.0)));
        assert_eq!((cell(0.0, 1.0), cell(2.0, 1.0)), (viridis(0.0), viridis(1.0)));
        // Two pixels beside the edge between the first two columns there is no mixture.
        let edge = (plot.x + plot.w / 3.0) * scale;
        let y = (plot.bottom() - 0.25 * plot.h) * scale;
        assert_eq!(picture.at(edge - 2.0, y), cell(0.0, 0.0));
        assert_eq!(picture.at(edge + 2.0, y), cell(1.0, 0.0));
    }
}

#[test]
fn special_cells_differ_from_the_map_and_from_each_other() {
    for theme in Theme::ALL {
        for colour_map in ColourMap::ALL {
            let f = kinds();
            let style = Style { theme, colour_map, ..Style::default() };
            let picture = Picture::of(&png(&f, &style).unwrap());
            let plot = plot_of(&f, 0);
            let mut found: Vec<Vec<Rgb>> = Vec::new();
            for i in 0..5 {
                let (x0, x1) = ((4 + 11 * i) as f64, (12 + 11 * i) as f64);
                let mut colours: Vec<Rgb> = Vec::new();
                for step in 0..4000 {
                    let x = plot.x + (x0 + 0.5 + (x1 - x0 - 1.0) * noise(step, 1)) / 60.0 * plot.w;
                    let y = plot.bottom() - (1.5 + 4.0 * noise(step, 2)) / 8.0 * plot.h;
                    let c = picture.at(2.0 * x, 2.0 * y);
                    if !colours.contains(&c) {
                        colours.push(c);
                    }
                }
                let tones = theme.palette().special[i];
                let flat = tones.ground == tones.ink;
                assert_eq!(colours.len(), if flat { 1 } else { 2 }, "{theme} {colour_map}: {i} {colours:?}");
                assert!(colours.contains(&tones.ground) && colours.contains(&tones.ink));
                let map_has = |c: Rgb| {
                    (0..raster::LEVELS)
                        .any(|l| raster::level_colour(colour::Colours::Map(colour_map), l as u8) == c)
                };
                assert!(!map_has(tones.ground) && !map_has(tones.ink));
                assert!(!found.contains(&colours));
                found.push(colours);
            }
        }
    }
}

#[test]
fn text_leaves_ink_in_the_png() {
    let f = vanishing();
    let style = Style::default();
    let drawn = svg(&f, &style).unwrap();
    let picture = Picture::of(&png(&f, &style).unwrap());
    let mut silent = draw(&f, &style).unwrap();
    silent.shapes.retain(|shape| !matches!(shape, Shape::Words { .. }));
    let silent = Picture::of(&bitmap::png(&silent, style.scale).unwrap());
    let xml = roxmltree::Document::parse(&drawn).unwrap();
    for t in xml.descendants().filter(|n| n.has_tag_name("text")) {
        let number =
            |key: &str| t.attribute(key).unwrap().parse::<f64>().unwrap() / drawing::UNITS * style.scale;
        let (x, y, reach) = (number("x"), number("y"), number("font-size"));
        let mut changed = 0;
        for dx in -(reach as i64)..reach as i64 {
            for dy in -(reach as i64)..reach as i64 {
                let (px, py) = (x + dx as f64, y + dy as f64);
                changed += usize::from(picture.at(px, py) != silent.at(px, py));
            }
        }
        assert!(changed > 10, "{:?} is not in the picture", t.text());
    }
}

#[test]
fn the_title_is_broken_inside_the_sheet() {
    let f = vanishing();
    let lines = layout::layout(&f).unwrap().title;
    assert_eq!(lines.len(), 2);
    let limit = f64::from(f.width) - 2.0 * f.size.margin();
    assert!(lines.iter().all(|l| font::width(l, f.size.title(), font::Weight::Bold) <= limit));
}

#[test]
fn saving_writes_whole_files_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let f = kinds();
    std::fs::write(dir.path().join("kinds.svg"), "old").unwrap();
    let paths = save(&f, &Style::default(), &[Format::Svg, Format::Png], dir.path()).unwrap();
    let mut names: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["kinds.png", "kinds.svg"]);
    assert_eq!(svg(&f, &Style::default()).unwrap(), std::fs::read_to_string(&paths[0]).unwrap());
    assert_eq!(png(&f, &Style::default()).unwrap(), std::fs::read(&paths[1]).unwrap());
    let gone = dir.path().join("gone");
    let e = save(&f, &Style::default(), &[Format::Svg], &gone).unwrap_err();
    assert!(e.to_string().contains("kinds.svg"), "{e}");
}

#[test]
fn impossible_figures_are_refused_in_one_line() {
    let spoil = |change: fn(&mut Figure)| {
        let mut f = kinds();
        change(&mut f);
        let e = svg(&f, &Style::default()).unwrap_err().to_string();
        assert!(!e.contains('\n'), "{e}");
        e
    };
    fn map(f: &mut Figure) -> &mut Heatmap {
        match &mut f.panels[0].panel {
            Panel::Heatmap(m) => m,
            Panel::Lines(_)
            | Panel::Rows(_)
            | Panel::Flow(_)
            | Panel::Dots(_)
            | Panel::Maps(_)
            | Panel::Ridges(_) => {
                unreachable!("the first panel of this figure is a heatmap")
            }
        }
    }
    assert!(spoil(|f| f.panels[0].row = 3).contains("outside the grid"));
    assert!(spoil(|f| map(f).scale = 7).contains("colour scale 7"));
    assert!(spoil(|f| map(f).cells[2].truncate(1)).contains("cells"));
    assert!(spoil(|f| map(f).edges[1] = f64::NAN).contains("edges"));
    assert!(spoil(|f| f.scales[0].low = f64::NEG_INFINITY).contains("colour scale 0"));
    assert!(spoil(|f| f.row_weights[0] = 0.0).contains("row weights"));
    assert!(spoil(|f| (f.width, f.height) = (200, Some(100))).contains("make it larger"));
    assert!(spoil(|f| f.name = "../up".to_string()).contains("file stem"));
    let tall = Style { scale: 1e9, ..Style::default() };
    assert!(matches!(png(&kinds(), &tall), Err(RenderError::Scale(_))));
    let e = bitmap::png(&Drawing::new(20_000, 20_000, 1.0), 16.0).unwrap_err();
    assert!(e.to_string().contains("a PNG of 320000 x 320000 pixels is too large"), "{e}");
    assert!("plasma".parse::<ColourMap>().unwrap_err().to_string().contains("viridis, cividis"));
    assert_eq!("PNG".parse::<Format>().unwrap(), Format::Png);
}

#[test]
fn odd_but_legal_figures_are_drawn() {
    // A single cell; a scale without extent; a log axis that begins at zero; no words at all.
    let mut f = sheet("odd", "", 1, &[1.0, 1.0], (400, 300));
    (f.subtitle, f.caption, f.description) = Default::default();
    f.scales = vec![ColourScale { label: String::new(), ..decades(-2.0, -2.0) }];
    let mut map = layers("", 1, 1, 0.0, axis("", AxisKind::Log10, 0.0, 10.0));
    map.edges = vec![0.0, 10.0];
    (map.y_label, map.bottom_note, map.top_note) = Default::default();
    let empty = Lines {
        title: String::new(),
        x: axis("", AxisKind::Log1p, 0.0, 0.0),
        y: axis("", AxisKind::Linear, f64::NAN, f64::INFINITY),
        series: vec![
            Series { points: vec![(0.0, None)], ..curve("gone", 12, Stroke::Dotted, 0, |_| 0.0) },
            Series {
                points: vec![(0.0, Some(f64::NAN)), (f64::INFINITY, Some(0.5))],
                ..curve("bad", 1, Stroke::Solid, 0, |_| 0.0)
            },
        ],
        marks: vec![(f64::NAN, "nowhere".to_string()), (1e300, "far".to_string())],
        direct_labels: true,
    };
    f.panels = vec![placed(0, 0, Panel::Heatmap(map)), placed(0, 1, Panel::Lines(empty))];
    let drawn = svg(&f, &Style::default()).unwrap();
    assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "no such number in the SVG");
    png(&f, &Style::default()).unwrap();
    pdf(&f, &Style::default()).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_figure_makes_the_renderer_panic(
        (rows, columns) in (1usize..40, 1usize..60),
        (width, height) in (60u32..900, 40u32..600),
        (low, span) in (-1e3f64..1e6, 0.0f64..1e9),
        (ends, step) in ((-50.0f64..3.0, -50.0f64..3.0), 1e-6f64..1e3),
        kind in prop::sample::select(vec![AxisKind::Linear, AxisKind::Log10, AxisKind::Log1p, AxisKind::Whole]),
        words in "[ -~α-ω\\u{0}-\\u{1f}]{0,60}",
        direct in any::<bool>(),
    ) {
        let mut f = sheet("any", &words, 2, &[2.0, 1.0], (width, height));
        f.scales = vec![ColourScale { label: words.clone(), special: all_kinds(), ..decades(ends.0, ends.1) }];
        let x = axis(&words, kind, low, low + span);
        let mut map = layers(&words, rows, columns, 0.5, x.clone());
        map.edges = (0..=columns).map(|c| low + c as f64 * step).collect();
        for (i, (cell, _)) in all_kinds().into_iter().enumerate() {
            map.cells[i % rows][i % columns] = cell;
        }
        let mut lines = strip(columns * 40, x);
        lines.direct_labels = direct;
        lines.series[1].label = words.clone();
        lines.y.kind = kind;
        f.panels = vec![placed(0, 0, Panel::Heatmap(map)), placed(1, 1, Panel::Lines(lines))];
        if let Ok(drawn) = svg(&f, &Style::default()) {
            roxmltree::Document::parse(&drawn).unwrap();
            let numbers = drawn.lines().filter(|l| !l.starts_with("<text") && !l.starts_with("<title") && !l.starts_with("<image"));
            for line in numbers {
                prop_assert!(!line.contains("NaN") && !line.contains("2147483647"), "{}", line);
            }
        }
    }
}
