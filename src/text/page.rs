//! Words of the interactive page. Its script has none of its own: phrases with places for numbers (`{step}`) travel in the page's data.

use super::Lang;

/// What the page can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    Gradient,
    Signal,
    Update,
    Movement,
    Convergence,
}

/// What a verdict says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerdictLevel {
    /// Something was found.
    Found,
    /// It was looked for and is not there.
    Clear,
    /// It was not recorded, so nobody can tell.
    Unknown,
}

impl Lang {
    /// On a button: one word where that is enough.
    pub fn shown(self, what: Shown) -> String {
        match self {
            Lang::En => match what {
                Shown::Gradient => "Gradient",
                Shown::Signal => "Signal",
                Shown::Update => "Update",
                Shown::Movement => "Movement",
                Shown::Convergence => "Convergence",
            },
        }
        .to_string()
    }

    /// Name of the group of those buttons.
    pub fn shown_group(self) -> String {
        match self {
            Lang::En => "Show".into(),
        }
    }

    pub fn verdict_level(self, level: VerdictLevel) -> String {
        match self {
            Lang::En => match level {
                VerdictLevel::Found => "found",
                VerdictLevel::Clear => "not there",
                VerdictLevel::Unknown => "cannot be told",
            },
        }
        .to_string()
    }

    pub fn verdicts(self) -> String {
        match self {
            Lang::En => "Verdicts".into(),
        }
    }

    /// Title of runs whose depths differ.
    pub fn runs_of_depths(self, runs: usize, least: usize, most: usize) -> String {
        let runs = self.count(runs as u64);
        match self {
            Lang::En => format!("{runs} networks with {least} to {most} hidden layers"),
        }
    }

    /// Title of more runs than can be told in one.
    pub fn runs_of_depth(self, runs: usize, hidden: usize) -> String {
        let runs = self.count(runs as u64);
        match self {
            Lang::En if hidden == 1 => format!("{runs} networks with 1 hidden layer"),
            Lang::En => format!("{runs} networks with {hidden} hidden layers"),
        }
    }

    pub fn hidden_layers(self) -> String {
        match self {
            Lang::En => "Hidden layers".into(),
        }
    }

    pub fn play(self) -> String {
        match self {
            Lang::En => "Play".into(),
        }
    }

    pub fn pause(self) -> String {
        match self {
            Lang::En => "Pause".into(),
        }
    }

    pub fn dark(self) -> String {
        match self {
            Lang::En => "Dark".into(),
        }
    }

    pub fn training_step(self) -> String {
        match self {
            Lang::En => "Training step".into(),
        }
    }

    pub fn heatmap_of(self, run: &str) -> String {
        match self {
            Lang::En => format!("{run}: heatmap, layer by step. Arrow keys move the cursor."),
        }
    }

    pub fn bars_of(self, run: &str) -> String {
        match self {
            Lang::En => format!("{run}: one bar for each layer at the chosen step"),
        }
    }

    pub fn curves_of(self, run: &str, what: &str) -> String {
        match self {
            Lang::En => format!("{run}: {what}"),
        }
    }

    pub fn table_summary(self) -> String {
        match self {
            Lang::En => "Numbers by layer".into(),
        }
    }

    pub fn at_first_step(self, what: &str, step: u64) -> String {
        match self {
            Lang::En => format!("{what}, step {}", self.count(step)),
        }
    }

    // ---- phrases with places, for the script

    pub fn place_cell(self) -> String {
        match self {
            Lang::En => "layer {layer}, step {step}".into(),
        }
    }

    /// Of a cell: what stands there.
    pub fn place_value(self) -> String {
        match self {
            Lang::En => "{place}: {value}".into(),
        }
    }

    /// Of a cell that has a value that should not be read alone.
    pub fn place_remark(self) -> String {
        match self {
            Lang::En => "{value} ({remark})".into(),
        }
    }

    pub fn place_step(self) -> String {
        match self {
            Lang::En => "step {step} of {end}".into(),
        }
    }

    pub fn not_reached(self) -> String {
        match self {
            Lang::En => "not reached".into(),
        }
    }

    pub fn not_in_this_run(self) -> String {
        match self {
            Lang::En => "not recorded in this run".into(),
        }
    }

    // ---- notes

    pub fn explain_convergence(self, limit: f64) -> String {
        match self {
            Lang::En => format!(
                "Share of each layer's way that is still ahead: bright is all of it, dark is arrived. Grey layers moved less than {} of their initial norm: they are still random.",
                self.mark(limit)
            ),
        }
    }

    pub fn bars_note(self) -> String {
        match self {
            Lang::En => "Right: the bars are the column at the cursor; a thin mark shows the first step.".into(),
        }
    }

    pub fn keys_note(self) -> String {
        match self {
            Lang::En => "Point at a cell to read it, press to stay there. In a heatmap the arrow keys go by layer and step, Page Up and Page Down by a tenth of the steps, Home and End to the ends.".into(),
        }
    }

    pub fn digits_note(self) -> String {
        match self {
            Lang::En => "Values are those of the record, rounded to three digits.".into(),
        }
    }

    pub fn columns_note(self, run: &str, held: usize, recorded: usize) -> String {
        let [held, recorded] = [held, recorded].map(|n| self.count(n as u64));
        match self {
            Lang::En => format!(
                "{run}: of {recorded} recorded steps {held} are held, at even distances; where steps between them are not finite, the first of these stands there."
            ),
        }
    }
}
