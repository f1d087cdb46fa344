"""What a test is handed: runs and what they left, and what runs manifests.

``run``        `Run`, read from the session directories; ``agreement`` is what is true of both targets in it
``artifacts``  the files that steps left, by name (``named``); ``tables`` reads one as a table
``likeness``   when two runs are equal; ``explaining`` says of a failed assertion where they are not
``osiris``     `Osiris`, for tests that run manifests by themselves; ``building`` writes manifests for it
``sandboxes``  an embedded server for E2B programs of one's own
``fuzzing``    `osiris_fuzz`, generated manifests over one's own drivers
"""
