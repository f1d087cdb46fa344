"""Turns the records of a check into what people read: an HTML page, its JSON, and terminal lines.

Everything shown here stands in a `RecordSet` or in the sessions that it names; nothing is measured, compared or decided in this room.

``files``        `write_report`: the page and the record beside it, both written atomically
``html``         `render_html`: one self-contained page, from the files under ``templates/`` (``sections/`` of a manifest, ``style/``, ``script/``)
``markdown``     `render_markdown`: the summary of a CI job; ``annotations`` failures as GitHub shows them at a line
``terminal``     `summary_lines`: the table and the failures, for pytest and the command line
``text``         the visible form of text that nobody vouched for
``marks``        word, symbol and order of every verdict and step state
``sentence``     the first sentence a reader sees; ``cause`` why a manifest fails, in a line; ``search`` what it can be found by
``equal``        why values of a manifest count as equal; ``ledger`` the same over all of them
``rules``        what declared rules did, in a line each
``since``        what changed since older records
``baselines``    what a stored session said of a run held against it
``gathered``     where records of many came from; ``about`` what the page holds; ``as_text`` a failure as text to copy
``place``        where a target ran, said so that nobody takes one provider for another
``page``         the page as data; ``manifest_view`` one manifest of it, ``shared_environments`` where they ran, by ``environment``
``findings``     the differences of a manifest, made by ``arranging`` into what ``finding_view`` has of each
``picture``      what a manifest looks like: ``steps`` in a table, ``timeline`` as lanes by the clock (of ``spans``) and by step (in ``columns``)
``graph``        the graph of the steps, made small by ``condensing`` and laid out by ``layering``
``alignment``    steps of all targets beside each other; ``standing`` how each of them stands
``outcomes``     how targets ended, side by side; ``evidence`` what a verdict rests on; ``explained`` the words of both
``anchors``      addresses within the page
``diffs``        a unified diff as numbered lines; ``words`` what differs in two texts, ``lookalikes`` where they look the same
``table_view``   where two tables differ; ``json_view`` two JSON values, ``dumps`` bytes, ``trees`` files
``rest``         where what is left out of a difference can be found
``images``       pictures that differ, in the page
``bulk``         the lines of the sessions in the page, compressed, for its step inspector
``units``        numbers as people read them
"""
