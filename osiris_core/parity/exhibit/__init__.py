"""What a report shows of the two sessions themselves: what each step was given, said and left, both sides line against line.

    exhibit = read_exhibit(record, roots)

A record has the differences; an exhibit has everything around them, read from the session directories while these are there.
It decides nothing: the verdict stands in the record.

`model` has the values, `reading` reads them.
"""
