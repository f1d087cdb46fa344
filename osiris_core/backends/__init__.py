"""Carries a request to a target and its bytes back: `local` on this machine, `e2b` through the E2B SDK.

A backend moves bytes. It knows no event name and no file format: frames go to the session's writer as they
arrive, artifacts come back as one verified pack. What a target is given is prepared here too: the `bundle`
(the worker's code, by digest), the `workspace` (declared inputs and code), the `closure` (declared
distributions) and the template that shows exactly these: a `farm`, `registered` with the embedded server, or
`built` by the provider through its `template_service`.
`warm` and `warm_e2b` keep a target ready for many short runs.
"""
