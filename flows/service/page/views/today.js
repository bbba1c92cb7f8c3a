// The last 24 hours or one shift: counts by hour and category, drift with its lamp, alerts, what was stopped; to print or take along.
import { html, useState, useEffect } from "../vendor/preact-htm.js";
import { call, get } from "../api.js";
import { t, percent, score, when } from "../words.js";
import { Chip } from "./pieces.js";

const EVERY_MS = 5000;

const Lamp = ({ name, drift }) => html`<p class=${`lamp told ${drift.moved ? "bad" : ""}`} data-moved=${drift.moved} role=${drift.moved ? "alert" : undefined}>
  <strong>${drift.moved ? "▲" : "●"} ${t(drift.moved ? "drift.moved" : "drift.calm", { category: name, images: drift.images })}</strong>
  ${drift.shifted && ` ${t("drift.shifted", { effect: percent(drift.effect), scale: score(drift.score_scale) })}`}
  ${drift.promise_at_risk && ` ${t("drift.likeness", { before: score(drift.likeness_before), after: score(drift.likeness_after) })}`}
  ${drift.moved && ` ${t("drift.since", { when: when(drift.since) })}`}</p>`;

export function Today({ trying }) {
  const [day, setDay] = useState(null);
  const [shifts, setShifts] = useState([]);
  const [chosen, setChosen] = useState("");
  const [stopped, setStopped] = useState([]);
  const [alerts, setAlerts] = useState([]);
  const shift = shifts[chosen];
  const span = shift ? `since=${encodeURIComponent(shift.since)}&until=${encodeURIComponent(shift.until)}` : "hours=24";

  useEffect(() => { trying(async () => setShifts(await get("api/shifts"))); }, []);
  useEffect(() => {
    const look = () => trying(async () => {
      setDay(await get(`api/today?${span}`));
      setAlerts(await get("api/alerts"));
      const from = shift ? span : `since=${encodeURIComponent(new Date(Date.now() - 864e5).toISOString())}`;
      setStopped(await get(`api/parts?verdict=not_ok&limit=200&${from}`));
    });
    look();
    const timer = setInterval(look, EVERY_MS);
    return () => clearInterval(timer);
  }, [span]);
  const save = async (name) => {
    const answer = await trying(() => call(`api/${name}?${shift || name === "today.csv" ? span : `since=${encodeURIComponent(new Date(Date.now() - 864e5).toISOString())}&until=${encodeURIComponent(new Date().toISOString())}`}`));
    if (!answer) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  const title = shift ? t("today.shift.title", { since: when(shift.since), until: when(shift.until) }) : t("today.title");
  if (!day) return html`<h2>${title}</h2>`;
  const seconds = (value) => value === null ? "–" : t("seconds", { value: value.toFixed(2) });
  const share = (row) => row.not_ok / (row.ok + row.look + row.not_ok || 1);
  const within = alerts.filter((each) => !shift || (each.at >= shift.since && each.at < shift.until));
  return html`
    <h2>${title}</h2>
    <label class="no-print">${t("today.shift")}<select id="shift" value=${chosen} onChange=${(e) => setChosen(e.target.value)}><option value="">${t("today.title")}</option>
      ${shifts.map((each, i) => html`<option key=${each.since} value=${i}>${when(each.since)}</option>`)}</select></label>
    ${day.in_a_row.length ? day.in_a_row.map((name) => html`<p class="told bad" role="alert">${t("today.row", { category: name, count: day.alarms_in_a_row[name] })}</p>`) : html`<p>${t("today.calm")}</p>`}
    ${Object.entries(day.drift).map(([name, drift]) => html`<${Lamp} key=${name} name=${name} drift=${drift} />`)}
    <p>${t("today.parts")}: <strong id="parts">${day.parts}</strong> · ${t("today.median")}: ${seconds(day.median_seconds)} · ${t("today.slowest")}: ${seconds(day.slowest_seconds)}</p>
    <div class="row"><button id="csv" onClick=${() => save("today.csv")}>${t("today.csv")}</button><button id="parts-csv" onClick=${() => save("parts.csv")}>${t("today.parts.csv")}</button>
      <button onClick=${() => print()}>${t("today.print")}</button></div>
    <div class="scroll" tabindex="0" role="group" aria-label=${title}><table><thead><tr><th scope="col">${t("today.hour")}</th><th scope="col">${t("category")}</th>
      ${["ok", "look", "not_ok", "not_judged"].map((name) => html`<th scope="col">${t(`verdict.${name}`)}</th>`)}<th scope="col">${t("today.rate")}</th></tr></thead>
      <tbody>${day.hours.map((row) => html`<tr><td>${new Date(`${row.hour}:00Z`).toLocaleString()}</td><td>${row.category}</td><td>${row.ok}</td><td>${row.look}</td><td>${row.not_ok}</td><td>${row.not_judged}</td>
        <td>${percent(share(row))} <meter min="0" max="1" value=${share(row)} aria-label=${t("today.rate")}></meter></td></tr>`)}</tbody></table></div>
    <h3>${t("today.alerts")}</h3>
    ${within.length ? html`<ul id="alerts">${within.map((each) => html`<li key=${each.id}>${when(each.since)}, ${each.category}: ${each.message} ${each.ended_at ? t("today.over", { when: when(each.ended_at) }) : html`<strong>${t("today.holds")}</strong>`}</li>`)}</ul>` : html`<p>${t("today.alerts.none")}</p>`}
    <h3>${t("today.stopped")}</h3>
    <div class="scroll" tabindex="0" role="group" aria-label=${t("today.stopped")}><table id="stopped-parts"><tbody>${stopped.map((part) => html`<tr key=${part.id}><td>${part.id}</td><td>${when(part.received_at)}</td><td>${part.category}</td><td>${part.file_name}</td>
      <td><${Chip} verdict=${part.verdict} /></td><td>${score(part.score)}</td><td>${part.review ? t(`decision.${part.review.decision}`) : ""}</td></tr>`)}</tbody></table></div>`;
}
