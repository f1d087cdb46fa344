"""Files that hold files: gzip and its like, zip, tar. Compared by what they hold, with the comparers for that.

``members``  what two containers hold, member by member   ``streams``, ``gzip_header``  gzip, bzip2, xz, Zstandard
``zipped``, ``zip_layout``  zip                          ``tarred``, ``tar_headers``  tar
``digests``  what one container holds, as a digest

When, how and by what a container was made (`container-metadata`) is set aside, field by field. Bytes that are neither a
member nor a field that is known to be of that kind are a difference. Nothing is ever unpacked to where a name in it says.
"""
