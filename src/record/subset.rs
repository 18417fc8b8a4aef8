//! A record with some of its layers.

use super::{Header, MetricId, Per, Record, Row, SKETCH, Table};
use crate::stats::bins::BINS;

impl Record {
    /// The record of the layers for which `keep` holds (index into the header's list), with their tensors. They
    /// are numbered among themselves; what belongs to the whole run stays.
    #[must_use]
    pub fn only_layers(&self, keep: impl Fn(usize) -> bool) -> Record {
        let layers: Vec<usize> = (0..self.header.layers.len()).filter(|&l| keep(l)).collect();
        let place = |layer: usize| layers.iter().position(|&l| l + 1 == layer).map(|at| at + 1);
        let tensors: Vec<usize> = (0..self.header.tensors.len())
            .filter(|&t| place(self.header.tensors[t].layer).is_some())
            .collect();
        let mut header = Header {
            layers: layers.iter().map(|&l| self.header.layers[l].clone()).collect(),
            tensors: tensors.iter().map(|&t| self.header.tensors[t].clone()).collect(),
            is_part: layers.len() < self.header.layers.len(),
            ..self.header.clone()
        };
        for tensor in &mut header.tensors {
            tensor.layer = place(tensor.layer).unwrap_or(tensor.layer);
        }
        let buckets = header.sketch_buckets.unwrap_or(0);
        let mut out = Record::new(header);
        let mut values: Vec<Vec<f64>> = Vec::new();
        for table in Table::ALL {
            for row in self.table(table).iter() {
                values.clear();
                let measured: Vec<_> = table.metrics().filter(|&m| row.get(m).is_some()).collect();
                for &metric in &measured {
                    let all = &row[metric];
                    values.push(match metric.per {
                        Per::Run => all.to_vec(),
                        Per::Layer => layers.iter().map(|&l| all[l]).collect(),
                        Per::Tensor => tensors.iter().map(|&t| all[t]).collect(),
                    });
                }
                let singles: Vec<(MetricId, Vec<f32>)> = table
                    .metrics()
                    .filter(|&metric| !row.singles(metric).is_empty())
                    .map(|metric| {
                        let (kept, width) =
                            if metric == SKETCH { (&tensors, buckets) } else { (&layers, BINS) };
                        let of = |&at: &usize| &row.singles(metric)[at * width..][..width];
                        (metric, kept.iter().flat_map(of).copied().collect())
                    })
                    .collect();
                let mut new = Row::new(table, row.step());
                for (&metric, values) in measured.iter().zip(&values) {
                    match metric.per {
                        Per::Run => new.set(metric, values[0]),
                        _ => new.set(metric, values),
                    };
                }
                for (metric, values) in singles.iter().filter(|(_, values)| !values.is_empty()) {
                    new.set_singles(*metric, values);
                }
                let pushed = out.table_mut(table).push(&new);
                debug_assert!(pushed.is_ok(), "{pushed:?}");
            }
        }
        out
    }
}
