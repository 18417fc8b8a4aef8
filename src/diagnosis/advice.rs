//! What to do about a diagnosis: the remedies of the rules that found a fault, without what the run has
//! already.
//!
//! There is no other list: reports, JSON, pages, figures and [`crate::remedy`] all take [`Verdict::advice`]
//! of one rule or [`Diagnosis::advice`] of the whole run, so that no two of them can advise different things.

use super::terms::{Branch, Remedy, Treatment};
use super::{Diagnosis, State, Verdict};
use crate::activation::Activation;
use crate::record::Header;

/// Families of initialisations, of which one fits each activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Glorot,
    He,
    Lecun,
}

impl Family {
    pub const ALL: [Family; 3] = [Family::Glorot, Family::He, Family::Lecun];

    /// The name that names of initialisations begin with.
    pub fn key(self) -> &'static str {
        match self {
            Family::Glorot => "glorot",
            Family::He => "he",
            Family::Lecun => "lecun",
        }
    }

    /// The family that fits an activation.
    fn fitting(activation: Activation) -> Family {
        match activation {
            Activation::Relu
            | Activation::LeakyRelu
            | Activation::Elu
            | Activation::Gelu
            | Activation::Silu
            | Activation::Softplus => Family::He,
            Activation::Selu | Activation::Maxout(_) => Family::Lecun,
            Activation::Sigmoid
            | Activation::Tanh
            | Activation::Softsign
            | Activation::HardSigmoid
            | Activation::Identity => Family::Glorot,
        }
    }
}

/// One remedy that is advised, with what may be said of it for this run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    pub remedy: Remedy,
    /// What can be tried of it and the run does not have.
    pub treatments: Vec<Treatment>,
    /// The initialisations that fit the run's activation, where it is known.
    pub family: Option<Family>,
}

/// True for optimisers that divide each gradient by its usual size.
pub(super) fn is_adaptive(optimizer: &str) -> bool {
    matches!(optimizer.to_lowercase().as_str(), "adagrad" | "rmsprop" | "adam" | "adamw")
}

/// What a run has already, or cannot have, of all that can be advised.
#[derive(Clone, Debug, Default)]
pub(super) struct Had {
    remedies: Vec<Remedy>,
    treatments: Vec<Treatment>,
    family: Option<Family>,
    /// What takes away something that holds back a network that has not learned yet.
    burdens: Vec<Remedy>,
}

impl Had {
    /// Reads the settings of a run. What is not known counts as not there.
    pub(super) fn of(header: &Header) -> Had {
        let facts = &header.facts;
        let word = |fact: &Option<String>| fact.clone().unwrap_or_default();
        let is_positive = |fact: Option<f64>| fact.is_some_and(|x| x > 0.0);
        let optimizer = facts.optimizer.as_ref().map(|o| o.name.to_lowercase()).unwrap_or_default();
        let hidden = &header.layers[..header.layers.len().saturating_sub(1)];
        let activation = hidden.iter().find_map(|layer| layer.activation().parse::<Activation>().ok());
        let family = activation.map(Family::fitting);
        let decays = is_positive(facts.weight_decay) || is_positive(facts.l1);
        let drops = is_positive(facts.dropout);
        let normalises = !matches!(word(&facts.normalisation).as_str(), "" | "none");
        let is_plain = hidden.len() > 1
            && hidden.iter().all(|layer| layer.kind == "dense")
            && !(normalises || facts.residual == Some(true));
        let all = [
            (Remedy::AdaptiveRate, is_adaptive(&optimizer)),
            (Remedy::Momentum, matches!(optimizer.as_str(), "momentum" | "nesterov" | "adam" | "adamw")),
            (
                Remedy::BetterInitialisation,
                family.is_some_and(|f| word(&facts.initialisation).starts_with(f.key())),
            ),
            (Remedy::Normalisation, normalises),
            (Remedy::FittingLoss, !super::loss_does_not_fit::is_unfit(header)),
            (Remedy::Residual, facts.residual == Some(true)),
            (Remedy::Layerwise, !is_plain || facts.layerwise_steps.is_some_and(|steps| steps > 0)),
            (Remedy::NormaliseGradients, facts.normalise_gradients == Some(true)),
            (Remedy::MorePrecision, matches!(word(&facts.precision).as_str(), "f64" | "float64")),
            (Remedy::EarlyStopping, facts.early_stopping.is_some_and(|n| n > 0)),
            (Remedy::WeightDecay, decays),
            (Remedy::Dropout, drops),
            // Nothing can be taken away that is not there; a record that holds no settings does not say
            // whether it is.
            (Remedy::LessDecay, !decays && header.config.is_some()),
            (Remedy::LessDropout, !drops && header.config.is_some()),
        ];
        let mut treatments = match activation {
            Some(Activation::Relu) => vec![Treatment::Relu],
            Some(Activation::LeakyRelu) => vec![Treatment::LeakyRelu],
            Some(Activation::Selu) => vec![Treatment::Selu],
            Some(Activation::Maxout(_)) => vec![Treatment::Maxout],
            _ => Vec::new(),
        };
        // Its units are made of several pieces, which the channels of a convolution are not.
        if header.layers.iter().any(|layer| layer.kind == "convolution") {
            treatments.push(Treatment::Maxout);
        }
        let remedies = all.into_iter().filter(|had| had.1).map(|had| had.0).collect();
        let burdens = [(Remedy::LessDecay, decays), (Remedy::LessDropout, drops)];
        let burdens = burdens.into_iter().filter(|burden| burden.1).map(|burden| burden.0).collect();
        Had { remedies, treatments, family, burdens }
    }

    /// What is left of some remedies.
    pub(super) fn without(&self, remedies: &[Remedy]) -> Vec<Advice> {
        let advice = |&remedy: &Remedy| Advice {
            remedy,
            treatments: Treatment::ALL
                .iter()
                .copied()
                .filter(|t| t.remedy() == remedy && !self.treatments.contains(t))
                .collect(),
            family: self.family,
        };
        remedies.iter().filter(|r| !self.remedies.contains(r)).map(advice).collect()
    }
}

/// What helps training where it is not good and no rule says why.
const UNEXPLAINED: &[Remedy] = &[
    Remedy::NewActivation,
    Remedy::AdaptiveRate,
    Remedy::BetterInitialisation,
    Remedy::Normalisation,
    Remedy::FittingLoss,
    Remedy::LargerRate,
    Remedy::SmallerRate,
    Remedy::LargerNetwork,
];

impl Verdict {
    /// What helps, the most likely first, without what the run has already; empty where nothing is wrong.
    pub fn advice(&self) -> &[Advice] {
        &self.advice
    }
}

impl Diagnosis {
    /// The branch of the recipe whose remedies suit the run; `None` where nothing is known to be wrong.
    pub fn branch(&self) -> Option<Branch> {
        let ill = |branch| self.faults().any(|v| v.rule.branch == branch);
        if ill(Branch::Training) || matches!(self.training.state, State::Failed | State::Partly) {
            Some(Branch::Training)
        } else {
            ill(Branch::Test).then_some(Branch::Test)
        }
    }

    /// What is advised for the run, the most likely first, without what it has already. Where training is not
    /// good and no rule says why, that is what helps training in general.
    pub fn advice(&self) -> Vec<Advice> {
        let Some(branch) = self.branch() else { return Vec::new() };
        let mut all: Vec<Advice> = Vec::new();
        let mut add = |some: &[Advice]| {
            for advice in some {
                if !all.contains(advice) {
                    all.push(advice.clone());
                }
            }
        };
        let faults: Vec<&Verdict> = self.causes().filter(|v| v.rule.branch == branch).collect();
        faults.iter().for_each(|verdict| add(&verdict.advice));
        if faults.is_empty() {
            add(&self.had.without(UNEXPLAINED));
        }
        if branch == Branch::Training {
            add(&self.had.without(&self.had.burdens));
        }
        all
    }
}
