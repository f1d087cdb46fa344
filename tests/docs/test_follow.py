"""`.ci/follow.py` does what a page says, and tells where what is seen is not what the page shows."""

from __future__ import annotations

import os

import pytest

PAGE = """# A page

Write `shop/orders.csv`:

```text
id,amount
1,20.00
```

```console
$ cd shop
$ export COUNTED=$(wc -l < orders.csv)
$ cat orders.csv; echo $COUNTED
id,amount
...
2
```

Change `shop/orders.csv`:

```diff
 id,amount
-1,20.00
+1,21.00
```

```console
$ cat orders.csv
id,amount
1,21...
$ cat gone.csv
cat: gone.csv: No such file or directory
$ echo $?
1
```
"""


@pytest.fixture
def follow(following, tmp_path):
    """Follows a page in an empty directory."""

    def follow(text: str) -> list[str]:
        page = tmp_path / "page.md"
        page.write_text(text)
        (tmp_path / "empty").mkdir(exist_ok=True)
        return list(following.follow(page, tmp_path / "empty", {"PATH": os.environ["PATH"]}))

    return follow


def test_a_page_is_done_in_order_in_one_shell(follow, tmp_path):
    assert follow(PAGE) == [
        "page.md:6: writes shop/orders.csv",
        "page.md:11: $ cd shop",
        "page.md:12: $ export COUNTED=$(wc -l < orders.csv)",
        "page.md:13: $ cat orders.csv; echo $COUNTED",
        "page.md:22: writes shop/orders.csv",
        "page.md:28: $ cat orders.csv",
        "page.md:31: $ cat gone.csv",
        "page.md:33: $ echo $?",
    ]
    assert (tmp_path / "empty/shop/orders.csv").read_text() == "id,amount\n1,21.00\n"


@pytest.mark.parametrize(
    ("there", "instead", "said"),
    [
        ("1,21...\n", "1,22...\n", "line 28: `cat orders.csv` does not print what the page shows"),
        ("1,21...\n", "1,21...\n2,30.00\n", "line 28: `cat orders.csv` does not print what the page shows"),
        ("...\n2\n", "2\n", "line 13: `cat orders.csv; echo $COUNTED` does not print what the page shows"),
        ("$ echo $?\n1\n", "", "line 31: `cat gone.csv` ended with 1"),
        ("$ echo $?\n1\n", "$ echo $?\n0\n", "line 33: `echo $?` does not print what the page shows"),
        ("-1,20.00\n", "-1,19.00\n", "line 22: shop/orders.csv has these lines 0 times"),
        ("$ cd shop", "cd shop", "line 11: a console block begins with `$ ` and a command"),
        (
            "Write `shop/orders.csv`:",
            "Write `shop/orders.csv`.",
            "line 6: this block is no console, and nothing in front",
        ),
        ("$ cd shop", "$ exit", "the shell ended in the middle of `exit`"),
    ],
)
def test_what_does_not_come_out_as_shown_is_told(following, follow, there, instead, said):
    assert PAGE.count(there) == 1

    with pytest.raises(following.PageError) as told:
        follow(PAGE.replace(there, instead))
    assert str(told.value).startswith(said)


@pytest.mark.parametrize(
    ("line", "plain"),
    [
        ("======== 1 passed in 12.34s ========", "=== 1 passed in SECONDS ==="),
        ("    sessions: .osiris/runs/20261128T075709Z-b7acccb9/local", " sessions: .osiris/runs/SESSION/local"),
        ("local  1,234   45", "local 1,234 45"),
    ],
)
def test_what_no_two_runs_share_is_left_out(following, line, plain):
    assert following.plain(line) == plain
