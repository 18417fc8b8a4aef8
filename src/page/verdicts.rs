//! The panel of verdicts: what every rule of the diagnosis says of each run, with its evidence and the
//! threshold it was compared with. It stands in the page as it is read, and needs no script.
//!
//! What is found is open to the eye. What is not there, and what cannot be told, is counted, and named in a
//! list that opens, with what was seen or what was not recorded: a missing column is no clean bill of health.

use super::data::Data;
use super::html::{PREFIX, escape};
use crate::diagnosis::{Branch, Diagnosis, Finding, Outcome, Severity, Verdict};
use crate::text::{Lang, VerdictLevel};

/// The panel of all runs, in their order; the levels of its headings are left open.
pub fn panel(lang: Lang, data: &Data, diagnoses: &[Diagnosis]) -> String {
    let mut out = format!(
        "<div class=\"{PREFIX}-verdicts\">\n<{{{{below}}}} class=\"{PREFIX}-name\">{}</{{{{below}}}}>\n<div class=\"{PREFIX}-panels\">\n",
        escape(&lang.verdicts())
    );
    for (i, (run, d)) in data.runs.iter().zip(diagnoses).enumerate() {
        let head = escape(&lang.diagnosis_head(&run.name, &d.concluded(lang)));
        out += &format!(
            "<div class=\"{PREFIX}-panel\" data-run=\"{i}\">\n<{{{{lowest}}}} class=\"{PREFIX}-run-name\">{head}</{{{{lowest}}}}>\n"
        );
        out += &of_run(lang, d);
        out += "</div>\n";
    }
    out + "</div>\n</div>\n"
}

fn of_run(lang: Lang, d: &Diagnosis) -> String {
    let mut out = format!("<dl class=\"{PREFIX}-questions\">\n");
    for (question, answer) in d.questions(lang) {
        out += &format!("<div><dt>{}</dt> <dd>{}</dd></div>\n", escape(&question), escape(&answer));
    }
    out += "</dl>\n";
    let of = |level| d.verdicts.iter().filter(move |v| level_of(v) == Some(level));
    let counts = LEVELS.map(|level| (level, of(level).count()));
    out += &format!("<p class=\"{PREFIX}-counts\">{}</p>\n", escape(&lang.verdict_counts(&counts)));
    let all: Vec<_> = d.causes().chain(d.notes()).filter_map(|v| Some((v, found(v)?))).collect();
    if !all.is_empty() {
        let items: String = all.iter().map(|(v, f)| finding(lang, d, v, f)).collect();
        out += &format!("<ul class=\"{PREFIX}-findings\">\n{items}</ul>\n");
    }
    for (level, n) in
        counts.into_iter().filter(|c| matches!(c.0, VerdictLevel::Clear | VerdictLevel::Unknown) && c.1 > 0)
    {
        let items: String = of(level).map(|v| brief(lang, d, v)).collect();
        let summary = escape(&lang.counted(level, n));
        out += &format!(
            "<details class=\"{PREFIX}-rest\"><summary>{summary}</summary>\n<ul>\n{items}</ul>\n</details>\n"
        );
    }
    out
}

const LEVELS: [VerdictLevel; 4] =
    [VerdictLevel::Found, VerdictLevel::Noted, VerdictLevel::Clear, VerdictLevel::Unknown];

/// `None`: that health was ruled out is no good news, and no list for it.
fn level_of(verdict: &Verdict) -> Option<VerdictLevel> {
    Some(match &verdict.outcome {
        Outcome::Clear(_) if verdict.rule.branch == Branch::Done => return None,
        Outcome::Found(Finding { severity: Severity::Note, .. }) if verdict.rule.branch != Branch::Done => {
            VerdictLevel::Noted
        }
        Outcome::Found(_) => VerdictLevel::Found,
        Outcome::Clear(_) => VerdictLevel::Clear,
        Outcome::Unknown(_) => VerdictLevel::Unknown,
    })
}

fn found(verdict: &Verdict) -> Option<&Finding> {
    match &verdict.outcome {
        Outcome::Found(f) => Some(f),
        _ => None,
    }
}

fn items(lines: impl IntoIterator<Item = String>) -> String {
    lines.into_iter().map(|line| format!("<li>{}</li>\n", escape(&line))).collect()
}

/// What is found: what it means, what it rests on, what helps.
fn finding(lang: Lang, d: &Diagnosis, verdict: &Verdict, finding: &Finding) -> String {
    let rule = verdict.rule;
    let fault = finding.severity == Severity::Fault;
    let (class, level) = match (fault, rule.branch) {
        (true, _) => ("found", VerdictLevel::Found),
        (false, Branch::Done) => ("well", VerdictLevel::Found),
        (false, _) => ("noted", VerdictLevel::Noted),
    };
    let name = escape(&lang.capitalised(&lang.ailment(rule.ailment)));
    let mut out = format!(
        "<li class=\"{PREFIX}-{class}\">\n<p><span class=\"{PREFIX}-level\">{}</span> <strong>{name}</strong></p>\n<p>{}</p>\n",
        escape(&lang.verdict_level(level)),
        escape(&lang.ailment_means(rule.ailment))
    );
    out += &format!(
        "<ul class=\"{PREFIX}-evidence\">\n{}</ul>\n",
        items(finding.evidence.iter().map(|e| e.words(lang, d)))
    );
    let why = finding.why_words(lang, d);
    if !why.is_empty() {
        let heading = escape(&lang.why_heading());
        let lines = items(why.into_iter().chain(finding.untrained_words(lang)));
        out += &format!(
            "<details><summary>{heading}</summary>\n<ul class=\"{PREFIX}-evidence\">\n{lines}</ul>\n</details>\n"
        );
    }
    let advice = verdict.advice_words(lang);
    if !advice.is_empty() {
        out += &format!("<p>{}</p>\n", escape(&advice));
    }
    let follow: Vec<String> =
        d.consequences(rule.ailment).map(|v| lang.capitalised(&v.brief_words(lang, d))).collect();
    if !follow.is_empty() {
        out += &format!(
            "<p>{}</p>\n<ul class=\"{PREFIX}-evidence\">\n{}</ul>\n",
            escape(&lang.because_heading()),
            items(follow)
        );
    }
    if fault {
        let source = lang.title(&lang.source_heading(), &[rule.source.to_string()]);
        out += &format!("<p class=\"{PREFIX}-source\">{}</p>\n", escape(&source));
    }
    out + "</li>\n"
}

/// What is not there, with what was seen; what cannot be told, with what was not recorded.
fn brief(lang: Lang, d: &Diagnosis, verdict: &Verdict) -> String {
    let clauses = match &verdict.outcome {
        Outcome::Found(Finding { evidence, .. }) | Outcome::Clear(evidence) => {
            evidence.iter().map(|e| e.words(lang, d)).collect()
        }
        Outcome::Unknown(missing) => vec![lang.missing(missing)],
    };
    let name = lang.capitalised(&lang.ailment(verdict.rule.ailment));
    let text = if clauses.is_empty() { name } else { lang.title(&name, &clauses) };
    format!("<li>{}</li>\n", escape(&text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::{RULES, accused};
    use crate::figure::testing::equipped;

    #[test]
    fn the_panel_gives_the_advice_of_the_diagnosis() {
        for (record, _) in equipped() {
            for rule in RULES.iter().filter(|rule| rule.branch != Branch::Done) {
                let d = accused(&record, &[rule.ailment]);
                for lang in Lang::ALL {
                    let html = of_run(lang, &d);
                    let said = d.verdict(rule.ailment).unwrap().advice_words(lang);
                    assert_eq!(html.contains(&lang.remedies_heading()), !said.is_empty(), "{html}");
                    assert!(
                        html.contains(&format!("<p>{}</p>", escape(&said))) || said.is_empty(),
                        "{said}: {html}"
                    );
                }
            }
        }
    }
}
