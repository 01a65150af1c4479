"""Google Sheets by version 4 of its API: rows become lines, lines become rows.

Written from the published descriptions of the API; never run against the service.
"""
