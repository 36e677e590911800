/* What makes the pages quicker to use; everything on them works without it, but for acting on Airflow. */
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  /* Times in the viewer's zone, UTC kept beside them. */
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && zone !== "UTC") {
    for (const time of all("time")) {
      const moment = new Date(time.dateTime);
      const local = moment.toLocaleString(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
      time.title = time.textContent;
      time.textContent = `${local} (${time.textContent.slice(-9)})`;
    }
    for (const note of all("[data-zone]")) {
      note.textContent = `, and yours (${zone}) where it says both`;
      note.hidden = false;
    }
  }

  /* Choices apply at once. */
  for (const form of all("[data-filters]")) {
    form.addEventListener("change", (event) => { if (event.target.matches("select")) form.requestSubmit(); });
    form.addEventListener("submit", () => {
      for (const field of all("input, select", form)) if (!field.value) field.disabled = true;
    });
  }
  for (const select of all("[data-submit]")) select.addEventListener("change", () => select.form.requestSubmit());

  /* Airflow's own pages open in the whole window, not inside their own frame; runbooks in a new one. */
  const framed = window.parent !== window;
  const leave = (link, target) => {
    const outside = window.parent.document.createElement("a");
    outside.href = link.href;
    if (target) { outside.target = target; outside.rel = "noopener noreferrer"; }
    window.parent.document.body.append(outside);
    outside.click();
    outside.remove();
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-airflow], a[data-leave]");
    if (!link || !framed || event.ctrlKey || event.metaKey || event.shiftKey) return;
    try {
      leave(link, link.hasAttribute("data-leave") ? "_blank" : "");
      event.preventDefault();
    } catch { /* another origin's frame: the link does what links do */ }
  });

  /* The maps: one stop for the tabulator, arrows inside; what a cell says follows the pointer and the focus. */
  const tip = document.getElementById("tip");
  const say = (cell) => {
    const column = cell.closest("table").tHead.rows[0].cells[cell.parentElement.cellIndex];
    const row = cell.closest("tr").cells[0];
    const day = column.querySelector("a").getAttribute("aria-label").split(",")[0];
    tip.textContent = `${row.textContent.slice(0, 120)} · ${day}\n${cell.getAttribute("aria-label")}`;
    tip.hidden = false;
    const box = cell.getBoundingClientRect();
    tip.style.left = `${Math.max(6, Math.min(box.left, innerWidth - tip.offsetWidth - 8))}px`;
    tip.style.top = `${box.bottom + tip.offsetHeight + 8 > innerHeight ? box.top - tip.offsetHeight - 4 : box.bottom + 4}px`;
  };
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  for (const grid of all("[data-grid]")) {
    const cell = (event) => event.target.closest("td a");
    grid.addEventListener("pointerover", (event) => { if (cell(event)) say(cell(event)); else tip.hidden = true; });
    grid.addEventListener("pointerleave", () => { tip.hidden = true; });
    grid.addEventListener("focusin", (event) => { if (cell(event)) say(cell(event)); });
    grid.addEventListener("focusout", () => { tip.hidden = true; });
    grid.addEventListener("keydown", (event) => {
      const at = cell(event), step = steps[event.key];
      if (!at || !step) return;
      event.preventDefault();
      let y = at.closest("tr").sectionRowIndex, x = at.parentElement.cellIndex, next = null;
      const rows = grid.tBodies[0].rows;
      do { y += step[0]; x += step[1]; next = rows[y]?.cells[x]?.querySelector("a"); } while (!next && rows[y]?.cells[x]);
      if (!next) return;
      at.tabIndex = -1; next.tabIndex = 0; next.focus();
    });
    const wrap = grid.closest(".scroll");
    wrap.scrollLeft = wrap.scrollWidth;
  }
  for (const plot of all(".plot")) plot.scrollLeft = plot.scrollWidth;

  /* Acting: Airflow's own API, as the user who is logged in; it checks their rights and writes its audit log. */
  const bodies = {
    run: (dag, form) => [
      "dags/" + dag + "/dagRuns", { logical_date: null, ...noted(form), conf: pick(form, "window_start", "window_end") },
    ],
    version: (dag, form) => [
      "dags/" + dag + "/dagRuns",
      { logical_date: null, ...noted(form), conf: pick(form, "window_start", "window_end", "model_version") },
    ],
    backfill: (dag, form) => ["backfills", {
      dag_id: decodeURIComponent(dag), from_date: `${form.get("from")}T00:00:00Z`, to_date: `${form.get("to")}T23:59:59Z`,
      reprocess_behavior: "completed", max_active_runs: 1, ...(form.get("reason") && { dag_run_conf: pick(form, "reason") }),
    }],
  };
  const pick = (form, ...names) => Object.fromEntries(names.map((name) => [name, form.get(name)]));
  const noted = (form) => (form.get("reason") ? { note: form.get("reason") } : {});
  const told = (status, body) => {
    if (status === 401) return "You are no longer logged in to Airflow: load this page again.";
    if (status === 403) return "Airflow refused: you have no right to run this Dag.";
    const detail = typeof body?.detail === "string" ? body.detail : JSON.stringify(body?.detail ?? "");
    return `Airflow answered ${status}: ${detail.slice(0, 300)}`;
  };
  for (const acts of all("[data-acts]")) {
    const outcome = acts.querySelector("[data-outcome]");
    const dag = encodeURIComponent(acts.dataset.dag);
    acts.addEventListener("submit", async (event) => {
      event.preventDefault();
      const form = event.target.closest("form"), button = form.querySelector("button");
      const [path, body] = bodies[form.dataset.act](dag, new FormData(form));
      button.disabled = true;
      outcome.className = "outcome";
      outcome.textContent = "Asking Airflow…";
      try {
        const answer = await fetch(acts.dataset.acts + path, {
          method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), credentials: "same-origin",
        });
        const found = await answer.json().catch(() => null);
        outcome.classList.add(answer.ok ? "done" : "failed");
        outcome.textContent = !answer.ok ? told(answer.status, found)
          : found?.dag_run_id ? `Queued as ${found.dag_run_id}. `
          : "The backfill is queued; its days change here as they are judged.";
        if (found?.dag_run_id) outcome.append(Object.assign(document.createElement("a"), {
          href: acts.dataset.runs + encodeURIComponent(found.dag_run_id), textContent: "Watch it: it leads to the verdict",
        }));
      } catch {
        outcome.classList.add("failed");
        outcome.textContent = "Airflow did not answer; try again.";
      }
      button.disabled = false;
    });
  }

  /* A run that is not done: look again, follow to the verdict as soon as there is one. */
  const watch = async () => {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
    if (answer?.redirected) { location.replace(answer.url); return; }
    const found = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main > div");
    if (found) document.querySelector("[data-watch]").replaceWith(found);
    if (document.querySelector("[data-watch]")) setTimeout(watch, 5000);
  };
  if (document.querySelector("[data-watch]")) setTimeout(watch, 5000);

  /* A link from a map opens the feature it leads to. */
  const open = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target?.tagName === "DETAILS") { target.open = true; target.scrollIntoView(); }
  };
  addEventListener("hashchange", open);
  open();
})();
