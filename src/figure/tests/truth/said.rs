//! The sentences of one run, in the order in which they are looked for: the longer ones first.

use super::claims::*;
use super::numbers::{says_log10, whole};
use crate::record::Status;

const fn claim(template: &'static str, holds: fn(&Facts, &[String]) -> bool) -> Claim {
    Claim { template, holds }
}

pub const OF_A_RUN: &[Claim] = &[
    // ---- gradients and updates
    claim(
        "the {w} look even (a factor of {n}), but layer 1's {w} is {n} times smaller than layer {i}'s",
        |f, h| spread(f, &h[0], &h[1]) && ratio(f, &h[2], &h[3], -1.0, &h[4], middle),
    ),
    claim(
        "the {w} look even (a factor of {n}), but layer 1's {w} is {n} times larger than layer {i}'s",
        |f, h| spread(f, &h[0], &h[1]) && ratio(f, &h[2], &h[3], 1.0, &h[4], middle),
    ),
    claim("the {w} look equal, but layer 1's {w} is {n} times smaller than layer {i}'s", |f, h| {
        equal(f, &h[0]) && ratio(f, &h[1], &h[2], -1.0, &h[3], middle)
    }),
    claim("the {w} look equal, but layer 1's {w} is {n} times larger than layer {i}'s", |f, h| {
        equal(f, &h[0]) && ratio(f, &h[1], &h[2], 1.0, &h[3], middle)
    }),
    claim("although layer 1's {w} is {n} times smaller than the last hidden layer's", |f, h| {
        f.map(&h[0]).is_some_and(|map| says_log10(&h[1], -middle(&map.ratios(1, f.hidden()))))
    }),
    claim(
        "layer 1's {w} is {w} layer {i}'s in the first {i} recorded steps, {w} in the last {i} (medians)",
        |f, h| {
            whole(&h[2]) == f.hidden()
                && h[3] == h[5]
                && changing(f, &h[0], [compared(&h[1]), &h[4]], whole(&h[3]))
        },
    ),
    claim("layer 1's {w} is {w} layer {i}'s at the first recorded step, {w} at the last", |f, h| {
        whole(&h[2]) == f.hidden() && changing(f, &h[0], [compared(&h[1]), &h[3]], 1)
    }),
    // ---- the profile
    claim("layer 1's {w} is {w} layer {i}'s at steps {i} and {i} ({n} times per layer)", |f, h| {
        [&h[3], &h[4]].iter().all(|step| profile(f, compared(&h[1]), step, Some(&h[5])))
    }),
    claim("layer 1's {w} is {w} layer {i}'s at steps {i} and {i}", |f, h| {
        [&h[3], &h[4]].iter().all(|step| profile(f, compared(&h[1]), step, None))
    }),
    claim("layer 1's {w} is {w} layer {i}'s at step {i}", |f, h| profile(f, compared(&h[1]), &h[3], None)),
    claim("§ ({n} times per layer), {w} at step {i} ({n} times per layer)", |f, h| {
        profile(f, &h[1], &h[2], Some(&h[3]))
    }),
    claim("§ ({n} times per layer), {w} at step {i}", |f, h| profile(f, &h[1], &h[2], None)),
    claim("§, {w} at step {i} ({n} times per layer)", |f, h| profile(f, &h[0], &h[1], Some(&h[2]))),
    claim("§, {w} at step {i}", |f, h| profile(f, &h[0], &h[1], None)),
    claim("§ ({n} times per layer)", |f, h| per_layer(f, &h[0])),
    // ---- one moment or the median
    claim("layer 1's {w} is {n} times smaller than layer {i}'s", |f, h| {
        ratio(f, &h[0], &h[1], -1.0, &h[2], middle)
    }),
    claim("layer 1's {w} is {n} times larger than layer {i}'s", |f, h| {
        ratio(f, &h[0], &h[1], 1.0, &h[2], middle)
    }),
    claim("layer 1's {w} is about as large as layer {i}'s", |f, h| level(f, &h[0], middle)),
    claim("the {w} of the hidden layers differ by a factor of {n}", |f, h| spread(f, &h[0], &h[1])),
    claim("the {w} of the hidden layers are about equal", |f, h| equal(f, &h[0])),
    claim("the largest {w} of a layer grew from {n} at step {i} to {n} at step {i}", grew),
    claim("the largest {w} of a layer was {n} at step {i} and {n} at step {i}", grew),
    claim("the largest {w} of a layer was {n} at step {i} and not finite afterwards", |f, h| {
        f.map(&h[0]).and_then(|map| largest(map, &h[2])).is_some_and(|x| super::numbers::says(&h[1], x))
    }),
    claim("layer 1's {w} goes from {n} at first to {n} at the end", |f, h| size(f, &h[0], [&h[1], &h[2]])),
    claim("layer 1's {w} is {n} at first and at the end", |f, h| size(f, &h[0], [&h[1], &h[1]])),
    claim("layer 1's {w} is {n} at the only recorded step", |f, h| size(f, &h[0], [&h[1], &h[1]])),
    claim("{w} changes layer 1 {n} times as much as its gradient does", |f, h| decay(f, &h[0], &h[1])),
    // ---- what is no number
    claim("the {w} of {w} are {w} at every recorded step", |f, h| {
        special(f, &h[0], &h[1], &h[2], [0, 0], None)
    }),
    claim("the {w} of {w} are {w} at the only recorded step", |f, h| {
        special(f, &h[0], &h[1], &h[2], [1, 1], Some(1))
    }),
    claim("the {w} of {w} are {w} at {i} or more of {i} recorded steps", |f, h| {
        let of = whole(&h[4]);
        steps_of(f, singular(&h[0]), &h[1], &h[2])
            .is_some_and(|s| s[0] == whole(&h[3]) && s[1] > s[0] && s[1] <= of)
    }),
    claim("the {w} of {w} are {w} at {i} of {i} recorded steps", |f, h| {
        special(f, &h[0], &h[1], &h[2], [whole(&h[3]); 2], Some(whole(&h[4])))
    }),
    claim("layer 1's {w} is {w} at every recorded step", |f, h| {
        special(f, &h[0], "layer 1", &h[1], [0, 0], None)
    }),
    claim("layer 1's {w} is {w} at the only recorded step", |f, h| {
        special(f, &h[0], "layer 1", &h[1], [1, 1], Some(1))
    }),
    claim("layer 1's {w} is {w} at {i} of {i} recorded steps", |f, h| {
        special(f, &h[0], "layer 1", &h[1], [whole(&h[2]); 2], Some(whole(&h[3])))
    }),
    // ---- movement
    claim("layer {i} moved by {n} % of its initial norm, layer {i} by {n} %", |f, h| {
        moves(f, &h[0], &h[1]) && moves(f, &h[2], &h[3])
    }),
    claim("layer {i} moved by {n} % of its initial norm", |f, h| moves(f, &h[0], &h[1])),
    claim("{w} have not moved at all", |f, h| stays(f, &h[0], "zero")),
    claim("{w} has not moved at all", |f, h| stays(f, &h[0], "zero")),
    claim("{w} are not finite in the end", |f, h| stays(f, &h[0], "nan") || stays(f, &h[0], "infinite")),
    claim("{w} is not finite in the end", |f, h| stays(f, &h[0], "nan") || stays(f, &h[0], "infinite")),
    claim("{w} moved too little to be stored", |f, h| stays(f, &h[0], "underflow")),
    claim("the movement of {w} has no unit: {w} initial norm is 0 or unknown", |f, h| {
        stays(f, &h[0], "missing")
    }),
    claim("the movement of {w} was not recorded", |f, h| stays(f, &h[0], "missing")),
    claim("{w} went no farther than {w} alone carries", |_, h| layers(&h[0]).is_some()),
    claim("every layer is still random (moved less than 1 %)", |f, _| {
        random(f, (1..=f.hidden() + 1).collect())
    }),
    claim("{w} are still random (moved less than 1 %)", |f, h| {
        layers(&h[0]).is_some_and(|all| random(f, all))
    }),
    claim("{w} is still random (moved less than 1 %)", |f, h| {
        layers(&h[0]).is_some_and(|all| random(f, all))
    }),
    claim("all {i} layers left their random start", |f, h| whole(&h[0]) == f.hidden() + 1 && left(f)),
    claim("half-way by step {i} (layer {i}) to {i} (layer {i})", |f, h| {
        half_way(f, &h[1], &h[0]) && half_way(f, &h[3], &h[2])
    }),
    claim("{w} were half-way by step {i}", |f, h| {
        layers(&h[0]).is_some_and(|all| all.iter().all(|l| half_way(f, &l.to_string(), &h[1])))
    }),
    claim("layer {i} was half-way by step {i}", |f, h| half_way(f, &h[0], &h[1])),
    // ---- activations
    claim(
        "at step {i} up to {n} % of a layer's activations are {w} (layer {i}), up to {n} % of a layer's units dead (layer {i})",
        |f, h| most(f, 1, &h[0], &h[1], Some(&h[3])) && most(f, 2, &h[0], &h[4], Some(&h[5])),
    ),
    claim(
        "at step {i} up to {n} % of a layer's activations are {w} (layer {i}) and no unit is dead",
        |f, h| most(f, 1, &h[0], &h[1], Some(&h[3])) && most(f, 2, &h[0], "0", None),
    ),
    claim("at step {i} no activation is {w}, up to {n} % of a layer's units dead (layer {i})", |f, h| {
        most(f, 1, &h[0], "0", None) && most(f, 2, &h[0], &h[2], Some(&h[3]))
    }),
    claim("at step {i} no activation is {w} and no unit is dead", |f, h| {
        most(f, 1, &h[0], "0", None) && most(f, 2, &h[0], "0", None)
    }),
    // ---- how it went
    claim("training accuracy stays at {n} %", |f, h| last_accuracy(f, &h[0])),
    claim("training accuracy falls back from {n} % to {n} %", |f, h| {
        let best = f.accuracies().into_iter().fold(0.0, f64::max);
        super::numbers::says_percent(&h[0], best) && last_accuracy(f, &h[1])
    }),
    claim("training accuracy {n} % at the kept step {i}", |f, h| kept_accuracy(f, &h[0], &h[1], "training")),
    claim("training accuracy is {n} % at the kept step {i}", |f, h| {
        kept_accuracy(f, &h[0], &h[1], "training")
    }),
    claim("training accuracy ends at {n} %", |f, h| last_accuracy(f, &h[0])),
    claim("training accuracy {n} %", |f, h| last_accuracy(f, &h[0])),
    claim("accuracy {n} % in training, {n} % on test data at the kept step {i}", |f, h| {
        kept_accuracy(f, &h[0], &h[2], "training") && kept_accuracy(f, &h[1], &h[2], "test")
    }),
    claim("accuracy {n} % in training, {n} % on test data", |f, h| {
        let test = f.plots.values().find_map(|p| p.row("test").filter(|_| p.title == "accuracy"));
        let last = test.and_then(|row| row.iter().rev().find_map(|p| p.value));
        last_accuracy(f, &h[0]) && last.is_some_and(|x| super::numbers::says_percent(&h[1], x))
    }),
    claim(
        "training diverged at step {i}",
        |f, h| matches!(f.run.header().status, Status::Diverged { step, .. } if step == whole(&h[0]) as u64),
    ),
    claim("gradient norm from {n} at step {i} to {n} at step {i}", |f, h| {
        whole_gradient_at(f, &h[0], &h[1]) && whole_gradient_at(f, &h[2], &h[3])
    }),
    claim("gradient norm {n} at step {i}", |f, h| whole_gradient_at(f, &h[0], &h[1])),
    claim(
        "gradient norm {w}, batch loss {w} (medians of the first and the last {i} recorded steps)",
        |f, h| goes(f, 1, &h[0], whole(&h[2])) && goes(f, 2, &h[1], whole(&h[2])),
    ),
    claim("gradient norm {w}, batch loss {w} at the only recorded step", |f, h| {
        goes(f, 1, &h[0], 1) && goes(f, 2, &h[1], 1)
    }),
    claim("gradient norm {w}, batch loss from {n} to {n}", |f, h| {
        goes(f, 1, &h[0], 1) && goes(f, 2, &format!("from {} to {}", h[1], h[2]), 1)
    }),
    claim("gradient norm {w}, batch loss {n} at first and at the end", |f, h| {
        goes(f, 1, &h[0], 1) && goes(f, 2, &format!("{} at first and at the end", h[1]), 1)
    }),
    claim("batch loss {w} (medians of the first and the last {i} recorded steps)", |f, h| {
        goes(f, f.plots.len(), &h[0], whole(&h[1]))
    }),
    claim("batch loss from {n} to {n}", |f, h| {
        goes(f, f.plots.len(), &format!("from {} to {}", h[0], h[1]), 1)
    }),
    claim("batch loss {n} at first and at the end", |f, h| goes(f, f.plots.len(), &h[0], 1)),
    claim("batch loss {n} at the only recorded step", |f, h| goes(f, f.plots.len(), &h[0], 1)),
    // ---- the head, and readings
    claim("{i} hidden layers", |f, h| whole(&h[0]) == f.hidden()),
    claim("1 hidden layer", |f, _| f.hidden() == 1),
    claim("Here the {w} falls from {n} in layer {i} to {n} in layer 1 (medians of the steps)", |f, h| {
        reads(f, &h[0], &h[1], &h[2], &h[3])
    }),
    claim("Here the {w} grows from {n} in layer {i} to {n} in layer 1 (medians of the steps)", |f, h| {
        reads(f, &h[0], &h[1], &h[2], &h[3])
    }),
    claim(
        "Here the {w} is about the same in layer {i} ({n}) and in layer 1 ({n}), each the median of the steps",
        |f, h| reads(f, &h[0], &h[2], &h[1], &h[3]),
    ),
];
