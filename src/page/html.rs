//! The template filled. Every text from outside passes through [`escape`]; data stands in a block that no
//! parser can leave early.

use super::code::{Digits, Held};
use super::data::{Data, Group, Metric};
use super::{Page, PageError, PageOptions, sha256};
use crate::figure::chart::Figure;
use crate::render::{self, Palette, Style, Theme};
use crate::text::Lang;
use crate::text::numbers::power_of_ten;

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The prefix of every class in the three files; each page gets its own instead.
pub const PREFIX: &str = "gfid";

/// The filled section; the levels of its headings are left open.
pub type Section = String;

/// Fills the template.
pub fn page(
    data: &Data,
    figure: Option<Figure>,
    verdicts: String,
    recorded: &[usize],
    options: &PageOptions,
) -> Result<Page, PageError> {
    let lang = options.lang;
    let json = serde_json::to_string(data)?;
    // Each character that could end the block or begin a comment in it.
    let json = json.replace('<', "\\u003c").replace('>', "\\u003e").replace("{{", "{\\u007b");
    let prefix = format!("gf{}", sha256::short(&(json.clone() + &verdicts)));
    let group = &data.groups[data.start];
    let title = match data.groups.as_slice() {
        [_] => group.title.clone(),
        all => lang.runs_of_depths(data.runs.len(), all[0].hidden, all[all.len() - 1].hidden),
    };
    let static_figure = match figure {
        Some(figure) => drawn(figure, &prefix, &title, options)?,
        None => String::new(),
    };
    let section = fill(
        TEMPLATE,
        &[
            ("lang", lang.bcp47().to_string()),
            ("title", escape(&title)),
            ("caption", escape(&group.caption)),
            ("metrics", metric_buttons(data)),
            ("shown_group", escape(&lang.shown_group())),
            ("depths", depths(lang, data)),
            ("dark", escape(&lang.dark())),
            ("play", escape(&lang.play())),
            ("training_step", escape(&lang.training_step())),
            ("bars_note", escape(&lang.bars_note())),
            ("keys_note", escape(&lang.keys_note())),
            ("runs", runs(lang, data)),
            ("verdicts", verdicts),
            ("table_summary", escape(&lang.table_summary())),
            ("tables", tables(lang, data)),
            ("notes", notes(lang, data, recorded, &options.remarks)),
        ],
    );
    // Only now what may hold the letters of the prefix by chance.
    let section = fill(&section.replace(PREFIX, &prefix), &[("figure", static_figure), ("data", json)]);
    let style = STYLE.replace("/* palette */", &palette());
    Ok(Page {
        title,
        lang,
        style: style.replace(PREFIX, &prefix),
        script: SCRIPT.replace(PREFIX, &prefix),
        section,
        prefix,
    })
}

/// The figure that stands on the page where no script runs, as SVG.
fn drawn(mut figure: Figure, prefix: &str, title: &str, options: &PageOptions) -> Result<String, PageError> {
    figure.name = format!("{prefix}-figure");
    let style = Style { colour_map: options.colour_map, ..Style::default() };
    // The page's heading says the same; without it the picture would have no name, so it gets it back.
    let same = figure.title == title;
    if same {
        figure.title.clear();
    }
    let svg = render::svg(&figure, &style)?;
    let svg = if same { svg.replacen("></title>", &format!(">{}</title>", escape(title)), 1) } else { svg };
    // A style attribute is what the policy forbids; the style sheet says the same.
    Ok(svg.replace(" style=\"image-rendering:pixelated\"", ""))
}

pub fn document(page: &Page) -> String {
    let policy = format!("default-src 'none'; {}; base-uri 'none'; form-action 'none'", policy(page));
    format!(
        "<!doctype html>
<html lang=\"{lang}\">
<head>
<meta charset=\"utf-8\">
<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"generator\" content=\"gradfade {version}\">
<title>{title}</title>
<style>{style}</style>
</head>
<body class=\"{prefix}-page\">
{section}<script>{script}</script>
</body>
</html>
",
        prefix = page.prefix,
        lang = page.lang.bcp47(),
        version = env!("CARGO_PKG_VERSION"),
        title = escape(&page.title),
        style = page.style,
        section = at_level(&page.section, 1),
        script = page.script,
    )
}

pub fn fragment(page: &Page) -> String {
    format!(
        "<!-- gradfade {version}; content-security policy: {policy} -->
<style>{style}</style>
{section}<script>{script}</script>
",
        version = env!("CARGO_PKG_VERSION"),
        policy = policy(page),
        style = page.style,
        section = at_level(&page.section, 2),
        script = page.script,
    )
}

/// The section with its headings from this level on.
fn at_level(section: &str, level: usize) -> String {
    let names = ["{{heading}}", "{{below}}", "{{lowest}}"];
    names
        .iter()
        .zip(level..)
        .fold(section.to_string(), |text, (name, l)| text.replace(name, &format!("h{l}")))
}

/// The page's own script and style by their hashes, and the pictures in the static figure.
pub fn policy(page: &Page) -> String {
    let [script, style] = [&page.script, &page.style].map(|text| sha256::source(text));
    format!("script-src {script}; style-src {style}; img-src data:")
}

/// Puts values in the places `{{name}}` of a template.
fn fill(template: &str, values: &[(&str, String)]) -> String {
    let mut out = String::with_capacity(template.len() + values.iter().map(|v| v.1.len()).sum::<usize>());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else { break };
        out += before;
        match values.iter().find(|v| v.0 == name) {
            Some((_, value)) => out += value,
            // Left for a later filling.
            None => out += &format!("{{{{{name}}}}}"),
        }
        rest = after;
    }
    out + rest
}

/// Text as it may stand between tags and in a quoted attribute; nothing in it is taken for a place or for the
/// prefix.
pub fn escape(text: &str) -> String {
    let text = crate::escape::xml(text);
    text.replace('\'', "&#39;").replace('{', "&#123;").replace(PREFIX, "gf&#105;d")
}

// ---- colours
// ------------------------------------------------------------------------------------------------------------

/// The themes of the figures as variables, and the light colours of the static figure mapped to them.
fn palette() -> String {
    let (light, dark) = (Theme::Light.palette(), Theme::Dark.palette());
    let (light_rules, dark_rules) = (variables(light), variables(dark));
    // The second of each is the body of a page of its own. Paper is always light.
    let mut out = format!(
        ".{PREFIX}, .{PREFIX}-page {{
{light_rules}  color-scheme: light;
}}
@media screen and (prefers-color-scheme: dark) {{
.{PREFIX}:not([data-theme=\"light\"]), .{PREFIX}-page:not(:has(> [data-theme=\"light\"])) {{
{dark_rules}  color-scheme: dark;
}}
}}
@media screen {{
.{PREFIX}[data-theme=\"dark\"], .{PREFIX}-page:has(> [data-theme=\"dark\"]) {{
{dark_rules}  color-scheme: dark;
}}
}}
"
    );
    let mut mapped = vec![("ground".to_string(), light.background), ("text".to_string(), light.text)];
    mapped.extend([
        ("muted".into(), light.muted),
        ("axis".into(), light.axis),
        ("grid".into(), light.grid),
        ("mask".into(), light.mask),
    ]);
    mapped.extend(light.series.iter().enumerate().map(|(i, c)| (format!("series-{i}"), *c)));
    for (name, colour) in mapped {
        let hex = colour.to_string().to_uppercase();
        for attribute in ["fill", "stroke"] {
            out += &format!(
                ".{PREFIX}-figure [{attribute}=\"{hex}\"] {{ {attribute}: var(--{PREFIX}-{name}); }}\n"
            );
        }
    }
    out
}

fn variables(p: &Palette) -> String {
    let mut all = vec![
        ("ground".to_string(), p.background),
        ("text".to_string(), p.text),
        ("muted".to_string(), p.muted),
        ("axis".to_string(), p.axis),
        ("grid".to_string(), p.grid),
        ("mask".to_string(), p.mask),
    ];
    all.extend(p.series.iter().enumerate().map(|(i, c)| (format!("series-{i}"), *c)));
    for (i, tones) in p.special.iter().enumerate() {
        all.extend([(format!("special-{i}"), tones.ground), (format!("ink-{i}"), tones.ink)]);
    }
    all.iter().map(|(name, colour)| format!("  --{PREFIX}-{name}: {colour};\n")).collect()
}

// ---- parts
// --------------------------------------------------------------------------------------------------------------

fn metric_buttons(data: &Data) -> String {
    let button = |(i, m): (usize, &Metric)| {
        let checked = if i == 0 { " checked" } else { "" };
        format!(
            "<label><input type=\"radio\" name=\"{PREFIX}-metric\" value=\"{i}\"{checked}><span>{}</span></label>\n",
            escape(&m.name)
        )
    };
    data.metrics.iter().enumerate().map(button).collect()
}

/// The switch of depths; nothing where there is one depth.
fn depths(lang: Lang, data: &Data) -> String {
    if data.groups.len() < 2 {
        return String::new();
    }
    // Only one depth is on the screen: each says how many of all networks it has.
    let option = |(i, group): (usize, &Group)| {
        let selected = if i == data.start { " selected" } else { "" };
        let words = escape(&lang.networks_of_depth(group.hidden, group.to - group.from, data.runs.len()));
        format!("<option value=\"{i}\"{selected}>{words}</option>")
    };
    let options: String = data.groups.iter().enumerate().map(option).collect();
    let label = escape(&lang.hidden_layers());
    format!("<label class=\"{PREFIX}-depth\"><span>{label}</span> <select>{options}</select></label>\n")
}

fn runs(lang: Lang, data: &Data) -> String {
    let mut out = String::new();
    for (i, run) in data.runs.iter().enumerate() {
        let name = escape(&run.name);
        let [map, bars] = [lang.heatmap_of(&run.name), lang.bars_of(&run.name)].map(|s| escape(&s));
        out += &format!(
            "<article class=\"{PREFIX}-run\" data-run=\"{i}\">
<div class=\"{PREFIX}-head\"><{{{{below}}}} class=\"{PREFIX}-name\">{name}</{{{{below}}}}><p class=\"{PREFIX}-value\"></p></div>
<p class=\"{PREFIX}-finding\"></p>
<canvas class=\"{PREFIX}-map\" tabindex=\"0\" role=\"application\" aria-label=\"{map}\"></canvas>
<canvas class=\"{PREFIX}-bars\" role=\"img\" aria-label=\"{bars}\"></canvas>
"
        );
        for strip in &run.strips {
            let label = escape(&lang.curves_of(&run.name, &strip.label));
            out += &format!(
                "<canvas class=\"{PREFIX}-strip\" role=\"img\" aria-label=\"{label}\"></canvas>\n<div class=\"{PREFIX}-series\"></div>\n"
            );
        }
        out += "</article>\n";
    }
    out
}

/// One table a run: each metric at its first and last column.
fn tables(lang: Lang, data: &Data) -> String {
    let mut out = String::new();
    for (i, run) in data.runs.iter().enumerate() {
        let mut heads = vec![lang.layer_axis()];
        let mut columns: Vec<Vec<String>> = Vec::new();
        for (metric, grid) in data.metrics.iter().zip(&run.grids) {
            // On a plain scale of shares every layer goes from 100 % to 0 %.
            let Some(grid) = grid.as_ref().filter(|_| metric.logarithmic) else { continue };
            let clock = &run.clocks[grid.clock];
            let at = [
                clock.at.first,
                clock.at.first + clock.at.then.iter().map(|(d, n)| d * f64::from(*n)).sum::<f64>(),
            ];
            let width = 1 + clock.at.then.iter().map(|t| t.1 as usize).sum::<usize>();
            let ends: &[usize] = if width == 1 { &[0] } else { &[0, width - 1] };
            for (end, column) in ends.iter().enumerate() {
                heads.push(lang.at_first_step(&metric.name, at[end] as u64));
                let text = |l: usize| text_of(grid.held[l * width + column], metric, &grid.special);
                columns.push((0..run.rows.len()).map(text).collect());
            }
        }
        let head: String = heads.iter().map(|h| format!("<th scope=\"col\">{}</th>", escape(h))).collect();
        out += &format!(
            "<div class=\"{PREFIX}-scroll\" data-run=\"{i}\" tabindex=\"0\" role=\"group\" aria-label=\"{name}\">\n<table>\n<caption>{name}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n",
            name = escape(&run.name)
        );
        // The output side stands on top, as in the heatmaps.
        for l in (0..run.rows.len()).rev() {
            let cells: String = columns.iter().map(|c| format!("<td>{}</td>", escape(&c[l]))).collect();
            out += &format!("<tr><th scope=\"row\">{}</th>{cells}</tr>\n", escape(&run.rows[l]));
        }
        out += "</tbody>\n</table>\n</div>\n";
    }
    out
}

fn notes(lang: Lang, data: &Data, recorded: &[usize], remarks: &[String]) -> String {
    let mut all = vec![lang.keys_note(), lang.digits_note()];
    for (run, recorded) in data.runs.iter().zip(recorded) {
        let held = run.clocks.iter().map(|c| 1 + c.at.then.iter().map(|t| t.1 as usize).sum::<usize>()).max();
        if let Some(held) = held.filter(|h| h < recorded) {
            all.push(lang.columns_note(&run.name, held, *recorded));
        }
    }
    all.extend_from_slice(remarks);
    all.iter().map(|n| format!("<p>{}</p>\n", escape(n))).collect()
}

// ---- numbers
// ------------------------------------------------------------------------------------------------------------

fn text_of(held: Held, metric: &Metric, special: &[(usize, String)]) -> String {
    match held {
        Held::Value(d) => written(d, metric.percent),
        // On a plain scale zero is a value.
        Held::Special(0) if !metric.logarithmic => with_unit("0".into(), metric.percent),
        Held::Special(k) => special.iter().find(|s| s.0 == k).map_or_else(String::new, |s| s.1.clone()),
    }
}

/// Three digits for people: `0.00123`, `12,300`, `1.23 × 10⁻⁵`. The script writes the same.
pub fn written(d: Digits, percent: bool) -> String {
    let exponent = d.exponent + if percent { 2 } else { 0 };
    let text = if (-3..6).contains(&exponent) {
        if exponent >= 2 {
            let whole = u64::from(d.mantissa) * 10u64.pow((exponent - 2) as u32);
            Lang::En.count(whole)
        } else {
            let decimals = (2 - exponent) as usize;
            format!("{:.decimals$}", f64::from(d.mantissa) * 10f64.powi(exponent - 2))
        }
    } else {
        let power = power_of_ten(exponent);
        format!("{}.{:02}\u{a0}×\u{a0}{power}", d.mantissa / 100, d.mantissa % 100)
    };
    with_unit(text, percent)
}

fn with_unit(text: String, percent: bool) -> String {
    if percent { text + "\u{a0}%" } else { text }
}
