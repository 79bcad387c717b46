"""Draw the winners of a program again, from its frozen list and what the two people gave.

Needs Python 3.11 and nothing else of the portal. The list is what `manage.py export_list` writes. Compare
what is printed with what the portal shows: the digest of the list, the commitment, the digest of the winners.
docs/decisions/0014 says why this proves the draw.
"""

from __future__ import annotations

import argparse
import hashlib
import heapq
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

COLUMNS = {"tariff": 1, "up3": 2}
Line = tuple[str, ...]  # idpel, tariff, up3
Winner = tuple[Line, int]  # and the rank within the group


def main() -> None:
    asked = _asked()
    with asked.list.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    seed = sha256("\n".join((asked.secret, asked.second_seed, digest)))
    drawn = sorted(draw(asked.list, seed, asked.winners + asked.reserves, asked.group))
    print("list", digest)
    print("commitment", sha256(asked.secret))
    print("seed", seed)
    print("winners", sha256("".join(f"{','.join(line)},{rank}\n" for line, rank in drawn)))
    for line, rank in drawn:
        print(*line, rank, "reserve" if rank > asked.winners else "winner", sep=",")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("list", type=Path, help="the frozen list")
    parser.add_argument("--secret", required=True, help="what the program officer revealed")
    parser.add_argument("--second-seed", required=True, help="what the second person gave")
    parser.add_argument("--winners", type=int, required=True, help="winners in each group")
    parser.add_argument("--reserves", type=int, default=0, help="reserves in each group")
    parser.add_argument("--group", nargs="+", choices=list(COLUMNS), default=list(COLUMNS))
    return parser.parse_args()


def draw(path: Path, seed: str, count: int, group: list[str]) -> Iterator[Winner]:
    """In each group the `count` lines with the smallest SHA-256 of `seed:idpel`, in that order."""
    best: dict[Line, list[tuple[int, Line]]] = defaultdict(list)
    for line in _lines(path):
        key = -int(sha256(f"{seed}:{line[0]}"), 16)  # negative: the heap's first is the worst so far
        heap = best[tuple(line[COLUMNS[name]] for name in group)]
        (heapq.heappush if len(heap) < count else heapq.heappushpop)(heap, (key, line))
    for heap in best.values():
        for rank, (_, line) in enumerate(sorted(heap, reverse=True), 1):
            yield line, rank


def _lines(path: Path) -> Iterator[Line]:
    with path.open(encoding="utf-8") as file:
        next(file)  # the rule
        for text in file:
            yield tuple(text.rstrip("\n").split(","))


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


if __name__ == "__main__":
    main()
