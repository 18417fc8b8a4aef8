"""Writes the logs in tests/fixtures/logs with the programs that people write theirs with, and what each of them holds.

    python scripts/logs/write.py            # needs torch, tensorboard, lightning, keras, transformers, accelerate, wandb, pandas

The numbers come from one small network, trained here in NumPy; every program is handed the same ones. `expected.json` says
what an importer has to find: it is made from the numbers that the programs were handed, not from the files.

Not installed and therefore written here in the shape of their documentation: Cockpit, Poutyne, Composer, ignite, and the
two exports of wandb's web page (the history is that of a real offline run).
"""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"
os.environ["WANDB_MODE"] = "offline"
os.environ["WANDB_SILENT"] = "true"

import numpy as np

HERE = Path(__file__).resolve().parent
OUT = HERE.parent.parent / "tests" / "fixtures" / "logs"
STEPS, FIRST, LAYERS = 8, 7, 11
EXPECTED = {}
f32 = lambda x: float(np.float32(x))


def numbers():
    """Norms, losses and rates of a deep network of tanh units; parameters by PyTorch's names."""
    rng = np.random.default_rng(3)
    sizes = [4] + [6] * (LAYERS - 1) + [3]
    w = [rng.normal(size=(n, m)) / m**0.5 for m, n in zip(sizes, sizes[1:])]
    b = [np.zeros(n) for n in sizes[1:]]
    x, y = rng.normal(size=(32, 4)), rng.integers(0, 3, 32)
    rows = []
    for t in range(STEPS):
        a = [x]
        for i in range(LAYERS):
            h = a[-1] @ w[i].T + b[i]
            a.append(np.tanh(h) if i < LAYERS - 1 else h)
        p = np.exp(a[-1] - a[-1].max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        loss = -np.log(p[np.arange(32), y]).mean()
        delta = (p - np.eye(3)[y]) / 32
        grads = {}
        for i in reversed(range(LAYERS)):
            grads[f"layers.{i}.weight"], grads[f"layers.{i}.bias"] = delta.T @ a[i], delta.sum(0)
            delta = (delta @ w[i]) * (1 - a[i] ** 2)
        rate = 0.1 / (1 + t)
        parameters = {}
        for i in range(LAYERS):
            parameters[f"layers.{i}.weight"], parameters[f"layers.{i}.bias"] = w[i].copy(), b[i].copy()
            w[i] -= rate * grads[f"layers.{i}.weight"]
            b[i] -= rate * grads[f"layers.{i}.bias"]
        names = list(parameters)
        rows.append({
            "step": FIRST + t, "loss": float(loss), "rate": rate, "accuracy": float((p.argmax(1) == y).mean()),
            "grads": {n: grads[n] for n in names}, "parameters": parameters,
            "updates": {n: -rate * grads[n] for n in names},
        })
    return rows


norm = lambda x: float(np.linalg.norm(np.asarray(x, dtype=np.float64)))
total = lambda grads: float(np.sqrt(sum(norm(g) ** 2 for g in grads.values())))


def expect(name, values, **more):
    """Says what is in a log: `{metric or metric/tensor: [[step, value], ...]}` of each run."""
    runs = values if all(isinstance(v, dict) for v in values.values()) else {"": values}
    text = lambda x: x if np.isfinite(x) else str(x)
    told = {run: {k: [[s, text(v)] for s, v in points] for k, points in of.items()} for run, of in runs.items()}
    EXPECTED[name] = {"runs": told, **more}


def series(rows, of, number=float):
    return [[row["step"], number(of(row))] for row in rows]


def by_tensor(rows, metric, of, number=float, names=None):
    names = names or list(rows[0]["grads"])
    return {f"{metric}/{n}": series(rows, lambda row: norm(of(row)[n]), number) for n in names}


def fresh(name):
    path = OUT / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def settle(folder):
    """Event files have the name of the machine in theirs."""
    for i, path in enumerate(sorted(folder.rglob("*tfevents*"))):
        path.rename(path.with_name(f"events.out.tfevents.{i}"))


def tensorboard_of_torch(rows):
    from torch.utils.tensorboard import SummaryWriter

    folder = fresh("tensorboard_torch")
    writer = SummaryWriter(folder)
    for row in rows:
        writer.add_scalar("Loss/train", row["loss"], row["step"])
        writer.add_scalar("lr", row["rate"], row["step"])
        writer.add_scalar("grad_norm", total(row["grads"]), row["step"])
        writer.add_scalar("my own number", row["loss"] ** 2, row["step"])
        for name in list(row["grads"])[:4]:
            writer.add_histogram(f"gradients/{name}", row["grads"][name], row["step"], bins="auto")
            writer.add_scalar(f"{name}/update_norm", norm(row["updates"][name]), row["step"])
    writer.add_text("note", "no number")
    writer.close()
    settle(folder)
    first = list(rows[0]["grads"])[:4]
    expect("tensorboard_torch", {
        "loss": series(rows, lambda r: r["loss"], f32),
        "learning_rate": series(rows, lambda r: r["rate"], f32),
        "total_grad_norm": series(rows, lambda r: total(r["grads"]), f32),
        **{k: v for k, v in by_tensor(rows, "grad_norm", lambda r: r["grads"]).items() if k.split("/")[1] in first},
        **{k: v for k, v in by_tensor(rows, "update_norm", lambda r: r["updates"], f32).items() if k.split("/")[1] in first},
    })

    folder = fresh("tensorboard_add_scalars")
    writer = SummaryWriter(folder)
    for row in rows:
        writer.add_scalars("Loss", {"train": row["loss"], "val": row["loss"] + 1}, row["step"])
    writer.close()
    settle(folder)
    expect("tensorboard_add_scalars", {
        "train_loss": series(rows, lambda r: r["loss"], f32),
        "validation_loss": series(rows, lambda r: r["loss"] + 1, f32),
    })

    folder = fresh("tensorboard_runs")
    for run in ("relu", "tanh"):
        writer = SummaryWriter(folder / run)
        for row in rows:
            writer.add_scalar("loss", row["loss"] + len(run), row["step"])
            writer.add_scalar("loss " + run, 1, row["step"])
        writer.add_scalar("loss", float("nan"), 99)
        writer.add_scalar("loss", float("inf"), 100)
        writer.close()
    settle(folder)
    ends = [[99, float("nan")], [100, float("inf")]]
    expect("tensorboard_runs", {run: {"loss": series(rows, lambda r: r["loss"] + 4, f32) + ends} for run in ("relu", "tanh")})


def tensorboard_of_keras(rows):
    """The names and folders of Keras' callback, written by TensorBoard's own writer for TensorFlow 2."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.plugins.histogram.summary_v2 import histogram_pb
    from tensorboard.summary import Writer
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    folder = fresh("tensorboard_keras")
    writer = Writer(str(folder / "train"))
    for epoch in range(2):
        for row in rows[4 * epoch : 4 * epoch + 4]:
            writer.add_scalar("batch_loss", np.float32(row["loss"]), row["step"] - FIRST)
        writer.flush()
        writer.add_scalar("epoch_loss", np.float32(rows[4 * epoch]["loss"]), epoch)
        writer.flush()
        validation = Writer(str(folder / "validation"))
        validation.add_scalar("epoch_loss", np.float32(rows[4 * epoch]["loss"] + 1), epoch)
        validation.add_scalar("epoch_accuracy", np.float32(rows[4 * epoch]["accuracy"]), epoch)
        validation.close()
    writer.close()
    settle(folder)
    ends = [3, 7]
    expect("tensorboard_keras", {
        "loss": [[row["step"] - FIRST, f32(row["loss"])] for row in rows],
        "train_loss": [[s, f32(rows[4 * e]["loss"])] for e, s in enumerate(ends)],
        "validation_loss": [[s, f32(f32(rows[4 * e]["loss"] + 1))] for e, s in enumerate(ends)],
        "validation_accuracy": [[s, f32(rows[4 * e]["accuracy"])] for e, s in enumerate(ends)],
    })

    folder = fresh("tensorboard_buckets")
    writer = EventFileWriter(str(folder))
    rng = np.random.default_rng(0)
    drawn = [rng.normal(size=(50, 40)) * 10.0**-t for t in range(4)]
    for t, numbers in enumerate(drawn):
        writer.add_event(Event(step=t, wall_time=t, summary=histogram_pb("gradients/fc.weight", numbers)))
    writer.close()
    settle(folder)
    expect("tensorboard_buckets", {"grad_norm/fc.weight": [[t, norm(x)] for t, x in enumerate(drawn)]}, tolerance=0.03)


def lightning(rows):
    import lightning
    import torch
    from lightning.pytorch.loggers import CSVLogger

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(1, 1)

        def training_step(self, batch, index):
            row = rows[self.global_step]
            self.log("train_loss", row["loss"], on_step=True, on_epoch=True)
            grads = {f"grad_2.0_norm/{n}": norm(g) for n, g in row["grads"].items()}
            self.log_dict({**grads, "grad_2.0_norm_total": total(row["grads"])})
            return self.layer(batch[0]).sum()

        def validation_step(self, batch, index):
            self.log("val_loss", 0.5)

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.0)

    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(4, 1)))
    with tempfile.TemporaryDirectory() as place:
        logger = CSVLogger(place, flush_logs_every_n_steps=1)
        trainer = lightning.Trainer(
            max_epochs=2, logger=logger, log_every_n_steps=1, accelerator="cpu", enable_progress_bar=False,
            enable_checkpointing=False, enable_model_summary=False, num_sanity_val_steps=0,
        )
        trainer.fit(Module(), data, data)
        shutil.copy(Path(logger.log_dir) / "metrics.csv", fresh("lightning") / "metrics.csv")
    steps = [dict(row, step=t) for t, row in enumerate(rows)]
    means = [f32(np.mean([f32(r["loss"]) for r in rows[4 * e : 4 * e + 4]])) for e in range(2)]
    expect("lightning", {
        "loss": series(steps, lambda r: r["loss"], f32),
        "total_grad_norm": series(steps, lambda r: total(r["grads"]), f32),
        **by_tensor(steps, "grad_norm", lambda r: r["grads"], f32),
        "train_loss": [[3, means[0]], [7, means[1]]],
        "validation_loss": [[3, 0.5], [7, 0.5]],
    }, tolerance=2e-7)


def keras(rows):
    import keras
    import pandas

    class Numbers(keras.callbacks.Callback):
        """Puts the numbers of the epoch in the place of those of the model, before the other callbacks see them."""

        def on_epoch_end(self, epoch, logs=None):
            logs.update(of_epoch(epoch))

    def of_epoch(epoch):
        row = rows[epoch]
        return {"accuracy": row["accuracy"], "loss": row["loss"], "val_accuracy": row["accuracy"] / 2, "val_loss": row["loss"] + 1}

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["accuracy"])
    x = np.ones((4, 1))
    log = keras.callbacks.CSVLogger(str(OUT / "keras_csvlogger.csv"))
    history = model.fit(x, x, validation_data=(x, x), epochs=4, verbose=0, callbacks=[Numbers(), log])
    values = {
        "train_loss": [[e, rows[e]["loss"]] for e in range(4)],
        "train_accuracy": [[e, rows[e]["accuracy"]] for e in range(4)],
        "validation_loss": [[e, rows[e]["loss"] + 1] for e in range(4)],
        "validation_accuracy": [[e, rows[e]["accuracy"] / 2] for e in range(4)],
    }
    expect("keras_csvlogger.csv", values, epochs=True)
    taken = {k: history.history[k] for k in ("accuracy", "loss", "val_accuracy", "val_loss")}
    pandas.DataFrame(taken).to_csv(OUT / "keras_history.csv")
    expect("keras_history.csv", values, epochs=True)
    (OUT / "keras_history.json").write_text(json.dumps(taken))
    expect("keras_history.json", values, epochs=True)


def hugging_face(rows):
    import torch
    from transformers import Trainer, TrainingArguments

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(1, 1)

        def forward(self, x, labels=None):
            return {"loss": (self.layer(x) ** 2).mean()}

    class Handed(Trainer):
        """Logs the numbers of the table in the place of those of the model."""

        def log(self, logs, *args, **kwargs):
            row = rows[min(self.state.global_step, len(rows)) - 1]
            if "loss" in logs:
                logs.update(loss=row["loss"], grad_norm=total(row["grads"]), learning_rate=row["rate"])
            if "eval_loss" in logs:
                logs.update(eval_loss=row["loss"] + 1)
            super().log(logs, *args, **kwargs)

    data = [{"x": torch.ones(1), "labels": torch.ones(1)}] * 4
    with tempfile.TemporaryDirectory() as place:
        arguments = TrainingArguments(
            place, num_train_epochs=2, per_device_train_batch_size=1, logging_steps=1, eval_strategy="epoch",
            save_strategy="epoch", report_to=[], use_cpu=True, disable_tqdm=True,
        )
        trainer = Handed(Model(), arguments, train_dataset=data, eval_dataset=data)
        trainer.train()
        trainer.state.save_to_json(OUT / "trainer_state.json")
    steps = [dict(row, step=t + 1) for t, row in enumerate(rows)]
    expect("trainer_state.json", {
        "loss": series(steps, lambda r: r["loss"]),
        "learning_rate": series(steps, lambda r: r["rate"]),
        "total_grad_norm": series(steps, lambda r: total(r["grads"])),
        "validation_loss": [[4, rows[3]["loss"] + 1], [8, rows[7]["loss"] + 1]],
    })


def records_of(data, block=32768, head=7):
    """The records of wandb's own file: a header of seven bytes, then LevelDB's log of blocks."""
    at, parts = head, b""
    while at + head <= len(data):
        if block - at % block < head:
            at += block - at % block
            continue
        length, kind = int.from_bytes(data[at + 4 : at + 6], "little"), data[at + 6]
        parts += data[at + head : at + head + length]
        at += head + length
        # 1 is a whole record, 4 the last part of one.
        if kind in (1, 4):
            yield parts
            parts = b""


def wandb_logs(rows):
    import pandas
    import wandb
    from wandb.proto import wandb_internal_pb2 as messages

    with tempfile.TemporaryDirectory() as place:
        run = wandb.init(project="p", dir=place, mode="offline", settings=wandb.Settings(console="off"))
        for row in rows:
            grads = {f"gradients/{n}": wandb.Histogram(row["grads"][n]) for n in ("layers.0.weight",)}
            run.log({"train/loss": row["loss"], "train/grad_norm": total(row["grads"]), **grads}, step=row["step"])
        run.finish()
        history = []
        for data in records_of(next(Path(place).rglob("*.wandb")).read_bytes()):
            record = messages.Record()
            record.ParseFromString(data)
            if record.WhichOneof("record_type") == "history":
                row = {}
                for item in record.history.item:
                    name, *inside = item.nested_key or [item.key]
                    value = json.loads(item.value_json)
                    row = {**row, name: {**row.get(name, {}), inside[0]: value} if inside else value}
                history.append(row)
    # What `run.history()` gives as a table of pandas, without the clock of this machine.
    for row in history:
        row.update(_runtime=row["_step"] * 0.5, _timestamp=1.7e9 + row["_step"])
    pandas.DataFrame(history).to_csv(OUT / "wandb_history.csv", index=False)
    values = {
        "loss": series(rows, lambda r: r["loss"]),
        "total_grad_norm": series(rows, lambda r: total(r["grads"])),
    }
    expect("wandb_history.csv", values, ignore=["grad_norm/layers.0.weight"])

    table = pandas.DataFrame({"Step": [row["step"] for row in rows]})
    for run in ("deep - sigmoid", "relu"):
        for end in ("", "__MIN", "__MAX"):
            column = [row["loss"] + len(run) for row in rows]
            table[f"{run} - train/loss{end}"] = column if run == "relu" else column[:5] + [None] * (len(rows) - 5)
    import csv
    table.to_csv(OUT / "wandb_chart.csv", index=False, quoting=csv.QUOTE_ALL)
    expect("wandb_chart.csv", {
        "deep - sigmoid": {"loss": series(rows[:5], lambda r: r["loss"] + 14)},
        "relu": {"loss": series(rows, lambda r: r["loss"] + 4)},
    })


def long_tables(rows):
    """Names of Composer, ignite, wandb and people in `tag,step,value`."""
    names = [n for n in rows[0]["grads"] if n.endswith("weight")]
    quantities = {"grad_norm": "grads", "update_norm": "updates", "param_norm": "parameters"}
    styles = {
        "composer": lambda q, n: {"grad_norm": "l2_norm/grad/", "update_norm": "l2_norm/update/", "param_norm": "l2_norm/param/"}[q] + n,
        "ignite": lambda q, n: {"grad_norm": "training/grads_norm/", "param_norm": "training/weights_norm/"}.get(q, "update_norm/") + n.replace(".", "/"),
        "by_hand": lambda q, n: f"{n}/{dict(grad_norm='grad', update_norm='update_norm', param_norm='param_norm')[q]}",
    }
    for style, tag in styles.items():
        few = rows[:2]
        lines = ["tag,step,value"]
        for row in few:
            for n in sorted(names):
                lines += [f"{tag(q, n)},{row['step']},{norm(row[k][n])!r}" for q, k in quantities.items()]
            lines.append(f"l2_norm/moment/{names[0]},{row['step']},1.0")
        (OUT / f"long_{style}.csv").write_text("\n".join(lines) + "\n")
        expect(f"long_{style}.csv", {k: v for q, key in quantities.items() for k, v in by_tensor(few, q, lambda r, key=key: r[key], names=names).items()},
               layers=[f"layers.{i}" for i in range(LAYERS)])


def by_parameter(rows):
    folder = fresh("poutyne")
    for name in ("fc1.weight", "fc1.bias", "fc10.weight", "fc2.weight"):
        key = {"fc1.weight": "layers.0.weight", "fc1.bias": "layers.0.bias", "fc10.weight": "layers.9.weight", "fc2.weight": "layers.1.weight"}[name]
        lines = ["epoch,batch,mean,var,l2"]
        for t, row in enumerate(rows):
            g = row["grads"][key]
            lines.append(f"{t // 4 + 1},{t % 4 + 1},{g.mean()!r},{g.var()!r},{norm(g)!r}".replace("np.float64(", "").replace(")", ""))
        (folder / f"gradients_{name}.csv").write_text("\n".join(lines) + "\n")
    steps = [dict(row, step=t) for t, row in enumerate(rows)]
    key = {"fc1.weight": "layers.0.weight", "fc1.bias": "layers.0.bias", "fc10.weight": "layers.9.weight", "fc2.weight": "layers.1.weight"}
    expect("poutyne", {f"grad_norm/{n}": series(steps, lambda r, k=k: norm(r["grads"][k])) for n, k in key.items()},
           files=True, layers=["fc1", "fc2", "fc10"])

    log = {}
    for row in rows:
        tracked = {"GradNorm": [norm(g) for g in row["grads"].values()], "Loss": row["loss"], "Time": 1.0}
        if row["step"] % 2 == 1:
            tracked.update(train_loss=row["loss"], valid_loss=row["loss"] + 1, valid_accuracy=0.25, epoch_count=row["step"] // 4)
        log[str(row["step"])] = tracked
    (OUT / "cockpit.json").write_text(json.dumps(log, indent=1))
    odd = [row for row in rows if row["step"] % 2 == 1]
    expect("cockpit.json", {
        "loss": series(rows, lambda r: r["loss"]),
        "train_loss": series(odd, lambda r: r["loss"]),
        "validation_loss": series(odd, lambda r: r["loss"] + 1),
        "validation_accuracy": series(odd, lambda r: 0.25),
        **{f"grad_norm/parameter {i + 1}": series(rows, lambda r, n=n: norm(r["grads"][n])) for i, n in enumerate(rows[0]["grads"])},
    })


def arrays(rows):
    names = [f"layers.{i}.weight" for i in range(LAYERS)]
    grid = np.array([[norm(row["grads"][n]) for n in names] for row in rows])
    steps = [dict(row, step=t) for t, row in enumerate(rows)]
    grads = {f"grad_norm/layer {i + 1}": series(steps, lambda r, n=n: norm(r["grads"][n])) for i, n in enumerate(names)}
    np.save(OUT / "grads.npy", grid)
    expect("grads.npy", grads, layers=[f"layer {i + 1}" for i in range(LAYERS)])
    losses = np.array([row["loss"] for row in rows])
    np.savez(OUT / "arrays.npz", grad_norms=grid, loss=losses.astype("f4"))
    np.savez_compressed(OUT / "arrays_compressed.npz", grad_norms=grid, loss=losses.astype("f4"))
    for name in ("arrays.npz", "arrays_compressed.npz"):
        expect(name, {**grads, "loss": series(steps, lambda r: r["loss"], f32)})
    np.savetxt(OUT / "grads.txt", grid)
    expect("grads.txt", grads)
    np.savetxt(OUT / "total_norm.txt", [total(row["grads"]) for row in rows])
    expect("total_norm.txt", {"total_grad_norm": series(steps, lambda r: total(r["grads"]))})
    (OUT / "bare.json").write_text(json.dumps(grid.tolist()))
    expect("bare.json", grads)
    networks = {
        run: {
            "loss_history": [row["loss"] + len(run) for row in rows],
            "heatmap": {"data": grid.tolist(), "epochs": list(range(len(rows))), "layer_names": names},
        }
        for run in ("plain", "residual")
    }
    networks["residual"]["loss_history"][-1] = float("nan")
    (OUT / "networks.json").write_text(json.dumps(networks))
    of = {f"grad_norm/{n}": series(steps, lambda r, n=n: norm(r["grads"][n])) for n in names}
    losses = {run: series(steps, lambda r: r["loss"] + len(run)) for run in networks}
    losses["residual"][-1][1] = float("nan")
    expect("networks.json", {run: {**of, "train_loss": losses[run]} for run in networks}, epochs=True)
    with open(OUT / "lines.jsonl", "w") as file:
        for row in rows:
            print(json.dumps({"step": row["step"], "loss": row["loss"], "lr": row["rate"], "time": 1.5}), file=file)
    expect("lines.jsonl", {"loss": series(rows, lambda r: r["loss"]), "learning_rate": series(rows, lambda r: r["rate"])})


def main():
    rows = numbers()
    OUT.mkdir(parents=True, exist_ok=True)
    parts = [tensorboard_of_torch, tensorboard_of_keras, lightning, keras, hugging_face, wandb_logs, long_tables, by_parameter, arrays]
    for part in parts:
        if len(sys.argv) < 2 or part.__name__ in sys.argv[1:]:
            part(rows)
    if len(sys.argv) < 2:
        (OUT / "expected.json").write_text(json.dumps(EXPECTED, indent=None).replace('}, "', '},\n"') + "\n")


if __name__ == "__main__":
    main()
