//! Settings that are written as a word or as words with numbers: batch size, schedule, and when something is
//! due.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::names::NameError;

/// A number as a command line takes it: `0.1`, and `1e30` where its zeros would have to be counted.
pub fn plain(x: f64) -> String {
    if x != 0.0 && !(1e-4..1e5).contains(&x.abs()) { format!("{x:e}") } else { x.to_string() }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "NumberOrWord")]
pub enum BatchSize {
    Samples(usize),
    /// The whole training set, in its own order.
    Full,
}

/// The learning rate as a share of the given one, at update t of `total` (from 0).
///
/// Warm-up over W steps multiplies by (t + 1) / W while t < W; the schedule itself starts after it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Schedule {
    Constant,
    /// `step:EVERY:GAMMA`: gamma^floor(t / every), PyTorch's `StepLR` stepped at each update.
    Step {
        every: u64,
        gamma: f64,
    },
    /// (1 + cos(pi t / total)) / 2, PyTorch's `CosineAnnealingLR` down to 0.
    Cosine,
}

/// On which steps something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Every {
    /// `every:N`: steps 0, N, 2N, ...
    Steps(u64),
    /// `log`: every step at first, then about 20 steps a factor of 10.
    Log,
    /// `summary`: only the first and the last step.
    Summary,
}

impl Every {
    /// The step after `step` on which it is due.
    pub fn next(self, step: u64) -> u64 {
        match self {
            Every::Steps(n) => (step / n + 1).saturating_mul(n),
            // 10^(1/20) = 1.122
            Every::Log => (step + 1).max((step as f64 * 1.122).ceil() as u64),
            // The last step is recorded whatever the schedule says.
            Every::Summary => u64::MAX,
        }
    }
}

impl Schedule {
    /// The factor at update `step` of `total`, `warm_up` steps of them warming up.
    pub fn factor(self, step: u64, total: u64, warm_up: u64) -> f64 {
        if step < warm_up {
            return (step + 1) as f64 / warm_up as f64;
        }
        let (t, total) = (step - warm_up, total.saturating_sub(warm_up).max(1));
        match self {
            Schedule::Constant => 1.0,
            Schedule::Step { every, gamma } => gamma.powf((t / every) as f64),
            Schedule::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * t as f64 / total as f64).cos()),
        }
    }
}

impl fmt::Display for BatchSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BatchSize::Samples(n) => n.fmt(f),
            BatchSize::Full => f.write_str("full"),
        }
    }
}

impl FromStr for BatchSize {
    type Err = NameError;

    fn from_str(text: &str) -> Result<BatchSize, NameError> {
        match text {
            "full" => Ok(BatchSize::Full),
            _ => text
                .parse()
                .map(BatchSize::Samples)
                .map_err(|_| problem("a number of samples, or 'full'", text)),
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Schedule::Constant => f.write_str("constant"),
            Schedule::Step { every, gamma } => write!(f, "step:{every}:{gamma}"),
            Schedule::Cosine => f.write_str("cosine"),
        }
    }
}

impl FromStr for Schedule {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Schedule, NameError> {
        match text {
            "constant" => Ok(Schedule::Constant),
            "cosine" => Ok(Schedule::Cosine),
            _ => {
                let wanted =
                    "constant, cosine, or step:EVERY[:GAMMA] (steps, and a factor in (0, 1], 0.1 by default)";
                let rest = text.strip_prefix("step:").ok_or_else(|| problem(wanted, text))?;
                let (every, gamma) = rest.split_once(':').unwrap_or((rest, "0.1"));
                match (every.parse(), gamma.parse::<f64>()) {
                    (Ok(every), Ok(gamma)) if every > 0 && gamma > 0.0 && gamma <= 1.0 => {
                        Ok(Schedule::Step { every, gamma })
                    }
                    _ => Err(problem(wanted, text)),
                }
            }
        }
    }
}

impl fmt::Display for Every {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Every::Steps(n) => write!(f, "every:{n}"),
            Every::Log => f.write_str("log"),
            Every::Summary => f.write_str("summary"),
        }
    }
}

impl FromStr for Every {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Every, NameError> {
        match text.strip_prefix("every:").unwrap_or(text) {
            "log" => Ok(Every::Log),
            "summary" => Ok(Every::Summary),
            number => match number.parse() {
                Ok(n) if n > 0 => Ok(Every::Steps(n)),
                _ => Err(problem("every:N (N at least 1), log or summary", text)),
            },
        }
    }
}

fn problem(wanted: &str, text: &str) -> NameError {
    NameError::Value(format!("'{text}' is not {wanted}"))
}

macro_rules! as_string {
    ($($type:ty),*) => {$(
        impl From<$type> for String {
            fn from(value: $type) -> String {
                value.to_string()
            }
        }

        impl TryFrom<String> for $type {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }
    )*};
}
as_string!(BatchSize, Schedule, Every);

/// In a plan people write `batch_size = 100`, without quotes.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a batch size is a whole number, or `full`")]
enum NumberOrWord {
    Number(usize),
    Word(String),
}

impl TryFrom<NumberOrWord> for BatchSize {
    type Error = NameError;

    fn try_from(value: NumberOrWord) -> Result<BatchSize, NameError> {
        match value {
            NumberOrWord::Number(n) => Ok(BatchSize::Samples(n)),
            NumberOrWord::Word(word) => word.parse(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip() {
        for text in ["constant", "cosine", "step:100:0.5"] {
            assert_eq!(text.parse::<Schedule>().unwrap().to_string(), text);
        }
        for text in ["every:1", "every:250", "log", "summary"] {
            assert_eq!(text.parse::<Every>().unwrap().to_string(), text);
        }
        assert_eq!("step:7".parse::<Schedule>().unwrap(), Schedule::Step { every: 7, gamma: 0.1 });
        assert_eq!("full".parse::<BatchSize>().unwrap(), BatchSize::Full);
        for bad in ["step:0", "step:3:0", "step", "linear"] {
            assert!(bad.parse::<Schedule>().is_err(), "{bad}");
        }
        assert!("every:0".parse::<Every>().is_err() && "-1".parse::<BatchSize>().is_err());
    }

    #[test]
    fn numbers_read_back_and_are_short() {
        for (x, text) in [(0.1, "0.1"), (1e30, "1e30"), (1.5e-7, "1.5e-7"), (0.0, "0"), (99999.5, "99999.5")]
        {
            assert_eq!((plain(x).as_str(), plain(x).parse()), (text, Ok(x)));
        }
    }

    #[test]
    fn log_schedule_visits_every_early_step_and_thins_out() {
        let mut steps = vec![0];
        while *steps.last().unwrap() < 10_000 {
            steps.push(Every::Log.next(*steps.last().unwrap()));
        }
        assert_eq!(steps[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        let late = steps.iter().filter(|&&s| (1000..10_000).contains(&s)).count();
        assert!((18..=22).contains(&late), "{late}");
        assert_eq!(Every::Steps(10).next(0), 10);
        assert_eq!(Every::Steps(10).next(15), 20);
    }
}
