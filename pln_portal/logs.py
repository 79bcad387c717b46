"""One JSON line per log record, without personal data.

Local variables, the values in a database's complaint and long numbers (NIK, IDPEL, phone, meter) never
reach a line.
"""

import logging
import re
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

LONG_NUMBER = re.compile(r"(?<![\w-])\+?\d[\d ]{7,}\d(?![\w-])")
KEPT_AS_IS = {"timestamp", "request_id", "level", "logger", "task_id"}


def hide_numbers(logger: Any, name: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """A net under everything else: runs of nine digits and more become their last two."""
    return {key: value if key in KEPT_AS_IS else _hidden(value) for key, value in event.items()}


def _hidden(value: Any) -> Any:
    if isinstance(value, str):
        # PostgreSQL puts the refused row into DETAIL.
        return LONG_NUMBER.sub(lambda match: "…" + match[0][-2:], value.partition("DETAIL:")[0])
    if isinstance(value, dict):
        return {key: _hidden(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(inner) for inner in value]
    return value


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]

structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_SHARED,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)


def json_formatter() -> logging.Formatter:
    traceback = structlog.processors.ExceptionRenderer(
        structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            traceback,
            hide_numbers,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
