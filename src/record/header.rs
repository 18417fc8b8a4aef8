//! The header of a run: `meta.json`.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::facts::Facts;

/// Version of the format that this program writes.
pub const SCHEMA: u32 = 2;

/// What a run is, without its numbers. Made by [`Header::builder`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Header {
    /// [`SCHEMA`], of a run in an older schema too once it is read.
    pub schema: u32,
    pub source: Source,
    /// Short name that figures use, such as `sigmoid`.
    pub run: String,
    /// Settings for captions and tables, by the names of the options. Nothing is decided by them.
    #[serde(default, deserialize_with = "scalars")]
    pub labels: BTreeMap<String, String>,
    #[serde(default)]
    pub seed: Option<u64>,
    /// From the input to the output; layer 1 is `layers[0]`.
    pub layers: Vec<LayerInfo>,
    /// Parameter tensors in the order of all `[.., T]` arrays.
    pub tensors: Vec<TensorInfo>,
    /// What diagnoses and figures go by, as far as it is known.
    #[serde(default)]
    pub facts: Facts,
    /// Updates in one epoch.
    #[serde(default)]
    pub steps_per_epoch: Option<u64>,
    /// Updates that the run was to make.
    #[serde(default)]
    pub planned_steps: Option<u64>,
    /// Buckets of the sketch, when there is one.
    #[serde(default)]
    pub sketch_buckets: Option<usize>,
    /// The whole configuration as the producing program wrote it.
    #[serde(default)]
    pub config: Option<serde_json::Value>,
    pub status: Status,
    /// Early stopping of a run that has a validation set and has ended by itself.
    #[serde(default)]
    pub early_stop: Option<EarlyStop>,
    /// Whether these are only some of the network's layers ([`Record::only_layers`](super::Record::only_layers)): the
    /// last one is then no output layer, and their number is not the depth.
    #[serde(skip)]
    pub is_part: bool,
    /// Wall time of training in seconds, once the run has ended. Never in a figure.
    #[serde(default)]
    pub elapsed_secs: Option<f64>,
}

/// The program that made the numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub tool: String,
    pub version: String,
}

/// A layer, with the activation that follows it where that is no layer of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LayerInfo {
    /// The name in the producing program, such as `layers.3` or `block0.q`.
    pub name: String,
    /// `dense`, `convolution`, `pooling`, ...: free text.
    #[serde(default = "dense")]
    pub kind: String,
    /// Shape of one sample at its input; empty when it is not known.
    #[serde(default)]
    pub input_shape: Vec<usize>,
    #[serde(default)]
    pub output_shape: Vec<usize>,
    /// Inputs of one unit; `None` for a layer without weights.
    #[serde(default)]
    pub fan_in: Option<usize>,
    /// Units that one input reaches.
    #[serde(default)]
    pub fan_out: Option<usize>,
    /// Name of the activation; `identity` for a linear output.
    #[serde(default)]
    pub activation: Option<String>,
}

fn dense() -> String {
    "dense".into()
}

impl LayerInfo {
    pub fn new(name: impl Into<String>, kind: impl Into<String>) -> LayerInfo {
        LayerInfo {
            name: name.into(),
            kind: kind.into(),
            input_shape: Vec::new(),
            output_shape: Vec::new(),
            fan_in: None,
            fan_out: None,
            activation: None,
        }
    }

    /// A dense layer; its shapes are `[fan_in]` and `[fan_out]`.
    pub fn dense(name: impl Into<String>, fan_in: usize, fan_out: usize) -> LayerInfo {
        LayerInfo::new(name, dense()).with_shapes(&[fan_in], &[fan_out]).with_fans(fan_in, fan_out)
    }

    /// Shapes of one sample before and after the layer.
    #[must_use]
    pub fn with_shapes(mut self, input: &[usize], output: &[usize]) -> LayerInfo {
        self.input_shape = input.to_vec();
        self.output_shape = output.to_vec();
        self
    }

    #[must_use]
    pub fn with_fans(mut self, fan_in: usize, fan_out: usize) -> LayerInfo {
        self.fan_in = Some(fan_in);
        self.fan_out = Some(fan_out);
        self
    }

    #[must_use]
    pub fn with_activation(mut self, name: impl Into<String>) -> LayerInfo {
        self.activation = Some(name.into());
        self
    }

    /// Name of the activation, or an empty string.
    pub fn activation(&self) -> &str {
        self.activation.as_deref().unwrap_or_default()
    }

    /// The name where it says more than the layer's number: not `layers.3`, `layer 3` or `3`.
    pub fn own_name(&self) -> Option<&str> {
        let letters =
            self.name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches(['.', '_', ' ', '-']);
        let says_more = !matches!(letters.to_ascii_lowercase().as_str(), "" | "layer" | "layers");
        (says_more && !self.name.trim().is_empty()).then_some(self.name.as_str())
    }
}

/// What a tensor is to its layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    Weight,
    Bias,
    /// The scale (gamma) of a normalisation.
    Scale,
    /// The shift (beta) of a normalisation.
    Shift,
    /// Something else, in the words of [`TensorInfo::role_name`].
    Other,
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Role::Weight => "weight",
            Role::Bias => "bias",
            Role::Scale => "scale",
            Role::Shift => "shift",
            Role::Other => "other",
        }
    }

    /// The role that a word names; [`Role::Other`] for any that is not known.
    pub fn of(word: &str) -> Role {
        [Role::Weight, Role::Bias, Role::Scale, Role::Shift]
            .into_iter()
            .find(|role| role.name() == word)
            .unwrap_or(Role::Other)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "TensorText", into = "TensorText")]
#[non_exhaustive]
pub struct TensorInfo {
    /// The name in the producing program, such as `block0.q.weight`.
    pub name: String,
    /// From 1 at the input.
    pub layer: usize,
    pub role: Role,
    pub shape: Vec<usize>,
    /// The role in words.
    role_name: String,
}

/// The form of a tensor in `meta.json`.
#[derive(Serialize, Deserialize)]
struct TensorText {
    #[serde(default)]
    name: String,
    layer: usize,
    role: String,
    #[serde(default)]
    shape: Vec<usize>,
}

impl From<TensorText> for TensorInfo {
    fn from(text: TensorText) -> TensorInfo {
        TensorInfo::new(text.name, text.layer, &text.role, &text.shape)
    }
}

impl From<TensorInfo> for TensorText {
    fn from(tensor: TensorInfo) -> TensorText {
        TensorText { name: tensor.name, layer: tensor.layer, role: tensor.role_name, shape: tensor.shape }
    }
}

impl TensorInfo {
    /// `layer` counts from 1; `role` is one of `weight`, `bias`, `scale`, `shift`, or any other word.
    pub fn new(name: impl Into<String>, layer: usize, role: &str, shape: &[usize]) -> TensorInfo {
        let name = name.into();
        let name = if name.is_empty() { format!("layers.{layer}.{role}") } else { name };
        TensorInfo { name, layer, role: Role::of(role), shape: shape.to_vec(), role_name: role.into() }
    }

    /// The role as the producing program calls it.
    pub fn role_name(&self) -> &str {
        &self.role_name
    }

    /// Number of its values.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }
}

/// What early stopping did. The run's final parameters are those of `best_step`, whose evaluation is in the
/// table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlyStop {
    /// The step with the lowest validation loss of all evaluations, the first of equal ones:
    /// theta_`best_step` is the result.
    pub best_step: u64,
    /// Whether patience ran out. Otherwise the run went to its planned end.
    pub stopped: bool,
}

/// How the run ended, if it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Status {
    /// Still going, or killed: the arrays hold the committed steps.
    Running,
    Complete,
    /// Stopped by the user.
    Interrupted {
        step: u64,
    },
    /// The loss, a gradient or a parameter was no longer finite at this step.
    Diverged {
        step: u64,
        what: String,
    },
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Status, D::Error> {
        #[derive(Deserialize)]
        struct Text {
            state: String,
            step: Option<u64>,
            what: Option<String>,
        }
        let wrong = |_| {
            let text = "`status` is an object such as {\"state\": \"complete\"}";
            serde::de::Error::custom(text)
        };
        let value = serde_json::Value::deserialize(from)?;
        let Text { state, step, what } = serde_json::from_value(value).map_err(wrong)?;
        match (state.as_str(), step) {
            ("running", _) => Ok(Status::Running),
            ("complete", _) => Ok(Status::Complete),
            ("interrupted", Some(step)) => Ok(Status::Interrupted { step }),
            ("diverged", Some(step)) => Ok(Status::Diverged { step, what: what.unwrap_or_default() }),
            ("interrupted" | "diverged", None) => Err(serde::de::Error::custom(format!(
                "`status`: `{state}` needs the `step` at which the run ended"
            ))),
            _ => Err(serde::de::Error::custom(format!(
                "`status`: `{state}` is none of running, complete, interrupted, diverged"
            ))),
        }
    }
}

/// Labels may be any scalar; they are shown as they are written.
fn scalars<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, String>, D::Error> {
    let labels = BTreeMap::<String, serde_json::Value>::deserialize(from)?;
    let text = |(key, value): (String, serde_json::Value)| match value {
        serde_json::Value::String(text) => Some(Ok((key, text))),
        serde_json::Value::Null => None,
        serde_json::Value::Number(_) | serde_json::Value::Bool(_) => Some(Ok((key, value.to_string()))),
        _ => Some(Err(serde::de::Error::custom(format!(
            "`labels`: `{key}` is a list or an object, not one value"
        )))),
    };
    labels.into_iter().filter_map(text).collect()
}

impl Header {
    /// Begins a header: the run's name, its layers from the input to the output, and their tensors in the
    /// order of the arrays.
    ///
    /// ```
    /// use gradfade::record::{Facts, Header, LayerInfo, TensorInfo};
    /// let layers = vec![LayerInfo::dense("hidden", 784, 100).with_activation("relu"), LayerInfo::dense("out", 100, 10)];
    /// let tensors = vec![
    ///     TensorInfo::new("hidden.weight", 1, "weight", &[100, 784]),
    ///     TensorInfo::new("out.weight", 2, "weight", &[10, 100]),
    /// ]; let header = Header::builder("mine", layers,
    /// tensors).facts(Facts::default().with_classes(10)).build()?; assert_eq!(header.layers[0].own_name(),
    /// Some("hidden"));
    /// # Ok::<(), gradfade::record::RecordError>(())
    /// ```
    pub fn builder(
        run: impl Into<String>,
        layers: Vec<LayerInfo>,
        tensors: Vec<TensorInfo>,
    ) -> HeaderBuilder {
        let source =
            Source { tool: env!("CARGO_PKG_NAME").into(), version: env!("CARGO_PKG_VERSION").into() };
        HeaderBuilder {
            header: Header {
                schema: SCHEMA,
                source,
                run: run.into(),
                labels: BTreeMap::new(),
                seed: None,
                layers,
                tensors,
                facts: Facts::default(),
                steps_per_epoch: None,
                planned_steps: None,
                sketch_buckets: None,
                config: None,
                status: Status::Running,
                early_stop: None,
                is_part: false,
                elapsed_secs: None,
            },
        }
    }

    /// Index into `tensors` of the first of a layer's tensors with this role; `layer` counts from 1.
    pub fn tensor_index(&self, layer: usize, role: Role) -> Option<usize> {
        self.tensors_of(layer, role).next()
    }

    /// Indices into `tensors` of a layer's tensors with this role; `layer` counts from 1.
    pub fn tensors_of(&self, layer: usize, role: Role) -> impl Iterator<Item = usize> + '_ {
        let is_it = move |t: &TensorInfo| t.layer == layer && t.role == role;
        self.tensors.iter().enumerate().filter(move |(_, t)| is_it(t)).map(|(i, _)| i)
    }

    /// Takes over how the run ended.
    pub fn end(&mut self, ended: &super::Ended) {
        self.status = ended.status.clone();
        self.early_stop = ended.early_stop;
        self.elapsed_secs = ended.elapsed_secs.filter(|secs| secs.is_finite());
    }

    /// A label for a caption, or an empty string.
    pub fn label(&self, key: &str) -> &str {
        self.labels.get(key).map_or("", String::as_str)
    }
}

/// Sets what [`Header::builder`] leaves out.
#[derive(Clone, Debug)]
pub struct HeaderBuilder {
    header: Header,
}

macro_rules! setters {
    ($($(#[$doc:meta])* $field:ident: $type:ty = $wrap:expr;)*) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub fn $field(mut self, $field: $type) -> HeaderBuilder {
                self.header.$field = $wrap($field);
                self
            }
        )*
    };
}

impl HeaderBuilder {
    setters! {
        /// The program that makes the numbers, where it is not this one.
        source: Source = std::convert::identity;
        labels: BTreeMap<String, String> = std::convert::identity;
        facts: Facts = std::convert::identity;
        status: Status = std::convert::identity;
        seed: u64 = Some;
        steps_per_epoch: u64 = Some;
        planned_steps: u64 = Some;
        sketch_buckets: usize = Some;
        config: serde_json::Value = Some;
    }

    /// The header, checked.
    ///
    /// # Errors
    /// [`RecordError::Invalid`](super::RecordError::Invalid) when it describes arrays that cannot exist.
    pub fn build(self) -> Result<Header, super::RecordError> {
        self.header.check()?;
        Ok(self.header)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Any schema that this program reads, for headers inside other files.
pub(super) fn any_schema<'de, D: Deserializer<'de>>(from: D) -> Result<Header, D::Error> {
    let value = serde_json::Value::deserialize(from)?;
    let read = match value["schema"].as_u64() {
        Some(1) => serde_json::from_value::<super::schema1::Header>(value).map(Header::from),
        _ => serde_json::from_value(value),
    };
    read.map_err(serde::de::Error::custom)
}

impl Serialize for Role {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}
