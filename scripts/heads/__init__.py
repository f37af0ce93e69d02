"""Heads of people who never lived: shapes from formulas, painted and lit.

    people.py     who they are, in numbers
    solids.py     distances to simple solids, and how solids melt into each other
    shape.py      a head from solids
    paint.py      the colour of every point
    picture.py    rays, light and shadow

A head looks along +z, +y is up, and its right side lies at -x. Lengths are in tenths of a metre, the middle between the
eyes is about the origin. Points are float32 (n, 3), colours are RGB in [0, 1].
"""
