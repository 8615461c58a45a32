"""What to click in Google's and Microsoft's consoles to register the app, in the order in which they ask."""

from storage.kinds import Provider

TENANT = "“organizations” for people of every company; for an app registered for one company only, its tenant id or domain."
GUIDES = {
    Provider.GOOGLE: """\
1. Open **console.cloud.google.com**, make a project, and switch on the **Gmail API** (APIs & Services › Library).
2. **Google Auth Platform › Branding**: the app's name and your address. **Audience**: *Internal* when all addresses are in \
your own Workspace; otherwise *External*, and publish it: in “Testing” every sign-in ends after seven days.
3. **Data access**: add the scope `https://mail.google.com/`. For addresses outside your Workspace Google asks for a review.
4. **Clients › Create client**: type *Web application*. Under *Authorised redirect URIs* add the address above, letter by \
letter.
5. Copy the **client id** and the **client secret** into the form below.""",
    Provider.MICROSOFT: """\
1. Open **entra.microsoft.com** › Applications › App registrations › **New registration**. Supported account types: *any \
organizational directory*.
2. Redirect URI: platform **Web**, the first address above; add the second one under **Authentication** (an administrator's \
answer comes there).
3. **API permissions › Add › APIs my organization uses › Office 365 Exchange Online › Delegated**: `IMAP.AccessAsUser.All` \
and `SMTP.Send`. To send by Graph: **Microsoft Graph › Delegated**: `Mail.Send`, `Mail.ReadWrite`.
4. **Certificates & secrets › New client secret**: copy its **Value** (not its ID) at once, and note when it ends.
5. Copy the **Application (client) ID** from Overview and the secret into the form below.

“Approval required” is the normal case: most companies let only an administrator approve an app that reads mail. An address \
then shows a link and a ready message for them.""",
}
