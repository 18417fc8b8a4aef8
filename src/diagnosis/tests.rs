//! Keys that programs rely on.

use super::cure::Cure;
use super::*;
use crate::activation::Activation;

/// Every key as it was first published, `kind key` a line.
const KEYS: &str = include_str!("../../tests/fixtures/keys.txt");

#[test]
fn keys_are_those_that_were_published() {
    let published = |kind: &str| -> Vec<&str> {
        KEYS.lines()
            .filter_map(|line| line.split_once(' '))
            .filter(|(k, _)| *k == kind)
            .map(|(_, key)| key)
            .collect()
    };
    macro_rules! check {
        ($($kind:literal $of:ident),*) => {
            $(
                assert_eq!($of::ALL.iter().map(|term| term.key()).collect::<Vec<_>>(), published($kind));
                assert!($of::ALL.iter().all(|term| $of::from_key(term.key()) == Some(*term)));
            )*
        };
    }
    check!("ailment" Ailment, "measure" Measure, "unit" Unit, "remedy" Remedy, "treatment" Treatment, "unfit" Unfit, "branch" Branch, "cure" Cure);
    let missing = [
        Missing::Layers,
        Missing::Steps,
        Missing::FirstStep,
        Missing::Signal,
        Missing::SampleGradient,
        Missing::Updates,
        Missing::Parameters,
        Missing::Activations,
        Missing::Movement,
        Missing::TrainingResult,
        Missing::TestResult,
        Missing::LossHistory,
        Missing::LossScale,
        Missing::Classes,
        Missing::Optimizer,
        Missing::Inputs,
        Missing::Loss,
        Missing::LossInput,
        Missing::CutShort(1, None),
        Missing::Gap { column: "loss", last: None },
    ];
    assert_eq!(missing.map(|m| m.key()).to_vec(), published("missing"));
    let causes = [
        Cause::None,
        Cause::WeightScale,
        Cause::FlatFunction(Activation::Sigmoid),
        Cause::Slope,
        Cause::Alignment,
    ];
    assert_eq!(causes.map(Cause::key).to_vec(), published("cause"));
    let conclusions =
        [Conclusion::Healthy, Conclusion::Faulty, Conclusion::Unexplained, Conclusion::Undecided];
    assert_eq!(conclusions.map(Conclusion::key).to_vec(), published("conclusion"));
    let outcomes = [Outcome::fault(Vec::new()), Outcome::Clear(Vec::new()), Outcome::Unknown(Missing::Steps)]
        .map(|o| o.key());
    assert_eq!(outcomes.to_vec(), published("outcome"));
    assert_eq!([Severity::Fault, Severity::Note].map(Severity::key).to_vec(), published("severity"));
    let states = [State::Good, State::Partly, State::Failed, State::Unknown(Missing::Steps)].map(|s| s.key());
    assert_eq!(states.to_vec(), published("state"));
    assert_eq!([Bound::AtMost, Bound::AtLeast].map(Bound::key).to_vec(), published("bound"));
}

#[test]
fn a_rule_and_its_remedies_belong_to_one_branch() {
    for rule in RULES {
        for remedy in rule.remedies {
            assert_eq!(remedy.branch(), rule.branch, "{:?}: {remedy:?}", rule.ailment);
        }
    }
    for remedy in Remedy::ALL {
        assert!(Treatment::ALL.iter().any(|t| t.remedy() == *remedy), "{remedy:?} cannot be tried");
    }
}
