/* The page to label a pair on: keys and buttons say what is sent; the next pair comes with the page, loaded again. */
(() => {
  "use strict";
  const { token, key } = JSON.parse(document.getElementById("data").textContent);
  const says = document.getElementById("says");
  const input = document.getElementById("category");
  const all = (what) => [...document.querySelectorAll(what)];
  const keys = { ArrowLeft: "left", ArrowRight: "right", t: "tie", s: "skip", u: "undo" };
  let busy = false;
  history.scrollRestoration = "manual";

  const send = async (said) => {
    if (busy || !document.querySelector(`[data-said="${said}"]`)) return;
    busy = true;
    const categories = all('[data-category][aria-pressed="true"]').map((button) => button.dataset.category);
    const body = JSON.stringify({ key, said, categories });
    const headers = { "content-type": "application/json", "x-meta-reward-token": token };
    try {
      const answer = await fetch("/label", { method: "POST", headers, body });
      if (answer.ok) {
        location.reload();
        return;
      }
      says.textContent = "Not written: " + (await answer.text());
    } catch {
      says.textContent = "Not written: the server does not answer. Start meta-reward tasks label again.";
    }
    busy = false;
  };

  const toggle = (button) => button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
  const ready = (button) => button.addEventListener("click", () => toggle(button));
  const add = (name) => {
    const there = all("[data-category]").find((button) => button.dataset.category === name);
    if (there) {
      there.setAttribute("aria-pressed", "true");
      return;
    }
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = name;
    made.dataset.category = name;
    made.setAttribute("aria-pressed", "true");
    ready(made);
    input.parentNode.before(made);
  };

  all("[data-said]").forEach((button) => button.addEventListener("click", () => send(button.dataset.said)));
  all("[data-category]").forEach(ready);
  if (input)
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && input.value.trim()) {
        add(input.value.trim());
        input.value = "";
      }
      if (event.key === "Enter" || event.key === "Escape") input.blur();
    });
  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.target === input) return;
    const category = /^[1-9]$/.test(event.key) && all("[data-category]")[Number(event.key) - 1];
    if (keys[event.key]) send(keys[event.key]);
    else if (category) toggle(category);
    else if (event.key === "c" && input) input.focus();
    else return;
    event.preventDefault();
  });
})();
