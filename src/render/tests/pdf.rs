//! PDF as a file: where its objects are, which characters can be copied, what it shows of a heatmap.

use std::collections::BTreeSet;
use std::io::Read as _;

use super::*;

/// What every packed stream of a file holds.
fn streams(file: &[u8]) -> Vec<Vec<u8>> {
    let find =
        |from: usize, what: &[u8]| file[from..].windows(what.len()).position(|w| w == what).map(|i| from + i);
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(begin) = find(at, b"\nstream\n") {
        let end = find(begin, b"\nendstream").unwrap();
        let mut unpacked = Vec::new();
        if flate2::read::ZlibDecoder::new(&file[begin + 8..end]).read_to_end(&mut unpacked).is_ok() {
            out.push(unpacked);
        }
        at = end;
    }
    out
}

#[test]
fn the_table_of_a_pdf_says_where_its_objects_are() {
    for f in gallery() {
        let file = pdf(&f, &Style::default()).unwrap();
        let text = String::from_utf8_lossy(&file);
        let place: usize =
            text.rsplit("startxref\n").next().unwrap().lines().next().unwrap().parse().unwrap();
        assert!(file[place..].starts_with(b"xref\n"), "{}", f.name);
        let table = String::from_utf8(file[place..].to_vec()).unwrap();
        let entries: Vec<&str> =
            table.lines().skip(2).take_while(|l| l.ends_with(" n") || l.ends_with(" f")).collect();
        assert!(entries.len() > 10, "{}: {table}", f.name);
        for (number, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.contains(" n")) {
            let offset: usize = entry[..10].parse().unwrap();
            assert!(file[offset..].starts_with(format!("{number} 0 obj").as_bytes()), "{}: {entry}", f.name);
        }
    }
}

#[test]
fn every_character_of_a_pdf_can_be_copied_and_no_other_is_in_its_fonts() {
    for mut f in [kinds(), comparison()] {
        for lang in [crate::text::Lang::En, crate::text::Lang::Zh] {
            f.lang = lang;
            if lang == crate::text::Lang::Zh {
                f.title = "梯度消失：第 1 层的梯度是 10⁻³".to_string();
            }
            let drawn: BTreeSet<char> = draw(&f, &Style::default())
                .unwrap()
                .shapes
                .iter()
                .filter_map(|shape| match shape {
                    Shape::Words { text, .. } => Some(text.clone()),
                    _ => None,
                })
                .flat_map(|text| text.chars().collect::<Vec<_>>())
                .collect();
            let mut copied = BTreeSet::new();
            for stream in streams(&pdf(&f, &Style::default()).unwrap()) {
                let Ok(map) = String::from_utf8(stream) else { continue };
                // <number of the glyph> <UTF-16>
                for line in map.lines().filter(|l| l.starts_with('<') && l.matches('<').count() == 2) {
                    let code = line.split('<').nth(2).unwrap().trim_end_matches('>');
                    if line != "<0000> <ffff>" && line != "<0000> <FFFF>" {
                        copied.extend(char::from_u32(u32::from_str_radix(code, 16).unwrap()));
                    }
                }
            }
            assert_eq!(copied, drawn, "{}", f.name);
        }
    }
}

#[test]
fn a_pdf_holds_the_pixels_of_a_heatmap_and_its_palette_once() {
    let f = comparison();
    let drawing = draw(&f, &Style::default()).unwrap();
    let rasters: Vec<_> = drawing
        .shapes
        .iter()
        .filter_map(|shape| match shape {
            Shape::Picture { raster, .. } => Some(raster.clone()),
            _ => None,
        })
        .collect();
    assert!(rasters.len() >= 4);
    let streams = streams(&pdf(&f, &Style::default()).unwrap());
    let palettes: BTreeSet<&[u8]> = rasters.iter().map(|r| &r.palette[..]).collect();
    for raster in &rasters {
        assert!(streams.contains(&raster.pixels));
    }
    for palette in palettes {
        assert_eq!(streams.iter().filter(|s| s == &palette).count(), 1);
    }
}
