"""Pictures that differ, or that one side alone has, in the page: both beside each other, and laid over each other.

    gallery = Gallery(roots)
    view = gallery.of(record)(finding, path, names)     # None where neither file is a picture

A picture is somebody else's file and goes to the reader's browser, so what it is and what it would cost is read from its bytes first.

``facts``     what is known of a picture before anybody decodes it, and the limits that it has to keep
``rasters``   PNG, GIF, JPEG and WebP, from their headers
``vectors``   SVG: its size, and how many elements a browser would make of it
``gallery``   which pictures a page has room for, as the page shows them
"""
