"""The declarations of the built-in drivers: what a manifest is checked against, and what a reader is shown.

No driver and no engine is imported here; `osiris_core.drivers.registry` gathers them.
"""
