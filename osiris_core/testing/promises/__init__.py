"""What every driver promises, one function a promise: it is given a `Subject` and returns a `Finding`.

`options` the declaration and the config, `inputs` what a driver is given, `output` what it makes, `surroundings`
what it leaves alone, `targets` a real run on both.
"""
