"""What the steps of a pipeline call: the driver protocol, the built-in drivers, and the description of tables.

`protocol` says what a driver is, `registry` which ones are built in, `tables` how a table is described by digests, `frames` as
what it is handed to a driver, `spill` how a large one waits for its use.
This room ships to the target: it imports the standard library only, and an engine inside the function that needs it.
"""
