"""An E2B-compatible server for this machine, driven by the unmodified `e2b` SDK.

A sandbox is one bubblewrap namespace whose process number 1 is a small agent. The server owns the network side and one
socket to each agent; it never touches a path of a sandbox itself. This room imports nothing else of `osiris_core`.

Where things are, in the order in which a request meets them:

``launch``      starts and stops the server as a process of its own (standard library only)
``settings``    how to serve, and what is tried first       ``server``  the process: signals, lifeline
``app``         who answers a request: edge, control plane or envd
``control``     create, list, kill, time limits             ``local_api``  what only this server has: templates, counters, faults
``template_api``, ``build_api``  the SDK's template builder  ``given``  what a request's body and query must be
``recipe``, ``install``, ``builder``, ``workshop``  a build: read, installed, run, kept    ``catalog``  what was built
``registry``    the living sandboxes                        ``templates``  what a sandbox is made from
``isolation``   which way to isolate works here             ``namespace``, ``profile``, ``plain``  the two ways
``probe``       whether a template's interpreter starts there
``link``        the server's end of an agent's socket       ``agent``  the program inside (standard library only)
``processes``   commands, their output and its subscribers  ``process_service``  the same as remote calls
``filesystem_service``, ``files_http``, ``multipart``, ``signatures``  files, as remote calls and as plain HTTP
``faults``      what goes wrong on request, counted
``launcher``, ``guard``  start and end the process of a sandbox   ``pipes``, ``fanout``  its output, to who listens
``requests``, ``ranges``, ``replies``, ``connect_errors``  what is asked, and how a no is said    ``stats``  what was asked, counted
``stubs``       the only module that imports the SDK's generated server classes
"""
