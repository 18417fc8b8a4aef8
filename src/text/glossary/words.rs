//! Words of a diagnosis, and of the results that it judges.

use super::Entry;

pub const ENTRIES: &[Entry] = &[
    Entry {
        key: "verdict",
        aliases: &[
            "found",
            "clear",
            "unknown",
            "noted",
            "note",
            "fault",
            "conclusion",
            "undecided",
            "unexplained",
        ],
        en: (
            "verdict",
            "What one rule says of a run: found (as a fault, or as a note where the network does well nevertheless), clear (it was looked for and is not there) or unknown (what the rule needs was not recorded). Every rule gives a verdict. The conclusion is the cause among the faults found; without a fault it is healthy, if both the training set and the test set are shown to be good.",
        ),
        zh: (
            "诊断结论",
            "一条规则对一次运行的判断：发现（是问题；网络表现良好时只作提示）、排除（查过，没有）或无法判断（规则所需的数据没有记录）。每条规则都给出判断。总的结论是所发现问题中的原因；没有问题，并且训练集和测试集上都好时，结论为健康。",
        ),
        see: &["evidence", "cause", "healthy"],
    },
    Entry {
        key: "evidence",
        aliases: &["limit", "threshold", "counts", "criterion"],
        en: (
            "evidence",
            "The numbers that a verdict rests on, each with the layers and steps that it was measured at. What it counts from, or up to, is the threshold: on that side the number speaks for the verdict. The key behind it is the name by which the threshold is listed and can be changed. Numbers have two digits, or as many more as it takes to show on which side of the threshold they lie.",
        ),
        zh: (
            "证据",
            "诊断结论所依据的数值，各注明测量所在的层和步。“达到……即成立”或“不超过……即成立”给出阈值：在这一侧，数值支持该结论。后面的键是阈值的名称，可以用它列出和修改阈值。数值保留两位有效数字；若这样看不出数值在阈值的哪一侧，就多保留几位。",
        ),
        see: &["verdict"],
    },
    Entry {
        key: "cause",
        aliases: &["consequence", "because-of-this", "beside", "symptom"],
        en: (
            "cause",
            "The earliest of the faults found, in an order in which what was there before training comes before what training did. Faults that follow from it stand under it (because of this) and have no advice of their own, since what cures the cause cures them. Other faults stand beside it.",
        ),
        zh: (
            "原因",
            "所发现的问题中最早的一个：训练之前就有的排在训练所引起的之前。由它引起的问题列在它之下，没有单独的对策，因为治好原因也就治好了它们。其余的问题与它并列。",
        ),
        see: &["verdict", "remedy"],
    },
    Entry {
        key: "remedy",
        aliases: &["advice", "treatment", "what-to-do"],
        en: (
            "remedy",
            "A change of the settings that helps against what was found; the most likely one stands first, and what the run has already is left out. The command gradfade remedy trains the network again with each remedy, on the same data and with the same seed and budget, and diagnoses the result.",
        ),
        zh: (
            "对策",
            "为解决所发现的问题而改动设置；最可能有效的排在最前，运行已经采用的不再列出。gradfade remedy 命令以相同的数据、随机种子和训练预算，采用每种对策重新训练该网络，并再次诊断。",
        ),
        see: &["control", "cured", "cause"],
    },
    Entry {
        key: "control",
        aliases: &["does-not-fit", "do-not-fit"],
        en: (
            "control",
            "A remedy that the verdict does not call for, tried for comparison: dropout for a network that fails on its training set, or another activation for one that only overfits. It shows that not just any change would have helped.",
        ),
        zh: (
            "对照",
            "与诊断不符、仅用于比较的对策：对训练集都没有学好的网络用随机失活，或给只是过拟合的网络换激活函数。它说明并非任意改动都有效。",
        ),
        see: &["remedy", "recipe"],
    },
    Entry {
        key: "cured",
        aliases: &["cure", "cures"],
        en: (
            "cured",
            "What was wrong is gone in the run that was trained with a remedy. On the training side no rule finds a fault of training any more, and the run is healthy or overfits, which is the next question of the recipe. On the test side the run is healthy.",
        ),
        zh: (
            "治好",
            "采用对策重新训练后，原来的问题消失了。问题出在训练集时，不再有训练方面的问题，网络健康，或者只是过拟合，那是下一个问题。问题出在测试集时，网络健康。",
        ),
        see: &["remedy", "healthy"],
    },
    Entry {
        key: "recipe",
        aliases: &["training-set-first"],
        en: (
            "recipe",
            "Two questions in this order: good results on the training set? good results on the test set? Only a network that is good on its training set can overfit, so what helps against overfitting is not advised before. The order is that of Hung-yi Lee's lecture Tips for Deep Learning.",
        ),
        zh: (
            "两步诊断",
            "依次问两个问题：训练集上的结果好吗？测试集上的结果好吗？只有在训练集上好的网络才可能是过拟合，所以在此之前不建议采用防止过拟合的对策。这一顺序出自 Hung-yi Lee 的课程 Tips for Deep Learning。",
        ),
        see: &["overfitting", "skill"],
    },
    Entry {
        key: "chance",
        aliases: &["chance-level", "majority_share", "most-frequent-class"],
        en: (
            "chance",
            "The accuracy of an answer that is always the most frequent class: the share of that class among the training samples, or 1 / classes where the share was not recorded. A network that ignores its input can do no better on its training set.",
        ),
        zh: (
            "随机水平",
            "总以样本最多的类别作答时的准确率：该类在训练样本中的占比；没有记录占比时为 1 / 类别数。不看输入的网络在训练集上最多达到它。",
        ),
        see: &["skill", "base-rates"],
    },
    Entry {
        key: "base-rates",
        aliases: &["class-frequencies", "class_entropy", "prior", "loss_over_prior", "start_loss"],
        en: (
            "base rates",
            "How frequent each class is. Of all answers that ignore the input the best one gives each class its frequency p_k; its cross-entropy is the entropy of the labels, -sum p_k ln p_k, or ln(classes) for classes of equal size. A training loss that begins at `start_loss` times that value or more shows confident wrong answers, and one that ends within `near_prior` of it shows that nothing but the frequencies was learned.",
        ),
        zh: (
            "类别频率",
            "各类别出现的频率。在所有不看输入的回答中，最好的是给每一类其频率 p_k；它的交叉熵等于标签的熵 -Σ p_k ln p_k，各类一样多时为 ln(类别数)。训练损失一开始就达到该值的 `start_loss` 倍，说明最初的输出是很有把握的错误答案；最后与该值相差不超过 `near_prior`，说明除了频率什么也没有学到。",
        ),
        see: &["chance", "stuck-at-base-rates"],
    },
    Entry {
        key: "skill",
        aliases: &["training-skill"],
        en: (
            "skill",
            "The share of the way from chance to no mistake that an accuracy has gone: (accuracy - chance) / (1 - chance). 0 is chance and 1 is no mistake, whatever the number of classes. Training is good from `good_skill` on and has failed below `failed_skill`; a run that was cut short before `judged_share` of its planned steps is called good, but neither half good nor failed. Without any accuracy it is 1 - loss / loss of an answer that ignores the input. Where neither is known, training has failed if its loss ends less than `flat_loss` below its first steps.",
        ),
        zh: (
            "得分",
            "准确率从随机水平到全对走了多少：(准确率 - 随机水平) / (1 - 随机水平)。无论有多少类，0 都是随机水平，1 都是全对。达到 `good_skill` 时训练集上算好，低于 `failed_skill` 时算失败；在完成计划步数的 `judged_share` 之前就中断的运行只可能判为好，不判为不好。没有准确率时为 1 - 损失 / 不看输入的回答的损失。两者都不知道时，损失最后比最初几步低不到 `flat_loss`，训练就算失败。",
        ),
        see: &["chance", "accuracy"],
    },
    Entry {
        key: "accuracy",
        aliases: &["train_accuracy", "test_accuracy", "training-accuracy"],
        en: (
            "accuracy",
            "The share of samples that get the right class, measured on a whole set in evaluation mode: without dropout, and with the running averages of batch normalisation. Where the record has no evaluation of the training set near the end, the median of the last batches stands for it, and the report says so.",
        ),
        zh: (
            "准确率",
            "类别判断正确的样本所占的比例，在整个数据集上以评估模式测量：不用随机失活，批归一化采用滑动平均。记录中没有接近结束时对训练集的评估时，用最后几个批次的中位数代替，并在报告中说明。",
        ),
        see: &["skill", "gap"],
    },
    Entry {
        key: "gap",
        aliases: &[
            "accuracy_gap",
            "gap_in_standard_errors",
            "points",
            "percentage-points",
            "standard-error",
            "generalisation-gap",
        ],
        en: (
            "gap",
            "Training accuracy minus test accuracy, in percentage points: 90 % and 73 % are 17 points apart. It counts from `accuracy_gap` of what there is to learn (1 - chance) on, if it is also at least `gap_deviations` standard errors of the test accuracy, which is sqrt(p (1 - p) / n) for an accuracy of p on n test samples.",
        ),
        zh: (
            "差距",
            "训练集准确率减测试集准确率，以百分点计：90% 与 73% 相差 17 个百分点。差距达到可学部分（1 - 随机水平）的 `accuracy_gap`，并且不小于测试准确率标准误的 `gap_deviations` 倍时才算数；n 个测试样本上准确率为 p 时，标准误为 sqrt(p (1 - p) / n)。",
        ),
        see: &["overfitting", "accuracy"],
    },
    Entry {
        key: "loss",
        aliases: &[
            "train_loss",
            "cross-entropy",
            "fitting-loss",
            "loss_over_start",
            "train_loss_rise",
            "test_loss_rise",
        ],
        en: (
            "loss",
            "The number that training makes smaller, a mean over samples: cross-entropy is the mean of -ln p, p being the probability that the network gives to the right class. It contains the softmax, and so takes logits. Where a network that had been good ends at `train_loss_rise` times its smallest training loss or more, too large steps have destroyed what it had learned. A test loss that ends at `test_loss_rise` times its smallest value is reported beside overfitting, with the step from which on it rose.",
        ),
        zh: (
            "损失",
            "训练要减小的量，是对样本的平均：交叉熵是 -ln p 的平均，p 为网络给正确类别的概率；softmax 是它的一部分，因此作用于 logits。曾经学好的网络，若训练损失最后达到其最小值的 `train_loss_rise` 倍，说明过大的步使已经学到的内容丢失了。测试损失最后达到其最小值的 `test_loss_rise` 倍时，在过拟合之下一并给出，并注明从哪一步起上升。",
        ),
        see: &["base-rates", "plateau"],
    },
    Entry {
        key: "plateau",
        aliases: &["loss_fall_last_quarter", "loss_fall_last_half", "loss-fall", "standstill"],
        en: (
            "plateau",
            "A part of training in which the loss hardly falls, often at the loss of an answer that ignores the input. The fall is the share of itself that the training loss lost over the last quarter or the last half of the run. Training stands still up to `stalled` over the last half; it is still falling from `falling` over the last quarter on, or `falling_half` over the last half; from `escaping` over the last quarter on a network is leaving its plateau, and from `recovering` over the last half on where its layers near the input take part.",
        ),
        zh: (
            "平台期",
            "损失几乎不下降的一段训练，常停在不看输入的回答的损失上。降幅是训练损失在最后四分之一或后一半训练中减少的比例。后一半的降幅不超过 `stalled` 时为停滞；最后四分之一的降幅达到 `falling`，或后一半的降幅达到 `falling_half` 时，仍在下降；最后四分之一的降幅达到 `escaping` 时，网络正在走出平台期；靠近输入的层也参与学习的网络，后一半的降幅达到 `recovering` 即可。",
        ),
        see: &["loss", "base-rates", "not-trained-long-enough"],
    },
    Entry {
        key: "step",
        aliases: &["steps", "more-epochs", "batch", "minibatch", "budget"],
        en: (
            "step",
            "One update of all weights from the gradient of one batch; an epoch is as many steps as it takes to use the training samples once. Steps count from 0, and an evaluation at step n is that of the network after n updates. Where a verdict speaks of the start or the end, it means the median of the first or the last twentieth of the recorded steps, at least one and at most 50 of them.",
        ),
        zh: (
            "步",
            "用一个批次的梯度对全部权重更新一次；把训练样本用一次所需的步数为一轮。步从 0 数起，第 n 步的评估说明的是更新 n 次之后的网络。诊断所说的开始或结束，是指最初或最后二十分之一的记录步的中位数，至少 1 步，至多 50 步。",
        ),
        see: &["update", "not-trained-long-enough"],
    },
    Entry {
        key: "epoch",
        aliases: &["epochs"],
        en: (
            "epoch",
            "One pass through the training set: as many steps as it has batches. A run that saw its training set no more than `first_epochs` times, or `few_epochs` times when it has learned half of what there is, is judged as not trained long enough where nothing else explains it: the losses of its batches are too noisy to say how it goes on.",
        ),
        zh: (
            "轮次",
            "把训练集完整地看一次：步数等于训练集的批数。训练集最多看过 `first_epochs` 次的运行，或已学会一半而最多看过 `few_epochs` 次的运行，若没有别的原因，就判断为训练时间不足：批损失的噪声太大，看不出后续走向。",
        ),
        see: &["step", "not-trained-long-enough"],
    },
    Entry {
        key: "early-stopping",
        aliases: &["early-stop", "kept-parameters", "patience", "validation"],
        en: (
            "early stopping",
            "Samples for validation are kept out of training; training ends when their loss has reached no new minimum for as many evaluations as the patience says, and the parameters of the minimum are kept. Verdicts judge the parameters that were kept, at the step that is named.",
        ),
        zh: (
            "早停",
            "留出一部分样本作验证，不参与训练；验证损失连续几次评估（次数即耐心值）没有新的最小值时，训练结束，保留最小值处的参数。诊断判断的是所保留的参数，并注明其步数。",
        ),
        see: &["overfitting", "step"],
    },
];
