//! **Overfitting**: good on the training set, bad on the test set.
//!
//! **How to read it.** Only a network that is good on its training set can overfit; one that is bad there
//! belongs to the first question of the recipe. The gap between the two accuracies counts, where it is larger
//! than the noise of a small test set.
//!
//! **When it misleads.** A test set from another source than the training set causes a gap that no
//! regulariser closes. The test loss rises long before the accuracy falls; it is reported with the finding,
//! but is not a fault by itself.

use super::case::Case;
use super::performance::{State, gap_deviations, least_gap};
use super::{Ailment, Branch, Evidence, Measure, Outcome, Remedy, Rule, Verdict};
use crate::record::TEST_LOSS;

pub const RULE: Rule = Rule {
    ailment: Ailment::Overfitting,
    branch: Branch::Test,
    source: "Goodfellow, Bengio, Courville, Deep Learning (2016), section 5.2; Prechelt 1998, Early stopping - but when?",
    remedies: &[Remedy::EarlyStopping, Remedy::WeightDecay, Remedy::Dropout, Remedy::MoreData],
    judge,
};

fn judge(case: &Case, _: &[Verdict]) -> Outcome {
    match &case.training.state {
        State::Unknown(missing) => return Outcome::Unknown(missing.clone()),
        State::Partly | State::Failed => return Outcome::Clear(case.skill().into_iter().collect()),
        State::Good => {}
    }
    if let State::Unknown(missing) = &case.test.state {
        return Outcome::Unknown(missing.clone());
    }
    let (Some(train), Some(test)) = (case.training.accuracy, case.test.accuracy) else {
        return Outcome::Unknown(super::Missing::TestResult);
    };
    let at = case.test.step.map(|s| (s, s));
    let mut evidence = vec![
        Evidence::new(Measure::AccuracyGap, train - test)
            .at(&[], at)
            .at_least("accuracy_gap", least_gap(case.test.chance, case.limits)),
    ];
    if let Some(d) = gap_deviations(&case.run, train, test) {
        let limit = case.limits.gap_deviations;
        evidence.push(Evidence::new(Measure::GapDeviations, d).at(&[], at).at_least("gap_deviations", limit));
    }
    evidence.extend(turn(case));
    match case.test.state {
        State::Good => Outcome::Clear(evidence),
        _ => {
            evidence.insert(0, Evidence::new(Measure::TestAccuracy, test).at(&[], at));
            evidence.insert(
                0,
                Evidence::new(Measure::TrainAccuracy, train).at(&[], case.training.step.map(|s| (s, s))),
            );
            Outcome::fault(evidence)
        }
    }
}

/// The step at which the test loss began to rise, if it did.
fn turn(case: &Case) -> Option<Evidence> {
    let known =
        || case.record().evals.iter().filter(|e| e.value(TEST_LOSS).is_finite() && e.value(TEST_LOSS) > 0.0);
    let best = known().min_by(|a, b| a.value(TEST_LOSS).total_cmp(&b.value(TEST_LOSS)))?;
    let last = known().next_back()?;
    let rise = last.value(TEST_LOSS) / best.value(TEST_LOSS);
    let evidence = Evidence::new(Measure::TestLossRise, rise).at(&[], Some((best.step(), last.step())));
    (rise >= case.limits.test_loss_rise)
        .then(|| evidence.at_least("test_loss_rise", case.limits.test_loss_rise))
}
