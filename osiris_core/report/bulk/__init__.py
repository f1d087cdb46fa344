"""The lines of both sessions in the page: compressed, inert, and read by the script when somebody asks for them.

    bulk = Bulk()
    lanes = bulk.add(exhibit, record, limit_bytes=...)     # one manifest after the other
    chunks = bulk.chunks()

Exhibits are taken one at a time and leave nothing behind but their compressed form, so that memory does not grow with them.

``lines``      a row as text: in its visible form, cut where it is very long
``streams``    everything a step has as rows: events, metrics, log, printed lines, and config and artifacts too
``chunks``     blocks of rows, packed into chunks of compressed text up to a budget
``embedding``  the lanes of a manifest: what of it is in the page, what is not, and where that is

A chunk is gzip in base64. Inside are blocks, with U+001E between them. A block is the directory of a manifest (JSON) or rows of a
stream, one a line: a sign (``=~!<>``), then left, right, left and right normalized, and numbers of rules, with tabs between
them and empty ends left out; ``@`` sets the numbers of the next lines. No text has such characters: in the visible form of a
text, control characters are marks.
"""
