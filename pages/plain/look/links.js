// A link of ours inside drawn HTML opens its page in this window without loading the panel anew, as Streamlit's own links do:
// it takes the way of the browser's Back button. Without this file it is an ordinary link. Loaded by pages/in_app_links.py.
(() => {
  if (window.outpostLinks) return;
  window.outpostLinks = true;
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a.outpost-link");
    const opensElsewhere = event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (!link || opensElsewhere || link.origin !== location.origin) return;
    event.preventDefault();
    history.pushState({}, "", link.href);
    dispatchEvent(new PopStateEvent("popstate"));
    document.querySelector('[data-testid="stMain"]')?.scrollTo(0, 0);
  });
})();
