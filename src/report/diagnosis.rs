//! A diagnosis as text, Markdown and JSON.
//!
//! # JSON
//! `gradfade diagnose RUN... --json` prints one object; its fields are stable, and more may be added:
//!
//! | field | what |
//! |---|---|
//! | `schema` | 1 |
//! | `thresholds` | every threshold that was compared with, by key |
//! | `runs` | one object a run |
//! | `runs[].run` | its name |
//! | `runs[].layer_names` | own name of each layer with weights, from the input; null where it says no more than the number |
//! | `runs[].conclusion` | `healthy`, `faulty`, `unexplained` (not good on the training set, no rule says why) or `undecided` |
//! | `runs[].cause` | the rule whose fault is the conclusion, or null |
//! | `runs[].training`, `.test` | `state` (`good`, `partly`, `failed`, `unknown`), `missing` (why unknown, or null), `accuracy`, `chance`, `skill`, `loss`, `step`, `from_batches`, `kept` (the parameters that early stopping kept) |
//! | `runs[].verdicts[]` | one a rule, always all rules, in the order of the recipe |
//! | `.rule` | such as `vanishing-gradient` |
//! | `.branch` | `training`, `test` or `done` |
//! | `.outcome` | `found`, `clear` or `unknown` |
//! | `.severity` | of what is found: `fault` or `note`; else null |
//! | `.standing`, `.because_of` | of a fault: `cause` (one at most), `consequence` (with the rule of the cause that it follows from) or `beside`; else null |
//! | `.evidence[]` | `measure`, `layers` (from 1), `column` (of the inputs, by name, or null), `steps` (first and last, or null), `value`, `unit` (`ratio`, `share`, `norm`, `standard_errors`, `steps`, `units`, `input`), `threshold` (null, or `key`, `value`, `bound`: `at_most` or `at_least`, the side on which the ailment is) |
//! | `.missing`, `.missing_words` | of what is unknown: what was not recorded, as a key and in words; else null |
//! | `.why[]` | factors on the norm of the signal by layer: `layer`, `total`, `weight_scale`, `slope`, `alignment`, `cause` (`none`, `weight-scale`, `flat-function`, `slope`, `alignment`) |
//! | `.why_step` | the step they were measured at, or null |
//! | `.remedies[]` | what helps, the most likely first, without what the run has already; of faults that are no consequence |
//! | `.source` | where the rule comes from |

use serde_json::{Value, json};

use crate::diagnosis::{
    Branch, Diagnosis, Evidence, Outcome, Performance, Severity, Standing, State, Thresholds, Verdict,
};
use crate::escape;
use crate::text::{Lang, columns};

/// How a report marks its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Text,
    Markdown,
}

/// The conclusion in words: the cause by name.
pub fn conclusion(lang: Lang, d: &Diagnosis) -> String {
    d.concluded(lang)
}

/// One block for a run.
pub fn text(lang: Lang, d: &Diagnosis, form: Form) -> String {
    let mark = |text: &str, markdown: &str| match form {
        Form::Text => text.to_string(),
        Form::Markdown => markdown.to_string(),
    };
    // The names of a run may be of unknown origin.
    let shown = |text: &str| match form {
        Form::Text => text.to_string(),
        Form::Markdown => escape::markdown(text),
    };
    let mut out = mark("", "## ") + &shown(&lang.diagnosis_head(&d.run, &conclusion(lang, d))) + "\n\n";
    let item = mark("  ", "- ");
    let inner = mark("      ", "  - ");
    for (question, answer) in d.questions(lang) {
        out += &format!("{item}{}\n", lang.sentences(&[shown(&question), shown(&answer)]));
    }
    let (open, close) = (mark("", "**"), mark("", "**"));
    let named = |verdict: &Verdict| {
        let name = lang.ailment(verdict.rule.ailment);
        lang.title(&format!("{open}{name}{close}"), &[lang.ailment_means(verdict.rule.ailment)])
    };
    for (heading, all) in
        [(lang.found_heading(), d.causes().collect::<Vec<_>>()), (lang.noted_heading(), d.notes().collect())]
    {
        if all.is_empty() {
            continue;
        }
        out += &format!("\n{}{heading}\n{}", mark("", "### "), mark("", "\n"));
        for verdict in all {
            out += &format!("{item}{}\n", named(verdict));
            for line in finding_lines(lang, d, verdict) {
                out += &format!("{inner}{}\n", shown(&line));
            }
            let follow: Vec<&Verdict> = d.consequences(verdict.rule.ailment).collect();
            if follow.is_empty() {
                continue;
            }
            out += &format!("{inner}{}\n", lang.because_heading());
            let deeper = mark("        ", "    - ");
            for verdict in follow {
                out += &format!("{deeper}{}\n", shown(&verdict.brief_words(lang, d)));
            }
        }
    }
    // That health was ruled out is no good news.
    let clear =
        d.verdicts.iter().filter(|v| matches!(v.outcome, Outcome::Clear(_)) && v.rule.branch != Branch::Done);
    let clear: Vec<String> = clear.map(|v| lang.ailment(v.rule.ailment)).collect();
    if !clear.is_empty() {
        let (open, close) = (mark("", "**"), mark("", "**"));
        let said = lang.title(&format!("{open}{}{close}", lang.clear_heading()), &[lang.list(&clear)]);
        out += &format!("\n{said}\n");
    }
    let unknown = unknown(lang, d);
    if !unknown.is_empty() {
        out += &format!("\n{}{}{}\n{}", mark("", "### "), lang.unknown_heading(), "", mark("", "\n"));
        for (why, names) in unknown {
            out += &format!("{item}{}\n", shown(&lang.title(&why, &[lang.list(&names)])));
        }
    }
    wrap(&out, form)
}

/// A line a fault: its name, the number that shows it best, and what to try first; one line where there is none.
pub fn short(lang: Lang, d: &Diagnosis) -> String {
    let mut lines = vec![lang.diagnosis_head(&d.run, &conclusion(lang, d))];
    for verdict in d.causes() {
        let mut line = format!("  {}", verdict.brief_words(lang, d));
        if let Some(first) = verdict.advice().first() {
            line = lang.with_first_advice(&line, &lang.advice(first));
        }
        lines.push(line);
        let follow = d.consequences(verdict.rule.ailment).map(|v| lang.ailment(v.rule.ailment));
        let follow = follow.collect::<Vec<_>>();
        if !follow.is_empty() {
            lines.push(lang.title(&format!("    {}", lang.because_heading()), &[lang.list(&follow)]));
        }
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

/// What was not recorded, in words, each with the names of the ailments that cannot be judged without it.
fn unknown(lang: Lang, d: &Diagnosis) -> Vec<(String, Vec<String>)> {
    let mut unknown: Vec<(String, Vec<String>)> = Vec::new();
    for v in &d.verdicts {
        let Outcome::Unknown(missing) = &v.outcome else { continue };
        let (why, name) = (lang.missing(missing), lang.ailment(v.rule.ailment));
        match unknown.iter_mut().find(|u| u.0 == why) {
            Some(u) => u.1.push(name),
            None => unknown.push((why, vec![name])),
        }
    }
    unknown
}

fn finding_lines(lang: Lang, d: &Diagnosis, verdict: &Verdict) -> Vec<String> {
    let Outcome::Found(finding) = &verdict.outcome else { return Vec::new() };
    let mut lines: Vec<String> = finding.evidence.iter().map(|e| e.words(lang, d)).collect();
    if !finding.why.is_empty() {
        lines.push(lang.why_heading());
        lines.extend(finding.why_words(lang, d).into_iter().map(|line| String::from("  ") + &line));
        lines.extend(finding.untrained_words(lang));
    }
    let advice = verdict.advice_words(lang);
    if !advice.is_empty() {
        lines.push(advice);
    }
    if finding.severity == Severity::Fault {
        lines.push(lang.title(&lang.source_heading(), &[verdict.rule.source.to_string()]));
    }
    lines
}

/// Terminal lines of at most this many characters.
const COLUMNS: usize = 110;

/// Breaks the lines of a text at blanks and behind Chinese punctuation, and keeps their indent; Markdown
/// flows by itself.
pub(super) fn wrap(text: &str, form: Form) -> String {
    if form == Form::Markdown {
        return text.to_string();
    }
    let mut out = String::with_capacity(text.len() + text.len() / 40);
    for line in text.lines() {
        let indent = line.len() - line.trim_start_matches(' ').len();
        out.push_str(&line[..indent]);
        let mut width = indent;
        for piece in line[indent..].split_inclusive([' ', '，', '；', '：', '、', '。']) {
            if width > indent && width + columns(piece.trim_end()) > COLUMNS {
                out.truncate(out.trim_end().len());
                out.push('\n');
                out.push_str(&" ".repeat(indent + 2));
                width = indent + 2;
            }
            out.push_str(piece);
            width += columns(piece);
        }
        out.push('\n');
    }
    out
}

/// All diagnoses for programs; the table in the module's docs is the schema.
pub fn json(lang: Lang, all: &[Diagnosis], thresholds: &Thresholds) -> Value {
    let limits: serde_json::Map<String, Value> =
        Thresholds::TABLE.iter().map(|i| (i.key.to_string(), json!(thresholds.get(i.key)))).collect();
    json!({ "schema": 1, "thresholds": limits, "runs": all.iter().map(|d| run_json(lang, d)).collect::<Vec<_>>() })
}

fn run_json(lang: Lang, d: &Diagnosis) -> Value {
    json!({
        "run": d.run,
        "layer_names": d.layer_names,
        "conclusion": d.conclusion().key(),
        "cause": d.cause().map(|v| v.rule.ailment.key()),
        "training": performance_json(&d.training),
        "test": performance_json(&d.test),
        "verdicts": d.verdicts.iter().map(|v| verdict_json(lang, v)).collect::<Vec<_>>(),
    })
}

fn performance_json(p: &Performance) -> Value {
    let missing = match &p.state {
        State::Unknown(missing) => Some(missing.key()),
        State::Good | State::Partly | State::Failed => None,
    };
    json!({
        "state": p.state.key(), "missing": missing, "accuracy": p.accuracy, "chance": p.chance, "skill": p.skill, "loss": p.loss,
        "step": p.step, "from_batches": p.from_batches, "kept": p.kept,
    })
}

fn verdict_json(lang: Lang, v: &Verdict) -> Value {
    let (evidence, missing, finding) = match &v.outcome {
        Outcome::Found(f) => (f.evidence.as_slice(), None, Some(f)),
        Outcome::Clear(evidence) => (evidence.as_slice(), None, None),
        Outcome::Unknown(missing) => (&[][..], Some(missing), None),
    };
    let why = finding.map(|f| f.why.as_slice()).unwrap_or_default();
    json!({
        "rule": v.rule.ailment.key(),
        "branch": v.rule.branch.key(),
        "outcome": v.outcome.key(),
        "severity": finding.map(|f| f.severity.key()),
        "standing": v.standing.map(Standing::key),
        "because_of": match v.standing {
            Some(Standing::Consequence(of)) => Some(of.key()),
            _ => None,
        },
        "evidence": evidence.iter().map(evidence_json).collect::<Vec<_>>(),
        "missing": missing.map(|m| m.key()),
        "missing_words": missing.map(|m| lang.missing(m)),
        "why": why.iter().map(|s| json!({
            "layer": s.layer, "total": s.total, "weight_scale": s.weight_scale, "slope": s.slope, "alignment": s.alignment,
            "cause": s.cause.key(),
        })).collect::<Vec<_>>(),
        "why_step": finding.and_then(|f| f.why_step),
        "remedies": v.advice().iter().map(|a| a.remedy.key()).collect::<Vec<_>>(),
        "source": v.rule.source,
    })
}

fn evidence_json(e: &Evidence) -> Value {
    json!({
        "measure": e.measure.key(),
        "layers": e.layers,
        "column": e.column,
        "steps": e.steps.map(|(a, b)| [a, b]),
        "value": e.value,
        "unit": e.measure.unit().key(),
        "threshold": e.limit.map(|l| json!({
            "key": l.key, "value": l.value, "bound": l.bound.key(),
        })),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::{Ailment, RULES, Remedy, Treatment, accused};
    use crate::figure::testing::{equipped, healthy};

    #[test]
    fn the_short_form_has_a_line_for_each_cause_and_names_what_follows() {
        let faults = [Ailment::InputsNotScaled, Ailment::DeadUnits, Ailment::VanishingGradient];
        for (record, _) in equipped() {
            for lang in Lang::ALL {
                let d = accused(&record, &faults);
                let lines: Vec<String> = short(lang, &d).lines().map(String::from).collect();
                assert_eq!(lines.len(), 3, "{lines:?}");
                assert!(lines[0].contains(&d.concluded(lang)) && lines[1].starts_with("  "), "{lines:?}");
                assert!(faults[1..].iter().all(|&a| lines[2].contains(&lang.ailment(a))), "{lines:?}");
                let first = d.cause().unwrap().advice().first().map(|a| lang.advice(a));
                assert!(first.is_none_or(|advice| lines[1].contains(&advice)), "{lines:?}");
            }
            let none = accused(&record, &[]);
            assert_eq!(short(Lang::En, &none).lines().count(), 1);
        }
    }

    #[test]
    fn layers_that_say_the_same_are_said_once() {
        use crate::diagnosis::{Cause, Finding, Split};
        let split = |layer: usize, slope: f64| Split {
            layer,
            total: slope,
            weight_scale: 1.0,
            slope,
            alignment: 1.0,
            cause: Cause::Slope,
        };
        let why = vec![split(1, 0.23), split(2, 0.24), split(3, 0.24), split(4, 0.5)];
        let finding = Finding { severity: Severity::Fault, evidence: Vec::new(), why, why_step: Some(5) };
        let d = accused(&equipped()[0].0, &[]);
        let lines = finding.why_words(Lang::En, &d);
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].starts_with("layer 4") && lines[0].contains("0.50 = "), "{lines:?}");
        assert!(lines[1].contains("1–3") && lines[1].contains("0.23 to 0.24 = "), "{lines:?}");
    }

    #[test]
    fn text_markdown_and_json_give_the_same_advice() {
        for (record, _) in equipped() {
            for rule in RULES.iter().filter(|rule| rule.branch != Branch::Done) {
                let d = accused(&record, &[rule.ailment]);
                let verdict = d.verdict(rule.ailment).unwrap();
                for lang in Lang::ALL {
                    let said = verdict.advice_words(lang);
                    let (plain, markdown) = (text(lang, &d, Form::Text), text(lang, &d, Form::Markdown));
                    let joined = |t: &str| t.split_whitespace().collect::<String>();
                    assert!(joined(&plain).contains(&joined(&said)), "{said}: {plain}");
                    assert!(markdown.contains(&escape::markdown(&said)), "{said}: {markdown}");
                    let heading = lang.remedies_heading();
                    assert_eq!(plain.contains(&heading), !said.is_empty(), "{plain}");
                    let json = verdict_json(lang, verdict);
                    let keys: Vec<&str> =
                        json["remedies"].as_array().unwrap().iter().map(|r| r.as_str().unwrap()).collect();
                    let words = verdict.advice().iter().map(|a| lang.advice(a)).collect::<Vec<_>>();
                    assert_eq!(keys, verdict.advice().iter().map(|a| a.remedy.key()).collect::<Vec<_>>());
                    assert!(words.iter().all(|word| said.contains(word)), "{said}: {words:?}");
                }
            }
        }
    }

    #[test]
    fn no_rule_advises_what_the_run_has() {
        for (record, had) in equipped() {
            for rule in RULES.iter().filter(|rule| rule.branch != Branch::Done) {
                let diagnosis = accused(&record, &[rule.ailment]);
                let of_rule = diagnosis.verdict(rule.ailment).unwrap().advice().to_vec();
                for advice in of_rule.iter().chain(&diagnosis.advice()) {
                    assert!(
                        !had.contains(&advice.remedy.key()),
                        "{:?}: {:?} of {had:?}",
                        rule.ailment,
                        advice.remedy
                    );
                    assert!(!advice.treatments.is_empty(), "{:?}", advice.remedy);
                }
                // What the run does not have is said.
                let left = rule.unfiltered().iter().filter(|remedy| !had.contains(&remedy.key())).count();
                assert_eq!(of_rule.len(), left, "{:?}", rule.ailment);
            }
        }
        let relu = accused(&healthy().record(), &[Ailment::VanishingGradient]);
        let activation = relu.advice().into_iter().find(|a| a.remedy == Remedy::NewActivation).unwrap();
        assert_eq!(activation.treatments, [Treatment::LeakyRelu, Treatment::Selu, Treatment::Maxout]);
    }
}
