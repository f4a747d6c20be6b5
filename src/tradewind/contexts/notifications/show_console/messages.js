"use strict";
// Shows messages to who logs in; the token stays in this page's memory and goes with it.
const find = (what) => document.querySelector(what);
let token = "";
let next = null;

async function ask(path, init = {}) {
  const answer = await fetch(path, { ...init, headers: { ...init.headers, ...(token && { Authorization: `Bearer ${token}` }) } });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail || body.error_description || answer.statusText);
  return body;
}

function trouble(error) {
  find("#trouble").textContent = error ? error.message : "";
}

async function older() {
  const page = await ask("/api/v1/notifications?limit=50" + (next ? `&cursor=${encodeURIComponent(next)}` : ""));
  for (const one of page.items) {
    const row = find("tbody").insertRow();
    row.dataset.id = one.id;
    for (const text of [one.owedAt, one.kind, one.channel, one.status, one.userId, one.attempts, one.why ?? ""]) {
      row.insertCell().textContent = text;
    }
  }
  next = page.next;
  find("table").hidden = false;
  find("#more").hidden = !next;
}

async function show(id) {
  const said = await ask(`/api/v1/notifications/${id}`);
  find("#one").hidden = false;
  find("#one h2").textContent = said.subject;
  find("#one iframe").srcdoc = said.html;
  find("#one pre").textContent = said.text;
}

find("#login").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = new URLSearchParams(new FormData(event.target));
  form.set("grant_type", "password");
  ask("/api/v1/auth/token", { method: "POST", body: form })
    .then((answer) => { token = answer.access_token; event.target.hidden = true; trouble(); return older(); })
    .catch(trouble);
});
find("#more").addEventListener("click", () => older().catch(trouble));
find("tbody").addEventListener("click", (event) => show(event.target.closest("tr").dataset.id).catch(trouble));
