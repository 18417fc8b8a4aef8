//! Kinds of remedies, and the question of the recipe that each belongs to.

super::terms! {
    /// Which question of the recipe a rule or a remedy belongs to.
    Branch {
        /// Why is it not good on the training set?
        Training = "training",
        /// Why is it not good on the test set?
        Test = "test",
        /// Neither: nothing is wrong.
        Done = "done",
    }
}

super::terms! {
    /// A kind of remedy: what a diagnosis advises.
    Remedy {
        NewActivation = "new-activation",
        BetterInitialisation = "better-initialisation",
        Normalisation = "normalisation",
        Residual = "residual",
        AdaptiveRate = "adaptive-rate",
        Layerwise = "layer-wise-training",
        NormaliseGradients = "gradient-normalisation",
        Momentum = "momentum",
        LargerRate = "larger-rate",
        SmallerRate = "smaller-rate",
        ClipOrScale = "smaller-initial-weights",
        ScaleInputs = "scale-inputs",
        FittingLoss = "fitting-loss",
        MoreEpochs = "more-epochs",
        LargerNetwork = "larger-network",
        LessDecay = "less-decay",
        LessDropout = "less-dropout",
        MorePrecision = "more-precision",
        EarlyStopping = "early-stopping",
        WeightDecay = "weight-decay",
        Dropout = "dropout",
        MoreData = "more-data",
    }
}

impl Remedy {
    /// The question that it answers: the first group helps a network to train, the second one to do on new
    /// data what it does on its training set. This is the only place that knows it.
    pub const fn branch(self) -> Branch {
        match self {
            Remedy::NewActivation
            | Remedy::BetterInitialisation
            | Remedy::Normalisation
            | Remedy::Residual
            | Remedy::AdaptiveRate
            | Remedy::Layerwise
            | Remedy::NormaliseGradients
            | Remedy::Momentum
            | Remedy::LargerRate
            | Remedy::SmallerRate
            | Remedy::ClipOrScale
            | Remedy::ScaleInputs
            | Remedy::FittingLoss
            | Remedy::MoreEpochs
            | Remedy::LargerNetwork
            | Remedy::LessDecay
            | Remedy::LessDropout
            | Remedy::MorePrecision => Branch::Training,
            Remedy::EarlyStopping | Remedy::WeightDecay | Remedy::Dropout | Remedy::MoreData => Branch::Test,
        }
    }

    /// The remedy that undoes this one.
    pub const fn opposite(self) -> Option<Remedy> {
        Some(match self {
            Remedy::LargerRate => Remedy::SmallerRate,
            Remedy::SmallerRate => Remedy::LargerRate,
            Remedy::MoreEpochs => Remedy::EarlyStopping,
            Remedy::EarlyStopping => Remedy::MoreEpochs,
            Remedy::LessDecay => Remedy::WeightDecay,
            Remedy::WeightDecay => Remedy::LessDecay,
            Remedy::LessDropout => Remedy::Dropout,
            Remedy::Dropout => Remedy::LessDropout,
            _ => return None,
        })
    }

    /// What a branch offers in general, to networks that nothing special was found of; the likeliest first.
    pub fn usual(branch: Branch) -> impl Iterator<Item = Remedy> {
        const ALL: [Remedy; 9] = [
            Remedy::NewActivation,
            Remedy::AdaptiveRate,
            Remedy::BetterInitialisation,
            Remedy::Normalisation,
            Remedy::Residual,
            Remedy::EarlyStopping,
            Remedy::WeightDecay,
            Remedy::Dropout,
            Remedy::MoreData,
        ];
        ALL.into_iter().filter(move |remedy| remedy.branch() == branch)
    }
}
