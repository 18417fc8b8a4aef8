//! What a verdict can be about.

super::terms! {
    /// Everything that a verdict can be about.
    Ailment {
        Diverged = "diverged",
        InputsNotScaled = "inputs-not-scaled",
        FloatUnderflow = "float-underflow",
        FrozenLayers = "frozen-layers",
        DeadInitialisation = "dead-initialisation",
        InitialisationTooLarge = "initialisation-too-large",
        InitialisationTooSmall = "initialisation-too-small",
        LossDoesNotFit = "loss-does-not-fit",
        ExplodingGradient = "exploding-gradient",
        VanishingGradient = "vanishing-gradient",
        UniformVanishing = "uniform-vanishing",
        HiddenVanishing = "optimiser-hides-vanishing",
        Attenuated = "attenuated-but-training",
        DeadUnits = "dead-units",
        SaturatedUnits = "saturated-units",
        RateTooLarge = "learning-rate-too-large",
        RateTooSmall = "learning-rate-too-small",
        TooMuchDropout = "too-much-dropout",
        TooNarrow = "too-narrow",
        BaseRates = "stuck-at-base-rates",
        StuckWithLargeGradients = "stuck-with-large-gradients",
        DecayOnly = "movement-by-decay-only",
        NotLongEnough = "not-trained-long-enough",
        Overfitting = "overfitting",
        Healthy = "healthy",
    }
}
