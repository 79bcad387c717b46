"""A linked procedure as a drawing: boxes in layers, each kind with its own shape and word.

Coordinates are in SVG units. `sop/graph.svg` draws it; colour adds nothing that shape and words do not say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from textwrap import shorten, wrap

from sop.rules.compiler import END, OUTCOME
from sop.rules.graph import Graph, Step

WIDTH, HEIGHT, GAP_X, MARGIN = 200, 64, 36, 24
LANE, BEND, ROW, BASE = 20, 40, 15, 16  # the width of a passing line, and heights below a layer
LETTERS, ROWS, LABEL = 30, 2, 44
ASIDE = 60  # how far from the middle of a box a way back leaves it
SWEEPS = 4
END_LABEL = "■"

Edge = tuple[str, str, str]
Chain = tuple[str, ...]


@dataclass(frozen=True)
class Box:
    """A step: its corner, its kind (which gives the shape), and its words."""

    address: str
    kind: str
    x: int
    y: int
    lines: tuple[str, ...]


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
    """Lay the steps out from top to bottom, each below every step that leads to it.

    A line that passes a layer has a lane of its own there, so that none runs through a box.
    """
    edges = [(it.address, way.target, way.label) for it in graph.steps.values() for way in it.exits]
    back = _back_edges(graph)
    rank = _ranks(graph, edges, back)
    edges = [edge for edge in edges if edge[0] in rank]
    chains = [_chain(number, edge, rank) for number, edge in enumerate(edges)]
    sheet = Sheet.of(_ordered(_layers(rank, chains), chains), chains)
    boxes = tuple(_box(graph, address, sheet) for address in rank)
    lines = tuple(_line(sheet, number, edge, (edge[0], edge[1]) in back) for number, edge in enumerate(edges))
    return Drawing(sheet.width, sheet.bottoms[-1] + MARGIN, boxes, lines)


def _chain(number: int, edge: Edge, rank: Mapping[str, int]) -> Chain:
    """The nodes of an edge from the upper layer to the lower one, with a lane in each layer between."""
    upper, lower = sorted(edge[:2], key=lambda it: rank[it])
    lanes = (f"{number}|{place}" for place in range(rank[upper] + 1, rank[lower]))
    return (upper, *lanes, lower)


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


def _layers(rank: Mapping[str, int], chains: list[Chain]) -> list[list[str]]:
    layers: list[list[str]] = [[] for _rank in range(max(rank.values()) + 1)]
    for address, place in rank.items():
        layers[place].append(address)
    for chain in chains:
        for offset, lane in enumerate(chain[1:-1], start=1):
            layers[rank[chain[0]] + offset].append(lane)
    return layers


def _ordered(layers: list[list[str]], chains: list[Chain]) -> list[list[str]]:
    """Sort each layer by the middle of its neighbours, down and up, so that lines cross less."""
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    for start, end in (pair for chain in chains for pair in pairwise(chain)):
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


@dataclass(frozen=True)
class Sheet:
    """Where everything lies: the middle of each box and lane, and where layers begin and end.

    `ports` are the places at the foot of a box from which its lines go down, by the number of the edge, and
    their rows, one below the other for the labels.
    """

    width: int
    middles: Mapping[str, int]
    ranks: Mapping[str, int]
    tops: list[int]
    bottoms: list[int]
    ports: Mapping[int, tuple[int, int]]
    chains: list[Chain]

    @classmethod
    def of(cls, layers: list[list[str]], chains: list[Chain]) -> Sheet:
        middles, width = _middles(layers)
        ports = _ports(middles, chains)
        ranks = {node: rank for rank, layer in enumerate(layers) for node in layer}
        deepest = [0] * len(layers)
        for number, (_x, row) in ports.items():
            rank = ranks[chains[number][0]]
            deepest[rank] = max(deepest[rank], row + 1)
        tops, bottoms, y = [], [], MARGIN
        for rows in deepest:
            tops.append(y)
            bottoms.append(y + HEIGHT + BASE + rows * ROW)
            y = bottoms[-1] + BEND
        return cls(width, middles, ranks, tops, bottoms, ports, chains)


def _middles(layers: list[list[str]]) -> tuple[dict[str, int], int]:
    """The middle of each node, every layer centred, and the width of the sheet."""
    widths = [sum(_width(node) + GAP_X for node in layer) for layer in layers]
    widest = max(widths)
    middles = {}
    for layer, width in zip(layers, widths, strict=True):
        x = MARGIN + (widest - width) // 2
        for node in layer:
            middles[node] = x + _width(node) // 2
            x += _width(node) + GAP_X
    return middles, widest - GAP_X + 2 * MARGIN


def _width(node: str) -> int:
    return LANE if "|" in node else WIDTH


def _ports(middles: Mapping[str, int], chains: list[Chain]) -> dict[int, tuple[int, int]]:
    """Where the lines at the foot of each box begin, from left to right as their ends lie."""
    downward: dict[str, list[int]] = {}
    for number, chain in enumerate(chains):
        if chain[0] != chain[-1]:
            downward.setdefault(chain[0], []).append(number)
    ports = {}
    for node, numbers in downward.items():
        numbers.sort(key=lambda it: middles[chains[it][1]])
        for row, number in enumerate(numbers):
            x = middles[node] - WIDTH // 2 + WIDTH * (row + 1) // (len(numbers) + 1)
            ports[number] = (x, row)
    return ports


def _box(graph: Graph, address: str, sheet: Sheet) -> Box:
    step = graph.steps.get(address)
    x, y = sheet.middles[address] - WIDTH // 2, sheet.tops[sheet.ranks[address]]
    return Box(address, step.kind if step else END, x, y, _words(step))


def _words(step: Step | None) -> tuple[str, ...]:
    """At most two rows: number and heading, else what stands in its place."""
    if step is None:
        return (END_LABEL,)
    body = step.body
    heading = body.get("title") or body.get("check") or body.get("say") or step.name
    text = body["outcome"] if step.kind == OUTCOME else f"{body.get('number', '')} {heading}".strip()
    rows = wrap(" ".join(text.split()), LETTERS) or [step.name]
    return tuple(rows[:ROWS]) if len(rows) <= ROWS else (*rows[: ROWS - 1], f"{rows[ROWS - 1][:-1]}…")


def _line(sheet: Sheet, number: int, edge: Edge, is_back: bool) -> Line:
    """The line of an edge; one that goes back is drawn from above too, its arrow at the upper end."""
    start, end, text = edge
    label = shorten(text, LABEL, placeholder="…")
    if start == end:
        x, y = sheet.middles[start] - WIDTH // 2, sheet.tops[sheet.ranks[start]]
        path = f"M{x} {y + HEIGHT // 4} H{x - GAP_X // 2} V{y + HEIGHT * 3 // 4} H{x}"
        return Line(path, label, x, y - 4, True)
    chain, (x, row) = sheet.chains[number], sheet.ports[number]
    y = sheet.tops[sheet.ranks[chain[0]]] + HEIGHT
    path = f"M{x} {y}"
    for upper, lower in pairwise(chain):
        bottom, top = sheet.bottoms[sheet.ranks[upper]], sheet.tops[sheet.ranks[lower]]
        to = sheet.middles[lower] + (ASIDE if is_back and lower == chain[-1] else 0)
        path += f" V{bottom} C{x} {top - BEND // 2} {to} {bottom + BEND // 2} {to} {top}"
        x = to
    if is_back:
        return Line(path, label, x, sheet.tops[sheet.ranks[start]] - 8, True)
    return Line(path, label, sheet.ports[number][0], y + ROW * (row + 1), False)
