"""How far runs are while they last: one typed stream, which knows no backend, no terminal and no pytest.

``model``     `Progress`, one look at one target of one check; `Observer`, who is told
``telling``   tells an observer, and lets nothing of it into the run
``checks``    follows one check: its phases, its targets, its reruns
``targets``   follows one target: the backend's phases, and the worker's records as they pass

Whoever is told nothing costs nothing: without an observer there is no watch, and a record passes one test for None.
"""
