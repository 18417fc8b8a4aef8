"""The parts of an update: what the gradient made of it, and what weight decay made.

An update is D = theta_{t+1} - theta_t. Where the decay's part d is a multiple of theta_t or nothing, its norm costs no pass;
coupled decay goes through the optimiser's averages, of which a second set is kept for the decay alone, as the trainer of
`gradfade train` does. The gradient's part is computed from the averages there. Of plain gradient descent it is the
rate times the
gradient, of momentum the rate times its average; else it is D - d, to the digits that the parameters have.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional

import torch

#: What decay does in an update: nothing, minus a multiple of theta, something that goes through averages, or not known.
UNKNOWN, NO_DECAY, PROPORTIONAL, COUPLED = "unknown", "no decay", "proportional", "coupled"
#: A pass over the optimiser's averages of the gradient, which say more than the digits of the parameters.
BUFFER = "buffer"


class Parts:
    """How one parameter group of an optimiser splits its updates."""

    def __init__(self, optimizer: torch.optim.Optimizer, group: Dict[str, Any]) -> None:
        self.optimizer = optimizer
        self.group = group
        self.kind = type(optimizer)
        # The averages of the decay alone.
        self._decay: Dict[int, torch.Tensor] = {}

    def look(self) -> None:
        """Reads the settings, which may change from step to step."""
        self.rate = _number(self.group.get("lr"))
        #: Gradient descent without momentum: the gradient's part is the rate times the gradient.
        self.is_plain = self.kind is torch.optim.SGD and not self.group.get("momentum")
        self.split = self._split()
        #: The decay's part is minus this times theta.
        self.proportion = self.rate * _number(self.group["weight_decay"]) if self.split == PROPORTIONAL else 0.0
        self.passes = ""
        if self.split == COUPLED or (self.split == PROPORTIONAL and not self.is_plain):
            self.passes = self.split
        elif self.split == NO_DECAY and self.kind is torch.optim.SGD and not self.is_plain:
            self.passes = "" if self.group.get("nesterov") else BUFFER

    def _split(self) -> str:
        group, kind = self.group, self.kind
        decay = group.get("weight_decay", 0.0)
        if kind.__module__.startswith("torch.optim"):
            if kind is torch.optim.LBFGS or not _number(decay):
                return NO_DECAY
            if self.is_plain or kind is torch.optim.AdamW or group.get("decoupled_weight_decay"):
                return PROPORTIONAL
            if kind in (torch.optim.SGD, torch.optim.Adam, torch.optim.Adagrad):
                return COUPLED
            if kind is torch.optim.RMSprop and not group.get("momentum") and not group.get("centered"):
                return COUPLED
            return UNKNOWN
        return NO_DECAY if "weight_decay" in group and not _number(decay) else UNKNOWN

    def buffer(self, parameter: torch.Tensor) -> Optional[torch.Tensor]:
        """Of momentum: what the gradient's part is the rate times of."""
        return self.optimizer.state.get(parameter, {}).get("momentum_buffer")

    def coupled(self, parameter: torch.Tensor, old: torch.Tensor) -> "Optional[tuple[torch.Tensor, torch.Tensor]]":
        """The gradient's and the decay's part of an update through averages, after the optimiser's step; `old` is theta_t."""
        group, state, grad = self.group, self.optimizer.state.get(parameter), parameter.grad
        if not state or grad is None:
            return None
        if grad.layout is not torch.strided:
            grad = grad.to_dense()
        rate, term = -self.rate, old * _number(group["weight_decay"])
        if self.kind is torch.optim.SGD:
            mine, whole = self._decay.get(id(parameter)), state["momentum_buffer"]
            if mine is None:
                self._decay[id(parameter)] = mine = term.clone()
            else:
                mine.mul_(group["momentum"]).add_(term, alpha=1 - group["dampening"])
            if group["nesterov"]:
                moved = (whole - mine).mul_(group["momentum"]).add_(grad)
                return moved.mul_(rate), term.add_(mine, alpha=group["momentum"]).mul_(rate)
            return (whole - mine).mul_(rate), mine * rate
        step = _number(state["step"])
        if self.kind is torch.optim.Adam:
            first, second = group["betas"]
            mine = self._decay.get(id(parameter))
            if mine is None:
                self._decay[id(parameter)] = mine = torch.zeros_like(term)
            mine.mul_(first).add_(term, alpha=1 - first)
            square = state["max_exp_avg_sq"] if group.get("amsgrad") else state["exp_avg_sq"]
            below = square.sqrt().div_((1 - second**step) ** 0.5).add_(group["eps"])
            rate /= 1 - first**step
            return (state["exp_avg"] - mine).div_(below).mul_(rate), mine.div(below).mul_(rate)
        if self.kind is torch.optim.RMSprop:
            below = state["square_avg"].sqrt().add_(group["eps"])
        else:
            rate /= 1 + (step - 1) * _number(group.get("lr_decay", 0.0))
            below = state["sum"].sqrt().add_(group["eps"])
        return grad.div(below).mul_(rate), term.div_(below).mul_(rate)


def _number(value: Any) -> float:
    return float(value) if value is not None else 0.0


def facts(optimizers: "List[torch.optim.Optimizer]") -> Dict[str, Any]:
    """Name, settings, rate and decay, as docs/format.md has them."""
    optimizer = optimizers[0]
    group = optimizer.param_groups[0]
    kind = type(optimizer)
    name = {torch.optim.AdamW: "adamw", torch.optim.Adam: "adam"}.get(kind, kind.__name__.lower())
    if kind is torch.optim.Adam and group.get("decoupled_weight_decay"):
        name = "adamw"
    if kind is torch.optim.SGD and group.get("momentum"):
        name = "nesterov" if group.get("nesterov") else "momentum"
    settings: Dict[str, float] = {}
    for key, value in group.items():
        if key in ("params", "lr", "weight_decay", "initial_lr") or isinstance(value, (bool, str)):
            continue
        if isinstance(value, (int, float)) and value:
            settings[key] = float(value)
        elif key == "betas" and len(value) == 2:
            settings["beta1"], settings["beta2"] = float(value[0]), float(value[1])
    out: Dict[str, Any] = {"optimizer": {"name": name, "settings": settings}}
    if isinstance(group.get("lr"), (int, float)):
        out["learning_rate"] = float(group.get("initial_lr", group["lr"]))
    if isinstance(group.get("weight_decay", 0.0), (int, float)):
        out["weight_decay"] = float(group.get("weight_decay", 0.0) or 0.0)
    if len(optimizers) > 1:
        out["optimizer"]["name"] = " and ".join(dict.fromkeys(type(o).__name__.lower() for o in optimizers))
    return out
