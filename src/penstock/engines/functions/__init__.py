"""Functions that no engine has exactly: written once over plain values, applied over Arrow arrays by every engine."""
