"""The end of a run: what is said, written and held when all tests are over.

``summary``    the report, and the section `osiris parity` in the terminal; ``sections`` those that plugins add
``gates``      what the run as a whole must hold; ``unused`` the baselines that no test asked for
``publishing`` the Markdown summary and annotations; ``telling`` finds the way to the runner's log
"""
