//! Fonts in a PDF: a subset of each with the glyphs that are drawn, their widths and their characters.

use std::collections::BTreeMap;

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Filter, Finish, Name, Pdf, Rect, Ref, Str};
use subsetter::GlyphRemapper;

use super::{fingerprint, packed};
use crate::font::{self, Glyph, Source};
use crate::render::RenderError;

const IDENTITY: SystemInfo =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// A font and what is drawn with it.
pub struct Used {
    pub source: Source,
    numbers: GlyphRemapper,
    /// By the number in the subset: the character, and the width in thousandths of an em.
    glyphs: BTreeMap<u16, (char, f32)>,
}

impl Used {
    pub fn new(source: Source) -> Used {
        Used { source, numbers: GlyphRemapper::new(), glyphs: BTreeMap::new() }
    }

    /// Its name on the page.
    pub fn name(&self) -> String {
        format!("F{}", self.source as u8)
    }

    /// The number of a glyph in the subset.
    pub fn number(&mut self, glyph: &Glyph) -> u16 {
        let number = self.numbers.remap(glyph.id);
        // The box for missing characters stands for many.
        let character = if glyph.id == 0 { char::REPLACEMENT_CHARACTER } else { glyph.character };
        let known = self.glyphs.entry(number).or_insert((character, (1000.0 * glyph.advance) as f32));
        // Of two characters with one glyph the first in the order of Unicode is copied, whichever comes first.
        known.0 = known.0.min(character);
        number
    }

    /// Writes the font; returns its object.
    ///
    /// # Errors
    /// A font whose outlines cannot be cut out of it.
    pub fn embed(&self, pdf: &mut Pdf, next: &mut Ref) -> Result<Ref, RenderError> {
        let [font, descendant, descriptor, characters] = std::array::from_fn(|_| next.bump());
        let postscript = self.source.metrics().postscript;
        let name = self.tagged_name();
        let name = Name(name.as_bytes());
        pdf.type0_font(font)
            .base_font(name)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(descendant)
            .to_unicode(characters);
        let mut cid = pdf.cid_font(descendant);
        cid.subtype(if postscript { CidFontType::Type0 } else { CidFontType::Type2 });
        cid.base_font(name).system_info(IDENTITY).font_descriptor(descriptor).default_width(0.0);
        if !postscript {
            cid.cid_to_gid_map_predefined(Name(b"Identity"));
        }
        let mut widths = cid.widths();
        for (number, (_, width)) in &self.glyphs {
            widths.consecutive(*number, [*width]);
        }
        widths.finish();
        cid.finish();
        let mut map = UnicodeCmap::<u16>::new(Name(b"Custom"), IDENTITY);
        for (number, (character, _)) in &self.glyphs {
            map.pair(*number, *character);
        }
        pdf.stream(characters, &packed(&map.finish())).filter(Filter::FlateDecode);
        self.describe(pdf, descriptor, next.bump(), name)?;
        Ok(font)
    }

    /// The outlines of the glyphs, and what is true of all of them.
    fn describe(&self, pdf: &mut Pdf, descriptor: Ref, file: Ref, name: Name) -> Result<(), RenderError> {
        let metrics = self.source.metrics();
        let subset = subsetter::subset(self.source.data(), 0, &self.numbers)
            .map_err(|e| RenderError::Pdf(format!("its font cannot be embedded: {e}")))?;
        let outlines = match metrics.postscript {
            true => font::compact_outlines(&subset)
                .ok_or_else(|| RenderError::Pdf("its font has no outlines to embed".to_string()))?,
            false => &subset,
        };
        let [left, low, right, high] = metrics.bounds.map(|x| x as f32);
        let mut described = pdf.font_descriptor(descriptor);
        described
            .name(name)
            .flags(FontFlags::SYMBOLIC)
            .bbox(Rect::new(left, low, right, high))
            .italic_angle(0.0)
            .ascent(metrics.ascent as f32)
            .descent(metrics.descent as f32)
            .cap_height(metrics.capital as f32)
            // Required, and of use to nobody who has the font.
            .stem_v(80.0);
        if metrics.postscript {
            described.font_file3(file)
        } else {
            described.font_file2(file)
        };
        described.finish();
        let packed_outlines = packed(outlines);
        let mut stream = pdf.stream(file, &packed_outlines);
        stream.filter(Filter::FlateDecode);
        if metrics.postscript {
            stream.pair(Name(b"Subtype"), Name(b"CIDFontType0C"));
        } else {
            stream.pair(Name(b"Length1"), outlines.len() as i32);
        }
        stream.finish();
        Ok(())
    }

    /// Two subsets of one font in one document must have different names: six letters, made from the glyphs.
    fn tagged_name(&self) -> String {
        let mut hash = fingerprint(0, self.numbers.remapped_gids().flat_map(u16::to_be_bytes));
        let mut name = String::new();
        for _ in 0..6 {
            name.push(char::from(b'A' + (hash % 26) as u8));
            hash /= 26;
        }
        name.push('+');
        let family = match self.source {
            Source::Regular => "GradfadeSans-Regular".to_string(),
            Source::Bold => "GradfadeSans-Bold".to_string(),
            Source::Extra => font::extra().map(|extra| extra.family.clone()).unwrap_or_default(),
        };
        name.extend(family.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-'));
        name
    }
}
