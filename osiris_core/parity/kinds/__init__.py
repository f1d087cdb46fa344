"""Compares two files whose bytes differ, by kind of file: CSV, JSON, other text, or bytes.

``protocol``    what a comparer is given and what it says   ``registry``  who compares which files
``containers``  files that hold files                      ``expansion``   how much may be taken out of one
``names``       what a name says that a file is
``encodings``   what bytes are as text                      ``large_text``  texts that are not held in memory
``table_files`` formats of tables, which ``tables`` compares  ``delimited``  CSV, which is text too
``extensions``  comparers that others bring                 ``opened``    a file that must stay as it is meanwhile

One module a kind. That bytes differ was settled by digest before; a comparer says where, or by which named rule the
files hold the same all the same.
"""
