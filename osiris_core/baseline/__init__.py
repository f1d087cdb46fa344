"""Baselines: a stored normalized session that later runs are held against.

``document``   a baseline as values, and ``layout`` the same as lines that read well in a diff, and back
``tokens``     text without what varies, `<project>` and `<duration>`, and text as a run would have written it
``frames``     tracebacks without the lines of this package
``known``      what a declared rule knows of one run, as the baseline's own
``window``     the time that text may speak of
``making``     a session becomes a baseline: its document, and the artifacts as they are
``files``      artifacts: which are kept as they are, and of the others digest and summary
``reading``    a baseline becomes a session, which the comparison takes as its left side
``holding``    a session held against a baseline, by `parity` and nothing else
``merging``    a new baseline beside the one that it replaces
``writing``    a directory, whole or not at all, and never with a secret in it
``settling``   what a check's baseline says of it, and what is written: the one call of plugin and command line
``places``     where baselines lie, and whose they are     ``unused``  those that nobody holds anything against

It knows no pytest. Nothing is compared here that the engine compares: what is missing in a baseline (times, the session's id, where
things lie) is given values of its own as it is read, which the same normalizers set aside.
"""
