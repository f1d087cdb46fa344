"""Drivers of the shop."""

import os


class Prices:
    """Writes a price list, and says how nice its process is."""

    kind = "writer"
    requirements = []
    options = {"path": {"type": "output_path", "required": True, "summary": "The list."}}

    def run(self, *, step_id, config, inputs, ctx):
        (ctx.output_dir / config["path"]).write_text(f"apple  {1 + os.nice(0) / 1000:.3f}\n")
        ctx.log_event("priced", list=f"{os.urandom(16).hex()}")
        return {}
