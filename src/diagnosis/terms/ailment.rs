//! What a verdict can be about.

super::terms! {
    /// Everything that a verdict can be about.
    Ailment {
        Diverged = "diverged",
        FloatUnderflow = "float-underflow",
        DeadInitialisation = "dead-initialisation",
        ExplodingGradient = "exploding-gradient",
        VanishingGradient = "vanishing-gradient",
        UniformVanishing = "uniform-vanishing",
        HiddenVanishing = "optimiser-hides-vanishing",
        Attenuated = "attenuated-but-training",
        DeadUnits = "dead-units",
        SaturatedUnits = "saturated-units",
        RateTooLarge = "learning-rate-too-large",
        RateTooSmall = "learning-rate-too-small",
        StuckWithLargeGradients = "stuck-with-large-gradients",
        DecayOnly = "movement-by-decay-only",
        NotLongEnough = "not-trained-long-enough",
        Overfitting = "overfitting",
        Healthy = "healthy",
    }
}
