"""Carries a request to a target and its bytes back: `local` and `venv` on this machine, `e2b` through the E2B SDK.

A backend moves bytes. It knows no event name and no file format: frames go to the session's writer as they
arrive, and files with artifacts as the session asks for them.

``protocol``   what a backend is given and gives back         ``confirm``    whether the right worker says hello
``catalog``    which backends there are                       ``extension``  what others need to bring one
``venv``       ``local`` with another environment's interpreter, as it is given in ``imitation``
``local``      a child process: ``local_worker`` holds it, ``local_following`` listens to it
``e2b``        one sandbox a run, by ``sandbox_run``, which tells it what ``sandbox_home`` says; ``loop`` runs the SDK,
               ``sdk`` says which one, ``provider`` whose API; the sandbox is ``leased``, and ``retrying`` says what is asked again
               ``attendance`` follows a worker that runs, by ``following``, and fetches what it made
               ``reach`` is all that ``following`` asks of a transport: ``filling`` reads what is missing from the spool,
               ``acknowledging`` lets the worker free it, ``backoff`` spreads attempts over time, ``retrying`` says which make sense
               ``sandbox_worker`` is that transport over the SDK, ``spool_ranges`` its way to parts of the spool;
               ``fetching`` brings artifacts, beside the following; both read by ``ranges``; ``counterpart`` says what need not come
               ``leased`` is a sandbox that lives while its host does, ``owned`` finds sandboxes of ours, ``leftovers`` what
               dead hosts left, ``resumption`` takes a run up,
               ``limits`` bounds how many there are, ``keeping`` says how one that is kept is reached, ``stopping`` says what a stop leaves time for
``warm``, ``warm_e2b``  targets that are kept ready for many short runs

What a target is given:

``bundle``     the worker's code, by digest                   ``workspace``  declared inputs and code
``closure``    declared distributions                         ``interpreter``  which Python they are for
``templates``  what shows exactly these in a sandbox: a ``farm`` that is ``registered`` with the embedded server, or
               ``built`` by the provider through its ``template_service``, as far as it is no ``known_templates``
``cache``      where bundles and ``farms`` lie
"""
