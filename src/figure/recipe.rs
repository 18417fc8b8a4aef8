//! `recipe`: the path of a run through the recipe of Hung-yi Lee's lecture "Tips for Deep Learning", with its
//! numbers.
//!
//! **How to read it.** Two questions: good results on the training set? good results on the test set? Thick
//! frames and arrows mark the path that the answers take. Below each question is what was found, and below
//! that what to do; the remedies of the other branch are grey, with the reason: dropout on a network that
//! fails on its training set makes it worse, and another activation does not help one that only overfits.
//!
//! **When it misleads.** The answers are those of the default thresholds, which suit data without wrong
//! labels; a way that stops at a question could not be judged, and the box says what was not recorded.

use super::chart::{Figure, Panel};
use super::flow::{Flow, FlowArrow, FlowBox, FlowLine, Tone};
use super::sheet::{Sheet, Words};
use super::spec::{Build, FigureSpec, Runs};
use super::words::{caption, head, name, outcome};
use super::{FigureError, Options};
use crate::diagnosis::{
    self, Branch, Diagnosis, Outcome, Performance, Remedy, Severity, State, Thresholds, Verdict,
};
use crate::text::Lang;

pub const SPEC: FigureSpec = FigureSpec {
    name: "recipe",
    summary: "the diagnosis as a path of decisions: good on training data? good on test data? and what to do",
    build: Build::Run(build),
};

/// CSS pixels.
const WIDTH: u32 = 960;
const COLUMNS: [f64; 3] = [1.3, 1.3, 0.8];

/// More faults than this in one box are counted, not named.
const MOST: usize = 3;

/// The same of remedies.
const MOST_REMEDIES: usize = 7;

fn build(runs: &Runs, options: &Options) -> Result<Figure, FigureError> {
    let (run, lang) = (runs.run(), options.lang);
    if run.record().is_empty() && run.record().evals.is_empty() {
        return Err(runs.nothing(run, "recorded step", "train it for at least one step"));
    }
    let d = diagnosis::diagnose(run.record(), &Thresholds::default())?;
    let flow = flow(lang, &d);
    let head = head(lang, &name(lang, run), run);
    let words = Words {
        title: lang.title(&head, &[d.concluded(lang), outcome(lang, run)]),
        subtitle: vec![lang.recipe_note()],
        caption: caption(lang, run),
        reading: vec![lang.reading_recipe()],
    };
    let sheet = Sheet::stack(vec![(1.0, Panel::Flow(flow))], Vec::new(), (WIDTH, 0));
    Ok(Figure::new(runs.figure, lang, words, sheet))
}

/// Where the answers lead.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// No further than the first question.
    Nowhere,
    /// Bad on the training set.
    Training,
    /// Good on the training set, and the second question has no answer.
    Second,
    /// Good on the training set, bad on the test set.
    Test,
    Done,
}

fn way(d: &Diagnosis) -> Way {
    let ill = |branch| d.faults().any(|v| v.rule.branch == branch);
    match (&d.training.state, &d.test.state) {
        (State::Failed | State::Partly, _) => Way::Training,
        (State::Unknown(_), _) if ill(Branch::Training) => Way::Training,
        (State::Unknown(_), _) => Way::Nowhere,
        (State::Good, State::Unknown(_)) => Way::Second,
        (State::Good, State::Good) => Way::Done,
        (State::Good, _) => Way::Test,
    }
}

fn flow(lang: Lang, d: &Diagnosis) -> Flow {
    let way = way(d);
    let tone = |on: bool| if on { Tone::Taken } else { Tone::Open };
    let second = matches!(way, Way::Second | Way::Test | Way::Done);
    let place = |column, row, heading, lines, tone| FlowBox { column, row, heading, lines, tone };
    let mut boxes = vec![
        place(0, 0, lang.training_question(), answer(lang, &d.training), Tone::Taken),
        place(
            1,
            0,
            lang.test_question(),
            if second { answer(lang, &d.test) } else { vec![FlowLine::plain(lang.not_asked())] },
            tone(second),
        ),
        place(2, 0, lang.done_heading(), vec![FlowLine::plain(lang.done_note())], tone(way == Way::Done)),
        place(
            0,
            1,
            lang.why_not(),
            findings(lang, d, Branch::Training, way == Way::Training),
            tone(way == Way::Training),
        ),
        place(
            1,
            1,
            lang.why_not(),
            findings(lang, d, Branch::Test, way == Way::Test),
            tone(way == Way::Test),
        ),
        remedies(lang, d, Branch::Training, way),
        remedies(lang, d, Branch::Test, way),
    ];
    let arrow = |from, to, label, taken| FlowArrow { from, to, label, taken };
    let arrows = vec![
        arrow(0, 1, lang.yes(), second),
        arrow(1, 2, lang.yes(), way == Way::Done),
        arrow(
            0,
            3,
            if d.training.state == State::Partly { lang.partly() } else { lang.no() },
            way == Way::Training,
        ),
        arrow(1, 4, lang.no(), way == Way::Test),
        arrow(3, 5, String::new(), way == Way::Training),
        arrow(4, 6, String::new(), way == Way::Test),
    ];
    let is_note = |v: &&Verdict| {
        matches!(&v.outcome, Outcome::Found(f) if f.severity == Severity::Note)
            && v.rule.branch != Branch::Done
    };
    let noted: Vec<String> =
        d.verdicts.iter().filter(is_note).map(|v| lang.ailment(v.rule.ailment)).collect();
    if !noted.is_empty() {
        let lines = noted.into_iter().map(FlowLine::item).collect();
        boxes.push(place(2, 1, lang.noted_heading(), lines, Tone::Open));
    }
    Flow { column_weights: COLUMNS.to_vec(), boxes, arrows }
}

fn answer(lang: Lang, p: &Performance) -> Vec<FlowLine> {
    let (answer, words) = p.answer(lang);
    let mut lines = vec![FlowLine::bold(lang.title(&answer, &[words]))];
    if p.from_batches && p.skill.is_some() {
        lines.push(FlowLine::plain(lang.from_batches()));
    } else if let Some(step) = p.step.filter(|_| p.kept) {
        lines.push(FlowLine::plain(lang.kept_parameters(step)));
    }
    lines
}

/// The faults of a branch, each with the number that shows it best.
fn findings(lang: Lang, d: &Diagnosis, branch: Branch, taken: bool) -> Vec<FlowLine> {
    let all: Vec<&Verdict> = d.causes().filter(|v| v.rule.branch == branch).collect();
    if all.is_empty() {
        let asked = branch == Branch::Training || d.training.state == State::Good;
        return vec![FlowLine::plain(match (taken, asked) {
            (true, _) => lang.no_rule_says_why(),
            (false, true) => lang.nothing_found(),
            (false, false) => lang.not_asked(),
        })];
    }
    let mut lines = Vec::new();
    for verdict in all.iter().take(MOST) {
        let Outcome::Found(finding) = &verdict.outcome else { continue };
        lines.push(FlowLine::bold(lang.ailment(verdict.rule.ailment)));
        // The number with a limit says why it was found.
        let shown = finding.evidence.iter().find(|e| e.limit.is_some()).or(finding.evidence.first());
        if let Some(e) = shown {
            let value = lang.measured(e.measure, e.value);
            lines.push(FlowLine::plain(lang.brief_evidence(&lang.measure(e.measure, &d.ends(lang)), &value)));
        }
    }
    if all.len() > MOST {
        lines.push(FlowLine::plain(lang.and_more(all.len() - MOST)));
    }
    let follow = all.iter().flat_map(|v| d.consequences(v.rule.ailment));
    let follow: Vec<String> = follow.map(|v| lang.ailment(v.rule.ailment)).collect();
    if !follow.is_empty() {
        lines.push(FlowLine::plain(
            lang.title(&lang.because_heading(), &[lang.list(&lang.cut(follow, MOST))]),
        ));
    }
    lines
}

fn remedies(lang: Lang, d: &Diagnosis, branch: Branch, way: Way) -> FlowBox {
    let (column, own) = match branch {
        Branch::Training => (0, Way::Training),
        Branch::Test | Branch::Done => (1, Way::Test),
    };
    let mut lines = Vec::new();
    if way == own {
        let all: Vec<String> = d.advice().iter().map(|advice| lang.advice(advice)).collect();
        lines.extend(lang.cut(all, MOST_REMEDIES).into_iter().map(FlowLine::item));
        return FlowBox { column, row: 2, heading: lang.remedies_heading(), lines, tone: Tone::Taken };
    }
    let reason = match (way, branch) {
        (Way::Done, _) => lang.grey_done(),
        (Way::Nowhere | Way::Second, _) => lang.grey_unknown(),
        (Way::Training, _) => lang.grey_test_side(),
        (Way::Test, _) => lang.grey_training_side(),
    };
    lines.push(FlowLine::plain(reason));
    lines.extend(Remedy::usual(branch).map(|r| FlowLine::item(lang.brief_remedy(r))));
    FlowBox { column, row: 2, heading: lang.grey_heading(), lines, tone: Tone::Greyed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::{Ailment, RULES, Rule, accused};
    use crate::figure::testing::equipped;
    use crate::record::Facts;

    #[test]
    fn the_box_gives_the_advice_of_the_diagnosis_and_says_what_it_leaves_out() {
        let one = |rule: &'static Rule| vec![rule.ailment];
        let of_branch =
            |branch| RULES.iter().filter(|rule| rule.branch == branch).map(|rule| rule.ailment).collect();
        let mut cases: Vec<Vec<Ailment>> =
            RULES.iter().filter(|rule| rule.branch != Branch::Done).map(one).collect();
        cases.extend([of_branch(Branch::Training), of_branch(Branch::Test)]);
        // Nothing that a rule names: everything that helps training, the longest list.
        cases.push(Vec::new());
        let mut cut = 0;
        for (record, _) in equipped() {
            for (faults, lang) in cases.iter().flat_map(|faults| Lang::ALL.map(|lang| (faults, lang))) {
                let mut record = record.clone();
                if faults.is_empty() {
                    record.header.facts = Facts::default().with_dropout(0.5).with_weight_decay(0.1);
                }
                let mut d = accused(&record, faults);
                if faults.is_empty() {
                    d.training.state = State::Failed;
                }
                let flow = flow(lang, &d);
                let boxes = flow.boxes.iter().filter(|b| b.heading == lang.remedies_heading());
                let said: Vec<Vec<String>> =
                    boxes.map(|b| b.lines.iter().map(|l| l.text.clone()).collect()).collect();
                let advice: Vec<String> = d.advice().iter().map(|a| lang.advice(a)).collect();
                let left = advice.len().saturating_sub(MOST_REMEDIES);
                let mut expected = advice[..advice.len() - left].to_vec();
                expected.extend((left > 0).then(|| lang.and_more(left)));
                assert_eq!(said, [expected], "{faults:?}");
                cut += left;
            }
        }
        assert!(cut > 0, "no list was long enough to be cut");
    }
}
