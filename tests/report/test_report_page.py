"""The page: nothing that runs or loads, every output there, every table captioned, every figure in words."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import nbformat
import pandas as pd
import pytest
from matplotlib import pyplot

from loyalty_analytics.errors import LoyaltyError
from loyalty_analytics.report import page
from loyalty_analytics.report.shell import run_cells
from loyalty_analytics.report.tidy import tidy

CELL = nbformat.v4.new_code_cell


def executed(*sources, markdown=()):
    """A notebook whose cells were run in the shell of the report line, which shows what pyplot holds below a cell."""
    pyplot.close("all")  # figures that other tests left
    cells = [CELL(source) for source in sources]
    assert run_cells(cells) is None
    return nbformat.v4.new_notebook(cells=[*[nbformat.v4.new_markdown_cell(text) for text in markdown], *cells])


def rendered(*sources, **options):
    return page.render(executed(*sources, **options), "ru", "Проверка")


class Outline(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.stack = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attributes]


def test_every_output_arrives():
    # The shell's own display hook once made tables vanish without a word: they are counted here.
    made = rendered(
        "import pandas as pd\nframe = pd.DataFrame({'имя': ['А', 'Б'], 'сумма': [1.5, -2]})\nframe",
        "display(frame)\nprint('между')\ndisplay(frame)\nframe",
        "frame;",
        "frame.style",
        "'text'",
        "import sys\nprint('err', file=sys.stderr)",
    )
    assert made.html.count("<table") == 5
    order = re.findall(r"<table|между|&#x27;text&#x27;|err\n", made.html.split("<details")[0])
    assert order == ["<table"] * 2 + ["между"] + ["<table"] * 3 + ["&#x27;text&#x27;", "err\n"]
    assert made.html.count("<caption") == 5
    assert "Таблица 5" in made.html


def test_the_shell_behaves_like_a_kernel():
    notebook = executed(
        "a = 1\na", "_ = 5\nb = a + 1;b", "%pwd\nNone", "from IPython.display import Markdown, HTML\nMarkdown('**x**')"
    )
    assert [len(cell.outputs) for cell in notebook.cells] == [1, 1, 0, 1]
    assert notebook.cells[0].outputs[0].data["text/plain"] == "1"
    assert [cell.execution_count for cell in notebook.cells] == [1, 2, 3, 4]


def test_an_error_stops_the_notebook_and_leaves_its_traceback():
    cells = [CELL("1"), CELL("{}['key']"), CELL("2")]
    fault = run_cells(cells)
    assert isinstance(fault, KeyError)
    assert [output.output_type for output in cells[1].outputs] == ["error"]
    assert cells[1].outputs[0].ename == "KeyError"
    assert not cells[2].outputs
    syntax = [CELL("1 +")]
    assert isinstance(run_cells(syntax), SyntaxError)


def test_nothing_runs_and_nothing_loads():
    made = rendered(
        "from IPython.display import HTML, SVG\n"
        'HTML(\'<p onclick="x()">a</p><script>x()</script><img src="https://x.org/a.png" alt="a b">\'\n'
        '     \'<iframe src="//x.org"></iframe><a href="javascript:x()">b</a><link rel=stylesheet href=x>\'\n'
        "     '<form action=\"//x.org\"><input></form><style>p{background:url(//x.org)}</style>'\n"
        "     '<svg onload=\"x()\"></svg>')",
        markdown=["<script>x()</script> [c](https://x.org) ![d](https://x.org/e.png)"],
    )
    body = made.html.partition("<body>")[2]
    outline = Outline(body.partition("<details")[0])
    assert not {"script", "iframe", "link", "form", "input", "style", "object", "img"} & set(outline.tags)
    assert not [name for _, name, _ in outline.attributes if name.startswith("on") or name == "style"]
    hrefs = [value for _, name, value in outline.attributes if name in ("href", "src", "srcset", "action")]
    assert all(value.startswith(("#", "data:")) for value in hrefs)
    assert re.findall(r"<style>(.*?)</style>", made.html, re.S) == [page._css()]


def test_the_policy_names_every_style_sheet():
    made = rendered("import pandas as pd\npd.DataFrame({'a': [1, 2]}).style.highlight_max(color='yellow')").html
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', made)[1]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    styles = re.findall(r"<style>(.*?)</style>", made, re.S)
    assert len(styles) == 2
    for style in styles:
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    # The Styler's random ids are numbered, so that the bytes are the same every time.
    assert "#T_1_row1_col0" in styles[1]
    assert 'id="T_1_row1_col0"' in made


def test_same_notebook_same_bytes():
    sources = ["import pandas as pd\nf = pd.DataFrame({'a': [1, 2]})\nf.style", "object()", "print(lambda: 1)"]
    assert rendered(*sources).html == rendered(*sources).html


FIGURE = "import matplotlib.pyplot as plt\nfigure, ax = plt.subplots()\nax.plot([1, 3, 2])\n"


def test_show_gives_figure_text_and_caption():
    made = rendered(
        FIGURE + "from loyalty_analytics.report.page import show\nshow(ax, alt='Растёт до 3', caption='Подпись <1>')"
    )
    outline = Outline(made.html)
    images = [value for tag, name, value in outline.attributes if tag == "img" and name == "alt"]
    assert images == ["Растёт до 3"]
    assert made.html.count("data:image/webp;base64,") == 1
    assert "<figcaption>Подпись &lt;1&gt;</figcaption>" in made.html


@pytest.mark.parametrize("alt", ["", " ", "x"])
def test_a_figure_without_its_own_text_is_an_error(alt):
    from matplotlib.figure import Figure

    with pytest.raises(LoyaltyError, match="needs a text"):
        page.show(Figure(), alt=alt)


def test_a_bare_figure_is_an_error_that_says_what_to_do():
    notebook = executed(FIGURE)
    with pytest.raises(LoyaltyError, match=r"Cell 1 shows a figure without a text.*page.show\(figure, alt="):
        page.render(notebook, "ru", "t")
    notebook.cells[0].metadata["alt"] = "Растёт до трёх"
    assert 'alt="Растёт до трёх"' in page.render(notebook, "ru", "t").html


def test_contents_headings_and_code():
    made = rendered(
        "'<b>'",
        "from loyalty_analytics.exhibits.base import Exhibit\n"
        "Exhibit(name='one', title='Первое & важное', language='ru', note='н')",
        markdown=["# Свой отчёт\n\n## Часть\n\ntext\n\n## Часть"],
    )
    assert made.title == "Свой отчёт"
    contents = re.search(r'<nav class="contents".*?</nav>', made.html, re.S)[0]
    assert re.findall(r'href="#([^"]+)">([^<]*)<', contents) == [
        ("part-1", "Часть"), ("part-2", "Часть"), ("one", "Первое &amp; важное"),
    ]  # fmt: skip
    anchors = [value for _, name, value in Outline(made.html).attributes if name == "id"]
    assert len(anchors) == len(set(anchors))
    assert made.html.count("<h1") == 1
    code = made.html.partition("<details")[2]
    assert "&#39;&lt;b&gt;&#39;" in code
    assert "open" not in code.partition(">")[0]


def test_tables_and_files_are_collected_for_publishing():
    made = rendered(
        "import pandas as pd\nfrom loyalty_analytics.exhibits import base, handout, table",
        "base.Exhibit(name='t', title='Т', language='ru', table=table.Table(frame=pd.DataFrame({'a': ['x']}),"
        " columns=[table.Column(key='a', label='А')]))",
        "handout.Handout('plan.ics', b'BEGIN', 'План')",
    )
    assert [(one["name"], one["rows"]) for one in made.tables] == [("t", [["x"]])]
    assert made.files == {"plan.ics": base64.b64encode(b"BEGIN").decode()}
    assert '<a href="plan.ics">' in made.html


def test_hostile_text_is_escaped_everywhere():
    hostile = "<script>alert('x')</script>&\"><img src=x onerror=y>"
    frame = pd.DataFrame({hostile: [hostile]})
    assert run_cells([CELL(f"import pandas as pd\nframe = pd.DataFrame({{{hostile!r}: [{hostile!r}]}})")]) is None
    made = rendered("frame", "frame.style", "frame.iloc[0, 0]", "print(frame.iloc[0, 0])", "display(frame)")
    outline = Outline(made.html.partition("<body>")[2])
    assert not {"script", "img"} & set(outline.tags)
    assert frame.iloc[0, 0] == hostile


@pytest.mark.parametrize(
    "fragment, expected",
    [
        ("<p>a<br>b", "<p>a<br>b</p>"),
        ("<b><i>x</b>y", "<b><i>x</i></b>y"),
        ("</div>x", "x"),
        ("1 < 2 &amp; 3", "1 &lt; 2 &amp; 3"),
        ("<unknown>x</unknown>", "x"),
        ("<script><p>x</p></script>y", "y"),
        ('<a href="#z">x</a><a href="http://z">y</a>', '<a href="#z">x</a><a>y</a>'),
    ],
)
def test_tidy(fragment, expected):
    assert tidy(fragment, "T") == expected


def test_tidy_aligns_numbers_with_their_heads():
    frame = pd.DataFrame({"name": ["a", "b"], "sum": [1.5, None], "note": ["1", "x"]})
    text = tidy(frame.to_html(index=False), "T")
    assert '<th scope="col">name</th><th scope="col" class="n">sum</th><th scope="col">note</th>' in re.sub(
        r"\s*\n\s*", "", text
    )
    assert text.count('class="n"') == 4


def test_streams_of_a_kernel_are_joined():
    cell = CELL("x", outputs=[nbformat.v4.new_output("stream", name="stdout", text=text) for text in ("a", "b\n")])
    assert '<pre tabindex="0">ab\n</pre>' in page.render(nbformat.v4.new_notebook(cells=[cell]), "ru", "t").html


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_page_says_its_language(language):
    made = page.render(nbformat.v4.new_notebook(cells=[]), language, "Title & more").html
    assert f'<html lang="{language}">' in made
    assert "<title>Title &amp; more</title>" in made
