//! Opens a run folder, says what is wrong with it and draws its gradients as SVG.
//!
//! ```text
//! gradfade demo
//! cargo run --example read_and_plot -- gradfade-demo/sigmoid heatmap.svg
//! ```

use std::error::Error;
use std::path::PathBuf;

use gradfade::figure;
use gradfade::prelude::*;
use gradfade::{render, source};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(run), Some(picture)) = (args.next(), args.next()) else {
        return Err("call it with a run folder and the name of a picture".into());
    };

    let run = source::open_run(&run)?;
    for warning in &run.warnings {
        eprintln!("warning: {warning}");
    }

    // What is wrong, the cause first.
    let found = diagnose(&run.record, &Thresholds::default())?;
    println!("{}: {:?}", run.record.header.run, found.conclusion());

    // A figure is plain data; drawing it is another step.
    let figure = figure::build("gradient-heatmap", &[run.record], &Options::default())?;
    let svg = render::svg(&figure, &Style::default())?;
    assert!(svg.starts_with("<svg") && svg.contains("<title"), "the picture is an SVG with titles");
    std::fs::write(&picture, svg)?;
    println!("{}", picture.display());
    Ok(())
}
