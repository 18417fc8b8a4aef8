//! What a verdict can be about: when each rule finds it.

use super::Entry;

pub const ENTRIES: &[Entry] = &[
    Entry {
        key: "diverged",
        aliases: &["divergence"],
        en: (
            "diverged",
            "A loss, a gradient, an update or a weight is no longer finite, and no later step can repair that. A learning rate or initial weights that are too large are the usual causes. A loss that is huge and finite is no divergence.",
        ),
        zh: (
            "训练发散",
            "损失、梯度、更新量或权重不再是有限数，之后的任何一步都无法挽回。常见的原因是学习率过大或初始权重过大。损失很大但仍有限，不算发散。",
        ),
        see: &["not-finite", "learning-rate-too-large"],
    },
    Entry {
        key: "inputs-not-scaled",
        aliases: &["unscaled-inputs", "unscaled"],
        en: (
            "inputs not scaled",
            "A column of the inputs has a size of `input_size` or more, training is not good, and something shows what the size did: layer 1 was saturated or dead before the first step, the first loss was far above that of an answer that ignores the input, or steps are jumps. From `even_factor` times that size on the size alone is enough. Raw pixels that train well are not accused.",
        ),
        zh: (
            "输入未缩放",
            "输入某一列的量级达到 `input_size`，训练集上不好，并且能看出量级的影响：第 1 层在第一步之前就饱和或死亡，最初的损失远高于不看输入的回答，或者步子是跳跃。量级再大到 `even_factor` 倍时，单凭量级就成立。能学好的原始像素不在此列。",
        ),
        see: &["input-size", "standardisation"],
    },
    Entry {
        key: "float-underflow",
        aliases: &["updates-lost-to-float-rounding"],
        en: (
            "updates lost to float rounding",
            "In at least `lost_share` of the steps a layer has a gradient, and adding the update changes no stored number. A network that has converged may lose updates too; where training is good, it is only a note.",
        ),
        zh: (
            "更新量因浮点舍入而丢失",
            "某层在不少于 `lost_share` 的步中有梯度，但加上更新量后没有任何存储的数改变。已经收敛的网络也可能如此；训练集上好时只作提示。",
        ),
        see: &["underflow", "precision"],
    },
    Entry {
        key: "dead-initialisation",
        aliases: &["symmetric", "symmetric-initialisation", "zero-weights"],
        en: (
            "dead or symmetric initialisation",
            "The weights of a hidden layer are all zero at the start. With rectifiers only the bias of the output layer ever gets a gradient; with sigmoids all units of a layer get the same gradient, and the layer has the effect of a single unit.",
        ),
        zh: (
            "无效或对称的初始化",
            "某个隐藏层的权重一开始全为零。用 ReLU 时只有输出层的偏置得到梯度；用 sigmoid 时同一层的神经元得到相同的梯度，整层只相当于一个神经元。",
        ),
        see: &["initialisation", "initial-scale"],
    },
    Entry {
        key: "initialisation-too-large",
        aliases: &["large-weights"],
        en: (
            "initialisation too large",
            "The initial scale of a layer is `large_start` or more, training is not good, and it shows before training: units are saturated (`saturated_share`), the first loss is `start_loss` times that of an answer that ignores the input, or the signal explodes toward the input (`explosion_ratio`).",
        ),
        zh: (
            "初始权重过大",
            "某层的初始尺度达到 `large_start`，训练集上不好，并且训练之前就能看出：神经元饱和（`saturated_share`），最初的损失达到不看输入的回答的 `start_loss` 倍，或者信号朝输入方向爆炸（`explosion_ratio`）。",
        ),
        see: &["initial-scale", "initialisation"],
    },
    Entry {
        key: "initialisation-too-small",
        aliases: &["small-weights"],
        en: (
            "initialisation too small",
            "The initial scale of a hidden layer is `small_start` or less, but not zero, and training is not good: the layer passes on almost nothing, forward and backward, and the network takes most of its steps to leave that state.",
        ),
        zh: (
            "初始权重过小",
            "某个隐藏层的初始尺度不超过 `small_start` 而不为零，训练集上不好：前向和反向都几乎传不过该层，网络把大部分步数花在走出这个状态上。",
        ),
        see: &["initial-scale", "initialisation", "uniform-vanishing"],
    },
    Entry {
        key: "exploding-gradient",
        aliases: &["exploding", "explosion", "exploding-gradients", "gradient-explosion"],
        en: (
            "exploding gradient",
            "The backward signal grows from layer to layer toward the input: that of layer 1 is at least `explosion_ratio` times that of the last hidden layer, at the start or at the end. Weights that are too large for their width do that. Where training is good it is only a note.",
        ),
        zh: (
            "梯度爆炸",
            "反向信号朝输入方向逐层放大：在开始或结束时，第 1 层的信号达到最后一个隐藏层的 `explosion_ratio` 倍。权重相对于层宽过大就会如此。训练集上好时只作提示。",
        ),
        see: &["signal", "initial-scale", "clipping"],
    },
    Entry {
        key: "vanishing-gradient",
        aliases: &["vanishing", "vanishing-gradients", "gradient-vanishing"],
        en: (
            "vanishing gradient",
            "The backward signal shrinks from layer to layer toward the input, to `signal_ratio` of that of the last hidden layer or less (with two hidden layers `layer_ratio`), and the network fails on its own training set. Neither half is enough: networks with a faint signal may train. It is not found where layer 1 moved as the others did and the signal reaches it by the end, where the network is leaving its plateau, or where the signal was there at first and too large steps destroyed it.",
        ),
        zh: (
            "梯度消失",
            "反向信号朝输入方向逐层缩小，到不超过最后一个隐藏层的 `signal_ratio`（有两个隐藏层时为 `layer_ratio`），并且网络连训练集都没有学好。两者缺一不可：信号微弱的网络也可能学好。第 1 层与其他层移动得一样多，并且信号最后能传到它，或者网络正在走出平台期，或者信号起初还在、后来因步子过大而消失，都不算。",
        ),
        see: &["signal", "alignment", "attenuated-but-training", "uniform-vanishing"],
    },
    Entry {
        key: "uniform-vanishing",
        aliases: &["uniform"],
        en: (
            "uniform vanishing",
            "The gradients of one sample are alike in all hidden layers (within `even_factor`), tiny in all of them (up to `relative_gradient` of the weights), and training has failed. With rectifiers and weights that are too small the signal shrinks on its way down and the activations on their way up; the product is the same in every layer, so that no ratio of layers shows it.",
        ),
        zh: (
            "各层一致的梯度消失",
            "单样本梯度在各隐藏层相近（相差不超过 `even_factor` 倍），又都微乎其微（不超过权重的 `relative_gradient`），并且训练失败。用 ReLU 而权重过小时，信号向下逐层缩小，激活值向上逐层缩小；两者的乘积在各层相同，所以任何两层之比都看不出来。",
        ),
        see: &["per-sample-gradient", "vanishing-gradient", "initialisation-too-small"],
    },
    Entry {
        key: "optimiser-hides-vanishing",
        aliases: &["hidden-vanishing", "optimizer-hides-vanishing", "hides"],
        en: (
            "the optimiser hides a vanishing gradient",
            "The signal has faded, but layer 1 and the last hidden layer differ less in their updates than in their gradients, by `even_factor` or more: Adam, RMSprop and Adagrad divide each gradient by its own size. In a network that fails, the layers near the input have followed noise; where it trains all the same, it is only a note.",
        ),
        zh: (
            "优化器掩盖了梯度消失",
            "信号已经微弱，但第 1 层与最后一个隐藏层的更新量相差得比梯度小，小到 `even_factor` 倍或更多：Adam、RMSprop 和 Adagrad 用每个梯度除以它自己的大小。在失败的网络里，靠近输入的层跟随的是噪声；网络仍能学好时只作提示。",
        ),
        see: &["update", "vanishing-gradient"],
    },
    Entry {
        key: "attenuated-but-training",
        aliases: &["attenuated", "attenuation"],
        en: (
            "attenuated but training",
            "The signal shrinks as much as in a vanishing gradient, and the network learns nevertheless, or is leaving its plateau. It is a note and no fault: the layers near the input learn more slowly, and with more layers the network may not train at all.",
        ),
        zh: (
            "信号衰减但仍在训练",
            "信号缩小得与梯度消失一样多，但网络仍然学得到，或者正在走出平台期。这是提示而不是问题：靠近输入的层学得更慢，层数再多就可能完全学不动。",
        ),
        see: &["vanishing-gradient", "signal"],
    },
    Entry {
        key: "dead-units",
        aliases: &["dying-relu"],
        en: (
            "dead units",
            "At least `dead_share` of the units of a hidden layer are off for every sample of the batch at the last snapshot. One step with too large a rate can kill a whole layer; a high share before training means that all samples look alike in that layer. Units on the flat ends of sigmoid or tanh are reported as saturated and not here.",
        ),
        zh: (
            "死亡神经元",
            "在最后一个快照，某个隐藏层中不少于 `dead_share` 的神经元对批内每个样本都未激活。学习率过大时，一步就能让整层死亡；训练之前比例就很高，说明所有样本在该层看起来都一样。落在 sigmoid 或 tanh 平坦段的神经元归入饱和，不在此列。",
        ),
        see: &["dead-unit", "saturated-units"],
    },
    Entry {
        key: "saturated-units",
        aliases: &["saturated-layer"],
        en: (
            "saturated units",
            "At least `saturated_share` of a layer's activations lie on the flat ends of a function with two of them, at the last snapshot: such a unit passes back almost nothing. Weights or inputs that are too large do that, or a step with too large a rate. Where the same units are saturated for every sample (`dead_share`), they do not recover by themselves.",
        ),
        zh: (
            "饱和神经元",
            "在最后一个快照，某层中不少于 `saturated_share` 的激活值落在两端平坦的函数的平坦段：这样的神经元几乎不传回梯度。原因是权重或输入过大，或者某一步的学习率过大。如果神经元对每个样本都饱和（`dead_share`），就不会自行恢复。",
        ),
        see: &["saturated", "dead-unit"],
    },
    Entry {
        key: "learning-rate-too-large",
        aliases: &["rate-too-large"],
        en: (
            "learning rate too large",
            "Training is not good, and a step changed the weights of a hidden layer by `large_update` of their norm or more. Or the network had been good and ended at `train_loss_rise` times its smallest training loss or more. Large updates that only follow from zero weights, from an exploding gradient or from a signal that was faint from the start are left to those rules.",
        ),
        zh: (
            "学习率过大",
            "训练集上不好，并且某一步对某个隐藏层权重的改变达到其范数的 `large_update`。或者网络曾经学好，最后的训练损失却达到其最小值的 `train_loss_rise` 倍。如果更新量大只是因为权重从零开始、梯度爆炸或信号从一开始就微弱，则归入那些规则。",
        ),
        see: &["relative-update", "learning-rate"],
    },
    Entry {
        key: "learning-rate-too-small",
        aliases: &["rate-too-small"],
        en: (
            "learning rate too small",
            "Training is not good, there is a gradient (one sample's is more than `relative_gradient` of the weights), and even the fastest hidden layer changes by no more than `small_update` of its norm in a step, or `slow_update` while the training loss is still falling. Where the signal has faded to `strong_ratio` no rate helps, and that is left to the vanishing gradient unless the output layer stands still as well.",
        ),
        zh: (
            "学习率过小",
            "训练集上不好，有梯度（单样本梯度超过权重的 `relative_gradient`），而移动最快的隐藏层每步的改变也不超过其范数的 `small_update`（训练损失仍在下降时为 `slow_update`）。信号衰减到 `strong_ratio` 时任何学习率都没有帮助，归入梯度消失；除非输出层也几乎不动。",
        ),
        see: &["relative-update", "learning-rate", "not-trained-long-enough"],
    },
    Entry {
        key: "too-much-dropout",
        aliases: &[],
        en: (
            "too much dropout",
            "Units are dropped with a probability of `large_dropout` or more, and training is not good although the evaluation leaves all units on. With probability p a layer multiplies what it passes on by noise of variance p / (1 - p): 1 at a half, 4 at four fifths.",
        ),
        zh: (
            "随机失活过多",
            "丢弃神经元的概率达到 `large_dropout`，训练集上不好，尽管评估时保留全部神经元。概率为 p 时，每层给所传的值乘上方差为 p / (1 - p) 的噪声：一半时为 1，五分之四时为 4。",
        ),
        see: &["dropout"],
    },
    Entry {
        key: "frozen-layers",
        aliases: &["frozen", "requires_grad"],
        en: (
            "frozen layers",
            "The weights of hidden layers did not change by one bit in any recorded step while others moved, because no gradient was made for them or because the optimizer does not have them. In fine-tuning that is meant, and a network that is good on its training set only gets a note; otherwise what the layers above learn rests on what these layers happened to be.",
        ),
        zh: (
            "不更新的层",
            "其他层在移动，而某些隐藏层的权重在所有记录的步里一点也没有改变：没有为它们计算梯度，或者优化器里没有它们。微调时这是有意的，训练集上好的网络只得到一个提示；否则上面各层所学到的，都取决于这些层起初的权重。",
        ),
        see: &["vanishing-gradient"],
    },
    Entry {
        key: "too-narrow",
        aliases: &["narrow"],
        en: (
            "too narrow",
            "A hidden layer has fewer units than there are classes, more than two classes are to be told apart, and training is not good. All that the layers above know of a sample passes through these units.",
        ),
        zh: (
            "网络过窄",
            "要区分的类别多于两个，某个隐藏层的神经元比类别还少，并且训练集上不好。它上面的各层对样本的所知都要经过这些神经元。",
        ),
        see: &["width"],
    },
    Entry {
        key: "stuck-at-base-rates",
        aliases: &["stuck-at-the-class-frequencies"],
        en: (
            "stuck at the class frequencies",
            "The training loss ends within `near_prior` of that of an answer that ignores the input, and the skill is below 5 %: every sample gets the same answer, which the output bias alone can learn. Every network that is slow to start passes this plateau, so that it is often a consequence of something else.",
        ),
        zh: (
            "停在类别频率上",
            "最后的训练损失与不看输入的回答相差不超过 `near_prior`，得分低于 5%：每个样本都得到同样的答案，单凭输出层的偏置就能学到。只要起步慢，网络都会经过这个平台期，所以它常常是其他问题引起的。",
        ),
        see: &["base-rates", "plateau"],
    },
    Entry {
        key: "stuck-with-large-gradients",
        aliases: &["stuck"],
        en: (
            "stuck with large gradients",
            "The training loss stands still (`stalled`) and training is not good, although the signal reaches layer 1 and is still at least `kept_signal` of what it was: this is no vanishing gradient. The samples pull in different directions: the network cannot represent the task, the labels are noise, or the steps jump across the minimum.",
        ),
        zh: (
            "梯度不小却停滞",
            "训练损失停滞（`stalled`），训练集上不好，但信号能传到第 1 层，并且不低于开始时的 `kept_signal` 倍：这不是梯度消失。各样本要求的方向不同：网络无法表示该任务，标签是噪声，或者步子在最小值两侧来回跳。",
        ),
        see: &["plateau", "signal", "width"],
    },
    Entry {
        key: "movement-by-decay-only",
        aliases: &["decay-only"],
        en: (
            "movement by decay only",
            "Hidden layers moved, but no farther than weight decay and L1 alone can have carried them, which is the sum of their steps. Such a layer looks as if it had learned. In a network that fails, its gradient has usually vanished.",
        ),
        zh: (
            "只有权重衰减在移动权重",
            "隐藏层移动了，但没有走得比单凭权重衰减和 L1 更远，后者按衰减各步之和计算。这样的层看上去像是学到了什么。在失败的网络里，它的梯度通常已经消失。",
        ),
        see: &["movement", "weight-decay"],
    },
    Entry {
        key: "not-trained-long-enough",
        aliases: &["not-long-enough", "undertrained", "too-short"],
        en: (
            "not trained long enough",
            "Training is not good yet, and the training loss was still falling when the run ended: by `falling` or more over the last quarter, or `falling_half` over the last half. Or the updates are of a usual size and were so few that they add up to no more than `short_path` of the weights in any layer. Or the training set was seen no more than `first_epochs` times, or `few_epochs` times by a network that has learned half of what there is. It is not said where a cause was found that more steps would not remove.",
        ),
        zh: (
            "训练时间不够",
            "训练集上还不够好，而训练结束时训练损失仍在下降：最后四分之一的降幅达到 `falling`，或后一半的降幅达到 `falling_half`。或者更新量大小正常，但步数太少，任何一层的累计更新量都不超过权重的 `short_path`。或者训练集最多看过 `first_epochs` 次；已学会一半的网络则是最多 `few_epochs` 次。若已找到再多训练也无法消除的原因，则不作此结论。",
        ),
        see: &["plateau", "path", "step"],
    },
    Entry {
        key: "loss-does-not-fit",
        aliases: &["passed_error", "loss_floor", "loss-and-output", "learning-slowdown"],
        en: (
            "the loss does not fit the output",
            "What stands between the last pre-activations and the loss takes the gradient away from answers that are wrong. A squared error behind a sigmoid or a softmax is multiplied by the slope of the output: the share of the error that passes is the backward signal of the output layer over the norm of a - y, and up to `passed_error` it is too little; cross-entropy behind the same output passes all of it. The other form is a softmax before a cross-entropy that takes logits and applies its own: the loss cannot fall below ln(1 + (C - 1) / e) then, 1.46 for ten classes.",
        ),
        zh: (
            "损失函数与输出不匹配",
            "最后的预激活值与损失函数之间的运算使答错的样本得不到梯度。平方误差放在 sigmoid 或 softmax 之后，要乘上输出的斜率：误差中能通过的比例是输出层的反向信号与 a - y 的范数之比，不超过 `passed_error` 即为过小；在同样的输出之后，交叉熵让误差全部通过。另一种情形是交叉熵本应作用于 logits，之前却又加了一次 softmax：这时损失不会低于 ln(1 + (C - 1) / e)，10 类时为 1.46。",
        ),
        see: &["loss", "slope", "signal"],
    },
    Entry {
        key: "overfitting",
        aliases: &["overfit", "overfits", "memorised"],
        en: (
            "overfitting",
            "Good on the training set and bad on the test set: the gap is at least `accuracy_gap` of what there is to learn, and at least `gap_deviations` standard errors. The network has memorised its training samples. One that is bad on its training set does not overfit, whatever its test accuracy is.",
        ),
        zh: (
            "过拟合",
            "训练集上好而测试集上差：差距不小于可学部分的 `accuracy_gap`，并且不小于标准误的 `gap_deviations` 倍。网络把训练样本背了下来。在训练集上就不好的网络不是过拟合，无论测试准确率如何。",
        ),
        see: &["gap", "recipe", "early-stopping"],
    },
    Entry {
        key: "healthy",
        aliases: &[],
        en: (
            "healthy",
            "Good on the training set (a skill of `good_skill` or more), good on the test set, and no rule found a fault. It is shown by numbers and is not the mere absence of faults: without a test set, or of a run that was cut short, it is not known.",
        ),
        zh: (
            "健康",
            "训练集上好（得分达到 `good_skill`），测试集上也好，并且没有规则发现问题。健康要由数值证明，而不只是没有发现问题：没有测试集，或者运行中途中断，就无从得知。",
        ),
        see: &["skill", "verdict"],
    },
];
