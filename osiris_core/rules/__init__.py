"""What may differ between two sessions, declared: rules of normalization and waivers as values, before a comparison.

``waivers``   differences that are accepted for a while
``model``     a rule: id, reason, scope, kind, the shape that a value must have, and the bounds of what it may hide
``forms``     the canonical forms that a rule can name
``patterns``  wildcards, and regular expressions that cannot run away

A rule is the same for both sides. Who applies the rules, and counts what each one did, is `parity/`.
"""
