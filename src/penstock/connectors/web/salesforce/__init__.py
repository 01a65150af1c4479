"""Salesforce by version 2.0 of its Bulk API: queries become lines, lines become records of an object.

Written from the published descriptions of the API; never run against the service.
"""
