//! Words around a figure in lecture notes.

use super::Lang;

impl Lang {
    /// Over the sentences of [`crate::text::reading`].
    pub fn how_to_read(self) -> &'static str {
        match self {
            Lang::En => "How to read this.",
            Lang::Zh => "怎样看图",
        }
    }

    /// What stands between that heading and the sentences. A Chinese colon is not part of the heading:
    /// CommonMark ends no emphasis between punctuation and a Han character.
    pub fn after_heading(self) -> &'static str {
        match self {
            Lang::En => " ",
            Lang::Zh => "：",
        }
    }

    /// What `diagnose` says of a run; its name where there are several.
    pub fn notes_diagnosis(self, run: Option<&str>, conclusion: &str) -> String {
        match (self, run) {
            (Lang::En, None) => format!("The diagnosis of this run: {conclusion}."),
            (Lang::En, Some(run)) => format!("The diagnosis of {run}: {conclusion}."),
            (Lang::Zh, None) => format!("这次运行的诊断：{conclusion}。"),
            (Lang::Zh, Some(run)) => format!("{run} 的诊断：{conclusion}。"),
        }
    }

    /// Title and settings as one caption.
    pub fn notes_caption(self, title: &str, settings: &str) -> String {
        let title = self.sentence(title);
        if settings.is_empty() { title } else { self.sentences(&[title, self.sentence(settings)]) }
    }
}
