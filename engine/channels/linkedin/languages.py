"""In which language LinkedIn shows an account, and what to do where it is not English.

Names of controls and sentences of pages are in the account's language, so only English ones can be read. The page says
which it is in its `lang`. Nothing is changed at LinkedIn: a person sets it.
"""

SETTING = "linkedin.com/mypreferences/d/language"
# By the language's code, as pages mark themselves; where two scripts have names of their own, with the script.
_NAMES = {
    "ar": "Arabic",
    "bn": "Bengali",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "es": "Spanish",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hu": "Hungarian",
    "id": "Indonesian",
    "in": "Indonesian",
    "it": "Italian",
    "iw": "Hebrew",
    "ja": "Japanese",
    "ko": "Korean",
    "mr": "Marathi",
    "ms": "Malay",
    "nb": "Norwegian",
    "nl": "Dutch",
    "no": "Norwegian",
    "pa": "Punjabi",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sv": "Swedish",
    "te": "Telugu",
    "th": "Thai",
    "tl": "Tagalog",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}


def refusal(lang: str) -> str:
    """What to tell a person of a page that is marked with this language; empty when it can be read, or has no mark."""
    code = lang.strip().lower().replace("_", "-").split("-")[0]
    if code in ("", "en"):
        return ""
    name = _NAMES.get(code, f"another language (“{code[:8]}”)" if code.isalpha() else "another language")
    return (
        f"LinkedIn shows this account's pages in {name}, and only English ones can be read. Open {SETTING} in a browser of "
        "your own, choose English, then connect the account again here."
    )
