"""One execution as a directory: who may write it, how it is verified, and how it is read.

    contract   version, file names, session ids       schemas/   a JSON Schema for every file of the contract
    writer     the one owner of a directory           reader     a directory as a `Session`

Behind the writer: `lock` keeps a second owner out, `handle` finds the run again when the `owner` has died, `intake`
takes frames exactly once into the `journal`, `landmarks` remembers what a run must know of them, `incoming` takes
the artifacts among them and, by `reception`, the files that are `wanted` besides, `adoption` makes the artifact tree visible at
once, `partial` keeps apart what came of one that is not whole, `walk` verifies the journal from disk, `export` turns it into the files of the contract,
`ending` decides the outcome and `closing` puts these together, with one `digest` over what the run said. `spool` reads what did
not come, `records` is what a record may hold, `joiner` makes one of several frames, and `guard` keeps secrets out.

For looking at what the reader refuses: `leniently` reads what can be read, by `torn_lines` and `trees`, and says the rest.

Behind the reader: `json_files`, `lines`, `record_lines` and `streams` are the forms of its files, `outline` is what is asked of events again and again, `volatile` which of their fields may vary. The contract is described in `docs/contract.md`.

Nothing is imported here: reading a session needs neither the journal nor msgspec's record types.
"""

from __future__ import annotations
