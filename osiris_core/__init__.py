"""The core of pytest-osiris: runs one pipeline manifest on two targets and says whether it behaved the same.

Rooms, in the order in which data walks through them (`docs/architecture.md` draws the picture):

``manifest``  a file becomes a `Manifest`
``secrets``   values that a run may know and no file may hold
``wire``      the request, frames and records that cross between host and target
``backends``  carry a request to a target and its frames back
``worker``    executes the steps inside the target; ``drivers`` are what steps call
``session``   the directory a run leaves behind
``parity``    two sessions become a verdict
``report``    verdicts become pages
``check``     composes all of these: the main verb. ``preparation`` makes what its targets share, ``target_run`` runs one of
              them, ``target_runs`` all at once, ``judgement`` makes a record of what they left; ``resumed`` does the same for a session whose host died
``plan``      says what a check would do; ``notes`` what may become a problem of it
``testing``   holds a driver to what every driver promises
``fuzz``      generated manifests, run on both targets and made small
``sandbox``   an E2B-compatible server for this machine, reached over HTTP only
``cli``       the command `osiris-parity`; what it has in common with the pytest plugin is in ``surface``

For everyone: ``errors`` is every error raised on purpose, ``choices`` what options can say, ``targets`` how targets are written, ``project`` what a project says for all
of its pipelines, ``signals`` what signals ask of a run.
"""
