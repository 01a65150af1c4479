"""Presets of the REST source: what is known of a service, as data, and how it is put into components."""

from penstock.lang.presets.expansion import expanded
from penstock.lang.presets.preset import BadPreset, Presets, Recordset, Service, built_in, known, read

__all__ = ["BadPreset", "Presets", "Recordset", "Service", "built_in", "expanded", "known", "read"]
