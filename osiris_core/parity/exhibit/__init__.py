"""What a report shows of the two sessions themselves: what each step was given, said and left, both sides line against line.

    exhibit = read_exhibit(record, roots)

A record has the differences; an exhibit has everything around them, read from the session directories while these are there.
It decides nothing: the verdict stands in the record. What belongs together, and what the rules set aside, is found by the functions
of the comparison itself, under the rules that the record names; a test holds every row against the findings.

``model``      the values                      ``reading``     reads them: sessions that are whole, torn or gone
``places``     where a session may lie         ``building``    puts the parts together
``text_rows``  lines as rows; ``streams`` logs and printed output, huge ones too
``event_rows`` and ``metric_rows`` records as rows; ``forms`` what the rules made of a record
``contents``   the bytes of an artifact that differs
``entries``    the artifact trees              ``cutting``     what of a long stream is shown
"""
