//! What a diagnosis says: names of the verdicts, their evidence, what was not recorded, and what to do.

mod advice;
mod evidence;

pub use advice::Remedy;
pub use evidence::{Measure, Missing, Unit};

use super::Lang;

/// Everything that a verdict can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ailment {
    Diverged,
    FloatUnderflow,
    DeadInitialisation,
    ExplodingGradient,
    VanishingGradient,
    UniformVanishing,
    HiddenVanishing,
    Attenuated,
    DeadUnits,
    SaturatedUnits,
    RateTooLarge,
    RateTooSmall,
    StuckWithLargeGradients,
    DecayOnly,
    NotLongEnough,
    Overfitting,
    Healthy,
}

impl Ailment {
    pub const ALL: [Ailment; 17] = [
        Ailment::Diverged,
        Ailment::FloatUnderflow,
        Ailment::DeadInitialisation,
        Ailment::ExplodingGradient,
        Ailment::VanishingGradient,
        Ailment::UniformVanishing,
        Ailment::HiddenVanishing,
        Ailment::Attenuated,
        Ailment::DeadUnits,
        Ailment::SaturatedUnits,
        Ailment::RateTooLarge,
        Ailment::RateTooSmall,
        Ailment::StuckWithLargeGradients,
        Ailment::DecayOnly,
        Ailment::NotLongEnough,
        Ailment::Overfitting,
        Ailment::Healthy,
    ];

    /// The stable name in JSON and in thresholds' documentation; not for readers of a report.
    pub fn key(self) -> &'static str {
        match self {
            Ailment::Diverged => "diverged",
            Ailment::FloatUnderflow => "float-underflow",
            Ailment::DeadInitialisation => "dead-initialisation",
            Ailment::ExplodingGradient => "exploding-gradient",
            Ailment::VanishingGradient => "vanishing-gradient",
            Ailment::UniformVanishing => "uniform-vanishing",
            Ailment::HiddenVanishing => "optimiser-hides-vanishing",
            Ailment::Attenuated => "attenuated-but-training",
            Ailment::DeadUnits => "dead-units",
            Ailment::SaturatedUnits => "saturated-units",
            Ailment::RateTooLarge => "learning-rate-too-large",
            Ailment::RateTooSmall => "learning-rate-too-small",
            Ailment::StuckWithLargeGradients => "stuck-with-large-gradients",
            Ailment::DecayOnly => "movement-by-decay-only",
            Ailment::NotLongEnough => "not-trained-long-enough",
            Ailment::Overfitting => "overfitting",
            Ailment::Healthy => "healthy",
        }
    }
}

impl Lang {
    /// The name of a verdict.
    pub fn ailment(self, ailment: Ailment) -> String {
        match self {
            Lang::En => match ailment {
                Ailment::Diverged => "diverged",
                Ailment::FloatUnderflow => "updates lost to float rounding",
                Ailment::DeadInitialisation => "dead or symmetric initialisation",
                Ailment::ExplodingGradient => "exploding gradient",
                Ailment::VanishingGradient => "vanishing gradient",
                Ailment::UniformVanishing => "uniform vanishing",
                Ailment::HiddenVanishing => "the optimiser hides a vanishing gradient",
                Ailment::Attenuated => "attenuated but training",
                Ailment::DeadUnits => "dead units",
                Ailment::SaturatedUnits => "saturated units",
                Ailment::RateTooLarge => "learning rate too large",
                Ailment::RateTooSmall => "learning rate too small",
                Ailment::StuckWithLargeGradients => "stuck with large gradients",
                Ailment::DecayOnly => "movement by decay only",
                Ailment::NotLongEnough => "not trained long enough",
                Ailment::Overfitting => "overfitting",
                Ailment::Healthy => "healthy",
            },
        }
        .into()
    }

    /// What a found verdict means, in a sentence.
    pub fn ailment_means(self, ailment: Ailment) -> String {
        match self {
            Lang::En => match ailment {
                Ailment::Diverged => "A number is no longer finite, and no step after it can repair that.",
                Ailment::FloatUnderflow => "There is a gradient, but adding the update changes no stored number.",
                Ailment::DeadInitialisation => {
                    "Weights that all start at zero get the same gradient or none, so the units of a layer stay copies of one unit."
                }
                Ailment::ExplodingGradient => "The error signal grows from layer to layer toward the input.",
                Ailment::VanishingGradient => {
                    "The error signal shrinks from layer to layer toward the input, and the network fails on its own training set: the layers near the input stay random."
                }
                Ailment::UniformVanishing => {
                    "All hidden layers are alike, so no ratio shows it, but one sample's gradient is next to nothing beside the weights."
                }
                Ailment::HiddenVanishing => {
                    "The optimiser makes all updates equally large, so the layers move; but what they follow is noise where the signal has vanished."
                }
                Ailment::Attenuated => "The error signal shrinks toward the input, but the network learns all the same.",
                Ailment::DeadUnits => "Units that no sample switches on get no gradient and do not come back by themselves.",
                Ailment::SaturatedUnits => "Activations on the flat ends of the function pass next to no gradient back.",
                Ailment::RateTooLarge => "Each step changes the weights by so much that the loss cannot settle.",
                Ailment::RateTooSmall => "Each step changes the weights by so little that the run ends near its start.",
                Ailment::StuckWithLargeGradients => {
                    "The loss stands still although every layer gets a strong signal: this is not a vanishing gradient."
                }
                Ailment::DecayOnly => "Weights moved, but no farther than weight decay alone carries them: that is not learning.",
                Ailment::NotLongEnough => "The training loss was still falling when the run ended.",
                Ailment::Overfitting => "Good on the training set, bad on the test set: it learned samples by heart.",
                Ailment::Healthy => "Good on the training set and good on the test set.",
            },
        }
        .into()
    }

    // ---- headings and joints of the report

    pub fn diagnosis_head(self, run: &str, conclusion: &str) -> String {
        match self {
            Lang::En => format!("{run}: {conclusion}"),
        }
    }

    pub fn concluded_healthy(self) -> String {
        match self {
            Lang::En => "healthy".into(),
        }
    }

    pub fn concluded_undecided(self) -> String {
        match self {
            Lang::En => "nothing found, but not shown to be healthy".into(),
        }
    }

    /// Training fails or is only half good, and no rule says why.
    pub fn concluded_unexplained(self) -> String {
        match self {
            Lang::En => "not good on the training set, and no rule says why".into(),
        }
    }

    pub fn training_question(self) -> String {
        match self {
            Lang::En => "Good results on the training set?".into(),
        }
    }

    pub fn test_question(self) -> String {
        match self {
            Lang::En => "Good results on the test set?".into(),
        }
    }

    pub fn yes(self) -> String {
        match self {
            Lang::En => "yes".into(),
        }
    }

    pub fn no(self) -> String {
        match self {
            Lang::En => "no".into(),
        }
    }

    pub fn partly(self) -> String {
        match self {
            Lang::En => "not yet".into(),
        }
    }

    pub fn not_known(self) -> String {
        match self {
            Lang::En => "not known".into(),
        }
    }

    /// `accuracy 11 %, chance 10 %`, as far as known.
    pub fn performance_numbers(self, accuracy: Option<f64>, chance: Option<f64>, loss: Option<f64>) -> String {
        let mut parts = Vec::new();
        match self {
            Lang::En => {
                parts.extend(accuracy.map(|a| format!("accuracy {}", self.percent(a))));
                parts.extend(accuracy.and(chance).map(|c| format!("guessing gives {}", self.percent(c))));
                parts.extend(loss.map(|l| format!("loss {}", self.number(l))));
            }
        }
        self.list(&parts)
    }

    /// Where the numbers are not those of an evaluation.
    pub fn from_batches(self) -> String {
        match self {
            Lang::En => "measured on the last batches, for want of an evaluation".into(),
        }
    }

    pub fn not_asked(self) -> String {
        match self {
            Lang::En => "not asked: the training set comes first".into(),
        }
    }

    pub fn found_heading(self) -> String {
        match self {
            Lang::En => "Found".into(),
        }
    }

    pub fn noted_heading(self) -> String {
        match self {
            Lang::En => "Noted, no fault".into(),
        }
    }

    pub fn clear_heading(self) -> String {
        match self {
            Lang::En => "Clear".into(),
        }
    }

    pub fn unknown_heading(self) -> String {
        match self {
            Lang::En => "Unknown".into(),
        }
    }

    pub fn why_heading(self) -> String {
        match self {
            Lang::En => "Why, layer by layer (factor on the signal, output side first)".into(),
        }
    }

    pub fn remedies_heading(self) -> String {
        match self {
            Lang::En => "What to do".into(),
        }
    }

    pub fn source_heading(self) -> String {
        match self {
            Lang::En => "Source".into(),
        }
    }

    // ---- the recipe as a picture

    pub fn recipe_note(self) -> String {
        match self {
            Lang::En => "The training set is asked about first: a network that is bad there does not overfit. Thick: the way that this run takes. Grey: remedies that do not belong to it, and why.".into(),
        }
    }

    pub fn done_heading(self) -> String {
        match self {
            Lang::En => "Done".into(),
        }
    }

    pub fn done_note(self) -> String {
        match self {
            Lang::En => "good on both sets".into(),
        }
    }

    pub fn why_not(self) -> String {
        match self {
            Lang::En => "Why not?".into(),
        }
    }

    pub fn nothing_found(self) -> String {
        match self {
            Lang::En => "no fault found".into(),
        }
    }

    pub fn no_rule_says_why(self) -> String {
        match self {
            Lang::En => "no rule says why".into(),
        }
    }

    pub fn brief_evidence(self, what: &str, value: &str) -> String {
        match self {
            Lang::En => format!("{what}: {value}"),
        }
    }

    pub fn and_more(self, count: usize) -> String {
        match self {
            Lang::En => format!("and {count} more"),
        }
    }

    pub fn grey_heading(self) -> String {
        match self {
            Lang::En => "Not here".into(),
        }
    }

    /// Why nothing is to be done.
    pub fn grey_done(self) -> String {
        match self {
            Lang::En => "Nothing has to be repaired.".into(),
        }
    }

    pub fn grey_unknown(self) -> String {
        match self {
            Lang::En => "Which side needs help is not known.".into(),
        }
    }

    /// Why the remedies of the test side do not help a network that fails on its training set.
    pub fn grey_test_side(self) -> String {
        match self {
            Lang::En => {
                "They hold a network back from learning by heart; this one has not learned yet, and they would make training worse.".into()
            }
        }
    }

    /// Why the remedies of the training side do not help a network that overfits.
    pub fn grey_training_side(self) -> String {
        match self {
            Lang::En => "They help a network to train; this one is good on its training set already.".into(),
        }
    }

    /// A box in words.
    pub fn describe_box(self, heading: &str, lines: &[String], taken: bool, grey: bool) -> String {
        let mark = match self {
            Lang::En if taken => " (on the way)",
            Lang::En if grey => " (grey)",
            Lang::En => "",
        };
        let lines: Vec<&str> = lines.iter().map(|l| l.trim_end_matches('.')).collect();
        match self {
            Lang::En => format!("{heading}{mark}: {}.", lines.join("; ")),
        }
    }
}
