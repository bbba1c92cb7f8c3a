// The frame: categories, the view chosen by the address (#/now), one message line, keys 1-7 for the views.
import { html, render, useState, useEffect, useCallback } from "./vendor/preact-htm.js";
import { get, onTokenNeeded, useToken } from "./api.js";
import { t, speak, language, languages } from "./words.js";
import { Now } from "./views/now.js";
import { Review } from "./views/review.js";
import { Threshold } from "./views/threshold.js";
import { Learn } from "./views/learn.js";
import { NewCategory } from "./views/new_category.js";
import { Today } from "./views/today.js";
import { Reports } from "./views/reports.js";

const VIEWS = { now: Now, review: Review, threshold: Threshold, learn: Learn, new: NewCategory, today: Today, reports: Reports };
const NAMES = Object.keys(VIEWS);
const chosenView = () => { const name = location.hash.replace("#/", ""); return NAMES.includes(name) ? name : "now"; };
const typing = (event) => ["INPUT", "TEXTAREA", "SELECT"].includes(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey;

function Page() {
  const [view, setView] = useState(chosenView());
  const [categories, setCategories] = useState([]);
  const [category, setCategory] = useState(localStorage.getItem("category") || "");
  const [told, setTold] = useState(null);
  const [tokenNeeded, setTokenNeeded] = useState(false);
  const [, redraw] = useState(0);

  const tell = useCallback((text, bad = false) => setTold(text && { text, bad }), []);
  const trying = useCallback(async (action) => {
    try { return await action(); } catch (error) { tell(t("error", { message: error.message }), true); return undefined; }
  }, []);
  const refresh = useCallback(async () => {
    const found = await trying(() => get("api/categories"));
    if (found) setCategories(found);
    return found;
  }, []);
  const choose = useCallback((name) => { setCategory(name); localStorage.setItem("category", name); }, []);

  useEffect(() => {
    onTokenNeeded(() => setTokenNeeded(true));
    // A station without any category begins where one is made.
    refresh().then((found) => { if (found && !found.length && !location.hash) location.hash = "#/new"; });
    const turn = () => { setView(chosenView()); setTold(null); document.querySelector("main")?.focus(); };
    const key = (event) => {
      if (!typing(event) && NAMES[event.key - 1]) location.hash = `#/${NAMES[event.key - 1]}`;
    };
    addEventListener("hashchange", turn);
    addEventListener("keydown", key);
    return () => { removeEventListener("hashchange", turn); removeEventListener("keydown", key); };
  }, []);
  useEffect(() => {
    if (categories.length && !categories.some((each) => each.name === category)) choose(categories[0].name);
  }, [categories]);

  const speakNow = async (event) => { await speak(event.target.value); redraw((n) => n + 1); };
  // A view begins anew with another category, but not where one is made: the first becomes the chosen one under its hands.
  const View = VIEWS[view];
  if (tokenNeeded) return html`<${Token} done=${() => { setTokenNeeded(false); setTold(null); refresh(); }} />`;
  return html`
    <header>
      <h1>Eagle</h1>
      <nav aria-label=${t("title")}>
        ${NAMES.map((name, i) => html`<a key=${name} href=${`#/${name}`} aria-current=${name === view ? "page" : undefined}
          aria-keyshortcuts=${i + 1}>${t(`nav.${name}`)}</a>`)}
      </nav>
      <label class="row">${t("category")}
        <select id="category" value=${category} onChange=${(event) => choose(event.target.value)}>
          ${categories.map((each) => html`<option key=${each.name} value=${each.name} selected=${each.name === category}>${each.name}</option>`)}
        </select>
      </label>
      <label class="row">${t("language")}
        <select value=${language} onChange=${speakNow}>
          ${languages.map((name) => html`<option key=${name} value=${name} selected=${name === language}>${name}</option>`)}
        </select>
      </label>
    </header>
    <main tabindex="-1">
      <div role="status" aria-live="polite">${told && html`<p class=${`told ${told.bad ? "bad" : ""}`}>${told.text}</p>`}</div>
      <${View} key=${view === "new" ? view : `${view} ${category}`} category=${category} categories=${categories}
        tell=${tell} trying=${trying} refresh=${refresh} choose=${choose} />
    </main>`;
}

function Token({ done }) {
  const [text, setText] = useState("");
  const [refused, setRefused] = useState("");
  const use = async (event) => {
    event.preventDefault();
    try { await useToken(text); done(); } catch (error) { setRefused(error.message); }
  };
  return html`<main><h2>${t("token.title")}</h2>${refused && html`<p class="told bad" role="alert">${refused}</p>`}
    <form onSubmit=${use}><label>${t("token.label")}
      <input type="password" autocomplete="current-password" value=${text} onInput=${(e) => setText(e.target.value)} /></label>
      <button class="main">${t("token.use")}</button></form></main>`;
}

await speak(language);
document.title = t("title");
render(html`<${Page} />`, document.getElementById("page"));
