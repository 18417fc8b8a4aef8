//! Every number that a rule compares with, in one place: its default, the reason for it, and where it comes
//! from.
//!
//! All of them can be set from a TOML file of `key = number` lines ([`Thresholds::parse`]; `gradfade diagnose
//! --thresholds FILE`); a key that is not here, or a value that is no number in its range, is refused with
//! its line.

use std::collections::BTreeMap;

use toml::{Spanned, Value};

/// What is known of one threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Info {
    pub key: &'static str,
    pub default: f64,
    /// Smallest and largest value that makes sense.
    pub range: (f64, f64),
    pub reason: &'static str,
}

macro_rules! thresholds {
    ($($key:ident = $default:literal in $low:literal ..= $high:literal, $reason:literal;)*) => {
        /// All thresholds; [`Thresholds::TABLE`] has their reasons.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub struct Thresholds {
            $(#[doc = $reason] pub $key: f64,)*
        }

        impl Default for Thresholds {
            fn default() -> Thresholds {
                Thresholds { $($key: $default,)* }
            }
        }

        impl Thresholds {
            pub const TABLE: &[Info] = &[
                $(Info { key: stringify!($key), default: $default, range: ($low, $high), reason: $reason },)*
            ];

            /// A threshold by its key.
            pub fn get(&self, key: &str) -> Option<f64> {
                match key {
                    $(stringify!($key) => Some(self.$key),)*
                    _ => None,
                }
            }

            fn slot(&mut self, key: &str) -> Option<&mut f64> {
                match key {
                    $(stringify!($key) => Some(&mut self.$key),)*
                    _ => None,
                }
            }
        }
    };
}

thresholds! {
    flat_loss = 0.02 in 0.0..=1.0,
        "A training loss whose end lies less than this share below its first steps never fell, and nothing was learned. Asked \
         only where neither chance nor the loss of an answer that ignores the input is known, as of a regression.";
    good_skill = 0.89 in 0.0..=1.0,
        "Training is good from this skill on, skill being (accuracy - chance) / (1 - chance): nine tenths of the way from \
         chance to 0.99: small networks do not reach 1 on thousands of samples. Networks that train on MNIST pass it within some epochs \
         (0.92 to 1.00), those that stop on a plateau stay below. With wrong labels it cannot be reached and should be lowered.";
    failed_skill = 0.5 in 0.0..=1.0,
        "Below this skill training has failed: the network misses more than half of what there is to learn. Sigmoid networks \
         on their plateau have 0.0 to 0.2, networks that train pass 0.5 in their first epoch.";
    judged_share = 0.5 in 0.0..=1.0,
        "A record that was cut short is judged by how far its training came only from this share of the planned steps on: a \
         run that is still on its plateau after a tenth of its budget may leave it.";
    falling = 0.05 in 0.0..=1.0,
        "The training loss is still falling when it lost at least this share of itself over the last quarter of the run: \
         at that pace another run of the same length takes away a fifth.";
    falling_half = 0.1 in 0.0..=1.0,
        "The same over the last half of the run, twice as long: one worse evaluation at the end hides a fall over the last quarter.";
    escaping = 0.2 in 0.0..=1.0,
        "A failed network whose training loss lost this share of itself over the last quarter is leaving its plateau; its \
         attenuation does not prevent it from learning.";
    recovering = 0.15 in 0.0..=1.0,
        "The same over the last half of the run, where layer 1 has moved like the others and gets its signal from the middle of the run on: \
         what was faint at the start was repaired.";
    first_epochs = 1.0 in 0.0..=1e300,
        "A network that has not seen its training set more often than this, and of which nothing else is known, has not been trained long \
         enough.";
    few_epochs = 2.0 in 0.0..=1e300,
        "A network that has seen its training set no more often than this and has learned half of what there is has not been trained long \
         enough, however its last batches went: more steps or a larger rate cure 96 of the 101 such networks of docs/verdicts.md.";
    stalled = 0.02 in 0.0..=1.0,
        "Training stalls when the training loss lost less than this share of itself over the last half: the noise of a \
         plateau's batches is of this size.";
    signal_ratio = 0.1 in 0.0..=1.0,
        "Per-sample backward signal of layer 1 over that of the last hidden layer, at or below which it is attenuated: \
         layer 1 receives a tenth of it. Ratios down to 0.01 still train and below 0.003 no run did, so a small ratio alone \
         is no fault: training must have failed too.";
    layer_ratio = 0.25 in 0.0..=1.0,
        "The same for one layer: no sigmoid has a steeper slope than a quarter. It counts where there are two hidden layers, and so a single \
         step down; more layers at a quarter each are below `signal_ratio`.";
    strong_ratio = 0.01 in 0.0..=1.0,
        "No learning rate makes up for a signal that faded to this share: one that suits layer 1 is a hundred times too large for the last \
         layers. It also applies to a network that learned something and then stopped improving, and to one that left its plateau too late.";
    explosion_ratio = 70.0 in 1.0..=1e300,
        "Per-sample backward signal of layer 1 over that of the last hidden layer, from which on it explodes \
         (AutoTrainer, Zhang et al. 2021). Batch normalisation makes 1.2 a layer for ReLU, 8 layers a factor of 4.";
    even_factor = 10.0 in 1.0..=1e300,
        "Layers within this factor of each other are alike: one decade.";
    relative_gradient = 1e-4 in 0.0..=1.0,
        "Norm of one sample's weight gradient over the norm of the weights, at or below which even plain descent would need a rate of \
         10 to change the weights by a thousandth in a step (a thousandth: Karpathy, makemore part 3).";
    small_update = 5e-4 in 0.0..=1.0,
        "Norm of an update over the norm of its weights: half of Karpathy's thousandth (makemore part 3). Networks that train \
         in some hundred steps show 1e-3 to 2e-2 in their fastest hidden layer.";
    slow_update = 3e-3 in 0.0..=1.0,
        "The same where the training loss is still falling when the run ends: of the networks of docs/verdicts.md that are not good and \
         fall with smaller updates, a larger rate cures nine in ten; with larger ones, more steps do.";
    large_update = 0.1 in 0.0..=1e300,
        "Norm of an update over the norm of its weights, from which on a step is a jump (DeepDiagnosis, Wardat et al. 2022: outside \
         [1e-5, 1e-1]).";
    train_loss_rise = 2.0 in 1.0..=1e300,
        "Last training loss over its smallest one, from which on a network has unlearned what it had learned: the noise between evaluations \
         of the whole set is some per cent.";
    input_size = 10.0 in 0.0..=1e300,
        "Root mean square of a column of the inputs, from which on it is not scaled: initialisations and usual rates are made for \
         inputs of size 1, and pixels in [0, 1] or standardised columns stay below 1; the four lengths of the iris flowers are below 6.";
    start_loss = 2.0 in 1.0..=1e300,
        "First training loss over that of an answer that ignores the input, from which on the network begins with confident wrong answers: usual \
         initialisations begin within a fifth of it.";
    large_start = 3.0 in 0.0..=1e300,
        "Deviation of a layer's initial weights times the square root of its fan-in, from which on they are too large: He's are at 1.4, the largest of the \
         usual initialisations.";
    small_start = 0.2 in 0.0..=1e300,
        "The same at or below which they are too small: PyTorch's default is at 0.6, the smallest of the usual ones, and a third of it shrinks a signal by more than \
         a decade in two layers.";
    passed_error = 0.05 in 0.0..=1.0,
        "Share of the error that the slope of the output lets through, at or below which a squared error behind a sigmoid or a softmax does not fit: \
         of 47 networks on digits with one hidden layer of 30 units those that train end at 0.10 to 0.28, slow ones at 0.07 to 0.19, and those that large weights \
         or jumps have put onto flat ends at 0.046 down to 1e-20. From the same large weights bce or cross-entropy reaches accuracies of 0.7 to 0.9.";
    large_dropout = 0.6 in 0.0..=1.0,
        "Probability of dropping a unit, from which on it is suspected: a half is what Srivastava et al. 2014 use for hidden layers, and the noise \
         p / (1 - p) grows steeply beyond it.";
    near_prior = 0.02 in 0.0..=1.0,
        "A training loss this near to that of an answer which ignores the input shows that nothing but the frequencies of the classes was learned.";
    short_path = 0.1 in 0.0..=1e300,
        "Sum of all updates of the layer that moves most, relative to its weights, at or below which a network cannot have gone anywhere: networks that \
         train move by a third of their weights and more.";
    moved_alike = 0.5 in 0.0..=1.0,
        "Movement of layer 1 relative to the largest of the hidden layers, from which on layer 1 takes part in what is learned.";
    kept_signal = 0.1 in 0.0..=1.0,
        "Gradients are still large when the per-sample signal ends at no less than this share of where it started; a network that has \
         converged, or vanished, is below.";
    saturated_share = 0.5 in 0.0..=1.0,
        "Share of a layer's activations on the flat ends of a bounded function from which on the layer is saturated (SageMaker \
         Debugger: 50 % of the units; the flat end: 1 - 0.97^2 of the largest slope, Karpathy).";
    dead_share = 0.5 in 0.0..=1.0,
        "Share of a layer's units that no sample of the batch switches on, from which on the layer is dead (SageMaker Debugger: \
         more than 50 %). Healthy ReLU layers show 0 to 0.3.";
    lost_share = 0.5 in 0.0..=1.0,
        "Share of the recorded steps in which a layer has a gradient, but no stored number changes: from here on rounding prevents \
         the layer from learning.";
    accuracy_gap = 0.15 in 0.0..=1.0,
        "Training accuracy minus test accuracy, as a share of what there is to learn (1 - chance), from which on a network that is good on \
         its training set overfits: three parts in twenty are only memorised. Of the networks of docs/verdicts.md that were used to choose \
         thresholds, those that no regulariser and no more data helps have up to 0.10, those that are bad on the test set 0.156 and more; those \
         between do well, and more data would do better.";
    gap_deviations = 3.0 in 0.0..=100.0,
        "The gap must also be this many standard errors of the test accuracy, so that the noise of a small test set is not reported as overfitting.";
    test_loss_rise = 1.5 in 1.0..=1e300,
        "Last test loss over its smallest one, from which on it is worth saying when the test loss turned: the moment at which early \
         stopping would have stopped.";
}

/// Why a file of thresholds is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct ThresholdError {
    pub place: String,
    pub what: String,
}

impl Thresholds {
    /// The defaults, changed by the values in `text` (TOML); `place` names the text in errors.
    ///
    /// # Errors
    /// One line that names the line and the key: no TOML, an unknown key, a value that is no number or out of
    /// its range, or marks that contradict each other.
    pub fn parse(text: &str, place: &str) -> Result<Thresholds, ThresholdError> {
        let fail = |what: String| ThresholdError { place: place.into(), what };
        let line = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
        let table: BTreeMap<Spanned<String>, Spanned<Value>> = toml::from_str(text).map_err(|e| {
            let at = e.span().map(|span| format!("line {}: ", line(span.start))).unwrap_or_default();
            fail(format!("{at}{}", e.message().lines().collect::<Vec<_>>().join(" ")))
        })?;
        let mut out = Thresholds::default();
        for (key, value) in &table {
            let at = format!("line {}, `{}`", line(key.span().start), key.get_ref());
            let number = match value.get_ref() {
                Value::Float(x) => *x,
                Value::Integer(n) => *n as f64,
                other => return Err(fail(format!("{at}: expected a number, not a {}", other.type_str()))),
            };
            out.set(key.get_ref(), number).map_err(|what| fail(format!("{at}: {what}")))?;
        }
        out.check().map_err(fail)?;
        Ok(out)
    }

    /// The same with another value of one threshold.
    ///
    /// # Errors
    /// An unknown key, a value out of its range, or marks that contradict each other.
    pub fn with(mut self, key: &str, value: f64) -> Result<Thresholds, ThresholdError> {
        let fail = |what: String| ThresholdError { place: format!("`{key}`"), what };
        self.set(key, value).map_err(fail)?;
        self.check().map_err(fail)?;
        Ok(self)
    }

    fn set(&mut self, key: &str, value: f64) -> Result<(), String> {
        let info = Thresholds::TABLE.iter().find(|info| info.key == key);
        let (Some(info), Some(slot)) = (info, self.slot(key)) else {
            let keys: Vec<&str> = Thresholds::TABLE.iter().map(|i| i.key).collect();
            let hint = crate::names::did_you_mean(key, keys.iter().copied());
            return Err(format!("no threshold has this name{hint}; known: {}", keys.join(", ")));
        };
        let (low, high) = info.range;
        if !(low..=high).contains(&value) {
            let most = if high >= 1e300 { format!("from {low} on") } else { format!("from {low} to {high}") };
            let value = crate::field::shown(value);
            return Err(format!("{value} is out of range; give a number {most}"));
        }
        *slot = value;
        Ok(())
    }

    fn check(&self) -> Result<(), String> {
        for (low, high) in [
            ("failed_skill", "good_skill"),
            ("small_update", "slow_update"),
            ("slow_update", "large_update"),
            ("strong_ratio", "signal_ratio"),
            ("stalled", "escaping"),
        ] {
            if self.get(low) > self.get(high) {
                return Err(format!("`{low}` must not be greater than `{high}`"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_sets_what_it_names_and_nothing_else() {
        let t = Thresholds::parse("# mine\nsignal_ratio = 0.01\nexplosion_ratio = 100\n", "t.toml").unwrap();
        let expected = Thresholds { signal_ratio: 0.01, explosion_ratio: 100.0, ..Thresholds::default() };
        assert_eq!(t, expected);
        let set =
            Thresholds::default().with("signal_ratio", 0.01).and_then(|t| t.with("explosion_ratio", 100.0));
        assert_eq!(set.unwrap(), expected);
        assert_eq!(Thresholds::parse("", "t.toml").unwrap(), Thresholds::default());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_key() {
        let error = |text: &str| Thresholds::parse(text, "t.toml").unwrap_err().to_string();
        let unknown = error("good_skill = 0.8\n\nsignal_rato = 0.1\n");
        assert!(
            unknown.starts_with(
                "t.toml: line 3, `signal_rato`: no threshold has this name (did you mean 'signal_ratio'?)"
            ),
            "{unknown}"
        );
        assert_eq!(
            error("dead_share = \"half\""),
            "t.toml: line 1, `dead_share`: expected a number, not a string"
        );
        assert_eq!(
            error("\ndead_share = 2"),
            "t.toml: line 2, `dead_share`: 2 is out of range; give a number from 0 to 1"
        );
        assert!(error("dead_share = nan").contains("`dead_share`: NaN is out of range"));
        assert!(error("[a]\nb = 1").contains("`a`"), "{}", error("[a]\nb = 1"));
        assert!(error("dead_share = ").starts_with("t.toml: line 1"), "{}", error("dead_share = "));
        assert!(error("good_skill = 0.1").contains("`failed_skill` must not be greater than `good_skill`"));
    }

    #[test]
    fn every_default_is_in_its_range_and_has_a_reason() {
        let defaults = Thresholds::default();
        for info in Thresholds::TABLE {
            assert_eq!(defaults.get(info.key), Some(info.default), "{}", info.key);
            assert!((info.range.0..=info.range.1).contains(&info.default), "{}", info.key);
            assert!(info.reason.len() > 20, "{}", info.key);
        }
    }
}
