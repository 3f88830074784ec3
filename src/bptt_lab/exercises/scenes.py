"""The worlds in which an answer is tried: each with the values of a formula over all its free indices."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from bptt_lab.formulas.tree import Tree
from bptt_lab.symbolic.values import Scene, check_place
from bptt_lab.symbolic.worlds import World

MOST_SCENES = 300
_SCENES: OrderedDict[int, Scene] = OrderedDict()


def scene_of(world: World) -> Scene:
    """Return the scene of a world; the last ones are kept here with what they computed: a world is a plain tuple."""
    scene = _SCENES.get(id(world))
    if scene is None or scene.world is not world:
        scene = _SCENES[id(world)] = Scene(world, is_lenient=True)
    _SCENES.move_to_end(id(world))
    if len(_SCENES) > MOST_SCENES:
        _SCENES.popitem(last=False)
    return scene


class FreeScene(Scene):
    """A scene in which every letter and every derivative is a number of its own: nothing but algebra holds there."""

    def __init__(self, world: World) -> None:
        super().__init__(world, is_lenient=True)

    def array(self, name: str, time: int | None, entry: tuple[int, ...], column: int = 0) -> Any:
        """Return a quantity or one entry of it, unlike what its equation says."""
        check_place(self.graph, name, time, entry, column)
        return self._gathered(name, entry, lambda e: self.world.some_number(name, time, e))

    def _row(self, below: tuple, entry: tuple[int, ...], above: tuple, kind: str) -> list:
        if any(self.is_beyond(*place[:2]) for place in (below, above)):
            return super()._row(below, entry, above, kind)
        kind = "total" if kind == "gradient" else kind
        return [self.world.some_number(kind, below[:2], entry, above[:2], e) for e in self._entries(above)]

    def loss(self) -> Any:
        """Return the total loss, unlike the sum of its steps."""
        return self.world.some_number("loss")


def bindings(spans: Mapping[str, range]) -> Iterator[dict[str, int]]:
    """Yield every choice of the free indices."""
    for numbers in itertools.product(*spans.values()):
        yield dict(zip(spans, numbers, strict=True))


def values(tree: Tree, scene: Scene, spans: Mapping[str, range]) -> list[Any]:
    """Return the values of a formula for every choice of its free indices: numbers, or 2-D arrays; 1×1 is a number."""
    return [value_at(tree, scene, indices) for indices in bindings(spans)]


def value_at(tree: Tree, scene: Scene, indices: Mapping[str, int]) -> Any:
    """Return the value of a formula for one choice of its free indices: a number, or a 2-D array of several."""
    value = scene.value(tree, **indices)
    return value[0, 0] if isinstance(value, np.ndarray) and value.size == 1 else value


def flat(found: list[Any]) -> list[Any]:
    """Return the numbers of a list of values, one after the other."""
    return [number for value in found for number in (np.ravel(value) if isinstance(value, np.ndarray) else [value])]


def side(tree: Tree, spans: Mapping[str, range]) -> Callable[[World], list[Any]]:
    """Return a formula as one side of the question same or different."""
    return lambda world: flat(values(tree, scene_of(world), spans))


def shapes(found: list[Any]) -> list[tuple[int, ...]]:
    """Return the shape of each value; () for a number."""
    return [value.shape if isinstance(value, np.ndarray) else () for value in found]
