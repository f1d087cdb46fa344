"""Compares files that are tables: by their schema, their rows and their cells, whatever the container looks like.

``model``    what a table is here: an exact Arrow schema, and a way to read its rows as often as needed
``schema``   names, types, nullability and order of columns    ``plain``    brings columns to types that can be compared
``cells``    when two cells are equal, and by how much they differ: the only place where that is decided
``rules``    what declared rules say of a table                ``told``     differences and their findings
``tally``    counts differing cells, and keeps the first of them
``stream``   rows by their number, in constant memory          ``engine``   queries, for everything without order
``connections`` a private DuckDB, one for all tables of a comparison
``multiset`` rows counted by their hashes                      ``keyed``    rows matched by a key; ``keys`` finds one
``judge``    the order of work: schema, rows in order, hashes, key; on inequality only as much as has to be told

``parquet``, ``arrow_ipc``, ``json_lines``, ``sqlite``, ``duckdb_file`` and ``csv_cells`` read one format each,
``databases`` compares files of many tables;
``csv_lines`` cancels what large CSV files have in common, ``canonical`` has the forms of text cells;
``comparer`` is what the registry asks. pyarrow and DuckDB are imported inside the functions that need them.
"""
