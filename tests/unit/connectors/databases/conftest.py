"""What tests at the boundary of drivers have in common."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def fake_of() -> Callable[[str], ModuleType]:
    """Loads a module of `tests/fakes` by its name: the tests are no package, so by its path."""

    def load(name: str) -> ModuleType:
        file = Path(__file__).parents[3] / "fakes" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(f"penstock_fakes_{name}", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="module")
def driver(fake_of: Callable[[str], ModuleType]) -> ModuleType:
    """`tests/fakes/driver.py`."""
    return fake_of("driver")
