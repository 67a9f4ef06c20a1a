"use strict";
// Keeps the view up to date, adds lines to the events, and asks before a button does
// something. Without it everything can be read.
(() => {
  // Between two looks, in milliseconds: after an event, while events come, without them,
  // and while the daemon does not answer.
  const SOON = 1000;
  const SELDOM = 10000;
  const OFTEN = 5000;
  const SILENT = 2000;
  const ANSWER_MAX = 10000;
  // Before events are asked for again, when all places are taken.
  const AGAIN = 30000;
  const LINES_MAX = 500;
  const KINDS = ["sent", "received", "ack_written", "acknowledged", "timed_out",
    "client_updated", "client_frozen", "tx", "log", "block"];
  // What somebody may have to look at, beside warnings of the log.
  const WARNINGS = ["timed_out", "client_frozen"];
  const TOKEN = "tern-token";

  const main = document.getElementById("main");
  const ask = document.getElementById("ask");
  document.documentElement.classList.add("js");

  // --- What is seen, again and again. ---

  let newsAt = new Date();
  let lookedAt = Date.now();
  let isLooking = false;
  let isSilent = false;
  let hasHappened = false;
  let source = null;
  let openedAt = 0;

  function time(date) {
    return date.toISOString().slice(11, 19);
  }

  function heard() {
    newsAt = new Date();
    if (isSilent) {
      isSilent = false;
      document.getElementById("silent").replaceChildren();
    }
  }

  function silent() {
    if (isSilent) return;
    isSilent = true;
    const said = document.createElement("p");
    said.textContent = `The daemon does not answer. Last news at ${time(newsAt)} UTC.`;
    document.getElementById("silent").replaceChildren(said);
  }

  function get(address) {
    return fetch(address, {
      headers: { accept: "text/html" },
      cache: "no-store",
      signal: AbortSignal.timeout(ANSWER_MAX),
    });
  }

  async function look() {
    if (isLooking || ask.open) return;
    const every = main.dataset.every;
    isLooking = true;
    hasHappened = false;
    lookedAt = Date.now();
    try {
      const isWhole = !["lines", "never"].includes(every);
      const answer = await get(isWhole ? location.href : "/health");
      const text = await answer.text();
      if (answer.status >= 500) throw new Error(answer.statusText);
      heard();
      // What cannot be answered now, as when others ask too much, leaves what was seen.
      if (isWhole && answer.ok && !ask.open) show(new DOMParser().parseFromString(text, "text/html"));
    } catch {
      silent();
    }
    isLooking = false;
    lookedAt = Date.now();
  }

  // Replaces the sections that differ. Focus, open details and a selection stay.
  function show(fresh) {
    const there = fresh.getElementById("main");
    if (!there) return;
    document.title = fresh.title;
    main.dataset.every = there.dataset.every;
    document.getElementById("at").replaceWith(fresh.getElementById("at"));
    for (const details of main.querySelectorAll("details[id][open]")) {
      fresh.getElementById(details.id)?.setAttribute("open", "");
    }
    const focus = name(document.activeElement);
    const ids = (of) => [...of.children].map((part) => part.id).join(" ");
    if (ids(main) !== ids(there)) {
      main.replaceChildren(...there.children);
    } else {
      const chosen = getSelection();
      for (const part of [...main.children]) {
        const other = fresh.getElementById(part.id);
        const isChosen = !chosen.isCollapsed && part.contains(chosen.anchorNode);
        if (!isChosen && part.outerHTML !== other.outerHTML) part.replaceWith(other);
      }
    }
    if (focus && document.activeElement === document.body) {
      main.querySelector(focus)?.focus({ preventScroll: true });
    }
  }

  // A selector by which an element in the view is found again.
  function name(element) {
    if (!main.contains(element) || element === main) return null;
    if (element.id) return `#${CSS.escape(element.id)}`;
    for (const attribute of ["data-action", "data-copy", "href"]) {
      const value = element.getAttribute(attribute);
      if (value) return `[${attribute}="${CSS.escape(value)}"]`;
    }
    const details = element.closest("details[id]");
    return details ? `#${CSS.escape(details.id)} > summary` : null;
  }

  function tick() {
    if (document.hidden) return;
    const isLive = source?.readyState === EventSource.OPEN;
    if (!isLive && source?.readyState !== EventSource.CONNECTING && Date.now() - openedAt > AGAIN) listen();
    const least = Number(main.dataset.every) * 1000 || OFTEN;
    let wait = isLive ? SELDOM : OFTEN;
    if (hasHappened) wait = SOON;
    if (isSilent) wait = SILENT;
    if (Date.now() - lookedAt >= Math.max(wait, isSilent ? 0 : least)) look();
  }

  function listen() {
    openedAt = Date.now();
    source?.close();
    source = new EventSource("/api/v1/events");
    source.onopen = heard;
    // Either the daemon is gone or all places are taken: a look tells.
    source.onerror = () => look();
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        heard();
        hasHappened = true;
        if (main.dataset.every === "lines") add({ kind, ...JSON.parse(event.data) });
      });
    }
  }

  // --- Events as lines. ---

  const lines = document.getElementById("lines");
  const chain = document.getElementById("of-chain");
  const kind = document.getElementById("of-kind");
  const level = document.getElementById("of-level");
  const wanted = document.getElementById("of-text");
  const hold = document.getElementById("hold");

  function element(tag, text, attributes = {}) {
    const made = document.createElement(tag);
    made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  function add(event) {
    if (!lines || hold.checked) return;
    const said = [...kind.options].find((option) => option.value === event.kind);
    const isWarning = WARNINGS.includes(event.kind) || event.failed || ["warn", "error"].includes(event.level);
    const line = element("li", "", {
      "data-chain": event.chain ?? "",
      "data-kind": event.kind,
      "data-level": isWarning ? "warn" : "",
    });
    const at = event.time ?? new Date().toISOString();
    line.append(
      element("time", at.slice(11, 19), { datetime: at, title: at }),
      element("strong", `${isWarning ? "▲ " : ""}${said ? said.textContent : event.kind}`,
        isWarning ? { class: "mark watch" } : {}),
      element("span", event.chain ?? ""),
      what(event),
    );
    filter(line);
    lines.prepend(line);
    while (lines.children.length > LINES_MAX) lines.lastChild.remove();
    few();
  }

  // Of a transaction.
  function hash(tx) {
    return element("a", `${tx.slice(0, 8)}…${tx.slice(-6)}`,
      { href: `/search?q=${encodeURIComponent(tx)}`, title: tx });
  }

  function what(event) {
    const span = element("span", "");
    if (event.kind === "log") {
      const fields = element("span", "", { class: "quiet" });
      for (const [name, value] of Object.entries(event.fields)) {
        const isHash = /^[0-9A-F]{64}$/.test(value);
        fields.append(` ${name}=`, isHash ? hash(value) : value);
      }
      span.append(event.message, fields);
      return span;
    }
    if (event.packet) {
      const { src, dst, sequence } = event.packet;
      const said = `${src} #${sequence}`;
      // Where it was sent from is known only on that chain.
      const isThere = ["sent", "acknowledged", "timed_out"].includes(event.kind);
      const address = [event.chain, ...src.split("/"), String(sequence)];
      span.append(isThere && address.length === 4
        ? element("a", said, { href: `/packets/${address.map(encodeURIComponent).join("/")}` })
        : said, ` → ${dst}`);
    } else if (event.tx) {
      span.append(hash(event.tx));
      if (event.failed) span.append(` failed: ${event.failed.slice(0, 200)}`);
    } else if (event.client) {
      span.append(event.client);
    }
    span.append(element("span", ` at ${event.height.toLocaleString("en")}`, { class: "quiet" }));
    return span;
  }

  function filter(line) {
    const isOf = !chain.value || line.dataset.chain === chain.value;
    const isKind = kind.value === "*" || line.dataset.kind === kind.value
      || (kind.value === "" && line.dataset.kind !== "block");
    const isLevel = !level.value || line.dataset.level === level.value;
    const hasText = line.textContent.toLowerCase().includes(wanted.value.trim().toLowerCase());
    line.hidden = !(isOf && isKind && isLevel && hasText);
  }

  function few() {
    document.getElementById("no-lines").hidden = !!lines.querySelector("li:not([hidden])");
  }

  for (const choice of [chain, kind, level, wanted]) {
    choice?.addEventListener("input", () => {
      for (const line of lines.children) filter(line);
      few();
    });
  }

  // --- Buttons. ---

  const token = document.getElementById("token");
  const yes = document.getElementById("yes");
  let asked = null;

  function say(text) {
    const said = element("p", text);
    const close = element("button", "Dismiss", { type: "button" });
    close.addEventListener("click", () => said.remove());
    said.append(close);
    document.getElementById("said").replaceChildren(said);
  }

  function question(button) {
    asked = button.dataset.action;
    document.getElementById("question").textContent = button.dataset.question;
    const isKnown = !!sessionStorage.getItem(TOKEN);
    document.getElementById("token-field").hidden = isKnown;
    token.required = !isKnown;
    token.value = "";
    yes.textContent = button.textContent;
    ask.returnValue = "no";
    ask.showModal();
  }

  async function act(address) {
    try {
      const answer = await fetch(address, {
        method: "POST",
        headers: { authorization: `Bearer ${sessionStorage.getItem(TOKEN)}` },
      });
      const said = await answer.json();
      if (answer.status === 401) sessionStorage.removeItem(TOKEN);
      const done = answer.ok && said.done.charAt(0).toUpperCase() + said.done.slice(1);
      say(done || `Not done: ${said.detail}`);
    } catch {
      say("Not done, or not known: the daemon does not answer.");
    }
    look();
  }

  document.getElementById("no").addEventListener("click", () => ask.close("no"));
  ask.addEventListener("close", () => {
    const typed = token.value;
    token.value = "";
    if (ask.returnValue !== "yes" || !asked) return;
    if (typed) sessionStorage.setItem(TOKEN, typed.trim());
    const address = asked;
    asked = null;
    act(address);
  });

  async function copy(button) {
    const text = button.dataset.copy;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without a secure address there is no clipboard for scripts: the text is chosen.
      const code = button.previousElementSibling;
      code.textContent = text;
      getSelection().selectAllChildren(code);
      button.textContent = "chosen";
      return;
    }
    button.textContent = "copied";
    setTimeout(() => { button.textContent = "copy"; }, 1500);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.action) question(button);
    if (button?.dataset.copy) copy(button);
  });

  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, select, textarea, dialog");
    if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    document.getElementById("q").select();
  });

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) look();
  });

  listen();
  setInterval(tick, 250);
})();
