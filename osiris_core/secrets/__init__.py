"""Values that a run may know and no file may hold: found on the host when a run begins, told to the worker on stdin.

``environment``   where values come from: the host's variables, and a file of them where one was asked for
``resolution``    the references of a manifest become `Secrets`, or one sentence about all that is missing
``masked_record`` the result of a check with tokens in place of them
"""
