"""Carries a request to a target and its bytes back: `local` on this machine, `e2b` through the E2B SDK.

A backend moves bytes. It knows no event name and no file format: frames go to the session's writer as they
arrive, artifacts come back as one verified pack. What a target is given is prepared here too: the `bundle`
(the worker's code, by digest), the `workspace` (declared inputs and code), the `closure` (declared
distributions) and its `farm` (the read-only tree that shows exactly these).
"""
