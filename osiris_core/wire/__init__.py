"""What worker and host say to each other: requests, frames, records, packs and their digests.

This package ships to the target, so it needs the standard library only and imports nothing of this project:

    canon    canonical JSON and its SHA-256        request  what is asked of a worker, and where it runs
    frames   one record as one ASCII line          parts    records too long for one line
    digest   the running digest over all frames    records  the kinds of record and what is in them
    paths    which relative paths may travel       roots    one digest for a whole tree of files
    pack     a tree of files as one stream         names    what the table of a step is called
    secrets  what a run is told and no file holds   secret   one of them, as a driver gets it
    needles  the forms in which one comes out again masking  tokens in their place, in a stream
    leaks    the look for them in files             masked_records  which parts of a record are masked
    limits   how much a run may leave               segments the files that a spool lies in
    values   what the classes here are made by      errors   the one error of this room

The formats are described in `docs/wire.md`.
"""

from __future__ import annotations

from osiris_core.wire.errors import WireProtocolError

__all__ = ["WireProtocolError"]
