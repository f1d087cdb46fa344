"""Where a divergence comes from: the way the files took, chance, the environment, or the code.

`investigate` (investigation.py) goes from the cheap to the dear: what the worker said of its files against what is on
disk (transport.py); each target against itself (repeats.py, with bound.py for what that can exclude); then local runs
with the sandbox's environment (environment.py names what differs there, narrowing.py finds the smallest part of it that
makes the difference). What can be run again is a callable that is given: this room knows no backend.
"""
