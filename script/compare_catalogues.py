"""Compare the catalogues of two locale folders: the committed one and one that makemessages just updated.

Texts that only the committed one has are fine: they translate libraries.
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


def problems(committed: Catalog, fresh: Catalog) -> Iterator[str]:
    for message in committed:
        if message.id and message.fuzzy:
            yield f"fuzzy: {message.id!r}"
        elif message.id and not is_translated(message):
            yield f"not translated: {message.id!r}"
    for message in fresh:
        if message.id and committed.get(message.id, message.context) is None:
            yield f"missing: {message.id!r}"


def main(committed: Path, fresh: Path) -> int:
    found = 0
    languages = {path.parent.parent.name for path in committed.glob("*/LC_MESSAGES/django.po")}
    for language in sorted(languages.union(LANGUAGES)):
        name = Path(language, "LC_MESSAGES", "django.po")
        if not (committed / name).exists():
            print(f"locale/{name} does not exist")
            found += 1
            continue
        texts = catalogue(committed / name)
        for problem in problems(texts, catalogue(fresh / name)):
            print(f"locale/{name}: {problem}")
            found += 1
        print(f"locale/{name}: {len(texts)} texts")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
