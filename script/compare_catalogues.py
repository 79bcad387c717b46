"""Compare the catalogues of two locale folders: the committed one and one that makemessages just updated.

Texts that only the committed one has are fine: the next makemessages drops them. Catalogues in `libraries/`
translate texts of other packages, so they have no fresh counterpart and must only be complete.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

LANGUAGES = ["id"]  # required; others are checked where they exist


def catalogue(path: Path) -> Catalog:
    if not path.exists():
        return Catalog()
    with path.open("rb") as file:
        return read_po(file)


def is_translated(message: Message) -> bool:
    texts = message.string if isinstance(message.string, tuple) else (message.string,)
    return all(texts)


def flaws(committed: Catalog) -> Iterator[str]:
    for message in committed:
        if message.id and message.fuzzy:
            yield f"fuzzy: {message.id!r}"
        elif message.id and not is_translated(message):
            yield f"not translated: {message.id!r}"


def gaps(committed: Catalog, fresh: Catalog) -> Iterator[str]:
    for message in fresh:
        if message.id and committed.get(message.id, message.context) is None:
            yield f"missing: {message.id!r}"


def report(path: Path, fresh: Path) -> int:
    """Print what is wrong with the catalogue `path`, and how many texts it has. Returns how much is wrong."""
    if not path.exists():
        print(f"{path} does not exist")
        return 1
    texts = catalogue(path)
    problems = [*flaws(texts), *gaps(texts, catalogue(fresh))]
    for problem in problems:
        print(f"{path}: {problem}")
    print(f"{path}: {len(texts)} texts")
    return len(problems)


def main(committed: Path, fresh: Path) -> int:
    found = 0
    languages = {path.parent.parent.name for path in committed.glob("*/LC_MESSAGES/django.po")}
    for language in sorted(languages.union(LANGUAGES)):
        for name in (Path(language), Path("libraries", language)):
            name /= "LC_MESSAGES/django.po"
            found += report(committed / name, fresh / name)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
