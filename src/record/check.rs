//! What makes a header and a record whole: shapes that agree and steps that increase.

use super::header::SCHEMA;
use super::sink::{Widths, follows, invalid};
use super::{ActivationMetric, Header, LayerMetric, Record, RecordError, SnapshotRow, StepRow, TensorMetric};

impl Header {
    /// Checks that the header describes arrays that can exist.
    ///
    /// # Errors
    /// [`RecordError::Invalid`] with what is wrong.
    pub fn check(&self) -> Result<(), RecordError> {
        self.problem().map_or(Ok(()), |what| Err(invalid(self, what)))
    }

    fn problem(&self) -> Option<String> {
        if self.schema != SCHEMA {
            return Some(format!("format {} is not known, expected {SCHEMA}", self.schema));
        }
        if self.layers.is_empty() || self.tensors.is_empty() {
            return Some("the header names no layers or no tensors".to_string());
        }
        for (i, tensor) in self.tensors.iter().enumerate() {
            let (layer, kind) = (tensor.layer, tensor.kind.name());
            if layer == 0 || layer > self.layers.len() {
                return Some(format!(
                    "tensor {i} belongs to layer {layer}, but there are layers 1 to {}",
                    self.layers.len()
                ));
            }
            if i > 0 && (self.tensors[i - 1].layer, self.tensors[i - 1].kind) >= (layer, tensor.kind) {
                return Some(format!(
                    "the {kind} of layer {layer} is out of order; weight, bias, gain, shift, layer by layer"
                ));
            }
        }
        match self.sketch_buckets {
            Some(0) => Some("a sketch of no buckets".to_string()),
            Some(m) if m.checked_mul(self.tensors.len()).is_none() => Some(format!("a sketch of {m} buckets")),
            _ => None,
        }
    }
}

impl Record {
    /// Checks that every column has the rows of its table and that the steps of each table increase.
    ///
    /// # Errors
    /// [`RecordError::Invalid`] with what is wrong.
    pub fn check(&self) -> Result<(), RecordError> {
        self.header.check()?;
        self.problem().map_or(Ok(()), |what| Err(invalid(&self.header, what)))
    }

    fn problem(&self) -> Option<String> {
        let widths = Widths::of(&self.header);
        let (s, k) = (&self.steps, &self.snapshots);
        let (rows, snapshots) = (s.step.len(), k.step.len());
        let scalars = [&s.epoch, &s.learning_rate, &s.loss, &s.batch_accuracy];
        let names = ["epoch", "learning_rate", "loss", "batch_accuracy"];
        let mut columns: Vec<(&str, usize, usize, usize)> = Vec::with_capacity(19);
        columns.extend(scalars.iter().zip(names).map(|(c, name)| (name, c.len(), rows, 1)));
        columns.extend(s.tensors.iter().zip(TensorMetric::ALL).map(|(c, m)| (m.name(), c.len(), rows, widths.tensors)));
        columns.extend(s.layers.iter().zip(LayerMetric::ALL).map(|(c, m)| (m.name(), c.len(), rows, widths.layers)));
        columns.push(("distance_from_init", k.distance_from_init.len(), snapshots, widths.tensors));
        columns.push(("zero_share", k.zero_share.len(), snapshots, widths.tensors));
        let activations = k.activations.iter().zip(ActivationMetric::ALL);
        columns.extend(activations.map(|(c, m)| (m.name(), c.len(), snapshots, widths.layers)));
        columns.push(("sketch", k.sketch.len(), snapshots, widths.sketch));
        for (name, len, rows, width) in columns {
            if rows.checked_mul(width) != Some(len) {
                return Some(format!("{name} holds {len} values, expected {rows} rows of {width}"));
            }
        }
        increasing("step", s.step.iter().copied())
            .or_else(|| increasing("snapshot", k.step.iter().copied()))
            .or_else(|| increasing("evaluation", self.evals.iter().map(|e| e.step)))
    }

    /// Row `i` of the step table, as it was pushed.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn step_row(&self, i: usize) -> StepRow<'_> {
        let s = &self.steps;
        let (t, l) = (self.header.tensors.len(), self.header.layers.len());
        StepRow {
            step: s.step[i],
            epoch: s.epoch[i],
            learning_rate: s.learning_rate[i],
            loss: s.loss[i],
            batch_accuracy: s.batch_accuracy[i],
            tensors: s.tensors.each_ref().map(|c| &c[i * t..][..t]),
            layers: s.layers.each_ref().map(|c| &c[i * l..][..l]),
        }
    }

    /// Row `i` of the snapshot table, as it was pushed.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn snapshot_row(&self, i: usize) -> SnapshotRow<'_> {
        let s = &self.snapshots;
        let Widths { tensors: t, layers: l, sketch: m } = Widths::of(&self.header);
        SnapshotRow {
            step: s.step[i],
            distance_from_init: &s.distance_from_init[i * t..][..t],
            zero_share: &s.zero_share[i * t..][..t],
            activations: s.activations.each_ref().map(|c| &c[i * l..][..l]),
            sketch: &s.sketch[i * m..][..m],
        }
    }
}

fn increasing(table: &str, steps: impl Iterator<Item = u64>) -> Option<String> {
    let mut last = None;
    for step in steps {
        if let Err(what) = follows(table, last, step) {
            return Some(what);
        }
        last = Some(step);
    }
    None
}
