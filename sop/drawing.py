"""A linked procedure as a drawing: boxes in layers, each kind with its own shape and word.

Coordinates are in SVG units. `sop/graph.svg` draws it; colour adds nothing that shape and words do not say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import wrap

from sop.rules.compiler import END, OUTCOME
from sop.rules.graph import Graph, Step

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 200, 64, 36, 64, 24
LETTERS, ROWS = 30, 2
SWEEPS = 4
END_LABEL = "■"

Edge = tuple[str, str, str]


@dataclass(frozen=True)
class Box:
    """A step: its corner, its kind (which gives the shape), and its words."""

    address: str
    kind: str
    x: int
    y: int
    lines: tuple[str, ...]

    @property
    def middle(self) -> int:
        return self.x + WIDTH // 2

    @property
    def bottom(self) -> int:
        return self.y + HEIGHT


@dataclass(frozen=True)
class Line:
    """A way from one step to another, as an SVG path, with the answer that takes it."""

    path: str
    label: str
    label_x: int
    label_y: int
    is_back: bool


@dataclass(frozen=True)
class Drawing:
    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    box_width: int = WIDTH
    box_height: int = HEIGHT


def draw(graph: Graph) -> Drawing:
    """Lay the steps out from top to bottom, each below every step that leads to it, loops aside."""
    edges = [(it.address, way.target, way.label) for it in graph.steps.values() for way in it.exits]
    back = _back_edges(graph)
    rank = _ranks(graph, edges, back)
    edges = [edge for edge in edges if edge[0] in rank]
    layers = _ordered(_layers(rank), [edge for edge in edges if edge[:2] not in back])
    boxes = {it.address: it for it in _boxes(graph, layers)}
    lines = tuple(_line(boxes[start], boxes[end], label, (start, end) in back) for start, end, label in edges)
    width = max(len(layer) for layer in layers) * (WIDTH + GAP_X) + 2 * MARGIN
    height = len(layers) * (HEIGHT + GAP_Y) + 2 * MARGIN
    return Drawing(width, height, tuple(boxes.values()), lines)


def _back_edges(graph: Graph) -> set[tuple[str, str]]:
    """The edges that close a loop, found by walking depth first from the start."""
    back: set[tuple[str, str]] = set()
    open_, done = {graph.start}, {END}
    stack = [(graph.start, iter(graph[graph.start].exits))]
    while stack:
        address, ways = stack[-1]
        way = next(ways, None)
        if way is None:
            stack.pop()
            open_.discard(address)
            done.add(address)
        elif way.target in open_:
            back.add((address, way.target))
        elif way.target not in done:
            open_.add(way.target)
            stack.append((way.target, iter(graph[way.target].exits)))
    return back


def _ranks(graph: Graph, edges: list[Edge], back: set[tuple[str, str]]) -> dict[str, int]:
    """The length of the longest way to each step."""
    rank = {graph.start: 0}
    forward = [(start, end) for start, end, _label in edges if (start, end) not in back]
    for _round in range(len(graph.steps) + 1):
        changed = False
        for start, end in forward:
            if start in rank and rank.get(end, 0) < rank[start] + 1:
                rank[end], changed = rank[start] + 1, True
        if not changed:
            break
    return rank


def _layers(rank: Mapping[str, int]) -> list[list[str]]:
    layers: list[list[str]] = [[] for _rank in range(max(rank.values()) + 1)]
    for address, place in rank.items():
        layers[place].append(address)
    return [layer for layer in layers if layer]


def _ordered(layers: list[list[str]], edges: list[Edge]) -> list[list[str]]:
    """Sort each layer by the middle of its neighbours, down and up, so that lines cross less."""
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    for start, end, _label in edges:
        above.setdefault(end, []).append(start)
        below.setdefault(start, []).append(end)
    for _sweep in range(SWEEPS):
        for neighbours, order in ((above, layers), (below, layers[::-1])):
            place = {address: index for layer in layers for index, address in enumerate(layer)}
            for layer in order:
                layer.sort(key=lambda it: _middle(neighbours.get(it, []), place, place[it]))
                place |= {address: index for index, address in enumerate(layer)}
    return layers


def _middle(neighbours: list[str], place: Mapping[str, int], own: int) -> float:
    return sum(place[it] for it in neighbours) / len(neighbours) if neighbours else float(own)


def _boxes(graph: Graph, layers: list[list[str]]) -> list[Box]:
    widest = max(len(layer) for layer in layers)
    boxes = []
    for rank, layer in enumerate(layers):
        indent = (widest - len(layer)) * (WIDTH + GAP_X) // 2
        for index, address in enumerate(layer):
            x = MARGIN + indent + index * (WIDTH + GAP_X)
            y = MARGIN + rank * (HEIGHT + GAP_Y)
            step = graph.steps.get(address)
            boxes.append(Box(address, step.kind if step else END, x, y, _words(step)))
    return boxes


def _words(step: Step | None) -> tuple[str, ...]:
    """At most two rows: number and heading, else what stands in its place."""
    if step is None:
        return (END_LABEL,)
    body = step.body
    heading = body.get("title") or body.get("check") or body.get("say") or step.name
    text = body["outcome"] if step.kind == OUTCOME else f"{body.get('number', '')} {heading}".strip()
    rows = wrap(" ".join(text.split()), LETTERS) or [step.name]
    return tuple(rows[:ROWS]) if len(rows) <= ROWS else (*rows[: ROWS - 1], f"{rows[ROWS - 1][:-1]}…")


def _line(start: Box, end: Box, label: str, is_back: bool) -> Line:
    if is_back:
        side = min(start.x, end.x) - GAP_X // 2
        y1, y2 = start.y + HEIGHT // 2, end.y + HEIGHT // 2
        return Line(f"M{start.x} {y1} H{side} V{y2} H{end.x}", label, side, (y1 + y2) // 2, True)
    turn = start.bottom + GAP_Y // 2
    path = (
        f"M{start.middle} {start.bottom} C{start.middle} {turn}"
        f" {end.middle} {end.y - GAP_Y // 2} {end.middle} {end.y}"
    )
    x = start.middle + (end.middle - start.middle) // 3
    return Line(path, label, x, turn, False)
