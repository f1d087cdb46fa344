"""A test's checks: run, judged, kept, and said in a few lines.

``checks``     runs a manifest for a test: the one place where the plugin meets the engine
``marked``     the check of a marked test; ``asking`` what options ask for, ``hook_rules`` what other plugins declare
``attempts``   one attempt at a test and its records; ``store`` puts them on disk, ``entry`` and ``flat`` into its properties
``judging``    what other plugins hold against a check; ``baselines`` what an earlier one does
``conditions`` marks of a manifest that hold only sometimes
``failure``    the few lines that a failed check shows; ``masking`` takes secrets out of what pytest shows
``progress``   how far runs are, while they last
``retention``  which sessions outlive the run
"""
