//! A diagnosis in words, as every report, page and figure says it: phrases in the order in which they are
//! read.

use crate::diagnosis::why::RANDOM_ALIGNMENT;
use crate::diagnosis::{
    Bound, Cause, Conclusion, Diagnosis, Evidence, Finding, Outcome, Performance, Split, State, Verdict,
};
use crate::text::Lang;

impl Diagnosis {
    /// What it comes to: the cause by name.
    pub fn concluded(&self, lang: Lang) -> String {
        match self.conclusion() {
            Conclusion::Healthy => lang.concluded_healthy(),
            Conclusion::Faulty => self.cause().map(|v| lang.ailment(v.rule.ailment)).unwrap_or_default(),
            Conclusion::Unexplained => lang.concluded_unexplained(),
            Conclusion::Undecided => lang.concluded_undecided(),
        }
    }

    /// The two questions of the recipe, each with its answer.
    pub fn questions(&self, lang: Lang) -> [(String, String); 2] {
        let test = match self.training.state {
            State::Good => self.test.answered(lang),
            _ => lang.not_asked(),
        };
        [(lang.training_question(), self.training.answered(lang)), (lang.test_question(), test)]
    }
}

impl Performance {
    /// The answer to a question of the recipe, and the numbers behind it.
    pub fn answer(&self, lang: Lang) -> (String, String) {
        let numbers = lang.performance_numbers(self.accuracy, self.chance, self.loss);
        match &self.state {
            State::Good => (lang.yes(), numbers),
            State::Partly => (lang.partly(), numbers),
            State::Failed => (lang.no(), numbers),
            State::Unknown(missing) => (lang.not_known(), lang.missing(missing)),
        }
    }

    /// Both as one phrase, with a note where the numbers are not those of an evaluation.
    fn answered(&self, lang: Lang) -> String {
        let (answer, numbers) = self.answer(lang);
        let note = match self.step {
            _ if self.from_batches && self.skill.is_some() => Some(lang.from_batches()),
            Some(step) if self.kept => Some(lang.kept_parameters(step)),
            _ => None,
        };
        let numbers = lang.list(&std::iter::once(numbers).chain(note).collect::<Vec<_>>());
        if numbers.is_empty() { answer } else { lang.title(&answer, &[numbers]) }
    }
}

impl Verdict {
    /// Its name and the number that shows it best.
    pub fn brief_words(&self, lang: Lang, diagnosis: &Diagnosis) -> String {
        let name = lang.ailment(self.rule.ailment);
        let Outcome::Found(finding) = &self.outcome else { return name };
        let best = finding.evidence.iter().find(|e| e.limit.is_some()).or(finding.evidence.first());
        let words: Vec<String> = best.map(|e| e.words(lang, diagnosis)).into_iter().collect();
        if words.is_empty() { name } else { lang.title(&name, &words) }
    }

    /// What to do about it, one line; empty where nothing is advised.
    pub fn advice_words(&self, lang: Lang) -> String {
        let all: Vec<String> = self.advice().iter().map(|advice| lang.advice(advice)).collect();
        if all.is_empty() { String::new() } else { lang.title(&lang.remedies_heading(), &all) }
    }
}

impl Diagnosis {
    /// The first and the last hidden layer, as measures that compare them say it.
    pub fn ends(&self, lang: Lang) -> [String; 2] {
        [1, self.hidden].map(|layer| lang.layer(layer, self.layer_name(layer)))
    }
}

impl Evidence {
    /// A line: what, where, how much, against which threshold, when.
    pub fn words(&self, lang: Lang, diagnosis: &Diagnosis) -> String {
        let what = lang.measure(self.measure, &diagnosis.ends(lang));
        let what = match &self.column {
            Some(column) => lang.of_column(&what, column),
            None => what,
        };
        // The names of ratios of two layers say which.
        let named = self.layers.is_empty() || self.measure.compares_ends();
        let layers = (!named).then(|| lang.layers_by_name(&self.layers, |layer| diagnosis.layer_name(layer)));
        let Some(limit) = self.limit else {
            let value = lang.measured(self.measure, self.value);
            return lang.evidence_line(&what, layers.as_deref(), self.steps, &value, None);
        };
        let [value, least] = lang.compared_with(self.measure, self.value, limit.value);
        let limit = (limit.bound == Bound::AtMost, least.as_str(), limit.key);
        lang.evidence_line(&what, layers.as_deref(), self.steps, &value, Some(limit))
    }
}

impl Finding {
    /// Why each layer shrinks the signal, the output side first; layers next to each other that say the same
    /// are said once. Empty where that is not the question.
    pub fn why_words(&self, lang: Lang, diagnosis: &Diagnosis) -> Vec<String> {
        let mut groups: Vec<Vec<&Split>> = Vec::new();
        for split in self.why.iter().rev() {
            match groups.last_mut() {
                Some(group) if group.iter().all(|other| is_alike(other, split)) => group.push(split),
                _ => groups.push(vec![split]),
            }
        }
        let line = |group: &Vec<&Split>| {
            let mut layers: Vec<usize> = group.iter().map(|s| s.layer).collect();
            layers.sort_unstable();
            let which = match layers.as_slice() {
                [layer] => lang.layer(*layer, diagnosis.layer_name(*layer)),
                many => lang.layers_by_name(many, |layer| diagnosis.layer_name(layer)),
            };
            let range = |of: fn(&Split) -> f64| lang.span(group.iter().map(|s| of(s)));
            let factors = [range(|s| s.weight_scale), range(|s| s.slope), range(|s| s.alignment)];
            lang.why_line(&which, &range(|s| s.total), &factors, &lang.cause(group[0].cause))
        };
        groups.iter().map(line).collect()
    }

    /// What the alignments after training say of the layers that did not learn.
    pub fn untrained_words(&self, lang: Lang) -> Option<String> {
        let random = |s: f64| (1.0 / RANDOM_ALIGNMENT..=RANDOM_ALIGNMENT).contains(&s);
        let untrained: Vec<usize> =
            self.why.iter().filter(|s| random(s.alignment)).map(|s| s.layer).collect();
        let trained = self.why_step.is_some_and(|s| s > 0);
        let shrinks = self.why.iter().any(|s| s.cause != Cause::None);
        (trained && shrinks && !untrained.is_empty()).then(|| lang.untrained_note(&untrained))
    }
}

/// Factors within this ratio of each other are the same to a reader.
const ALIKE: f64 = 1.1;

fn is_alike(a: &Split, b: &Split) -> bool {
    let near = |a: f64, b: f64| a <= ALIKE * b && b <= ALIKE * a;
    let factors = |s: &Split| [s.total, s.weight_scale, s.slope, s.alignment];
    a.cause == b.cause && factors(a).into_iter().zip(factors(b)).all(|(a, b)| near(a, b))
}

impl Lang {
    /// The least and the greatest of some numbers; one number where both read the same.
    fn span(self, values: impl Iterator<Item = f64>) -> String {
        let (low, high) =
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        let (low, high) = (self.number(low), self.number(high));
        match self {
            _ if low == high => low,
            Lang::En => format!("{low} to {high}"),
            Lang::Zh => format!("{low} 至 {high}"),
        }
    }

    /// At most so many items of a list, with the number of those that are left out.
    pub fn cut(self, mut items: Vec<String>, most: usize) -> Vec<String> {
        if items.len() > most {
            let more = self.and_more(items.len() - most);
            items.truncate(most);
            items.push(more);
        }
        items
    }

    /// What takes most of a layer's signal away.
    fn cause(self, cause: Cause) -> String {
        match cause {
            Cause::None => self.cause_none(),
            Cause::WeightScale => self.cause_weight_scale(),
            Cause::FlatFunction(activation) => self.cause_flat_function(activation),
            Cause::Slope => self.cause_slope(),
            Cause::Alignment => self.cause_alignment(),
        }
    }
}
