"""What tests at the boundary of drivers have in common."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def driver() -> ModuleType:
    """`tests/fakes/driver.py`: the tests are no package, so it is loaded by its path."""
    file = Path(__file__).parents[3] / "fakes" / "driver.py"
    spec = importlib.util.spec_from_file_location("penstock_fakes_driver", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
