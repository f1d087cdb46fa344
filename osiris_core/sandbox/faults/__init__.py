"""Faults on purpose: what a network, an edge and a control plane do to a client on a bad day, on request and counted.

``model``       a fault: where, when and what (standard library only)    ``reading``  the same as JSON, and what is wrong with it
``plan``        the faults of one server, and which of them is due       ``places``   where in the API a request arrives
``layer``       before the application: whose request it is       ``request``  the faults that one request meets
``bytes``       faults at a byte of a body or a stream            ``answers``  what is said instead of the truth
``output``      faults of a command's stream, between its pipes and its subscriber
``connection``  one client's connection: ended in order, reset, or left hanging
"""
