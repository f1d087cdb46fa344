"""`python -m osiris_core.cli`."""

from __future__ import annotations

import sys

from osiris_core.cli import main

sys.exit(main())
