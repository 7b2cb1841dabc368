// Of the page that shows the components.
import { toast } from "./app.js";

for (const style of ["good", "stop"]) {
  for (const button of document.querySelectorAll(`[data-toasts-${style}]`)) {
    button.addEventListener("click", () => toast(button.getAttribute(`data-toasts-${style}`), style));
  }
}
