"""A file becomes a `Manifest`, or a list of everything that is wrong with it, each at its line and column.

Read in this order:

``text``       the file's bytes become text: size, encoding, characters
``tree``       the text becomes nodes that know their place; ``parser`` finds the events that ``builder`` makes them
               of, ``surrogates`` helps it with JSON's escapes, ``scalars`` says what a word means
``params``     the values that a manifest leaves open; ``substitution`` puts them where it refers to them
``problems``   where every other module reports; ``fields`` reads one value from one node
``header``     everything above the steps; ``files`` and ``patterns`` find what it declares on disk
``steps``      the steps; ``options`` holds their config against their driver, of which it knows the ``shapes``;
               ``graph`` orders them
``configs``    where a step's config stands; ``references`` what it refers to without holding it, ``connections`` the
               file where half of that is found
``osiris``     a room of its own: what Osiris' compiler left, as our form has it, and the way out of there
``expect``     the oracle
``collecting`` how pytest collects the file: marks and cases
``canonical``  the one form in which equal manifests are equal, and its fingerprint
``writing``    a manifest as text again
``overrides``  parameters as command lines and ini files give them
``schema``     the same rules as a JSON Schema, for editors
``loader``     composes all of these: the room's door; ``cases`` reads a file once for each of its cases
``model``      what comes out of it
"""
