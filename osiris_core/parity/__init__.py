"""Decides whether two sessions are the same, and says why not.

``record``       the result's types: everything a report shows is in a `ParityRecord`; ``record_io`` has them as JSON,
                 ``record_schema`` says in JSON Schema what that is, ``record_bounds`` and ``record_limits`` what is no record
``compare``      the comparison: ``evidence`` first, then ``layers/``, one after the other, then the verdict
``side``         one session as the layers see it; ``pair`` two of them, ``ledger`` what was found
``kinds/``       artifacts by kind of file; ``values`` and ``lines`` say where two of these differ
``rulebook``     the declared rules between two sides; ``declared/`` is what each of them says and counts
``text``         text between two sides, under the rules of ``noise``; ``streams`` has it piece by piece
``tree_pairs``   which file of one tree belongs to which of the other; ``tree_others`` what is no file
``writings``     texts that say the same and are written differently
``shapes``       what a volatile value must still look like; ``failures`` errors as both sides report them
``expectations`` whether a session does what `expect` says; ``artifact_rules`` for one artifact
``causes``       which differences follow from which; ``waived`` which are accepted for a while
``clues``        what the two environments suggest about a difference
``hints``        what to do about a difference            ``summary``  all of it in the words of a report
``transported``  how a target's records came, and what of them was verified
``gates``        what a gate asks beyond a verdict        ``merging``  one set of records of many
``since``        what changed between two sets of records; ``facts`` of an environment by name
``coverage``     what was never compared, by the ``classes`` of options and values that steps were tried with
``triage/``      where a divergence comes from, found out by runs that it asks for
``exhibit/``     what a report shows of the sessions themselves
``foreign/``     what `diff` is given, wherever it was made, as two sides of a comparison

This room reads session directories and nothing else; it knows neither backends nor pytest.
"""
