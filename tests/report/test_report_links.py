"""Links between pages: a client's name leads to the dossier where there is one, and nowhere else."""

import re

import pytest

from loyalty_analytics.report.links import linked, unlinked

PAGE = (
    "<main><!--links--><h1>A</h1><table><tr><th scope=\"row\">ООО «Ромашка»</th><td class=\"n\">12</td></tr>"
    "<tr><th scope=\"row\">Smith &amp; Sons</th><td>Двойник</td></tr></table><p>ООО «Ромашка»</p></main>"
)  # fmt: skip


def _manifest(*dossiers, language="ru"):
    pages = {"01_brief.html": {"language": language, "title": "Радио · Отчёт"}}
    for name, tongue, client_id, client in dossiers:
        word = {"ru": "Паспорт клиента", "en": "Client dossier"}[tongue]
        pages[name] = {"language": tongue, "title": f"Радио · {word}: {client}", "client_id": client_id}
    return {"month": "2026-10", "pages": pages}


def _targets(page):
    return dict(re.findall(r'<a class="dossier" href="([^"]+)">([^<]+)</a>', page))


def test_a_name_leads_to_its_dossier():
    manifest = _manifest(("d1.html", "ru", "C1", "ООО «Ромашка»"), ("d2.html", "ru", "C2", "Smith & Sons"))
    page = linked(PAGE, manifest, "01_brief.html", None)
    assert _targets(page) == {"d1.html": "ООО «Ромашка»", "d2.html": "Smith &amp; Sons"}
    assert "<p>ООО «Ромашка»</p>" in page
    assert linked(page, manifest, "01_brief.html", None) == page  # once, however often a month is linked


def test_a_dossier_that_goes_takes_its_links_away():
    page = linked(PAGE, _manifest(("d1.html", "ru", "C1", "ООО «Ромашка»")), "01_brief.html", None)
    assert _targets(linked(page, _manifest(), "01_brief.html", None)) == {}
    assert unlinked(page) == PAGE.replace("<!--links-->", "")


@pytest.mark.parametrize("language, expected", [("ru", "d1.html"), ("en", "d1.en.html")])
def test_the_dossier_in_the_readers_language_comes_first(language, expected):
    both = _manifest(("d1.html", "ru", "C1", "ООО «Ромашка»"), ("d1.en.html", "en", "C1", "ООО «Ромашка»"),
                     language=language)  # fmt: skip
    assert list(_targets(linked(PAGE, both, "01_brief.html", None))) == [expected]


def test_a_name_of_two_clients_leads_nowhere_and_a_dossier_not_to_others():
    manifest = _manifest(("d1.html", "ru", "C1", "Двойник"), ("d2.html", "ru", "C2", "Двойник"))
    assert _targets(linked(PAGE, manifest, "01_brief.html", None)) == {}
    manifest = _manifest(("d1.html", "ru", "C1", "ООО «Ромашка»"))
    assert _targets(linked(PAGE, manifest, "d1.html", None)) == {}
