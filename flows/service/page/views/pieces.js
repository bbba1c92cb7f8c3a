// Pieces that several views share: the verdict in colour, word and shape; the image under its layers; a histogram.
import { html, useState, useEffect, useRef } from "../vendor/preact-htm.js";
import uPlot from "../vendor/uplot.js";
import { t, score, percent } from "../words.js";

const SHAPES = {
  ok: html`<circle cx="12" cy="12" r="11" />`,
  look: html`<path d="M12 1L24 23H0z" />`,
  not_ok: html`<path d="M7 0h10l7 7v10l-7 7H7l-7-7V7z" />`,
  not_judged: html`<path d="M0 9h24v6H0z" />`,
};
export const Shape = ({ verdict }) => html`<svg viewBox="0 0 24 24" aria-hidden="true">${SHAPES[verdict]}</svg>`;
export const Verdict = ({ verdict }) => html`<p class=${`verdict ${verdict}`} data-verdict=${verdict}><${Shape} verdict=${verdict} />${t(`verdict.${verdict}`)}</p>`;
export const Chip = ({ verdict }) => html`<span class=${`chip ${verdict}`}><${Shape} verdict=${verdict} />${t(`verdict.${verdict}`)}</span>`;

export function Layers({ part }) {
  const [opacity, setOpacity] = useState(60);
  const [zoom, setZoom] = useState(100);
  return html`<div>
    <div class="viewer" tabindex="0" role="group" aria-label=${t("now.image.alt", { name: part.file_name })}>
      <div class="layers" style=${{ width: `${zoom}%` }}>
        <img src=${`api/parts/${part.id}/image`} alt=${t("now.image.alt", { name: part.file_name })} />
        ${part.verdict !== "not_judged" && html`<img class="over heat" src=${`api/parts/${part.id}/heat-map`} alt="" style=${{ opacity: opacity / 100 }} />`}
        ${part.width && html`<svg class="over" viewBox=${`0 0 ${part.width} ${part.height}`} preserveAspectRatio="none" aria-hidden="true">
          ${part.boxes.map((box) => html`<rect x=${box.x0} y=${box.y0} width=${box.x1 - box.x0} height=${box.y1 - box.y0} />`)}</svg>`}
      </div>
    </div>
    <div class="row">
      <label>${t("now.opacity")}<input id="opacity" type="range" min="0" max="100" value=${opacity} onInput=${(e) => setOpacity(+e.target.value)} /></label>
      <label>${t("now.zoom")}<input id="zoom" type="range" min="100" max="600" step="50" value=${zoom} onInput=${(e) => setZoom(+e.target.value)} /></label>
    </div></div>`;
}

export function Nearest({ part }) {
  return part.nearest_image_id && html`<figure><figcaption>${t("now.nearest")} <span class="faint">${part.nearest_image_id}</span></figcaption>
    <div class="layers"><img src=${`api/parts/${part.id}/nearest`} alt=${t("now.nearest.alt")} onError=${(e) => { e.target.hidden = true; }} /></div></figure>`;
}

export function why(part, goodScores) {
  const told = t(`now.why.${part.verdict}`, { score: score(part.score), tau: score(part.tau), warn: score(part.warn_tau), reason: part.reason });
  if (part.score === null || !goodScores) return told;
  return `${told} ${t("now.why.rank", { count: goodScores.filter((each) => each < part.score).length, total: goodScores.length })}`;
}

export function Opinion({ part }) {
  const said = part.opinion;
  if (!said) return null;
  if (said.state === "waiting") return html`<p class="opinion faint">${t("opinion.waiting", { mllm: said.mllm })}</p>`;
  if (said.state === "failed") return html`<p class="opinion faint">${t("opinion.failed", { mllm: said.mllm, error: said.error })}</p>`;
  const word = said.defective === null ? t("opinion.none") : t(said.defective ? "review.defective" : "review.good");
  const p = said.p_defect === null ? "" : t("opinion.p", { p: percent(said.p_defect) });
  return html`<div class=${`opinion told ${said.against ? "bad" : ""}`}><p>${t("opinion.said", { mllm: said.mllm, word, p })} ${said.explanation}</p>
    ${said.against && html`<p><strong>${t("opinion.against", { reason: said.against })}</strong></p>`}
    ${said.contradictions.map((text) => html`<p>${t("opinion.doubt", { text })}</p>`)}
    ${said.stand_in && html`<p class="faint">${t("opinion.standin")}</p>`}</div>`;
}

const BINS = 24;
export function Histogram({ scores, marks }) {
  const place = useRef(null);
  const shown = marks.filter((mark) => mark.value !== null && mark.value !== undefined);
  useEffect(() => {
    if (!place.current || !scores.length) return undefined;
    const top = Math.max(...scores, ...shown.map((mark) => mark.value)) * 1.05 || 1;
    const width = top / BINS;
    const counts = Array(BINS).fill(0);
    for (const each of scores) counts[Math.min(BINS - 1, Math.floor(each / width))] += 1;
    const ink = getComputedStyle(document.body).color;
    const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const lines = { hooks: { draw: [(plot) => {
      for (const mark of shown) {
        const x = plot.valToPos(mark.value, "x", true);
        plot.ctx.strokeStyle = colour(mark.colour);
        plot.ctx.lineWidth = 3 * devicePixelRatio;
        plot.ctx.setLineDash(mark.dashed ? [8, 6] : []);
        plot.ctx.beginPath();
        plot.ctx.moveTo(x, plot.bbox.top);
        plot.ctx.lineTo(x, plot.bbox.top + plot.bbox.height);
        plot.ctx.stroke();
      }
    }] } };
    const axis = { stroke: ink, grid: { show: false }, ticks: { stroke: ink } };
    const plot = new uPlot({
      width: place.current.clientWidth, height: 180, legend: { show: false }, cursor: { show: false }, select: { show: false },
      scales: { x: { time: false, range: [0, top] }, y: { range: (_, low, high) => [0, Math.max(1, high)] } },
      series: [{}, { fill: colour("--line"), stroke: colour("--faint"), paths: uPlot.paths.bars({ size: [1, Infinity] }), points: { show: false } }],
      axes: [axis, { ...axis, size: 40, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500] }], plugins: [lines],
    }, [counts.map((_, i) => (i + 0.5) * width), counts], place.current);
    return () => plot.destroy();
  }, [scores, JSON.stringify(shown)]);
  return html`<div><div class="plot" ref=${place} role="img" aria-label=${t("now.histogram")}></div>
    <p class="faint">${shown.map((mark) => html`<span class="row">${mark.dashed ? "┅" : "━"} ${mark.name}: ${score(mark.value)}</span>`)}</p></div>`;
}

export function Drop({ label, take, busy, many = true }) {
  const [over, setOver] = useState(false);
  const files = (list) => { if (list.length) take([...list]); };
  return html`<div class=${`drop ${over ? "over" : ""}`} onDragOver=${(e) => { e.preventDefault(); setOver(true); }} onDragLeave=${() => setOver(false)}
      onDrop=${(e) => { e.preventDefault(); setOver(false); files(e.dataTransfer.files); }}>
    <label>${label} <input type="file" accept="image/*" multiple=${many} disabled=${busy} onChange=${(e) => { files(e.target.files); e.target.value = ""; }} /></label></div>`;
}

export async function fitted(job, get, watch) {
  let now = job;
  while (now.state === "waiting" || now.state === "running") {
    watch(now);
    await new Promise((resolve) => setTimeout(resolve, 500));
    now = await get(`api/jobs/${job.id}`);
  }
  return now;
}
export const Progress = ({ job }) => html`<p><progress max=${job.total || 1} value=${job.done || 0} aria-label=${t("learn.fitting", { phase: job.phase })}></progress>
  ${job.state === "waiting" ? t("learn.waiting") : t("learn.fitting", { phase: job.phase })}</p>`;
