// @ts-check
import { Threadmill } from "./threadmill.js";

const threadmill = new Threadmill("token");
const messages = /** @type {HTMLElement} */ (document.getElementById("messages"));
const form = /** @type {HTMLFormElement} */ (document.getElementById("form"));
const input = /** @type {HTMLTextAreaElement} */ (document.getElementById("text"));
const status = /** @type {HTMLElement} */ (document.getElementById("status"));

/** @type {Promise<{ id: string }> | null} */
let thread = null;

/**
 * @param {string} role
 * @param {string} text
 */
function show(role, text) {
  const element = document.createElement("p");
  element.className = role;
  element.textContent = text;
  messages.append(element);
  return element;
}

form.addEventListener("submit", async (submit) => {
  submit.preventDefault();
  const text = input.value;
  input.value = "";
  show("user", text);
  status.textContent = "…";
  try {
    thread ??= threadmill.createThread();
    const { id } = await thread;
    const run = await threadmill.send(id, text);
    const answer = show("assistant", "");
    const events = threadmill.events(id, run.id, (state) => {
      status.textContent = state === "cut" ? "reconnecting" : "answering";
    });
    for await (const { name, data } of events) {
      if (name === "thread.message.delta") {
        answer.textContent += data.delta.content[0].text?.value ?? "";
      } else if (name === "thread.run.failed") {
        throw new Error(data.last_error.message);
      }
    }
    status.textContent = "done";
  } catch (error) {
    status.textContent = String(error);
  }
});
