"""The core of pytest-osiris: runs one pipeline manifest on two targets and says whether it behaved the same.

Rooms, in the order in which data walks through them (`docs/architecture.md` draws the picture):

``manifest``  a file becomes a `Manifest`
``wire``      the request, frames and records that cross between host and target
``backends``  carry a request to a target and its frames back
``worker``    executes the steps inside the target; ``drivers`` are what steps call
``session``   the directory a run leaves behind
``parity``    two sessions become a verdict
``report``    verdicts become pages
``check``     composes all of these: the main verb
``sandbox``   an E2B-compatible server for this machine, reached over HTTP only
"""
