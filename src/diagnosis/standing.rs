//! How the faults of a run stand to each other: at most one is its cause, and what follows from that cause is
//! no second fault.
//!
//! Rules are judged one by one, and a network that fails shows many signs at once: where the inputs are not
//! scaled, units are saturated, signals are lost and the loss jumps. A reader needs the first of them. So the
//! faults found are put into the order of [`CAUSES`], in which what was there before training comes before what
//! training did, and the first one is the **cause**. A fault that [`follows`] from it is a **consequence**: it
//! is shown under its cause and advises nothing of its own, since curing the cause cures it. A fault that
//! [`contradicts`] one before it is withdrawn. What is left stands **beside** the cause, without advice that is
//! the [opposite](Remedy::opposite) of what was advised before.

use super::terms::{Ailment, Remedy};
use super::{Outcome, Verdict};

/// How a fault stands to the others of its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Cause,
    /// It follows from this one.
    Consequence(Ailment),
    /// Neither.
    Beside,
}

impl Standing {
    /// The stable name in JSON.
    pub fn key(self) -> &'static str {
        match self {
            Standing::Cause => "cause",
            Standing::Consequence(_) => "consequence",
            Standing::Beside => "beside",
        }
    }
}

/// Every fault, the earliest cause first.
const CAUSES: &[Ailment] = {
    use Ailment::*;
    &[
        FrozenLayers,
        DeadInitialisation,
        InputsNotScaled,
        InitialisationTooLarge,
        TooNarrow,
        InitialisationTooSmall,
        ExplodingGradient,
        TooMuchDropout,
        RateTooLarge,
        Diverged,
        VanishingGradient,
        LossDoesNotFit,
        UniformVanishing,
        RateTooSmall,
        NotLongEnough,
        StuckWithLargeGradients,
        DecayOnly,
        BaseRates,
        FloatUnderflow,
        SaturatedUnits,
        DeadUnits,
        HiddenVanishing,
        Attenuated,
        Overfitting,
    ]
};

/// What a cause brings with it.
fn follows(cause: Ailment) -> &'static [Ailment] {
    use Ailment::*;
    /// What a network that does not learn shows, whatever the reason.
    const STANDSTILL: &[Ailment] =
        &[BaseRates, StuckWithLargeGradients, NotLongEnough, DecayOnly, FloatUnderflow, HiddenVanishing];
    match cause {
        DeadInitialisation | InputsNotScaled | InitialisationTooLarge => &[
            Diverged,
            LossDoesNotFit,
            FloatUnderflow,
            ExplodingGradient,
            VanishingGradient,
            UniformVanishing,
            HiddenVanishing,
            DeadUnits,
            SaturatedUnits,
            RateTooLarge,
            RateTooSmall,
            BaseRates,
            StuckWithLargeGradients,
            DecayOnly,
            NotLongEnough,
        ],
        InitialisationTooSmall => &[
            FloatUnderflow,
            VanishingGradient,
            UniformVanishing,
            HiddenVanishing,
            DeadUnits,
            RateTooLarge,
            RateTooSmall,
            BaseRates,
            StuckWithLargeGradients,
            DecayOnly,
            NotLongEnough,
        ],
        ExplodingGradient => &[
            Diverged,
            LossDoesNotFit,
            FloatUnderflow,
            VanishingGradient,
            HiddenVanishing,
            DeadUnits,
            SaturatedUnits,
            RateTooLarge,
            BaseRates,
            StuckWithLargeGradients,
            DecayOnly,
        ],
        // Jumps drive outputs onto flat ends, too.
        RateTooLarge => &[
            Diverged,
            LossDoesNotFit,
            FloatUnderflow,
            VanishingGradient,
            HiddenVanishing,
            DeadUnits,
            SaturatedUnits,
            BaseRates,
            StuckWithLargeGradients,
            DecayOnly,
        ],
        TooMuchDropout => &[
            RateTooLarge,
            DeadUnits,
            BaseRates,
            StuckWithLargeGradients,
            NotLongEnough,
            VanishingGradient,
            DecayOnly,
        ],
        VanishingGradient | UniformVanishing => &[
            FloatUnderflow,
            HiddenVanishing,
            DeadUnits,
            SaturatedUnits,
            BaseRates,
            StuckWithLargeGradients,
            NotLongEnough,
            DecayOnly,
        ],
        LossDoesNotFit => &[
            UniformVanishing,
            RateTooSmall,
            NotLongEnough,
            StuckWithLargeGradients,
            DecayOnly,
            BaseRates,
            FloatUnderflow,
            SaturatedUnits,
            DeadUnits,
            HiddenVanishing,
        ],
        FrozenLayers => &[
            UniformVanishing,
            HiddenVanishing,
            FloatUnderflow,
            RateTooSmall,
            BaseRates,
            StuckWithLargeGradients,
            DecayOnly,
            NotLongEnough,
            DeadUnits,
            SaturatedUnits,
        ],
        TooNarrow => &[
            InitialisationTooSmall,
            VanishingGradient,
            UniformVanishing,
            HiddenVanishing,
            FloatUnderflow,
            RateTooLarge,
            RateTooSmall,
            BaseRates,
            StuckWithLargeGradients,
            NotLongEnough,
            DeadUnits,
            SaturatedUnits,
        ],
        Diverged => &[LossDoesNotFit, FloatUnderflow, DeadUnits, SaturatedUnits, BaseRates],
        RateTooSmall => STANDSTILL,
        NotLongEnough | StuckWithLargeGradients => &[BaseRates, DecayOnly],
        FloatUnderflow | DecayOnly | BaseRates => &[DeadUnits, SaturatedUnits],
        DeadUnits | SaturatedUnits | HiddenVanishing | Attenuated | Overfitting | Healthy => &[],
    }
}

/// Two faults that no network can have at once.
fn contradicts(a: Ailment, b: Ailment) -> bool {
    use Ailment::*;
    const PAIRS: &[(Ailment, Ailment)] = &[
        (RateTooLarge, RateTooSmall),
        (RateTooLarge, NotLongEnough),
        (ExplodingGradient, RateTooSmall),
        (ExplodingGradient, NotLongEnough),
        (ExplodingGradient, VanishingGradient),
        (ExplodingGradient, UniformVanishing),
        (Diverged, RateTooSmall),
        (Diverged, NotLongEnough),
        (InitialisationTooLarge, InitialisationTooSmall),
        (InitialisationTooLarge, DeadInitialisation),
        (InitialisationTooSmall, DeadInitialisation),
        (StuckWithLargeGradients, NotLongEnough),
        (StuckWithLargeGradients, VanishingGradient),
        (StuckWithLargeGradients, UniformVanishing),
    ];
    PAIRS.contains(&(a, b)) || PAIRS.contains(&(b, a))
}

/// Place in [`CAUSES`].
fn rank(ailment: Ailment) -> usize {
    CAUSES.iter().position(|&a| a == ailment).unwrap_or(CAUSES.len())
}

/// Settles which fault is the cause, what follows from it, and what is withdrawn; `advice` gives what may be
/// advised of a rule's remedies.
pub(super) fn settle(verdicts: &mut [Verdict], advice: impl Fn(&[Remedy]) -> Vec<super::Advice>) {
    let mut faults: Vec<usize> = (0..verdicts.len()).filter(|&i| verdicts[i].outcome.is_fault()).collect();
    faults.sort_by_key(|&i| rank(verdicts[i].rule.ailment));
    // Each fault that stays, with the cause that it stands under.
    let mut kept: Vec<(Ailment, Ailment)> = Vec::new();
    let mut advised: Vec<Remedy> = Vec::new();
    for i in faults {
        let ailment = verdicts[i].rule.ailment;
        let earlier = kept.iter().find(|kept| follows(kept.0).contains(&ailment)).map(|kept| kept.1);
        if kept.iter().any(|kept| contradicts(kept.0, ailment)) {
            let Outcome::Found(finding) = &verdicts[i].outcome else { continue };
            verdicts[i].outcome = Outcome::Clear(finding.evidence.clone());
            continue;
        }
        let standing = match earlier {
            Some(cause) => Standing::Consequence(cause),
            None if kept.is_empty() => Standing::Cause,
            None => Standing::Beside,
        };
        if !matches!(standing, Standing::Consequence(_)) {
            verdicts[i].advice = advice(verdicts[i].rule.remedies);
            verdicts[i].advice.retain(|a| !advised.iter().any(|&b| a.remedy.opposite() == Some(b)));
            advised.extend(verdicts[i].advice.iter().map(|a| a.remedy));
        }
        verdicts[i].standing = Some(standing);
        kept.push((ailment, earlier.unwrap_or(ailment)));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{RULES, Rule};
    use super::*;

    fn fault(rule: &'static Rule) -> Verdict {
        Verdict { rule, outcome: Outcome::fault(Vec::new()), advice: Vec::new(), standing: None }
    }

    fn all(remedies: &[Remedy]) -> Vec<super::super::Advice> {
        let advice = |&remedy: &Remedy| super::super::Advice { remedy, treatments: Vec::new(), family: None };
        remedies.iter().map(advice).collect()
    }

    /// Checks the faults that are left of some.
    fn check(verdicts: &[Verdict]) {
        let left: Vec<&Verdict> = verdicts.iter().filter(|v| v.outcome.is_fault()).collect();
        let names: Vec<Ailment> = left.iter().map(|v| v.rule.ailment).collect();
        assert_eq!(left.iter().filter(|v| v.standing == Some(Standing::Cause)).count(), 1, "{names:?}");
        for a in &left {
            assert!(a.standing.is_some(), "{names:?}");
            if let Some(Standing::Consequence(of)) = a.standing {
                assert!(names.contains(&of) && of != a.rule.ailment, "{names:?}");
                assert!(a.advice.is_empty(), "{names:?}");
            }
            for b in &left {
                assert!(!contradicts(a.rule.ailment, b.rule.ailment), "{names:?}");
                for (x, y) in a.advice.iter().flat_map(|x| b.advice.iter().map(move |y| (x, y))) {
                    assert_ne!(x.remedy.opposite(), Some(y.remedy), "{names:?}");
                }
            }
        }
    }

    #[test]
    fn no_two_and_no_three_faults_contradict_each_other_or_advise_opposites() {
        let ill: Vec<&'static Rule> = RULES.iter().filter(|r| r.ailment != Ailment::Healthy).collect();
        for a in &ill {
            for b in &ill {
                for c in &ill {
                    let mut some: Vec<Verdict> = RULES
                        .iter()
                        .filter(|r| [a, b, c].iter().any(|x| x.ailment == r.ailment))
                        .map(fault)
                        .collect();
                    settle(&mut some, all);
                    check(&some);
                }
            }
        }
        let mut everything: Vec<Verdict> = ill.iter().map(|rule| fault(rule)).collect();
        settle(&mut everything, all);
        check(&everything);
    }

    #[test]
    fn every_fault_has_a_place_among_the_causes_and_a_cause_comes_before_what_follows() {
        for ailment in Ailment::ALL.iter().copied().filter(|&a| a != Ailment::Healthy) {
            assert_eq!(CAUSES.iter().filter(|&&a| a == ailment).count(), 1, "{ailment:?}");
            for &next in follows(ailment) {
                assert!(rank(ailment) < rank(next), "{ailment:?} before {next:?}");
            }
        }
    }

    #[test]
    fn opposites_are_mutual() {
        for &remedy in Remedy::ALL {
            if let Some(other) = remedy.opposite() {
                assert_eq!(other.opposite(), Some(remedy));
            }
        }
    }

    #[test]
    fn the_earliest_cause_is_the_conclusion_and_units_that_died_of_it_stand_under_it() {
        let of = |ailment| fault(RULES.iter().find(|r| r.ailment == ailment).unwrap());
        let mut all_found = vec![
            of(Ailment::DeadUnits),
            of(Ailment::RateTooSmall),
            of(Ailment::VanishingGradient),
            of(Ailment::InputsNotScaled),
        ];
        settle(&mut all_found, all);
        assert_eq!(all_found[3].standing, Some(Standing::Cause));
        for v in &all_found[..3] {
            assert_eq!(v.standing, Some(Standing::Consequence(Ailment::InputsNotScaled)));
        }
        let mut two = vec![of(Ailment::RateTooSmall), of(Ailment::RateTooLarge)];
        settle(&mut two, all);
        assert_eq!(two[1].standing, Some(Standing::Cause));
        assert!(matches!(two[0].outcome, Outcome::Clear(_)) && two[0].standing.is_none());
    }
}
