/* What a screen can do beyond paper: contents beside the text, light and dark, sorting, values of figures, and the runs
behind each number. Without it the page is complete. It makes elements from text only, never from markup. */
(() => {
  "use strict";
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const plain = (node) => node.textContent.replace(/\u2060/g, "").replace(/\s+/g, " ").trim();

  /* What a cell is called: without the marks of footnotes and what is in small type */
  function named(cell) {
    const copy = cell.cloneNode(true);
    for (const mark of all("sup, .gs-ci", copy)) mark.remove();
    return plain(copy);
  }

  function make(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (value === null || value === undefined) continue;
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }

  function read() {
    try {
      return JSON.parse(document.getElementById("gs-data").textContent);
    } catch {
      return { runs: [], sets: [], exhibits: {} };
    }
  }

  const data = read();
  const said = make("div", { class: "gs-said", role: "status", "aria-live": "polite" });
  const say = (text) => { said.textContent = text; };

  /* The frame: one landmark for the text, one for contents and the switch of colours */

  function frame() {
    let main = document.querySelector("main");
    if (!main) {
      main = make("main");
      main.append(...[...document.body.children].filter((child) => !/^(script|style|template)$/i.test(child.tagName)));
      document.body.prepend(main);
    }
    const runs = document.querySelector(".gs-runs");
    if (runs && !main.contains(runs)) main.append(runs);
    main.append(said);
    return main;
  }

  function bar(main) {
    const panel = make("div", { class: "gs-panel", id: "gs-panel" });
    const contents = document.querySelector('nav[role="doc-toc"]');
    const exhibits = listOfExhibits();
    const here = make("span", { class: "gs-here", "aria-hidden": "true" });
    const menu = make("button", { type: "button", class: "gs-menu", "aria-expanded": "false", "aria-controls": "gs-panel" }, "Contents");
    const strip = make("header", { class: "gs-bar" });
    const open = (wanted) => {
      strip.classList.toggle("gs-open", wanted);
      menu.setAttribute("aria-expanded", String(wanted));
    };
    menu.addEventListener("click", () => open(!strip.classList.contains("gs-open")));
    panel.addEventListener("click", (event) => { if (event.target.closest("a")) open(false); });
    strip.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !strip.classList.contains("gs-open")) return;
      open(false);
      menu.focus();
    });
    document.addEventListener("pointerdown", (event) => { if (!strip.contains(event.target)) open(false); });
    if (contents) panel.append(contents);
    if (exhibits) panel.append(make("nav", { "aria-label": "Tables and figures" }, exhibits));
    strip.append(menu, here, theme(), panel);
    main.before(strip);
    if (contents) follow(contents, here, strip);
  }

  /* What a caption says first: "Table 1", and the title in bold, or its first words */
  function captionOf(box) {
    const caption = box.querySelector("figcaption");
    const text = caption ? plain(caption) : "";
    const label = text.match(/^(Table|Figure) \d+/)?.[0] ?? "";
    const bold = caption && all("strong", caption).find((part) => !part.closest(".gs-label") && !/^(Table|Figure) \d+[.:]?$/.test(plain(part)));
    const words = bold ? plain(bold) : text.slice(label.length).replace(/^[.:]? */, "").split(". ")[0];
    return { label, title: words.length > 120 ? `${words.slice(0, 119).trimEnd()}\u2026` : words };
  }

  function listOfExhibits() {
    const items = all('[id^="tbl-"], [id^="fig-"]')
      .map((box) => [box.id, captionOf(box)])
      .filter(([, { label }]) => label)
      .map(([id, { label, title }]) => make("li", {}, make("a", { href: `#${id}` }, label), ` ${title}`));
    if (!items.length) return null;
    return make("details", { class: "gs-exhibits", open: "" }, make("summary", {}, "Tables and figures"), make("ul", {}, ...items));
  }

  function theme() {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    let chosen = null;
    try { chosen = localStorage.getItem("gapstudy-theme"); } catch { /* a page from a file may have no storage */ }
    const button = make("button", { type: "button", class: "gs-theme", "aria-label": "Dark colours", title: "Light or dark" });
    const isDark = () => (chosen ? chosen === "dark" : dark.matches);
    const show = () => {
      if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;
      button.setAttribute("aria-pressed", String(isDark()));
    };
    button.addEventListener("click", () => {
      chosen = isDark() ? "light" : "dark";
      try { localStorage.setItem("gapstudy-theme", chosen); } catch { /* remembered until the page is closed */ }
      show();
    });
    dark.addEventListener("change", show);
    show();
    return button;
  }

  /* The section that is being read */
  function follow(contents, here, strip) {
    const places = all("a[href^='#']", contents)
      .map((link) => [link, document.getElementById(decodeURIComponent(link.hash.slice(1)))])
      .filter(([, place]) => place);
    let current = null;
    let waiting = false;
    const update = () => {
      waiting = false;
      const line = Math.max(90, innerHeight * 0.25);
      let found = null;
      for (const [link, place] of places) if (place.getBoundingClientRect().top <= line) found = link;
      if (found === current) return;
      current?.removeAttribute("aria-current");
      found?.setAttribute("aria-current", "true");
      here.textContent = found ? plain(found) : "";
      current = found;
      if (found && getComputedStyle(strip).position === "fixed") {
        const box = strip.getBoundingClientRect();
        const at = found.getBoundingClientRect();
        if (at.top < box.top + 40 || at.bottom > box.bottom - 40) strip.scrollTop += at.top - box.top - box.height / 3;
      }
    };
    const ask = () => {
      if (!waiting) requestAnimationFrame(update);
      waiting = true;
    };
    addEventListener("scroll", ask, { passive: true });
    addEventListener("resize", ask);
    update();
  }

  /* Boxes that scroll: a word where there is more, and no stop for the keyboard where there is not */
  const scrolling = ".gs-scroll, .gs-equation, figure p:has(svg), .gs-unnumbered p:has(svg)";

  function name(box, label) {
    if (label) box.setAttribute("role", "group");
    else box.removeAttribute("role");
    if (label) box.setAttribute("aria-label", label);
    else box.removeAttribute("aria-label");
  }

  function boxes() {
    const watch = new ResizeObserver((entries) => entries.forEach((entry) => measure(entry.target.closest(scrolling))));
    const hints = new Map();
    const measure = (box) => {
      const wide = box.scrollWidth > box.clientWidth + 1;
      box.classList.toggle("gs-fits", !wide);
      hints.get(box)?.classList.toggle("gs-more", wide && box.scrollLeft + box.clientWidth < box.scrollWidth - 2);
      if (wide) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
      if (!box.matches(".gs-scroll")) name(box, wide ? (box.matches(".gs-equation") ? "Formula" : "Figure") : null);
    };
    for (const box of all(scrolling)) {
      if (!box.matches(".gs-equation")) {
        const hint = make("p", { class: "gs-hint", "aria-hidden": "true" }, "scroll \u2192");
        box.before(hint);
        hints.set(box, hint);
        box.addEventListener("scroll", () => measure(box), { passive: true });
      }
      watch.observe(box);
      if (box.firstElementChild) watch.observe(box.firstElementChild);
      measure(box);
    }
  }

  /* Tables */

  function columnNames(table) {
    const names = [];
    for (const row of table.tHead ? table.tHead.rows : []) {
      let column = 0;
      for (const cell of row.cells) {
        for (let i = 0; i < cell.colSpan; i += 1, column += 1) (names[column] ??= []).push(named(cell));
      }
    }
    return names.map((parts) => parts.filter(Boolean).join(", "));
  }

  /* Groups keep their places; a row takes those that belong to it along. */
  function groupsOf(body) {
    const groups = [[]];
    for (const row of body.rows) {
      if (row.classList.contains("gs-group")) groups.push([]);
      const group = groups[groups.length - 1];
      if (row.classList.contains("gs-group")) group.heading = row;
      else if ("under" in row.dataset && group.length) group[group.length - 1].push(row);
      else group.push([row]);
    }
    return groups;
  }

  function key(row, column, kind) {
    const cell = row.cells[column];
    if (kind === "number") return cell && "v" in cell.dataset ? Number(cell.dataset.v) : null;
    const text = cell ? plain(cell) : "";
    return /^[–—-]?$/.test(text) ? null : text;
  }

  const words = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

  function sorted(group, column, kind, sign) {
    const rows = group.map((block, place) => ({ block, place, key: key(block[0], column, kind) }));
    rows.sort((a, b) => {
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null) || a.place - b.place;
      const difference = kind === "number" ? a.key - b.key : words.compare(a.key, b.key);
      return sign * difference || a.place - b.place;
    });
    return rows.flatMap((row) => row.block);
  }

  function sortable(table) {
    const heads = all("thead tr:last-child > [data-sort]", table);
    const body = table.tBodies[0];
    if (!heads.length || !body) return;
    const groups = groupsOf(body);
    for (const head of heads) {
      const button = make("button", { type: "button", class: "gs-sort" });
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const next = { ascending: "descending", descending: null }[head.getAttribute("aria-sort")];
        const order = next === undefined ? "ascending" : next;
        for (const other of heads) other.removeAttribute("aria-sort");
        if (order) head.setAttribute("aria-sort", order);
        const sign = order === "descending" ? -1 : 1;
        for (const group of groups) {
          const rows = order ? sorted(group, head.cellIndex, head.dataset.sort, sign) : group.flat();
          body.append(...(group.heading ? [group.heading] : []), ...rows);
        }
        say(order ? `Sorted by ${plain(head)}, ${order}.` : "In the order of the report.");
      });
    }
  }

  /* Runs: ranges of positions stand for ids */
  function runsOf(set) {
    const spans = (data.sets[set] || "").split(",").filter(Boolean).map((span) => span.split("-").map(Number));
    return spans.flatMap(([from, to = from]) => data.runs.slice(from, to + 1));
  }

  function exhibitOf(node) {
    const box = node.closest('[id^="tbl-"], [id^="fig-"], .gs-unnumbered');
    const line = box?.querySelector(".gs-data[data-exhibit]");
    return line ? { box, name: line.dataset.exhibit, ...data.exhibits[line.dataset.exhibit] } : null;
  }

  function save(name, text) {
    const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    const link = make("a", { href: address, download: `${name}.csv` });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }

  function labelOf(exhibit) {
    return [captionOf(exhibit.box).label, exhibit.title].filter(Boolean).join(". ");
  }

  function listed(ids) {
    const groups = new Map();
    for (const id of ids) {
      const name = id.replace(/-s\d+(-[0-9a-f]+)?$/, "");
      groups.set(name, [...(groups.get(name) || []), id]);
    }
    return [...groups].map(([name, members]) => {
      const items = members.map((id) => make("li", {}, make("code", {}, id)));
      const title = members.length > 1 ? [make("strong", {}, `${name} `), `(${members.length})`] : [];
      return make("ul", {}, ...(title.length ? [make("li", {}, ...title)] : []), ...items);
    });
  }

  let popover = null;

  function close(focus = true) {
    if (!popover) return;
    const { box, opener } = popover;
    popover = null;
    opener.setAttribute("aria-expanded", "false");
    if (focus && box.contains(document.activeElement)) opener.focus();
    box.remove();
  }

  function show(opener, exhibit, set, what) {
    const again = popover?.opener === opener;
    close();
    if (again) return;
    const ids = runsOf(set);
    const count = `${ids.length.toLocaleString("en")} ${ids.length === 1 ? "run" : "runs"}`;
    const list = make("div", { class: "gs-pop-runs", tabindex: "0", role: "group", "aria-label": `Ids of ${count}` }, ...listed(ids));
    const copy = make("button", { type: "button" }, "Copy ids");
    copy.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(ids.join("\n"));
        copy.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(list);
        copy.textContent = "Selected: copy with the keyboard";
      }
    });
    const actions = make("p", { class: "gs-pop-actions" }, copy);
    if (exhibit.csv !== undefined) {
      const link = make("a", { href: `tables/${exhibit.name}.csv` }, `${exhibit.name}.csv`);
      link.addEventListener("click", (event) => { event.preventDefault(); save(exhibit.name, exhibit.csv); });
      actions.append(link);
    }
    const box = make(
      "div",
      { class: "gs-pop", role: "dialog", "aria-label": `Runs behind ${what ? what.text : labelOf(exhibit)}`, tabindex: "-1" },
      make("p", { class: "gs-pop-title" }, labelOf(exhibit)),
      make("button", { type: "button", class: "gs-pop-close", "aria-label": "Close", onclick: () => close() }),
    );
    if (what) {
      const value = make("p", { class: "gs-pop-value" }, make("strong", {}, what.text));
      if (what.interval) value.append(" ", what.interval);
      box.append(value, make("p", {}, what.place));
    }
    const subject = !what || what.own ? "Rests on" : "The whole table rests on";
    box.append(make("p", {}, `${subject} ${count}:`), list, actions);
    opener.closest("main").append(box);
    opener.setAttribute("aria-expanded", "true");
    popover = { box, opener };
    place(box, opener);
    box.focus({ preventScroll: true });
  }

  function place(box, opener) {
    const at = opener.getBoundingClientRect();
    const width = box.offsetWidth;
    const frame = (box.offsetParent || document.body).getBoundingClientRect();
    const isBody = !box.offsetParent || box.offsetParent === document.body;
    const originX = isBody && getComputedStyle(document.body).position === "static" ? -scrollX : frame.left;
    const originY = isBody && getComputedStyle(document.body).position === "static" ? -scrollY : frame.top;
    const left = Math.min(Math.max(16, at.left + at.width / 2 - width / 2), root.clientWidth - width - 16);
    const below = at.bottom + 8;
    const above = at.top - 8 - box.offsetHeight;
    const top = below + box.offsetHeight > innerHeight && above > 8 ? above : below;
    box.style.left = `${left - originX}px`;
    box.style.top = `${top - originY}px`;
  }

  function intervalOf(cell) {
    const part = cell.querySelector(".gs-ci");
    return part ? plain(part).replace(/,(?=\S)/g, ", ") : "";
  }

  function placeOf(cell, names) {
    const row = cell.parentElement;
    const parts = [named(row.cells[0])];
    let before = row;
    while ((before = before.previousElementSibling)) {
      if (before.classList.contains("gs-group")) { parts.unshift(named(before)); break; }
      if ("under" in row.dataset && !("under" in before.dataset) && parts.length === 1) parts.unshift(named(before.cells[0]));
    }
    return [...parts, names[cell.cellIndex]].filter(Boolean).join(" · ");
  }

  /* Each number becomes a button; a table is one stop of the Tab key, arrows go from number to number. */
  function numbers(table) {
    const exhibit = exhibitOf(table);
    const cells = all("tbody [data-r]", table);
    if (!exhibit || !cells.length) return;
    const names = columnNames(table);
    const setOf = (cell) => (cell.dataset.r === "" ? exhibit.runs : Number(cell.dataset.r));
    for (const cell of cells) {
      const set = setOf(cell);
      if (set === undefined) continue;
      const end = [...cell.childNodes].findIndex((node) => /^(BR|SUP)$/.test(node.nodeName) || node.classList?.contains("gs-ci"));
      const inner = [...cell.childNodes].slice(0, end < 0 ? undefined : end);
      const button = make("button", { type: "button", class: "gs-number", tabindex: "-1", "aria-haspopup": "dialog", "aria-expanded": "false" });
      const last = inner[inner.length - 1];
      const spaces = last?.nodeType === Node.TEXT_NODE && end >= 0 && /\u2002$/.test(last.data) ? last.splitText(last.data.length - 1) : null;
      cell.prepend(button);
      button.append(...inner);
      if (spaces) button.after(spaces);
    }
    const buttons = () => all(".gs-number", table);
    const first = buttons()[0];
    if (first) first.tabIndex = 0;
    table.addEventListener("click", (event) => {
      const button = event.target.closest(".gs-number");
      if (!button) return;
      const cell = button.parentElement;
      show(button, exhibit, setOf(cell), { text: plain(button), interval: intervalOf(cell), place: placeOf(cell, names), own: cell.dataset.r !== "" });
    });
    table.addEventListener("focusin", (event) => {
      if (!event.target.matches(".gs-number")) return;
      for (const button of all('.gs-number[tabindex="0"]', table)) button.tabIndex = -1;
      event.target.tabIndex = 0;
    });
    table.addEventListener("keydown", (event) => {
      if (!event.target.matches(".gs-number")) return;
      const next = neighbour(buttons(), event.target, event.key);
      if (!next) return;
      event.preventDefault();
      next.focus();
    });
  }

  function neighbour(buttons, from, pressed) {
    const place = buttons.indexOf(from);
    const { cellIndex, parentElement: row } = from.parentElement;
    const inColumn = buttons.filter((button) => button.parentElement.cellIndex === cellIndex);
    const line = inColumn.indexOf(from);
    switch (pressed) {
      case "ArrowRight": return buttons[place + 1];
      case "ArrowLeft": return buttons[place - 1];
      case "ArrowDown": return inColumn[line + 1];
      case "ArrowUp": return inColumn[line - 1];
      case "Home": return buttons.find((button) => button.parentElement.parentElement === row);
      case "End": return buttons.findLast((button) => button.parentElement.parentElement === row);
      default: return undefined;
    }
  }

  function sources() {
    for (const line of all(".gs-data[data-exhibit]")) {
      const exhibit = exhibitOf(line);
      if (!exhibit) continue;
      for (const link of all("a", line)) {
        const toRuns = link.getAttribute("href") === "#gs-runs";
        if (toRuns && exhibit.runs !== undefined) {
          link.setAttribute("role", "button");
          link.setAttribute("aria-haspopup", "dialog");
          link.setAttribute("aria-expanded", "false");
          link.addEventListener("click", (event) => { event.preventDefault(); show(link, exhibit, exhibit.runs, null); });
          link.addEventListener("keydown", (event) => { if (event.key === " ") { event.preventDefault(); link.click(); } });
        } else if (!toRuns && exhibit.csv !== undefined) {
          link.addEventListener("click", (event) => { event.preventDefault(); save(exhibit.name, exhibit.csv); });
        }
      }
    }
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
    document.addEventListener("pointerdown", (event) => {
      if (popover && !popover.box.contains(event.target) && !popover.opener.contains(event.target)) close(false);
    });
    addEventListener("resize", () => { if (popover) place(popover.box, popover.opener); });
  }

  /* Values of figures: groups whose title says what they show */
  const tip = make("div", { class: "gs-tip", hidden: "" });

  function values(drawing) {
    const marks = all("g.gs-value", drawing)
      .map((group) => ({ group, title: [...group.children].find((child) => child.nodeName.toLowerCase() === "title") }))
      .filter(({ title }) => title);
    if (!marks.length) return;
    for (const mark of marks) {
      mark.text = mark.title.textContent.trim();
      mark.title.remove(); // or the browser's own tooltip would cover ours
    }
    const name = exhibitOf(drawing);
    const about = `${name ? labelOf(name) : drawing.getAttribute("aria-label") || "Figure"}: ${marks.length} values, to be read with the arrow keys`;
    const box = make("span", { class: "gs-values", tabindex: "0", role: "group", "aria-label": about });
    const ring = make("span", { class: "gs-ring", hidden: "", "aria-hidden": "true" });
    drawing.replaceWith(box);
    box.append(drawing, ring);
    let current = -1;
    let byKeys = false;

    const measure = () => {
      const frame = drawing.getBoundingClientRect();
      for (const mark of marks) {
        const at = mark.group.getBoundingClientRect();
        mark.x = at.left - frame.left + at.width / 2;
        mark.y = at.top - frame.top + at.height / 2;
        mark.width = at.width;
        mark.height = at.height;
      }
      return frame;
    };
    let frameWidth = 0;
    const frameNow = () => {
      const frame = drawing.getBoundingClientRect();
      if (Math.abs(frame.width - frameWidth) < 0.5) return frame;
      frameWidth = frame.width;
      return measure();
    };
    const hide = () => {
      current = -1;
      tip.hidden = true;
      ring.hidden = true;
    };
    const point = (number, { aloud }) => {
      byKeys = aloud;
      const frame = frameNow();
      const mark = marks[number];
      if (number !== current) {
        tip.textContent = mark.text;
        tip.hidden = false;
        ring.hidden = false;
        Object.assign(ring.style, {
          left: `${mark.x - mark.width / 2 - 3}px`,
          top: `${mark.y - mark.height / 2 - 3}px`,
          width: `${mark.width + 6}px`,
          height: `${mark.height + 6}px`,
        });
        if (aloud) say(mark.text);
      }
      current = number;
      const x = frame.left + mark.x;
      const y = frame.top + mark.y;
      const left = Math.min(Math.max(8, x - tip.offsetWidth / 2), root.clientWidth - tip.offsetWidth - 8);
      const above = y - mark.height / 2 - tip.offsetHeight - 8;
      tip.style.left = `${left}px`;
      tip.style.top = `${above > 4 ? above : y + mark.height / 2 + 8}px`;
    };
    const under = (event, reach) => {
      const group = event.target.closest?.("g.gs-value");
      const hit = group ? marks.findIndex((mark) => mark.group === group) : -1;
      if (hit >= 0) return hit;
      const frame = frameNow();
      const x = event.clientX - frame.left;
      const y = event.clientY - frame.top;
      let best = -1;
      let least = reach;
      marks.forEach((mark, number) => {
        const distance = Math.hypot(
          Math.max(0, Math.abs(mark.x - x) - mark.width / 2),
          Math.max(0, Math.abs(mark.y - y) - mark.height / 2),
        );
        if (distance < least) { least = distance; best = number; }
      });
      return best;
    };
    const react = (event) => {
      const found = under(event, event.pointerType === "touch" ? 22 : 7);
      if (found < 0) hide();
      else point(found, { aloud: false });
    };
    box.addEventListener("pointermove", react);
    box.addEventListener("pointerdown", react);
    box.addEventListener("pointerleave", (event) => { if (event.pointerType !== "touch") hide(); });
    box.addEventListener("blur", hide);
    box.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { hide(); return; }
      const next = step(marks, current, event.key, frameNow);
      if (next === null) return;
      event.preventDefault();
      point(next, { aloud: true });
    });
    const moved = () => {
      if (current < 0) return;
      if (byKeys) point(current, { aloud: true });
      else hide();
    };
    addEventListener("scroll", moved, { passive: true, capture: true });
  }

  function step(marks, current, pressed, frameNow) {
    const last = marks.length - 1;
    if (pressed === "Home") return 0;
    if (pressed === "End") return last;
    if (pressed === "ArrowRight") return Math.min(last, current + 1);
    if (pressed === "ArrowLeft") return Math.max(0, current - 1);
    if (pressed !== "ArrowUp" && pressed !== "ArrowDown") return null;
    if (current < 0) return 0;
    frameNow();
    const from = marks[current];
    const sign = pressed === "ArrowUp" ? -1 : 1;
    let best = current;
    let least = Infinity;
    marks.forEach((mark, number) => {
      const down = sign * (mark.y - from.y);
      const cost = down + 3 * Math.abs(mark.x - from.x);
      if (down > 1 && cost < least) { least = cost; best = number; }
    });
    return best;
  }

  function unfold() {
    let folded = [];
    addEventListener("beforeprint", () => {
      close(false);
      folded = all("details:not([open])");
      for (const details of folded) details.open = true;
    });
    addEventListener("afterprint", () => { for (const details of folded) details.open = false; });
  }

  root.classList.add("gs-js");
  const main = frame();
  bar(main);
  for (const table of all(".gs-table")) {
    sortable(table);
    numbers(table);
  }
  sources();
  all("figure svg, .gs-unnumbered svg").forEach(values);
  main.append(tip);
  boxes();
  unfold();
})();
