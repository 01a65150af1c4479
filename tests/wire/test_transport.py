"""The transport layer: credentials, versions, bodies, answers, errors, paging, credits."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from penstock.api.app import Penstock
from penstock.kit.clock import FixedClock
