//! Pages against the records they came from: what the script would decode is decoded here by other means.

use serde_json::Value;

use super::code::Codes;
use super::code::tests::{decode, written};
use super::columns::tests::expand;
use super::*;
use crate::diagnosis::{Branch, Evidence, Outcome, Standing};
use crate::figure::testing::{Synthetic, healthy};
use crate::figure::{self, Options};
use crate::record::{DISTANCE_FROM_INIT, DRIVEN_NORM, GRAD_RMS, PARAM_NORM, Role, SIGNAL_RMS, Status};
use crate::render::Rgb;
use crate::stats::{MISSING, Measured, UNDERFLOW};

fn page(records: Vec<Record>, options: &PageOptions) -> Page {
    Page::new(records, options).unwrap()
}

fn both() -> Vec<Record> {
    vec![Synthetic::default().record(), healthy().record()]
}

/// What stands between two marks, the first time.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    text.split_once(from).unwrap().1.split_once(to).unwrap().0
}

fn data(html: &str) -> Value {
    let block = html.split_once("<script type=\"application/json\"").unwrap().1;
    serde_json::from_str(between(block, ">", "</script>")).unwrap()
}

/// Steps and values of a metric of a run as the page holds them, `[layer][column]` in the form of `{:.2e}`.
fn held(data: &Value, run: usize, metric: usize) -> (Vec<u64>, Vec<Vec<String>>) {
    let run = &data["runs"][run];
    let grid = &run["grids"][metric];
    let codes: Codes = serde_json::from_value(grid["values"].clone()).unwrap();
    let clock = &run["clocks"][grid["clock"].as_u64().unwrap() as usize];
    let at: Vec<u64> =
        expand(&serde_json::from_value(clock["at"].clone()).unwrap()).iter().map(|x| *x as u64).collect();
    let edges = expand(&serde_json::from_value(clock["edges"].clone()).unwrap());
    assert_eq!(edges.len(), at.len() + 1);
    assert!(edges.windows(2).all(|w| w[0] < w[1]));
    let values: Vec<String> = decode(&codes).into_iter().map(written).collect();
    (at.clone(), values.chunks(at.len()).map(<[String]>::to_vec).collect())
}

/// A stored value to three digits, by the standard library.
fn stored(value: f64) -> String {
    match Measured::from_stored(value) {
        Measured::Finite(_) => format!("{value:.2e}"),
        Measured::Zero => "zero".into(),
        Measured::Underflow => "underflow".into(),
        Measured::Nan => "nan".into(),
        Measured::Infinite => "infinite".into(),
        Measured::Missing => "missing".into(),
    }
}

fn names(data: &Value) -> Vec<String> {
    data["metrics"].as_array().unwrap().iter().map(|m| m["name"].as_str().unwrap().to_string()).collect()
}

/// Values that have three digits of their own, so that a rounding of the last bit changes none of them.
fn odd(layer: usize, step: u64) -> f64 {
    let mantissa = 100 + (37 * layer as u64 + 11 * step) % 900;
    (mantissa as f64 + 0.123) * 1e-2 * 10f64.powi(-(layer as i32))
}

#[test]
fn the_headline_is_that_of_the_metric_that_is_shown() {
    let titled = |records: Vec<Record>, lang| {
        let page = page(records, &PageOptions { lang, ..PageOptions::default() });
        let data = data(&page.fragment());
        let titles = data["groups"][0]["titles"].as_array().unwrap().clone();
        assert_eq!(titles.len(), data["metrics"].as_array().unwrap().len());
        titles.iter().map(|t| t.as_str().unwrap().to_string()).collect::<Vec<_>>()
    };
    for lang in Lang::ALL {
        let options = Options::new(lang);
        let of = |spec: figure::FigureSpec, record: &Record| {
            spec.build(std::slice::from_ref(record), &options).unwrap().title
        };
        let [dead, well] = [Synthetic::default().record(), healthy().record()];
        let alone = titled(vec![Synthetic::default().record()], lang);
        assert_eq!(alone[2], of(figure::updates::SPEC, &dead));
        assert_eq!(alone[3], of(figure::movement::SPEC, &dead));
        let beside = titled(both(), lang);
        let (first, second) = (of(figure::movement::SPEC, &dead), of(figure::movement::SPEC, &well));
        assert!(beside[3].contains(&first) && beside[3].contains(&second), "{}", beside[3]);
        assert_ne!(beside[0], beside[3]);
    }
}

#[test]
fn shown_values_are_those_of_the_record_to_three_digits() {
    let special = |layer: usize, step: u64| match (layer, step) {
        (1, 3) => 0.0,
        (1, 4) => UNDERFLOW,
        (2, 5) => f64::NAN,
        (3, 6) => f64::INFINITY,
        (4, 7) => MISSING,
        _ => odd(layer, step),
    };
    let run = Synthetic { grad: odd, signal: special, driven: odd, ..Synthetic::default() };
    let record = run.record();
    let data = data(&page(vec![record.clone()], &PageOptions::default()).html());
    assert_eq!(names(&data), ["Gradient", "Signal", "Update", "Movement", "Convergence"]);
    let weight = |l: usize| record.header.tensor_index(l + 1, Role::Weight).unwrap();
    let initial = |l: usize| record.value(PARAM_NORM, 0, weight(l));
    let mut checked = 0;
    for metric in 0..4 {
        let (at, values) = held(&data, 0, metric);
        for (l, row) in values.iter().enumerate() {
            for (step, value) in at.iter().zip(row) {
                let r = *step as usize;
                let k = record.snapshots.step().iter().position(|s| s == step);
                let expected = match metric {
                    0 => record.value(GRAD_RMS, r, l),
                    1 => record.value(SIGNAL_RMS, r, l),
                    2 => record.value(DRIVEN_NORM, r, weight(l)) / record.value(PARAM_NORM, r, weight(l)),
                    _ => record.value(DISTANCE_FROM_INIT, k.unwrap(), weight(l)) / initial(l),
                };
                assert_eq!(*value, stored(expected), "metric {metric}, layer {}, step {step}", l + 1);
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 9 * (20 + 20 + 20 + 2));
    // The way ahead: the sketch of these records is the distance itself, and they walk straight on.
    let (at, values) = held(&data, 0, 4);
    assert_eq!(at, [0, 10, 20]);
    assert!(values.iter().all(|row| *row == ["1.00e0", "5.00e-1", "zero"]), "{values:?}");
    // Each special kind has its words, in the legend and in the run.
    let words = |v: &Value| v["special"].as_array().unwrap().len();
    assert_eq!((words(&data["metrics"][1]), words(&data["runs"][0]["grids"][1])), (5, 5));
}

#[test]
fn a_long_run_is_thinned_to_real_steps_and_loses_no_alarm() {
    let signal =
        |layer: usize, step: u64| if (layer, step) == (2, 4321) { f64::NAN } else { odd(layer, step) };
    let record = Synthetic { steps: (0..5000).collect(), signal, ..Synthetic::default() }.record();
    let html = page(vec![record], &PageOptions::default()).html();
    let data = data(&html);
    let (at, values) = held(&data, 0, 1);
    assert_eq!(at.len(), columns::MOST);
    assert_eq!((at[0], at[at.len() - 1]), (0, 4999));
    for (c, step) in at.iter().enumerate() {
        for (l, row) in values.iter().enumerate() {
            assert_eq!(row[c], stored(signal(l + 1, *step)), "layer {}, step {step}", l + 1);
        }
    }
    assert!(at.contains(&4321) && values[1].contains(&"nan".to_string()));
    // Metrics of the same steps share a clock, so that their columns stay the same moments.
    assert_eq!(held(&data, 0, 2).0, at);
    assert!(html.contains("of 5,000 recorded steps 1,200 are kept"));
}

#[test]
fn two_runs_of_ten_layers_and_a_thousand_steps_stay_under_300_kilobytes() {
    let long = |run: Synthetic| {
        let snapshots = (0..=100).map(|k| 10 * k).collect();
        Synthetic {
            layers: 10,
            steps: (0..1000).collect(),
            snapshots,
            grad: odd,
            signal: odd,
            driven: odd,
            ..run
        }
    };
    let size =
        page(vec![long(Synthetic::default()).record(), long(healthy()).record()], &PageOptions::default())
            .html()
            .len();
    assert!(size < 300_000, "{size} bytes");
}

#[test]
fn a_page_of_a_large_sweep_has_a_size_that_is_told() {
    // 20 networks of 1 to 10 hidden layers, 2,000 steps each: columns are thinned until their cells fit.
    let run = |layers, seed| {
        let mut record = Synthetic {
            layers,
            steps: (0..2000).collect(),
            grad: odd,
            signal: odd,
            driven: odd,
            ..Synthetic::default()
        }
        .record();
        record.header.seed = Some(seed);
        record
    };
    let records: Vec<Record> = (2..=11).flat_map(|layers| [run(layers, 1), run(layers, 2)]).collect();
    let layers: Vec<usize> = records.iter().map(|r| r.header.layers.len()).collect();
    assert!(fits(&layers));
    let size = page(records, &PageOptions::default()).html().len();
    assert!(size < 1_400_000, "{size} bytes");
    // 1,000 layers fit, more do not; nor do more than 120 runs, however shallow.
    assert!(fits(&[10; 100]) && !fits(&[11; 100]) && !fits(&[1; 121]));
}

#[test]
fn the_policy_names_exactly_the_script_and_the_style_of_the_page() {
    for html in
        [page(both(), &PageOptions::default()).html(), page(both(), &PageOptions::default()).fragment()]
    {
        let style = between(&html, "<style>", "</style>");
        let script = between(&html, "<script>", "</script>");
        assert!(html.contains(&format!("script-src {}", sha256::source(script))));
        assert!(html.contains(&format!("style-src {}", sha256::source(style))));
        assert_eq!((html.matches("<script").count(), html.matches("<style").count()), (2, 1));
        // What the policy would stop.
        assert!(!html.contains(" style="), "a style attribute");
        for handler in [" onclick", " onload", " onerror", " oninput"] {
            assert!(!html.contains(handler), "{handler}");
        }
        // Nothing is fetched, and no place is left open.
        let outside =
            html.replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1999/xlink", "");
        assert!(!outside.contains("http:") && !outside.contains("https:"));
        assert!(!html.contains("{{") && !html.contains("gfid"));
    }
    let whole = page(both(), &PageOptions::default()).html();
    assert!(
        whole.starts_with("<!doctype html>") && whole.contains("default-src 'none'; script-src 'sha256-")
    );
    assert!(!page(both(), &PageOptions::default()).fragment().contains("<html"));
}

#[test]
fn names_are_text_whatever_they_say() {
    let evil = "</script><img src=x onerror=alert(1)> & \"gfid\" {{data}} <!--";
    let mut record = Synthetic::default().record();
    record.header.run = evil.into();
    // A label that a verdict quotes: why a layer shrinks the signal.
    record.header.layers[0].activation = Some(evil.into());
    let html =
        page(vec![record], &PageOptions { remarks: vec![evil.into()], ..PageOptions::default() }).html();
    assert!(!html.contains("<img src=x") && !html.contains("<!--"));
    assert_eq!(data(&html)["runs"][0]["name"].as_str().unwrap(), evil);
    assert_eq!(html.matches("</script>").count(), 2);
}

#[test]
fn two_pages_have_two_prefixes_and_the_same_page_always_the_same_bytes() {
    let (a, b) =
        (page(both(), &PageOptions::default()), page(vec![healthy().record()], &PageOptions::default()));
    assert_ne!(a.prefix, b.prefix);
    assert_eq!(a.html(), page(both(), &PageOptions::default()).html());
    // Every class and id has it.
    let html = a.fragment();
    for attribute in ["class=\"", "id=\""] {
        for (at, _) in html.match_indices(attribute) {
            let value = &html[at + attribute.len()..];
            assert!(value.starts_with(&a.prefix), "{}", &value[..20]);
        }
    }
}

#[test]
fn runs_of_several_depths_get_a_switch_and_start_with_the_deepest() {
    let deep = |layers| Synthetic { layers, ..Synthetic::default() }.record();
    let data =
        data(&page(vec![deep(9), healthy().record(), deep(3), deep(5)], &PageOptions::default()).html());
    let groups = data["groups"].as_array().unwrap();
    let told: Vec<_> = groups
        .iter()
        .map(|g| (g["hidden"].as_u64().unwrap(), g["from"].as_u64().unwrap(), g["to"].as_u64().unwrap()))
        .collect();
    assert_eq!(told, [(2, 0, 1), (4, 1, 2), (8, 2, 4)]);
    assert_eq!(data["start"], 2);
    assert_eq!(data["runs"][3]["name"], "ReLU");
    let html = page(vec![deep(9), deep(3)], &PageOptions::default()).html();
    assert!(html.contains("<select>") && html.contains("2 networks with 2 to 8 hidden layers"));
    assert!(!page(both(), &PageOptions::default()).html().contains("<select>"));
}

#[test]
fn runs_of_one_name_are_told_apart() {
    let seeded = |seed| {
        let mut record = Synthetic::default().record();
        record.header.seed = Some(seed);
        record
    };
    let data = data(&page(vec![seeded(1), seeded(2), healthy().record()], &PageOptions::default()).html());
    let names: Vec<_> = (0..3).map(|i| data["runs"][i]["name"].as_str().unwrap().to_string()).collect();
    assert_eq!(names, ["Sigmoid (seed 1)", "Sigmoid (seed 2)", "ReLU"]);
}

/// What is between the tags.
fn visible(html: &str) -> String {
    let text: String = html.split('<').filter_map(|tag| tag.split_once('>')).map(|t| t.1).collect();
    text.replace("&#39;", "'")
        .replace("&quot;", "\"")
        .replace("&gt;", ">")
        .replace("&lt;", "<")
        .replace("&amp;", "&")
}

#[test]
fn the_panel_says_what_every_rule_says() {
    for lang in Lang::ALL {
        let records = both();
        let html = page(records.clone(), &PageOptions { lang, ..PageOptions::default() }).html();
        let mut rest = between(&html, "-verdicts\">", "-caption\"");
        for record in &records {
            let panel = rest.split_once("-panel\"").unwrap().1;
            let (panel, after) = (panel.split("-panel\"").next().unwrap(), panel);
            rest = after;
            let d = diagnose(record, &Thresholds::default()).unwrap();
            assert!(visible(panel).contains(&d.concluded(lang)), "{}", d.run);
            let words = visible(panel);
            for v in &d.verdicts {
                let name = lang.capitalised(&lang.ailment(v.rule.ailment));
                let evidence: &[Evidence] = match &v.outcome {
                    // A consequence stands under its cause, with the number that shows it best.
                    Outcome::Found(f) if matches!(v.standing, Some(Standing::Consequence(_))) => {
                        assert!(words.contains(&lang.capitalised(&v.brief_words(lang, &d))), "{name}");
                        &f.evidence[..0]
                    }
                    Outcome::Found(f) => {
                        let strong = format!("<strong>{}</strong>", html::escape(&name));
                        assert!(panel.contains(&strong), "{name}");
                        assert!(words.contains(&lang.ailment_means(v.rule.ailment)), "{name}");
                        &f.evidence
                    }
                    // Not being healthy is told by the conclusion.
                    Outcome::Clear(_) if v.rule.branch == Branch::Done => &[],
                    Outcome::Clear(evidence) => {
                        assert!(words.contains(&name), "{name}");
                        evidence
                    }
                    Outcome::Unknown(missing) => {
                        assert!(words.contains(&lang.title(&name, &[lang.missing(missing)])), "{name}");
                        &[]
                    }
                };
                for e in evidence {
                    assert!(words.contains(&e.words(lang, &d)), "{name}: {}", e.words(lang, &d));
                }
            }
        }
    }
}

#[test]
fn words_and_lines_have_the_contrast_that_wcag_asks_for() {
    let html = page(both(), &PageOptions::default()).html();
    let style = between(&html, "<style>", "</style>");
    let prefix = between(style, "--", "-ground");
    // The light palette stands first, then the dark one, twice: by the system's wish and by the button.
    let palettes: Vec<&str> = style.split("  color-scheme: ").take(3).collect();
    let mut seen = Vec::new();
    for palette in palettes {
        let colour = |name: &str| -> Rgb {
            let hex = palette.split(&format!("--{prefix}-{name}: #")).nth(1).unwrap();
            let n = u32::from_str_radix(&hex[..6], 16).unwrap();
            Rgb((n >> 16) as u8, (n >> 8) as u8, n as u8)
        };
        for (words, on) in [("text", "ground"), ("muted", "ground"), ("text", "mask")] {
            let contrast = colour(words).contrast(colour(on));
            assert!(contrast >= 4.5, "{words} on {on}: {contrast}");
        }
        // The borders of controls, the curves, the slider and the ring of the focus.
        for line in ["axis", "series-0", "series-1", "series-2"] {
            let contrast = colour(line).contrast(colour("ground"));
            assert!(contrast >= 3.0, "{line}: {contrast}");
        }
        seen.push(colour("ground"));
    }
    assert!(seen[0].luminance() > 0.8 && seen[1].luminance() < 0.1 && seen[1] == seen[2], "{seen:?}");
}

#[test]
fn curves_that_stand_side_by_side_share_their_axis() {
    let small = |step: u64| if step == 0 { 2.3 } else { 1e-3 };
    let records = vec![Synthetic::default().record(), Synthetic { loss: small, ..healthy() }.record()];
    let data = data(&page(records, &PageOptions::default()).html());
    let axis = |run: usize, strip: usize| {
        let strip = &data["runs"][run]["strips"][strip];
        ["label", "low", "high", "logarithmic", "percent"].map(|key| strip[key].clone())
    };
    assert_eq!(data["runs"][0]["strips"].as_array().unwrap().len(), 2);
    for strip in [0, 1] {
        assert_eq!(axis(0, strip), axis(1, strip));
    }
    let [_, low, high, ..] = axis(0, 0);
    assert!(low.as_f64().unwrap() <= 1e-3 && high.as_f64().unwrap() >= 2.302, "{low} to {high}");
}

#[test]
fn a_run_that_holds_less_shows_less_and_one_that_holds_nothing_is_refused() {
    // Without snapshots nothing is known of movement; the other run has it.
    let bare = Synthetic { run: "tanh", snapshots: Vec::new(), ..Synthetic::default() };
    let data = data(&page(vec![bare.record(), healthy().record()], &PageOptions::default()).html());
    assert_eq!(names(&data).len(), 5);
    assert!(data["runs"][0]["grids"][3].is_null() && data["runs"][1]["grids"][3].is_object());
    let empty = Synthetic { steps: Vec::new(), snapshots: Vec::new(), ..Synthetic::default() };
    let error = Page::new(vec![empty.record()], &PageOptions::default());
    assert!(matches!(error, Err(PageError::Nothing { .. })), "{error:?}");
    assert!(matches!(Page::new(Vec::new(), &PageOptions::default()), Err(PageError::NoRun)));
}

#[test]
fn a_run_that_diverged_ends_where_it_ended() {
    let status = Status::Diverged { step: 9, what: "the loss is NaN".into() };
    let grad = |layer: usize, step: u64| if step == 9 { f64::INFINITY } else { odd(layer, step) };
    let run = Synthetic {
        run: "relu",
        steps: (0..10).collect(),
        snapshots: vec![0, 10],
        grad,
        signal: grad,
        status,
        ..Synthetic::default()
    };
    let data = data(&page(vec![run.record(), Synthetic::default().record()], &PageOptions::default()).html());
    assert_eq!(held(&data, 0, 0).0.len(), 10);
    assert!(held(&data, 0, 0).1.iter().all(|row| row[9] == "infinite"));
}

#[test]
fn every_word_has_its_language() {
    let [en, zh] =
        [Lang::En, Lang::Zh].map(|lang| page(both(), &PageOptions { lang, ..PageOptions::default() }).html());
    assert!(en.contains("<html lang=\"en\">") && zh.contains("<html lang=\"zh-Hans\">"));
    // Latin words are names of settings; buttons, notes and phrases of the script are Chinese.
    let words = data(&zh)["words"].clone();
    let mut phrases = String::new();
    for phrase in words.as_object().unwrap().values() {
        // Without the places for numbers.
        phrases.extend(
            phrase.as_str().unwrap().split('{').map(|part| part.split_once('}').map_or(part, |t| t.1)),
        );
    }
    let live = between(&zh, "-tools\">", "</section>").split_once("<script").unwrap().0;
    let visible = visible(live);
    for english in ["Gradient", "Play", "Dark", "Show", "layer", "step", "recorded", "arrow", "found"] {
        assert!(!phrases.contains(english), "{english} in {phrases}");
        assert!(!visible.contains(english), "{english} in {visible}");
    }
    for chinese in ["梯度", "播放", "第 {layer} 层", "输入侧"] {
        assert!(zh.contains(chinese) && !en.contains(chinese), "{chinese}");
    }
}

#[test]
fn the_table_writes_numbers_as_people_read_them() {
    use super::code::Digits;
    let text = |mantissa, exponent, percent| {
        super::html::written(Digits { mantissa, exponent }, percent).replace('\u{a0}', " ")
    };
    for (digits, expected) in [
        ((123, 0, false), "1.23"),
        ((100, 2, false), "100"),
        ((123, 1, false), "12.3"),
        ((123, 4, false), "12,300"),
        ((999, 5, false), "999,000"),
        ((123, 6, false), "1.23 × 10⁶"),
        ((456, -3, false), "0.00456"),
        ((456, -4, false), "4.56 × 10⁻⁴"),
        ((100, -120, false), "1.00 × 10⁻¹²⁰"),
        ((107, -4, true), "0.0107 %"),
        ((375, -1, true), "37.5 %"),
        ((140, 0, true), "140 %"),
        ((100, -1, true), "10.0 %"),
    ] {
        assert_eq!(text(digits.0, digits.1, digits.2), expected);
    }
}
