//! Markdown, alone and in an mdBook or a Quarto project.
//!
//! Plain Markdown shows an image that every reader understands (pandoc puts it into PDF and Word too) inside
//! a `<picture>`, through which a browser switches between light and dark. mdBook and Quarto switch by a
//! class of the page instead, so there a style hides one of two images.

use super::block::Comment;
use super::verbatim::Verbatim;
use super::{Item, Kind, Setting, Shown, Spec, at_end};
use crate::render::{Format, Theme};

const COMMENT: Comment = Comment { open: "<!--", close: " -->" };

pub const MARKDOWN: Spec = Spec {
    kind: Kind::Markdown,
    name: "markdown",
    endings: &["md", "markdown", "mdown", "rmd"],
    comment: COMMENT,
    verbatim: Verbatim::Markdown,
    content: plain,
    place: at_end,
    pictures: |shown| match shown {
        Shown::Both => {
            vec![(Theme::Light, Format::Svg), (Theme::Dark, Format::Svg), (Theme::Light, Format::Png)]
        }
        Shown::Only(theme) => vec![(theme, Format::Svg), (theme, Format::Png)],
    },
};

pub const MDBOOK: Spec = Spec {
    kind: Kind::MdBook,
    name: "mdbook",
    endings: &[],
    comment: COMMENT,
    verbatim: Verbatim::Markdown,
    content: mdbook,
    place: at_end,
    pictures: |shown| match shown {
        Shown::Both => vec![(Theme::Light, Format::Svg), (Theme::Dark, Format::Svg)],
        Shown::Only(theme) => vec![(theme, Format::Svg)],
    },
};

pub const QUARTO: Spec = Spec {
    kind: Kind::Quarto,
    name: "quarto",
    endings: &["qmd"],
    comment: COMMENT,
    verbatim: Verbatim::Markdown,
    content: quarto,
    place: at_end,
    pictures: |shown| match shown {
        Shown::Both => vec![(Theme::Light, Format::Png), (Theme::Dark, Format::Png)],
        Shown::Only(theme) => vec![(theme, Format::Png)],
    },
};

/// Hides the variant that does not suit the class of mdBook's theme.
pub const MDBOOK_STYLE: &str = "<style>.gradfade-dark,.navy .gradfade-light,.coal .gradfade-light,.ayu .gradfade-light{display:none}\
.navy .gradfade-dark,.coal .gradfade-dark,.ayu .gradfade-dark{display:inline}</style>";

const QUARTO_STYLE: &str = "<style>.gradfade-dark,body.quarto-dark .gradfade-light{display:none}\
body.quarto-dark .gradfade-dark{display:inline}</style>";

/// The sentences below the caption.
pub fn reading(item: &Item) -> String {
    if item.reading.is_empty() {
        return String::new();
    }
    let lang = item.lang;
    format!("**{}**{}{}\n", lang.how_to_read(), lang.after_heading(), item.reading.markdown())
}

fn joined(setting: &Setting, one: impl Fn(&Item) -> String) -> String {
    setting.items.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn plain(setting: &Setting) -> String {
    joined(setting, |item| {
        let theme = setting.shown.first();
        let dark = match setting.shown {
            Shown::Both => {
                let dark = item.picture(Theme::Dark, Format::Svg);
                format!("<source media=\"(prefers-color-scheme: dark)\" srcset=\"{dark}\">")
            }
            Shown::Only(_) => String::new(),
        };
        let (svg, png) = (item.picture(theme, Format::Svg), item.picture(theme, Format::Png));
        let alt = item.alt.markdown_alt();
        let caption = item.caption.markdown();
        let reading = reading(item);
        let gap = if reading.is_empty() { "" } else { "\n" };
        format!(
            "<picture>{dark}<source srcset=\"{svg}\">![{alt}]({png})</picture>\n\n*{caption}*\n{gap}{reading}"
        )
    })
}

fn mdbook(setting: &Setting) -> String {
    joined(setting, |item| {
        let source = |theme| item.picture(theme, Format::Svg);
        mdbook_figure(item, setting.shown, source)
    })
}

/// A figure as HTML without a blank line, which would end it.
pub(super) fn mdbook_figure(item: &Item, shown: Shown, source: impl Fn(Theme) -> String) -> String {
    let alt = item.alt.attribute();
    let image = |theme: Theme, class: &str| {
        let (width, source) = (item.width, source(theme));
        format!("<img{class} src=\"{source}\" alt=\"{alt}\" width=\"{width}\">\n")
    };
    let (style, images) = match shown {
        Shown::Both => {
            let light = image(Theme::Light, " class=\"gradfade-light\"");
            (format!("{MDBOOK_STYLE}\n"), light + &image(Theme::Dark, " class=\"gradfade-dark\""))
        }
        Shown::Only(theme) => (String::new(), image(theme, "")),
    };
    let caption = super::html::caption(item);
    format!(
        "<figure id=\"{}\" class=\"gradfade\" lang=\"{}\">\n{style}{images}{caption}</figure>\n",
        item.id,
        item.lang.bcp47()
    )
}

fn quarto(setting: &Setting) -> String {
    joined(setting, |item| {
        let theme = setting.shown.first();
        let source = item.picture(theme, Format::Png);
        let (image, style) = match setting.shown {
            Shown::Both => {
                let light = format!("![{}]({source}){{.gradfade-light}}", item.alt.markdown_alt());
                let (dark, alt) = (item.picture(Theme::Dark, Format::Png), item.alt.attribute());
                let dark = format!("`<img class=\"gradfade-dark\" src=\"{dark}\" alt=\"{alt}\">`{{=html}}");
                (light + &dark, format!("```{{=html}}\n{QUARTO_STYLE}\n```\n\n"))
            }
            // Words in the brackets of an image that stands alone would become a caption.
            Shown::Only(_) => {
                let alt = item.alt.pandoc_attribute();
                (format!("![]({source}){{fig-alt=\"{alt}\"}}"), String::new())
            }
        };
        let caption = item.caption.markdown_line();
        let reading = reading(item);
        let gap = if reading.is_empty() { "" } else { "\n" };
        format!("{style}::: {{#fig-{id}}}\n\n{image}\n\n{caption}\n\n:::\n{gap}{reading}", id = item.id)
    })
}
