"""Checking: text and documents in, typed expressions and diagnostics out. It never raises and never stops at the first
finding."""
