"""The stand-in's pages as LinkedIn writes them: hidden twins, decoys, links for buttons, lists drawn only where seen."""

import json
from html import escape

from practice.linkedin.members import Member

_DO = "async function act(what, data) { return (await fetch('/do/' + what + '?' + new URLSearchParams(data))).text(); }"


def frame(body: str) -> str:
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><script>{_DO}</script><body>{body}</body></html>'


def login(form: str) -> str:
    go = """async function go() { const all = [...document.querySelectorAll('input')].filter(e => e.checkVisibility());
      const to = await act('submit', {email: all[0].value, password: all[1].value});
      if (to === 'wrong') document.querySelector('[role=alert]').innerText = "That's not the right password.";
      else location = to; }
      document.addEventListener('keydown', e => { if (e.key === 'Enter') { e.preventDefault(); go(); } });"""
    legacy = (
        '<form><input id="username" name="session_key"><input id="password" name="session_password" type="password"></form>'
    )
    twin = '<input autocomplete="username webauthn"><input type="password" autocomplete="current-password">'
    new = f'<div style="display:none">{twin}</div><div>{twin}<button type="button">Sign in</button></div>'
    if form == "remembered":  # the form is there, behind a choice of accounts
        chooser = """<div id="rememberme-div"><h1>Welcome back</h1><button>Olive Own</button>
          <button onclick="signin.style.display = ''; this.parentElement.remove()">Sign in using another account</button></div>"""
        new = f'{chooser}<div id="signin" style="display:none">{twin}</div>'
    return frame(f'<main>{legacy if form == "legacy" else new}<div role="alert"></div></main><script>{go}</script>')


_ASKED = {
    "sms": ("Enter the code we've sent to phone number ending with 42", "input__phone_verification_pin"),
    "email": ("The verification code we sent to your email address", "input__email_verification_pin"),
    "authenticator": ("Enter the code you see on your authenticator app", "input__phone_verification_pin"),
}
_OTHER = {
    # One question at a time: asked again before the answer came, a slow computer would only ever answer polls.
    "app": "<h1>Check your LinkedIn app</h1><script>async function poll() { const to = await act('poll', {});"
    "if (to) location = to; else setTimeout(poll, 300); } setTimeout(poll, 300)</script>",
    "comply": """<h1>Agree to comply</h1><button id="content__button--primary--muted"
      onclick="act('agree', {}).then(to => { location = to; })">Agree to comply</button>""",
    "browser": """<h1>Remember this browser?</h1><button>Remember it</button>
      <button onclick="act('agree', {}).then(to => { location = to; })">Not now</button>""",
    "moment": "<h1>One moment</h1><form>…</form><script>setTimeout(() => { location = '/feed/'; }, 700)</script>",
    "captcha": '<h1>Let\'s do a quick security check</h1><iframe id="captcha-internal" width="300" height="90"></iframe>',
    "document": "<h1>Show your identity document</h1><form><input type=file></form>",
}


def checkpoint(kind: str) -> str:
    if kind not in _ASKED:
        return frame(f"<main>{_OTHER['app' if kind == 'denied' else kind]}</main>")
    heading, field = _ASKED[kind]
    go = """document.querySelector('form').addEventListener('submit', async e => { e.preventDefault();
      const to = await act('code', {code: document.querySelector('input').value});
      if (to === 'wrong') document.querySelector('[role=alert]').innerText = 'That code is wrong or expired.';
      else location = to; })"""
    again = '<button type="button" onclick="act(&quot;resend&quot;, {})">Resend code</button>'
    code = f'<form><input id="{field}" name="pin"><button class="form__submit">Submit</button></form>'
    return frame(f'<main><h1>{heading}</h1>{code}{again}<div role="alert"></div></main><script>{go}</script>')


def contracts(names: tuple[str, ...]) -> str:
    choose = "act('contract', {name: this.innerText}).then(() => { location = '/sales/home'; })"
    buttons = "".join(f'<button onclick="{choose}">{escape(name)}</button>' for name in names)
    return frame(f"<main><h1>Choose a contract</h1>{buttons}</main>")


def own(slug: str, name: str) -> str:
    photo = f'<img src="/profile-displayphoto-shrink_200_200/{slug}" width=150 height=150>'
    cover = '<img src="/profile-displaybackgroundimage-shrink_200_800/cover" width=600 height=150>'
    return frame(
        f"<main><section>{cover}{photo}<h2>{escape(name)}</h2><p>Head of Sales at Example</p>"
        f'<a href="/in/{slug}/edit/intro/">Edit</a></section></main>'
    )


def portrait(name: str) -> str:
    """A face for everybody: the letters of the name on a colour of their own."""
    letters = "".join(word[0] for word in name.split()[:2])
    hue = sum(map(ord, name)) * 47 % 360
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><rect width="100" height="100" fill="hsl({hue} 45% 40%)"/>'
        f'<text x="50" y="63" font-size="38" font-family="sans-serif" text-anchor="middle" fill="#fff">{escape(letters)}</text></svg>'
    )


def profile(member: Member, opened: bool = False) -> str:
    decoy = '<aside><button aria-label="Invite Someone Else to connect">Connect</button>'
    decoy += '<a href="/preload/custom-invite/?vanityName=someone-else">Connect</a><span>· 1st</span></aside>'
    degree = "1st" if member.state == "connected" else "2nd"
    twin = '<span style="display:none">· 1st</span><span style="display:none">· 2nd</span>'
    head = f"<{member.heading}>{escape(member.name)}</{member.heading}>"
    message = f'<a href="/messaging/compose/?profileUrn=urn&recipient={member.slug}">Message</a>'
    card = f'<section componentkey="com.linkedin.sdui.profile.card.ref<ACoAA{member.slug}>Topcard">{head}<p>· {degree}</p>'
    card += f"{twin}{_controls(member)}{message}</section>"
    script = f"const ME = {json.dumps({'slug': member.slug, 'asks': member.asks, 'lies': member.lies})};{_PROFILE}"
    return frame(
        f"<main id=workspace>{card}{decoy}</main>{_dialogs(member)}<script>{script}{'start()' if opened else ''}</script>"
    )


def _controls(member: Member) -> str:
    name, slug = escape(member.name), member.slug
    menu = '<button aria-expanded="false" onclick="menu.style.display=\'block\'">More</button>'
    connect = {
        "link": f'<a class=go aria-label="Invite {name} to connect" href="/preload/custom-invite/?vanityName={slug}">Connect</a>',
        "button": f'<button class=go aria-label="Invite {name} to connect">Connect</button>',
        "menu": f'<button aria-label="Follow {name}">Follow</button>{menu}',
    }
    return {
        "connectable": connect[member.look],
        "pending": f'<a aria-label="Pending, click to withdraw invitation sent to {name}" href="#">Pending</a>',
        "incoming": f'<button onclick="act(\'accept\', ME)" aria-label="Accept {name}\'s request to connect">Accept</button>',
        "connected": "",
        "follow_only": f'<button aria-label="Follow {name}">Follow</button>',
        "cool_down": f'<button componentkey="x_withdrawn" aria-label="Invite {name} to connect">Connect</button>',
    }[member.state]


def _dialogs(member: Member) -> str:
    name = escape(member.name)
    item = f'<a role=menuitem href="/preload/custom-invite/?vanityName={member.slug}">Connect</a>'
    gate = "To verify this member knows you, please enter their email to connect"
    return f"""<div data-floating-ui-portal><div id=menu role=menu style="display:none">{item}</div></div>
<div role=dialog>Video captions</div>
<dialog id=first data-testid=dialog><h2>Add a note to your invitation?</h2><p>Personalize your invitation to {name} by adding a note.</p>
<button aria-label="Add a note">Add a note</button><button aria-label="Send without a note">Send without a note</button></dialog>
<dialog id=note><h2>Add a note to your invitation</h2><p>5 personalized invitations remaining for this month.</p>
<textarea name=message></textarea><span>0/200</span><button id=send aria-label="Send invitation" disabled>Send</button></dialog>
<dialog id=email><p>{gate}</p><input type=email><button disabled>Send</button></dialog>
<dialog id=relation><h2>How do you know {name}?</h2></dialog>
<dialog id=weekly><h2 id="ip-fuse-limit-alert__header">You've reached the weekly invitation limit</h2></dialog>
<dialog id=near><h2>You're close to the weekly invitation limit</h2><button>Got it</button></dialog>
<dialog id=no_notes><p>No personal note left: send more invitations with Premium</p><a href="/premium/products">Try</a></dialog>
<section><h2 data-testid=toasts-title></h2><div id=toast role=alert></div></section>"""


_PROFILE = """
const open_ = id => { document.querySelectorAll('dialog').forEach(d => d.close()); if (id) document.getElementById(id).showModal(); };
const start = () => open_(['email', 'relation', 'weekly', 'near'].includes(ME.asks) ? ME.asks : 'first');
async function send() { open_('');
  if (ME.asks === 'weekly_toast') { document.getElementById('toast').innerText =
    'Your invitation was not sent because you have reached the weekly limit for connection invitations.'; return; }
  await act('invite', ME); if (ME.lies !== 'silent') document.getElementById('toast').innerText = 'Invitation sent'; }
document.querySelectorAll('.go').forEach(e => e.onclick = x => { x.preventDefault(); start(); });
document.querySelector('[aria-label="Add a note"]').onclick = () => open_(ME.asks === 'no_notes' ? 'no_notes' : 'note');
document.querySelector('[aria-label="Send without a note"]').onclick = send;
document.querySelector('textarea').oninput = () => { document.getElementById('send').disabled = false; };
document.getElementById('send').onclick = send;
document.querySelector('#near button').onclick = () => open_('first');
"""


def sent(members: list[Member]) -> str:
    people = json.dumps([{"slug": m.slug, "name": m.name} for m in members])
    script = """const box = document.getElementById('workspace'), list = document.getElementById('list'); let shown = 10;
function draw() { const from = Math.max(0, Math.floor(box.scrollTop / 60) - 2);
  list.style.height = Math.min(shown, PEOPLE.length) * 60 + 'px';
  list.innerHTML = PEOPLE.slice(0, shown).slice(from, from + 8).map((p, i) => `<div role=listitem
    style="position:absolute;height:60px;overflow:hidden;top:${(from + i) * 60}px"><a href="/in/${p.slug}/">${p.name}</a><p>Sent 2 weeks ago</p>
    <a href="#" onclick="ask(event, '${p.slug}', '${p.name}')" aria-label="Withdraw invitation sent to ${p.name}">Withdraw</a></div>`)
    .join(''); document.getElementById('more').hidden = shown >= PEOPLE.length; }
function ask(e, slug, name) { e.preventDefault(); const d = document.querySelector('dialog'), b = d.querySelector('button');
  b.setAttribute('aria-label', 'Withdraw invitation sent to ' + name); d.showModal();
  b.onclick = async () => { await act('withdraw', {slug}); d.close(); }; }
box.onscroll = draw; document.getElementById('more').onclick = () => { shown += 10; draw(); }; draw();"""
    count = f"People ({len(members)})" if members else "People"
    return frame(
        f'<main id=workspace style="height:400px;overflow-y:auto"><p>{count}</p><div id=list data-testid="lazy-column"'
        ' style="position:relative"></div><button id=more>Load more</button></main><dialog data-testid=dialog>'
        "<h2>Withdraw invitation</h2><button>Withdraw</button></dialog>"
        f"<script>const PEOPLE = {people};{script}</script>"
    )


def connections(members: list[Member]) -> str:
    rows = "".join(
        f'<div data-display-contents="true"><a href="/in/{m.slug}/">{escape(m.name)}</a><p>Connected 2 weeks ago</p>'
        f'<a href="#" aria-label="Message {escape(m.name)}">Message</a></div>'
        for m in members
    )
    return frame(f'<main id=workspace><h1>{len(members)} connections</h1><div data-testid="lazy-column">{rows}</div></main>')


def inbox(members: list[Member]) -> str:
    """The conversations in which somebody wrote last; each opens in its place."""
    items, threads = "", ""
    for number, member in enumerate(members):
        items += f"""<li class="msg-conversation-listitem"><div class="msg-conversation-listitem__link" onclick="show({number})">
<h3 class="msg-conversation-card__participant-names">{escape(member.name)}</h3>
<p class="msg-conversation-card__message-snippet--unread">{escape(member.events[-1][1])}</p></div></li>"""
        threads += f'<div class="one" style="display:none">{_conversation(member)}</div>'
    script = """const show = n => document.querySelectorAll('.one').forEach((e, i) => { e.style.display = i === n ? 'block' : 'none'; });"""
    return frame(f'<main><ul aria-label="Conversation list">{items}</ul>{threads}</main><script>{script}</script>')


def _conversation(member: Member, start: str = "") -> str:
    events = "".join(
        f'<li><div class="msg-s-event-listitem {"msg-s-event-listitem--other" if who == "other" else ""}">'
        f'<p class="msg-s-event-listitem__body" style="white-space:pre-wrap">{escape(text)}</p></div></li>'
        for who, text in member.events
    )
    return (
        f'<section><h2><a class="msg-thread__link-to-profile" href="/in/{member.slug}/">{escape(member.name)}</a></h2>'
        f'<div class="msg-s-message-list"><ol>{start}{events}</ol></div><form class="msg-form">'
        '<div class="msg-form__contenteditable" role=textbox contenteditable=true aria-label="Write a message…"'
        ' style="min-height:40px"></div><button type=submit class="msg-form__send-button" disabled>Send</button></form></section>'
    )


def thread(member: Member, slow: str = "") -> str:
    """`slow`: "late" draws the messages after a second, "cut" never shows the conversation's beginning."""
    start = "" if slow == "cut" else f'<li class="msg-s-profile-card">{escape(member.name)}</li>'
    late = """const list = document.querySelector('ol'), all = list.innerHTML;
list.innerHTML = '<li class="msg-s-message-list__loader" style="height:9px">…</li>';
setTimeout(() => { list.innerHTML = all; }, 1500);"""
    script = f"""const box = document.querySelector('[role=textbox]'), button = document.querySelector('button');
async function send() {{ const text = box.innerText; box.innerText = ''; await act('message', {{slug: '{member.slug}', text}}); }}
box.oninput = () => {{ button.disabled = !box.innerText.trim(); }};
box.onkeydown = e => {{ if (e.key === 'Enter' && !e.shiftKey) {{ e.preventDefault(); send(); }} }};
document.querySelector('form').onsubmit = e => {{ e.preventDefault(); send(); }};{late if slow == "late" else ""}"""
    return frame(f"<main>{_conversation(member, start)}</main><script>{script}</script>")
