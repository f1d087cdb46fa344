"""What Osiris' compiler made, as a manifest of ours. What is true of Osiris only stands here.

``compiled``    the build directory (`manifest.yaml`, `cfg/<step>.json`) as the nodes and the layout of our own form
``components``  which driver stands for each of Osiris' components, and what becomes of the fields of its config
``translation`` a config that Osiris compiled becomes the config of that driver
``names``       what Osiris calls tables, and ids that ours cannot be
``imported``    the way out: such a manifest written down in our own form (`osiris-parity import`)

It makes nodes and leaves reading them to ``manifest``: only its loader comes in here, by ``compiled``.
"""
