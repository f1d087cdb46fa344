from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from osiris_core.check import load
from osiris_core.drivers.catalog import DriverCatalog
from osiris_core.drivers.protocol import Option
from osiris_core.errors import DriverDeclarationError, ManifestError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.drivers.protocol import DriverSpec

DECLARED = '''
raise SystemExit("imported")


class Orders:
    """Reads orders from the shop.

    One request a page.
    """

    kind = "extractor"
    requirements = ["requests>=2", "pyarrow"]
    frame = "polars"
    effects = "external"
    options = {
        "url": {"type": "string", "required": True, "summary": "Where the shop is."},
        "pages": {"type": "integer", "minimum": 1, "maximum": 9, "default": 3},
        "fields": {"type": "strings", "choices": ["id", "total"]},
    }

    def run(self, **given):
        return {}
'''
OSIRIS = """
import nowhere_to_be_found


class Writer:
    def run(self, *, step_id, config, inputs=None, ctx=None):
        return {}
"""


@dataclass(frozen=True)
class Project:
    """A project with code of its own, and a directory on the search path beside it."""

    root: Path
    site: Path

    def write(self, relative: str, text: str) -> None:
        """Write a file below the root."""
        path = self.root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def install(self, name: str, *, points: dict[str, str], files: dict[str, str] | None = None) -> None:
        """Install a distribution with entry points."""
        info = self.site / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = "".join(f"{key} = {value}\n" for key, value in points.items())
        (info / "entry_points.txt").write_text(f"[osiris.drivers]\n{lines}")
        for relative, text in (files or {}).items():
            (self.site / relative).write_text(text)

    def find(self, name: str) -> DriverSpec | None:
        """Look a driver up."""
        return DriverCatalog(self.root).find(name, [self.root / "code"])

    def refusal(self, name: str) -> str:
        """Return why a driver cannot be used, without the project's place."""
        with pytest.raises(DriverDeclarationError) as caught:
            self.find(name)
        return str(caught.value).replace(f"{self.root}/", "").replace(f"{self.site}/", "")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose `code` holds declared and undeclared classes that cannot be imported."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    made = Project(root=tmp_path / "project", site=site)
    made.write("code/shop.py", DECLARED)
    made.write("code/theirs.py", OSIRIS)
    return made


def test_a_class_declares_itself_and_is_not_imported(project: Project):
    """Everything comes from the source, whose first statement would end the process."""
    spec = project.find("shop:Orders")
    assert spec is not None
    assert (spec.name, spec.target, spec.kind) == ("shop:Orders", "shop:Orders", "extractor")
    assert (spec.frame, spec.effects, spec.open_options) == ("polars", "external", False)
    assert spec.requirements == ("requests>=2", "pyarrow", "polars")
    assert spec.summary == "Reads orders from the shop."
    assert spec.documentation == "Reads orders from the shop.\n\nOne request a page."
    assert dict(spec.options) == {
        "url": Option(type="string", required=True, summary="Where the shop is."),
        "pages": Option(type="integer", minimum=1, maximum=9, default=3),
        "fields": Option(type="strings", choices=("id", "total")),
    }
    assert spec.source == f"{project.root}/code/shop.py:5:1"


def test_a_class_that_declares_nothing_is_taken_for_one_of_osiris(project: Project):
    """Pandas frames, any option, and what it requires is the manifest's to say."""
    spec = project.find("theirs:Writer")
    assert spec is not None
    assert (spec.frame, spec.open_options, spec.requirements, spec.kind) == ("pandas", True, (), "callable")


def test_a_class_that_declares_anything_is_one_of_ours(project: Project):
    """One attribute is enough: Arrow tables, and only the options that it declares."""
    project.write("code/some.py", "class Some:\n    kind: 'ClassVar[str]' = 'writer'\n    frame: str\n")
    spec = project.find("some:Some")
    assert spec is not None
    assert (spec.frame, spec.open_options, spec.kind, spec.effects) == ("arrow", False, "writer", "artifacts")


@pytest.mark.parametrize(
    ("required", "joined"),
    [
        ("[]", ("pandas",)),
        ("['pandas>=2']", ("pandas>=2",)),
        ("['Pandas[excel]']", ("Pandas[excel]",)),
        ("['pandas-stubs']", ("pandas-stubs", "pandas")),
    ],
)
def test_a_frame_brings_its_distribution(project: Project, required, joined):
    """Unless the class requires it in its own way."""
    project.write("code/some.py", f"class Some:\n    frame = 'pandas'\n    requirements = {required}\n")
    assert project.find("some:Some").requirements == joined


def test_declarations_are_followed_through_imports_and_bases(project: Project):
    """A package shows a class of its inside; what a base declares holds unless the class says otherwise."""
    project.write("code/pkg/__init__.py", "from .inner.base import Special as Driver\nimport nowhere\n")
    project.write(
        "code/pkg/inner/base.py",
        "from abc import ABC\nfrom ..common import Common\n"
        "class Special(Common, ABC):\n    kind = 'writer'\n    kind = 'processor'\n",
    )
    project.write("code/pkg/common.py", "class Common:\n    kind = 'writer'\n    requirements = ('polars',)\n")
    spec = project.find("pkg:Driver")
    assert spec is not None
    assert (spec.kind, spec.requirements) == ("processor", ("polars",))


def test_code_comes_before_the_search_path(project: Project):
    """As in a target."""
    (project.site / "shop.py").write_text("class Orders:\n    kind = 'writer'\n")
    (project.site / "beside.py").write_text("class Beside:\n    kind = 'writer'\n")
    assert project.find("shop:Orders").kind == "extractor"
    assert project.find("beside:Beside").kind == "writer"


@pytest.mark.parametrize(
    ("name", "text", "refusal"),
    [
        (
            "m:C",
            "class C:\n    kind = make()\n",
            "code/m.py:2:12: kind is computed (write its value there as a literal",
        ),
        ("m:C", "class C:\n    kind = 'writr'\n", "code/m.py:2:12: kind cannot be 'writr' (did you mean `writer`?)"),
        ("m:C", "class C:\n    frame = 3\n", "code/m.py:2:13: frame cannot be 3 (known: arrow, pandas, polars)"),
        ("m:C", "class C:\n    requirements = 'x'\n", "code/m.py:2:20: requirements is a list of texts, not 'x'"),
        ("m:C", "class C:\n    open_options = 1\n", "code/m.py:2:20: open_options is true or false, not 1"),
        ("m:C", "class C:\n    options = ['a']\n", "code/m.py:2:15: options is a mapping of names to mappings"),
        ("m:D", "class C:\n    pass\n", "code/m.py has no class D (the driver is m:D)"),
        ("m:C", "class C\n    pass\n", "code/m.py:1:8: expected ':'"),
        ("n:C", "", "there is no module n for n:C (its directory belongs under `code:`"),
        ("m.x:C", "", "there is no module m.x for m.x:C"),
        ("m:", "", "it is not of the form module:Class, but 'm:'"),
        ("m:a b", "", "it is not of the form module:Class, but 'm:a b'"),
    ],
)
def test_a_class_that_cannot_be_understood_is_refused_where_it_stands(project: Project, name, text, refusal):
    """With file, line and column."""
    project.write("code/m.py", text)
    assert project.refusal(name).startswith(refusal)


@pytest.mark.parametrize(
    ("option", "refusal"),
    [
        ("3", "is a mapping, not 3"),
        ("{}", "has no type (known: string, input_path"),
        ("{'type': 'text'}", "has no type 'text' (known: "),
        ("{'type': 'strng'}", "has no type 'strng' (did you mean `string`?)"),
        ("{'type': 'string', 'defalt': ''}", "has an unknown key 'defalt' (did you mean `default`?)"),
        ("{'type': 'string', 'default': 3}", "is contradictory: the default is no string it takes"),
        ("{'type': 'string', 'choices': ['a'], 'default': 'b'}", "is contradictory: the default is no string it takes"),
        ("{'type': 'integer', 'default': True}", "is contradictory: the default is no integer it takes"),
        ("{'type': 'string', 'required': True, 'default': 'a'}", "is contradictory: what is required has no default"),
        ("{'type': 'integer', 'choices': ['a']}", "is contradictory: only texts have choices"),
        ("{'type': 'string', 'minimum': 1}", "is contradictory: only numbers have a minimum or maximum"),
        ("{'type': 'number', 'minimum': 'a'}", "is contradictory: minimum and maximum are numbers"),
        ("{'type': 'string', 'required': 1}", "is contradictory: required is true or false"),
    ],
)
def test_an_option_that_cannot_be_understood_is_refused(project: Project, option, refusal):
    """At the option's own line."""
    project.write("code/m.py", f"class C:\n    options = {{\n        'x': {option},\n    }}\n")
    assert project.refusal("m:C").startswith(f"code/m.py:3:9: the option 'x' {refusal}")


def test_a_driver_of_the_configuration(project: Project):
    """It has a name; what the configuration says replaces what the class says."""
    project.write(
        "pyproject.toml",
        '[tool.osiris.drivers."shop.orders"]\nclass = "shop:Orders"\nframe = "arrow"\nsummary = "Ours."\n'
        '[tool.osiris.drivers."theirs"]\nclass = "theirs:Writer"\nkind = "writer"\nrequirements = ["pandas"]\n'
        'frame = "pandas"\n[tool.osiris.drivers.theirs.options]\npath = {type = "output_path", required = true}\n',
    )
    orders, theirs = project.find("shop.orders"), project.find("theirs")
    assert orders is not None
    assert theirs is not None
    assert (orders.frame, orders.kind, orders.summary, orders.target) == ("arrow", "extractor", "Ours.", "shop:Orders")
    assert orders.source == "pyproject.toml:1"
    assert (theirs.kind, theirs.requirements, theirs.frame) == ("writer", ("pandas",), "pandas")
    assert theirs.options["path"] == Option(type="output_path", required=True)
    assert theirs.open_options is False


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ('[tool.osiris.drivers.x]\nclas = "m:C"\n', "pyproject.toml:2: unknown key `clas` (did you mean `class`?)"),
        ('[tool.osiris.drivers.x]\nkind = "writer"\n', "pyproject.toml:1: a driver needs its class"),
        ('[tool.osiris.drivers.x]\nclass = "m"\n', "pyproject.toml:2 is not of the form module:Class, but 'm'"),
        (
            '[tool.osiris.drivers.x]\nclass = "shop:Orders"\nframe = "panda"\n',
            "pyproject.toml:3: frame cannot be 'panda' (did you mean `pandas`?)",
        ),
        (
            "[tool.osiris]\ndriver = 1\n",
            "[tool.osiris] in pyproject.toml has no key `driver` (did you mean `drivers`?)",
        ),
        ("[tool.osiris]\ndrivers = 1\n", "[tool.osiris.drivers] in pyproject.toml is not understood"),
        (
            '[tool.osiris.drivers.x.orders]\nclass = "m:C"\n',
            'pyproject.toml: unknown key `orders` (a name with dots is quoted: [tool.osiris.drivers."x.orders"])',
        ),
        (
            '[tool.osiris]\nrequirements = ["x y"]\n',
            "`requirements` of [tool.osiris] in pyproject.toml: 'x y' is no requirement (write the name of a distribution",
        ),
        (
            '[tool.osiris]\nrequirements = ["x @ file:///y"]\n',
            "`requirements` of [tool.osiris] in pyproject.toml: 'x @ file:///y' names an address (install it beside",
        ),
        ("[tool.osiris\n", "pyproject.toml cannot be read: "),
        (
            '[tool.osiris.drivers."duckdb.processor"]\nclass = "m:C"\n',
            "pyproject.toml:1: the driver `duckdb.processor` is built in (choose another name)",
        ),
        ('[tool.osiris.drivers."m:C"]\nclass = "m:C"\n', "pyproject.toml:1: `m:C` is no name of a driver"),
    ],
)
def test_a_configuration_that_cannot_be_understood_is_refused(project: Project, text, refusal):
    """With the line of the file."""
    project.write("pyproject.toml", text)
    assert project.refusal("x").startswith(refusal)


def test_a_driver_of_a_distribution_brings_it_along(project: Project):
    """The distribution that provides the entry point is what a sandbox needs."""
    project.install(
        "shop-drivers", points={"shop.sales": "sales:Sales"}, files={"sales.py": DECLARED.replace("Orders", "Sales")}
    )
    spec = project.find("shop.sales")
    assert spec is not None
    assert (spec.name, spec.target, spec.source) == ("shop.sales", "sales:Sales", "shop-drivers 1.0")
    assert spec.requirements == ("requests>=2", "pyarrow", "polars", "shop-drivers")


def test_a_distribution_whose_code_the_project_sends_itself_is_not_needed(project: Project):
    """A project under development is installed editable, which no sandbox can be shown; its `code` can."""
    project.install("own", points={"own.orders": "shop:Orders"})
    spec = project.find("own.orders")
    assert spec is not None
    assert spec.requirements == ("requests>=2", "pyarrow", "polars")


def test_two_distributions_with_one_name_are_refused_until_the_project_decides(project: Project):
    """Which is found first would depend on the machine; the project's word comes before both."""
    project.install("one", points={"shop.sales": "shop:Orders"})
    project.install("two", points={"shop.sales": "theirs:Writer"})
    assert project.refusal("shop.sales").startswith("one 1.0 and two 1.0 have a driver of this name (say which in ")
    project.write("pyproject.toml", '[tool.osiris.drivers."shop.sales"]\nclass = "theirs:Writer"\n')
    assert project.find("shop.sales").target == "theirs:Writer"


def test_nothing_takes_the_name_of_a_built_in_driver(project: Project):
    """Neither an installed distribution nor, when the project is prepared, its configuration."""
    from osiris_core.drivers.catalog import check_names
    from osiris_core.project import read_settings

    project.install("thief", points={"duckdb.processor": "theirs:Writer"})
    project.write("pyproject.toml", '[tool.osiris.drivers."duckdb.processor"]\nclass = "theirs:Writer"\n')
    assert project.find("duckdb.processor").target.startswith("osiris_core.")
    with pytest.raises(UsageError, match="is built in"):
        check_names(read_settings(project.root))


def test_all_names_can_be_suggested(project: Project):
    """Built in, of the project, and installed."""
    project.install("shop-drivers", points={"shop.sales": "shop:Orders"})
    project.write("pyproject.toml", '[tool.osiris.drivers."shop.orders"]\nclass = "shop:Orders"\n')
    assert {"duckdb.processor", "shop.orders", "shop.sales"} <= set(DriverCatalog(project.root).names())
    assert project.find("shop.sale") is None


def test_a_manifest_is_held_against_what_a_class_declares(project: Project):
    """At the place of the value, before anything runs; a driver that cannot be used is a problem of its step."""
    project.write("code/broken.py", "class C:\n    kind = 1 + x\n")
    project.write(
        "p.osiris.yaml",
        'osiris: "1"\npipeline: {id: p}\ncode: [code]\nsteps:\n'
        '  - {id: a, driver: "shop:Orders", config: {pages: 10, fields: [id, totl], x: 1}}\n'
        '  - {id: b, driver: "broken:C"}\n',
    )
    with pytest.raises(ManifestError) as caught:
        load(project.root / "p.osiris.yaml", project_root=project.root)
    assert [str(each).replace(f"{project.root}/", "") for each in caught.value.problems] == [
        "p.osiris.yaml:5:44: `shop:Orders` needs the option `url`",
        "p.osiris.yaml:5:52: `pages` must be at most 9, not 10",
        "p.osiris.yaml:5:69: `fields[]` cannot be `totl` (did you mean `total`?)",
        "p.osiris.yaml:5:76: `shop:Orders` has no option `x` (it has url, pages, fields)",
        (
            "p.osiris.yaml:6:21: the driver `broken:C` cannot be used: code/broken.py:2:12: kind is computed "
            "(write its value there as a literal: a manifest is checked without importing its drivers)"
        ),
    ]


def test_built_in_drivers_cost_no_search(tmp_path: Path):
    """Neither the project's file nor the installed distributions are read; the last line shows that it is seen."""
    code = (
        "import sys; from pathlib import Path; from osiris_core.drivers.catalog import DriverCatalog\n"
        "catalog = DriverCatalog(Path('.')); catalog.find('duckdb.processor', [])\n"
        "print('importlib.metadata' in sys.modules); catalog.find('other', []); print('importlib.metadata' in sys.modules)"
    )
    (tmp_path / "pyproject.toml").write_text("this is no TOML")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stdout.split() == ["False"]
    assert "pyproject.toml cannot be read" in done.stderr
    (tmp_path / "pyproject.toml").write_text("")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.split() == ["False", "True"]
