"""The pytest plugin of pytest-osiris; `plugin.py` holds the hooks. Importing this package costs nothing."""
