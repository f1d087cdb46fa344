"""Decides whether two sessions are the same, and says why not.

`record.py` holds the result's types: everything a report shows is in a `ParityRecord`. This room reads
session directories and nothing else; it knows neither backends nor pytest.
"""
