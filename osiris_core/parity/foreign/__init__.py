"""Reads what `diff` is given, wherever it was made, so that one comparison serves all of it.

``protocol``  a layout: what it recognises, and what it says of one side   ``layouts``  who reads a path
``own``       our own sessions, torn ones too      ``trees``  plain directories and files
``osiris/``   run directories of Osiris            ``secrets``  secrets that stand in clear
``guarded``   files that hold some, compared without showing them
``pairs``     two readings as the evidence of a comparison

A layout reads and marks; it never decides. Whatever it leaves out or calls by another name is declared with a reason,
counted, and shown as a rule that was used.
"""
