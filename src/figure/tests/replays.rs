//! Figures of saved parameters, from numbers written down by hand.

use super::super::chart::Placed;
use super::super::maps::Maps;
use super::super::routes::RoutedLayer;
use super::super::testing::replayed;
use super::*;
use crate::record::replay::Replay;

fn drawn(name: &str, replay: &Replay, options: &Options) -> Figure {
    let mut figure = build(name, replay, options).unwrap();
    for text in [&mut figure.title, &mut figure.subtitle, &mut figure.caption, &mut figure.description] {
        *text = text.replace('\u{a0}', " ");
    }
    figure
}

fn routes(replay: &Replay) -> Figure {
    drawn("pooling-routes", replay, &Options::default())
}

fn maps(figure: &Figure) -> Vec<&Maps> {
    figure.panels.iter().filter_map(|p: &Placed| p.panel.as_maps()).collect()
}

fn of_weights() -> impl Iterator<Item = &'static FigureSpec> {
    FigureSpec::all_of(Draws::Weights)
}

#[test]
fn small_figures_of_weights_stay_as_they_are() {
    for spec in of_weights() {
        insta::assert_snapshot!(spec.name, outline(&drawn(spec.name, &replayed(4), &Options::default())));
    }
    let second = Options::default().with(RoutedLayer(2));
    insta::assert_snapshot!(
        "pooling-routes-maxout",
        outline(&drawn("pooling-routes", &replayed(4), &second))
    );
}

#[test]
fn titles_fit_and_no_english_word_is_left_in_chinese() {
    for side in [4, 28] {
        for number in [1, 2] {
            let replay = replayed(side);
            for spec in of_weights() {
                for lang in Lang::ALL {
                    let options = Options::new(lang).with(RoutedLayer(number));
                    let figure = build(spec.name, &replay, &options).unwrap();
                    let lines = figure.title_lines();
                    assert!(lines.len() <= 2, "{}: {lines:?}", spec.name);
                    assert!(figure.description.contains(&figure.title) && !figure.reading.is_empty());
                    if lang == Lang::Zh {
                        let said = words(&figure).into_iter().chain([&*figure.description, &figure.reading]);
                        for text in said {
                            assert_eq!(
                                super::chinese::english(text),
                                Vec::<&str>::new(),
                                "{}: {text}",
                                spec.name
                            );
                            assert!(!text.contains(['(', ';', ':']) && !text.contains(", "), "{text}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn the_title_counts_the_places_of_the_whole_map_that_have_a_gradient() {
    let replay = replayed(28);
    let figure = routes(&replay);
    // 196 windows a channel, of which one of channel 1 has a gradient of zero. Channel 2 has the smallest.
    assert!(
        figure.title.contains("the gradient reaches 195 of 784 places in channel 1 and 196 in channel 3"),
        "{}",
        figure.title
    );
    let mut one = replay.clone();
    one.choices[0].gradient_before.fill(0.0);
    one.choices[0].gradient_before[5] = -0.0;
    // An underflow is not zero.
    assert!(routes(&one).title.contains("reaches 1 of 784 places in channel 1 and 0 in channel 3"));
    let maxout = build("pooling-routes", &replay, &Options::default().with(RoutedLayer(2))).unwrap();
    assert!(maxout.title.contains("the gradient reaches 3 of 6 pieces of 3 units"), "{}", maxout.title);
}

#[test]
fn every_drawn_window_has_its_winner_ringed_and_passes_its_gradient_on_unchanged() {
    let replay = replayed(28);
    let figure = routes(&replay);
    let all = maps(&figure);
    // Sample, whole map, then four maps a channel.
    assert_eq!(all.len(), 2 + 4 * 2);
    for four in all[2..].chunks(4) {
        let [values, after, gradient, arriving] = [0, 1, 2, 3].map(|i| &four[i].tiles[0]);
        assert_eq!((values.rows(), values.columns(), after.rows(), after.columns()), (10, 10, 5, 5));
        assert_eq!((values.side, after.side, values.rings.len()), (1, 2, 25));
        for (row, column) in (0..5).flat_map(|r| (0..5).map(move |c| (r, c))) {
            let cells = [0, 1, 2, 3].map(|i| [2 * row + i / 2, 2 * column + i % 2]);
            let of = |tile: &crate::figure::maps::Tile, [r, c]: [usize; 2]| tile.cells[r][c].value().unwrap();
            let ringed: Vec<[usize; 2]> = cells.into_iter().filter(|c| values.rings.contains(c)).collect();
            let [winner] = ringed[..] else { panic!("{ringed:?}") };
            let largest = cells.map(|c| of(values, c)).into_iter().fold(f64::MIN, f64::max);
            assert_eq!((of(values, winner), after.cells[row][column].value()), (largest, Some(largest)));
            assert_eq!(of(gradient, winner), of(arriving, [row, column]));
            assert!(cells.iter().all(|c| *c == winner || gradient.cells[c[0]][c[1]] == Measured::Zero));
        }
    }
}

#[test]
fn the_part_that_is_drawn_is_the_one_with_the_largest_gradient_and_the_box_shows_it() {
    let mut replay = replayed(28);
    let choice = &mut replay.choices[0];
    choice.gradient_after.fill(0.0);
    // Row 9 and column 13 of 14 x 14 windows, in channel 2.
    choice.gradient_after[196 + 9 * 14 + 13] = 1.0;
    let figure = routes(&replay);
    let values = &maps(&figure)[2].tiles[0];
    // The last five columns of windows; of rows the first that hold it.
    assert_eq!(values.first, [10, 18]);
    assert_eq!(maps(&figure)[0].tiles[0].frame, Some([10, 18, 10, 10]));
    assert_eq!(maps(&figure)[1].tiles[0].frame, Some([10, 18, 10, 10]));
    assert!(figure.subtitle.contains("rows 11–20, columns 19–28"), "{}", figure.subtitle);
    let rows = table(&figure);
    assert!(
        rows.iter().any(|r| r[0] == "3: channel 1: values" && r[1] == "row 11" && r[2] == "19"),
        "{:?}",
        rows[900]
    );
}

#[test]
fn equal_maxima_are_counted_and_go_to_the_first() {
    let mut replay = replayed(4);
    let tied = |f: &Figure| f.subtitle.contains("several places are equally large");
    assert!(!tied(&routes(&replay)));
    let choice = &mut replay.choices[0];
    for i in [0, 1, 4, 5] {
        choice.before[i] = 0.0;
    }
    (choice.after[0], choice.winners[0]) = (0.0, 0);
    let figure = routes(&replay);
    assert!(figure.subtitle.contains("In 1 of the 8 windows shown"), "{}", figure.subtitle);
}

#[test]
fn what_is_not_there_is_one_error() {
    let mut replay = replayed(4);
    let say = |replay: &Replay, number: usize| {
        build("pooling-routes", replay, &Options::default().with(RoutedLayer(number)))
            .unwrap_err()
            .to_string()
    };
    assert!(
        say(&replay, 3).contains("no max pooling or maxout of that number")
            && say(&replay, 0).contains("it has 2")
    );
    replay.choices.clear();
    assert!(say(&replay, 1).contains("holds no max pooling and no maxout"));
    replay.first.shape = vec![3, 4];
    replay.first.input = vec![4];
    let error = build("first-layer", &replay, &Options::default()).unwrap_err().to_string();
    assert!(error.contains("no weights that look at an image"), "{error}");
    let record = replay.record.clone();
    let error =
        build("first-layer", std::slice::from_ref(&record), &Options::default()).unwrap_err().to_string();
    assert!(error.contains("draws one run with saved weights"), "{error}");
}

#[test]
fn the_first_layer_is_measured_in_its_initial_norm_and_drawn_on_one_scale() {
    let replay = replayed(4);
    let figure = drawn("first-layer", &replay, &Options::default());
    let [mut distance, mut norm, mut most] = [0.0f64; 3];
    for (a, b) in replay.first.after.iter().zip(&replay.first.before) {
        distance += (a - b) * (a - b);
        norm += b * b;
        most = most.max(a.abs()).max(b.abs());
    }
    let percent = Lang::En.percent((distance / norm).sqrt()).replace('\u{a0}', " ");
    assert!(
        figure.title.contains(&format!("layer 1 moved by {percent} of its initial norm")),
        "{}",
        figure.title
    );
    let scale = &figure.scales[0];
    assert_eq!((scale.low, scale.high, scale.signed), (-most, most, true));
    for (panel, values) in maps(&figure).into_iter().zip([&replay.first.before, &replay.first.after]) {
        let drawn: Vec<f64> =
            panel.tiles.iter().flat_map(|t| t.cells.iter().flatten()).map(|c| c.value().unwrap()).collect();
        assert_eq!(drawn, *values);
    }
}

#[test]
fn of_many_units_those_that_moved_farthest_are_drawn_in_their_order() {
    let mut replay = replayed(4);
    let first = &mut replay.first;
    first.shape = vec![40, 16];
    first.before = vec![0.5; 640];
    first.after = (0..640).map(|i| 0.5 + if i / 16 % 2 == 1 && i / 16 < 32 { 0.1 } else { 0.01 }).collect();
    let figure = drawn("first-layer", &replay, &Options::default());
    let labels: Vec<&str> = maps(&figure)[0].tiles.iter().map(|t| t.label.as_str()).collect();
    let even: Vec<String> = (1..=16).map(|k| format!("unit {}", 2 * k)).collect();
    assert_eq!(labels, even);
    assert!(
        figure.subtitle.contains("the 16 of 40 units whose weights moved farthest"),
        "{}",
        figure.subtitle
    );
    // Three channels: eight units with an image for each.
    let first = &mut replay.first;
    (first.shape, first.input) = (vec![12, 48], vec![3, 4, 4]);
    let figure = drawn("first-layer", &replay, &Options::default());
    let tiles = &maps(&figure)[1].tiles;
    assert_eq!((tiles.len(), maps(&figure)[1].columns), (24, 6));
    let labels = [4, 5].map(|i| (tiles[i].label.as_str(), tiles[i].name.as_str()));
    assert_eq!(labels, [("channel 2", "unit 2, channel 2"), ("channel 3", "unit 2, channel 3")]);
    // Row k W + j of a maxout weight is piece k of unit j.
    let first = &mut replay.first;
    (first.shape, first.input, first.pieces) = (vec![40, 16], vec![1, 4, 4], 2);
    let figure = drawn("first-layer", &replay, &Options::default());
    assert_eq!(maps(&figure)[0].tiles[10].label, "unit 2, piece 2");
}
