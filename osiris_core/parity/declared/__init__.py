"""What declared rules do between two sides: how a value is claimed, judged and counted. `rulebook` is the way in.

``shapes``     whether a value is what a rule says it must be
``distance``   how far two numbers are apart, against a tolerance
``known``      what a run is known to have been given: directories, user, host name, ids
``ruling``     one rule between two sides: its judgement of two values, and the count of what it did
``stretches``  the stretches of a text that rules claim
``lines``      lines of text: stretches, known values and canonical forms, before the default rules
``plan``       all rules of one kind of record, step and name, over values of any depth
``multiset``   lists whose order means nothing
"""
