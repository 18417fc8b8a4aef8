//! The font as resvg and the SVG know it; what it measures is in [`crate::font`].

use std::sync::{Arc, OnceLock};

use resvg::usvg::fontdb;

use crate::font::{self, STACK};

/// The `font-family` of an SVG: [`STACK`], and behind the bundled font the one that supplies what it lacks.
pub fn stack() -> String {
    let Some(extra) = font::extra() else { return STACK.to_string() };
    let family: String =
        extra.family.chars().filter(|c| !"'\"<>&,;".contains(*c) && !c.is_control()).collect();
    match STACK.split_once(", ") {
        Some((first, rest)) => format!("{first}, '{family}', {rest}"),
        None => STACK.to_string(),
    }
}

/// resvg's fonts: the bundled family, the font that supplies what it lacks, and nothing of the system's, so
/// that a PNG does not depend on the machine.
pub fn database() -> Arc<fontdb::Database> {
    static BUNDLED: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    static BOTH: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    let bundled = BUNDLED.get_or_init(|| {
        let mut db = fontdb::Database::new();
        for file in font::BUNDLED {
            db.load_font_source(fontdb::Source::Binary(Arc::new(file)));
        }
        Arc::new(db)
    });
    let Some(extra) = font::extra() else { return bundled.clone() };
    let both = BOTH.get_or_init(|| {
        let mut db = fontdb::Database::clone(bundled);
        // Not loaded by fontdb, which reserves memory for as many fonts as a collection claims to have.
        db.push_face_info(fontdb::FaceInfo {
            id: fontdb::ID::dummy(),
            source: fontdb::Source::Binary(Arc::new(extra.data)),
            index: 0,
            families: vec![(extra.family.clone(), fontdb::Language::English_UnitedStates)],
            post_script_name: extra.family.clone(),
            style: fontdb::Style::Normal,
            weight: fontdb::Weight::NORMAL,
            stretch: fontdb::Stretch::Normal,
            monospaced: false,
        });
        Arc::new(db)
    });
    both.clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::font::{Weight, width};

    #[test]
    fn widths_agree_with_resvg() {
        let text = "gradient norm 10⁻³ at layer 12 is lost";
        for (weight, bold) in [(Weight::Regular, "normal"), (Weight::Bold, "bold")] {
            let ours = width(text, 100.0, weight);
            let svg = format!(
                "<svg xmlns='http://www.w3.org/2000/svg' width='3000' height='200'><text x='10' y='100' \
                 font-size='100' font-family='{STACK}' font-weight='{bold}'>{text}</text></svg>"
            );
            let options = resvg::usvg::Options { fontdb: database(), ..Default::default() };
            let tree = resvg::usvg::Tree::from_str(&svg, &options).unwrap();
            let drawn = f64::from(tree.root().abs_bounding_box().width());
            // The box is that of the ink, so side bearings and kerning are missing from it.
            assert!(drawn < ours && drawn > 0.97 * ours, "resvg: {ours} against {drawn}");
        }
    }
}
