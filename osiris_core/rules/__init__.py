"""What may differ between two sessions, declared: rules of normalization and waivers as values, before a comparison.

``waivers``   differences that are accepted for a while
``model``     a rule: id, reason, scope, kind, the shape that a value must have, and the bounds of what it may hide
``forms``     the canonical forms that a rule can name
``presets``   rules that many projects need, under one name
``reading``   rules from plain data, with everything that is wrong; ``writing`` is the way back, and a digest
``files``     a file of rules
``patterns``  wildcards, and regular expressions that cannot run away

A rule is the same for both sides. Who applies the rules, and counts what each one did, is `parity/`.
"""
