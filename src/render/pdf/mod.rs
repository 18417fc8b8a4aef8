//! A drawing as PDF: the same shapes as vectors, text as text, a heatmap as its small image without
//! interpolation.
//!
//! Text is glyphs of an embedded subset of the font, with the characters that they stand for, so that it can
//! be searched and copied. The page is a tagged figure whose alternative text is the figure's description.
//! Nothing in the file depends on the clock or on chance: its ID is a hash of it.

mod content;
mod fonts;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::StructRole;
use pdf_writer::writers::StructTreeRoot;
use pdf_writer::{Filter, Finish, Name, Pdf, Rect, Ref, TextStr};

use super::RenderError;
use super::drawing::{Drawing, Raster};
use crate::escape::xml;
use crate::figure::chart::Figure;
use crate::font::tidy;
use content::{Content, MARKED};

/// PDF points per CSS pixel.
const POINTS: f64 = 0.75;

/// The objects that every file has; those of images and fonts follow.
const CATALOG: Ref = Ref::new(1);
const PAGES: Ref = Ref::new(2);
const PAGE: Ref = Ref::new(3);
const CONTENT: Ref = Ref::new(4);
const FIGURE: Ref = Ref::new(5);
const INFORMATION: Ref = Ref::new(6);
const METADATA: Ref = Ref::new(7);
const STRUCTURE: Ref = Ref::new(8);
const MARKED_ON_PAGE: Ref = Ref::new(9);
const DOCUMENT: Ref = Ref::new(10);
const FIRST_FREE: i32 = 11;

const CREATOR: &str = concat!("gradfade ", env!("CARGO_PKG_VERSION"));

/// The PDF of a figure and its drawing, at the same size on paper.
///
/// # Errors
/// A font that cannot be embedded.
pub fn pdf(drawing: &Drawing, figure: &Figure) -> Result<Vec<u8>, RenderError> {
    let mut pdf = Pdf::new();
    let mut next = Ref::new(FIRST_FREE);
    let content = Content::of(drawing);
    catalog(&mut pdf, figure);
    let images = images(&mut pdf, &mut next, &content.images);
    let fonts = content.fonts.iter().map(|used| used.embed(&mut pdf, &mut next));
    let fonts = fonts.collect::<Result<Vec<Ref>, _>>()?;
    let [width, height] = drawing.size().map(|css| (css * POINTS) as f32);
    let mut page = pdf.page(PAGE);
    page.parent(PAGES).media_box(Rect::new(0.0, 0.0, width, height)).contents(CONTENT).struct_parents(0);
    let mut resources = page.resources();
    let mut named = resources.x_objects();
    for (i, id) in images.iter().enumerate() {
        named.pair(Name(format!("I{i}").as_bytes()), id);
    }
    named.finish();
    let mut named = resources.fonts();
    for (used, id) in content.fonts.iter().zip(&fonts) {
        named.pair(Name(used.name().as_bytes()), id);
    }
    named.finish();
    let mut states = resources.ext_g_states();
    for opacity in &content.opacities {
        let share = f32::from(*opacity) / 255.0;
        let mut state = states.insert(Name(format!("O{opacity}").as_bytes())).dict();
        state.pair(Name(b"CA"), share).pair(Name(b"ca"), share);
    }
    states.finish();
    resources.finish();
    page.finish();
    pdf.stream(CONTENT, &packed(&content.operators.finish())).filter(Filter::FlateDecode);
    let id = [1, 2].map(|seed| fingerprint(seed, pdf.as_bytes().iter().copied()).to_be_bytes()).concat();
    pdf.set_file_id((id.clone(), id));
    Ok(pdf.finish())
}

/// What the file says of itself, and the structure of its one page: a figure.
fn catalog(pdf: &mut Pdf, figure: &Figure) {
    let lang = figure.lang.bcp47();
    let mut catalog = pdf.catalog(CATALOG);
    catalog.pages(PAGES).lang(TextStr(lang)).metadata(METADATA);
    catalog.viewer_preferences().display_doc_title(true);
    catalog.mark_info().marked(true);
    catalog.pair(Name(b"StructTreeRoot"), STRUCTURE);
    catalog.finish();
    let mut root: StructTreeRoot = pdf.indirect(STRUCTURE).start();
    root.child(DOCUMENT).parent_tree_next_key(1).parent_tree().nums().insert(0, MARKED_ON_PAGE);
    root.finish();
    pdf.indirect(MARKED_ON_PAGE).array().item(FIGURE);
    pdf.pages(PAGES).kids([PAGE]).count(1);
    pdf.struct_element(DOCUMENT).kind(StructRole::Document).parent(STRUCTURE).child(FIGURE);
    let mut element = pdf.struct_element(FIGURE);
    element.kind(StructRole::Figure).parent(DOCUMENT).page(PAGE).lang(TextStr(lang));
    element.alt(TextStr(&figure.description)).children().marked_content_id(MARKED);
    element.finish();
    let mut information = pdf.document_info(INFORMATION);
    information.title(TextStr(&figure.title)).subject(TextStr(&figure.caption));
    information.creator(TextStr(CREATOR)).producer(TextStr(CREATOR));
    information.finish();
    pdf.metadata(METADATA, xmp(figure).as_bytes());
}

/// The same once more for programs that read XMP.
fn xmp(figure: &Figure) -> String {
    let one = |text: &str| format!("<rdf:li xml:lang=\"x-default\">{}</rdf:li>", xml(&tidy(text)));
    format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\
         <rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\">\
         <dc:title><rdf:Alt>{}</rdf:Alt></dc:title><dc:description><rdf:Alt>{}</rdf:Alt></dc:description>\
         <dc:language><rdf:Bag><rdf:li>{}</rdf:li></rdf:Bag></dc:language>\
         <xmp:CreatorTool>{CREATOR}</xmp:CreatorTool><pdf:Producer>{CREATOR}</pdf:Producer>\
         </rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>",
        one(&figure.title),
        one(&figure.caption),
        figure.lang.bcp47(),
    )
}

/// The images, with one object for each palette. Not interpolated: a cell is a fact, not a sample of something
/// smooth.
fn images(pdf: &mut Pdf, next: &mut Ref, rasters: &[Arc<Raster>]) -> Vec<Ref> {
    let mut palettes: BTreeMap<&[u8], Ref> = BTreeMap::new();
    let mut ids = Vec::new();
    for raster in rasters {
        let colours = &raster.palette[..];
        let palette = (!colours.is_empty()).then(|| {
            *palettes.entry(colours).or_insert_with(|| {
                let id = next.bump();
                pdf.stream(id, &packed(colours)).filter(Filter::FlateDecode);
                id
            })
        });
        let (id, pixels) = (next.bump(), packed(&raster.pixels));
        let mut image = pdf.image_xobject(id, &pixels);
        image.filter(Filter::FlateDecode);
        image
            .width(raster.width as i32)
            .height(raster.height as i32)
            .bits_per_component(8)
            .interpolate(false);
        if let Some(palette) = palette {
            let mut space = image.insert(Name(b"ColorSpace")).array();
            space.item(Name(b"Indexed")).item(Name(b"DeviceRGB"));
            space.item(colours.len() as i32 / 3 - 1).item(palette);
        } else {
            image.color_space().device_rgb();
        }
        ids.push(id);
    }
    ids
}

/// FNV-1a: tells files and subsets of fonts apart, not more.
fn fingerprint(seed: u64, bytes: impl Iterator<Item = u8>) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ seed;
    bytes.fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut out = ZlibEncoder::new(Vec::new(), Compression::default());
    // A vector takes every byte.
    let _ = out.write_all(bytes);
    out.finish().unwrap_or_default()
}
