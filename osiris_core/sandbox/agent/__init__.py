"""The program inside a sandbox: starts commands, opens files, reports exits. Standard library only.

In a namespace it is process number 1 and is mounted, not installed, so it imports its neighbours relatively and nothing
else of this project. It speaks frames (`wire`) over one inherited socket, answers each request in turn, and ends, and
with it everything in the sandbox, when the server's end of the socket closes.
"""
