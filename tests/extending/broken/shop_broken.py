"""Everything that an extension can get wrong, as far as one run can show it; manifests choose by their pipeline's id."""

from dataclasses import replace

from osiris_core.backends.protocol import TargetFacts


class Prices:
    """A driver whose declaration is not understood."""

    kind = "cashier"

    def run(self, *, step_id, config, inputs, ctx):
        return {}


class Backend:
    """A backend that raises what nobody foresaw."""

    def __init__(self, request):
        self.target = request.target

    def facts(self):
        return TargetFacts(target=self.target, provider="broken", isolation="none")

    def run(self, job, session, facts, cancellation):
        raise LookupError("no shop is open")

    def close(self):
        pass


class Comparer:
    """A comparer that raises."""

    name = "broken list"

    def claims(self, path, head):
        return path.endswith(".broken")

    def compare(self, pair):
        raise RuntimeError("the scales are away")


def pytest_osiris_normalizers(config, manifest):
    return {"id": "not-a-list"} if manifest.pipeline.id == "rules" else None


def pytest_osiris_verdict(config, item, record):
    return replace(record, passed=True) if record.pipeline_id == "verdict" else None


def pytest_osiris_report_section(config, records):
    return "<h1>Shop</h1>"
