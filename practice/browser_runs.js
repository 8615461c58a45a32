// Marks <html data-unanswered> from the moment Streamlit's page asks for a run until that run has ended.
//
// The page's own data-test-script-state says "notRunning" until the server's first word about the new run, so a
// click is followed by a moment in which everything looks at rest. What is read here is the wire: BackMsg.rerun_script
// (field 11) going out, ForwardMsg.script_finished (field 6) coming in, as streamlit/proto names them.
(() => {
  const RERUN_SCRIPT = 11, SCRIPT_FINISHED = 6, EARLY_FOR_RERUN = 2;
  const VARINT = 0, EIGHT_BYTES = 1, WITH_LENGTH = 2, FOUR_BYTES = 5;

  function varint(bytes, at) {
    let value = 0, factor = 1;
    for (;;) {
      const byte = bytes[at++];
      value += (byte & 127) * factor;
      if (byte < 128) return [value, at];
      factor *= 128;
    }
  }

  // The value of the message's first field of this number: a varint's own, else 0; undefined where it is not there.
  function field(bytes, wanted) {
    let at = 0, tag, value;
    while (at < bytes.length) {
      [tag, at] = varint(bytes, at);
      const number = Math.floor(tag / 8), kind = tag % 8;
      value = 0;
      if (kind === VARINT) [value, at] = varint(bytes, at);
      if (number === wanted) return value;
      if (kind === WITH_LENGTH) { [value, at] = varint(bytes, at); at += value; }
      if (kind === EIGHT_BYTES) at += 8;
      if (kind === FOUR_BYTES) at += 4;
    }
    return undefined;
  }

  const mark = (unanswered) => document.documentElement?.toggleAttribute("data-unanswered", unanswered);
  const send = WebSocket.prototype.send;
  const heard = new WeakSet();

  WebSocket.prototype.send = function (message) {
    if (message instanceof Uint8Array) {
      if (!heard.has(this)) {
        heard.add(this);
        this.addEventListener("message", ({ data }) => {
          const status = data instanceof ArrayBuffer ? field(new Uint8Array(data), SCRIPT_FINISHED) : undefined;
          if (status !== undefined && status !== EARLY_FOR_RERUN) mark(false);
        });
      }
      if (field(message, RERUN_SCRIPT) !== undefined) mark(true);
    }
    return send.call(this, message);
  };
})();
