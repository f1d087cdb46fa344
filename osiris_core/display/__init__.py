"""Shows on a terminal how far runs are, while other output goes on: the one door that all of it passes.

``board``     the latest look at every run, from this process and from others
``words``     a look as people read it
``door``      who writes when: looks come in on any thread, one timer shows them, other output makes them wait
``live``      a few lines below the cursor, redrawn; made by ``drawing`` (rich) and ``region`` (control sequences)
``lines``     a line now and then, where nothing can be redrawn
``mailbox``   what a process without a terminal leaves for the one that has it
``choosing``  which of them
``terminal``  the descriptor of a terminal; ``streams`` text streams whose output waits for the door

Nothing here is imported by a run that shows nothing, and rich only where something is drawn.
"""
