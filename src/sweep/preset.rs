//! Plans that come with the program. Each is a TOML file that can be printed, edited and given back.

use super::SweepPlan;

/// A plan by name.
pub struct Preset {
    pub name: &'static str,
    pub summary: &'static str,
    pub toml: &'static str,
}

pub static PRESETS: &[Preset] = &[
    Preset {
        name: "lecture",
        summary: "training accuracy by depth 1..10, sigmoid against ReLU: the collapse on the training set",
        toml: include_str!("presets/lecture.toml"),
    },
    Preset {
        name: "20-vs-56",
        summary: "a 20- and a 56-layer network: the deeper one is worse on the training set",
        toml: include_str!("presets/20-vs-56.toml"),
    },
    Preset {
        name: "initialisation",
        summary: "depth x initialisation for tanh and ReLU",
        toml: include_str!("presets/initialisation.toml"),
    },
    Preset {
        name: "activations",
        summary: "every activation at one depth",
        toml: include_str!("presets/activations.toml"),
    },
    Preset {
        name: "conv-depth",
        summary: "convolutional networks by depth, sigmoid against ReLU",
        toml: include_str!("presets/conv-depth.toml"),
    },
    Preset {
        name: "20-vs-56-conv",
        summary: "20 and 56 layers of convolutions, plain and residual, as in He et al. (2016)",
        toml: include_str!("presets/20-vs-56-conv.toml"),
    },
];

/// The preset of that name.
pub fn preset(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

impl Preset {
    /// # Errors
    /// None, as long as the tests pass.
    pub fn plan(&self) -> Result<SweepPlan, super::SweepError> {
        SweepPlan::parse(self.toml, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_a_plan_of_its_own_name() {
        for preset in PRESETS {
            let plan = preset.plan().unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(plan.name, preset.name);
            assert!(plan.cells().len() >= 2);
        }
        let lecture = preset("lecture").unwrap().plan().unwrap();
        assert_eq!(lecture.cells().len(), 60);
    }
}
