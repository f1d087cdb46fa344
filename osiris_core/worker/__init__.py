"""Executes the steps of one request inside a target and writes down what happened.

This package ships to the target and needs the standard library only; of this project it uses `wire`, and, inside
functions, `drivers`. Both targets start it the same way:

    <python> -s -P <bundle.pyz> run <run directory>

The bundle is a zip with `__main__.py` (`raise SystemExit(osiris_core.worker.main.main())`) and the packages
`osiris_core/{__init__,wire,worker,drivers}`; compiled modules beside the sources make it start faster.
The run directory holds `request.json`, `placement.json` and, where files are staged, `workspace.pack`.

Two processes share the work. The supervisor is small and outlives any driver; the executor runs the drivers.

    main         which of the two this process is
    running      one run, from its beginning to its exit code
    supervisor   the loop: time, control, output, records, the executor's death
    launch       starts the executor so that nothing survives it          processes  the system calls for that
    merge        brings the executor's records and its output in order    messages   how records come over
    recorder     writes down what comes out of that
    spool        numbers, digests and writes every record                 segments   the files it lies in
    live         the copy on stdout                                       throttle   waits at the spool's cap
    ledger       what became of each step                                 outcome    how the run ended, and why
    memory       whether it was killed for memory                         ending     the last records
    staging      what lies in the run directory                           control    what may be said on stdin
    executor     the executor's life: hello, steps, exit                  steps      the life of one step
    attempts     one try at a step                                        orders     what the supervisor tells the executor
    context      what a driver is given as `ctx`                          outputs    what steps hand on
    capture      logging becomes records                                  disclosure what a driver is told of secrets
    streams      fd 1 and 2                                               stop       SIGTERM
    outbox       the files a step left                                    failure    an exception as data
    shipping     which way they take to the host                          masking    tokens for secrets, before all else
    snapshot     the world the executor finds itself in                   environment  the variables it is given
    serving      many runs by one process                forking    the executor as a fork of it
"""
