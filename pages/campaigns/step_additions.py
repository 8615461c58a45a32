"""The buttons that add a step to a draft, and for each channel that the identity lacks what to connect."""

from typing import Any

import streamlit as st

from engine.campaign_lists import CampaignView
from engine.step_channels import missing
from engine.steps import Draft, StepView, add
from pages import badges, shell
from pages.campaigns import linkedin_step
from pages.campaigns.doing import done
from storage.kinds import ActionKind, Channel

_FIRST = Draft("", "Hello {{ first_name }},\n\n")
_FOLLOW_UP = Draft("", 'Hello {{ first_name | default: "again" }},\n\n', wait_minutes=3 * 24 * 60)


def show(campaign: CampaignView, steps: tuple[StepView, ...]) -> None:
    has_mail = any(step.kind is ActionKind.EMAIL for step in steps)
    offers = [(ActionKind.EMAIL, "Add a follow-up" if steps else "Write the first step", _FOLLOW_UP if has_mail else _FIRST)]
    offers += [(kind, f"Add a {_named(kind)}", draft) for kind, draft in linkedin_step.DRAFTS.items()]
    lacking = shell.ask(missing, campaign_id=campaign.id)
    with st.container(horizontal=True):
        for kind, words, draft in offers:
            first = kind is ActionKind.EMAIL and not steps
            look: Any = "primary" if first else "secondary"
            off = kind.channel in lacking
            clicked = st.button(words, icon=":material/add:", type=look, key=f"add-{kind}", disabled=off)
            if clicked and done(add, campaign_id=campaign.id, draft=draft, kind=kind):
                st.rerun()
    for channel, sentence in lacking.items():
        with st.container(horizontal=True, vertical_alignment="center"):
            badges.quiet(sentence)
            section = "linkedin" if channel is Channel.LINKEDIN else "email"
            shell.link("identity", label="Connect it", icon=":material/link:", id=campaign.identity_id, section=section)


def _named(kind: ActionKind) -> str:
    return "LinkedIn message" if kind is ActionKind.LINKEDIN_MESSAGE else kind.label.lower()
