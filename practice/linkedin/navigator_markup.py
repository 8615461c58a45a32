"""The stand-in's pages of Sales Navigator: 25 rows of which only those in sight are drawn, names only, a page turned."""

import json
from html import escape

from practice.linkedin.markup import frame
from practice.linkedin.navigator import Found, Navigator

_PAGE = 25
_RESULTS = """
const box = document.getElementById('search-results-container'), list = document.querySelector('ol');
const last = Math.max(1, Math.ceil(PEOPLE.length / 25)); let page = Math.min(START, last + 1);
const row = p => `<div data-scroll-into-view="urn:li:fs_salesProfile:(${p.key},NAME_SEARCH)">
  <a href="${p.path}"><img alt=""></a>
  <a href="${p.path}"><span data-anonymize="person-name">${p.name}</span></a><span> · 2nd</span>
  <p><span data-anonymize="title">${p.title}</span>
  <a href="/sales/company/1" data-anonymize="company-name">${p.company}</a></p>
  <span data-anonymize="location">${p.place}</span>
  <button aria-label="See more actions for ${p.name}">…</button></div>`;
function draw() { const mine = PEOPLE.slice((page - 1) * 25, page * 25);
  if (!PEOPLE.length || !mine.length) { list.innerHTML = '<p>No leads matched your search</p>'; return; }
  while (list.children.length > mine.length) list.lastChild.remove();
  while (list.children.length < mine.length) { const li = document.createElement('li');
    li.className = 'artdeco-list__item'; li.style.height = '90px'; list.append(li); }
  mine.forEach((p, i) => { const seen = i * 90 > box.scrollTop - 90 && i * 90 < box.scrollTop + box.clientHeight;
    const li = list.children[i]; if (!seen) li.innerHTML = ''; else if (!li.innerHTML) li.innerHTML = row(p); }); }
function turn() { document.querySelector('nav').innerHTML = `<ul><li>
  <button aria-label="Page ${page}" aria-current="true">${page}</button></li></ul>
  <button onclick="next()" ${page >= last ? 'disabled' : ''}>Next</button>`; }
function next() { setTimeout(() => { page += 1; box.scrollTop = 0; list.innerHTML = ''; draw(); turn(); }, 200); }
box.onscroll = draw; turn(); setTimeout(draw, LATE);
"""


def results(navigator: Navigator, number: int) -> str:
    """One page of results, whichever search or list it is."""
    people = json.dumps([_shown(one) for one in navigator.people]).replace("<", "\\u003c")
    start = 1 if navigator.ignores_page else number
    values = f"const PEOPLE = {people}, START = {start}, LATE = {1200 if navigator.late else 0};"
    decoy = '<aside>Recently viewed <a href="/sales/lead/ACwAAdecoy,NAME_SEARCH,zz">Dora Decoy</a></aside>'
    return frame(
        f"<main>{decoy}<p>{len(navigator.people):,} results</p>"
        '<div id="search-results-container" style="height:420px;overflow-y:auto"><ol></ol></div>'
        f'<nav aria-label="Pagination"></nav></main><script>{values}{_RESULTS}</script>'
    )


def _shown(one: Found) -> dict[str, str]:
    texts = {"name": one.name, "title": one.title, "company": one.company, "place": one.place}
    return {"key": one.key, "path": one.path, **{name: escape(text) for name, text in texts.items()}}


def person(navigator: Navigator, one: Found) -> str:
    """One person's page there; the public profile stands behind a link, or behind a menu."""
    link = f'<a href="https://www.linkedin.com/in/{one.slug}">View LinkedIn profile</a>'
    in_common = '<a href="https://www.linkedin.com/in/someone-else">Sten Shared</a>'
    menu = (
        '<button aria-label="Open actions overflow menu" onclick="menu.hidden = false">…</button>'
        f'<div id=menu data-popper-placement="bottom" hidden>{link}</div>'
    )
    shown = {
        "link": link,
        "menu": menu,
        "several": link + in_common,
        "crowd": f'<a href="https://www.linkedin.com/in/{one.slug}">Profile</a>{in_common}',
        "none": "",
    }[navigator.public]
    return frame(f'<main><section><h1 data-anonymize="person-name">{escape(one.name)}</h1>{shown}</section></main>')


def not_shown() -> str:
    return frame("<main><h1>This list is no longer available</h1></main>")


def unknown() -> str:
    return frame("<main><h1>A new look</h1><p>Everything is different here.</p></main>")
