//! What is tried of each kind of remedy, by the name of its run, and why it may have nothing to change.

use super::Remedy;

super::terms! {
    /// One change of a run's settings that can be tried. `remedy` makes it; its key is its name on the
    /// command line, in tables and as the name of its run.
    Treatment {
        Relu = "relu",
        LeakyRelu = "leaky-relu",
        Selu = "selu",
        Maxout = "maxout",
        Initialisation = "initialisation",
        BatchNorm = "batch-norm",
        LayerNorm = "layer-norm",
        Residual = "residual",
        Adagrad = "adagrad",
        Rmsprop = "rmsprop",
        Adam = "adam",
        Layerwise = "layerwise",
        NormaliseGradients = "normalise-gradients",
        Momentum = "momentum",
        RateTimes10 = "rate-x10",
        RateTimes100 = "rate-x100",
        RateUpToUsual = "rate-up-to-usual",
        RateDownToUsual = "rate-down-to-usual",
        RateOver10 = "rate-div10",
        RateOver100 = "rate-div100",
        Standardize = "standardize",
        CrossEntropy = "cross-entropy",
        ClipNorm = "clip-norm",
        MoreEpochs = "more-epochs",
        Wider = "wider",
        NoDecay = "no-decay",
        NoDropout = "no-dropout",
        F64 = "f64",
        EarlyStopping = "early-stopping",
        L2 = "l2",
        L1 = "l1",
        Dropout = "dropout",
        MoreData = "more-data",
    }
}

impl Treatment {
    /// The kind of remedy that it is one of.
    pub const fn remedy(self) -> Remedy {
        match self {
            Treatment::Relu | Treatment::LeakyRelu | Treatment::Selu | Treatment::Maxout => {
                Remedy::NewActivation
            }
            Treatment::Initialisation => Remedy::BetterInitialisation,
            Treatment::BatchNorm | Treatment::LayerNorm => Remedy::Normalisation,
            Treatment::Residual => Remedy::Residual,
            Treatment::Adagrad | Treatment::Rmsprop | Treatment::Adam => Remedy::AdaptiveRate,
            Treatment::Layerwise => Remedy::Layerwise,
            Treatment::NormaliseGradients => Remedy::NormaliseGradients,
            Treatment::Momentum => Remedy::Momentum,
            Treatment::RateTimes10 | Treatment::RateTimes100 | Treatment::RateUpToUsual => Remedy::LargerRate,
            Treatment::RateDownToUsual | Treatment::RateOver10 | Treatment::RateOver100 => {
                Remedy::SmallerRate
            }
            Treatment::Standardize => Remedy::ScaleInputs,
            Treatment::CrossEntropy => Remedy::FittingLoss,
            Treatment::ClipNorm => Remedy::ClipOrScale,
            Treatment::MoreEpochs => Remedy::MoreEpochs,
            Treatment::Wider => Remedy::LargerNetwork,
            Treatment::NoDecay => Remedy::LessDecay,
            Treatment::NoDropout => Remedy::LessDropout,
            Treatment::F64 => Remedy::MorePrecision,
            Treatment::EarlyStopping => Remedy::EarlyStopping,
            Treatment::L2 | Treatment::L1 => Remedy::WeightDecay,
            Treatment::Dropout => Remedy::Dropout,
            Treatment::MoreData => Remedy::MoreData,
        }
    }
}

super::terms! {
    /// Why a treatment has nothing to change in a run.
    Unfit {
        /// The run has it already.
        There = "there",
        NoHiddenLayer = "no-hidden-layer",
        /// No hidden layer has as many outputs as inputs.
        NoEqualLayers = "no-equal-layers",
        Convolutions = "convolutions",
        /// Layer-wise training is for two or more fully connected hidden layers without normalisation and
        /// skips.
        NotPlain = "not-plain-layers",
        /// Layers that are trained one after the other have no normalisation and no skips.
        Layerwise = "layerwise",
        /// Momentum belongs to plain gradient descent.
        NotSgd = "not-sgd",
        /// A rate of 0 has no multiples.
        NoRate = "no-rate",
        TooFewSamples = "too-few-samples",
        AllData = "all-data",
    }
}
