"""Every plain route: those that answer anybody, and those behind the gate. A new one is one line here."""

from starlette.routing import Route

from engine.provider_apps import APPROVAL_RETURN, GOOGLE_RETURN, MICROSOFT_RETURN
from pages.plain import (
    connect,
    connect_returns,
    downloads,
    health,
    invitation,
    look_files,
    owner_reset,
    photos,
    share,
    sign_in,
    unsubscribe,
)

PUBLIC = [
    Route("/sign-in", sign_in.show, methods=["GET"]),
    Route("/sign-in", sign_in.attempt, methods=["POST"]),
    Route("/sign-in/code", sign_in.attempt_code, methods=["POST"]),
    Route("/sign-out", sign_in.ask_to_leave, methods=["GET"]),
    Route("/sign-out", sign_in.leave, methods=["POST"]),
    Route("/welcome", sign_in.welcome, methods=["GET"]),
    Route("/welcome", sign_in.make_owner, methods=["POST"]),
    Route("/invitation/{token}", invitation.show, methods=["GET"]),
    Route("/invitation/{token}", invitation.accept, methods=["POST"]),
    Route("/reset/{token}", owner_reset.show, methods=["GET"]),
    Route("/reset/{token}", owner_reset.accept, methods=["POST"]),
    Route("/unsubscribe/{token}", unsubscribe.show, methods=["GET"]),
    Route("/unsubscribe/{token}", unsubscribe.act, methods=["POST"]),
    Route("/share/{token}", share.show, methods=["GET"]),
    Route("/share/{token}", share.submit, methods=["POST"]),
    # They bind the session themselves: the gate would put code and state into the address of the sign-in page.
    Route(GOOGLE_RETURN, connect_returns.google, methods=["GET"]),
    Route(MICROSOFT_RETURN, connect_returns.microsoft, methods=["GET"]),
    Route(APPROVAL_RETURN, connect_returns.approval, methods=["GET"]),
    Route("/connect/over/{why}", connect_returns.over, methods=["GET"]),
    Route("/connect/answered/{answer}", connect_returns.answered, methods=["GET"]),
    Route("/health", health.answer, methods=["GET"]),
    *look_files.ROUTES,
]
PRIVATE = [
    *downloads.ROUTES,
    look_files.SCRIPT,
    Route("/connect/result/{flow_id:int}", connect_returns.result, methods=["GET"]),
    Route("/connect/{provider}", connect.show, methods=["GET"]),
    Route("/connect/{provider}", connect.begin, methods=["POST"]),
    Route("/photo/{identity_id:int}", photos.answer, methods=["GET"]),
]
