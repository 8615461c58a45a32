"""`python -m engine.password_judge`: reads a password and its owner's words, writes zxcvbn's score from 0 to 4."""

import json
import sys

from zxcvbn import zxcvbn


def main() -> int:
    asked = json.loads(sys.stdin.read())
    password = asked["password"]
    judged = zxcvbn(password, user_inputs=asked["own_words"], max_length=len(password))
    sys.stdout.write(f"{judged['score']}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
