"""The callback of Hugging Face's Trainer, with the real Trainer, against the same training by hand."""

import importlib.util
import json

import numpy as np
import pytest

for needed in ("transformers", "accelerate"):
    if importlib.util.find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed", allow_module_level=True)

import torch
from torch import nn
from torch.utils.data import Dataset
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

import gradfade
from gradfade.huggingface import GradfadeCallback


class Sentences(Dataset):
    def __init__(self, count):
        draw = torch.Generator().manual_seed(count)
        self.words = torch.randint(20, (count, 5), generator=draw)
        self.labels = self.words[:, 0] % 3

    def __len__(self):
        return len(self.words)

    def __getitem__(self, index):
        return {"input_ids": self.words[index], "labels": self.labels[index]}


def model(dropout=0.0):
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=20, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, num_labels=3,
        max_position_embeddings=8, hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout,
    )  # fmt: skip
    return BertForSequenceClassification(config)


def train(tmp_path, network, callbacks, **options):
    arguments = TrainingArguments(
        output_dir=str(tmp_path / "trainer"), per_device_train_batch_size=8, num_train_epochs=2, learning_rate=0.01,
        report_to=[], save_strategy="no", eval_strategy="epoch", use_cpu=True, disable_tqdm=True, optim="sgd",
        lr_scheduler_type="constant", logging_strategy="no", seed=3, **options,
    )  # fmt: skip

    def accuracy(predictions):
        return {"accuracy": float((predictions.predictions.argmax(-1) == predictions.label_ids).mean())}

    trainer = Trainer(
        network, arguments, train_dataset=Sentences(48), eval_dataset=Sentences(16), compute_metrics=accuracy, callbacks=callbacks
    )
    trainer.train()
    return trainer


@pytest.mark.parametrize("accumulate", [1, 2])
def test_every_update_is_recorded_as_it_was(tmp_path, accumulate):
    """The batches are caught where the model gets them, and the training is made again by hand."""
    network, batches = model(), []
    initial = {name: p.clone() for name, p in network.state_dict().items()}
    network.register_forward_pre_hook(
        lambda module, args, kwargs: (
            batches.append((kwargs["input_ids"].clone(), kwargs["labels"].clone())) if module.training else None
        ),
        with_kwargs=True,
    )
    callback = GradfadeCallback(tmp_path / "run")
    train(tmp_path, network, [callback], gradient_accumulation_steps=accumulate)
    run = gradfade.open(tmp_path / "run")

    twin = model()
    twin.load_state_dict(initial)
    optimizer = torch.optim.SGD(twin.parameters(), lr=0.01)
    losses, norms = [], []
    for at in range(0, len(batches), accumulate):
        words = torch.cat([w for w, _ in batches[at : at + accumulate]])
        labels = torch.cat([y for _, y in batches[at : at + accumulate]])
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(twin(input_ids=words).logits, labels)
        # What this model gives, the trainer adds up without dividing it.
        (loss * accumulate).backward()
        losses.append(loss.item())
        norms.append({name: p.grad.double().norm().item() for name, p in twin.named_parameters() if p.grad is not None})
        nn.utils.clip_grad_norm_(twin.parameters(), 1.0)
        optimizer.step()
    updates = 12 // accumulate
    meta = run.meta
    assert len(batches) == 12 and run["step"].tolist() == list(range(updates))
    np.testing.assert_allclose(run["loss"], losses, rtol=2e-4)
    recorded = {tensor["name"]: run["grad_norm"][:, i] for i, tensor in enumerate(meta["tensors"])}
    for name in ("bert.encoder.layer.0.attention.self.query.weight", "classifier.weight"):
        np.testing.assert_allclose(recorded[name], [n[name] for n in norms], rtol=1e-3)
    assert (meta["planned_steps"], meta["steps_per_epoch"]) == (updates, updates // 2)
    assert run["eval_step"].tolist() == [updates // 2, updates] and run["eval_epoch"].tolist() == [1, 2]
    assert (
        np.isfinite(run["validation_loss"]).all()
        and ((0 <= run["validation_accuracy"]) & (run["validation_accuracy"] <= 1)).all()
    )
    assert meta["status"] == {"state": "complete"}


def test_the_training_is_bit_for_bit_the_same(tmp_path):
    watched, plain = model(0.2), model(0.2)
    train(tmp_path, watched, [GradfadeCallback(tmp_path / "run")])
    train(tmp_path, plain, [])
    for a, b in zip(watched.parameters(), plain.parameters()):
        assert torch.equal(a, b)


def test_nothing_stays_on_the_model(tmp_path):
    network = model()
    callback = GradfadeCallback(tmp_path / "run", every=2)
    train(tmp_path, network, [callback])
    assert not any(module._forward_hooks for module in network.modules())
    assert json.loads((tmp_path / "run" / "meta.json").read_text())["status"]["state"] == "complete"
    assert callback.run["step"].tolist() == [0, 2, 4, 6, 8, 10]
