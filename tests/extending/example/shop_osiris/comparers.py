"""Comparers of the shop."""

from osiris_core.parity.kinds.protocol import FileComparison, FileFinding, FilePair, SetAside


class PriceList:
    """Compares price lists to the cent."""

    name = "price list"

    def claims(self, path: str, head: bytes) -> bool:
        return path.endswith(".prices")

    def compare(self, pair: FilePair) -> FileComparison:
        left, right = (float(file.read_text().split()[1]) for file in (pair.left, pair.right))
        if round(left, 2) == round(right, 2):
            return FileComparison(set_aside=(SetAside(rule="to-the-cent", reason="the shop has no smaller coin"),))
        return FileComparison(findings=(FileFinding(message="another price", left=str(left), right=str(right)),))
