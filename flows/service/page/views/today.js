// The shift: counts by hour and category, latency, stopped parts in a row; as a table to print or take along.
import { html, useState, useEffect } from "../vendor/preact-htm.js";
import { call, get } from "../api.js";
import { t, percent } from "../words.js";

const EVERY_MS = 5000;

export function Today({ trying }) {
  const [day, setDay] = useState(null);
  useEffect(() => {
    const look = () => trying(async () => setDay(await get("api/today")));
    look();
    const timer = setInterval(look, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const save = async () => {
    const answer = await trying(() => call("api/today.csv"));
    if (!answer) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = "today.csv";
    link.click();
    URL.revokeObjectURL(link.href);
  };
  if (!day) return html`<h2>${t("today.title")}</h2>`;
  const seconds = (value) => value === null ? "–" : t("seconds", { value: value.toFixed(2) });
  const share = (row) => row.not_ok / (row.ok + row.look + row.not_ok || 1);
  return html`
    <h2>${t("today.title")}</h2>
    ${day.in_a_row.length ? day.in_a_row.map((name) => html`<p class="told bad" role="alert">${t("today.row", { category: name, count: day.alarms_in_a_row[name] })}</p>`) : html`<p>${t("today.calm")}</p>`}
    <p>${t("today.parts")}: <strong id="parts">${day.parts}</strong> · ${t("today.median")}: ${seconds(day.median_seconds)} · ${t("today.slowest")}: ${seconds(day.slowest_seconds)}</p>
    <div class="row"><button id="csv" onClick=${save}>${t("today.csv")}</button><button onClick=${() => print()}>${t("today.print")}</button></div>
    <div class="scroll" tabindex="0" role="group" aria-label=${t("today.title")}><table><thead><tr><th scope="col">${t("today.hour")}</th><th scope="col">${t("category")}</th>
      ${["ok", "look", "not_ok", "not_judged"].map((name) => html`<th scope="col">${t(`verdict.${name}`)}</th>`)}<th scope="col">${t("today.rate")}</th></tr></thead>
      <tbody>${day.hours.map((row) => html`<tr><td>${new Date(`${row.hour}:00Z`).toLocaleString()}</td><td>${row.category}</td><td>${row.ok}</td><td>${row.look}</td><td>${row.not_ok}</td><td>${row.not_judged}</td>
        <td>${percent(share(row))} <meter min="0" max="1" value=${share(row)} aria-label=${t("today.rate")}></meter></td></tr>`)}</tbody></table></div>`;
}
