//! SVG to PDF: the same shapes as vectors, text as text, a heatmap as its small image without interpolation.
//!
//! usvg lays the text out, exactly as it does for the PNG; each line becomes one run of glyphs of an
//! embedded subset of the font, with the characters that it stands for, so that it can be searched and
//! copied. The page is a tagged figure whose alternative text is the figure's description. Nothing in the
//! file depends on the clock or on chance: its ID is a hash of it.

use krilla::Document;
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Size, Transform};
use krilla::image::Image;
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule, LineCap, LineJoin, Stroke, StrokeDash};
use krilla::surface::Surface;
use krilla::tagging::{ContentTag, Tag, TagGroup, TagTree};
use krilla::text::{Font, GlyphId, KrillaGlyph};
use resvg::usvg::tiny_skia_path::{self, PathSegment};
use resvg::usvg::{self, ImageKind, Node, Tree, fontdb};

use super::{RenderError, fonts};
use crate::figure::chart::Figure;
use crate::font::STACK;

/// PDF points per CSS pixel.
const POINTS: f32 = 0.75;

/// The PDF of a figure that [`super::svg`] drew as `svg`, at the same size on paper.
///
/// # Errors
/// Text that is no SVG, or one with something that figures do not have (gradients, masks, filters).
pub fn pdf(figure: &Figure, svg: &str) -> Result<Vec<u8>, RenderError> {
    let options =
        usvg::Options { fontdb: fonts::database(), font_family: STACK.to_string(), ..Default::default() };
    let tree = Tree::from_str(svg, &options)?;
    let mut document = Document::new();
    document.set_metadata(
        Metadata::new()
            .title(figure.title.clone())
            .description(figure.caption.clone())
            .language(figure.lang.bcp47().to_string())
            .creator(concat!("gradfade ", env!("CARGO_PKG_VERSION")).to_string()),
    );
    let size = Size::from_wh(tree.size().width() * POINTS, tree.size().height() * POINTS);
    let mut page =
        document.start_page_with(PageSettings::new(size.ok_or_else(|| problem("a page without a size"))?));
    let mut surface = page.surface();
    let content = surface.start_tagged(ContentTag::Other);
    surface.push_transform(&Transform::from_scale(POINTS, POINTS));
    Writer { surface: &mut surface, fonts: tree.fontdb(), loaded: Vec::new() }.group(tree.root())?;
    surface.pop();
    surface.end_tagged();
    surface.finish();
    page.finish();
    let tag = Tag::Figure(Some(figure.description.clone())).with_lang(Some(figure.lang.bcp47().to_string()));
    let mut group = TagGroup::new(tag);
    group.push(content);
    let mut tree = TagTree::new();
    tree.push(group);
    document.set_tag_tree(tree);
    document.finish().map_err(|e| RenderError::Pdf(format!("{e:?}")))
}

fn problem(what: &str) -> RenderError {
    RenderError::Pdf(what.to_string())
}

struct Writer<'a, 'b, 'c> {
    surface: &'a mut Surface<'b>,
    fonts: &'c fontdb::Database,
    loaded: Vec<(fontdb::ID, Font)>,
}

impl Writer<'_, '_, '_> {
    fn group(&mut self, group: &usvg::Group) -> Result<(), RenderError> {
        if group.mask().is_some() || !group.filters().is_empty() {
            return Err(problem("a mask or a filter, which PDF figures do not have"));
        }
        let clips = group.clip_path().is_some();
        if let Some(clip) = group.clip_path() {
            self.clip(clip, group.abs_transform())?;
        }
        let faint = group.opacity().get() < 1.0;
        if faint {
            self.surface.push_opacity(share(group.opacity().get()));
        }
        for node in group.children() {
            match node {
                Node::Group(inner) => self.group(inner)?,
                Node::Path(path) => self.path(path)?,
                Node::Image(image) => self.image(image)?,
                Node::Text(text) => self.text(text)?,
            }
        }
        for _ in 0..usize::from(clips) + usize::from(faint) {
            self.surface.pop();
        }
        Ok(())
    }

    /// usvg clips every image to its viewport; the clip is one path.
    fn clip(&mut self, clip: &usvg::ClipPath, at: tiny_skia_path::Transform) -> Result<(), RenderError> {
        let [Node::Path(path)] = clip.root().children() else {
            return Err(problem("a clip of several shapes, which PDF figures do not have"));
        };
        let at = at.pre_concat(clip.transform()).pre_concat(path.abs_transform());
        let shape = path.data().clone().transform(at).as_ref().and_then(shape);
        let shape = shape.ok_or_else(|| problem("an empty clip"))?;
        self.surface.push_clip_path(&shape, &FillRule::NonZero);
        Ok(())
    }

    fn path(&mut self, path: &usvg::Path) -> Result<(), RenderError> {
        let (Some(shape), true) = (shape(path.data()), path.is_visible()) else { return Ok(()) };
        self.surface.set_fill(path.fill().map(fill).transpose()?);
        self.surface.set_stroke(path.stroke().map(stroke).transpose()?);
        self.surface.push_transform(&matrix(path.abs_transform()));
        self.surface.draw_path(&shape);
        self.surface.pop();
        Ok(())
    }

    fn image(&mut self, image: &usvg::Image) -> Result<(), RenderError> {
        let ImageKind::PNG(data) = image.kind() else { return Err(problem("an image that is no PNG")) };
        let size = Size::from_wh(image.size().width(), image.size().height());
        // Not interpolated: a cell is a fact, not a sample of something smooth.
        let picture = Image::from_png(data.clone().into(), false).map_err(RenderError::Pdf)?;
        self.surface.push_transform(&matrix(image.abs_transform()));
        self.surface.draw_image(picture, size.ok_or_else(|| problem("an image without a size"))?);
        self.surface.pop();
        Ok(())
    }

    fn text(&mut self, text: &usvg::Text) -> Result<(), RenderError> {
        self.surface.push_transform(&matrix(text.abs_transform()));
        for span in text.layouted().iter().filter(|span| span.visible) {
            self.surface.set_fill(span.fill.as_ref().map(fill).transpose()?);
            self.surface.set_stroke(span.stroke.as_ref().map(stroke).transpose()?);
            // Neighbours in one font are one run.
            for run in span.positioned_glyphs.chunk_by(|a, b| a.font == b.font) {
                self.run(run, span.font_size.get())?;
            }
        }
        self.surface.pop();
        Ok(())
    }

    /// Glyphs on one line, from left to right.
    fn run(&mut self, run: &[usvg::layout::PositionedGlyph], size: f32) -> Result<(), RenderError> {
        let Some(first) = run.first() else { return Ok(()) };
        let font = self.font(first.font)?;
        let (x, y) = (first.transform().tx, first.transform().ty);
        let mut words = String::new();
        let mut glyphs = Vec::with_capacity(run.len());
        for (i, glyph) in run.iter().enumerate() {
            let at = glyph.transform();
            // The last glyph's advance moves nothing.
            let advance = run.get(i + 1).map_or(0.0, |next| (next.transform().tx - at.tx) / size);
            let from = words.len();
            words += &glyph.text;
            let rise = (y - at.ty) / size;
            let id = GlyphId::new(u32::from(glyph.id.0));
            glyphs.push(KrillaGlyph::new(id, advance, 0.0, rise, 0.0, from..words.len(), None));
        }
        self.surface.draw_glyphs(Point::from_xy(x, y), &glyphs, font, &words, size, false);
        Ok(())
    }

    fn font(&mut self, id: fontdb::ID) -> Result<Font, RenderError> {
        if let Some((_, font)) = self.loaded.iter().find(|(known, _)| *known == id) {
            return Ok(font.clone());
        }
        let font =
            self.fonts.with_face_data(id, |data, index| Font::new(data.to_vec().into(), index)).flatten();
        let font = font.ok_or_else(|| problem("a font that cannot be embedded"))?;
        self.loaded.push((id, font.clone()));
        Ok(font)
    }
}

fn matrix(t: tiny_skia_path::Transform) -> Transform {
    Transform::from_row(t.sx, t.ky, t.kx, t.sy, t.tx, t.ty)
}

fn shape(path: &tiny_skia_path::Path) -> Option<krilla::geom::Path> {
    let mut out = PathBuilder::new();
    for segment in path.segments() {
        match segment {
            PathSegment::MoveTo(p) => out.move_to(p.x, p.y),
            PathSegment::LineTo(p) => out.line_to(p.x, p.y),
            PathSegment::QuadTo(a, p) => out.quad_to(a.x, a.y, p.x, p.y),
            PathSegment::CubicTo(a, b, p) => out.cubic_to(a.x, a.y, b.x, b.y, p.x, p.y),
            PathSegment::Close => out.close(),
        }
    }
    out.finish()
}

fn share(x: f32) -> NormalizedF32 {
    NormalizedF32::new(x.clamp(0.0, 1.0)).unwrap_or(NormalizedF32::ONE)
}

fn colour(paint: &usvg::Paint) -> Result<krilla::paint::Paint, RenderError> {
    match paint {
        usvg::Paint::Color(c) => Ok(rgb::Color::new(c.red, c.green, c.blue).into()),
        usvg::Paint::LinearGradient(_) | usvg::Paint::RadialGradient(_) | usvg::Paint::Pattern(_) => {
            Err(problem("a gradient or a pattern, which PDF figures do not have"))
        }
    }
}

fn fill(fill: &usvg::Fill) -> Result<Fill, RenderError> {
    let rule = match fill.rule() {
        usvg::FillRule::NonZero => FillRule::NonZero,
        usvg::FillRule::EvenOdd => FillRule::EvenOdd,
    };
    Ok(Fill { paint: colour(fill.paint())?, opacity: share(fill.opacity().get()), rule })
}

fn stroke(stroke: &usvg::Stroke) -> Result<Stroke, RenderError> {
    Ok(Stroke {
        paint: colour(stroke.paint())?,
        width: stroke.width().get(),
        miter_limit: stroke.miterlimit().get(),
        line_cap: match stroke.linecap() {
            usvg::LineCap::Butt => LineCap::Butt,
            usvg::LineCap::Round => LineCap::Round,
            usvg::LineCap::Square => LineCap::Square,
        },
        line_join: match stroke.linejoin() {
            usvg::LineJoin::Miter | usvg::LineJoin::MiterClip => LineJoin::Miter,
            usvg::LineJoin::Round => LineJoin::Round,
            usvg::LineJoin::Bevel => LineJoin::Bevel,
        },
        opacity: share(stroke.opacity().get()),
        dash: stroke
            .dasharray()
            .map(|array| StrokeDash { array: array.to_vec(), offset: stroke.dashoffset() }),
    })
}
