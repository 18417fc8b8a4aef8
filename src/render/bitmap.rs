//! SVG to PNG, with the bundled font and nothing of the system's.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, Tree};

use super::{RenderError, Style, fonts};
use crate::font::STACK;

/// Largest picture that is drawn: 200 million pixels take 800 MB.
const MOST_PIXELS: u64 = 200_000_000;

/// Draws the SVG at `style.scale` pixels per CSS pixel. The resolution, 96 dpi times the scale, is stored
/// in the file, so that it is printed at the size of the SVG.
///
/// # Errors
/// A scale out of range, a picture too large, or text that is no SVG.
pub fn png(svg: &str, style: &Style) -> Result<Vec<u8>, RenderError> {
    if !(0.25..=16.0).contains(&style.scale) {
        return Err(RenderError::Scale(style.scale));
    }
    let options =
        usvg::Options { fontdb: fonts::database(), font_family: STACK.to_string(), ..Default::default() };
    let tree = Tree::from_str(svg, &options)?;
    let across = |css: f32| (f64::from(css) * style.scale).round().max(1.0) as u64;
    let (width, height) = (across(tree.size().width()), across(tree.size().height()));
    let too_large = RenderError::TooLarge { width, height };
    if width.saturating_mul(height) > MOST_PIXELS {
        return Err(too_large);
    }
    let Some(mut pixmap) = Pixmap::new(width as u32, height as u32) else { return Err(too_large) };
    resvg::render(&tree, Transform::from_scale(style.scale as f32, style.scale as f32), &mut pixmap.as_mut());
    let pixels: Vec<u8> = match style.transparent {
        true => pixmap
            .pixels()
            .iter()
            .map(|p| p.demultiply())
            .flat_map(|p| [p.red(), p.green(), p.blue(), p.alpha()])
            .collect(),
        // The background is opaque, so alpha says nothing.
        false => pixmap.data().chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect(),
    };
    let per_metre = (96.0 * style.scale / 0.0254).round() as u32;
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width as u32, height as u32);
    encoder.set_color(if style.transparent { png::ColorType::Rgba } else { png::ColorType::Rgb });
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    // Rows of cells repeat downward; choosing a filter line by line takes half as long again for a tenth of
    // the size.
    encoder.set_filter(png::Filter::Up);
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: per_metre,
        yppu: per_metre,
        unit: png::Unit::Meter,
    }));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(out)
}
