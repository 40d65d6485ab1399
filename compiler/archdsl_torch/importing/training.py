"""What a module does in training mode besides: branches that it drops, attention and heads that it has there alone.

Both modes are traced, and their calls put beside one another. Where the two agree but for what draws random numbers and
what only training runs, the calls of evaluation have it; else the module is what it is in evaluation mode.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, Final, final

from archdsl_torch.importing.noise import Noise, noise_of
from archdsl_torch.importing.tracing import Traced, TracedCall, TracedTensor

TRAINING: Final = "training"
DROPPED: Final = "aten.stochastic_depth.default"
"""What stands for the calls that drop a branch."""
_BY_MODE: Final = frozenset(("train", "training", "momentum", "dropout_p", "cudnn_enabled"))
"""Arguments that may differ from mode to mode."""
_AHEAD: Final = 500
"""Calls that a head of training alone has, at most."""


class _Differs(Exception):
    """The modes differ in more than what is said of them."""


def with_training(evaluation: Traced, training: Traced) -> Traced:
    """What a module computes in both modes: that of evaluation alone, where the language cannot say the other."""
    try:
        return _Beside(evaluation, training).traced()
    except _Differs:
        return evaluation


@final
class _Beside:
    """Two traces, call by call."""

    def __init__(self, evaluation: Traced, training: Traced) -> None:
        self._evaluation, self._training = evaluation, training
        self._same: dict[str, TracedTensor] = {
            theirs.name: ours for theirs, ours in zip(training.inputs.values(), evaluation.inputs.values(), strict=True)
        }
        """What a tensor of the training's trace is in the one that is made."""
        self._noise: dict[str, Noise] = {}
        self._readers = Counter(each.name for call in training.calls for each in call.tensors)
        self._readers.update(each.name for each in training.outputs.values())
        self._calls: list[TracedCall] = []

    def traced(self) -> Traced:
        """Raises _Differs."""
        ahead = [*self._evaluation.calls]
        for number, call in enumerate(self._training.calls):
            if self._counts(call) or self._draws(call) or self._drops(call):
                continue
            if ahead and self._alike(ahead[0], call):
                self._add(ahead.pop(0), call)
            elif not ahead or any(self._alike(ahead[0], each) for each in self._behind(number)):
                self._add_training(call)
            else:
                raise _Differs
        if ahead:
            raise _Differs
        return replace(self._evaluation, calls=tuple(self._calls), outputs=self._outputs())

    def _behind(self, number: int) -> Iterator[TracedCall]:
        return islice(self._training.calls, number + 1, number + _AHEAD)

    def _counts(self, call: TracedCall) -> bool:
        """Whether it counts the batches, as a normalisation does."""
        target = call.given[0] if call.given else None
        return isinstance(target, TracedTensor) and (target.owned or "").endswith("num_batches_tracked")

    def _draws(self, call: TracedCall) -> bool:
        """Whether it makes noise, and of what kind."""
        found = noise_of(call, self._noise.get(call.tensors[0].name) if call.tensors else None)
        if found is None:
            return False
        self._noise |= {each.name: found for each in (*call.gives, *(call.argument(name) for name in call.written))}
        return True

    def _drops(self, call: TracedCall) -> bool:
        """Whether it multiplies by noise: a branch that is dropped. Raises _Differs for noise of other kinds."""
        noise = [self._noise[each.name] for each in call.tensors if each.name in self._noise]
        if not noise:
            return False
        others = [each for each in call.tensors if each.name not in self._noise]
        keep = noise[0].keep
        if call.name != "mul" or len(others) != 1 or keep is None or noise[0].uniform:
            raise _Differs
        mode = noise[0].mode(others[0].shape)
        if mode is None:
            raise _Differs
        scaled = noise[0].scaled or keep == 0
        source = self._now(others[0]) if scaled else self._unscaled(others[0], keep)
        dropped = replace(source, name=f"{TRAINING}:{call.gives[0].name}", owned=None)
        given, names = (source, _complement(keep), mode), ("input", "p", "mode")
        self._calls.append(TracedCall(DROPPED, given, names, frozenset(), (dropped,), call.around))
        self._same |= {each.name: dropped for each in (*call.gives, *(call.argument(n) for n in call.written))}
        return True

    def _unscaled(self, scaled: TracedTensor, keep: float) -> TracedTensor:
        """What was divided by the probability, for this alone. Raises _Differs."""
        made = self._now(scaled)
        call = next((each for each in reversed(self._calls) if made in each.gives), None)
        divided = call is not None and call.mode == TRAINING and call.name == "div" and call.argument("other") == keep
        if call is None or not divided or call.written or self._readers[scaled.name] != 1:
            raise _Differs
        self._calls = [each for each in self._calls if each is not call]
        (source,) = call.tensors
        return source

    def _alike(self, ours: TracedCall, theirs: TracedCall) -> bool:
        """Whether two calls are one, as far as their module and their numbers say."""
        if ours.target != theirs.target or len(ours.given) != len(theirs.given):
            return False
        where = [each.around[-1].path if each.around else "" for each in (ours, theirs)]
        pairs = zip(ours.names or range(len(ours.given)), ours.given, theirs.given, strict=False)
        return where[0] == where[1] and all(name in _BY_MODE or _equal(left, right) for name, left, right in pairs)

    def _add(self, ours: TracedCall, theirs: TracedCall) -> None:
        """A call of both modes. Raises _Differs where it reads what only training has."""
        call = replace(ours, given=tuple(map(self._read, ours.given, theirs.given)))
        if any(each.name.startswith(f"{TRAINING}:") and each.storage < 0 for each in call.tensors):
            raise _Differs
        self._calls.append(_by_mode(call, theirs))
        self._same |= {left.name: right for left, right in zip(theirs.gives, ours.gives, strict=True)}

    def _add_training(self, call: TracedCall) -> None:
        """A call of training alone. Raises _Differs where it writes into what evaluation has."""
        if any(self._now(call.argument(name)).storage >= 0 for name in call.written):
            raise _Differs
        gives = tuple(replace(each, name=f"{TRAINING}:{each.name}", storage=-1 - each.storage) for each in call.gives)
        flags: dict[str, Any] = {name: False for name in ("train", "training") if name in call.names}
        pairs = zip(call.names or map(str, range(len(call.given))), call.given, strict=False)
        given = tuple(flags.get(name, self._read(each, each)) for name, each in pairs)
        alone = replace(call, given=given, gives=gives, mode=TRAINING)
        self._calls.append(_by_mode(replace(alone, given=_without_dropout(alone)), call))
        self._same |= {left.name: right for left, right in zip(call.gives, gives, strict=True)}

    def _read(self, ours: Any, theirs: Any) -> Any:
        """An argument of the one trace, its tensors as those of the other are."""
        if isinstance(theirs, TracedTensor):
            return self._now(theirs)
        if isinstance(theirs, list) and isinstance(ours, list) and len(ours) == len(theirs):
            return [self._read(left, right) for left, right in zip(ours, theirs, strict=True)]
        return ours

    def _now(self, tensor: TracedTensor) -> TracedTensor:
        return self._same.get(tensor.name, tensor)

    def _outputs(self) -> dict[str, TracedTensor]:
        """Raises _Differs where training lacks one of evaluation."""
        outputs = {name: self._now(each) for name, each in self._training.outputs.items()}
        shared = [each for each in outputs.values() if each.storage >= 0]
        if len(shared) != len(self._evaluation.outputs):
            raise _Differs
        only = len(outputs) == len(shared)
        return dict(zip(self._evaluation.outputs, shared, strict=True)) if only else outputs


def _by_mode(ours: TracedCall, theirs: TracedCall) -> TracedCall:
    """A call with what only training says of it. Raises _Differs where it trains as it evaluates."""
    trained = [theirs.argument(name) for name in ("train", "training") if name in theirs.names]
    evaluated = [ours.argument(name) for name in ("train", "training") if name in ours.names]
    if trained and trained == evaluated and ours.argument("running_mean") is not None:
        raise _Differs
    if trained == evaluated == [False] and "train" in ours.names:
        return replace(ours, target="aten.alias.default", given=ours.given[:1], names=ours.names[:1])
    if ours.argument("dropout_p") == 0:
        at = ours.names.index("dropout_p")
        names, given = ([*each] for each in (ours.names, ours.given))
        names[at], given[at] = "dropout", theirs.given[at]
        return replace(ours, names=tuple(names), given=tuple(given))
    if "momentum" in ours.names:
        at = ours.names.index("momentum")
        return replace(ours, given=(*ours.given[:at], theirs.given[at], *ours.given[at + 1 :]))
    return ours


def _complement(keep: float) -> float:
    """The shortest number that leaves just this probability."""
    rounded = (round(1 - keep, digits) for digits in range(1, 18))
    return next((each for each in rounded if 1 - each == keep), 1 - keep)


def _without_dropout(call: TracedCall) -> tuple[Any, ...]:
    return tuple(0.0 if name == "dropout_p" else each for name, each in zip(call.names, call.given, strict=False))


def _equal(left: Any, right: Any) -> bool:
    """Whether two arguments are one, where sizes may be names in the one and numbers in the other."""
    if isinstance(left, TracedTensor) or isinstance(right, TracedTensor):
        both = isinstance(left, TracedTensor) and isinstance(right, TracedTensor)
        return both and left.owned == right.owned and len(left.shape) == len(right.shape)
    if isinstance(left, Sequence) and isinstance(right, list):
        return isinstance(left, list) and len(left) == len(right) and all(map(_equal, left, right))
    return isinstance(left, str) != isinstance(right, str) or bool(left == right)
