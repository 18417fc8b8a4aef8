//! `mdbook-gradfade`: mdBook calls it while it builds a book. The protocol is
//! [`crate::notes::preprocessor`]'s.

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, anyhow};

use super::{CommandResult, Failure, notes, output, plot, with_causes};
use crate::figure::Options;
use crate::notes::captioned;
use crate::notes::preprocessor::{self, Request};
use crate::render::{Style, Theme};
use crate::text::Lang;

const HELP: &str = "A preprocessor of mdBook: a fenced block of the language `gradfade` becomes a figure.

In book.toml:

    [preprocessor.gradfade]

In a chapter:

    ```gradfade
    run = \"../runs/sigmoid\"        # seen from the folder of book.toml; a sweep, or a list of runs
    figure = \"gradient-heatmap\"    # optional; `gradfade plot --list` names them
    lang = \"zh\"                    # optional: en or zh; else the book's, where figures speak it
    theme = \"dark\"                 # optional: light or dark; else the reader's theme decides
    ```

Usage: mdbook-gradfade [supports RENDERER]
";

/// The program `mdbook-gradfade`, on the process's arguments.
pub fn run() -> ExitCode {
    let words: Vec<String> = std::env::args_os().skip(1).map(|a| a.to_string_lossy().into_owned()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        [] => book(),
        ["supports", renderer] => {
            Ok(if preprocessor::supports(renderer) { ExitCode::SUCCESS } else { ExitCode::from(1) })
        }
        ["--help" | "-h"] => output::print(HELP).map(|()| ExitCode::SUCCESS).map_err(Failure::from),
        ["--version" | "-V"] => output::print(concat!("mdbook-gradfade ", env!("CARGO_PKG_VERSION"), "\n"))
            .map(|()| ExitCode::SUCCESS)
            .map_err(Failure::from),
        _ => Err(Failure::usage(anyhow!(
            "mdBook calls this program with `supports RENDERER`, or with nothing (see --help)"
        ))),
    };
    super::ended("mdbook-gradfade", result)
}

fn book() -> CommandResult {
    let mut input = Vec::new();
    std::io::stdin().lock().read_to_end(&mut input).context("standard input: cannot read")?;
    let book = preprocessor::run(&input, |request, root, id| {
        draw(request, root, id).map_err(|failure| with_causes(&failure.error))
    })?;
    output::print_for_programs(book)?;
    Ok(ExitCode::SUCCESS)
}

fn draw(request: &Request, root: &Path, id: &str) -> Result<String, Failure> {
    let lang = match &request.lang {
        Some(lang) => plot::language(lang).map_err(|what| anyhow!("lang: {what}"))?,
        None => Lang::default(),
    };
    let theme =
        request.theme.as_ref().map(|t| t.parse::<Theme>()).transpose().map_err(|e| anyhow!("theme: {e}"))?;
    let asked: Vec<String> = request.figure.iter().cloned().collect();
    let options = captioned(Options::new(lang));
    // There the flag is a key.
    let figures =
        notes::figures(&request.folders(root), &asked, &options).map_err(|failure| {
            match failure.error.to_string().strip_prefix("--figure") {
                Some(what) => anyhow!("figure{what}").into(),
                None => failure,
            }
        })?;
    let mut html = String::new();
    for figure in &figures {
        html += &preprocessor::html(figure, id, &Style::default(), theme)?;
    }
    Ok(html)
}
