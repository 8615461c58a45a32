"""How whoever receives a workspace's alerts reads and checks them."""

GUIDE = """\
Each alert is one `POST` with a JSON body; any answer from 200 to 299 within 10 seconds takes it. Anything else is tried \
again after 1, 5 and 15 minutes, 1, 4 and 12 hours; `410 Gone` ends it at once. The same alert may come twice after a \
crash: keep the value of `Outpost-Delivery` and pass over one that you know.

| header | what it holds |
|---|---|
| `Outpost-Event` | the kind: `connection`, `consent`, `restriction`, `bounces`, `complaint`, `warm_up`, or `test` |
| `Outpost-Delivery` | the alert's number, the same at every attempt |
| `Outpost-Timestamp` | seconds since 1970, when this attempt was signed |
| `Outpost-Signature` | `v1=` and the HMAC-SHA256, in hex, of the timestamp, a dot and the body, under your secret |

Check it before you read the body, and refuse a timestamp older than five minutes:

```python
import hashlib, hmac, time

def is_from_outpost(headers, body: bytes, secret: str) -> bool:
    sent_at = headers["Outpost-Timestamp"]
    wanted = hmac.new(secret.encode(), sent_at.encode() + b"." + body, hashlib.sha256).hexdigest()
    is_fresh = abs(time.time() - int(sent_at)) < 300
    return is_fresh and hmac.compare_digest(headers["Outpost-Signature"], "v1=" + wanted)
```

The body holds `id`, `kind`, `subject`, `sentence`, `workspace`, `identity` (or null), `at` and `link`; never a password, a \
token or the text of a mail.
"""
