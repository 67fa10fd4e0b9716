"use strict";
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const plots = [...document.querySelectorAll("[data-figure]")];
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const touch = matchMedia("(pointer: coarse)").matches;
  const PRINTED = 660;  // pixels between the margins of a sheet

  // The page's own colours and letters, light or dark, for what a figure leaves open.
  const template = isDark => {
    const grid = isDark ? "#414a54" : "#dde1e6";
    const axis = {gridcolor: grid, zerolinecolor: grid, linecolor: grid, automargin: true, title: {standoff: 10}};
    return {layout: {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", xaxis: axis, yaxis: axis,
      font: {color: isDark ? "#e9ecef" : "#1b1e23", family: "system-ui, DejaVu Sans, sans-serif", size: 12},
      margin: {l: 10, r: 10, t: 24, b: 10},
      colorway: isDark
        ? ["#4dabf7", "#ff922b", "#69db7c", "#da77f2", "#3bc9db", "#ff8787", "#a9e34b", "#9775fa", "#ffd43b", "#f783ac"]
        : ["#1971c2", "#d9480f", "#2b8a3e", "#ae3ec9", "#0c8599", "#e03131", "#5c940d", "#7048e8", "#b08900", "#c2255c"],
      hoverlabel: {namelength: -1}, legend: {orientation: "h", x: 0, y: 1.02, yanchor: "bottom"},
    }};
  };

  // Numbers beside an axis stand on the ground of their card: lines cross them.
  const notes = (figure, isDark) => (figure.layout.annotations ?? []).map(
    note => ({...note, bgcolor: isDark ? "rgba(30,35,41,.8)" : "rgba(246,247,249,.8)"}));

  const layout = (figure, isDark, fixed) => ({
    ...figure.layout, annotations: notes(figure, isDark), template: template(isDark), dragmode: touch ? false : figure.layout.dragmode ?? "zoom",
    ...(fixed ? {width: fixed, autosize: false} : {autosize: true}),
  });

  const draw = (isDark, widthOf) => plots.forEach(place => {
    const figure = figures[place.dataset.figure];
    const config = {responsive: true, displaylogo: false, displayModeBar: false};
    Plotly.react(place, figure.data, layout(figure, isDark, widthOf && widthOf(place)), config);
  });

  draw(dark.matches);
  dark.addEventListener("change", () => draw(dark.matches));
  addEventListener("beforeprint", () => draw(false, place => place.closest(".gallery") ? PRINTED / 2 - 16 : PRINTED));
  addEventListener("afterprint", () => draw(dark.matches));

  const value = (row, column) => {
    const cell = row.cells[column], given = cell.dataset.value ?? cell.textContent;
    const number = Number(given);
    return given === "" || Number.isNaN(number) ? given : number;
  };
  const compared = (one, other) =>
    typeof one === "number" && typeof other === "number" ? one - other
      : typeof one === "number" ? -1 : typeof other === "number" ? 1 : one.localeCompare(other);

  const sort = (table, heading) => {
    const sign = heading.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    const body = table.tBodies[0], column = heading.cellIndex;
    const rows = [...body.rows].sort((a, b) => sign * compared(value(a, column), value(b, column)));
    body.append(...rows);
    table.querySelectorAll("th[aria-sort]").forEach(other => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", sign === 1 ? "ascending" : "descending");
  };
  document.querySelectorAll("table.sortable thead th").forEach(heading =>
    heading.querySelector("button").addEventListener("click", () => sort(heading.closest("table"), heading)));
})();
