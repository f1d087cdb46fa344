"""Triage with real reruns: `parity/triage` says what is to be run again, and this room runs it.

`deciding.py` says whether a record is triaged, and what becomes of it; `rerunning.py` runs the check's request once more on a
target; `imitation.py` gives a local run the sandbox's environment, factor by factor, with `namespace.py` for what only a
namespace can show: other paths, another user, another host name, fewer files.
"""
