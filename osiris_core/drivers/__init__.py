"""What the steps of a pipeline call: the driver protocol, the built-in drivers, and the description of tables.

``protocol``     what a driver is; ``registry`` which ones are built in, ``builtin/`` how these declare themselves, ``loading``
                 makes one of them
``tables``       what a table is, described by ``digests`` and ``statistics`` over ``exact`` types, which
                 ``arrow_types`` are brought to; ``engine`` computes them
``frames``       as what a table is handed to a driver; ``inputs`` which ones a step has, ``spill`` how large ones wait
``files``        those that drivers read, and the artifacts they make; ``file_copy`` copies one
``csv_*``, ``jsonl_*``, ``parquet_*``  a pair of drivers each, with what only they need; ``moments`` are times as texts
``sql_*``        a pair for ``database_files``, which are one of ``sqlite_file`` and ``duckdb_file``
``duckdb_processor``, ``python_callable``, ``shell_command``  the other drivers
``catalog``      all drivers that a manifest may name: ``modules`` finds a class, ``stated`` reads what it says,
                 ``declaration`` checks it. These four are the host's part, and no import of the worker leads to them

This room ships to the target: it imports the standard library only, and an engine inside the function that needs it.
"""
