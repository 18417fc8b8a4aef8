//! The same figures in Chinese: the same numbers, and no English word left over.

use super::*;
use crate::text::Lang;

fn zh() -> Options {
    Options::new(Lang::Zh)
}

/// Names of programs, of mathematics and of a run's own settings, which have no Chinese form.
const NAMES: [&str; 26] = [
    "Sigmoid", "sigmoid", "ReLU", "relu", "SGD", "sgd", "NaN", "L", "he", "normal", "glorot", "uniform",
    "mnist", "mini", "f", "Adam", "He", "Glorot", "tanh", "SELU", "leaky", "maxout", "Adagrad", "RMSprop",
    "Dropout", "rms",
];

pub(super) fn english(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_ascii_alphabetic()).filter(|w| !w.is_empty() && !NAMES.contains(w)).collect()
}

#[test]
fn no_english_word_is_left_in_a_chinese_figure() {
    let diverged =
        Synthetic { status: Status::Diverged { step: 19, what: "the loss is inf".into() }, ..healthy() };
    for record in [Synthetic::default().record(), healthy().record(), diverged.record()] {
        let runs = [record.clone(), healthy().record()];
        for spec in of_runs() {
            let mut runs = if spec.draws() == Draws::Run { runs[..1].to_vec() } else { runs.to_vec() };
            runs[0] = suited(spec, runs[0].clone());
            let figure = build(spec.name, &runs, &zh()).unwrap();
            for text in words(&figure).into_iter().chain([figure.description.as_str(), &figure.reading]) {
                assert_eq!(english(text), Vec::<&str>::new(), "{}: {text}", spec.name);
                // Full-width punctuation in sentences; a half-width comma only inside a number.
                assert!(!text.contains(['(', ';', ':']) && !text.contains(", "), "{}: {text}", spec.name);
            }
        }
    }
}

#[test]
fn chinese_titles_say_the_same_numbers() {
    let title = |name: &str, record: &Record| drawn(name, std::slice::from_ref(record), &zh()).title;
    let ill = Synthetic::default().record();
    assert_eq!(
        title("gradient-heatmap", &ill),
        "Sigmoid，8 个隐藏层：第 1 层的批平均梯度是第 8 层的 1/16,000（各步的中位数）；训练准确率停在 11%"
    );
    assert_eq!(
        title("movement-heatmap", &ill),
        "Sigmoid，8 个隐藏层：第 1 层移动了其初始范数的 0.020%，第 9 层移动了 140%；训练准确率停在 11%"
    );
    assert!(
        title("layer-profile", &ill)
            .contains("第 0 步和第 19 步第 1 层的反向信号是第 8 层的 1/16,000（平均每层 1/4.0）")
    );
    assert!(title("convergence-heatmap", &ill).contains("第 1–8 层仍是随机的（移动不到 1%）"));
    let well = healthy().record();
    assert_eq!(
        title("gradient-heatmap", &well),
        "ReLU，8 个隐藏层：各隐藏层的批平均梯度相差 1.6 倍（各步的中位数）；训练准确率 97%"
    );
    let grad = |l: usize, _| 10f64.powf(-3.25 * l as f64 / 7.0);
    let growing = Synthetic { grad, signal: |_, _| 1.0, ..Synthetic::default() }.record();
    assert!(title("gradient-heatmap", &growing).contains("第 1 层的批平均梯度是第 8 层的 1,800 倍"));
    // 7.5 decades a layer: too small for a plain denominator.
    let steep = |l: usize, _| 10f64.powf(7.5 * (l as f64 - 8.0));
    let steep = Synthetic { grad: steep, ..Synthetic::default() }.record();
    assert!(title("gradient-heatmap", &steep).contains("第 1 层的批平均梯度是第 8 层的 3.2 × 10⁻⁵³"));
    let both = drawn("comparison", &[ill, well], &zh());
    assert_eq!(
        both.title,
        "Sigmoid：第 1 层的单样本梯度是第 8 层的 1/16,000（中位数），训练准确率 11%。ReLU：各隐藏层的单样本梯度相差 1.6 倍（中位数），训练准确率 97%"
    );
    assert!(both.caption.contains("学习率"), "{}", both.caption);
}
