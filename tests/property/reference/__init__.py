"""What expressions mean, written a second time: slow, obvious, from the rules of the language alone.

It shares nothing with the product, neither parser nor types nor values. `evaluate` gives the value of a tree over a record,
`printed` the text of a tree, as the language spells it; `grow` makes trees up.
"""
