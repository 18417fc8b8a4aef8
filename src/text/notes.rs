//! Words around a figure in lecture notes.

use super::Lang;

impl Lang {
    /// Over the sentences of [`crate::text::reading`].
    pub fn how_to_read(self) -> &'static str {
        match self {
            Lang::En => "How to read this.",
            Lang::Zh => "怎样看图：",
        }
    }

    /// A heading and what follows it, with the blank that the language wants between them.
    pub fn after_heading(self) -> &'static str {
        match self {
            Lang::En => " ",
            Lang::Zh => "",
        }
    }

    /// Title and settings as one caption.
    pub fn notes_caption(self, title: &str, settings: &str) -> String {
        let title = self.sentence(title);
        if settings.is_empty() { title } else { self.sentences(&[title, self.sentence(settings)]) }
    }
}
