"""Structured logs: one line a fact, ids only. An exception shows where it happened, never the values it quotes."""

import logging
import sys
import traceback
from functools import partial
from types import TracebackType
from typing import Any, TypeAlias, cast

import structlog
from structlog.typing import EventDict, WrappedLogger

from hub.settings import LogFormat, Settings

ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None]
_INNERMOST = 6


def configure(settings: Settings, *, process: str) -> None:
    """Make every line of this process carry its name; other people's libraries are heard from warnings on."""
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if settings.log_format is LogFormat.TEXT
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _where_instead_of_what,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level.upper()),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_FirstLine())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    sys.excepthook = partial(_crashed, process)
    # Drivers and servers quote documents and addresses in what they log: only that something happened is kept.
    for name in ("pymongo", "httpx2", "uvicorn.access", "mail.log", "strawberry.execution"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


class _FirstLine(logging.Formatter):
    """What other people's libraries log: one line, for the lines after it quote (asyncio shows a task's error)."""

    def format(self, record: logging.LogRecord) -> str:
        """Give level, name and first line, and of an exception its class and where it happened."""
        line = f"{record.levelname} {record.name} {record.getMessage().partition(chr(10))[0]}"
        if record.exc_info and record.exc_info[1] is not None:
            line = f"{line} {type(record.exc_info[1]).__name__} at {', '.join(_where(record.exc_info[2]))}"
        return line


def _crashed(process: str, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return  # somebody pressed Ctrl-C, and knows
    structlog.get_logger(__name__).critical("crashed", process=process, exc_info=(kind, error, trace))


def _where_instead_of_what(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace an exception by its class and the places it went through: its message may quote a customer."""
    kind, _, trace = _exception(event.pop("exc_info", None))
    if kind is not None:
        event["error"] = kind.__name__
        event["where"] = _where(trace)
    return event


def _where(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-_INNERMOST:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]


def _exception(info: object) -> ExcInfo | tuple[None, None, None]:
    if isinstance(info, BaseException):
        return type(info), info, info.__traceback__
    if isinstance(info, tuple):
        return cast("ExcInfo", info)
    return sys.exc_info() if info else (None, None, None)
