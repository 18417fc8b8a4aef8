"""A deep sigmoid network in PyTorch, recorded by two lines: why does it not learn?"""

import sys

import gradfade
import torch
from torch import nn

out = sys.argv[1] if len(sys.argv) > 1 else "runs/pytorch"
torch.manual_seed(1)
centres = 2 * torch.randn(4, 10)
labels = torch.randint(4, (2000,))
inputs = centres[labels] + torch.randn(2000, 10)

hidden = [layer for i in range(8) for layer in (nn.Linear(30 if i else 10, 30), nn.Sigmoid())]
model = nn.Sequential(*hidden, nn.Linear(30, 4))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

run = gradfade.watch(model, optimizer, out, force=True, facts={"train_size": 2000})
for epoch in range(15):
    for chosen in torch.randperm(2000).split(50):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(inputs[chosen]), labels[chosen])
        run.loss(loss)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        scores = model(inputs)
        run.evaluation(
            train_loss=nn.functional.cross_entropy(scores, labels),
            train_accuracy=(scores.argmax(1) == labels).double().mean(),
        )
run.close()

run.diagnose()
run.plot("gradient-heatmap").save(f"{out}/gradient-heatmap.svg")
