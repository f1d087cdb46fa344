"""What may differ between two sessions, declared: the rules of normalization as values, before anything is compared.

``model``   a rule: id, reason, scope, kind, the shape that a value must have, and the bounds of what it may hide
``forms``   the canonical forms that a rule can name

A rule is the same for both sides. Who applies the rules, and counts what each one did, is `parity/`.
"""
