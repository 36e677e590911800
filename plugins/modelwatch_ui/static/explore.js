/* Beside a chart: an interactive form of it (uPlot, bundled), and the drawing as a PNG. Both only on request. */
(() => {
  const here = document.currentScript.src.replace(/explore\.js.*$/, "");
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  let library = null;
  const load = () => library ??= new Promise((resolve, reject) => {
    const style = document.createElement("link"), script = document.createElement("script");
    Object.assign(style, { rel: "stylesheet", href: `${here}vendor/uPlot.min.css` });
    Object.assign(script, { src: `${here}vendor/uPlot.iife.min.js`, onload: resolve, onerror: reject });
    document.head.append(style, script);
  });

  /* Rows of a table (window_start, series, value, low, high, alert_at …) as the columns uPlot takes. */
  const columns = (rows) => {
    const times = [...new Set(rows.map((row) => Date.parse(row.window_start) / 1000))].sort((a, b) => a - b);
    const names = [...new Set(rows.map((row) => row.series))];
    const at = new Map(times.map((time, i) => [time, i]));
    const empty = () => times.map(() => null);
    const series = names.map((name) => ({ name, value: empty(), low: empty(), high: empty() }));
    for (const row of rows) {
      const one = series[names.indexOf(row.series)], i = at.get(Date.parse(row.window_start) / 1000);
      for (const key of ["value", "low", "high"]) one[key][i] = row[key];
    }
    const limits = Object.keys(rows[0] ?? {}).filter((key) => key.endsWith("_at")).map((key) => ({ name: key.slice(0, -3), value: empty() }));
    for (const row of rows) {
      for (const one of limits) one.value[at.get(Date.parse(row.window_start) / 1000)] = row[`${one.name}_at`];
    }
    return { times, series, limits };
  };

  const draw = (place, rows) => {
    const day = (time) => new Date(time * 1e3).toLocaleDateString(undefined, { day: "numeric", month: "short", timeZone: "UTC" });
    const { times, series, limits } = columns(rows), data = [times], bands = [], edges = [];
    const lines = [{ label: "window", value: (_, time) => (time === null ? "–" : day(time)) }];
    for (const [i, one] of series.entries()) {
      const stroke = colour(`--s${i % 6}`);
      data.push(one.value);
      lines.push({ label: one.name, stroke, width: 2, points: { size: 5 }, value: (_, value) => value?.toPrecision(3) ?? "–" });
      if (one.low.some((value) => value !== null)) {
        edges.push(data.length, data.length + 1);
        data.push(one.high, one.low);
        lines.push({ stroke: "transparent", points: { show: false } }, { stroke: "transparent", points: { show: false } });
        bands.push({ series: [data.length - 2, data.length - 1], fill: `${stroke}22` });
      }
    }
    for (const one of limits) {
      data.push(one.value);
      lines.push({
        label: `${one.name} at`, stroke: colour(`--${one.name}`) || colour("--soft"), width: 1, dash: [4, 3],
        points: { show: false }, value: (_, value) => value?.toPrecision(3) ?? "–",
      });
    }
    const thin = { stroke: colour("--rule"), width: 1 };
    const axis = { stroke: colour("--soft"), grid: thin, ticks: thin };
    const dates = { ...axis, grid: { show: false }, values: (_, found) => found.map(day) };
    const size = () => ({ width: Math.max(320, place.clientWidth), height: 260 });
    const tzDate = (time) => uPlot.tzDate(new Date(time * 1e3), "UTC");
    const plot = new uPlot({ ...size(), series: lines, bands, axes: [dates, axis], tzDate }, data, place);
    const legend = place.querySelectorAll(".u-legend .u-series");
    for (const i of edges) legend[i].classList.add("hidden");
    addEventListener("resize", () => plot.setSize(size()));
  };

  const toggle = async (button) => {
    const plot = button.closest("figure").querySelector(".plot"), drawing = plot.querySelector("svg");
    const open = plot.querySelector(".explorer");
    if (open) open.remove();
    else {
      const place = document.createElement("div");
      place.className = "explorer";
      const [found] = await Promise.all([fetch(button.dataset.explore).then((answer) => answer.json()), load()]);
      plot.append(place);
      draw(place, found.rows);
    }
    drawing.toggleAttribute("hidden", !open);
    button.setAttribute("aria-pressed", String(!open));
  };

  const png = async (button) => {
    const text = await (await fetch(button.dataset.png)).text();
    const size = /viewBox="([^"]+)"/.exec(text)[1].split(" ");
    const url = URL.createObjectURL(new Blob([text.replace("<svg", `<svg width="${size[2]}" height="${size[3]}"`)], { type: "image/svg+xml" }));
    const image = new Image();
    await new Promise((resolve, reject) => { Object.assign(image, { onload: resolve, onerror: reject, src: url }); });
    const canvas = Object.assign(document.createElement("canvas"), { width: 2 * size[2], height: 2 * size[3] });
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    URL.revokeObjectURL(url);
    const link = document.createElement("a");
    link.download = `${button.dataset.name}.png`;
    link.href = canvas.toDataURL("image/png");
    link.click();
  };

  for (const button of document.querySelectorAll("[data-explore], [data-png]")) {
    button.hidden = false;
    button.addEventListener("click", () => (button.dataset.explore ? toggle(button) : png(button)));
  }
})();
