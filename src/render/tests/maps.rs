//! Small images: the colour of each cell, zeros that are not small numbers, rings that are seen.

use super::*;
use crate::figure::maps::{Maps, Tile};

fn figure(cells: Vec<Vec<Measured>>, rings: Vec<[usize; 2]>, signed: bool) -> Figure {
    let mut f = filters();
    let tile = Tile { cells, rings, side: 1, ..Tile::default() };
    f.panels.truncate(1);
    f.column_weights = vec![1.0];
    f.panels[0].panel =
        Panel::Maps(Maps { title: String::new(), tiles: vec![tile], columns: 1, scale: 0, bar: true });
    let low = if signed { -1.0 } else { 0.0 };
    f.scales = vec![ColourScale { logarithmic: false, signed, special: Vec::new(), ..decades(low, 1.0) }];
    f.height = Some(400);
    f
}

/// The drawn cells: their picture, its corner and the side of a cell.
fn drawn(f: &Figure, theme: Theme) -> (Picture, Rect, f64) {
    let style = Style { theme, scale: 1.0, ..Style::default() };
    let picture = Picture::of(&png(f, &style).unwrap());
    let plot = plot_of(f, 0);
    let Panel::Maps(maps) = &f.panels[0].panel else { unreachable!() };
    let side = (plot.w / maps.tiles[0].columns() as f64).min(plot.h / maps.tiles[0].rows() as f64).floor();
    (picture, plot, side)
}

#[test]
fn each_cell_has_the_colour_of_its_number_and_a_zero_of_a_gradient_has_none() {
    use Measured::*;
    let cells = vec![vec![Finite(-1.0), Finite(1.0), Zero], vec![Finite(-0.5), Finite(1e-9), Nan]];
    for theme in Theme::ALL {
        let palette = theme.palette();
        for signed in [true, false] {
            let f = figure(cells.clone(), Vec::new(), signed);
            let (picture, plot, side) = drawn(&f, theme);
            let at = |row: usize, column: usize| {
                // A line of a pattern and a lane between two of them.
                let x = plot.x + side * (column as f64 + 0.5);
                let y = plot.y + side * (row as f64 + 0.5);
                [0.0, 2.0, 4.0].map(|d| picture.at(x, y + d))
            };
            let colours =
                if signed { colour::Colours::Signed } else { colour::Colours::Map(ColourMap::Viridis) };
            let level = |x: f64| raster::level_colour(colours, raster::level(&f.scales[0], x));
            for (row, column, x) in [(0, 0, -1.0), (0, 1, 1.0), (1, 0, -0.5), (1, 1, 1e-9)] {
                assert_eq!(at(row, column), [level(x); 3], "{theme} {signed} {x}");
            }
            if signed {
                assert!(at(0, 2).contains(&palette.mask), "{theme}: {:?}", at(0, 2));
                assert!(at(0, 2).iter().all(|c| *c != level(1e-9)), "a zero looks like a small number");
            } else {
                assert_eq!(at(0, 2), [level(0.0); 3]);
            }
            let nan = palette.special[2];
            assert!(at(1, 2).iter().all(|c| [nan.ground, nan.ink].contains(c)), "{:?}", at(1, 2));
        }
    }
}

#[test]
fn a_ring_is_seen_on_every_colour() {
    let cells = vec![(0..=20).map(|i| Measured::Finite(f64::from(i) / 20.0)).collect::<Vec<_>>()];
    let rings = (0..=20).map(|i| [0, i]).collect();
    let (picture, plot, side) = drawn(&figure(cells, rings, false), Theme::Light);
    for column in 0..=20 {
        let (x, y) = (plot.x + side * (f64::from(column) + 0.5), plot.y + 0.5 * side);
        // From the middle, which has the colour of the cell, outward through the ring.
        let ground = picture.at(x, y);
        let best = (0..10).map(|d| picture.at(x + f64::from(d), y).contrast(ground)).fold(1.0, f64::max);
        assert!(best > 4.0, "column {column}: {best}");
    }
}

#[test]
fn a_panel_that_contradicts_itself_is_refused() {
    let ok = vec![vec![Measured::Zero; 2]; 2];
    let ragged = vec![vec![Measured::Zero; 2], vec![Measured::Zero]];
    for (cells, rings, what) in [
        (Vec::new(), Vec::new(), "no cells"),
        (ragged, Vec::new(), "not of one length"),
        (ok, vec![[0, 2]], "outside its tile"),
    ] {
        let error = svg(&figure(cells, rings, true), &Style::default()).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    }
}

#[test]
fn a_sheet_of_free_height_is_as_high_as_its_images() {
    for f in [routes(28), routes(4), filters()] {
        let layout = layout::layout(&f).unwrap();
        for (p, place) in f.panels.iter().zip(&layout.panels) {
            let spare = place.plot.h - kind(&p.panel).good_height(place.plot.w);
            let highest = f.panels.iter().zip(&layout.panels).any(|(other, at)| {
                other.row == p.row && (at.plot.h - kind(&other.panel).good_height(at.plot.w)).abs() <= 3.0
            });
            assert!(spare >= -1.0 && highest, "{}: {spare} pixels to spare", f.name);
        }
    }
}
